//! The signed statements of sealift, verified by the crate `sigstore`: what it makes of cosign's keys
//! shares no code with sealift.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing)] // reads files

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealift::app::{
    Silent,
    keys::{KeyAlgorithm, generate, public_path, signing},
    statement::{PAYLOAD_TYPE, sign},
};
use sigstore::crypto::{CosignVerificationKey, Signature};

/// The bytes that were signed, as the DSSE specification says, and the signature.
fn signed(envelope: &[u8]) -> (Vec<u8>, String) {
    let envelope: serde_json::Value = serde_json::from_slice(envelope).unwrap();
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let kind = envelope["payloadType"].as_str().unwrap();
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    (bytes, envelope["signatures"][0]["sig"].as_str().unwrap().to_owned())
}

fn peer(folder: &Path, name: &str) -> CosignVerificationKey {
    let pem = fs::read(public_path(&folder.join(name))).unwrap();
    CosignVerificationKey::try_from_pem(&pem).unwrap()
}

#[test]
fn what_a_key_signed_is_accepted_and_what_was_changed_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [("ed25519", KeyAlgorithm::Ed25519), ("p256", KeyAlgorithm::EcdsaP256)];
    for (name, kind) in kinds {
        generate(&folder.path().join(name), kind).unwrap();
    }
    for (name, _) in kinds {
        let key = signing(&folder.path().join(name), &mut Silent).unwrap();
        let envelope = sign(PAYLOAD_TYPE, b"{\"_type\":\"x\"}", &key).unwrap();
        let (mut bytes, sig) = signed(&envelope);
        let accepts = |bytes: &[u8], by: &str| {
            let sig = Signature::Base64Encoded(sig.as_bytes());
            peer(folder.path(), by).verify_signature(sig, bytes).is_ok()
        };
        for (other, _) in kinds {
            assert_eq!(accepts(&bytes, other), other == name, "{name} by {other}");
        }
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        assert!(!accepts(&bytes, name), "{name}");
    }
}
