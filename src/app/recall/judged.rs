//! What a recall finds of one archive.

use std::collections::{BTreeSet, HashSet};

use super::{held, opened::OpenedRecall};
use crate::{
    app::{
        report::{Report, Verdict},
        store::{ArchiveFault, faults},
        verify::VerifyError,
        worst::Worst,
    },
    core::{package::digest::Digest, recall::PackageName, text::bounded},
};

/// What became of one archive.
#[derive(Debug)]
pub struct CheckedArchive {
    /// The archive.
    pub file: String,
    /// What was found, or why it was not examined to the end.
    pub outcome: Result<RecallFindings, VerifyError>,
}

/// What was found of one archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallFindings {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The verdict by today's trust and the demands, whatever the advisories say.
    pub verdict: Verdict,
    /// What is older than its limit: `archive`, `trust`.
    pub past_limits: Vec<&'static str>,
    /// The first of what is wrong with its packages and entries.
    pub denied: Vec<ArchiveFault>,
    /// How much more is wrong.
    pub more_denied: usize,
    /// The packages that advisories are about.
    pub affected: Vec<AffectedPackage>,
    /// The names in it that the recall did not ask about.
    pub not_asked: BTreeSet<PackageName>,
}

/// A package that an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedPackage {
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
pub enum RecallState {
    /// An advisory is about a package in it.
    Affected,
    /// Today's trust and the demands refuse it.
    Refused,
    /// It could not be checked, or not all of it.
    Unchecked,
    /// Neither.
    Clear,
}

impl From<RecallState> for Worst {
    fn from(state: RecallState) -> Self {
        match state {
            RecallState::Affected | RecallState::Refused => Self::Refused,
            RecallState::Unchecked => Self::Unchecked,
            RecallState::Clear => Self::Nothing,
        }
    }
}

impl RecallState {
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

impl CheckedArchive {
    /// What the archive is, in one word. An affected one may be refused as well.
    pub fn state(&self) -> RecallState {
        match &self.outcome {
            Ok(outcome) if !outcome.affected.is_empty() => RecallState::Affected,
            Ok(outcome) if outcome.verdict == Verdict::Refused => RecallState::Refused,
            Ok(outcome) if !outcome.not_asked.is_empty() => RecallState::Unchecked,
            Ok(_) => RecallState::Clear,
            Err(error) if error.is_refusal() => RecallState::Refused,
            Err(_) => RecallState::Unchecked,
        }
    }
}

/// What is kept of an archive: of thousands, not every report fits into memory.
pub(super) fn findings(report: &Report, recall: &OpenedRecall) -> RecallFindings {
    let lockfiles = report.inputs.iter().map(|input| &input.lockfile);
    let (mut affected, mut not_asked, mut seen) = (Vec::new(), BTreeSet::new(), HashSet::new());
    for held in held::packages(report.held.iter(), lockfiles) {
        let is_new = seen.insert(held.id);
        // What was collected by itself is among the archive's own packages.
        if held.bundled.is_some() && !is_new {
            continue;
        }
        let name = PackageName::of(held.id);
        affected.extend(recall.concerning(held.id).map(|advisory| AffectedPackage {
            package: bounded(&held.purl()),
            bundled: held.bundled.map(bounded),
            advisory: advisory.id.clone(),
            summary: bounded(&advisory.summary),
        }));
        if !recall.file.manifest().asked(&name) {
            not_asked.insert(name);
        }
    }
    let (denied, more_denied) = faults(report);
    RecallFindings {
        sha256: report.archive.sha256.clone(),
        verdict: report.verdict(),
        past_limits: report.past_limits.iter().map(|past| past.what).collect(),
        denied,
        more_denied,
        affected,
        not_asked,
    }
}
