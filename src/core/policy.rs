//! What the verifying side demands, beyond what always holds: evidence that is there must verify, and
//! every entry of the lockfiles is covered.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::core::verdict::{Claim, Facts, PackageVerdict, Status, Weakness};

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
            Some(Status::Refused) => Some(Denial::Refused(claim)),
            Some(Status::Verified) => None,
            Some(Status::Absent | Status::Unrecognized) | None => {
                self.required().any(|required| required == claim).then_some(Denial::Missing(claim))
            }
        });
        let weak = weaknesses(verdict).into_iter().filter(|weakness| self.deny.contains(weakness));
        claims.chain(weak.map(Denial::Weak)).collect()
    }

    /// Whether an entry with this weakness is denied.
    pub fn denies(&self, weakness: Weakness) -> bool {
        self.deny.contains(&weakness)
    }
}

/// What verifies of a package, is weak, and can be denied.
pub fn weaknesses(verdict: &PackageVerdict) -> Vec<Weakness> {
    let mut logged =
        verdict.claims.values().filter_map(|outcome| outcome.facts()).filter_map(Facts::logged);
    let mut found = Vec::new();
    if verdict.registry_signature().is_some_and(|facts| facts.retired) {
        found.push(Weakness::RetiredKey);
    }
    if logged.any(|logged| logged.promise && !logged.proof) {
        found.push(Weakness::PromiseOnly);
    }
    if verdict.provenance().is_some_and(|facts| facts.runner.as_deref() == Some("self-hosted")) {
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
            Absence, IntegrityFacts, NoAttestations, Outcome, Refusal, RegistrySignatureFacts,
            TimeSource,
        },
    };

    fn verdict() -> PackageVerdict {
        let none = || Absence::NoAttestations(NoAttestations::NotFound);
        PackageVerdict {
            package: PackageId::npm("a", "1.0.0").unwrap(),
            claims: [
                (Claim::Integrity, Outcome::Verified(IntegrityFacts { lockfile: None }.into())),
                (Claim::RegistrySignature, Outcome::Absent(Absence::NoSignatures)),
                (Claim::PublishAttestation, Outcome::Absent(none())),
                (Claim::Provenance, Outcome::Absent(none())),
            ]
            .into(),
            unexamined: vec![],
            unrecognized_beside: vec![],
        }
    }

    fn with(claim: Claim, outcome: Outcome<Facts>) -> PackageVerdict {
        let mut verdict = verdict();
        verdict.claims.insert(claim, outcome);
        verdict
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
        let verdict = with(Claim::Provenance, Outcome::Refused(refusal));
        assert_eq!(Policy::default().judge(&verdict), [Denial::Refused(Claim::Provenance)]);
    }

    #[test]
    fn integrity_is_always_required() {
        let integrity = Outcome::Absent(Absence::NoSignatures);
        let verdict = with(Claim::Integrity, integrity);
        assert_eq!(Policy::default().judge(&verdict), [Denial::Missing(Claim::Integrity)]);
    }

    #[test]
    fn weaknesses_are_denied_only_where_the_policy_says_so() {
        let registry_signature =
            Outcome::Verified(Facts::RegistrySignature(RegistrySignatureFacts {
                keyid: "SHA256:a".into(),
                time: chrono::DateTime::UNIX_EPOCH,
                time_source: TimeSource::RegistryUnsigned,
                retired: true,
                others: vec![],
            }));
        let verdict = with(Claim::RegistrySignature, registry_signature);
        assert_eq!(weaknesses(&verdict), [Weakness::RetiredKey]);
        assert_eq!(Policy::default().judge(&verdict), []);
        let policy = Policy { deny: [Weakness::RetiredKey].into(), ..Policy::default() };
        assert_eq!(policy.judge(&verdict), [Denial::Weak(Weakness::RetiredKey)]);
    }
}
