//! Renders the packages that could not be collected, and what `bundle verify` will deny of the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::human::count;
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
    /// All failures, before the one that sums them up. One cause is said once. Hosts that cannot be reached
    /// were reported before.
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

/// Says of each git dependency that the archive carries nothing for, and how its bytes can be carried.
pub fn git_dependencies(report: &Report, terminal: &mut Terminal) {
    let entries =
        report.inputs.iter().flat_map(|input| input.lockfile.entries.iter().zip(&input.outcomes));
    let missing: BTreeSet<_> = entries
        .filter_map(|(entry, outcome)| match &entry.asks {
            Ask::Foreign(Foreign::Git { address, .. }) if outcome.package.is_none() => {
                Some(address.as_str())
            }
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return;
    }
    let addresses: Vec<_> = missing.iter().copied().collect();
    terminal.warning(
        format_args!(
            "no bytes are carried for {}: {}",
            count(missing.len(), "git dependency"),
            addresses.join(", ")
        ),
        Some("pack what you need from git yourself; --supply ADDRESS=FILE.tgz carries it"),
    );
}
