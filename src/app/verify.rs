//! Verifies an archive and reports on it. Only this module makes a [`VerifiedArchive`].

mod entries;
mod error;
mod judge;
mod lockfiles;
mod shared;
mod verifier;

use std::path::{Path, PathBuf};

pub(super) use self::lockfiles::carried;
use self::{
    entries::{deny_unneeded, judge_entries},
    judge::Examination,
};
pub use self::{error::VerifyError, shared::Shared, verifier::Verifier};
use crate::{
    app::{
        archive::{self, OpenError, SignedArchive},
        clock::Clock,
        inputs::{self, InputError, NamedLockfile},
        policy::{self, Loaded, PolicySource},
        report::{self, CarriedLockfile, Given, JudgedPackage, Past, Report, SealedBy},
        trust::{self, Basis},
    },
    core::{
        archive::key::PublicKey,
        lockfile::Inventory,
        package::digest::Digest,
        policy::{Judge, Policy},
        time::Time,
    },
};

/// An archive of which everything was verified, by a policy. What feeds a build takes this and
/// nothing else: only [`Examined::admit`] makes one, and only of an archive without a refusal.
///
/// ```
/// use sealift::app::{report::Report, verify::{Examined, VerifiedArchive}};
///
/// let only_way: fn(Examined) -> Result<VerifiedArchive, Box<Report>> = Examined::admit;
/// ```
///
/// Nothing else can put one together:
///
/// ```compile_fail,E0451
/// use sealift::app::{archive::SignedArchive, report::Report, verify::VerifiedArchive};
///
/// fn forge(archive: SignedArchive, report: Report) -> VerifiedArchive {
///     VerifiedArchive { archive, report, npm_keys: vec![] }
/// }
/// ```
///
/// Nor what it is made of:
///
/// ```compile_fail,E0451
/// use sealift::app::{archive::SignedArchive, report::Report, verify::Examined};
///
/// fn forge(archive: SignedArchive, report: Report) -> Examined {
///     Examined { archive, report, npm_keys: vec![] }
/// }
/// ```
#[derive(Debug)]
pub struct VerifiedArchive {
    archive: SignedArchive,
    report: Report,
    npm_keys: Vec<serde_json::Value>,
}

impl VerifiedArchive {
    /// The npm registry's keys that the records were judged by, as a registry lists them.
    pub fn npm_keys(&self) -> &[serde_json::Value] {
        &self.npm_keys
    }

    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The archive.
    pub fn archive(&self) -> &SignedArchive {
        &self.archive
    }

    /// What was found, without the archive.
    pub fn into_report(self) -> Report {
        self.report
    }
}

/// An archive that was examined, whatever the outcome.
#[derive(Debug)]
pub struct Examined {
    archive: SignedArchive,
    report: Report,
    npm_keys: Vec<serde_json::Value>,
}

impl Examined {
    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The archive, whatever was found.
    pub(super) fn archive(&self) -> &SignedArchive {
        &self.archive
    }

    /// What was found, without the archive.
    pub(super) fn into_report(self) -> Report {
        self.report
    }

    /// Admits the archive, or gives back the report that says why not.
    ///
    /// # Errors
    /// The report, if its verdict is `refused`.
    pub fn admit(self) -> Result<VerifiedArchive, Box<Report>> {
        match self.report.verdict() {
            report::Verdict::Refused => Err(Box::new(self.report)),
            report::Verdict::Verified | report::Verdict::Stale => Ok(VerifiedArchive {
                archive: self.archive,
                report: self.report,
                npm_keys: self.npm_keys,
            }),
        }
    }
}

/// An archive, and what to judge it by.
#[derive(Debug, Clone)]
pub struct Options {
    /// The archive.
    pub archive: PathBuf,
    /// What to judge it by.
    pub terms: Terms,
}

/// What archives are judged by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The public keys of who may seal.
    pub keys: Vec<PathBuf>,
    /// How many signers must have sealed, where no policy says more.
    pub threshold: usize,
    /// What is demanded.
    pub demands: Demands,
    /// Where trust comes from.
    pub trust: trust::Options,
}

