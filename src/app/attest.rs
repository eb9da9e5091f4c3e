//! States what a verification found, as SLSA's verification summary (VSA): of the archive, and of each
//! package.
//!
//! A statement is made of an [`Examined`] archive, which only [`verify`](mod@super::verify) makes; never
//! of a stored report.

use std::path::{Path, PathBuf};

use super::{
    archive::SignedArchive,
    news::Listener,
    outputs::Filled,
    report::{JudgedPackage, Report, Verdict},
    statement::{StatementWriteError, Writer},
    verify::Examined,
};
use crate::core::{
    archive::{entry_name, manifest::Package},
    package::digest::Algorithm,
    policy::Reaction,
    slsa::summary::{SummaryPredicate, VerificationSummary},
    statement::{Resource, Statement, urn},
};

/// What to state, and where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The file for the statement about the archive.
    pub archive: Option<PathBuf>,
    /// The file for the statements about its packages, one a line.
    pub packages: Option<PathBuf>,
    /// The private key that signs.
    pub key: Option<PathBuf>,
}

/// Statements to write later.
#[derive(Debug)]
pub struct Attesting<'a> {
    options: &'a Options,
    writer: Writer,
}

impl Options {
    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.archive, &self.packages].into_iter().flatten().map(PathBuf::as_path)
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn prepare(
        &self,
        listener: &mut dyn Listener,
    ) -> Result<Attesting<'_>, StatementWriteError> {
        Ok(Attesting { options: self, writer: Writer::new(self.key.as_deref(), listener)? })
    }
}

impl Attesting<'_> {
    /// Fills the files with what was found, of a refused archive too. They have no names yet.
    ///
    /// # Errors
    /// When a statement cannot be signed, or a file cannot be written.
    pub fn fill(&self, examined: &Examined) -> Result<Vec<Filled>, StatementWriteError> {
        let (archive, report) = (examined.archive(), examined.report());
        let about_archive = self.options.archive.as_deref();
        let about_archive = about_archive
            .map(|file| self.writer.fill(file, [of_archive(archive, report)]))
            .transpose()?;
        let about_packages = self.options.packages.as_deref();
        let about_packages = about_packages
            .map(|file| self.writer.fill(file, of_packages(archive, report)))
            .transpose()?;
        Ok(about_archive.into_iter().chain(about_packages).collect())
    }
}

fn of_archive(archive: &SignedArchive, report: &Report) -> Statement<SummaryPredicate> {
    let packages = archive.manifest().packages();
    let inputs = packages.flat_map(|(_, package)| evidence(archive, package));
    let verdict = report.verdict();
    Statement::from(VerificationSummary {
        subject: about(report),
        resource_uri: urn("archive", &report.archive.sha256),
        at: report.at,
        at_given: report.at_given,
        policy: policy(report),
        inputs: std::iter::once(seal(archive)).chain(inputs).collect(),
        passed: verdict == Verdict::Verified,
        verdict: verdict.name(),
        claims: Default::default(),
    })
}

/// A statement about each package that there are bytes of, in the order of the report.
fn of_packages(
    archive: &SignedArchive,
    report: &Report,
) -> impl Iterator<Item = Statement<SummaryPredicate>> {
    let listed: std::collections::BTreeMap<_, _> = archive.manifest().packages().collect();
    let (seal, policy) = (seal(archive), policy(report));
    report.packages.iter().map(move |judged| {
        let inputs = listed.get(&judged.purl).into_iter();
        let inputs = inputs.flat_map(|package| evidence(archive, package));
        let verdict = verdict(judged, report);
        let claims = judged.verdict.claims.iter();
        let purl = judged.purl.to_string();
        Statement::from(VerificationSummary {
            subject: Resource::named(&purl, &judged.digest),
            resource_uri: purl,
            at: report.at,
            at_given: report.at_given,
            policy: policy.clone(),
            inputs: std::iter::once(seal.clone()).chain(inputs).collect(),
            passed: verdict == Verdict::Verified,
            verdict: verdict.name(),
            claims: claims.map(|(claim, outcome)| (*claim, outcome.status())).collect(),
        })
    })
}

/// What becomes of a package alone. What is past its limit, everything rests on.
fn verdict(judged: &JudgedPackage, report: &Report) -> Verdict {
    match report.policy.past_limit.unwrap_or_default() {
        _ if !judged.is_good() => Verdict::Refused,
        _ if report.past_limits.is_empty() => Verdict::Verified,
        Reaction::Deny => Verdict::Refused,
        Reaction::Warn => Verdict::Stale,
    }
}

/// The archive, by the name of its file without its folder.
pub(super) fn about(report: &Report) -> Resource {
    let file = &report.archive.file;
    let name =
        Path::new(file).file_name().map_or(file.as_str().into(), |name| name.to_string_lossy());
    Resource::named(name, &report.archive.sha256)
}

/// The policy, by its digest: a policy is often several files and options.
pub(super) fn policy(report: &Report) -> Resource {
    let digest = report.policy.sha256();
    Resource::at(urn("policy", &digest), &digest)
}

/// The envelope with the manifest and its signatures.
fn seal(archive: &SignedArchive) -> Resource {
    // An archive has it in its one form.
    let digest = Algorithm::Sha256.digest(&archive.envelope().to_json());
    Resource::named(entry_name::ENVELOPE, &digest)
}

/// What the archive holds of evidence for a package: the record and the attestations.
fn evidence(archive: &SignedArchive, package: &Package) -> impl Iterator<Item = Resource> {
    let parts = [&package.record, &package.attestations].into_iter().flatten();
    parts.filter_map(|part| {
        let subject = archive.manifest().subject(part.entry.as_deref()?)?;
        Some(Resource { uri: part.url.clone(), ..Resource::named(&subject.name, &subject.digest) })
    })
}
