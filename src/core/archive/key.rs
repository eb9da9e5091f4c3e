//! Ed25519 keys, as signers of archives: the key and the fingerprint that reports name it by.
//!
//! Reading and writing key files is [`crate::adapters::keys`]'s; signing is [`crate::core::archive::dsse`]'s.

use std::fmt;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
pub use ed25519_dalek::SigningKey;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::core::package::digest::Algorithm;

/// DER of a `SubjectPublicKeyInfo` of an Ed25519 key up to the key's 32 bytes (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The public key of someone who signs archives.
///
/// Two are equal if the key is, whatever they were called where they came from.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
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
        [SPKI_PREFIX.as_slice(), self.0.as_bytes()].concat()
    }

    /// The key as SPKI in PEM.
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode(self.spki());
        format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n")
    }

    /// Whether `signature` over `message` is by this key. Strict (RFC 8032, section 5.1.7, and no
    /// key or commitment of small order), so that one signature has one form and one message.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

/// Whether this is what [`PublicKey::fingerprint`] gives for some key.
pub(crate) fn is_fingerprint(text: &str) -> bool {
    let hash = text.strip_prefix("SHA256:").and_then(|hash| STANDARD_NO_PAD.decode(hash).ok());
    hash.is_some_and(|hash| hash.len() == 32)
}

impl From<VerifyingKey> for PublicKey {
    fn from(key: VerifyingKey) -> Self {
        Self(key)
    }
}

impl From<&SigningKey> for PublicKey {
    fn from(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::pkcs8::spki::EncodePublicKey as _;

    use super::*;

    #[test]
    fn the_spki_is_the_librarys() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::from(&key);
        assert_eq!(public.spki(), key.verifying_key().to_public_key_der().unwrap().as_bytes());
        assert!(public.fingerprint().starts_with("SHA256:"));
        assert_eq!(public.fingerprint().len(), 7 + 43);
        assert_eq!(format!("{public:?}"), public.fingerprint());
        let pem = key.verifying_key().to_public_key_pem(Default::default()).unwrap();
        assert_eq!(public.to_pem(), pem);
    }

    #[test]
    fn a_fingerprint_has_one_form() {
        let good = PublicKey::from(&SigningKey::from_bytes(&[7; 32])).fingerprint();
        assert!(is_fingerprint(&good));
        let hash = &good[7..];
        for bad in [
            hash.to_owned(),
            format!("SHA512:{hash}"),
            format!("{good}="),
            format!("SHA256:{}", &hash[..42]),
            format!("SHA256:{}-", &hash[..42]),
            // Bits that are left over must be zero.
            format!("SHA256:{}B", "A".repeat(42)),
            String::new(),
        ] {
            assert!(!is_fingerprint(&bad), "{bad}");
        }
    }

    #[test]
    fn keys_of_small_order_verify_nothing() {
        // The neutral element: with R = identity and s = 0 a lax verifier accepts every message.
        let mut identity = [0; 32];
        identity[0] = 1;
        let key = PublicKey(VerifyingKey::from_bytes(&identity).unwrap());
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!key.verifies(b"anything", &signature));
    }
}
