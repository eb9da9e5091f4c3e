//! Whom the verifying side expects, what it excuses, and until when. `man/sealift-policy.5` specifies it.
//!
//! This is beyond what always holds: evidence that is there must verify, and every entry of the lockfiles
//! is covered. Reads policies as they are written, and judges by them; does not read files.

mod denial;
mod exception;
mod file;
mod glob;
mod identities;
mod judge;
mod list;
mod pattern;
mod rule;
mod text;

use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeMap as _,
};

pub use self::{
    denial::Denial,
    exception::{EXCUSABLE, Exception, ExceptionSubject},
    file::{ArchiveTable, IdentitiesTable, PolicyFile, SignerTable},
    glob::Glob,
    identities::{Build, Identities, Identity, IdentityChanges, Known, Line, LineChange},
    judge::{Excused, Judge, Judgment, PackageToJudge},
    list::List,
    pattern::{PackagePattern, PatternError},
    rule::{From, Rule},
    text::TextError,
};
pub(crate) use self::{exception::ENDS_SOON_DAYS, pattern::written, text::quoted};
use crate::core::{
    archive::key::PublicKey,
    package::digest::{Algorithm, Digest},
    text::named,
    time::Time,
    verdict::{Claim, Weakness},
};

/// The demands of the verifying side. There is no default: who verifies says what is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whose seals count.
    pub signers: Vec<Signer>,
    /// How many signers must have sealed; one at least.
    pub threshold: usize,
    /// How long ago the archive may have been sealed.
    pub max_age: Option<TimeDelta>,
    /// How long ago the trust material may have been checked.
    pub max_trust_age: Option<TimeDelta>,
    /// What follows where one of these limits is passed; `deny` where nothing is said.
    pub past_limit: Option<Reaction>,
    /// Whether this build's lockfile must be given.
    pub lockfile_required: bool,
    /// Folders outside the project that are ours, as lockfiles write their paths.
    pub ours: Vec<String>,
    /// Whether every tarball is listed, not only those that bundle or have a shrinkwrap.
    pub deep: bool,
    /// What is demanded of packages. A package that none selects is denied.
    pub rules: Vec<Rule>,
    /// What is excused.
    pub exceptions: Vec<Exception>,
    /// Who built each package when somebody last looked.
    pub identities: Option<ExpectedIdentities>,
}

/// Identities, and what follows where they do not have a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedIdentities {
    /// The identities, which may be large: each archive of a store is judged by a copy of the policy.
    pub identities: Arc<Identities>,
    /// What follows for a release line that they do not have.
    pub unknown: Reaction,
}

/// Somebody whose seal counts. Several keys of one signer count once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The name.
    pub name: String,
    /// The keys.
    pub keys: Vec<PublicKey>,
    /// The last day, in UTC, on which these keys count, whatever date an archive gives itself.
    pub until: Option<NaiveDate>,
}

impl Signer {
    /// Somebody who is known by a key alone.
    pub fn of(key: PublicKey) -> Self {
        Self { name: key.fingerprint(), keys: vec![key], until: None }
    }

    /// Whether the keys count at a time.
    pub fn counts(&self, at: Time) -> bool {
        self.until.is_none_or(|until| at.date_naive() <= until)
    }
}

/// What follows where something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reaction {
    /// The verdict is `refused`.
    #[default]
    Deny,
    /// It is said; where it is an age, the verdict is `stale`.
    Warn,
}

impl Reaction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Deny, Self::Warn];

    /// The name on the command line, in policies and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }

    /// The stricter of what two policies say.
    fn stricter(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(Self::Deny), _) | (_, Some(Self::Deny)) => Some(Self::Deny),
            (one, other) => one.or(other),
        }
    }
}

impl<'de> Deserialize<'de> for Reaction {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        named("reaction", &text, &Self::ALL, Self::name).map_err(D::Error::custom)
    }
}

impl Policy {
    /// A policy that demands claims of every package, and denies weaknesses.
    pub fn requiring(
        claims: impl IntoIterator<Item = Claim>,
        deny: impl IntoIterator<Item = Weakness>,
    ) -> Self {
        Self { rules: vec![Rule::for_all(claims, deny)], ..Self::default() }
    }

