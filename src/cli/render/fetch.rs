//! What could not be collected, and what `bundle verify` will deny of what was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{exception::exception, human::count};
use crate::{
    app::{
        collect::{CollectError, CollectionError},
        report::{Report, dispositions},
    },
    cli::{failure::Failure, terminal::Terminal},
    core::{
        lockfile::{Ask, Foreign, coverage::Disposition},
        package::PackageId,
        text::Untrusted,
    },
};

/// Why packages were not collected.
pub struct Uncollected<'a>(pub &'a CollectionError);

impl Uncollected<'_> {
    /// All failures, before the one that sums them up. What one cause explains is said once, and hosts
    /// that cannot be reached were told before.
    pub fn failures(&self) -> Vec<Failure> {
        match self.0 {
            CollectionError::Conflicts(conflicts) => {
                let conflicts = conflicts.0.iter();
                conflicts
                    .map(|conflict| Failure::could_not(Untrusted(&conflict.to_string())))
                    .collect()
            }
            CollectionError::Packages { failed, .. } => by_cause(failed),
            _ => Vec::new(),
        }
    }

    /// Each package, for programs.
    pub fn packages(&self) -> Vec<Value> {
        match self.0 {
            CollectionError::Packages { failed, .. } => {
                failed.iter().map(|(id, error)| package(id, error)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn by_cause(failed: &[(PackageId, CollectError)]) -> Vec<Failure> {
    let mut causes: BTreeMap<(String, Option<String>), BTreeSet<String>> = BTreeMap::new();
    let named = failed.iter().filter(|(_, error)| error.unreachable_host().is_none());
    for (id, error) in named {
        causes.entry((error.to_string(), error.hint())).or_default().insert(id.to_string());
    }
    let failures = causes.into_iter().map(|((text, hint), ids)| {
        let ids: Vec<_> = ids.into_iter().collect();
        let text = format_args!("{}: {}", ids.join(", "), Untrusted(&text)).to_string();
        Failure::could_not(text).maybe_hint(hint)
    });
    failures.collect()
}

fn package(id: &PackageId, error: &CollectError) -> Value {
    let text = |text: &str| Untrusted(text).to_string();
    json!({
        "package": id.to_string(),
        "message": text(&error.to_string()),
        "hint": error.hint().map(|hint| text(&hint)),
    })
}

/// Says what `bundle verify` will deny, although nothing is wrong with the evidence.
pub fn denied_later(report: &Report, terminal: &mut Terminal) {
    for input in &report.inputs {
        let denied = input.outcomes.iter().filter(|outcome| outcome.denial.is_some()).count();
        if denied > 0 {
            terminal.warning(
                format_args!(
                    "`bundle verify` denies {} of {}",
                    count(denied, "entry"),
                    Untrusted(&input.entry)
                ),
                Some("the report says which and why"),
            );
        }
        for (disposition, number) in dispositions(&input.outcomes) {
            if disposition == Disposition::Unavailable && number > 0 {
                terminal.note(format_args!(
                    "{} optional: the registry does not have it",
                    count(number, "entry")
                ));
            }
        }
    }
}

/// How long an exception lasts that is suggested.
const EXCEPTION_DAYS: i64 = 90;

/// Says of each git dependency how its bytes can be carried, and of those that were supplied how a
/// policy lets them pass.
pub fn git_dependencies(report: &Report, terminal: &mut Terminal) {
    let (mut missing, mut supplied) = (BTreeSet::new(), BTreeSet::new());
    for input in &report.inputs {
        for (entry, outcome) in input.lockfile.entries.iter().zip(&input.outcomes) {
            let Ask::Foreign(Foreign::Git { address, .. }) = &entry.asks else { continue };
            match outcome.package.and_then(|at| report.purls.get(at)) {
                Some(purl) => supplied.insert((address.as_str(), purl.as_str())),
                None => missing.insert((address.as_str(), "")),
            };
        }
    }
    if !missing.is_empty() {
        let addresses: Vec<_> = missing.iter().map(|(address, _)| *address).collect();
        terminal.warning(
            format_args!(
                "no bytes are carried for {}: {}",
                count(missing.len(), "git dependency"),
                addresses.join(", ")
            ),
            Some("pack what you need from git yourself; --supply ADDRESS=FILE.tgz carries it"),
        );
    }
    if supplied.is_empty() {
        return;
    }
    terminal.note("what was supplied is denied, unless the policy has its exception:");
    let (added, expires) = (report.at, report.at + chrono::TimeDelta::days(EXCEPTION_DAYS));
    for (address, purl) in supplied {
        let package = report.packages.iter().find(|package| package.purl.to_string() == purl);
        if let Some(package) = package {
            let sha512 = package.digest.to_hex();
            let text = exception(address, &sha512, "foreign", added, expires);
            terminal.block(format_args!("\n{text}"));
        }
    }
}
