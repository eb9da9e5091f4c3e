//! DSSE envelopes (Dead Simple Signing Envelope, v1), as the archive uses them.
//!
//! One payload type, one way to write it down, Ed25519 and P-256 signatures, a threshold over
//! distinct keys.
//! The payload leaves an envelope through [`Envelope::verify`] only, or by a name that says that
//! nothing was verified. Not for Sigstore bundles, which have envelopes of their own.

mod parser;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

pub use parser::EnvelopeParser;

use crate::core::{
    archive::key::{self, PublicKey, SIGNATURE_BYTES, SigningKey},
    limits,
};

/// The payload type of an archive's manifest, and of all statements.
pub use crate::core::sigstore::statement::PAYLOAD_TYPE;

/// What an envelope starts with, up to the payload's base64. A type is a constant of ours, and has nothing
/// that JSON escapes.
pub fn head(payload_type: &str) -> String {
    format!("{{\"payloadType\":\"{payload_type}\",\"payload\":\"")
}

/// Why an envelope was refused, or could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the JSON of an envelope in its one form: another payload type, other, missing or
    /// repeated fields, another order and white space among the reasons.
    #[error("the envelope is malformed: {0}")]
    Json(String),
    /// Not base64, padded and canonical.
    #[error("the envelope's {0} is not base64")]
    Base64(&'static str),
    /// Not a fingerprint.
    #[error("a signature in the envelope has the key id {0:?}, which is not a fingerprint")]
    KeyId(String),
    /// Signatures that are not sorted by key id, or two with the same.
    #[error("the signatures in the envelope are not sorted, or {0} is there twice")]
    Unsorted(String),
    /// Not as many bytes as any signature has.
    #[error("a signature in the envelope has {0} bytes; signatures have {least} to {most}",
        least = SIGNATURE_BYTES.start(), most = SIGNATURE_BYTES.end())]
    SignatureSize(usize),
    /// Nobody signed.
    #[error("the envelope has no signature")]
    NoSignature,
    /// More than [`limits::ENVELOPE_SIGNATURES`].
    #[error("the envelope has {0} signatures, more than {max}", max = limits::ENVELOPE_SIGNATURES)]
    TooManySignatures(usize),
    /// The system has no randomness to sign with.
    #[error("cannot get random bytes from the system to sign with")]
    Random,
    /// The same key signed before.
    #[error("{0} has signed already")]
    SignedAlready(String),
    /// A threshold that no number of signatures can be held to.
    #[error("the threshold is {threshold}, but the number of different keys is {keys}")]
    Threshold {
        /// What was demanded.
        threshold: usize,
        /// How many distinct keys are trusted.
        keys: usize,
    },
    /// A signature names a trusted key, and does not verify by that key.
    #[error("a signature names the trusted key {0}, and does not verify by it")]
    Signature(String),
    /// Too few of the trusted keys signed, and no other signature names one of them.
    #[error("{} of {required} required signatures verified with a trusted key", verified.len())]
    TooFewSigners {
        /// How many were demanded.
        required: usize,
        /// Fingerprints of the trusted keys that did sign.
        verified: Vec<String>,
        /// Fingerprints of the trusted keys that did not.
        others: Vec<String>,
        /// The key ids that the envelope names, unverified.
        claimed: Vec<String>,
    },
}

impl EnvelopeError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "envelope-json",
            Self::Base64(_) => "envelope-base64",
            Self::KeyId(_) => "envelope-keyid",
            Self::Unsorted(_) => "envelope-unsorted",
            Self::SignatureSize(_) => "envelope-signature-size",
            Self::NoSignature => "envelope-no-signature",
            Self::TooManySignatures(_) => "envelope-too-many-signatures",
            Self::Random => "no-randomness",
            Self::SignedAlready(_) => "envelope-signed-already",
            Self::Threshold { .. } => "threshold-impossible",
            Self::Signature(_) => "envelope-signature",
            Self::TooFewSigners { .. } => "too-few-signers",
        }
    }
}

