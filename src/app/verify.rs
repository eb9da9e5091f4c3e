//! From an archive to verdicts, and the one way to a [`VerifiedArchive`].

mod judge;
mod lockfiles;

use std::{collections::HashSet, path::Path};

use crate::{
    adapters::archive::{Archive, ArchiveError, SignedArchive},
    app::{
        report::{self, Given, Input, Judged, Past, Report},
        trust::Basis,
    },
    cli::failure::{Failure, Outcome},
    core::{
        archive::key::PublicKey,
        lockfile::{
            Inventory, Lockfile,
            coverage::{Artifact, Coverage, Held, Outcome as EntryOutcome},
        },
        package::digest::Digest,
        policy::{Denial, Policy, Weakness},
        time::{self, Time},
    },
};

pub use self::lockfiles::Lock;
use self::{
    judge::{Examination, Found},
    lockfiles::{carried, relation},
};

/// An archive of which everything was verified, by a policy. What feeds a build takes this and
/// nothing else: only [`Examined::admit`] makes one, and only of an archive without a refusal.
///
/// ```
/// use sealift::cli::{report::Report, verification::{Examined, VerifiedArchive}};
///
/// let only_way: fn(Examined) -> Result<VerifiedArchive, Box<Report>> = Examined::admit;
/// ```
///
/// Nothing else can put one together:
///
/// ```compile_fail,E0451
/// use sealift::{adapters::archive::SignedArchive, app::{report::Report, verify::VerifiedArchive}};
///
/// fn forge(archive: SignedArchive, report: Report) -> VerifiedArchive {
///     VerifiedArchive { archive, report }
/// }
/// ```
///
/// Nor what it is made of:
///
/// ```compile_fail,E0451
/// use sealift::{adapters::archive::SignedArchive, app::{report::Report, verify::Examined}};
///
/// fn forge(archive: SignedArchive, report: Report) -> Examined {
///     Examined { archive, report }
/// }
/// ```
pub struct VerifiedArchive {
    archive: SignedArchive,
    report: Report,
}

impl VerifiedArchive {
    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The archive.
    pub fn archive(&self) -> &SignedArchive {
        &self.archive
    }
}

/// An archive that was examined, whatever the outcome.
pub struct Examined {
    archive: SignedArchive,
    report: Report,
}

impl Examined {
    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Admits the archive, or gives back the report that says why not.
    ///
    /// # Errors
    /// The report, if its verdict is `refused`.
    pub fn admit(self) -> Result<VerifiedArchive, Box<Report>> {
        match self.report.verdict() {
            report::Verdict::Refused => Err(Box::new(self.report)),
            report::Verdict::Verified | report::Verdict::Stale => {
                Ok(VerifiedArchive { archive: self.archive, report: self.report })
            }
        }
    }
}

/// What an archive is judged by.
pub struct Bar<'a> {
    /// The reference time.
    pub at: Time,
    /// Whether that time was given, in place of the clock's.
    pub at_given: bool,
    /// What is demanded.
    pub policy: &'a Policy,
    /// The keys whose seals count.
    pub keys: &'a [PublicKey],
    /// How many of them must have sealed.
    pub threshold: usize,
    /// Trust material.
    pub basis: &'a Basis,
    /// This build's lockfiles, if they were given.
    pub lockfiles: Vec<Lock>,
    /// Whether every tarball is listed, not only those that bundle or have a shrinkwrap.
    pub deep: bool,
}

/// Opens an archive and verifies its seal: signatures, manifest, and that the entries are those
/// that the manifest lists.
///
/// # Errors
/// Exit 1 if it is refused, exit 2 if it cannot be read.
pub fn open(path: &Path, keys: &[PublicKey], threshold: usize) -> Outcome<SignedArchive> {
    Archive::open(path)
        .and_then(|archive| archive.verify_signatures(keys, threshold))
        .map_err(|error| failure(path, &error))
}

/// Examines every entry and every package of a sealed archive. Packages are judged in parallel,
/// and the trouble of one never stops the others from being judged.
///
/// # Errors
/// Where an entry is not the one that was sealed (exit 1) or cannot be read (exit 2), and where the
/// reference time cannot be right (exit 2): then nothing can be relied on, and there is no report.
pub fn examine(archive: SignedArchive, file: &Path, mut bar: Bar<'_>) -> Outcome<Examined> {
    let failed = |error: ArchiveError| failure(file, &error);
    require_sealed_before(&archive, bar.at)?;
    let builds = std::mem::take(&mut bar.lockfiles);
    let inputs = carried(&archive, file)?;
    let examination = Examination::new(&archive, &bar, &inventory(&inputs), &inventory(&builds));
    let (sha256, found) = rayon::join(|| archive.sha256(), || examination.packages());
    let (sha256, mut found) = (sha256.map_err(failed)?, found.map_err(failed)?);
    archive.check_rest().map_err(failed)?;

    let (inputs, lockfiles) = {
        let held: Vec<Held<'_>> = found.iter().map(held).collect();
        let coverage = Coverage::new(&held);
        let judge = |lockfile: &Lockfile| deny(coverage.judge(lockfile), bar.policy);
        let lockfiles: Vec<_> = builds
            .into_iter()
            .map(|lock| {
                let (outcomes, relation) = (judge(&lock.lockfile), relation(&lock, &inputs));
                let Lock { name, sha256, lockfile } = lock;
                Given { file: name, sha256, lockfile, outcomes, relation }
            })
            .collect();
        let inputs: Vec<_> = inputs
            .into_iter()
            .map(|Lock { name, sha256, lockfile }| {
                let outcomes = judge(&lockfile);
                Input { entry: name, sha256, lockfile, outcomes }
            })
            .collect();
        (inputs, lockfiles)
    };
    let outcomes = inputs.iter().flat_map(|input| &input.outcomes);
    let needed: HashSet<usize> = outcomes.filter_map(|outcome| outcome.package).collect();
    for (at, found) in found.iter_mut().enumerate() {
        if let Some(judged) = &mut found.judged
            && !needed.contains(&at)
        {
            judged.denials.push(Denial::Unneeded);
        }
    }
    let packages = found.into_iter().filter_map(|found| found.judged).collect();
    let report = report(&archive, file, &bar, sha256, inputs, lockfiles, packages);
    Ok(Examined { archive, report })
}

