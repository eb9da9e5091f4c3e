//! What the verifying side demands, beyond what always holds: evidence that is there must verify, and
//! every entry of the lockfiles is covered.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::core::verdict::{Claim, PackageVerdict, Status};

/// What verifies all the same, and can be denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// A registry signature whose time nobody signed, by a key whose window has ended.
    RetiredKey,
    /// An entry whose only hash is SHA-1.
    Sha1,
    /// An entry without a hash that counts, bound to its bytes by the registry's signature.
    PinnedBySignature,
    /// Logged with a promise of the log, and no proof of inclusion.
    PromiseOnly,
    /// Built on a machine that is not the build platform's own.
    SelfHosted,
    /// An optional entry that the expected registry does not have.
    Unavailable,
}

impl Weakness {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RetiredKey,
        Self::Sha1,
        Self::PinnedBySignature,
        Self::PromiseOnly,
        Self::SelfHosted,
        Self::Unavailable,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::RetiredKey => "retired-key",
            Self::Sha1 => "sha1",
            Self::PinnedBySignature => "pinned-by-signature",
            Self::PromiseOnly => "promise-only",
            Self::SelfHosted => "self-hosted",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What follows where something is older than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PastLimit {
    /// The verdict is `refused`.
    #[default]
    Deny,
    /// The verdict is `stale`.
    Warn,
}

impl PastLimit {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
        }
    }
}

/// The demands of the verifying side. There is no default: who verifies says what is enough.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Claims that every package must have. [`Claim::Integrity`] is demanded in any case.
    pub require: BTreeSet<Claim>,
    /// What is denied although it verifies.
    pub deny: BTreeSet<Weakness>,
    /// How long ago the archive may have been sealed.
    pub max_age: Option<TimeDelta>,
    /// How long ago the trust material may have been checked.
    pub max_trust_age: Option<TimeDelta>,
    /// What follows where one of these limits is passed.
    pub past_limit: PastLimit,
}

impl Policy {
    /// The claims that every package must have, in the order of verification.
    pub fn required(&self) -> impl Iterator<Item = Claim> {
        let is_required =
            |claim: &Claim| *claim == Claim::Integrity || self.require.contains(claim);
        Claim::ALL.into_iter().filter(is_required)
    }

    /// What is wrong with a package: evidence refused, a required claim without evidence, or a
    /// weakness that is denied. Empty means that the package is good.
    pub fn judge(&self, verdict: &PackageVerdict) -> Vec<Denial> {
        let claims = Claim::ALL.into_iter().filter_map(|claim| match verdict.status(claim) {
            Status::Refused => Some(Denial::Refused(claim)),
            Status::Absent | Status::Unrecognized => {
                self.required().any(|required| required == claim).then_some(Denial::Missing(claim))
            }
            Status::Verified => None,
        });
        let weak = weaknesses(verdict).into_iter().filter(|weakness| self.deny.contains(weakness));
        claims.chain(weak.map(Denial::Weak)).collect()
    }

    /// Whether an entry with this weakness is denied.
    pub fn denies(&self, weakness: Weakness) -> bool {
        self.deny.contains(&weakness)
    }
}

/// What verifies of a package all the same, and can be denied.
pub fn weaknesses(verdict: &PackageVerdict) -> Vec<Weakness> {
    let signature = verdict.registry_signature.facts();
    let publish = verdict.publish_attestation.facts();
    let provenance = verdict.provenance.facts();
    let logged = publish.map(|facts| facts.logged).into_iter().chain(provenance.map(|f| f.logged));
    let mut found = Vec::new();
    if signature.is_some_and(|facts| facts.retired) {
        found.push(Weakness::RetiredKey);
    }
    if logged.into_iter().any(|logged| logged.promise && !logged.proof) {
        found.push(Weakness::PromiseOnly);
    }
    if provenance.is_some_and(|facts| facts.runner.as_deref() == Some("self-hosted")) {
        found.push(Weakness::SelfHosted);
    }
    found
}

/// Why a package is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Evidence was there and did not verify: refused whatever the policy says.
    Refused(Claim),
    /// The policy requires this claim, and there is no evidence for it, or none that is understood.
    Missing(Claim),
    /// It has a weakness that the policy denies.
    Weak(Weakness),
    /// No entry of the archive's lockfiles asks for it.
    Unneeded,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        package::PackageId,
        verdict::{
            Absence, IntegrityFacts, NoAttestations, Refusal, RegistrySignatureFacts, TimeSource,
            Verdict,
        },
    };

    fn verdict() -> PackageVerdict {
        let none = || Absence::NoAttestations(NoAttestations::NotFound);
        PackageVerdict {
            package: PackageId::new("a", "1.0.0").unwrap(),
            integrity: Verdict::Verified(IntegrityFacts { lockfile: None }),
            registry_signature: Verdict::Absent(Absence::NoSignatures),
            publish_attestation: Verdict::Absent(none()),
            provenance: Verdict::Absent(none()),
            unexamined: vec![],
            unrecognized_beside: vec![],
        }
    }

    fn requires(claim: Claim) -> Policy {
        Policy { require: [claim].into(), ..Policy::default() }
    }

    #[test]
    fn absent_claims_are_denied_only_where_required() {
        assert_eq!(Policy::default().judge(&verdict()), []);
        let policy = requires(Claim::Provenance);
        assert_eq!(policy.judge(&verdict()), [Denial::Missing(Claim::Provenance)]);
        assert_eq!(policy.required().collect::<Vec<_>>(), [Claim::Integrity, Claim::Provenance]);
    }

    #[test]
    fn refused_claims_are_denied_whatever_is_required() {
        let refusal = Refusal { code: "invalid-signature", detail: String::new() };
        let verdict = PackageVerdict { provenance: Verdict::Refused(refusal), ..verdict() };
        assert_eq!(Policy::default().judge(&verdict), [Denial::Refused(Claim::Provenance)]);
    }

    #[test]
    fn integrity_is_always_required() {
        let integrity = Verdict::Absent(Absence::NoSignatures);
        let verdict = PackageVerdict { integrity, ..verdict() };
        assert_eq!(Policy::default().judge(&verdict), [Denial::Missing(Claim::Integrity)]);
    }

    #[test]
    fn weaknesses_are_denied_only_where_the_policy_says_so() {
        let registry_signature = Verdict::Verified(RegistrySignatureFacts {
            keyid: "SHA256:a".into(),
            time: chrono::DateTime::UNIX_EPOCH,
            time_source: TimeSource::RegistryUnsigned,
            retired: true,
            others: vec![],
        });
        let verdict = PackageVerdict { registry_signature, ..verdict() };
        assert_eq!(weaknesses(&verdict), [Weakness::RetiredKey]);
        assert_eq!(Policy::default().judge(&verdict), []);
        let policy = Policy { deny: [Weakness::RetiredKey].into(), ..Policy::default() };
        assert_eq!(policy.judge(&verdict), [Denial::Weak(Weakness::RetiredKey)]);
    }
}