/// A payload and the signatures over it, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload_type: &'static str,
    /// The pre-authentication encoding, which is what is signed. The payload is its tail.
    pae: Vec<u8>,
    payload_at: usize,
    /// Sorted by key id, of which none is there twice.
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    /// The fingerprint of whoever is said to have signed: it says which key to try, and is never a
    /// reason to trust.
    keyid: String,
    sig: Vec<u8>,
}

/// What trusted keys signed. Only [`Envelope::verify`] makes one.
#[derive(Debug, PartialEq, Eq)]
pub struct Verified<'a> {
    payload: &'a [u8],
    signers: Vec<String>,
}

impl<'a> Verified<'a> {
    /// The signed bytes.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Fingerprints of the trusted keys that signed, in the order in which they were given.
    pub fn into_signers(self) -> Vec<String> {
        self.signers
    }
}

impl Envelope {
    /// Parses an envelope. The caller bounds the bytes ([`limits::ENVELOPE_BYTES`]); what comes in
    /// pieces is for an [`EnvelopeParser`].
    ///
    /// # Errors
    /// For anything that is not exactly what [`Envelope::to_json`] gives.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        Self::parse_of(PAYLOAD_TYPE, bytes)
    }

    /// As [`parse`](Self::parse), with a payload of another type. The caller bounds the bytes.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_of(payload_type: &'static str, bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut parser = EnvelopeParser::of(payload_type);
        bytes.chunks(limits::ENVELOPE_TAIL_BYTES).for_each(|piece| parser.push(piece));
        parser.finish()
    }

    /// Signs a payload with each of the keys.
    ///
    /// # Errors
    /// When there is no key, too many, or the same twice.
    pub fn sign(payload: &[u8], keys: &[SigningKey]) -> Result<Self, EnvelopeError> {
        check_number(keys.len())?;
        let mut envelope = Self::over(PAYLOAD_TYPE, payload);
        for key in keys {
            envelope.add_signature(key)?;
        }
        Ok(envelope)
    }

    /// Adds a signature by one more key. It replaces an invalid signature under this
    /// key's id, which anyone could have put there.
    ///
    /// # Errors
    /// When that key has signed already, there is no room for more signatures, or the system gives
    /// no randomness.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), EnvelopeError> {
        let public = PublicKey::from(key);
        let keyid = public.fingerprint();
        if self.is_signed_by(&public) {
            return Err(EnvelopeError::SignedAlready(keyid));
        }
        self.signatures.retain(|signature| signature.keyid != keyid);
        check_number(self.signatures.len().saturating_add(1))?;
        let sig = key.sign(&self.pae).ok_or(EnvelopeError::Random)?;
        // The same signers give the same bytes, in whatever order they came.
        let at = self.signatures.partition_point(|signature| signature.keyid < keyid);
        self.signatures.insert(at, Signature { keyid, sig });
        Ok(())
    }

    /// Verifies that at least `threshold` of the distinct `keys` signed.
    ///
    /// A key counts once, however often it is given. `keyid` says which signature is to be that
    /// key's, so that each key costs one verification at most, however many signatures there are.
    /// Signatures by keys that are not trusted count for nothing and harm nothing.
    ///
    /// # Errors
    /// When the threshold is zero or beyond the number of distinct keys, or is not met: where
    /// that is because of a signature that does not verify, it is named.
    pub fn verify(
        &self,
        keys: &[PublicKey],
        threshold: usize,
    ) -> Result<Verified<'_>, EnvelopeError> {
        let mut distinct: Vec<&PublicKey> = Vec::new();
        for key in keys {
            if !distinct.contains(&key) {
                distinct.push(key);
            }
        }
        if threshold == 0 || threshold > distinct.len() {
            return Err(EnvelopeError::Threshold { threshold, keys: distinct.len() });
        }
        let (signers, others): (Vec<&PublicKey>, Vec<&PublicKey>) =
            distinct.into_iter().partition(|key| self.is_signed_by(key));
        let fingerprints = |keys: Vec<&PublicKey>| -> Vec<String> {
            keys.into_iter().map(PublicKey::fingerprint).collect()
        };
        let (signers, others) = (fingerprints(signers), fingerprints(others));
        if signers.len() < threshold {
            let claimed: Vec<String> = self.claimed_keyids().map(str::to_owned).collect();
            return Err(match others.iter().find(|key| claimed.contains(key)) {
                Some(keyid) => EnvelopeError::Signature(keyid.clone()),
                None => EnvelopeError::TooFewSigners {
                    required: threshold,
                    verified: signers,
                    others,
                    claimed,
                },
            });
        }
        Ok(Verified { payload: self.payload_unverified(), signers })
    }

    /// The payload, whoever made it. For inspection only.
    pub fn payload_unverified(&self) -> &[u8] {
        self.pae.get(self.payload_at..).unwrap_or_default()
    }

    /// The key ids that the envelope names, which nothing vouches for.
    pub fn claimed_keyids(&self) -> impl Iterator<Item = &str> {
        self.signatures.iter().map(|signature| signature.keyid.as_str())
    }

    /// The envelope in its one form: fields in the order of the specification, no white space,
    /// standard base64, signatures sorted by key id.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = head(self.payload_type).into_bytes();
        json.extend_from_slice(STANDARD.encode(self.payload_unverified()).as_bytes());
        json.extend_from_slice(&tail(&self.signatures));
        json
    }

    /// A payload that nobody has signed yet.
    fn over(payload_type: &'static str, payload: &[u8]) -> Self {
        let mut pae = pae_header(payload_type, payload.len()).into_bytes();
        let payload_at = pae.len();
        pae.extend_from_slice(payload);
        Self { payload_type, pae, payload_at, signatures: Vec::new() }
    }

    /// Whether the envelope has a signature under this key's id, and the key verifies it.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let fingerprint = key.fingerprint();
        let named = self.signatures.iter().find(|signature| signature.keyid == fingerprint);
        named.is_some_and(|signature| key.verifies(&self.pae, &signature.sig))
    }
}

