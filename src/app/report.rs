//! The result of a verification: one model with several renderings.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::policy::PolicySource;
use crate::core::{
    archive::manifest::Tool,
    lockfile::{
        Lockfile,
        coverage::{Disposition, EntryOutcome},
    },
    package::{Purl, digest::Digest},
    policy::{Denial, Judgment, Policy, Reaction},
    time::Time,
    trust::SetAside,
    verdict::{CertificateIdentity, Claim, PackageVerdict, Status, Weakness},
};

/// What a verification found.
#[derive(Debug)]
pub struct Report {
    /// The time that everything was judged by.
    pub at: Time,
    /// Whether that time was given, in place of the clock's.
    pub at_given: bool,
    /// What was demanded.
    pub policy: Policy,
    /// The files that it was read from.
    pub policy_sources: Vec<PolicySource>,
    /// The archive.
    pub archive: ArchiveFacts,
    /// The trust material, an instance each.
    pub trust: Vec<TrustFacts>,
    /// The lockfiles in the archive, with what becomes of each entry.
    pub inputs: Vec<CarriedLockfile>,
    /// This build's lockfiles, as far as they were given, compared with those.
    pub lockfiles: Vec<Given>,
    /// All packages of the archive, those without bytes too: what [`EntryOutcome::package`] is a place in.
    pub held: Vec<Purl>,
    /// Every package that there are bytes of.
    pub packages: Vec<JudgedPackage>,
    /// What is older than its limit.
    pub past_limits: Vec<Past>,
}

/// One package, judged by the policy.
#[derive(Debug)]
pub struct JudgedPackage {
    /// Which package.
    pub purl: Purl,
    /// What was found.
    pub verdict: PackageVerdict,
    /// The digest of its bytes that its ecosystem signs.
    pub digest: Digest,
    /// What the policy makes of it.
    pub judgment: Judgment,
    /// What verifies and is weak.
    pub weak: Vec<Weakness>,
}

impl JudgedPackage {
    /// Whether nothing is wrong with it.
    pub fn is_good(&self) -> bool {
        self.judgment.denials.is_empty()
    }
}

/// A lockfile in the archive.
#[derive(Debug)]
pub struct CarriedLockfile {
    /// The entry that holds it.
    pub entry: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it says.
    pub lockfile: Lockfile,
    /// What becomes of each of its entries, in their order.
    pub outcomes: Vec<EntryOutcome>,
}

/// A lockfile of this build.
#[derive(Debug)]
pub struct Given {
    /// The file, as given.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it says.
    pub lockfile: Lockfile,
    /// What becomes of each of its entries, in their order.
    pub outcomes: Vec<EntryOutcome>,
    /// How it compares with those in the archive.
    pub relation: Relation,
}

/// How a lockfile of this build compares with those in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// It has the same bytes as this one.
    SameBytes(String),
    /// It has the same entries as this one.
    SameEntries(String),
    /// It is another. What it asks for is judged entry by entry.
    Subset,
}

impl Relation {
    /// As reports name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SameBytes(_) => "same bytes",
            Self::SameEntries(_) => "same entries",
            Self::Subset => "subset",
        }
    }

    /// The archive's lockfile that it equals, if it equals one.
    pub fn input(&self) -> Option<&str> {
        match self {
            Self::SameBytes(input) | Self::SameEntries(input) => Some(input),
            Self::Subset => None,
        }
    }
}

/// The archive, as its signers vouch for it.
#[derive(Debug)]
pub struct ArchiveFacts {
    /// What it was called on the command line.
    pub file: String,
    /// SHA-256 of the whole file.
    pub sha256: Digest,
    /// When it was sealed.
    pub sealed_at: Time,
    /// The program that sealed it.
    pub tool: Tool,
    /// The signers whose keys have sealed it.
    pub signers: Vec<SealedBy>,
    /// How many entries.
    pub entries: usize,
    /// How many bytes.
    pub bytes: u64,
}

/// A signer who has sealed an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedBy {
    /// The name.
    pub name: String,
    /// The fingerprints of the keys.
    pub keys: Vec<String>,
}

/// Something that is older than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// What: `archive` or `trust`.
    pub what: &'static str,
    /// How old it is.
    pub age: TimeDelta,
    /// How old it may be.
    pub max: TimeDelta,
}

/// Trust material that packages were judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFacts {
    /// The Sigstore instance.
    pub instance: String,
    /// Where it came from.
    pub source: MaterialSource,
    /// The version of the TUF root, where TUF was involved.
    pub root: Option<u64>,
    /// The version of the TUF timestamp, where TUF was involved.
    pub timestamp: Option<u64>,
    /// When the first of the metadata expires.
    pub expires: Option<Time>,
    /// When it was last checked against the repository, or published if it is built in; `None` where
    /// it is not known.
    pub checked_at: Option<Time>,
    /// When the npm registry's keys were last checked, where the last update missed them.
    pub keys_checked_at: Option<Time>,
    /// What in it cannot be used.
    pub set_aside: Vec<SetAside>,
    /// The identities that must sign the registries' publish attestations, as they were given.
    pub publishers: Vec<(String, CertificateIdentity)>,
}

