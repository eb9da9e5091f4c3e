//! DSSE envelopes (Dead Simple Signing Envelope, v1), as the archive uses them.
//!
//! One payload type, Ed25519 signatures, a threshold over distinct keys. The payload leaves an
//! envelope through [`Envelope::verify`] only, or by a name that says that nothing was verified.
//! Not for Sigstore bundles, which have envelopes of their own.

use std::{borrow::Cow, fmt};

use base64::{
    Engine as _,
    engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE},
};
use ed25519_dalek::Signer as _;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};

use crate::core::{
    key::{PublicKey, SigningKey},
    limits,
};

/// The payload type of an in-toto statement, the only one accepted.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Why an envelope was refused, or could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Not the JSON of an envelope: other, missing or repeated fields among the reasons.
    #[error("the envelope is malformed: {0}")]
    Json(String),
    /// Another payload type.
    #[error("the envelope's payload type is {0:?}")]
    PayloadType(String),
    /// Neither standard nor URL-safe base64.
    #[error("the envelope's {0} is not base64")]
    Base64(&'static str),
    /// Not 64 bytes.
    #[error("a signature in the envelope has {0} bytes instead of 64")]
    SignatureSize(usize),
    /// Nobody signed.
    #[error("the envelope has no signature")]
    NoSignature,
    /// More than [`limits::ENVELOPE_SIGNATURES`].
    #[error("the envelope has {0} signatures, more than {max}", max = limits::ENVELOPE_SIGNATURES)]
    TooManySignatures(usize),
    /// The same key signed before.
    #[error("{0} has signed already")]
    SignedAlready(String),
    /// A threshold that no number of signatures can be held to.
    #[error("a threshold of {threshold} needs as many keys, not {keys}")]
    Threshold {
        /// What was demanded.
        threshold: usize,
        /// How many distinct keys are trusted.
        keys: usize,
    },
    /// Too few of the trusted keys signed.
    #[error("{} of {required} required signatures verified with a trusted key", verified.len())]
    TooFewSigners {
        /// How many were demanded.
        required: usize,
        /// Fingerprints of the trusted keys that did sign.
        verified: Vec<String>,
        /// The key ids that the envelope names, unverified.
        claimed: Vec<String>,
    },
}

impl EnvelopeError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "envelope-json",
            Self::PayloadType(_) => "envelope-payload-type",
            Self::Base64(_) => "envelope-base64",
            Self::SignatureSize(_) => "envelope-signature-size",
            Self::NoSignature => "envelope-no-signature",
            Self::TooManySignatures(_) => "envelope-too-many-signatures",
            Self::SignedAlready(_) => "envelope-signed-already",
            Self::Threshold { .. } => "threshold-impossible",
            Self::TooFewSigners { .. } => "too-few-signers",
        }
    }
}

