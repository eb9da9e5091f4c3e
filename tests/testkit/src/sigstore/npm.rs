//! The npm registry's keys and what it signs with them.

use super::key::Key;
use super::window::Window;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The usage of a key that signs packages.
pub const SIGNATURES: &str = "npm:signatures";
/// The usage of a key that signs publish attestations.
pub const ATTESTATIONS: &str = "npm:attestations";

/// One key of the registry.
#[derive(Clone)]
pub struct NpmKey {
    /// The key pair.
    pub key: Key,
    /// The name by which signatures refer to it.
    pub keyid: String,
    /// What the key may be used for, and when.
    pub usages: Vec<(String, Window)>,
}

impl NpmKey {
    /// A P-256 key for both usages.
    pub fn new(window: Window) -> Self {
        let usages = [SIGNATURES, ATTESTATIONS].map(|usage| (usage.to_string(), window));
        Self::with_usages(usages.to_vec())
    }

    /// A P-256 key for some usages, each with its own window.
    pub fn with_usages(usages: Vec<(String, Window)>) -> Self {
        let key = Key::p256();
        Self { keyid: keyid(key.point()), key, usages }
    }

    /// The signature that a packument carries in `dist.signatures`.
    pub fn registry_signature(&self, name: &str, version: &str, integrity: &str) -> Value {
        let message = format!("{name}@{version}:{integrity}");
        let signature = self.key.sign(message.as_bytes());
        json!({"keyid": self.keyid, "sig": STANDARD.encode(signature)})
    }
}

/// `SHA256:` and the unpadded base64 of the hash of a P-256 key's OpenSSH wire form (RFC 5656 §3.1).
fn keyid(point: &[u8]) -> String {
    let string = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes(), bytes].concat();
    let wire = [string(b"ecdsa-sha2-nistp256"), string(b"nistp256"), string(point)].concat();
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(wire)))
}

/// The `keys.json` that Sigstore's TUF repository delivers.
pub fn keys(keys: &[NpmKey]) -> Value {
    let entry = |key: &NpmKey, usage: &str, window: &Window| {
        json!({"keyId": key.keyid, "keyUsage": usage, "publicKey": {
            "rawBytes": STANDARD.encode(key.key.spki()),
            "keyDetails": key.key.details(),
            "validFor": window.json(),
        }})
    };
    let entries: Vec<Value> = keys
        .iter()
        .flat_map(|key| key.usages.iter().map(move |(usage, window)| entry(key, usage, window)))
        .collect();
    json!({"keys": entries})
}

/// What the registry's own `/-/npm/v1/keys` answers.
pub fn registry_keys(keys: &[NpmKey]) -> Value {
    let entry = |key: &NpmKey| {
        let ends = key.usages.iter().find(|(usage, _)| usage == SIGNATURES);
        let expires = ends.and_then(|(_, window)| window.json().get("end").cloned());
        json!({
            "expires": expires,
            "keyid": key.keyid,
            "keytype": "ecdsa-sha2-nistp256",
            "scheme": "ecdsa-sha2-nistp256",
            "key": STANDARD.encode(key.key.spki()),
        })
    };
    json!({"keys": keys.iter().map(entry).collect::<Vec<_>>()})
}

/// What the registry's attestations endpoint answers for one version of a package.
pub fn attestations_response(attestations: &[(&str, Value)]) -> Value {
    let entry = |(kind, bundle): &(&str, Value)| json!({"predicateType": kind, "bundle": bundle});
    json!({"attestations": attestations.iter().map(entry).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

    #[test]
    fn the_keyid_is_the_one_that_npm_gave_its_key() {
        let spki = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHc\
                    A5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==";
        let spki = STANDARD.decode(spki).unwrap();
        let point = &spki[spki.len() - 65..];
        assert_eq!(keyid(point), "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA");
    }

    #[test]
    fn a_registry_signature_is_over_name_version_and_integrity() {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let key = NpmKey::new(Window::since(start));
        let signature = key.registry_signature("@acme/widgets", "1.0.0", "sha512-AA==");
        assert_eq!(signature["keyid"], key.keyid);
        let bytes = STANDARD.decode(signature["sig"].as_str().unwrap()).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.key.point());
        assert!(public.verify(b"@acme/widgets@1.0.0:sha512-AA==", &bytes).is_ok());
        assert!(public.verify(b"@acme/widgets@1.0.1:sha512-AA==", &bytes).is_err());
    }

    #[test]
    fn each_usage_of_a_key_has_an_entry_and_a_window() {
        let start = "2026-01-01T00:00:00Z".parse().unwrap();
        let end = "2026-02-01T00:00:00Z".parse().unwrap();
        let key = NpmKey::new(Window::new(start, end));
        let keys = keys(std::slice::from_ref(&key));
        for (index, usage) in [SIGNATURES, ATTESTATIONS].iter().enumerate() {
            let entry = &keys["keys"][index];
            assert_eq!(entry["keyId"], key.keyid);
            assert_eq!(entry["keyUsage"], *usage);
            assert_eq!(
                entry["publicKey"]["validFor"],
                json!({"start": "2026-01-01T00:00:00.000Z", "end": "2026-02-01T00:00:00.000Z"})
            );
        }
        let entry = &registry_keys(&[key])["keys"][0];
        assert_eq!(entry["expires"], "2026-02-01T00:00:00.000Z");
    }
}
