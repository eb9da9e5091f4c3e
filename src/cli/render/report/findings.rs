//! What a report finds fault with, as one list: the worst first.

use std::collections::HashMap;

use super::{
    basis::{Shown, excuse, lockfiles, name_of},
    codes::{self, NO_PACKAGE, PAST_LIMIT},
};
use crate::{
    app::{
        report::Verdict,
        stored::{StoredDenial, StoredEntry, StoredPackage, StoredReport},
    },
    core::text::Message,
};

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It refuses the archive.
    Error,
    /// The policy only warns of it.
    Warning,
    /// It is excused, or worth knowing.
    Note,
}

/// One finding.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    pub(super) level: Level,
    pub(super) code: &'a str,
    /// The claim that it is about.
    pub(super) claim: Option<&'a str>,
    /// The package or the path of the entry that it is about; empty for the archive.
    pub(super) subject: &'a str,
    /// For a person.
    pub(super) detail: String,
    /// Why it is excused, if it is.
    pub(super) excused: Option<String>,
    /// Where lockfiles ask for it: never empty.
    pub(super) places: Vec<Place<'a>>,
}

/// A line of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
}

/// Places of one finding. GitHub shows 100 and refuses more than 1,000.
const PLACES: usize = 100;

/// All findings, the worst first.
pub(super) fn findings(report: &StoredReport) -> Vec<Finding<'_>> {
    let lockfiles = lockfiles(report);
    let mut list = List { report, top: top(report, &lockfiles), found: Vec::new() };
    list.of_the_archive();
    let asked = places(&lockfiles);
    for package in &report.packages {
        list.of_package(package, asked.get(package.purl.as_str()));
    }
    for lockfile in &lockfiles {
        for (entry, line) in lockfile.entries() {
            list.of_entry(entry, Place { file: lockfile.file, line });
        }
    }
    list.require_a_reason();
    // Stable: findings of one level stay in the order of the report.
    list.found.sort_by_key(|finding| finding.level);
    list.found
}

/// Where to point at for what no entry asks for: the first line of the first lockfile.
fn top<'a>(report: &'a StoredReport, lockfiles: &[Shown<'a>]) -> Place<'a> {
    let first = lockfiles.first().map_or(report.archive.file.as_str(), |lockfile| lockfile.file);
    Place { file: first, line: 1 }
}

/// Where lockfiles ask for each package.
fn places<'a>(lockfiles: &[Shown<'a>]) -> HashMap<&'a str, Vec<Place<'a>>> {
    let mut places: HashMap<_, Vec<_>> = HashMap::new();
    for lockfile in lockfiles {
        for (entry, line) in lockfile.entries() {
            let Some(package) = &entry.package else { continue };
            let known = places.entry(package.as_str()).or_default();
            if known.len() < PLACES {
                known.push(Place { file: lockfile.file, line });
            }
        }
    }
    places
}

/// How bad it is that a limit is passed.
pub(super) fn level_of_limits(report: &StoredReport) -> Level {
    let reaction = report.policy.demands.get("pastLimit").and_then(|value| value.as_str());
    match (report.verdict, reaction) {
        (Verdict::Stale, _) | (Verdict::Refused, Some("warn")) => Level::Warning,
        _ => Level::Error,
    }
}

struct List<'a> {
    report: &'a StoredReport,
    top: Place<'a>,
    found: Vec<Finding<'a>>,
}

impl<'a> List<'a> {
    fn of_the_archive(&mut self) {
        if self.report.packages.is_empty() {
            self.add_top(Level::Error, NO_PACKAGE, codes::says(NO_PACKAGE).to_owned());
        }
        let level = level_of_limits(self.report);
        for past in &self.report.past_limits {
            let (what, age, limit) = (&past.what, past.age_seconds, past.limit_seconds);
            let detail = format!("{what}: {age} seconds old, and the limit is {limit} seconds");
            self.add_top(level, PAST_LIMIT, Message(&detail).to_string());
        }
    }

    fn add_top(&mut self, level: Level, code: &'a str, detail: String) {
        let places = vec![self.top];
        let (claim, subject, excused) = (None, "", None);
        self.found.push(Finding { level, code, claim, subject, detail, excused, places });
    }

    fn of_package(&mut self, package: &'a StoredPackage, asked: Option<&Vec<Place<'a>>>) {
        let places = || asked.cloned().unwrap_or_else(|| vec![self.top]);
        let purl = package.purl.as_str();
        let levels = [
            (Level::Error, &package.denied),
            (Level::Warning, &package.warned),
            (Level::Note, &package.excused),
        ];
        let mut found = Vec::new();
        for (level, denials) in levels {
            found.extend(denials.iter().map(|denial| {
                let reason = reason(package, denial).unwrap_or_default();
                let excused = (level == Level::Note).then(|| excuse(self.report, denial.exception));
                Finding { excused, ..finding(level, denial, purl, reason, places()) }
            }));
        }
        self.found.append(&mut found);
        // A refused package without a reason is malformed. It stays refused.
        if package.verdict != Verdict::Verified && package.denied.is_empty() {
            let detail = "the report says that the package is refused, and not why".to_owned();
            let (level, code, claim, subject) = (Level::Error, REFUSED, None, purl);
            let (excused, places) = (None, places());
            self.found.push(Finding { level, code, claim, subject, detail, excused, places });
        }
    }

    fn of_entry(&mut self, entry: &'a StoredEntry, place: Place<'a>) {
        let (path, places) = (name_of(entry), vec![place]);
        if let Some(denial) = &entry.denied {
            self.found.push(finding(Level::Error, denial, path, "", places));
        } else if let Some(denial) = &entry.excused {
            let excused = Some(excuse(self.report, denial.exception));
            self.found.push(Finding { excused, ..finding(Level::Note, denial, path, "", places) });
        } else if entry.disposition == UNAVAILABLE {
            let detail = codes::says(UNAVAILABLE).to_owned();
            let (level, code, claim, subject) = (Level::Note, UNAVAILABLE, None, path);
            let excused = None;
            self.found.push(Finding { level, code, claim, subject, detail, excused, places });
        }
    }

    /// A refused report without a reason is malformed. It stays refused.
    fn require_a_reason(&mut self) {
        let is_refused = self.report.verdict == Verdict::Refused;
        if is_refused && self.found.iter().all(|finding| finding.level != Level::Error) {
            let detail = "the report says that the archive is refused, and not why".to_owned();
            self.add_top(Level::Error, REFUSED, detail);
        }
    }
}

/// The code for evidence that does not verify, and for what is refused without a reason.
const REFUSED: &str = "refused";

/// The disposition of an entry that the registry does not have, and the code for it.
pub(super) const UNAVAILABLE: &str = "unavailable";

fn finding<'a>(
    level: Level,
    denial: &'a StoredDenial,
    subject: &'a str,
    reason: &str,
    places: Vec<Place<'a>>,
) -> Finding<'a> {
    let detail = denial.detail.as_deref().unwrap_or_else(|| codes::says(&denial.code));
    let detail = match reason {
        "" => detail.to_owned(),
        reason => format!("{detail}: {reason}"),
    };
    let (code, claim) = (denial.code.as_str(), denial.claim.as_deref());
    Finding { level, code, claim, subject, detail, excused: None, places }
}

/// Why the claim that a denial is about was refused.
pub(super) fn reason<'a>(package: &'a StoredPackage, denial: &StoredDenial) -> Option<&'a str> {
    let claim = package.claims.get(denial.claim.as_deref()?)?;
    claim.text("detail").filter(|_| denial.code == REFUSED)
}
