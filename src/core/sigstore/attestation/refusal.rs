//! Why a bundle is refused. The errors of `sigstore-verify` become these refusals.

use sigstore_verify::{CertificateError, Error, TimestampError, TransparencyLogError};

use crate::core::{
    sigstore::{bundle::MalformedBundle, certificate::MalformedClaim, statement::StatementError},
    time::{self, Time},
    verdict::TimeSource,
};

/// Why a bundle is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleRefusal {
    /// Its shape.
    #[error(transparent)]
    Malformed(#[from] MalformedBundle),
    /// A certificate where a key was expected, or the other way round.
    #[error("signed by a {found}, where a {expected} is expected")]
    OtherKeyMaterial {
        /// What the bundle has.
        found: &'static str,
        /// What it should have.
        expected: &'static str,
    },
    /// The hint, or the envelope's `keyid`, names another key.
    #[error("the {field} is {found:?}, the key's id is {expected:?}")]
    OtherKeyId {
        /// `hint` or `keyid`.
        field: &'static str,
        /// What the bundle says.
        found: String,
        /// The key's id.
        expected: String,
    },
    /// The chain holds a certificate that the trusted root does not.
    #[error("certificate {position} of the chain is not one of the trusted root's")]
    ExtraCertificate {
        /// Its position, the signer's own being 1.
        position: usize,
    },
    /// The instance has a log, the bundle no entry.
    #[error("no log entry, though the instance has a log")]
    NotLogged,
    /// The trusted root has the log, but the log's key cannot be used.
    #[error("the trusted root's key of log {id} cannot be used: {why}")]
    UnusableLog {
        /// The log's id.
        id: String,
        /// Why not.
        why: String,
    },
    /// The log had closed by then, or had not started.
    #[error("the bundle was signed at {} ({}), when the log was not valid",
        time::format(*.signed_at), .time_source.name())]
    LogNotValidThen {
        /// When it was signed.
        signed_at: Time,
        /// Who vouches for that time.
        time_source: TimeSource,
    },
    /// Signed after the time that verification refers to.
    #[error("signed at {signed_at}, after the reference time {at}: the evidence is from later, or the clock is behind",
        signed_at = time::format(*.signed_at), at = time::format(*.at))]
    AfterReferenceTime {
        /// When the bundle says that it was signed.
        signed_at: Time,
        /// The reference time.
        at: Time,
    },
    /// Signed after the time of the system's clock, though not after the reference time.
    #[error("signed at {signed_at}, which the system's clock has not reached",
        signed_at = time::format(*.signed_at))]
    ClockBehind {
        /// When it was signed.
        signed_at: Time,
    },
    /// Nobody vouches for any time.
    #[error("no verified time of signing")]
    NoSigningTime,
    /// The identity is another.
    #[error("signed by {found}, not by {expected}")]
    OtherIdentity {
        /// Who should have signed.
        expected: String,
        /// Who did.
        found: String,
    },
    /// The OIDC issuer is another.
    #[error("the identity comes from {found}, not from {expected}")]
    OtherIssuer {
        /// Who should have issued it.
        expected: String,
        /// Who did.
        found: String,
    },
    /// The signature is not by that key over that content.
    #[error("the signature does not verify: {0}")]
    Signature(String),
    /// The content is about another artifact.
    #[error("signed for another artifact: {0}")]
    OtherArtifact(String),
    /// The certificate.
    #[error(transparent)]
    Certificate(CertificateError),
    /// The log entry.
    #[error(transparent)]
    Log(TransparencyLogError),
    /// A timestamp.
    #[error(transparent)]
    Timestamp(TimestampError),
    /// Well-formed, but of a kind that cannot be verified.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// Contradicts itself in another way.
    #[error("inconsistent bundle: {0}")]
    Inconsistent(String),
    /// A claim of the certificate cannot be read.
    #[error(transparent)]
    Claim(#[from] MalformedClaim),
    /// The statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

impl BundleRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.code(),
            Self::OtherKeyMaterial { .. } => "wrong-key-material",
            Self::OtherKeyId { .. } => "keyid-mismatch",
            Self::ExtraCertificate { .. } => "extra-certificate",
            Self::NotLogged => "missing-log-entry",
            Self::UnusableLog { .. } => "unusable-log",
            Self::LogNotValidThen { .. } => "log-not-valid-then",
            Self::AfterReferenceTime { .. } => "signed-after-reference-time",
            Self::ClockBehind { .. } => "clock-behind",
            Self::NoSigningTime => "no-signing-time",
            Self::OtherIdentity { .. } => "identity-mismatch",
            Self::OtherIssuer { .. } => "issuer-mismatch",
            Self::Signature(_) => "invalid-signature",
            Self::OtherArtifact(_) => "artifact-mismatch",
            Self::Certificate(error) => certificate_code(error),
            Self::Log(error) => log_code(error),
            Self::Timestamp(error) => timestamp_code(error),
            Self::Unsupported(_) => "unsupported-bundle",
            Self::Inconsistent(_) => "inconsistent-bundle",
            Self::Claim(error) => error.code(),
            Self::Statement(error) => error.code(),
        }
    }
}

