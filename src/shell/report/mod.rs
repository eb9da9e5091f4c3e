//! What a verification found, as one model with several renderings.

mod human;
mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::core::{
    lockfile::Uncovered,
    policy::Denial,
    time::Time,
    verdict::{Claim, PackageVerdict, Status},
};

pub use self::{
    human::{Human, ago, count, day, size},
    json::to_json,
};

/// What a verification found.
#[derive(Debug)]
pub struct Report {
    /// The time that everything was judged by.
    pub at: Time,
    /// The archive.
    pub archive: Archive,
    /// The trust material, an instance each.
    pub trust: Vec<Trust>,
    /// Every package.
    pub packages: Vec<Judged>,
    /// Lockfile entries that were not collected: install path and reason.
    pub out_of_scope: Vec<(String, String)>,
    /// What this build's lockfiles ask for and the archive does not cover. `None` if none was given.
    pub lockfile: Option<LockfileCheck>,
    /// Set where the policy denies the age of the trust material.
    pub denied_age: Option<TimeDelta>,
}

/// One package, judged by the policy.
#[derive(Debug)]
pub struct Judged {
    /// What was found.
    pub verdict: PackageVerdict,
    /// The registry whose keys and names were expected.
    pub registry: String,
    /// What is wrong with it; empty is good.
    pub denials: Vec<Denial>,
}

impl Judged {
    /// Whether nothing is wrong with it.
    pub fn is_good(&self) -> bool {
        self.denials.is_empty()
    }
}

/// The archive, as its signers vouch for it.
#[derive(Debug)]
pub struct Archive {
    /// What it was called on the command line.
    pub file: String,
    /// When it was sealed.
    pub sealed_at: Time,
    /// Fingerprints of the pinned keys that signed.
    pub signers: Vec<String>,
    /// How many entries.
    pub entries: usize,
    /// How many bytes.
    pub bytes: u64,
    /// How many lockfiles.
    pub inputs: usize,
}

/// Trust material that packages were judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The Sigstore instance.
    pub instance: String,
    /// Where it came from.
    pub source: TrustSource,
    /// The version of the TUF root, where TUF was involved.
    pub root: Option<u64>,
    /// The version of the TUF timestamp, where TUF was involved.
    pub timestamp: Option<u64>,
    /// When the first of the metadata expires.
    pub expires: Option<Time>,
    /// When it was last checked against the repository; `None` where nobody knows.
    pub checked_at: Option<Time>,
    /// When the npm registry's keys were last checked, where the last update missed them.
    pub keys_checked_at: Option<Time>,
}

/// Where trust material came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustSource {
    /// The archive's TUF metadata, replayed from a pinned root.
    Archive,
    /// This machine's trust store.
    Store,
    /// Built into this program.
    Embedded,
    /// Files that the user pinned; TUF was not involved.
    Files,
}

impl TrustSource {
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

impl Trust {
    /// Whether the publisher's own dates say that it should have been checked again.
    pub fn is_stale(&self, at: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= at)
    }

    /// How long ago it was checked, the oldest part of it.
    pub fn age(&self, at: Time) -> Option<TimeDelta> {
        let oldest = self.keys_checked_at.into_iter().chain(self.checked_at).min();
        oldest.map(|checked| at - checked)
    }
}

/// How this build's lockfiles compare with the archive.
#[derive(Debug, Default)]
pub struct LockfileCheck {
    /// The files, as given.
    pub files: Vec<String>,
    /// How many packages they ask for.
    pub packages: usize,
    /// What is not covered.
    pub uncovered: Vec<Uncovered>,
}

/// The verdict on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is good.
    Verified,
    /// All is good, by trust material that is past its date.
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
    /// The verdict on the whole.
    pub fn verdict(&self) -> Verdict {
        let bad = self.packages.iter().any(|package| !package.is_good())
            || self.denied_age.is_some()
            || self.lockfile.as_ref().is_some_and(|lockfile| !lockfile.uncovered.is_empty());
        if bad {
            Verdict::Refused
        } else if self.trust.iter().any(|trust| trust.is_stale(self.at)) {
            Verdict::Stale
        } else {
            Verdict::Verified
        }
    }

    /// How many packages are good.
    pub fn good(&self) -> usize {
        self.packages.iter().filter(|package| package.is_good()).count()
    }

    /// For each claim, how many packages have each status.
    pub fn counts(&self) -> BTreeMap<Claim, Counts> {
        let mut counts: BTreeMap<Claim, Counts> =
            Claim::ALL.into_iter().map(|claim| (claim, Counts::default())).collect();
        for (claim, counts) in &mut counts {
            for package in &self.packages {
                match package.verdict.status(*claim) {
                    Status::Verified => counts.verified += 1,
                    Status::Absent => counts.absent += 1,
                    Status::Refused => counts.refused += 1,
                }
            }
        }
        counts
    }
}

/// How many packages have a claim with each status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Verified.
    pub verified: usize,
    /// Without evidence.
    pub absent: usize,
    /// Refused.
    pub refused: usize,
}
