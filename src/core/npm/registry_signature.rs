//! Step 3: the registry's signature over `name@version:integrity`.
//!
//! ECDSA on P-256 with SHA-256, in DER and base64. npm rotates its keys and may sign twice, so one
//! good signature is enough; the others are reported.
//!
//! The signature itself has no time. The key's window, with both its ends, is judged by one time. It is
//! the first of these that is known:
//!
//! 1. the time of the verified publish attestation, for which a transparency log or a timestamp
//!    authority vouches: the registry signs both when it publishes a version;
//! 2. the time in the registry's record, which nobody signs;
//! 3. the reference time.
//!
//! A time after the reference time is refused. So is a time outside all windows of the key. Nothing else
//! checks the record's time: the holder of a key whose window has ended can write any time into it. See
//! [`RegistrySignatureFacts::retired`].

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{dist::Signature, integrity::RegistryRecord};
use crate::core::{
    limits,
    package::PackageId,
    time::{self, Time},
    trust::{KeyUsage, NpmKey, NpmKeys},
    verdict::{OtherSignature, RegistrySignatureFacts, TimeSource},
};

/// Why a registry's signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// A key that the registry's keys do not include.
    #[error("key {0} is not among the registry's keys")]
    UnknownKey(String),
    /// A key of the registry's that cannot be used.
    #[error("key {keyid} of the registry cannot be used: {why}")]
    UnusableKey {
        /// The key.
        keyid: String,
        /// Why not.
        why: String,
    },
    /// A key of another registry than the one that the package is said to be from.
    #[error("key {keyid} is another registry's, and the package is said to be from {registry}")]
    OtherRegistry {
        /// The key.
        keyid: String,
        /// Where the package is said to be from.
        registry: String,
    },
    /// A key of the registry's, but not for this.
    #[error("key {keyid} is not for {}", .usage.name())]
    WrongUsage {
        /// The key.
        keyid: String,
        /// What it would have to be for.
        usage: KeyUsage,
    },
    /// A key that was not valid at that time.
    #[error("key {keyid} was not valid at {} ({})", time::format(*.time), .time_source.name())]
    NotValidThen {
        /// The key.
        keyid: String,
        /// The time that it is judged by.
        time: Time,
        /// Who vouches for that time.
        time_source: TimeSource,
    },
    /// A signature that is not base64.
    #[error("the signature of key {0} is not base64")]
    Malformed(String),
    /// A signature over something else, or by another key.
    #[error("the signature of key {keyid} over {message:?} does not verify")]
    Invalid {
        /// The key.
        keyid: String,
        /// What should be signed.
        message: String,
    },
    /// More signatures than any record has.
    #[error("more than {} signatures", limits::RECORD_SIGNATURES)]
    TooMany,
    /// Published after the reference time.
    #[error("published at {}, after the reference time {}", time::format(*.published), time::format(*.at))]
    AfterReferenceTime {
        /// When the registry says that it was published.
        published: Time,
        /// The reference time.
        at: Time,
    },
}

impl SignatureRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey(_) => "unknown-key",
            Self::UnusableKey { .. } => "unusable-key",
            Self::OtherRegistry { .. } => "key-of-other-registry",
            Self::WrongUsage { .. } => "wrong-key-usage",
            Self::NotValidThen { .. } => "key-not-valid-then",
            Self::Malformed(_) => "malformed-signature",
            Self::Invalid { .. } => "invalid-signature",
            Self::TooMany => "too-many-signatures",
            Self::AfterReferenceTime { .. } => "signed-after-reference-time",
        }
    }
}

impl SignatureRefusal {
    /// The refusal of a key that is not among the usable ones.
    pub(super) fn of_unknown(keys: &NpmKeys, keyid: &str) -> Self {
        let keyid = keyid.to_owned();
        match keys.unusable(&keyid) {
            Some(key) => Self::UnusableKey { keyid, why: key.why.clone() },
            None => Self::UnknownKey(keyid),
        }
    }
}

