//! The claims of a package, and the outcome of each.
//!
//! The [rules](crate::core::rules) of each ecosystem make these. The command line renders them.
//!
//! # Codes
//!
//! A refusal carries a stable code. The table groups them by what is refused:
//!
//! | code | meaning |
//! | --- | --- |
//! | **tarball and record** | [`crate::core::npm::integrity::IntegrityRefusal`] |
//! | `lockfile-mismatch` | the tarball is not the one that the lockfile names |
//! | `record-mismatch` | the tarball is not the one that the registry's record names |
//! | `digest-not-computed` | a digest that is needed was not given |
//! | `malformed-record` | the record cannot be read |
//! | `record-of-other-package` | the record names another package or version |
//! | `record-without-integrity` | the record gives no hash, or signatures without the integrity that they are over |
//! | **content of a tarball** | [`crate::core::npm::tarball::TarballError`] |
//! | `tarball-unreadable`, `tarball-ambiguous`, `tarball-too-large`, `tarball-manifest` | the tarball cannot be listed |
//! | `tarball-escapes` | the tarball holds a path or a link that leads out of its package, or a device |
//! | `tarball-of-other-package` | the tarball says that it is another package ([`crate::core::rules`]) |
//! | **missing evidence** | [`crate::core::npm::package::Missing`] |
//! | `attestations-withheld`, `provenance-withheld` | the record announces what is not there |
//! | `absence-not-shown` | the registry was not asked, so nothing shows that it has none |
//! | `evidence-without-registry` | a registry's evidence for a tarball that is from no registry |
//! | **registry signature, and the key of a publish attestation** | [`crate::core::npm::registry_signature::SignatureRefusal`] |
//! | `unknown-key` | the key is not among the registry's |
//! | `unusable-key` | the key is the registry's, and cannot be used |
//! | `key-of-other-registry` | the key is another registry's than the one that the package is said to be from |
//! | `wrong-key-usage` | the key is the registry's, but not for this |
//! | `key-not-valid-then` | outside the key's window at the time that it is judged by |
//! | `malformed-signature` | the signature is not base64 |
//! | `too-many-signatures` | the record has more signatures than any real one |
//! | `invalid-signature` | the signature does not verify (also of bundles) |
//! | `signed-after-reference-time` | from after the reference time, or the clock is behind (also of bundles) |
//! | **attestation response** | [`crate::core::npm::package::AttestationRefusal`] |
//! | `malformed-response`, `too-many-attestations` | the response cannot be read, or is too long |
//! | `too-many-values` | more objects, lists and texts than any real evidence has (also of bundles, and what is in them) |
//! | `predicate-type-mismatch` | announced as one predicate, signed as another |
//! | `not-a-statement` | a plain signature where a statement is expected |
//! | `contradicting-attestations` | two of one kind that say different things |
//! | **shape of a bundle** | [`crate::core::sigstore::bundle::MalformedBundle`] |
//! | `malformed-bundle` | not the bundle's JSON: fields missing, unknown, repeated, or malformed |
//! | `missing-media-type`, `unsupported-media-type` | the version is not known |
//! | `ambiguous-key-material`, `ambiguous-content` | not exactly one of a one-of |
//! | `wrong-certificate-form`, `empty-certificate-chain` | not as the version has certificates |
//! | `missing-inclusion-promise`, `missing-inclusion-proof`, `missing-checkpoint` | what the version demands is not there |
//! | `malformed-checkpoint`, `inclusion-proof-disagrees` | proof and checkpoint do not fit |
//! | `several-log-entries`, `unsupported-log-entry`, `unexpected-log-field` | not one entry of a known kind |
//! | `withdrawn-log-entry` | an entry of a kind that its log does not give any more |
//! | `wrong-signature-count` | not one signature |
//! | `repeated-timestamp`, `too-many-timestamps` | the same timestamp twice; more than any real bundle has |
//! | `oversized-bundle-part` | a certificate, timestamp or checkpoint larger than any real one |
//! | **verification of a bundle** | [`crate::core::sigstore::BundleRefusal`] |
//! | `wrong-key-material` | signed by a key where a certificate is expected, or the other way round |
//! | `keyid-mismatch` | hint or `keyid` names another key |
//! | `extra-certificate` | an authority certificate that the trusted root does not have |
//! | `missing-log-entry` | not logged, though the instance has a log |
//! | `unusable-log` | the trusted root has the log, and its key cannot be used |
//! | `log-not-valid-then` | the log had not started, or had closed, when it was signed |
//! | `clock-behind` | the system's clock has not reached the time of signing |
//! | `no-signing-time` | nobody vouches for any time |
//! | `identity-mismatch`, `issuer-mismatch` | signed by somebody else |
//! | `artifact-mismatch` | about another artifact |
//! | `malformed-certificate`, `untrusted-certificate`, `no-valid-authority`, `certificate-not-valid-then`, `invalid-sct` | the certificate |
//! | `unknown-log`, `malformed-log-entry`, `log-entry-mismatch`, `invalid-inclusion-promise`, `invalid-inclusion-proof`, `invalid-checkpoint`, `integrated-time-outside-certificate` | the log entry |
//! | `invalid-timestamp`, `timestamp-authority-not-valid-then` | an RFC 3161 timestamp, where no other time was verified |
//! | `unsupported-bundle`, `inconsistent-bundle` | of a kind that cannot be verified; contradicts itself |
//! | `malformed-claim`, `repeated-claim`, `ambiguous-identity` | a claim of the certificate cannot be read, is there twice, or is not one identity |
//! | **statement** | [`crate::core::sigstore::statement::StatementError`] |
//! | `unsupported-payload-type`, `unsupported-statement`, `malformed-statement` | not an in-toto statement of a known version |
//! | `subject-is-commit` | about a commit, not about a file |
//! | `subject-name-mismatch` | no subject is this package |
//! | `subject-digest-mismatch`, `subject-without-digest` | the subject is not this tarball |
//! | **publish attestation** | [`crate::core::npm::publish::PublishRefusal`] |
//! | `malformed-publish-predicate`, `published-other` | cannot be read; another package or registry |
//! | **provenance** | [`crate::core::slsa::ProvenanceRefusal`] |
//! | `malformed-provenance` | the predicate cannot be read |
//! | `missing-claim` | the certificate lacks what provenance rests on |
//! | `provenance-disagrees` | predicate and certificate say different things |
//! | `builder-mismatch` | a builder of a known form that cannot have signed so |
//!
//! Evidence that verifies but is not understood is not refused. It has a code as well:
//!
//! | code | meaning |
//! | --- | --- |
//! | `keyless-publish-attestation` | signed with a certificate, and no identity is configured for the registry |
//! | `unknown-predicate-type` | the registry announces it as provenance, of a type that is not known |
//! | `unknown-build-type` | provenance of a build type whose fields have no known meaning |
//! | `unknown-builder` | provenance of a builder of no known form |

