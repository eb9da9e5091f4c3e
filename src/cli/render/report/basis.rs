//! What every rendering for machines carries: what was judged, by what rules, when and by which program.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::codes::why;

use crate::{
    app::stored::{ReportOrigin, StoredDenial, StoredEntry, StoredReport},
    core::{
        percent,
        text::{Untrusted, bounded},
    },
};

/// Names and values.
pub(super) fn basis(report: &StoredReport, source: &ReportOrigin) -> Vec<(&'static str, String)> {
    let archive = &report.archive;
    let basis = [
        ("sealift:verdict", report.verdict.name()),
        ("sealift:report", vouched(source)),
        ("sealift:at", &report.at),
        ("sealift:program", &format!("{} {}", report.tool.name, report.tool.version)),
        ("sealift:archive:file", &archive.file),
        ("sealift:archive:sha256", &archive.sha256),
        ("sealift:archive:sealedAt", &archive.sealed_at),
        ("sealift:policy:sha256", &report.policy.digest.sha256),
    ];
    basis.map(|(name, value)| (name, Untrusted(value).to_string())).into()
}

/// Who vouches for the report.
pub(super) fn vouched(source: &ReportOrigin) -> &'static str {
    match source {
        ReportOrigin::Verification | ReportOrigin::Serving => "made by this verification",
        ReportOrigin::Unsigned => "not signed",
        ReportOrigin::Unchecked { .. } => "signed, and the signature was not verified",
        ReportOrigin::Signed { .. } => "signed by a given key",
    }
}

/// A lockfile, with the entries that a reader is pointed at.
pub(super) struct Shown<'a> {
    /// The file of this build, or the entry of the archive.
    pub(super) file: &'a str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub(super) sha256: &'a str,
    /// Its entries.
    entries: &'a [StoredEntry],
    /// Their lines, where they are not those of the entries.
    lines: &'a [usize],
}

impl<'a> Shown<'a> {
    /// The entries, each with its line.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a StoredEntry, usize)> {
        let lines = self.lines.iter().copied().map(Some).chain(std::iter::repeat(None));
        self.entries.iter().zip(lines).map(|(entry, line)| (entry, line.unwrap_or(entry.line)))
    }
}

/// This build's lockfiles, then those of the archive that none of them equals: every entry once.
pub(super) fn lockfiles(report: &StoredReport) -> Vec<Shown<'_>> {
    let held: HashMap<_, _> =
        report.inputs.iter().map(|input| (input.entry.as_str(), input)).collect();
    let given = report.lockfiles.iter().map(|given| {
        let equal = given.input.as_deref().and_then(|name| held.get(name));
        let entries = given.entries.as_ref().or(equal.map(|input| &input.entries));
        Shown {
            file: &given.file,
            sha256: &given.sha256,
            entries: entries.map_or(&[], Vec::as_slice),
            lines: given.lines.as_deref().unwrap_or_default(),
        }
    });
    let equal: HashSet<_> =
        report.lockfiles.iter().filter_map(|given| given.input.as_deref()).collect();
    let rest = report.inputs.iter().filter(|input| !equal.contains(input.entry.as_str()));
    let rest = rest.map(|input| Shown {
        file: &input.entry,
        sha256: &input.sha256,
        entries: &input.entries,
        lines: &[],
    });
    given.chain(rest).collect()
}

/// What to call an entry.
pub(super) fn name_of(entry: &StoredEntry) -> &str {
    if entry.path.is_empty() { "the project itself" } else { &entry.path }
}

/// The reference to a file (RFC 3986), as relative as it was given.
pub(super) fn uri(file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    match file.strip_prefix("./").unwrap_or(file) {
        path if path.starts_with('/') => {
            format!("file:///{}", percent::encode(path.trim_start_matches('/'), plain))
        }
        path => percent::encode(path, plain),
    }
}

/// The exceptions of the policy.
pub(super) struct Exceptions<'a>(Vec<&'a Map<String, Value>>);

impl<'a> Exceptions<'a> {
    pub(super) fn of(report: &'a StoredReport) -> Self {
        Self(report.policy.exceptions().collect())
    }

    /// The exception that excuses something: its number, its last day and its reason.
    pub(super) fn excuse(&self, denial: &StoredDenial) -> String {
        let Some(number) = denial.exception else { return "excused".to_owned() };
        let exception = self.0.get(number.saturating_sub(1));
        let text = |key| exception.and_then(|of| of.get(key)).and_then(Value::as_str);
        let reason = bounded(text("reason").unwrap_or_default());
        let expires = bounded(text("expires").unwrap_or("?"));
        format!("exception {number}, until {expires}: {reason}")
    }
}

/// What a denial says: its detail and, where a claim was refused, the reason. Cut, since a report that
/// sealift did not write may have texts of any length.
pub(super) fn says(denial: &StoredDenial, reason: Option<&str>) -> String {
    let detail = why(denial);
    match reason {
        Some(reason) => format!("{}: {}", bounded(detail), bounded(reason)),
        None => bounded(detail),
    }
}