/// A payload and the signatures over it, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The pre-authentication encoding: what is signed. The payload is its tail.
    pae: Vec<u8>,
    payload_at: usize,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    /// Who is said to have signed. A hint, and never a reason to trust.
    keyid: String,
    sig: [u8; 64],
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
    /// Parses an envelope. The caller bounds the bytes ([`limits::ENVELOPE_BYTES`]).
    ///
    /// # Errors
    /// For anything that is not exactly an envelope of one signature or more over an in-toto
    /// statement.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let wire: Wire<'_> = serde_json::from_slice(bytes)
            .map_err(|error| EnvelopeError::Json(error.to_string()))?;
        if wire.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::PayloadType(wire.payload_type.into_owned()));
        }
        check_number(wire.signatures.number)?;
        let (pae, payload_at) = decode_pae(&wire.payload)?;
        let signatures = wire
            .signatures
            .first
            .iter()
            .map(|signature| {
                let sig = decode(&signature.sig).ok_or(EnvelopeError::Base64("signature"))?;
                let sig = sig
                    .try_into()
                    .map_err(|sig: Vec<u8>| EnvelopeError::SignatureSize(sig.len()))?;
                Ok(Signature { keyid: signature.keyid.to_string(), sig })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { pae, payload_at, signatures })
    }

    /// Signs a payload with each of the keys.
    ///
    /// # Errors
    /// When there is no key, too many, or the same twice.
    pub fn sign(payload: &[u8], keys: &[SigningKey]) -> Result<Self, EnvelopeError> {
        check_number(keys.len())?;
        let mut envelope = Self::over(payload);
        for key in keys {
            envelope.add_signature(key)?;
        }
        Ok(envelope)
    }

    /// Adds a signature by one more key.
    ///
    /// # Errors
    /// When that key has signed already, or there is no room for more signatures.
    pub fn add_signature(&mut self, key: &SigningKey) -> Result<(), EnvelopeError> {
        let public = PublicKey::from(key);
        if self.signatures.iter().any(|signature| public.verifies(&self.pae, &signature.sig)) {
            return Err(EnvelopeError::SignedAlready(public.fingerprint()));
        }
        check_number(self.signatures.len().saturating_add(1))?;
        let sig = key.sign(&self.pae).to_bytes();
        self.signatures.push(Signature { keyid: public.fingerprint(), sig });
        // The same signers give the same bytes, in whatever order they came.
        self.signatures.sort_by(|a, b| a.keyid.cmp(&b.keyid));
        Ok(())
    }

    /// Verifies that at least `threshold` of the distinct `keys` signed.
    ///
    /// A key counts once, however often it is given or signs. `keyid` only says which key to try
    /// first. Signatures by keys that are not trusted count for nothing and harm nothing.
    ///
    /// # Errors
    /// When the threshold is zero or beyond the number of distinct keys, or is not met.
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
        let signers: Vec<String> = distinct
            .into_iter()
            .filter(|key| self.is_signed_by(key))
            .map(PublicKey::fingerprint)
            .collect();
        if signers.len() < threshold {
            return Err(EnvelopeError::TooFewSigners {
                required: threshold,
                verified: signers,
                claimed: self.claimed_keyids().map(str::to_owned).collect(),
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

    /// The envelope as JSON: fields in the order of the specification, no white space, standard
    /// base64.
    pub fn to_json(&self) -> Vec<u8> {
        let wire = Wire {
            payload_type: PAYLOAD_TYPE.into(),
            payload: STANDARD.encode(self.payload_unverified()).into(),
            signatures: WireSignatures {
                number: self.signatures.len(),
                first: self
                    .signatures
                    .iter()
                    .map(|signature| WireSignature {
                        keyid: signature.keyid.as_str().into(),
                        sig: STANDARD.encode(signature.sig).into(),
                    })
                    .collect(),
            },
        };
        // Strings and lists of strings: there is nothing in it that serialising could refuse.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// A payload that nobody has signed yet.
    fn over(payload: &[u8]) -> Self {
        let mut pae = pae_header(payload.len()).into_bytes();
        let payload_at = pae.len();
        pae.extend_from_slice(payload);
        Self { pae, payload_at, signatures: Vec::new() }
    }

    fn is_signed_by(&self, key: &PublicKey) -> bool {
        let fingerprint = key.fingerprint();
        let (hinted, others): (Vec<_>, Vec<_>) =
            self.signatures.iter().partition(|signature| signature.keyid == fingerprint);
        hinted.iter().chain(&others).any(|signature| key.verifies(&self.pae, &signature.sig))
    }
}

/// The pre-authentication encoding up to the payload: `"DSSEv1" SP len SP type SP len SP`.
fn pae_header(payload: usize) -> String {
    format!("DSSEv1 {} {PAYLOAD_TYPE} {payload} ", PAYLOAD_TYPE.len())
}

fn check_number(signatures: usize) -> Result<(), EnvelopeError> {
    match signatures {
        0 => Err(EnvelopeError::NoSignature),
        n if n > limits::ENVELOPE_SIGNATURES => Err(EnvelopeError::TooManySignatures(n)),
        _ => Ok(()),
    }
}

/// The pre-authentication encoding of a payload in base64, and where the payload starts in it.
/// Decoded in place: a payload may have hundreds of megabytes, and is not to be held twice.
fn decode_pae(payload: &str) -> Result<(Vec<u8>, usize), EnvelopeError> {
    let malformed = EnvelopeError::Base64("payload");
    let padding = payload.bytes().rev().take_while(|byte| *byte == b'=').count();
    let size = (payload.len() / 4 * 3).checked_sub(padding).ok_or(malformed.clone())?;
    let mut pae = pae_header(size).into_bytes();
    let payload_at = pae.len();
    engine(payload).decode_vec(payload, &mut pae).map_err(|_| malformed.clone())?;
    // What is padded and canonical has this size; the header must not say another.
    if pae.len() != payload_at.saturating_add(size) {
        return Err(malformed);
    }
    Ok((pae, payload_at))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    engine(text).decode(text).ok()
}

/// Standard or URL-safe base64, padded, as the protocol asks verifiers to accept.
fn engine(text: &str) -> GeneralPurpose {
    if text.bytes().any(|byte| matches!(byte, b'-' | b'_')) { URL_SAFE } else { STANDARD }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    #[serde(rename = "payloadType", borrow)]
    payload_type: Cow<'a, str>,
    #[serde(borrow)]
    payload: Cow<'a, str>,
    #[serde(borrow)]
    signatures: WireSignatures<'a>,
}

/// A list of signatures, of which no more are kept than can be used, however many there are.
struct WireSignatures<'a> {
    /// The first [`limits::ENVELOPE_SIGNATURES`].
    first: Vec<WireSignature<'a>>,
    /// How many there are.
    number: usize,
}

impl Serialize for WireSignatures<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.first.serialize(serializer)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for WireSignatures<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = WireSignatures<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of signatures")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut first = Vec::new();
                while first.len() < limits::ENVELOPE_SIGNATURES {
                    let Some(signature) = list.next_element()? else { break };
                    first.push(signature);
                }
                let mut number = first.len();
                while list.next_element::<IgnoredAny>()?.is_some() {
                    number = number.saturating_add(1);
                }
                Ok(WireSignatures { first, number })
            }
        }

        deserializer.deserialize_seq(List)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature<'a> {
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    keyid: Cow<'a, str>,
    #[serde(borrow)]
    sig: Cow<'a, str>,
}

#[cfg(test)]
mod tests;