/// Signs a payload of any type. The envelope is JSON in the form of [`Envelope::to_json`].
///
/// # Errors
/// When the system gives no randomness.
pub(crate) fn sign(
    payload_type: &'static str,
    payload: &[u8],
    key: &SigningKey,
) -> Result<Vec<u8>, EnvelopeError> {
    let mut envelope = Envelope::over(payload_type, payload);
    envelope.add_signature(key)?;
    Ok(envelope.to_json())
}

/// The pre-authentication encoding up to the payload: `"DSSEv1" SP len SP type SP len SP`.
fn pae_header(payload_type: &str, payload: usize) -> String {
    format!("DSSEv1 {} {payload_type} {payload} ", payload_type.len())
}

fn check_number(signatures: usize) -> Result<(), EnvelopeError> {
    match signatures {
        0 => Err(EnvelopeError::NoSignature),
        n if n > limits::ENVELOPE_SIGNATURES => Err(EnvelopeError::TooManySignatures(n)),
        _ => Ok(()),
    }
}

/// What follows the payload's base64.
fn tail(signatures: &[Signature]) -> Vec<u8> {
    let signatures = signatures
        .iter()
        .map(|Signature { keyid, sig }| WireSignature {
            keyid: keyid.clone(),
            sig: STANDARD.encode(sig),
        })
        .collect();
    // Strings and lists of strings: there is nothing in it that serialising could refuse.
    let fields = serde_json::to_vec(&Tail { signatures }).unwrap_or_default();
    // Its opening brace is the envelope's first byte.
    [br#"","#.as_slice(), fields.get(1..).unwrap_or_default()].concat()
}

/// The fields after the payload.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail {
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl WireSignature {
    fn parse(self) -> Result<Signature, EnvelopeError> {
        if !key::is_fingerprint(&self.keyid) {
            return Err(EnvelopeError::KeyId(self.keyid));
        }
        let sig = STANDARD.decode(&self.sig).map_err(|_| EnvelopeError::Base64("signature"))?;
        if !SIGNATURE_BYTES.contains(&sig.len()) {
            return Err(EnvelopeError::SignatureSize(sig.len()));
        }
        Ok(Signature { keyid: self.keyid, sig })
    }
}

#[cfg(test)]
mod tests;