mod absence;
mod claim;
mod facts;
mod weakness;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::core::{package::PackageId, time::Time};

pub use self::{
    absence::{Absence, NoAttestations},
    claim::Claim,
    facts::{
        CertificateIdentity, Facts, IntegrityFacts, Logged, OtherSignature, ProvenanceFacts,
        PublishFacts, Publisher, RegistrySignatureFacts, TimeSource, TimestampSetAside,
        Unrecognized,
    },
    weakness::Weakness,
};

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<F> {
    /// Evidence was there and verified.
    Verified(F),
    /// No evidence was there. The value says how this is known.
    Absent(Absence),
    /// Evidence was there and did not verify.
    Refused(Refusal),
    /// Evidence was there and verified, but is of a kind that is not understood. It satisfies no
    /// demand, and blocks nothing.
    Unrecognized(Unrecognized),
}

impl<F: Into<Facts>> Outcome<F> {
    /// The same outcome, as a map of claims holds it.
    pub fn into_facts(self) -> Outcome<Facts> {
        match self {
            Self::Verified(facts) => Outcome::Verified(facts.into()),
            Self::Absent(absence) => Outcome::Absent(absence),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::Unrecognized(found) => Outcome::Unrecognized(found),
        }
    }
}

impl<F> Outcome<F> {
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