fn inventory(locks: &[Lock]) -> Inventory<'_> {
    Inventory::new(locks.iter().map(|lock| (lock.name.as_str(), &lock.lockfile)).collect())
}

/// A package, as entries are compared with it.
fn held(found: &Found) -> Held<'_> {
    let signed = |judged: &Judged| judged.verdict.registry_signature.facts().is_some();
    Held {
        purl: &found.purl,
        artifact: found.judged.as_ref().map(|judged| Artifact {
            digests: &found.digests,
            url: found.url.as_deref(),
            signed: signed(judged),
            contents: found.contents.as_ref(),
        }),
    }
}

fn report(
    archive: &SignedArchive,
    file: &Path,
    bar: &Bar<'_>,
    sha256: Digest,
    inputs: Vec<Input>,
    lockfiles: Vec<Given>,
    packages: Vec<Judged>,
) -> Report {
    let sealed_at = archive.manifest().sealed_at();
    let set_aside = bar.basis.trust.set_aside().to_vec();
    let publishers = bar.basis.trust.publishers().to_vec();
    let trust = report::Trust { set_aside, publishers, ..bar.basis.facts.clone() };
    let ages = [
        ("archive", Some(bar.at - sealed_at), bar.policy.max_age),
        ("trust", trust.age(bar.at), bar.policy.max_trust_age),
    ];
    let past_limits = ages.into_iter().filter_map(|(what, age, max)| {
        let (age, max) = (age?, max?);
        (age > max).then_some(Past { what, age, max })
    });
    let manifest = archive.manifest();
    Report {
        at: bar.at,
        at_given: bar.at_given,
        policy: bar.policy.clone(),
        keys: bar.keys.iter().map(PublicKey::fingerprint).collect(),
        threshold: bar.threshold,
        archive: report::Archive {
            file: file.display().to_string(),
            sha256,
            sealed_at,
            tool: manifest.predicate().tool.clone(),
            signers: archive.signers().to_vec(),
            entries: manifest.subjects().len() + 1,
            bytes: archive.size(),
        },
        trust: vec![trust],
        inputs,
        lockfiles,
        purls: manifest.packages().map(|(purl, _)| purl.to_string()).collect(),
        packages,
        deep: bar.deep,
        past_limits: past_limits.collect(),
    }
}

/// Denies what the policy denies although nothing is wrong with it.
fn deny(mut outcomes: Vec<EntryOutcome>, policy: &Policy) -> Vec<EntryOutcome> {
    use crate::core::lockfile::coverage::{Denial, Disposition, Pin};
    for outcome in &mut outcomes {
        let weakness = match (outcome.disposition, outcome.pin) {
            (Disposition::Unavailable, _) if policy.denies(Weakness::Unavailable) => {
                Some(Weakness::Unavailable)
            }
            (_, Some(Pin::Signature { weak: true })) if policy.denies(Weakness::Sha1) => {
                Some(Weakness::Sha1)
            }
            (_, Some(Pin::Signature { .. })) if policy.denies(Weakness::PinnedBySignature) => {
                Some(Weakness::PinnedBySignature)
            }
            _ => None,
        };
        if let Some(weakness) = weakness {
            outcome.denial.get_or_insert(Denial::Weak(weakness));
        }
    }
    outcomes
}

/// Refuses to judge an archive at a time before it was sealed.
///
/// # Errors
/// Exit 2: then the clock is wrong, here or where it was sealed, and no expiry can be judged.
pub fn require_sealed_before(archive: &SignedArchive, at: Time) -> Outcome {
    let sealed_at = archive.manifest().sealed_at();
    if sealed_at <= at {
        return Ok(());
    }
    Err(Failure::could_not(format_args!(
        "{} was sealed at {}, after the reference time {}",
        archive.path().display(),
        time::format(sealed_at),
        time::format(at)
    ))
    .hint("see which of the two machines has the wrong clock; --at says which time to judge by"))
}

/// As a command ends with it: exit 2 where the file could not be read, exit 1 where it was refused.
pub fn failure(path: &Path, error: &ArchiveError) -> Failure {
    let about = format_args!("{}: {error}", path.display());
    let failure = match error {
        ArchiveError::UnverifiedManifestSize(_) => Failure::could_not(about),
        _ if error.is_refusal() => Failure::refused(about),
        _ => Failure::could_not(error),
    };
    failure.maybe_hint(error.hint()).code(error.code())
}

#[cfg(test)]
mod tests;
