//! JUnit XML, for GitLab, Jenkins and others that show test results: a test case for each package and for
//! each entry of a lockfile.
//!
//! A case fails where something is denied. It is skipped where an exception excuses it, or where the
//! registry does not have the package: neither was verified.

use std::fmt::{self, Display, Formatter};

use super::{
    basis::{Exceptions, Shown, basis, lockfiles, name_of, says, vouched},
    codes::{self, NO_PACKAGE, PAST_LIMIT},
    findings::{Level, UNAVAILABLE, level_of_limits, reason},
};
use crate::{
    app::{
        report::Verdict,
        stored::{ReportOrigin, StoredDenial, StoredEntry, StoredPackage, StoredReport},
    },
    core::text::{Message, bounded},
};

pub(super) fn junit(report: &StoredReport, source: &ReportOrigin) -> String {
    let exceptions = Exceptions::of(report);
    let mut suites = vec![of_archive(report, source), of_packages(report, &exceptions)];
    suites.extend(lockfiles(report).iter().map(|lockfile| of_lockfile(lockfile, &exceptions)));
    let document = Document { suites, properties: basis(report, source), at: &report.at };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{document}")
}

/// Test cases that are shown together.
struct Suite<'a> {
    name: String,
    /// Jenkins groups by it, and splits it at its dots.
    class: String,
    cases: Vec<Case<'a>>,
}

struct Case<'a> {
    name: &'a str,
    outcome: CaseOutcome,
    /// What the policy only warns of, and who vouches for the report.
    notes: Vec<String>,
}

enum CaseOutcome {
    Passed,
    Skipped(String),
    Failed {
        /// The code of the first reason.
        code: String,
        /// All reasons.
        reasons: Vec<String>,
    },
}

impl Suite<'_> {
    fn count(&self, is: fn(&CaseOutcome) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.outcome)).count()
    }
}

impl CaseOutcome {
    fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }

    fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }

    fn failed(code: &str, reasons: Vec<String>) -> Self {
        Self::Failed { code: code.to_owned(), reasons }
    }
}

fn of_archive<'a>(report: &'a StoredReport, source: &ReportOrigin) -> Suite<'a> {
    let verdict = match report.verdict {
        Verdict::Verified => CaseOutcome::Passed,
        Verdict::Stale => {
            CaseOutcome::Skipped("stale: older than a limit of the policy".to_owned())
        }
        Verdict::Refused => CaseOutcome::failed("refused", vec![denied(report)]),
    };
    let vouched = format!("the report is {}", vouched(source));
    let mut cases = vec![Case { name: "verdict", outcome: verdict, notes: vec![vouched] }];
    cases.extend(report.past_limits.iter().map(|past| {
        let (age, limit) = (past.age_seconds, past.limit_seconds);
        let detail = format!("{age} seconds old, and the limit is {limit} seconds");
        let outcome = match level_of_limits(report) {
            Level::Error => CaseOutcome::failed(PAST_LIMIT, vec![detail]),
            Level::Warning | Level::Note => CaseOutcome::Skipped(detail),
        };
        Case { name: &past.what, outcome, notes: Vec::new() }
    }));
    Suite { name: "sealift archive".to_owned(), class: "sealift.archive".to_owned(), cases }
}

/// How much is denied.
fn denied(report: &StoredReport) -> String {
    let (lockfiles, all) = (lockfiles(report), report.packages.len());
    if all == 0 {
        return codes::says(NO_PACKAGE).to_owned();
    }
    let packages = report.packages.iter().filter(|it| it.verdict != Verdict::Verified).count();
    let entries = lockfiles.iter().flat_map(Shown::entries);
    let entries = entries.filter(|(entry, _)| entry.denied.is_some()).count();
    let limits = report.past_limits.len();
    format!(
        "denied: {packages} of {all} packages, {entries} lockfile entries; {limits} limits passed"
    )
}

fn of_packages<'a>(report: &'a StoredReport, exceptions: &Exceptions<'_>) -> Suite<'a> {
    let cases = report.packages.iter().map(|package| Case {
        name: &package.purl,
        outcome: of_package(package, exceptions),
        notes: few(package.warned.iter().map(|denial| line(denial, None))),
    });
    let (name, class) = ("sealift packages".to_owned(), "sealift.packages".to_owned());
    Suite { name, class, cases: cases.collect() }
}

fn of_package(package: &StoredPackage, exceptions: &Exceptions<'_>) -> CaseOutcome {
    // Evidence that does not verify is the first to know of.
    let mut denied: Vec<_> = package.denied.iter().collect();
    denied.sort_by_key(|denial| denial.code != "refused");
    match (denied.first(), package.excused.first()) {
        (Some(first), _) => {
            let reasons = denied.iter().map(|denial| line(denial, reason(package, denial)));
            CaseOutcome::failed(&first.code, few(reasons))
        }
        // A refused package without a reason is malformed. It stays refused.
        _ if package.verdict != Verdict::Verified => {
            CaseOutcome::failed("refused", vec!["the package is refused".to_owned()])
        }
        (None, Some(_)) => {
            let excuses = package.excused.iter().map(|denial| excused(denial, exceptions));
            CaseOutcome::Skipped(few(excuses).join("; "))
        }
        (None, None) => CaseOutcome::Passed,
    }
}

