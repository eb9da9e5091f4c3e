//! What is refused, by the reason: each is said once, with all that is refused for it.

use std::{borrow::Cow, collections::HashMap};

use super::{
    codes::why,
    tally::{entries, refused},
};
use crate::{
    app::stored::{StoredDenial, StoredEntry, StoredPackage, StoredReport},
    core::verdict::Status,
};

/// Why something is refused, and under which code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Cause<'a> {
    pub(super) says: Cow<'a, str>,
    pub(super) code: &'a str,
}

/// What is refused, by the reason, in the order of the report.
pub(super) type Grouped<'a, T> = Vec<(Cause<'a>, Vec<T>)>;

/// The packages that are refused, with their places in the report.
pub(super) fn of_packages(report: &StoredReport) -> Grouped<'_, (usize, &StoredPackage)> {
    grouped(refused(report).flat_map(|(at, package)| {
        let denials = package.denied.iter();
        denials.map(move |denial| (of_package(package, denial), (at, package)))
    }))
}

/// The lockfile entries that are refused.
pub(super) fn of_entries(report: &StoredReport) -> Grouped<'_, &StoredEntry> {
    grouped(entries(report).filter_map(|entry| Some((of_denial(entry.denied.as_ref()?), entry))))
}

fn grouped<'a, T>(all: impl Iterator<Item = (Cause<'a>, T)>) -> Grouped<'a, T> {
    let mut places = HashMap::new();
    let mut groups: Grouped<'_, T> = Vec::new();
    for (reason, one) in all {
        let place = *places.entry(reason.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, all)) => all.push(one),
            None => groups.push((reason, vec![one])),
        }
    }
    groups
}

/// Why a package is refused, with what is wrong in the evidence.
fn of_package<'a>(package: &'a StoredPackage, denial: &'a StoredDenial) -> Cause<'a> {
    let claim = denial.claim.as_deref().and_then(|claim| package.claims.get(claim));
    match claim.and_then(|claim| Some((claim.text("reason")?, claim.text("detail")?))) {
        Some((code, detail)) => {
            let says = denial.detail.as_deref().unwrap_or("it does not verify");
            // What is absent is refused for the demand alone.
            let is_refused = claim.is_some_and(|claim| claim.status == Status::Refused);
            let code = if is_refused { code } else { &denial.code };
            Cause { says: format!("{says}: {detail}").into(), code }
        }
        None => of_denial(denial),
    }
}

fn of_denial(denial: &StoredDenial) -> Cause<'_> {
    Cause { says: why(denial).into(), code: &denial.code }
}
