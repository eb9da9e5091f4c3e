//! Judges archives by a recall, with no network.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    CheckedArchive, RecallError, RecallState,
    judged::findings,
    opened::OpenedRecall,
    sought::{SoughtArchive, SoughtArchives},
};
use crate::{
    app::{
        archive,
        clock::Clock,
        policy::{self, Loaded},
        report::Report,
        store::each,
        trust,
        verify::{Terms, Verifier, VerifyError},
    },
    core::{
        archive::manifest::{CarriedTrust, Listing as _, TrustSource},
        package::digest::Digest,
        policy::Signer,
        recall::PackageName,
        time::Time,
    },
};

/// What to judge, and by what.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The recall.
    pub recall: PathBuf,
    /// The public keys of who may seal it, of which one must have; without any, it needs the seals that an
    /// archive needs.
    pub recall_keys: Vec<PathBuf>,
    /// Archives, and folders of archives.
    pub archives: Vec<PathBuf>,
    /// What each archive is judged by.
    pub terms: Terms,
}

/// What became of all archives.
#[derive(Debug)]
pub struct Applied {
    /// The reference time.
    pub at: Time,
    /// The recall.
    pub recall: RecallFacts,
    /// Every archive, in the order in which they were named and found.
    pub archives: Vec<CheckedArchive>,
    /// Recalls with the names of archives in the folders: they hold no package, and were passed over.
    pub recalls: Vec<String>,
    /// Symbolic links in the folders, which were not followed.
    pub links: Vec<String>,
    /// Files and folders that cannot be looked at, and why.
    pub unread: Vec<(String, String)>,
}

/// What is known of the recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallFacts {
    /// The file, as it was named.
    pub file: String,
    /// SHA-256 of it.
    pub sha256: Digest,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Fingerprints of the trusted keys that sealed it.
    pub signers: Vec<String>,
    /// How many names it asked about.
    pub names: usize,
    /// How many advisories it carries.
    pub advisories: usize,
    /// Where these are from, as the sealer named it. May be any text.
    pub from: String,
    /// How many records were read there.
    pub records: u64,
    /// How many files there could not be read.
    pub unreadable: u64,
    /// Whether it carries trust material that this machine uses: none counts beside pinned files.
    pub carries_trust: bool,
    /// Whether it brought newer trust material than this machine had.
    pub brought_trust: bool,
}

impl Applied {
    /// How many archives are in a state.
    pub fn count(&self, state: RecallState) -> usize {
        self.archives.iter().filter(|archive| archive.state() == state).count()
    }

    /// How many archives were examined to the end.
    pub fn examined(&self) -> usize {
        self.archives.iter().filter(|archive| archive.outcome.is_ok()).count()
    }

    /// The worst of all archives. Where nothing is wrong and something could not be looked at, it is
    /// not known: a record that the fetch could not read may be about any package.
    pub fn state(&self) -> RecallState {
        match () {
            () if self.count(RecallState::Affected) > 0 => RecallState::Affected,
            () if self.count(RecallState::Refused) > 0 => RecallState::Refused,
            () if self.count(RecallState::Unchecked) > 0 => RecallState::Unchecked,
            () if !self.unread.is_empty() || self.recall.unreadable > 0 => RecallState::Unchecked,
            () => RecallState::Clear,
        }
    }

    /// The names that the recall did not ask about, in all archives.
    pub fn not_asked(&self) -> BTreeSet<&PackageName> {
        let outcomes = self.archives.iter().filter_map(|archive| archive.outcome.as_ref().ok());
        outcomes.flat_map(|outcome| &outcome.not_asked).collect()
    }
}

/// Verifies a recall, takes its trust over, and judges archives by both.
///
/// # Errors
/// When the recall is refused or older than one that was applied before, or the demands cannot be
/// used. What is wrong with one archive is not an error.
pub fn apply(options: &Apply, clock: &Clock) -> Result<Applied, RecallError> {
    let verifier = Verifier::several(&options.terms, demands(options)?, clock)?;
    let trust = &options.terms.trust;
    let recall_signers = archive::pinned_keys(&options.recall_keys)?;
    let recall = open(&options.recall, &recall_signers, &verifier)?;
    let facts = facts(&recall, trust)?;
    archive::require_sealed_before(&recall.file, clock.at)?;
    if clock.at > clock.now {
        return Err(RecallError::Future);
    }
    require_instance(&recall, trust)?;
    if let Some(newest) = trust::newest_recall(trust)? {
        require_newest(&recall, newest)?;
    }
    // Found before anything is changed.
    let sealed_by_own = |file: &Path| archive::is_recall(file, &recall_signers, 1);
    let is_recall = |file: &Path| verifier.is_recall(file) || sealed_by_own(file);
    let sought = SoughtArchives::find(&options.archives, &is_recall)?;
    let brought_trust = trust::take_over(trust, &recall.file)?;
    // Another program may have applied a newer one meanwhile.
    require_newest(&recall, trust::keep_recall(trust, facts.sealed_at)?)?;

    let check = |archive: &SoughtArchive, report: Result<Report, VerifyError>| {
        let is_recall = report.is_err() && archive.is_recall(&is_recall);
        let file = archive.path.display().to_string();
        let outcome = report.map(|report| findings(&report, &recall));
        if is_recall { Err(file) } else { Ok(CheckedArchive { file, outcome }) }
    };
    let (mut archives, mut recalls) = (Vec::new(), Vec::new());
    each(&verifier, &sought.archives, check, |checked| {
        match checked {
            Ok(archive) => archives.push(archive),
            Err(recall) => recalls.push(recall),
        }
        Ok::<_, RecallError>(())
    })?;
    let unread = sought.unread.into_iter().map(|(name, error)| (name, error.to_string()));
    Ok(Applied {
        at: clock.at,
        recall: RecallFacts { brought_trust, ..facts },
        archives,
        recalls,
        links: sought.links,
        unread: unread.collect(),
    })
}

