//! Judges all archives of a store anew, and keeps of each what fits on a page.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
};

use super::{ArchiveStoreError, each, find::find};
use crate::{
    adapters::archives::{FolderFile, FolderFiles},
    app::{
        clock::Clock,
        policy::PolicySource,
        report::{Past, Report, SealedBy, Verdict},
        verify::{Terms, Verifier, VerifyError},
        worst::Worst,
    },
    core::{limits, package::digest::Digest, policy::Policy, text::bounded, time::Time},
};

/// What became of all archives of a store.
#[derive(Debug)]
pub struct StoreJudgment {
    /// The folder.
    pub folder: PathBuf,
    /// The times of this run.
    pub clock: Clock,
    /// What was demanded.
    pub policy: Policy,
    /// The files that it was read from.
    pub sources: Vec<PolicySource>,
    /// Every archive, sorted by name.
    pub archives: Vec<JudgedArchive>,
    /// Recalls with the names of archives: they hold no package, and were passed over.
    pub recalls: Vec<String>,
    /// The symbolic links, which were not followed.
    pub links: Vec<String>,
    /// Files and folders that cannot be looked at, and why.
    pub unread: Vec<(String, String)>,
}

/// What became of one archive.
#[derive(Debug)]
pub struct JudgedArchive {
    /// Its path from the folder.
    pub name: String,
    /// What was found, or why it was not examined to the end.
    pub outcome: Result<ArchiveSummary, Unexamined>,
}

/// Why an archive was not examined to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexamined {
    /// The fact, without the archive's path in front. May quote untrusted text: escape before printing.
    pub message: String,
    /// A stable code, where there is one.
    pub code: Option<&'static str>,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether it was refused, or could not be examined at all.
    pub refused: bool,
}

/// What was found of one archive, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveSummary {
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Who has sealed it.
    pub signers: Vec<SealedBy>,
    /// How many packages it has.
    pub packages: usize,
    /// How many of them are refused.
    pub packages_refused: usize,
    /// How many entries of its lockfiles are denied.
    pub entries_denied: usize,
    /// What is older than its limit.
    pub past_limits: Vec<Past>,
    /// The first of what is wrong with its packages and entries.
    pub denied: Vec<ArchiveFault>,
    /// How much more is wrong.
    pub more_denied: usize,
}

/// Something that is wrong with a package or an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFault {
    /// The package's purl, or the entry's path in its lockfile.
    pub what: String,
    /// A stable code.
    pub code: &'static str,
    /// What was found. May quote untrusted text: escape before printing.
    pub detail: String,
}

impl StoreJudgment {
    /// Of a folder, by what was found and judged.
    pub(super) fn new(
        folder: &Path,
        verifier: &Verifier,
        found: FolderFiles,
        judged: Vec<PerFile<JudgedArchive>>,
    ) -> Self {
        let (mut archives, mut recalls) = (Vec::new(), Vec::new());
        for one in judged {
            match one {
                PerFile::Archive(archive) => archives.push(archive),
                PerFile::Recall(file) => recalls.push(file.name),
            }
        }
        let unread = found.unread.into_iter().map(|(name, error)| (name, error.to_string()));
        Self {
            folder: folder.to_owned(),
            clock: verifier.clock(),
            policy: verifier.policy().clone(),
            sources: verifier.sources().to_vec(),
            archives,
            recalls,
            links: found.links,
            unread: unread.collect(),
        }
    }

    /// How many archives have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.archives.iter().filter(|archive| archive.verdict() == Some(verdict)).count()
    }

    /// The worst of all archives, files and folders.
    pub fn worst(&self) -> Worst {
        match (self.count(Verdict::Refused), self.unchecked()) {
            (0, 0) => Worst::Nothing,
            (0, _) => Worst::Unchecked,
            _ => Worst::Refused,
        }
    }

    /// How many archives, files and folders could not be checked.
    pub fn unchecked(&self) -> usize {
        let unchecked = self.archives.iter().filter(|archive| archive.verdict().is_none()).count();
        unchecked.saturating_add(self.unread.len())
    }
}

impl JudgedArchive {
    /// Of an archive, by the report on it.
    pub(super) fn new(file: &FolderFile, outcome: Result<&Report, &VerifyError>) -> Self {
        let outcome =
            outcome.map(ArchiveSummary::new).map_err(|error| Unexamined::new(file, error));
        Self { name: file.name.clone(), outcome }
    }

    /// The verdict; `None` where it could not be checked.
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.outcome {
            Ok(summary) => Some(summary.verdict),
            Err(unexamined) => unexamined.refused.then_some(Verdict::Refused),
        }
    }
}