fn certificate_code(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Malformed(_) => "malformed-certificate",
        CertificateError::NoValidAuthority { .. } => "no-valid-authority",
        CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => {
            "certificate-not-valid-then"
        }
        CertificateError::Sct(_) => "invalid-sct",
        _ => "untrusted-certificate",
    }
}

fn log_code(error: &TransparencyLogError) -> &'static str {
    match error {
        TransparencyLogError::UnknownLog { .. } => "unknown-log",
        TransparencyLogError::InclusionProof(_) => "invalid-inclusion-proof",
        TransparencyLogError::Checkpoint(_) => "invalid-checkpoint",
        TransparencyLogError::InclusionPromise(_) => "invalid-inclusion-promise",
        TransparencyLogError::EntryMismatch(_) => "log-entry-mismatch",
        TransparencyLogError::IntegratedTime(_) => "integrated-time-outside-certificate",
        _ => "malformed-log-entry",
    }
}

fn timestamp_code(error: &TimestampError) -> &'static str {
    match error {
        TimestampError::OutsideAuthorityValidity { .. } => "timestamp-authority-not-valid-then",
        TimestampError::NoVerifiedTimestamp(_) => "no-signing-time",
        _ => "invalid-timestamp",
    }
}

/// Errors become refusals by their variant, never by their text.
pub(super) fn of(error: Error, promised: Option<Time>) -> BundleRefusal {
    match error {
        Error::SignatureInvalid(detail) => BundleRefusal::Signature(detail),
        Error::ArtifactMismatch(detail) => BundleRefusal::OtherArtifact(detail),
        Error::Certificate(error) => BundleRefusal::Certificate(error),
        // The time is neither after the reference time nor outside the certificate's window:
        // `require_plausible_time` has checked both. So the clock is wrong.
        Error::TransparencyLog(TransparencyLogError::IntegratedTime(detail)) => match promised {
            Some(signed_at) => BundleRefusal::ClockBehind { signed_at },
            None => BundleRefusal::Log(TransparencyLogError::IntegratedTime(detail)),
        },
        Error::TransparencyLog(error) => BundleRefusal::Log(error),
        // The trusted root was accepted, but it has no key of the kind that the SCT needs.
        Error::InvalidTrustRoot(detail) => {
            BundleRefusal::Certificate(CertificateError::Sct(detail))
        }
        Error::Timestamp(error) => BundleRefusal::Timestamp(error),
        Error::UnsupportedBundle(detail) | Error::UnsupportedArtifact(detail) => {
            BundleRefusal::Unsupported(detail)
        }
        other => BundleRefusal::Inconsistent(other.to_string()),
    }
}
