//! The keys of who signs archives, Ed25519 and ECDSA P-256, and the fingerprint that reports name
//! them by.
//!
//! `adapters/keys.rs` reads and writes key files; [`crate::core::archive::dsse`] has the envelopes.

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
        UnparsedPublicKey,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};

use crate::core::package::digest::Algorithm;

/// DER of a `SubjectPublicKeyInfo` of an Ed25519 key up to the key's 32 bytes (RFC 8410, section 4).
const ED25519_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// DER of a `SubjectPublicKeyInfo` of a P-256 key up to the uncompressed point's 65 bytes (RFC 5480,
/// section 2).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Bytes of the signatures that these keys make: P-256's in DER have from 8 to 72, Ed25519's 64.
pub(crate) const SIGNATURE_BYTES: std::ops::RangeInclusive<usize> = 8..=72;

/// The public key of someone who signs archives.
///
/// Two are equal if the keys are equal. Names of files do not count.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(Public);

#[derive(Clone, PartialEq, Eq)]
enum Public {
    Ed25519(VerifyingKey),
    /// A point of the curve, uncompressed: so that a key has one form and one fingerprint.
    P256([u8; 65]),
}

impl PublicKey {
    /// A P-256 key of its uncompressed point; `None` if that is not a point of the curve.
    pub fn p256(point: &[u8]) -> Option<Self> {
        let point: [u8; 65] = point.try_into().ok()?;
        if point.first() != Some(&4) {
            return None;
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).parse().ok()?;
        Some(Self(Public::P256(point)))
    }

    /// `SHA256:` and the unpadded base64 of the SHA-256 of the key's SPKI in DER; the same as
    ///
    /// ```text
    /// openssl pkey -pubin -in key.pub -outform der | openssl dgst -sha256 -binary | base64
    /// ```
    ///
    /// without the `=` at the end.
    pub fn fingerprint(&self) -> String {
        let digest = Algorithm::Sha256.digest(&self.spki());
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest.bytes()))
    }

    /// The key as a `SubjectPublicKeyInfo` in DER.
    pub fn spki(&self) -> Vec<u8> {
        match &self.0 {
            Public::Ed25519(key) => [ED25519_PREFIX.as_slice(), key.as_bytes()].concat(),
            Public::P256(point) => [P256_PREFIX.as_slice(), point].concat(),
        }
    }

    /// The key as SPKI in PEM.
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode(self.spki());
        let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let lines = lines.join("\n");
        format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n")
    }

    /// Whether `signature` over `message` is by this key.
    ///
    /// Ed25519 is strict (RFC 8032, section 5.1.7, and no key or commitment of small order). ECDSA is
    /// over SHA-256, its signature in canonical DER. Either half of the curve's order is good for S:
    /// OpenSSL writes both, and what counts is who signed, not how often.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Public::Ed25519(key) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Public::P256(point) => {
                let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
                is_canonical(signature) && key.verify(message, signature).is_ok()
            }
        }
    }
}

/// Whether this is the DER of an `ECDSA-Sig-Value` in its one form: two positive integers, with no
/// byte more than they need.
fn is_canonical(signature: &[u8]) -> bool {
    fn integer(bytes: &[u8]) -> Option<&[u8]> {
        let (&[0x02, length], rest) = bytes.split_first_chunk()? else { return None };
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        let shortest = match value {
            [0, next, ..] => *next >= 0x80,
            [first, ..] => (1..0x80).contains(first),
            [] => false,
        };
        (shortest && value.len() <= 33).then_some(rest)
    }
    match signature.split_first_chunk() {
        Some((&[0x30, length], rest)) if usize::from(length) == rest.len() => {
            integer(rest).and_then(integer).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// The private key of someone who signs archives. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct SigningKey(Private);

#[derive(Clone)]
enum Private {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Arc<EcdsaKeyPair>),
}

impl SigningKey {
    /// An Ed25519 key of its 32 bytes (RFC 8032, section 5.1.5).
    pub fn ed25519(secret: &[u8; 32]) -> Self {
        Self(Private::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(secret))))
    }

    /// A P-256 key of its PKCS#8 in DER; `None` if it is none.
    pub fn p256(pkcs8: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).ok()?;
        Some(Self(Private::P256(Arc::new(pair))))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(match &self.0 {
            Private::Ed25519(key) => Public::Ed25519(key.verifying_key()),
            Private::P256(pair) => {
                let mut point = [0; 65];
                // Always uncompressed, and so of that length.
                point.iter_mut().zip(pair.public_key().as_ref()).for_each(|(to, from)| *to = *from);
                Public::P256(point)
            }
        })
    }

    /// Signs. ECDSA takes randomness each time: `None` if the system has none.
    pub fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Private::Ed25519(key) => Some(key.sign(message).to_vec()),
            Private::P256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).ok()?;
                Some(signature.as_ref().to_vec())
            }
        }
    }
}

/// Whether this is what [`PublicKey::fingerprint`] gives for some key.
pub(crate) fn is_fingerprint(text: &str) -> bool {
    let hash = text.strip_prefix("SHA256:").and_then(|hash| STANDARD_NO_PAD.decode(hash).ok());
    hash.is_some_and(|hash| hash.len() == 32)
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        Self(Public::Ed25519(key))
    }
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        key.public()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the private key of {}", self.public().fingerprint())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

#[cfg(test)]
mod tests;
