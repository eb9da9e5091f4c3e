//! What a report finds fault with, as one list: the worst first.

use std::{collections::HashMap, rc::Rc};

use super::{
    basis::{Shown, lockfiles, name_of},
    codes::{self, NO_PACKAGE, PAST_LIMIT},
};
use crate::{
    app::{
        report::Verdict,
        stored::{StoredDenial, StoredEntry, StoredPackage, StoredReport},
    },
    core::text::bounded,
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

/// One finding. Its texts are made when it is shown: of many findings, few are.
#[derive(Debug, Clone)]
pub(super) struct Finding<'a> {
    pub(super) level: Level,
    pub(super) code: &'a str,
    /// The claim that it is about.
    pub(super) claim: Option<&'a str>,
    /// The package or the entry that it is about; empty for the archive.
    pub(super) subject: &'a str,
    /// What is wrong.
    pub(super) what: What<'a>,
    /// Where lockfiles ask for it: never empty.
    pub(super) places: Rc<[FileLine<'a>]>,
}

/// What is wrong.
#[derive(Debug, Clone)]
pub(super) enum What<'a> {
    /// A denial, with the reason for which its claim was refused.
    Denial(&'a StoredDenial, Option<&'a str>),
    /// A denial that an exception excuses.
    Excused(&'a StoredDenial, Option<&'a str>),
    /// Something else.
    Text(String),
}

/// A line of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileLine<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
}

/// Places of one finding. GitHub shows 100 and refuses more than 1,000.
const PLACES: usize = 100;

/// All findings, the worst first.
pub(super) fn findings(report: &StoredReport) -> Vec<Finding<'_>> {
    let lockfiles = lockfiles(report);
    let top = Rc::from([top(report, &lockfiles)]);
    let mut list = List { report, top, found: Vec::new() };
    list.of_the_archive();
    let asked = places(&lockfiles);
    for package in &report.packages {
        let places = asked.get(package.purl.as_str()).unwrap_or(&list.top).clone();
        list.of_package(package, places);
    }
    for lockfile in &lockfiles {
        for (entry, line) in lockfile.entries() {
            list.of_entry(entry, FileLine { file: lockfile.file, line });
        }
    }
    list.require_a_reason();
    // Stable: findings of one level stay in the order of the report.
    list.found.sort_by_key(|finding| finding.level);
    list.found
}

/// Where to point at for what no entry asks for: the first line of the first lockfile.
fn top<'a>(report: &'a StoredReport, lockfiles: &[Shown<'a>]) -> FileLine<'a> {
    let first = lockfiles.first().map_or(report.archive.file.as_str(), |lockfile| lockfile.file);
    FileLine { file: first, line: 1 }
}

/// Where lockfiles ask for each package.
fn places<'a>(lockfiles: &[Shown<'a>]) -> HashMap<&'a str, Rc<[FileLine<'a>]>> {
    let mut places: HashMap<_, Vec<_>> = HashMap::new();
    for lockfile in lockfiles {
        for (entry, line) in lockfile.entries() {
            let Some(package) = &entry.package else { continue };
            let known = places.entry(package.as_str()).or_default();
            if known.len() < PLACES {
                known.push(FileLine { file: lockfile.file, line });
            }
        }
    }
    places.into_iter().map(|(package, places)| (package, places.into())).collect()
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
    top: Rc<[FileLine<'a>]>,
    found: Vec<Finding<'a>>,
}

impl<'a> List<'a> {
    fn of_the_archive(&mut self) {
        if self.report.packages.is_empty() {
            self.add_top(Level::Error, NO_PACKAGE, codes::says(NO_PACKAGE).to_owned());
        }
        let level = level_of_limits(self.report);
        for past in &self.report.past_limits {
            let (what, age, limit) = (bounded(&past.what), past.age_seconds, past.limit_seconds);
            let detail = format!("{what}: {age} seconds old, and the limit is {limit} seconds");
            self.add_top(level, PAST_LIMIT, detail);
        }
    }

    fn add_top(&mut self, level: Level, code: &'a str, detail: String) {
        let (what, places) = (What::Text(detail), self.top.clone());
        self.found.push(Finding { level, code, claim: None, subject: "", what, places });
    }

    fn of_package(&mut self, package: &'a StoredPackage, places: Rc<[FileLine<'a>]>) {
        let subject = package.purl.as_str();
        let reason = |denial| reason(package, denial);
        let denied =
            package.denied.iter().map(|it| (Level::Error, it, What::Denial(it, reason(it))));
        let warned =
            package.warned.iter().map(|it| (Level::Warning, it, What::Denial(it, reason(it))));
        let excused =
            package.excused.iter().map(|it| (Level::Note, it, What::Excused(it, reason(it))));
        for (level, denial, what) in denied.chain(warned).chain(excused) {
            let (code, claim) = (denial.code.as_str(), denial.claim.as_deref());
            let places = places.clone();
            self.found.push(Finding { level, code, claim, subject, what, places });
        }
        // A refused package without a reason is malformed. It stays refused.
        if package.verdict != Verdict::Verified && package.denied.is_empty() {
            let detail = "the report says that the package is refused, and not why".to_owned();
            let (level, code, what) = (Level::Error, REFUSED, What::Text(detail));
            self.found.push(Finding { level, code, claim: None, subject, what, places });
        }
    }

    fn of_entry(&mut self, entry: &'a StoredEntry, place: FileLine<'a>) {
        let (level, code, what) = match (&entry.denied, &entry.excused) {
            (Some(denial), _) => (Level::Error, denial.code.as_str(), What::Denial(denial, None)),
            (None, Some(denial)) => {
                (Level::Note, denial.code.as_str(), What::Excused(denial, None))
            }
            (None, None) if entry.disposition == UNAVAILABLE => {
                (Level::Note, UNAVAILABLE, What::Text(codes::says(UNAVAILABLE).to_owned()))
            }
            (None, None) => return,
        };
        let (subject, places) = (name_of(entry), [place].into());
        self.found.push(Finding { level, code, claim: None, subject, what, places });
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

/// Why the claim that a denial is about was refused.
pub(super) fn reason<'a>(package: &'a StoredPackage, denial: &StoredDenial) -> Option<&'a str> {
    let claim = package.claims.get(denial.claim.as_deref()?)?;
    claim.text("detail").filter(|_| denial.code == REFUSED)
}