    /// Why there is no evidence, if the claim is absent.
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

/// An [`Outcome`] without its facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
/// The error types are beside the checks. Reports carry this value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refusal {
    /// A stable code, in lower case with dashes.
    pub code: &'static str,
    /// What was found and what was expected. May quote untrusted text: escape before printing.
    pub detail: String,
}

/// All claims of one package, each with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageVerdict {
    /// Which package.
    pub package: PackageId,
    /// What became of each claim that its ecosystem has, in the order of verification.
    pub claims: BTreeMap<Claim, Outcome<Facts>>,
    /// When it was published, as its registry says; nobody signs that.
    pub published: Option<Time>,
    /// Predicate types of attestations that no claim is about. They were not verified, and
    /// neither support nor refuse anything.
    pub unexamined: Vec<String>,
    /// Attestations that verify and are not understood, beside others of their claim that are.
    pub unrecognized_beside: Vec<(Claim, Unrecognized)>,
}

impl PackageVerdict {
    /// What became of one claim; `None` where the ecosystem has no such claim.
    pub fn status(&self, claim: Claim) -> Option<Status> {
        self.claims.get(&claim).map(Outcome::status)
    }

    /// The facts of one claim, if it is verified.
    pub fn facts(&self, claim: Claim) -> Option<&Facts> {
        self.claims.get(&claim)?.facts()
    }

    /// Whether a claim is verified.
    pub fn is_verified(&self, claim: Claim) -> bool {
        self.status(claim) == Some(Status::Verified)
    }

    /// The facts of integrity, if it is verified.
    pub fn integrity(&self) -> Option<&IntegrityFacts> {
        match self.facts(Claim::Integrity)? {
            Facts::Integrity(facts) => Some(facts),
            _ => None,
        }
    }

    /// The facts of the publish attestation, if it is verified.
    pub fn publish_attestation(&self) -> Option<&PublishFacts> {
        match self.facts(Claim::PublishAttestation)? {
            Facts::PublishAttestation(facts) => Some(facts),
            _ => None,
        }
    }

    /// The facts of the registry's signature, if it is verified.
    pub fn registry_signature(&self) -> Option<&RegistrySignatureFacts> {
        match self.facts(Claim::RegistrySignature)? {
            Facts::RegistrySignature(facts) => Some(facts),
            _ => None,
        }
    }

    /// The facts of the build's provenance, if it is verified.
    pub fn provenance(&self) -> Option<&ProvenanceFacts> {
        match self.facts(Claim::Provenance)? {
            Facts::Provenance(facts) => Some(facts),
            _ => None,
        }
    }

    /// The claims without evidence and why, in the order of verification.
    pub fn absences(&self) -> impl Iterator<Item = (Claim, &Absence)> {
        self.claims.iter().filter_map(|(claim, outcome)| Some((*claim, outcome.absence()?)))
    }

    /// The refusals among the claims, in the order of verification.
    pub fn refusals(&self) -> impl Iterator<Item = (Claim, &Refusal)> {
        self.claims.iter().filter_map(|(claim, outcome)| Some((*claim, outcome.refusal()?)))
    }

    /// What verified without being understood: the outcomes of claims in the order of verification,
    /// then what stands beside outcomes that are understood.
    pub fn unrecognized(&self) -> impl Iterator<Item = (Claim, &Unrecognized)> {
        let outcomes = self.claims.iter();
        let outcomes =
            outcomes.filter_map(|(claim, outcome)| Some((*claim, outcome.unrecognized()?)));
        outcomes.chain(self.unrecognized_beside.iter().map(|(claim, found)| (*claim, found)))
    }
}