/// The time that a key's window is judged by, the best first: the publish attestation's, for which
/// a log or a timestamp vouches; the registry's, which nobody signs; the reference time.
pub(super) fn judged_by(
    logged: Option<(Time, TimeSource)>,
    published: Option<Time>,
    at: Time,
) -> (Time, TimeSource) {
    match (logged, published) {
        (Some(signed), _) => signed,
        (None, Some(time)) => (time, TimeSource::RegistryUnsigned),
        (None, None) => (at, TimeSource::ReferenceTime),
    }
}

/// Verifies the signatures of a record over its `integrity`. `record` has at least one.
pub(super) fn check(
    record: &RegistryRecord,
    integrity: &str,
    package: &PackageId,
    keys: &NpmKeys,
    (time, source): (Time, TimeSource),
    at: Time,
) -> Result<RegistrySignatureFacts, SignatureRefusal> {
    if time > at {
        return Err(SignatureRefusal::AfterReferenceTime { published: time, at });
    }
    if record.signatures.len() > limits::RECORD_SIGNATURES {
        return Err(SignatureRefusal::TooMany);
    }
    let message = format!("{package}:{integrity}");
    let source_is_unsigned =
        !matches!(source, TimeSource::TransparencyLog | TimeSource::TimestampAuthority);
    let mut good: Option<(String, bool)> = None;
    let mut bad: Vec<(String, SignatureRefusal)> = Vec::new();
    for signature in &record.signatures {
        match verify(signature, &message, keys, (time, source)) {
            // The first signature gives the facts, unless its key is retired and the next one's is not.
            Ok(key) => {
                let retired = source_is_unsigned && is_retired(keys, key, at);
                if good.as_ref().is_none_or(|(_, first)| *first && !retired) {
                    good = Some((signature.keyid.clone(), retired));
                }
            }
            Err(refusal) => bad.push((signature.keyid.clone(), refusal)),
        }
    }
    match good {
        Some((keyid, retired)) => Ok(RegistrySignatureFacts {
            keyid,
            time,
            time_source: source,
            retired,
            others: bad
                .into_iter()
                .map(|(keyid, why)| OtherSignature { keyid, reason: why.to_string() })
                .collect(),
        }),
        None => Err(most_telling(bad)),
    }
}

/// Whether all windows of a key have ended by the reference time.
fn is_retired(keys: &NpmKeys, key: &NpmKey, at: Time) -> bool {
    keys.find(key.keyid(), KeyUsage::Signatures)
        .filter(|other| other.spki() == key.spki())
        .all(|other| other.window().end.is_some_and(|end| end < at))
}

fn verify<'k>(
    signature: &Signature,
    message: &str,
    keys: &'k NpmKeys,
    (time, source): (Time, TimeSource),
) -> Result<&'k NpmKey, SignatureRefusal> {
    let keyid = || signature.keyid.clone();
    if !keys.knows(&signature.keyid) {
        return Err(SignatureRefusal::of_unknown(keys, &signature.keyid));
    }
    let mut usable = keys.find(&signature.keyid, KeyUsage::Signatures).peekable();
    if usable.peek().is_none() {
        return Err(SignatureRefusal::WrongUsage { keyid: keyid(), usage: KeyUsage::Signatures });
    }
    let mut valid = usable.filter(|key| key.window().contains(time)).peekable();
    if valid.peek().is_none() {
        return Err(SignatureRefusal::NotValidThen { keyid: keyid(), time, time_source: source });
    }
    let bytes =
        STANDARD.decode(&signature.sig).map_err(|_| SignatureRefusal::Malformed(keyid()))?;
    valid
        .find(|key| key.verifies(message.as_bytes(), &bytes))
        .ok_or_else(|| SignatureRefusal::Invalid { keyid: keyid(), message: message.to_owned() })
}

/// Of several refusals, the first about a known key. An unknown key that also signed says little.
fn most_telling(bad: Vec<(String, SignatureRefusal)>) -> SignatureRefusal {
    let unknown = |refusal: &SignatureRefusal| matches!(refusal, SignatureRefusal::UnknownKey(_));
    let index = bad.iter().position(|(_, refusal)| !unknown(refusal)).unwrap_or(0);
    bad.into_iter()
        .nth(index)
        .map_or_else(|| SignatureRefusal::UnknownKey(String::new()), |(_, refusal)| refusal)
}

#[cfg(test)]
mod tests;
