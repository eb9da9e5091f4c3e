//! From an archive to verdicts, and the one way to a [`VerifiedArchive`].

use std::{fmt, path::Path};

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::{
    adapters::archive::{Archive, ArchiveError, SignedArchive},
    core::{
        digest::Integrity,
        key::PublicKey,
        limits,
        lockfile::{self, Inventory},
        manifest,
        package::PackageId,
        policy::Policy,
        time::{self, Time},
        verdict::PackageVerdict,
        verify::{self, Answer, Evidence},
    },
    shell::{
        failure::{Failure, Outcome},
        report::{self, Judged, LockfileCheck, Report},
        trust::Basis,
    },
};

/// An archive of which everything was verified, by a policy. What feeds a build takes this and
/// nothing else: only [`Examined::admit`] makes one, and only of an archive without a refusal.
///
/// ```
/// use sealift::shell::{report::Report, verification::{Examined, VerifiedArchive}};
///
/// let only_way: fn(Examined) -> Result<VerifiedArchive, Box<Report>> = Examined::admit;
/// ```
///
/// Nothing else can put one together:
///
/// ```compile_fail,E0451
/// use sealift::{adapters::archive::SignedArchive, shell::{report::Report, verification::VerifiedArchive}};
///
/// fn forge(archive: SignedArchive, report: Report) -> VerifiedArchive {
///     VerifiedArchive { archive, report }
/// }
/// ```
///
/// Nor what it is made of:
///
/// ```compile_fail,E0451
/// use sealift::{adapters::archive::SignedArchive, shell::{report::Report, verification::Examined}};
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
    /// What is demanded.
    pub policy: &'a Policy,
    /// Trust material.
    pub basis: &'a Basis,
    /// This build's lockfiles, if they were given: their names, and what they ask for.
    pub lockfiles: Option<(Vec<String>, &'a Inventory)>,
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
pub fn examine(archive: SignedArchive, file: &Path, bar: &Bar<'_>) -> Outcome<Examined> {
    let failed = |error: ArchiveError| failure(file, &error);
    let sealed_at = require_sealed_before(&archive, bar.at)?;
    let packages: Vec<_> = archive.manifest().packages().collect();
    let judge_all = || -> Result<Vec<_>, _> {
        packages.into_par_iter().map(|(id, package)| judge(&archive, id, package, bar)).collect()
    };
    let (accounted, verdicts) = rayon::join(|| account(&archive, file), judge_all);
    accounted?;
    let verdicts = verdicts.map_err(failed);
    let packages = verdicts?
        .into_iter()
        .map(|verdict| {
            let denials = bar.policy.judge(&verdict);
            let package = archive.manifest().package(&verdict.package);
            let registry = package.map(|package| package.registry.clone()).unwrap_or_default();
            Judged { verdict, registry, denials }
        })
        .collect();
    archive.check_rest().map_err(failed)?;

    let predicate = archive.manifest().predicate();
    let age = bar.basis.facts.age(bar.at);
    let report = Report {
        at: bar.at,
        archive: report::Archive {
            file: file.display().to_string(),
            sealed_at,
            signers: archive.signers().to_vec(),
            entries: archive.manifest().subjects().len() + 1,
            bytes: archive.size(),
            inputs: predicate.inputs.len(),
        },
        trust: vec![bar.basis.facts.clone()],
        packages,
        out_of_scope: predicate
            .out_of_scope
            .iter()
            .map(|entry| (entry.entry.clone(), entry.reason.clone()))
            .collect(),
        lockfile: bar.lockfiles.as_ref().map(|(files, inventory)| LockfileCheck {
            files: files.clone(),
            packages: inventory.packages.len(),
            uncovered: lockfile::uncovered(inventory, predicate),
        }),
        denied_age: age.filter(|age| bar.policy.denies_age(*age)),
    };
    Ok(Examined { archive, report })
}

/// Refuses to judge an archive at a time before it was sealed, and gives the time of the seal.
///
/// # Errors
/// Exit 2: then the clock is wrong, here or where it was sealed, and no expiry can be judged.
pub fn require_sealed_before(archive: &SignedArchive, at: Time) -> Outcome<Time> {
    let sealed_at = archive.manifest().sealed_at();
    if sealed_at <= at {
        return Ok(sealed_at);
    }
    Err(Failure::could_not(format_args!(
        "{} was sealed at {}, after the reference time {}",
        archive.path().display(),
        time::format(sealed_at),
        time::format(at)
    ))
    .hint("see which of the two machines has the wrong clock; --at says which time to judge by"))
}

/// All claims of one package. The tarball is read once, for all digests that are needed.
fn judge(
    archive: &SignedArchive,
    id: &PackageId,
    package: &manifest::Package,
    bar: &Bar<'_>,
) -> Result<PackageVerdict, ArchiveError> {
    let expected: Vec<Integrity> =
        package.integrity.iter().filter_map(|text| Integrity::parse(text).ok()).collect();
    let read =
        |name: &Option<String>, max| name.as_ref().map(|name| archive.read(name, max)).transpose();
    let record = read(&package.record, limits::RECORD_BYTES)?;
    let algorithms = verify::algorithms(&expected, record.as_deref());
    let tarball = archive.hash(&package.artifact, &algorithms)?;
    let attestations = read(&package.attestations, limits::ATTESTATIONS_BYTES)?;
    let unanswered = if record.is_some() { Answer::NotAsked } else { Answer::NotFound };
    let evidence = Evidence {
        package: id,
        registry: Some(&package.registry),
        expected: &expected,
        tarball: &tarball,
        // The manifest does not yet say what was asked and what was answered.
        record: record.as_deref().map_or(Answer::NotFound, Answer::Given),
        attestations: attestations.as_deref().map_or(unanswered, Answer::Given),
    };
    Ok(verify::package(&bar.basis.trust, &evidence, bar.at))
}

/// Whether the archive holds what its own lockfiles ask for, and says so of each entry.
fn account(archive: &SignedArchive, file: &Path) -> Outcome {
    let inventory = carried_inventory(archive, file)?;
    accounts_for(archive.manifest(), &inventory).map_err(|why| {
        Failure::refused(format_args!("{}: {why}", file.display()))
            .hint("the archive does not hold what its own lockfiles ask for; have it sealed anew")
    })
}

/// What the lockfiles in the archive ask for.
fn carried_inventory(archive: &SignedArchive, file: &Path) -> Outcome<Inventory> {
    let refused = |why: fmt::Arguments<'_>| {
        Failure::refused(format_args!("{}: {why}", file.display()))
            .hint("the archive was sealed so; have it sealed anew")
    };
    let mut lockfiles = Vec::new();
    let (mut left, mut objects) = (limits::LOCKFILE_BYTES, 0_usize);
    for input in &archive.manifest().predicate().inputs {
        let bytes = archive.read(&input.entry, left).map_err(|error| failure(file, &error))?;
        left = left.saturating_sub(bytes.len() as u64);
        objects = objects.saturating_add(lockfile::objects(&bytes));
        lockfile::check_objects(objects)
            .map_err(|error| refused(format_args!("{}: {error}", input.entry)))?;
        let lockfile = lockfile::parse(&input.entry, &bytes)
            .map_err(|error| refused(format_args!("{}: {error}", input.entry)))?;
        if (input.kind.as_str(), input.lockfile_version) != (lockfile.kind.name(), lockfile.version)
        {
            return Err(refused(format_args!("{} is not what the manifest says", input.entry)));
        }
        lockfiles.push((input.entry.clone(), lockfile));
    }
    if lockfiles.is_empty() {
        return Err(refused(format_args!(
            "it holds no lockfile, so that nothing asks for anything"
        )));
    }
    let inventory = lockfile::inventory(&lockfiles);
    if let Some(item) = inventory.without_integrity().next() {
        return Err(refused(format_args!("its lockfile has no hash for {}", item.id)));
    }
    Ok(inventory)
}

/// Whether the manifest says of every lockfile entry what the lockfiles say themselves.
fn accounts_for(manifest: &manifest::Manifest, inventory: &Inventory) -> Result<(), String> {
    let predicate = manifest.predicate();
    if let Some(item) = inventory.packages.iter().find(|item| manifest.package(&item.id).is_none())
    {
        return Err(format!("its lockfile asks for {}, which it does not hold", item.id));
    }
    if predicate.packages.len() != inventory.packages.len() {
        return Err("it holds packages that its lockfiles do not ask for".into());
    }
    for (item, package) in inventory.packages.iter().zip(&predicate.packages) {
        if package.integrity != item.expected() || package.needed_by != item.needs() {
            return Err(format!("its lockfile says otherwise than its manifest of {}", item.id));
        }
    }
    if predicate.out_of_scope != inventory.not_collected() {
        return Err("its lockfile says otherwise than its manifest of what was left out".into());
    }
    Ok(())
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