    /// Adds what another policy says: rules, exceptions and signers add up, of limits the stricter one
    /// counts.
    pub fn add(&mut self, other: Self) {
        let stricter = |one: Option<TimeDelta>, other: Option<TimeDelta>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.signers.extend(other.signers);
        self.threshold = self.threshold.max(other.threshold);
        self.max_age = stricter(self.max_age, other.max_age);
        self.max_trust_age = stricter(self.max_trust_age, other.max_trust_age);
        self.past_limit = Reaction::stricter(self.past_limit, other.past_limit);
        self.lockfile_required |= other.lockfile_required;
        self.ours.extend(other.ours);
        self.deep |= other.deep;
        self.rules.extend(other.rules);
        self.exceptions.extend(other.exceptions);
        // Two would contradict each other: `app::policy` refuses them.
        self.identities = self.identities.take().or(other.identities);
    }

    /// The signers whose keys count at a time. Tables of one name are one signer. A key that has ended by
    /// one table has ended, whatever another one says.
    pub fn signers_at(&self, at: Time) -> Vec<Signer> {
        let ended = self.signers.iter().filter(|signer| !signer.counts(at));
        let ended: Vec<_> = ended.flat_map(|signer| &signer.keys).collect();
        let mut signers: Vec<Signer> = Vec::new();
        for signer in self.signers.iter().filter(|signer| signer.counts(at)) {
            let keys: Vec<_> =
                signer.keys.iter().filter(|key| !ended.contains(key)).cloned().collect();
            match signers.iter_mut().find(|one| one.name == signer.name) {
                _ if keys.is_empty() => {}
                Some(one) => one.keys.extend(keys),
                None => signers.push(Signer { keys, ..signer.clone() }),
            }
        }
        signers
    }

    /// How many signers must have sealed.
    pub fn seals(&self) -> usize {
        self.threshold.max(1)
    }

    /// The claims that are demanded of every package, integrity first.
    pub fn demanded_of_all(&self) -> Vec<Claim> {
        let of_all = |claim: &Claim| {
            *claim == Claim::Integrity
                || self.rules.iter().any(|rule| {
                    rule.packages.is_absent()
                        && rule.except.is_absent()
                        && rule.demands().any(|demanded| demanded == *claim)
                })
        };
        Claim::ALL.into_iter().filter(of_all).collect()
    }

    /// SHA-256 over the policy as reports have it, without white space: so it can be computed from a
    /// report.
    pub fn sha256(&self) -> Digest {
        let json = serde_json::to_vec(self).unwrap_or_default();
        Algorithm::Sha256.digest(&json)
    }

    /// As [`sha256`](Self::sha256), in hex.
    pub fn digest(&self) -> String {
        self.sha256().to_hex()
    }
}

/// As reports have it (`man/sealift-report.5`).
impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("signers", &self.signers)?;
        map.serialize_entry("threshold", &self.seals())?;
        if let Some(age) = self.max_age {
            map.serialize_entry("maxAgeSeconds", &age.num_seconds())?;
        }
        if let Some(age) = self.max_trust_age {
            map.serialize_entry("maxTrustAgeSeconds", &age.num_seconds())?;
        }
        map.serialize_entry("pastLimit", self.past_limit.unwrap_or_default().name())?;
        map.serialize_entry("lockfileRequired", &self.lockfile_required)?;
        if !self.ours.is_empty() {
            map.serialize_entry("ours", &self.ours)?;
        }
        map.serialize_entry("deep", &self.deep)?;
        map.serialize_entry("rules", &self.rules)?;
        if !self.exceptions.is_empty() {
            map.serialize_entry("exceptions", &self.exceptions)?;
        }
        if let Some(expected) = &self.identities {
            map.serialize_entry("identities", expected)?;
        }
        map.end()
    }
}

impl Serialize for Signer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<_> = self.keys.iter().map(PublicKey::fingerprint).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("keys", &keys)?;
        if let Some(until) = self.until {
            map.serialize_entry("until", &until)?;
        }
        map.end()
    }
}

impl Serialize for ExpectedIdentities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.identities.to_string();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("sha256", &Algorithm::Sha256.digest(text.as_bytes()).to_hex())?;
        map.serialize_entry("unknown", self.unknown.name())?;
        map.end()
    }
}

#[cfg(test)]
mod tests;