/// What a file with the name of an archive is.
pub(super) enum PerFile<T> {
    /// An archive, and what was made of the report on it.
    Archive(T),
    /// A recall, which was passed over.
    Recall(FolderFile),
}

impl<T> PerFile<T> {
    /// Only what was not verified can be a recall, so that no good archive is opened twice.
    pub fn new(
        file: &FolderFile,
        outcome: Result<Report, VerifyError>,
        verifier: &Verifier,
        make: impl FnOnce(Result<Report, VerifyError>) -> T,
    ) -> Self {
        match outcome.is_err() && verifier.is_recall(&file.path) {
            true => Self::Recall(file.clone()),
            false => Self::Archive(make(outcome)),
        }
    }
}

impl Unexamined {
    fn new(archive: &FolderFile, error: &VerifyError) -> Self {
        let message = error.to_string();
        let path = format!("{}: ", archive.path.display());
        let message = bounded(message.strip_prefix(&path).unwrap_or(&message));
        Self { message, code: error.code(), hint: error.hint(), refused: error.is_refusal() }
    }
}

/// Judges all archives of a folder.
///
/// # Errors
/// When the demands or the folder cannot be used. What is wrong with one archive is no error.
pub fn verify(
    folder: &Path,
    terms: &Terms,
    clock: &Clock,
) -> Result<StoreJudgment, ArchiveStoreError> {
    let verifier = verifier(folder, terms, clock)?;
    let found = find(folder, &|_| false, &|file| verifier.is_recall(file))?;
    let mut judged = Vec::new();
    let Ok(()) = each(
        &verifier,
        &found.archives,
        |file, outcome| {
            let make = |outcome: Result<_, _>| JudgedArchive::new(file, outcome.as_ref());
            PerFile::new(file, outcome, &verifier, make)
        },
        |one| {
            judged.push(one);
            Ok::<_, Infallible>(())
        },
    );
    Ok(StoreJudgment::new(folder, &verifier, found, judged))
}

/// Reads the demands on the archives of a folder.
///
/// # Errors
/// When they cannot be used, or a lockfile is demanded.
pub(super) fn verifier(
    folder: &Path,
    terms: &Terms,
    clock: &Clock,
) -> Result<Verifier, ArchiveStoreError> {
    if !terms.demands.lockfiles.is_empty() {
        return Err(ArchiveStoreError::Lockfile(folder.to_owned()));
    }
    Verifier::new(terms, clock).map_err(|error| match error {
        VerifyError::LockfileRequired => ArchiveStoreError::LockfileRequired(folder.to_owned()),
        other => other.into(),
    })
}

impl ArchiveSummary {
    fn new(report: &Report) -> Self {
        let (denied, more_denied) = faults(report);
        Self {
            verdict: report.verdict(),
            sha256: report.archive.sha256.clone(),
            sealed_at: report.archive.sealed_at,
            signers: report.archive.signers.clone(),
            packages: report.packages.len(),
            packages_refused: report.packages.len().saturating_sub(report.good()),
            entries_denied: report.outcomes().filter(|outcome| outcome.denial.is_some()).count(),
            past_limits: report.past_limits.clone(),
            denied,
            more_denied,
        }
    }
}

/// The first of what is wrong with the packages of an archive and then with the entries of its lockfiles, and how
/// much more is.
pub(in crate::app) fn faults(report: &Report) -> (Vec<ArchiveFault>, usize) {
    let mut all = all_faults(report);
    let first = all.by_ref().take(limits::STORE_REFUSALS).collect();
    (first, all.count())
}

fn all_faults(report: &Report) -> impl Iterator<Item = ArchiveFault> {
    let packages = report.packages.iter().flat_map(|package| {
        package.judgment.denials.iter().map(|denial| {
            let refusal = denial.claim().and_then(|claim| {
                let mut refusals = package.verdict.refusals();
                refusals.find(|(refused, _)| *refused == claim).map(|(_, refusal)| refusal)
            });
            let (code, detail) = match refusal {
                Some(refusal) => (refusal.code, refusal.detail.clone()),
                None => (denial.code(), denial.to_string()),
            };
            ArchiveFault { what: package.purl.to_string(), code, detail: bounded(&detail) }
        })
    });
    let entries = report.inputs.iter().flat_map(|input| {
        let entries = input.lockfile.entries.iter().zip(&input.outcomes);
        entries.filter_map(|(entry, outcome)| {
            let denial = outcome.denial.as_ref()?;
            let (what, detail) = (bounded(&entry.path), bounded(&denial.to_string()));
            Some(ArchiveFault { what, code: denial.code(), detail })
        })
    });
    packages.chain(entries)
}
