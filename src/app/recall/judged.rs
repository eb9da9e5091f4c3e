//! What a recall finds of one archive.

use std::collections::{BTreeSet, HashSet};

use super::{held, opened::OpenedRecall};
use crate::{
    app::{
        report::{Report, Verdict},
        verify::VerifyError,
    },
    core::{
        limits, lockfile::Lockfile, package::digest::Digest, recall::PackageName, text::bounded,
    },
};

/// What became of one archive.
#[derive(Debug)]
pub struct Judged {
    /// The archive.
    pub file: String,
    /// What was found, or why it was not examined to the end.
    pub outcome: Result<Outcome, VerifyError>,
}

/// What was found of one archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The verdict by today's trust and the demands, whatever the advisories say.
    pub verdict: Verdict,
    /// What is older than its limit: `archive`, `trust`.
    pub past_limits: Vec<&'static str>,
    /// The first of what is wrong with its packages and entries.
    pub denied: Vec<Denied>,
    /// How much more is wrong.
    pub more_denied: usize,
    /// The packages that advisories are about.
    pub affected: Vec<Affected>,
    /// The names in it that the recall did not ask about.
    pub not_asked: BTreeSet<PackageName>,
}

/// Something that is wrong with a package or an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// The package's purl, or the entry's path in its lockfile.
    pub what: String,
    /// A stable code.
    pub code: &'static str,
    /// What was found. May quote untrusted text: escape before printing.
    pub detail: String,
}

/// A package that an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Its purl.
    pub package: String,
    /// The entry of the lockfile, if it lies in another package's tarball.
    pub bundled: Option<String>,
    /// The advisory's id.
    pub advisory: String,
    /// What the advisory says, cut where it is long. May be any text.
    pub summary: String,
}

/// What an archive is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// An advisory is about a package in it.
    Affected,
    /// Today's trust and the demands refuse it.
    Refused,
    /// It could not be checked, or not all of it.
    Unchecked,
    /// Neither.
    Clear,
}

impl State {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::Refused => "refused",
            Self::Unchecked => "unchecked",
            Self::Clear => "clear",
        }
    }
}

impl Judged {
    /// What the archive is, in one word. An affected one may be refused as well.
    pub fn state(&self) -> State {
        match &self.outcome {
            Ok(outcome) if !outcome.affected.is_empty() => State::Affected,
            Ok(outcome) if outcome.verdict == Verdict::Refused => State::Refused,
            Ok(outcome) if !outcome.not_asked.is_empty() => State::Unchecked,
            Ok(_) => State::Clear,
            Err(error) if error.is_refusal() => State::Refused,
            Err(_) => State::Unchecked,
        }
    }
}

/// What is kept of an archive: of thousands, not every report fits into memory.
pub(super) fn outcome(report: &Report, recall: &OpenedRecall) -> Outcome {
    let lockfiles = report.inputs.iter().map(|input| &input.lockfile);
    let (mut affected, mut not_asked, mut seen) = (Vec::new(), BTreeSet::new(), HashSet::new());
    for held in held::packages(report.held.iter(), lockfiles) {
        let is_new = seen.insert(held.id);
        // What was collected by itself is among the archive's own packages.
        if held.bundled.is_some() && !is_new {
            continue;
        }
        let name = PackageName::of(held.id);
        affected.extend(recall.concerning(held.id).map(|advisory| Affected {
            package: bounded(&held.purl()),
            bundled: held.bundled.map(bounded),
            advisory: advisory.id.clone(),
            summary: bounded(&advisory.summary),
        }));
        if !recall.file.manifest().asked(&name) {
            not_asked.insert(name);
        }
    }
    let denied = denied(report);
    Outcome {
        sha256: report.archive.sha256.clone(),
        verdict: report.verdict(),
        past_limits: report.past_limits.iter().map(|past| past.what).collect(),
        more_denied: denied.len().saturating_sub(limits::STORE_REFUSALS),
        denied: denied.into_iter().take(limits::STORE_REFUSALS).collect(),
        affected,
        not_asked,
    }
}

/// What is wrong with the packages of an archive, and with the entries of its lockfiles.
fn denied(report: &Report) -> Vec<Denied> {
    let packages = report.packages.iter().flat_map(|judged| {
        judged.judgment.denials.iter().map(|denial| Denied {
            what: bounded(&judged.purl.to_string()),
            code: denial.code(),
            detail: bounded(&denial.to_string()),
        })
    });
    let inputs = report.inputs.iter().map(|input| (&input.lockfile, &input.outcomes));
    let entries = inputs.flat_map(|(Lockfile { entries, .. }, outcomes)| {
        entries.iter().zip(outcomes).filter_map(|(entry, outcome)| {
            let denial = outcome.denial.as_ref()?;
            let (code, detail) = (denial.code(), bounded(&denial.to_string()));
            Some(Denied { what: bounded(&entry.path), code, detail })
        })
    });
    packages.chain(entries).collect()
}
