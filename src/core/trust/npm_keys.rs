//! npm's `keys.json`, in the form of the TUF target: the keys that a registry signs with.
//!
//! `{"keys": [{"keyId", "keyUsage", "publicKey": {"rawBytes", "keyDetails", "validFor"}}]}`.
//! One key serves two usages under one id, with a window each, so a key is looked up by both.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use sigstore_types::{DerPublicKey, SignatureBytes};
use sigstore_verify::crypto::{SigningScheme, VerificationKey, verify_signature};

use super::Window;
use crate::core::{json::objects_only, time};

objects_only!(Wire, WireKey, WirePublicKey, WireWindow);

/// What a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUsage {
    /// `npm:signatures`: name, version and integrity of a package.
    Signatures,
    /// `npm:attestations`: publish attestations.
    Attestations,
}

impl KeyUsage {
    /// As `keys.json` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Signatures => "npm:signatures",
            Self::Attestations => "npm:attestations",
        }
    }
}

/// One key in one usage.
#[derive(Debug)]
pub struct NpmKey {
    keyid: String,
    usage: KeyUsage,
    spki: DerPublicKey,
    window: Window,
}

impl NpmKey {
    /// The key's id, `SHA256:…`. Opaque: registries choose it.
    pub fn keyid(&self) -> &str {
        &self.keyid
    }

    /// What it may sign.
    pub fn usage(&self) -> KeyUsage {
        self.usage
    }

    /// When it may sign.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The public key, a `SubjectPublicKeyInfo` in DER.
    pub fn spki(&self) -> &DerPublicKey {
        &self.spki
    }

    /// Whether `signature` (ECDSA in DER) over `message` is this key's.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::from_bytes(signature);
        verify_signature(&self.spki, message, &signature, SigningScheme::EcdsaP256Sha256).is_ok()
    }
}

/// The keys of one registry.
#[derive(Debug)]
pub struct NpmKeys(Vec<NpmKey>);

impl NpmKeys {
    /// Parses `keys.json`.
    ///
    /// # Errors
    /// A description of the first thing in it that is not understood: a key passed over in
    /// silence would turn good evidence into bad.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if wire.keys.is_empty() {
            return Err("no keys".to_owned());
        }
        wire.keys.into_iter().map(parse_key).collect::<Result<_, _>>().map(Self)
    }

    /// All keys, as they come.
    pub fn keys(&self) -> &[NpmKey] {
        &self.0
    }

    /// Whether any key has this id, whatever its usage.
    pub fn knows(&self, keyid: &str) -> bool {
        self.0.iter().any(|key| key.keyid == keyid)
    }

    /// The keys of this id and usage: more than one where a window was split.
    pub fn find(&self, keyid: &str, usage: KeyUsage) -> impl Iterator<Item = &NpmKey> {
        self.0.iter().filter(move |key| key.keyid == keyid && key.usage == usage)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Wire {
    keys: Vec<WireKey>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
struct WireKey {
    key_id: String,
    key_usage: String,
    public_key: WirePublicKey,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
struct WirePublicKey {
    raw_bytes: String,
    key_details: String,
    /// Optional in protobuf-specs, where leaving it out would mean "always".
    valid_for: WireWindow,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct WireWindow {
    start: String,
    end: Option<String>,
}

fn parse_key(wire: WireKey) -> Result<NpmKey, String> {
    let keyid = wire.key_id;
    if keyid.is_empty() {
        return Err("a key without an id".to_owned());
    }
    let usage = [KeyUsage::Signatures, KeyUsage::Attestations]
        .into_iter()
        .find(|usage| usage.name() == wire.key_usage)
        .ok_or_else(|| format!("key {keyid}: unknown usage {:?}", wire.key_usage))?;
    if wire.public_key.key_details != "PKIX_ECDSA_P256_SHA_256" {
        return Err(format!("key {keyid}: unsupported kind {:?}", wire.public_key.key_details));
    }
    let der = STANDARD
        .decode(&wire.public_key.raw_bytes)
        .map_err(|error| format!("key {keyid}: {error}"))?;
    let spki = DerPublicKey::new(der);
    let key = VerificationKey::from_spki(&spki).map_err(|error| format!("key {keyid}: {error}"))?;
    if key.scheme() != SigningScheme::EcdsaP256Sha256 {
        return Err(format!("key {keyid}: not a P-256 key"));
    }
    let moment = |text: &str| {
        time::parse(text).ok_or_else(|| format!("key {keyid}: {text:?} is not a time"))
    };
    let WireWindow { start, end } = &wire.public_key.valid_for;
    let window =
        Window { start: Some(moment(start)?), end: end.as_deref().map(moment).transpose()? };
    if window.end.is_some_and(|end| window.start.is_some_and(|start| end < start)) {
        return Err(format!("key {keyid}: the window ends before it starts"));
    }
    Ok(NpmKey { keyid, usage, spki, window })
}

#[cfg(test)]
mod tests {
    use testkit::sigstore::Key;

    use super::*;

    const KEYS: &str = include_str!("../../../tests/data/corpus/trust/npm-keys.json");
    const OLD: &str = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";

    #[test]
    fn a_key_is_found_by_id_and_usage() {
        let keys = NpmKeys::parse(KEYS.as_bytes()).unwrap();
        let found: Vec<_> = keys.find(OLD, KeyUsage::Attestations).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].window().start, time::parse("2022-12-01T00:00:00Z"));
        assert!(keys.knows(OLD) && !keys.knows("SHA256:other"));
        assert_eq!(keys.find("SHA256:other", KeyUsage::Signatures).count(), 0);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (from, to, reason) in [
            ("npm:signatures", "npm:other", "unknown usage"),
            ("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "unsupported kind"),
            ("\"MFkw", "\"MFk", "key SHA256"),
            ("\"keyUsage\"", "\"keyId\"", "duplicate field"),
            ("\"keyUsage\"", "\"keyuse\"", "unknown field"),
            ("\"validFor\"", "\"validfor\"", "unknown field"),
            ("1999-01-01T00:00:00.000Z", "1999", "is not a time"),
            ("1999-01-01T00:00:00.000Z", "2999-01-01T00:00:00Z", "ends before it starts"),
            (OLD, "", "without an id"),
        ] {
            let error = NpmKeys::parse(KEYS.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{from} -> {to}: {error}");
        }
        assert_eq!(NpmKeys::parse(br#"{"keys":[]}"#).unwrap_err(), "no keys");
        let mut keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        keys["keys"][0]["publicKey"]["validFor"] = serde_json::Value::Null;
        assert!(NpmKeys::parse(keys.to_string().as_bytes()).is_err());
        let keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        let list = serde_json::json!([keys["keys"]]).to_string();
        assert!(NpmKeys::parse(list.as_bytes()).unwrap_err().contains("expected an object"));
    }

    #[test]
    fn a_key_is_of_the_kind_that_it_is_said_to_be() {
        let mut keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        for other in [Key::p384(), Key::ed25519()] {
            keys["keys"][0]["publicKey"]["rawBytes"] = STANDARD.encode(other.spki()).into();
            let error = NpmKeys::parse(keys.to_string().as_bytes()).unwrap_err();
            assert!(error.contains("not a P-256 key"), "{error}");
        }
    }
}
