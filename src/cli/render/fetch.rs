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
    core::{lockfile::coverage::Disposition, package::PackageId, text::Untrusted},
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
