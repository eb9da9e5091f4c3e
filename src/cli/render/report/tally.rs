//! What the top of a rendered report says in numbers.

use chrono::TimeDelta;
use serde_json::{Map, Value};

use crate::{
    app::{
        report::Verdict,
        stored::{ExceptionUse, PastLimit, RuleUse, StoredEntry, StoredPackage, StoredReport},
    },
    cli::render::{
        human::{self, ago},
        report::words,
    },
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
            package.verdict != Verdict::Refused
                && package.excused.iter().any(|excused| excused.code != "foreign")
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

/// The exceptions that are used, with how often.
pub(super) fn used(report: &StoredReport) -> Vec<(&ExceptionUse, &Map<String, Value>)> {
    let exceptions: Vec<_> = report.policy.exceptions().collect();
    let uses = report.exception_uses.iter().filter(|uses| uses.uses > 0);
    let used = uses.filter_map(|uses| Some((uses, *exceptions.get(uses.number.checked_sub(1)?)?)));
    used.collect()
}

/// Packages that are refused.
pub(super) fn refused(report: &StoredReport) -> impl Iterator<Item = (usize, &StoredPackage)> {
    let packages = report.packages.iter().enumerate();
    packages.filter(|(_, package)| package.verdict == Verdict::Refused)
}

/// `1 package`, `1,234 packages`, `2 entries`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let text = human::count(number, noun);
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

/// The verdict in plain sentences. Nothing of the report is quoted.
pub(super) fn lead(report: &StoredReport, tally: &Tally) -> String {
    let packages = count(report.summary.packages, "package");
    let past: Vec<_> = report.past_limits.iter().map(past).collect();
    let but = if tally.excused > 0 { ", but for what an exception excuses" } else { "" };
    let holds = format!(
        "All that was demanded of this archive and its {packages} is there, and it holds{but}"
    );
    let mut lead = match report.verdict {
        Verdict::Verified => format!("{holds}."),
        Verdict::Stale => format!("{holds}, but {}.", past.join(", and ")),
        Verdict::Refused => {
            let why: Vec<_> = why_refused(report, tally).into_iter().chain(past).collect();
            format!("Do not build from this archive: {}.", why.join(", and "))
        }
    };
    lead += &demanded(report);
    let verified = |claim: &str| report.summary.claims.get(claim).map_or(0, |one| one.verified);
    if report.summary.packages > 0
        && ["registry-signature", "publish-attestation", "provenance"].map(verified) == [0; 3]
    {
        lead += " The archive has no evidence of who published or built them.";
    }
    if tally.excused > 0 {
        lead += &match tally.excused {
            1 => " 1 package or lockfile entry passes only by an exception.".to_owned(),
            number => format!(
                " {} packages or lockfile entries pass only by an exception.",
                grouped(number)
            ),
        };
    }
    for (number, one, several) in [
        (
            tally.not_carried,
            "excused, and not in the archive: nothing here vouches for it",
            "excused, and not in the archive: nothing here vouches for them",
        ),
        (
            tally.unavailable,
            "optional, and its registry said that it does not have it",
            "optional, and their registries said that they do not have them",
        ),
    ] {
        if number > 0 {
            let says = if number == 1 { one } else { several };
            lead += &format!(" {} {} {says}.", count(number, "lockfile entry"), are(number));
        }
    }
    lead
}

/// Why it is refused, but for ages.
fn why_refused(report: &StoredReport, tally: &Tally) -> Vec<String> {
    let packages = count(report.summary.packages, "package");
    let mut why = Vec::new();
    if report.packages.is_empty() {
        why.push("it has no package".to_owned());
    }
    if report.summary.refused > 0 {
        let refused = grouped(report.summary.refused);
        why.push(format!("{refused} of {packages} {} refused", are(report.summary.refused)));
    }
    if tally.denied_entries > 0 {
        let entries = count(tally.denied_entries, "lockfile entry");
        why.push(format!("{entries} {} refused", are(tally.denied_entries)));
    }
    why
}

/// What was demanded of every package.
fn demanded(report: &StoredReport) -> String {
    let is_of_all =
        |rule: &&Map<String, Value>| !rule.contains_key("packages") && !rule.contains_key("except");
    let demands = |rule: &Map<String, Value>, claim: &str| {
        let claims = rule.get("claims").and_then(Value::as_array);
        claims.into_iter().flatten().any(|one| one.as_str() == Some(claim))
    };
    let of_all =
        |claim: &str| report.policy.rules().filter(is_of_all).any(|rule| demands(rule, claim));
    let names = words::CLAIMS.iter().map(|(claim, ..)| *claim);
    let names: Vec<_> = names.filter(|claim| *claim == "integrity" || of_all(claim)).collect();
    let is_more = |(number, rule): (usize, &Map<String, Value>)| {
        let selects = |uses: &RuleUse| uses.number == number && uses.packages > 0;
        rule.keys().any(|key| key != "claims") && report.rule_uses.iter().any(selects)
    };
    let more = match (1..).zip(report.policy.rules()).any(is_more) {
        true => "; of some, more",
        false => "",
    };
    // No rule is about what a person supplied.
    let each = match report.packages.iter().any(|package| package.rules.is_empty()) {
        true => "every package that a rule is about",
        false => "every package",
    };
    format!(" Demanded of {each}: {}{more}.", names.join(", "))
}

/// What is past its limit.
pub(super) fn past(past: &PastLimit) -> String {
    let what = match past.what.as_str() {
        "trust" => "the trust material was checked",
        "archive" => "the archive was sealed",
        _ => "something else is from",
    };
    format!("{what} {}, and the limit is {}", before(past.age_seconds), span(past.limit_seconds))
}

/// A span of time, in the largest unit that fits: `38 days`.
pub(super) fn span(seconds: i64) -> String {
    let text = ago(TimeDelta::try_seconds(seconds.saturating_abs()).unwrap_or(TimeDelta::MAX));
    match text.strip_suffix(" ago") {
        Some(span) => span.to_owned(),
        None => "less than a minute".to_owned(),
    }
}

/// How long before the reference time something was.
pub(super) fn before(seconds: i64) -> String {
    match seconds {
        0.. => format!("{} before the reference time", span(seconds)),
        _ => format!("{} after the reference time", span(seconds)),
    }
}

/// The verb for a number of things.
pub(super) fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// A text as the start of a sentence.
pub(super) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}
