//! Judges archives by a recall, with no network.

use std::{
    collections::{BTreeSet, HashSet},
    path::{Path, PathBuf},
};

use super::{RecallError, held, opened::OpenedRecall};
use crate::{
    adapters::files,
    app::{
        archive,
        clock::Clock,
        policy::{self, Loaded},
        report::{Report, Verdict},
        store::{find, is_folder},
        trust,
        verify::{self, Examined, VerifyError, verify_by},
    },
    core::{
        archive::{
            key::PublicKey,
            manifest::{CarriedTrust, Listing as _, TrustSource},
        },
        limits,
        lockfile::Lockfile,
        package::digest::Digest,
        recall::PackageName,
        text::bounded,
        time::Time,
    },
};

/// What to judge, and by what.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The recall.
    pub recall: PathBuf,
    /// The public keys of who may seal it; without any, those of who may seal archives.
    pub recall_keys: Vec<PathBuf>,
    /// Archives, and folders of archives.
    pub archives: Vec<PathBuf>,
    /// How each archive is verified. Its path here is not used.
    pub verify: verify::Options,
}

/// What became of all archives.
#[derive(Debug)]
pub struct Applied {
    /// The reference time.
    pub at: Time,
    /// The recall.
    pub recall: RecallFacts,
    /// Every archive, in the order in which they were named and found.
    pub archives: Vec<Judged>,
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

impl Applied {
    /// How many archives are in a state.
    pub fn count(&self, state: State) -> usize {
        self.archives.iter().filter(|archive| archive.state() == state).count()
    }

    /// The worst of all archives. Where nothing is wrong and something could not be looked at, it is
    /// not known.
    pub fn state(&self) -> State {
        match () {
            () if self.count(State::Affected) > 0 => State::Affected,
            () if self.count(State::Refused) > 0 => State::Refused,
            () if self.count(State::Unchecked) > 0 || !self.unread.is_empty() => State::Unchecked,
            () => State::Clear,
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
    let demands = demands(options)?;
    let trust = &options.verify.trust;
    let recall = OpenedRecall::open(&options.recall, &keys(options, &demands, clock.at)?)?;
    let facts = facts(&recall, trust)?;
    archive::require_sealed_before(&recall.file, clock.at)?;
    if clock.at > clock.now {
        return Err(RecallError::Future);
    }
    require_instance(&recall, trust)?;
    let sealed_at = facts.sealed_at;
    if let Some(newest) = trust::newest_recall(trust)?.filter(|newest| *newest > sealed_at) {
        return Err(RecallError::Older { path: options.recall.clone(), sealed_at, newest });
    }
    // Found before anything is changed.
    let found = Found::new(options)?;
    let brought_trust = trust::take_over(trust, &recall.file)?;
    trust::keep_recall(trust, sealed_at)?;

    let judge = |path: PathBuf| {
        let file = path.display().to_string();
        let verify = verify::Options { archive: path, ..options.verify.clone() };
        let examined = verify_by(&verify, demands.clone(), clock);
        Judged { file, outcome: examined.map(|examined| outcome(&examined, &recall)) }
    };
    Ok(Applied {
        at: clock.at,
        recall: RecallFacts { brought_trust, ..facts },
        archives: found.archives.into_iter().map(judge).collect(),
        links: found.links,
        unread: found.unread,
    })
}

/// The demands. A lockfile is not asked for, even where a policy demands one.
fn demands(options: &Apply) -> Result<Loaded, RecallError> {
    let demands = &options.verify.demands;
    if !demands.lockfiles.is_empty() {
        return Err(RecallError::Lockfile);
    }
    let mut loaded = policy::load(&demands.policies).map_err(VerifyError::Policy)?;
    loaded.policy.lockfile_required = false;
    Ok(demands.complete(loaded)?)
}

/// The keys of who may seal the recall.
fn keys(options: &Apply, demands: &Loaded, at: Time) -> Result<Vec<PublicKey>, RecallError> {
    let signers = match options.recall_keys.as_slice() {
        [] => {
            let mut signers = archive::pinned_keys(&options.verify.keys)?;
            signers.extend(demands.policy.signers_at(at));
            signers
        }
        own => archive::pinned_keys(own)?,
    };
    Ok(signers.into_iter().flat_map(|signer| signer.keys).collect())
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

/// The archives that were named, and those in the folders that were named.
#[derive(Default)]
struct Found {
    archives: Vec<PathBuf>,
    links: Vec<String>,
    unread: Vec<(String, String)>,
}

impl Found {
    fn new(options: &Apply) -> Result<Self, RecallError> {
        let mut all = Self::default();
        for path in &options.archives {
            if is_folder(path) {
                all.folder(path, &options.recall)?;
            } else {
                all.archives.push(path.clone());
            }
        }
        Ok(all)
    }

    fn folder(&mut self, folder: &Path, recall: &Path) -> Result<(), RecallError> {
        let found = find(folder)?;
        let within = |name: String| folder.join(name).display().to_string();
        // The recall may lie among the archives.
        let archives = found.archives.into_iter().map(|archive| archive.path);
        let archives: Vec<_> = archives.filter(|path| !files::is_same(path, recall)).collect();
        if archives.is_empty() && found.unread.is_empty() {
            return Err(RecallError::NoArchive(folder.to_owned()));
        }
        self.archives.extend(archives);
        self.links.extend(found.links.into_iter().map(within));
        let unread =
            found.unread.into_iter().map(|(name, error)| (within(name), error.to_string()));
        self.unread.extend(unread);
        Ok(())
    }
}

/// What is kept of an archive: of thousands, not every report fits into memory.
fn outcome(examined: &Examined, recall: &OpenedRecall) -> Outcome {
    let (report, manifest) = (examined.report(), examined.archive().manifest());
    let lockfiles = report.inputs.iter().map(|input| &input.lockfile);
    let (mut affected, mut not_asked, mut seen) = (Vec::new(), BTreeSet::new(), HashSet::new());
    for held in held::packages(manifest, lockfiles) {
        let is_new = seen.insert(held.id);
        // What was collected by itself is among the archive's own packages.
        if held.bundled.is_some() && !is_new {
            continue;
        }
        let name = PackageName::of(held.id);
        affected.extend(recall.concerning(held.id).map(|advisory| Affected {
            package: held.purl(),
            bundled: held.bundled.map(str::to_owned),
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
            what: judged.purl.to_string(),
            code: denial.code(),
            detail: denial.to_string(),
        })
    });
    let inputs = report.inputs.iter().map(|input| (&input.lockfile, &input.outcomes));
    let entries = inputs.flat_map(|(Lockfile { entries, .. }, outcomes)| {
        entries.iter().zip(outcomes).filter_map(|(entry, outcome)| {
            let denial = outcome.denial.as_ref()?;
            let (code, detail) = (denial.code(), denial.to_string());
            Some(Denied { what: entry.path.clone(), code, detail })
        })
    });
    packages.chain(entries).collect()
}
