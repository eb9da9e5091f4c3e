//! What evidence says, once it is verified.

use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::core::{
    package::digest::Algorithm,
    time::{self, Time},
};

/// What a verified claim rests on.
///
/// Serialised, these are the fields that a report has of the claim (`man/sealift-report.5`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Facts {
    /// Of the artifact's bytes.
    Integrity(IntegrityFacts),
    /// Of the registry's signature.
    RegistrySignature(RegistrySignatureFacts),
    /// Of the publish attestation.
    PublishAttestation(PublishFacts),
    /// Of the build's provenance.
    Provenance(Box<ProvenanceFacts>),
}

impl Facts {
    /// Who signed, where a key or a certificate names the signer and reports list it.
    pub fn signer(&self) -> Option<&str> {
        match self {
            Self::RegistrySignature(facts) => Some(&facts.keyid),
            Self::Provenance(facts) => Some(&facts.workflow),
            Self::Integrity(_) | Self::PublishAttestation(_) => None,
        }
    }

    /// What the transparency log gave, where one was asked.
    pub fn logged(&self) -> Option<Logged> {
        match self {
            Self::PublishAttestation(facts) => Some(facts.logged),
            Self::Provenance(facts) => Some(facts.logged),
            Self::Integrity(_) | Self::RegistrySignature(_) => None,
        }
    }
}

/// Every kind of facts becomes the one that a map of claims holds.
macro_rules! into_facts {
    ($($kind:ident($facts:ty)),+) => {$(
        impl From<$facts> for Facts {
            fn from(facts: $facts) -> Self {
                Self::$kind(facts.into())
            }
        }
    )+};
}
into_facts!(
    Integrity(IntegrityFacts),
    RegistrySignature(RegistrySignatureFacts),
    PublishAttestation(PublishFacts),
    Provenance(ProvenanceFacts)
);

fn written<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time::format(*time))
}

/// Evidence that verifies (signature, chain, log, subject) and is of a kind that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unrecognized {
    /// A stable code, in lower case with dashes.
    #[serde(rename = "reason")]
    pub code: &'static str,
    /// What is not understood. May quote untrusted text: escape before printing.
    pub detail: String,
    /// The type of the predicate.
    pub predicate_type: String,
    /// The identity of the certificate that signed.
    pub signer: String,
    /// Who issued that identity (OIDC), where the certificate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What the statement calls its build type: the workflow's own word. Provenance only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_build_type: Option<String>,
    /// What the statement calls its builder: the workflow's own word. Provenance only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stated_builder: Option<String>,
    /// When it was signed.
    #[serde(serialize_with = "written")]
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
}

/// Facts of a verified integrity claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityFacts {
    /// The strongest algorithm that the lockfile gives; SHA-1 is weak, and reports say so.
    /// `None` where the lockfile gives no hash and the registry record's was used.
    pub lockfile: Option<Algorithm>,
}

impl Serialize for IntegrityFacts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(algorithm) = self.lockfile {
            map.serialize_entry("algorithm", algorithm.name())?;
            if algorithm.is_weak() {
                map.serialize_entry("weak", &true)?;
            }
        }
        map.end()
    }
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
    /// The reference time of the verification, where no other time is known.
    ReferenceTime,
}

impl Serialize for TimeSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logged {
    /// A signed promise to include it (SET), verified.
    pub promise: bool,
    /// A proof of inclusion up to a signed checkpoint, verified.
    pub proof: bool,
}

/// A timestamp that could not be verified, beside a time that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimestampSetAside {
    /// Its place among the bundle's timestamps, from 1.
    pub position: usize,
    /// Why it could not be verified.
    #[serde(rename = "reason")]
    pub why: String,
}

/// Facts of a verified registry signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistrySignatureFacts {
    /// The key that signed, `SHA256:…`.
    pub keyid: String,
    /// The time that the key's window was judged by.
    #[serde(serialize_with = "written")]
    pub time: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// The key's window has ended by the reference time, and no log or timestamp authority says
    /// that the signature is from before its end: whoever has the old key now could have made it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
    /// Other signatures on the same record that did not verify: registries rotate keys, so one good
    /// signature is enough, and the rest is reported.
    #[serde(rename = "otherSignatures", skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherSignature>,
}

/// A signature on a record that did not verify, beside one that did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherSignature {
    /// The key that it names.
    pub keyid: String,
    /// Why it did not verify.
    pub reason: String,
}

/// Who signed a publish attestation for a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Publisher {
    /// A key of the registry's.
    Key {
        /// Its id.
        keyid: String,
    },
    /// A certificate, for the identity that is expected of the registry.
    Identity(CertificateIdentity),
}

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateIdentity {
    /// The subject alternative name.
    #[serde(rename = "identity")]
    pub san: String,
    /// The OIDC issuer.
    pub issuer: String,
}

/// Facts of a verified publish attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishFacts {
    /// Who signed for the registry.
    #[serde(flatten)]
    pub publisher: Publisher,
    /// When the log took the signature in.
    #[serde(serialize_with = "written")]
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
    /// Timestamps of the bundle that could not be verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timestamps_set_aside: Vec<TimestampSetAside>,
}

/// Facts of a verified provenance: from the certificate, with the predicate held against it. What
/// is called `stated` is the workflow's own word: the certificate says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProvenanceFacts {
    /// `https://slsa.dev/provenance/v1` or `…/v0.2`.
    pub predicate_type: String,
    /// The repository that was built, as a URL.
    pub source_repository: String,
    /// The commit that was built.
    pub commit: String,
    /// The branch or tag, where the certificate says.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The workflow that signed: the certificate's SAN (the signer's identity).
    pub workflow: String,
    /// The workflow that was started, where the certificate says. It is another than the signer's
    /// where that is a reusable one.
    #[serde(rename = "workflowFile", skip_serializing_if = "Option::is_none")]
    pub build_config: Option<String>,
    /// What the predicate calls its builder: the workflow's own word, as far as the certificate
    /// does not contradict it.
    pub stated_builder: String,
    /// What the predicate calls its build type: the workflow's own word. It decides what the
    /// predicate's other fields mean.
    pub stated_build_type: String,
    /// The OIDC issuer.
    pub issuer: String,
    /// The numeric id of the repository, which outlives a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<String>,
    /// The repository's owner, as a URL, where the certificate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The numeric id of the repository's owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<String>,
    /// `github-hosted` or `self-hosted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<String>,
    /// The event that started it, where the certificate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// The run that built it, as a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// When it was signed.
    #[serde(serialize_with = "written")]
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
    /// Timestamps of the bundle that could not be verified.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timestamps_set_aside: Vec<TimestampSetAside>,
}