/// The demands. A lockfile is not asked for, even where a policy demands one.
fn demands(options: &Apply) -> Result<Loaded, RecallError> {
    let demands = &options.terms.demands;
    if !demands.lockfiles.is_empty() {
        return Err(RecallError::Lockfile);
    }
    let mut loaded = policy::load(&demands.policies).map_err(VerifyError::Policy)?;
    loaded.policy.lockfile_required = false;
    Ok(demands.complete(loaded)?)
}

/// Opens the recall. Without keys of its own, it needs the same seals as an archive: otherwise one key
/// could say of archives that need two what nobody else says.
fn open(file: &Path, own: &[Signer], verifier: &Verifier) -> Result<OpenedRecall, RecallError> {
    match own {
        [] => OpenedRecall::open(file, verifier.signers(), verifier.policy().seals()),
        own => OpenedRecall::open(file, own, 1),
    }
}

/// A recall that carries trust must carry that of the instance that judges. Otherwise a key that it
/// withdraws would stay trusted.
fn require_instance(recall: &OpenedRecall, trust: &trust::Options) -> Result<(), RecallError> {
    let carried = recall.file.manifest().trust().iter();
    let carried = carried.filter(|carried| carried.source == TrustSource::Tuf);
    let carried: Vec<_> = carried.map(|carried| carried.instance.clone()).collect();
    if trust.files.is_some() || carried.is_empty() || carried.contains(&trust.instance) {
        return Ok(());
    }
    Err(RecallError::OtherInstance { carried, instance: trust.instance.clone() })
}

/// A recall must not be older than the newest that was applied here.
fn require_newest(recall: &OpenedRecall, newest: Time) -> Result<(), RecallError> {
    let sealed_at = recall.file.manifest().sealed_at();
    if newest <= sealed_at {
        return Ok(());
    }
    Err(RecallError::Older { path: recall.path.clone(), sealed_at, newest })
}

fn facts(recall: &OpenedRecall, trust: &trust::Options) -> Result<RecallFacts, RecallError> {
    let manifest = recall.file.manifest();
    let is_bare = |carried: &CarriedTrust| carried.source != TrustSource::Tuf;
    let source = &manifest.predicate().advisories;
    let sha256 = recall.file.sha256().map_err(archive::OpenError::of(&recall.path))?;
    Ok(RecallFacts {
        file: recall.path.display().to_string(),
        sha256,
        sealed_at: manifest.sealed_at(),
        signers: recall.file.signers().to_vec(),
        names: manifest.names().len(),
        advisories: recall.len(),
        from: source.from.clone(),
        records: source.records,
        unreadable: source.unreadable,
        carries_trust: trust.files.is_none() && !manifest.trust().iter().all(is_bare),
        brought_trust: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::verify::Demands,
        core::{policy::Policy, time, verdict::Claim},
    };

    #[test]
    fn rejects_the_lockfile_of_one_build() {
        let demands = Demands {
            policy: Policy::requiring([Claim::Integrity], []),
            lockfiles: vec!["package-lock.json".into()],
            ..Demands::default()
        };
        let trust = trust::Options::of("public-good", trust::Store::Own("trust".into()));
        let terms = Terms { keys: vec!["release.key.pub".into()], threshold: 1, demands, trust };
        let archives = vec!["app.sealift".into()];
        let apply_to =
            Apply { recall: "monday.recall".into(), recall_keys: vec![], archives, terms };
        let clock = Clock::new(time::parse("2026-11-23T04:00:00Z").unwrap());
        let error = apply(&apply_to, &clock).unwrap_err();
        assert!(matches!(error, RecallError::Lockfile), "{error}");
    }
}