/// What is demanded of an archive. There is no default: a policy or a file of one must have a rule.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    /// The policies, in files.
    pub policies: Vec<PathBuf>,
    /// What is demanded beside them.
    pub policy: Policy,
    /// This build's lockfiles: the archive must cover every entry of them.
    pub lockfiles: Vec<PathBuf>,
}

impl Demands {
    /// Reads the policies, and adds what is demanded beside them.
    ///
    /// # Errors
    /// When a policy cannot be used, nothing is demanded, or a lockfile is missing.
    pub(super) fn load(&self) -> Result<Loaded, VerifyError> {
        self.complete(policy::load(&self.policies)?)
    }

    /// Adds what is demanded beside policies that were read.
    ///
    /// # Errors
    /// When nothing is demanded, or a lockfile is missing.
    pub(super) fn complete(&self, mut loaded: Loaded) -> Result<Loaded, VerifyError> {
        let mut own = self.policy.clone();
        // Beside the rules of a policy, options only add demands; without any, they are the rule.
        let only_adds = !loaded.policy.rules.is_empty();
        own.rules.iter_mut().for_each(|rule| rule.only_adds = only_adds);
        loaded.policy.add(own);
        if loaded.policy.rules.is_empty() {
            return Err(match self.policies.is_empty() {
                true => VerifyError::NoDemands,
                false => VerifyError::NoRule,
            });
        }
        if loaded.policy.lockfile_required && self.lockfiles.is_empty() {
            return Err(VerifyError::LockfileRequired);
        }
        Ok(loaded)
    }

    /// This build's lockfiles.
    ///
    /// # Errors
    /// When one cannot be read or understood.
    pub(super) fn locks(&self) -> Result<Vec<NamedLockfile>, InputError> {
        Ok(inputs::read(&self.lockfiles)?.into_iter().map(inputs::Input::given).collect())
    }
}

/// Verifies an archive, with no network, and reports on every package in it.
///
/// ```
/// use sealift::{
///     app::{
///         Clock, trust,
///         verify::{self, Demands, Terms},
///     },
///     core::{policy::Policy, time, verdict::Claim},
/// };
///
/// let options = verify::Options {
///     archive: "app.sealift".into(),
///     terms: Terms {
///         keys: vec!["release.key.pub".into()],
///         threshold: 1,
///         demands: Demands {
///             policies: vec![],
///             policy: Policy::requiring([Claim::RegistrySignature], []),
///             lockfiles: vec!["package-lock.json".into()],
///         },
///         trust: trust::Options::of("public-good", trust::Store::Own("trust".into())),
///     },
/// };
/// let clock = Clock::new(time::parse("2026-11-23T04:00:00Z").ok_or("no time")?);
/// match verify::verify(&options, &clock).map(|examined| examined.admit()) {
///     Ok(Ok(verified)) => println!("{} packages", verified.report().packages.len()),
///     Ok(Err(report)) => println!("{}", report.verdict().name()),
///     // Here: there is no such key.
///     Err(error) => assert!(!error.is_refusal()),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the archive is not what was sealed, or could not be examined.
pub fn verify(options: &Options, clock: &Clock) -> Result<Examined, VerifyError> {
    verify_by(options, options.terms.demands.load()?, clock)
}

/// As [`verify`], by policies that were read.
pub(super) fn verify_by(
    options: &Options,
    loaded: Loaded,
    clock: &Clock,
) -> Result<Examined, VerifyError> {
    let Options { archive, terms } = options;
    let verifier = Verifier::of(terms, loaded, clock)?;
    verifier.examine(archive, terms.demands.locks()?)
}

/// What an archive is judged by.
pub(super) struct Bar<'a> {
    /// The times of this run.
    pub clock: &'a Clock,
    /// What is demanded.
    pub policy: Policy,
    /// The files that it was read from.
    pub sources: Vec<PolicySource>,
    /// Trust material.
    pub basis: &'a Basis,
    /// This build's lockfiles, if they were given.
    pub lockfiles: Vec<NamedLockfile>,
    /// Verdicts that other archives share, where there are others.
    pub shared: Option<&'a Shared>,
}