/// Where the trust material came from that judged the packages. The manifest says where the sealer's trust
/// material came from ([`TrustSource`](crate::core::archive::manifest::TrustSource)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaterialSource {
    /// The archive's TUF metadata, replayed from a pinned root.
    Archive,
    /// This machine's trust store.
    Store,
    /// Built into this program.
    Embedded,
    /// Files that the user pinned; TUF was not involved.
    Files,
}

impl MaterialSource {
    /// As the JSON report names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Archive => "archive",
            Self::Store => "store",
            Self::Embedded => "embedded",
            Self::Files => "files",
        }
    }
}

impl TrustFacts {
    /// How long ago it was checked or, if it is built in, published: the oldest part of it.
    pub fn age(&self, at: Time) -> Option<TimeDelta> {
        let oldest = self.keys_checked_at.into_iter().chain(self.checked_at).min();
        oldest.map(|checked| at - checked)
    }
}

/// The verdict on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is good.
    Verified,
    /// All is good, and something is older than its limit.
    Stale,
    /// Something is not.
    Refused,
}

impl Verdict {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Stale => "stale",
            Self::Refused => "refused",
        }
    }
}

impl Report {
    /// The verdict on the whole. An archive without a package is refused: no demand was met.
    pub fn verdict(&self) -> Verdict {
        let bad = self.packages.is_empty()
            || self.packages.iter().any(|package| !package.is_good())
            || self.outcomes().any(|outcome| outcome.denial.is_some());
        match self.policy.past_limit.unwrap_or_default() {
            _ if bad => Verdict::Refused,
            _ if self.past_limits.is_empty() => Verdict::Verified,
            Reaction::Deny => Verdict::Refused,
            Reaction::Warn => Verdict::Stale,
        }
    }

    /// Whether evidence that is there does not verify: no policy excuses that.
    pub fn has_invalid_evidence(&self) -> bool {
        let refused = |denial: &Denial| matches!(denial, Denial::Refused(_));
        self.packages.iter().any(|package| package.judgment.denials.iter().any(refused))
    }

    /// What becomes of every entry: of the archive's lockfiles, then of this build's.
    pub fn outcomes(&self) -> impl Iterator<Item = &EntryOutcome> {
        let inputs = self.inputs.iter().flat_map(|input| &input.outcomes);
        let given = self.lockfiles.iter().filter(|given| given.relation.input().is_none());
        inputs.chain(given.flat_map(|given| &given.outcomes))
    }

    /// How often each exception is used, in the order of the policy.
    pub fn exception_uses(&self) -> Vec<usize> {
        let mut uses = vec![0_usize; self.policy.exceptions.len()];
        let packages = self.packages.iter().flat_map(|package| &package.judgment.excused);
        let entries = self.outcomes().filter_map(|outcome| outcome.excused.as_ref());
        let used = packages.map(|excused| excused.exception);
        for number in used.chain(entries.map(|(number, _)| *number)) {
            if let Some(uses) = uses.get_mut(number) {
                *uses = uses.saturating_add(1);
            }
        }
        uses
    }

    /// How many packages each rule selects, in the order of the policy.
    pub fn rule_uses(&self) -> Vec<usize> {
        let mut uses = vec![0_usize; self.policy.rules.len()];
        for number in self.packages.iter().flat_map(|package| &package.judgment.rules) {
            if let Some(uses) = uses.get_mut(*number) {
                *uses = uses.saturating_add(1);
            }
        }
        uses
    }

    /// How many packages are good.
    pub fn good(&self) -> usize {
        self.packages.iter().filter(|package| package.is_good()).count()
    }

    /// For each claim, how many packages have each status.
    pub fn counts(&self) -> BTreeMap<Claim, StatusCounts> {
        let mut counts: BTreeMap<Claim, StatusCounts> =
            Claim::ALL.into_iter().map(|claim| (claim, StatusCounts::default())).collect();
        for (claim, counts) in &mut counts {
            for package in &self.packages {
                match package.verdict.status(*claim) {
                    Some(Status::Verified) => counts.verified += 1,
                    Some(Status::Absent) | None => counts.absent += 1,
                    Some(Status::Refused) => counts.refused += 1,
                    Some(Status::Unrecognized) => counts.unrecognized += 1,
                }
            }
        }
        counts
    }
}

/// How many entries have each disposition.
pub fn dispositions(outcomes: &[EntryOutcome]) -> impl Iterator<Item = (Disposition, usize)> {
    Disposition::ALL.into_iter().map(|disposition| {
        let has = |outcome: &&EntryOutcome| outcome.disposition == disposition;
        (disposition, outcomes.iter().filter(has).count())
    })
}

/// How many packages have a claim with each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCounts {
    /// Verified.
    pub verified: usize,
    /// Without evidence.
    pub absent: usize,
    /// Refused.
    pub refused: usize,
    /// Verified, and not understood.
    pub unrecognized: usize,
}
