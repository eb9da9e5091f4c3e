//! What is said of a package: claims, and what became of each.
//!
//! Facts only; rendering is the shell's. Only [`crate::core::verify`] makes these.

use std::fmt;

use crate::core::{digest::Algorithm, package::PackageId, time::Time};

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

    /// Which of the three it is.
    pub fn status(&self) -> Status {
        match self {
            Self::Verified(_) => Status::Verified,
            Self::Absent(_) => Status::Absent,
            Self::Refused(_) => Status::Refused,
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
}

impl Status {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Absent => "absent",
            Self::Refused => "refused",
        }
    }
}

/// Why there is no evidence for a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// The registry record carries no signature.
    NoSignatures,
    /// The registry has no attestations for this version (it answered 404, or the record names none).
    NoAttestations,
    /// The registry's record announces attestations, but the registry gave none.
    NotServed,
    /// There are attestations, but none of this claim's predicate type.
    NoSuchPredicate,
    /// The record could not be had from the registry, as the signed collection log says.
    NoRecord,
    /// No keys are known for the registry that this package came from.
    NoKeysForRegistry(String),
}

impl Absence {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSignatures => "no-signatures",
            Self::NoAttestations => "no-attestations",
            Self::NotServed => "attestations-not-served",
            Self::NoSuchPredicate => "no-such-predicate",
            Self::NoRecord => "no-record",
            Self::NoKeysForRegistry(_) => "no-keys-for-registry",
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSignatures => f.write_str("the registry gave no signature"),
            Self::NoAttestations => f.write_str("the registry gave no attestation"),
            Self::NotServed => f.write_str("the registry announces attestations, but gave none"),
            Self::NoSuchPredicate => f.write_str("no attestation of this kind"),
            Self::NoRecord => f.write_str("the registry gave no record of this version"),
            Self::NoKeysForRegistry(registry) => write!(f, "no keys are known for {registry}"),
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

/// Facts of a verified integrity claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityFacts {
    /// The strongest algorithm that the lockfile gives; SHA-1 is weak, and reports say so.
    /// `None` where the lockfile gives no hash and the registry record's was used.
    pub lockfile: Option<Algorithm>,
}

/// Where a time comes from: who vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// Rekor's signed promise (integrated time).
    TransparencyLog,
    /// An RFC 3161 timestamp.
    TimestampAuthority,
    /// The packument's `time`, which nobody signs.
    RegistryUnsigned,
    /// The reference time of the verification, for lack of any other.
    ReferenceTime,
}

impl TimeSource {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::TransparencyLog => "transparency log",
            Self::TimestampAuthority => "timestamp authority",
            Self::RegistryUnsigned => "registry, unsigned",
            Self::ReferenceTime => "reference time",
        }
    }
}

/// What the transparency log gave for an entry. Bundles of version 0.1 rest on the promise alone;
/// an instance without a log (GitHub's) gives neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logged {
    /// A signed promise to include it (SET), verified.
    pub promise: bool,
    /// A proof of inclusion up to a signed checkpoint, verified.
    pub proof: bool,
}

/// Facts of a verified registry signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrySignatureFacts {
    /// The key that signed, `SHA256:…`.
    pub keyid: String,
    /// The time that the key's window was judged by.
    pub time: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// Other signatures on the same record that did not verify, by key id and reason: npm rotates
    /// keys, so one good signature is enough, and the rest is reported.
    pub others: Vec<(String, String)>,
}

/// Facts of a verified publish attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishFacts {
    /// The registry's key that signed.
    pub keyid: String,
    /// When the log took the signature in.
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
}

/// Facts of a verified provenance: from the certificate, with the predicate held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenanceFacts {
    /// `https://slsa.dev/provenance/v1` or `…/v0.2`.
    pub predicate_type: String,
    /// How it was built, which decides what the predicate's fields mean.
    pub build_type: String,
    /// The repository that was built, as a URL.
    pub source_repository: String,
    /// The commit that was built.
    pub commit: String,
    /// The branch or tag, where the certificate says.
    pub git_ref: Option<String>,
    /// The workflow that signed: the certificate's SAN (the signer's identity).
    pub workflow: String,
    /// The workflow that was started, where the certificate says. It is another than the signer's
    /// where that is a reusable one.
    pub build_config: Option<String>,
    /// The event that started it, where the certificate says.
    pub trigger: Option<String>,
    /// The builder's identity, from the predicate.
    pub builder: Option<String>,
    /// The OIDC issuer.
    pub issuer: String,
    /// The numeric id of the repository, which outlives a rename.
    pub repository_id: Option<String>,
    /// The numeric id of the repository's owner.
    pub owner_id: Option<String>,
    /// `github-hosted` or `self-hosted`.
    pub runner: Option<String>,
    /// The run that built it, as a URL.
    pub run: Option<String>,
    /// When it was signed.
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
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