/// Examines every entry and every package of a sealed archive. Packages are judged in parallel. A refusal
/// of one never stops the others.
///
/// # Errors
/// When an entry is not the one that was sealed or cannot be read, or when the reference time cannot be
/// right. Then nothing is certain, and no report is made.
pub(super) fn examine(
    archive: SignedArchive,
    file: &Path,
    mut bar: Bar<'_>,
) -> Result<Examined, VerifyError> {
    let failed = OpenError::of(file);
    archive::require_sealed_before(&archive, bar.clock.at)?;
    let builds = std::mem::take(&mut bar.lockfiles);
    // The digest of the whole file needs nothing else: it fills the time in which one thread works.
    let (sha256, judged) = rayon::join(
        || archive.sha256(),
        || {
            let inputs = carried(&archive, file)?;
            let judge = Judge::new(&bar.policy, bar.clock.at);
            let (own, given) = (inventory(&inputs), inventory(&builds));
            let examination = Examination::new(&archive, &bar, &judge, &own, &given);
            let mut found = examination.packages().map_err(&failed)?;
            archive.check_rest().map_err(&failed)?;
            let (inputs, lockfiles) = judge_entries(inputs, builds, &found, &judge);
            deny_unneeded(&mut found, &inputs);
            let packages = found.into_iter().filter_map(|found| found.judged).collect();
            Ok::<_, VerifyError>((inputs, lockfiles, packages))
        },
    );
    let (inputs, lockfiles, packages) = judged?;
    let sha256 = sha256.map_err(&failed)?;
    let npm_keys = bar.basis.trust.listed_npm_keys();
    let report = report(&archive, file, bar, sha256, inputs, lockfiles, packages);
    Ok(Examined { archive, report, npm_keys })
}

fn inventory(locks: &[NamedLockfile]) -> Inventory<'_> {
    Inventory::new(locks.iter().map(|lock| (lock.name.as_str(), &lock.lockfile)).collect())
}

fn report(
    archive: &SignedArchive,
    file: &Path,
    bar: Bar<'_>,
    sha256: Digest,
    inputs: Vec<CarriedLockfile>,
    lockfiles: Vec<Given>,
    packages: Vec<JudgedPackage>,
) -> Report {
    let sealed_at = archive.manifest().sealed_at();
    let set_aside = bar.basis.trust.set_aside().to_vec();
    let publishers = bar.basis.trust.publishers().to_vec();
    let trust = report::TrustFacts { set_aside, publishers, ..bar.basis.facts.clone() };
    let ages = [
        ("archive", Some(bar.clock.at - sealed_at), bar.policy.max_age),
        ("trust", trust.age(bar.clock.at), bar.policy.max_trust_age),
    ];
    let past_limits = ages.into_iter().filter_map(|(what, age, max)| {
        let (age, max) = (age?, max?);
        (age > max).then_some(Past { what, age, max })
    });
    let past_limits = past_limits.collect();
    let manifest = archive.manifest();
    Report {
        at: bar.clock.at,
        at_given: bar.clock.at_given,
        archive: report::ArchiveFacts {
            file: file.display().to_string(),
            sha256,
            sealed_at,
            tool: manifest.predicate().tool.clone(),
            signers: sealed_by(&bar.policy, archive, bar.clock.at),
            entries: manifest.subjects().len() + 1,
            bytes: archive.size(),
        },
        trust: vec![trust],
        inputs,
        lockfiles,
        held: manifest.packages().map(|(purl, _)| purl.clone()).collect(),
        packages,
        past_limits,
        policy: bar.policy,
        policy_sources: bar.sources,
    }
}

/// The signers whose keys have sealed an archive.
fn sealed_by(policy: &Policy, archive: &SignedArchive, at: Time) -> Vec<SealedBy> {
    let signers = policy.signers_at(at).into_iter().filter_map(|signer| {
        let keys = signer.keys.iter().map(PublicKey::fingerprint);
        let keys: Vec<_> = keys.filter(|key| archive.signers().contains(key)).collect();
        (!keys.is_empty()).then_some(SealedBy { name: signer.name, keys })
    });
    signers.collect()
}

#[cfg(test)]
mod tests;
