//! What the top of a rendered report says in numbers.

use crate::app::{
    report::Verdict,
    stored::{StoredEntry, StoredPackage, StoredReport},
};

/// Numbers of a report.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) entries: usize,
    pub(super) denied_entries: usize,
    pub(super) unavailable: usize,
    /// Excused entries whose bytes the archive does not have.
    pub(super) not_carried: usize,
    /// Entries that are folders of the project.
    pub(super) local: usize,
    /// Packages and carried entries that an exception excuses.
    pub(super) excused: usize,
}

impl Tally {
    pub(super) fn of(report: &StoredReport) -> Self {
        let mut tally = Self::default();
        for entry in entries(report) {
            tally.entries += 1;
            tally.denied_entries += usize::from(entry.denied.is_some());
            tally.unavailable += usize::from(entry.disposition == "unavailable");
            tally.local += usize::from(entry.disposition == "local");
            let is_not_carried = is_not_carried(entry);
            tally.not_carried += usize::from(is_not_carried);
            tally.excused += usize::from(entry.excused.is_some() && !is_not_carried);
        }
        // What was supplied is counted by its entries.
        let excused = |package: &&StoredPackage| {
            package.excused.iter().any(|excused| excused.code != "foreign")
        };
        tally.excused += report.packages.iter().filter(excused).count();
        tally
    }
}

/// Every entry that was judged: of the archive's lockfiles, then of this build's.
pub(super) fn entries(report: &StoredReport) -> impl Iterator<Item = &StoredEntry> {
    let inputs = report.inputs.iter().flat_map(|input| &input.entries);
    inputs.chain(report.lockfiles.iter().flat_map(|lockfile| lockfile.entries.iter().flatten()))
}

/// Whether it is excused, and the archive has no bytes for it.
pub(super) fn is_not_carried(entry: &StoredEntry) -> bool {
    entry.disposition == "foreign" && entry.excused.is_some() && entry.package.is_none()
}

/// Packages that are refused.
pub(super) fn refused(report: &StoredReport) -> impl Iterator<Item = (usize, &StoredPackage)> {
    let packages = report.packages.iter().enumerate();
    packages.filter(|(_, package)| package.verdict == Verdict::Refused)
}

/// `1 package`, `1,234 packages`, `2 entries`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let text = crate::cli::render::human::count(number, noun);
    match text.strip_prefix(&number.to_string()) {
        Some(rest) => format!("{}{rest}", grouped(number)),
        None => text,
    }
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
