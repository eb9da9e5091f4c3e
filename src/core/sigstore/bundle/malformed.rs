//! Why bytes are not a bundle that the specification allows: each shape by name.

use super::BundleVersion;
use crate::core::limits;

/// Why bytes are not a bundle that the specification allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedBundle {
    /// Not JSON, or a field is missing, unknown, repeated, or not what it must be.
    #[error("malformed bundle: {0}")]
    Json(String),
    /// No media type: the version, and what it demands, would be anyone's guess.
    #[error("the bundle has no media type")]
    NoMediaType,
    /// A media type of no known version.
    #[error("unsupported bundle media type {0:?}")]
    MediaType(String),
    /// Not exactly one of `certificate`, `x509CertificateChain` and `publicKey`.
    #[error(
        "the bundle must have one of certificate, certificate chain and public key; it has {0}"
    )]
    KeyMaterial(usize),
    /// Not exactly one of `messageSignature` and `dsseEnvelope`.
    #[error("the bundle must have one of message signature and DSSE envelope; it has {0}")]
    Content(usize),
    /// A chain in version 0.3, or a single certificate before it.
    #[error("a bundle of version {version} cannot have a {found}")]
    CertificateForm {
        /// The bundle's version.
        version: BundleVersion,
        /// The field that was found.
        found: &'static str,
    },
    /// A certificate chain of no certificates.
    #[error("the certificate chain is empty")]
    EmptyChain,
    /// More than one log entry. No producer makes such bundles, and one is all that is needed.
    #[error("the bundle must have one log entry; it has {0}")]
    SeveralEntries(usize),
    /// A kind of log entry that is not supported.
    #[error("unsupported log entry {0:?}")]
    EntryKind(String),
    /// A kind of log entry that its log gave for a time, and does not give any more.
    #[error("log entry {0:?} is of a kind that was withdrawn")]
    WithdrawnEntryKind(String),
    /// Version 0.1 demands an inclusion promise.
    #[error("a bundle of version 0.1 must have an inclusion promise")]
    NoPromise,
    /// Version 0.2 and later demand an inclusion proof.
    #[error("a bundle of version {0} must have an inclusion proof")]
    NoProof(BundleVersion),
    /// An inclusion proof without the checkpoint that would give it meaning.
    #[error("the inclusion proof has no checkpoint")]
    NoCheckpoint,
    /// A checkpoint that is not a signed note of a log.
    #[error("malformed checkpoint: {0}")]
    Checkpoint(String),
    /// The inclusion proof says something else than its checkpoint, or than the entry.
    #[error("the inclusion proof's {field} is {proof}, elsewhere it is {other}")]
    ProofDisagrees {
        /// Which field.
        field: &'static str,
        /// What the proof says.
        proof: String,
        /// What the checkpoint or entry says.
        other: String,
    },
    /// A field that Rekor v2 does not have.
    #[error("a log entry of Rekor v2 cannot have a {0}")]
    RekorV2(&'static str),
    /// Not exactly one signature in the DSSE envelope.
    #[error("the DSSE envelope must have one signature; it has {0}")]
    Signatures(usize),
    /// The same timestamp twice.
    #[error("a timestamp is repeated")]
    RepeatedTimestamp,
    /// More timestamps than any bundle has.
    #[error("the bundle has {0} timestamps, more than {max}", max = limits::BUNDLE_TIMESTAMPS)]
    TooManyTimestamps(usize),
    /// More values than any bundle, statement or log entry has.
    #[error("the {part} has {values} values, more than {max}", max = limits::EVIDENCE_VALUES)]
    TooManyValues {
        /// Which part.
        part: &'static str,
        /// How many.
        values: usize,
    },
    /// A part that takes more than linear time to read, and is larger than any real one.
    #[error("the {part} has {bytes} bytes, more than {max}")]
    TooLarge {
        /// Which part.
        part: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
}

impl MalformedBundle {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "malformed-bundle",
            Self::NoMediaType => "missing-media-type",
            Self::MediaType(_) => "unsupported-media-type",
            Self::KeyMaterial(_) => "ambiguous-key-material",
            Self::Content(_) => "ambiguous-content",
            Self::CertificateForm { .. } => "wrong-certificate-form",
            Self::EmptyChain => "empty-certificate-chain",
            Self::SeveralEntries(_) => "several-log-entries",
            Self::EntryKind(_) => "unsupported-log-entry",
            Self::WithdrawnEntryKind(_) => "withdrawn-log-entry",
            Self::NoPromise => "missing-inclusion-promise",
            Self::NoProof(_) => "missing-inclusion-proof",
            Self::NoCheckpoint => "missing-checkpoint",
            Self::Checkpoint(_) => "malformed-checkpoint",
            Self::ProofDisagrees { .. } => "inclusion-proof-disagrees",
            Self::RekorV2(_) => "unexpected-log-field",
            Self::Signatures(_) => "wrong-signature-count",
            Self::RepeatedTimestamp => "repeated-timestamp",
            Self::TooManyTimestamps(_) => "too-many-timestamps",
            Self::TooManyValues { .. } => "too-many-values",
            Self::TooLarge { .. } => "oversized-bundle-part",
        }
    }
}
