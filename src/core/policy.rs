//! What the verifying side demands, beyond what always holds: evidence that is there must verify.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::core::verdict::{Claim, PackageVerdict, Status};

/// The demands of the verifying side. There is no default: who verifies says what is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    require: BTreeSet<Claim>,
    max_trust_age: Option<TimeDelta>,
}

impl Policy {
    /// Demands these claims of every package. Integrity is always among them.
    pub fn require(claims: impl IntoIterator<Item = Claim>) -> Self {
        let require = claims.into_iter().chain([Claim::Integrity]).collect();
        Self { require, max_trust_age: None }
    }

    /// Also denies trust material that was checked longer ago than this.
    #[must_use]
    pub fn max_trust_age(mut self, age: Option<TimeDelta>) -> Self {
        self.max_trust_age = age;
        self
    }

    /// What is wrong with a package: evidence refused, or a required claim without evidence.
    /// Empty means that the package is good.
    pub fn judge(&self, verdict: &PackageVerdict) -> Vec<Denial> {
        Claim::ALL
            .into_iter()
            .filter_map(|claim| match verdict.status(claim) {
                Status::Refused => Some(Denial::Refused(claim)),
                Status::Absent | Status::Unrecognized => {
                    self.require.contains(&claim).then_some(Denial::Missing(claim))
                }
                Status::Verified => None,
            })
            .collect()
    }

    /// Whether trust material of this age is denied.
    pub fn denies_age(&self, age: TimeDelta) -> bool {
        self.max_trust_age.is_some_and(|max| age > max)
    }
}

/// Why a package is not good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// Evidence was there and did not verify: refused whatever the policy says.
    Refused(Claim),
    /// The policy requires this claim, and there is no evidence for it.
    Missing(Claim),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{
        package::PackageId,
        verdict::{Absence, IntegrityFacts, NoAttestations, Refusal, Verdict},
    };

    fn verdict() -> PackageVerdict {
        PackageVerdict {
            package: PackageId::new("a", "1.0.0").unwrap(),
            integrity: Verdict::Verified(IntegrityFacts { lockfile: None }),
            registry_signature: Verdict::Absent(Absence::NoSignatures),
            publish_attestation: Verdict::Absent(Absence::NoAttestations(NoAttestations::NotFound)),
            provenance: Verdict::Absent(Absence::NoAttestations(NoAttestations::NotFound)),
            unexamined: vec![],
            unrecognized_beside: vec![],
        }
    }

    #[test]
    fn absence_is_judged_by_the_policy() {
        assert_eq!(Policy::require([]).judge(&verdict()), []);
        assert_eq!(
            Policy::require([Claim::Provenance]).judge(&verdict()),
            [Denial::Missing(Claim::Provenance)]
        );
    }

    #[test]
    fn a_refusal_is_denied_whatever_the_policy_says() {
        let refusal = Refusal { code: "any", detail: String::new() };
        let refused = PackageVerdict { provenance: Verdict::Refused(refusal), ..verdict() };
        assert_eq!(Policy::require([]).judge(&refused), [Denial::Refused(Claim::Provenance)]);
    }

    #[test]
    fn the_age_of_trust_is_denied_past_its_limit_and_not_at_it() {
        let policy = Policy::require([]).max_trust_age(Some(TimeDelta::days(30)));
        assert!(!policy.denies_age(TimeDelta::days(30)));
        assert!(policy.denies_age(TimeDelta::days(30) + TimeDelta::seconds(1)));
        assert!(!Policy::require([]).denies_age(TimeDelta::days(9999)));
    }
}