/// Lines of one case. sealift gives a package few reasons; a report that it did not write may give any number.
const LINES: usize = 20;

/// The first lines, and how many more there are.
fn few(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = lines.len().saturating_sub(LINES);
    let mut few: Vec<_> = lines.take(LINES).collect();
    if more > 0 {
        few.push(format!("and {more} more"));
    }
    few
}

fn of_lockfile<'a>(lockfile: &Shown<'a>, exceptions: &Exceptions<'_>) -> Suite<'a> {
    let cases = lockfile.entries().map(|(entry, line)| Case {
        name: name_of(entry),
        outcome: of_entry(entry, exceptions, &format!("{}:{line}", lockfile.file)),
        notes: Vec::new(),
    });
    Suite {
        name: format!("sealift {}", lockfile.file),
        class: format!("sealift.{}", lockfile.file.replace('.', "_")),
        cases: cases.collect(),
    }
}

fn of_entry(entry: &StoredEntry, exceptions: &Exceptions<'_>, place: &str) -> CaseOutcome {
    match (&entry.denied, &entry.excused) {
        (Some(denial), _) => {
            CaseOutcome::failed(&denial.code, vec![line(denial, None), place.to_owned()])
        }
        (None, Some(denial)) => CaseOutcome::Skipped(excused(denial, exceptions)),
        (None, None) if entry.disposition == UNAVAILABLE => {
            CaseOutcome::Skipped(codes::says(UNAVAILABLE).to_owned())
        }
        (None, None) => CaseOutcome::Passed,
    }
}

/// A reason in one line.
fn line(denial: &StoredDenial, reason: Option<&str>) -> String {
    format!("{}: {}", bounded(&denial.code), says(denial, reason))
}

/// A denial, and what excuses it.
fn excused(denial: &StoredDenial, exceptions: &Exceptions<'_>) -> String {
    format!("{} ({})", line(denial, None), exceptions.excuse(denial))
}

struct Document<'a> {
    suites: Vec<Suite<'a>>,
    properties: Vec<(&'static str, String)>,
    at: &'a str,
}

impl Display for Document<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let total = |is| self.suites.iter().map(|suite| suite.count(is)).sum::<usize>();
        let (tests, failures) = (total(|_| true), total(CaseOutcome::is_failed));
        writeln!(
            f,
            r#"<testsuites name="sealift" tests="{tests}" failures="{failures}" errors="0">"#
        )?;
        for (number, suite) in self.suites.iter().enumerate() {
            self.suite(f, suite, number == 0)?;
        }
        writeln!(f, "</testsuites>")
    }
}

impl Document<'_> {
    fn suite(&self, f: &mut Formatter<'_>, suite: &Suite<'_>, is_first: bool) -> fmt::Result {
        writeln!(
            f,
            r#"  <testsuite name="{}" tests="{}" failures="{}" errors="0" skipped="{}" timestamp="{}">"#,
            Xml(&suite.name),
            suite.cases.len(),
            suite.count(CaseOutcome::is_failed),
            suite.count(CaseOutcome::is_skipped),
            Xml(self.at),
        )?;
        if is_first {
            writeln!(f, "    <properties>")?;
            for (name, value) in &self.properties {
                writeln!(f, r#"      <property name="{name}" value="{}"/>"#, Xml(value))?;
            }
            writeln!(f, "    </properties>")?;
        }
        for case in &suite.cases {
            write_case(f, &suite.class, case)?;
        }
        writeln!(f, "  </testsuite>")
    }
}

fn write_case(f: &mut Formatter<'_>, class: &str, case: &Case<'_>) -> fmt::Result {
    let (name, class) = (Xml(case.name), Xml(class));
    if matches!(case.outcome, CaseOutcome::Passed) && case.notes.is_empty() {
        return writeln!(f, r#"    <testcase name="{name}" classname="{class}"/>"#);
    }
    writeln!(f, r#"    <testcase name="{name}" classname="{class}">"#)?;
    match &case.outcome {
        CaseOutcome::Passed => {}
        CaseOutcome::Skipped(why) => writeln!(f, r#"      <skipped message="{}"/>"#, Xml(why))?,
        // Jenkins and GitLab take one failure of a case.
        CaseOutcome::Failed { code, reasons } => {
            let first = reasons.first().map_or("", String::as_str);
            write!(f, r#"      <failure type="{}" message="{}">"#, Xml(code), Xml(first))?;
            write_lines(f, reasons)?;
            writeln!(f, "</failure>")?;
        }
    }
    if !case.notes.is_empty() {
        write!(f, "      <system-out>")?;
        write_lines(f, &case.notes)?;
        writeln!(f, "</system-out>")?;
    }
    writeln!(f, "    </testcase>")
}

fn write_lines(f: &mut Formatter<'_>, lines: &[String]) -> fmt::Result {
    for (number, line) in lines.iter().enumerate() {
        let between = if number == 0 { "" } else { "\n" };
        write!(f, "{between}{}", Xml(line))?;
    }
    Ok(())
}

/// Text that may stand in an attribute or between tags. What XML 1.0 has no form for is escaped as
/// messages are: control characters, and the two last of the first plane.
struct Xml<'a>(&'a str);

impl Display for Xml<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for character in Message(self.0).to_string().chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&apos;")?,
                '\u{fffe}' | '\u{ffff}' => write!(f, "{}", character.escape_unicode())?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}
