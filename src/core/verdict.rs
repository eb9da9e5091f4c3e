//! What is said of a package: claims, and what became of each.
//!
//! Facts only; rendering is the shell's. Only [`crate::core::verify`] makes these.

mod absence;
mod facts;

use std::fmt;

use crate::core::package::PackageId;

pub use self::{
    absence::{Absence, NoAttestations},
    facts::{
        Identity, IntegrityFacts, Logged, ProvenanceFacts, PublishFacts, Publisher,
        RegistrySignatureFacts, TimeSource, TimestampSetAside, Unrecognized,
    },
};

/// One thing said of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// The tarball is the one that the lockfile and the registry record name.
    Integrity,
    /// The registry signed name, version and integrity.
    RegistrySignature,
    /// The registry attested that it published this tarball under this name.
    PublishAttestation,
    /// A build attested where the tarball came from (SLSA provenance).
    Provenance,
}

impl Claim {
    /// All four, in the order of verification.
    pub const ALL: [Self; 4] =
        [Self::Integrity, Self::RegistrySignature, Self::PublishAttestation, Self::Provenance];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::RegistrySignature => "registry-signature",
            Self::PublishAttestation => "publish-attestation",
            Self::Provenance => "provenance",
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict<F> {
    /// Evidence was there and verified.
    Verified(F),
    /// No evidence was there; how we know.
    Absent(Absence),
    /// Evidence was there and did not verify.
    Refused(Refusal),
    /// Evidence was there and verified, but is of a kind that is not understood. It satisfies no
    /// demand, and blocks nothing.
    Unrecognized(Unrecognized),
}

impl<F> Verdict<F> {
    /// The facts, if verified.
    pub fn facts(&self) -> Option<&F> {
        match self {
            Self::Verified(facts) => Some(facts),
            _ => None,
        }
    }

    /// The refusal, if refused.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Why there is no evidence, if there is none.
    pub fn absence(&self) -> Option<&Absence> {
        match self {
            Self::Absent(absence) => Some(absence),
            _ => None,
        }
    }

    /// What verified without being understood, if that is the outcome.
    pub fn unrecognized(&self) -> Option<&Unrecognized> {
        match self {
            Self::Unrecognized(found) => Some(found),
            _ => None,
        }
    }

    /// Which of the four it is.
    pub fn status(&self) -> Status {
        match self {
            Self::Verified(_) => Status::Verified,
            Self::Absent(_) => Status::Absent,
            Self::Refused(_) => Status::Refused,
            Self::Unrecognized(_) => Status::Unrecognized,
        }
    }
}

/// A [`Verdict`] without its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Evidence was there and verified.
    Verified,
    /// No evidence was there.
    Absent,
    /// Evidence was there and did not verify.
    Refused,
    /// Evidence was there and verified, but is of a kind that is not understood.
    Unrecognized,
}

impl Status {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Unrecognized => "unrecognized",
        }
    }
}

/// Why evidence was refused: a stable code, and the detail for a person.
///
/// The enums with the facts live beside the checks (`core::verify`); this is what reports carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// A stable code, in lower case with dashes.
    pub code: &'static str,
    /// What was found and what was expected. May quote untrusted text: escape before printing.
    pub detail: String,
}

/// All four claims of one package, each with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVerdict {
    /// Which package.
    pub package: PackageId,
    /// The tarball's bytes.
    pub integrity: Verdict<IntegrityFacts>,
    /// The registry's signature.
    pub registry_signature: Verdict<RegistrySignatureFacts>,
    /// The publish attestation.
    pub publish_attestation: Verdict<PublishFacts>,
    /// The build's provenance.
    pub provenance: Verdict<ProvenanceFacts>,
    /// Predicate types of attestations that no claim is about. They were not verified, and
    /// neither support nor refuse anything.
    pub unexamined: Vec<String>,
    /// Attestations that verify and are not understood, beside others of their claim that are.
    pub unrecognized_beside: Vec<(Claim, Unrecognized)>,
}

impl PackageVerdict {
    /// What became of one claim.
    pub fn status(&self, claim: Claim) -> Status {
        match claim {
            Claim::Integrity => self.integrity.status(),
            Claim::RegistrySignature => self.registry_signature.status(),
            Claim::PublishAttestation => self.publish_attestation.status(),
            Claim::Provenance => self.provenance.status(),
        }
    }

    /// The claims without evidence and why, in the order of verification.
    pub fn absences(&self) -> impl Iterator<Item = (Claim, &Absence)> {
        [
            (Claim::Integrity, self.integrity.absence()),
            (Claim::RegistrySignature, self.registry_signature.absence()),
            (Claim::PublishAttestation, self.publish_attestation.absence()),
            (Claim::Provenance, self.provenance.absence()),
        ]
        .into_iter()
        .filter_map(|(claim, absence)| Some((claim, absence?)))
    }

    /// What verified without being understood: the outcomes of claims in the order of verification,
    /// then what stands beside outcomes that are understood.
    pub fn unrecognized(&self) -> impl Iterator<Item = (Claim, &Unrecognized)> {
        let outcomes = [
            (Claim::PublishAttestation, self.publish_attestation.unrecognized()),
            (Claim::Provenance, self.provenance.unrecognized()),
        ];
        let outcomes = outcomes.into_iter().filter_map(|(claim, found)| Some((claim, found?)));
        outcomes.chain(self.unrecognized_beside.iter().map(|(claim, found)| (*claim, found)))
    }

    /// The refusals among the claims, in the order of verification.
    pub fn refusals(&self) -> impl Iterator<Item = (Claim, &Refusal)> {
        [
            (Claim::Integrity, self.integrity.refusal()),
            (Claim::RegistrySignature, self.registry_signature.refusal()),
            (Claim::PublishAttestation, self.publish_attestation.refusal()),
            (Claim::Provenance, self.provenance.refusal()),
        ]
        .into_iter()
        .filter_map(|(claim, refusal)| Some((claim, refusal?)))
    }
}
