//! Key pairs of the kinds that Sigstore's services use, made afresh in each run.

use super::der;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA512, RsaKeyPair,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A key pair. Clones share it.
#[derive(Clone)]
pub enum Key {
    /// ECDSA on P-256 with SHA-256.
    P256(Arc<EcdsaKeyPair>),
    /// ECDSA on P-384 with SHA-384.
    P384(Arc<EcdsaKeyPair>),
    /// ECDSA on P-521 with SHA-512, which few clients support.
    P521(Arc<EcdsaKeyPair>),
    /// Ed25519, which Rekor v2 signs with.
    Ed25519(Arc<Ed25519KeyPair>),
    /// RSA of 2048 bits with SHA-512, by PKCS #1 1.5: the one kind whose signatures of an artifact
    /// can be verified by its SHA-512 alone.
    Rsa(Arc<RsaKeyPair>),
}

impl Key {
    /// A new key on P-256.
    pub fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        Self::P256(Arc::new(pair.expect("a P-256 key")))
    }

    /// A new key on P-384.
    pub fn p384() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING);
        Self::P384(Arc::new(pair.expect("a P-384 key")))
    }

    /// A new key on P-521.
    pub fn p521() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P521_SHA512_ASN1_SIGNING);
        Self::P521(Arc::new(pair.expect("a P-521 key")))
    }

    /// A new Ed25519 key.
    pub fn ed25519() -> Self {
        Self::Ed25519(Arc::new(Ed25519KeyPair::generate().expect("an Ed25519 key")))
    }

    /// A new RSA key.
    pub fn rsa() -> Self {
        Self::Rsa(Arc::new(RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key")))
    }

    /// A signature over the message; ECDSA's in DER.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(pair) | Self::P384(pair) | Self::P521(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message);
                signature.expect("an ECDSA signature").as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), message, &mut signature)
                    .expect("an RSA signature");
                signature
            }
        }
    }

    /// The public key alone: an uncompressed point, Ed25519's 32 bytes, or an `RSAPublicKey`.
    pub fn point(&self) -> &[u8] {
        match self {
            Self::P256(pair) | Self::P384(pair) | Self::P521(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
            Self::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    pub fn spki(&self) -> Vec<u8> {
        let ec = |curve| der::sequence(&[der::oid("1.2.840.10045.2.1"), der::oid(curve)]);
        let algorithm = match self {
            Self::P256(_) => ec("1.2.840.10045.3.1.7"),
            Self::P384(_) => ec("1.3.132.0.34"),
            Self::P521(_) => ec("1.3.132.0.35"),
            Self::Ed25519(_) => der::sequence(&[der::oid("1.3.101.112")]),
            Self::Rsa(_) => der::sequence(&[der::oid("1.2.840.113549.1.1.1"), der::null()]),
        };
        der::sequence(&[algorithm, der::bits(self.point())])
    }

    /// The AlgorithmIdentifier of this key's signatures.
    pub fn signature_algorithm(&self) -> Vec<u8> {
        let mut parts = vec![der::oid(match self {
            Self::P256(_) => "1.2.840.10045.4.3.2",
            Self::P384(_) => "1.2.840.10045.4.3.3",
            Self::P521(_) => "1.2.840.10045.4.3.4",
            Self::Ed25519(_) => "1.3.101.112",
            Self::Rsa(_) => "1.2.840.113549.1.1.13",
        })];
        parts.extend(matches!(self, Self::Rsa(_)).then(der::null));
        der::sequence(&parts)
    }

    /// The name in Sigstore's `PublicKeyDetails`.
    pub fn details(&self) -> &'static str {
        match self {
            Self::P256(_) => "PKIX_ECDSA_P256_SHA_256",
            Self::P384(_) => "PKIX_ECDSA_P384_SHA_384",
            Self::P521(_) => "PKIX_ECDSA_P521_SHA_512",
            Self::Ed25519(_) => "PKIX_ED25519",
            // None has SHA-512.
            Self::Rsa(_) => "PKIX_RSA_PKCS1V15_2048_SHA256",
        }
    }

    /// SHA-256 of the SubjectPublicKeyInfo: the id of a CT log or of a Rekor v1 log.
    pub fn id(&self) -> [u8; 32] {
        Sha256::digest(self.spki()).into()
    }

    /// The public key in PEM.
    pub fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.spki())
    }
}

/// PEM of RFC 7468: lines of 64 characters.
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out + &format!("-----END {label}-----\n")
}
