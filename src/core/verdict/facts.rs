//! What evidence says, once it is verified.

use crate::core::{package::digest::Algorithm, time::Time};

/// Evidence that verifies (signature, chain, log, subject) and is of a kind that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecognized {
    /// A stable code, in lower case with dashes.
    pub code: &'static str,
    /// What is not understood. May quote untrusted text: escape before printing.
    pub detail: String,
    /// The type of the predicate.
    pub predicate_type: String,
    /// The identity of the certificate that signed.
    pub signer: String,
    /// Who issued that identity (OIDC), where the certificate says.
    pub issuer: Option<String>,
    /// What the statement calls its build type: the workflow's own word. Provenance only.
    pub stated_build_type: Option<String>,
    /// What the statement calls its builder: the workflow's own word. Provenance only.
    pub stated_builder: Option<String>,
    /// When it was signed.
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

/// A timestamp that could not be verified, beside a time that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampSetAside {
    /// Its place among the bundle's timestamps, from 1.
    pub position: usize,
    /// Why it could not be verified.
    pub why: String,
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
    /// The key's window has ended by the reference time, and no log or timestamp authority says
    /// that the signature is from before its end: whoever has the old key now could have made it.
    pub retired: bool,
    /// Other signatures on the same record that did not verify, by key id and reason: npm rotates
    /// keys, so one good signature is enough, and the rest is reported.
    pub others: Vec<(String, String)>,
}

/// Who signed a publish attestation for a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publisher {
    /// A key of the registry's, by its id.
    Key(String),
    /// A certificate, for the identity that is expected of the registry.
    Identity(Identity),
}

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The subject alternative name.
    pub san: String,
    /// The OIDC issuer.
    pub issuer: String,
}

/// Facts of a verified publish attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishFacts {
    /// Who signed for the registry.
    pub publisher: Publisher,
    /// When the log took the signature in.
    pub signed_at: Time,
    /// Who vouches for that time.
    pub time_source: TimeSource,
    /// What the log gave.
    pub logged: Logged,
    /// Timestamps of the bundle that could not be verified.
    pub timestamps_set_aside: Vec<TimestampSetAside>,
}

/// Facts of a verified provenance: from the certificate, with the predicate held against it. What
/// is called `stated` is the workflow's own word: the certificate says nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenanceFacts {
    /// `https://slsa.dev/provenance/v1` or `…/v0.2`.
    pub predicate_type: String,
    /// What the predicate calls its build type: the workflow's own word. It decides what the
    /// predicate's other fields mean.
    pub stated_build_type: String,
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
    /// What the predicate calls its builder: the workflow's own word, as far as the certificate
    /// does not contradict it.
    pub stated_builder: String,
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
    /// Timestamps of the bundle that could not be verified.
    pub timestamps_set_aside: Vec<TimestampSetAside>,
}
