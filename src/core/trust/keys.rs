//! npm's `keys.json`, in the form of the TUF target: the keys that a registry signs with.
//!
//! `{"keys": [{"keyId", "keyUsage", "publicKey": {"rawBytes", "keyDetails", "validFor"}}]}`.
//! One key serves two usages under one id, with a window each, so a key is looked up by both.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;
use sigstore_types::{DerPublicKey, SignatureBytes};
use sigstore_verify::crypto::{SigningScheme, VerificationKey, verify_signature};

use super::{Anchor, AnchorKind, SetAside, Window};
use crate::core::{json::objects_only, time};

objects_only!(Wire<'a>, WireKey, WirePublicKey, WireWindow);

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

    /// When it may sign, both ends included. A publish attestation is judged by the time that the
    /// log or a timestamp authority vouches for, a registry signature as
    /// [`crate::core::npm::registry_signature`] says.
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
pub struct NpmKeys {
    registry: String,
    keys: Vec<NpmKey>,
    anchors: Vec<Anchor>,
    set_aside: Vec<SetAside>,
}

impl NpmKeys {
    /// Parses the `keys.json` of a registry. Keys that cannot be used are set aside.
    ///
    /// # Errors
    /// When it is not a list of keys, or an empty one.
    pub fn parse(registry: &str, bytes: &[u8]) -> Result<Self, String> {
        let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if wire.keys.is_empty() {
            return Err("no keys".to_owned());
        }
        let (mut keys, mut anchors, mut set_aside) = (Vec::new(), Vec::new(), Vec::new());
        for (index, raw) in wire.keys.into_iter().enumerate() {
            let anchor = Anchor::read(AnchorKind::NpmKey, raw);
            let key = serde_json::from_str(raw.get()).map_err(|error| error.to_string());
            match key.and_then(parse_key) {
                Ok(key) => keys.push(key),
                Err(why) => set_aside.push(SetAside {
                    name: Some(registry.to_owned()),
                    ..SetAside::new(&anchor, index, &why)
                }),
            }
            anchors.push(anchor);
        }
        Ok(Self { registry: registry.to_owned(), keys, anchors, set_aside })
    }

    /// The registry whose keys they are.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// What the file lists, usable or not.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// What cannot be used.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Why the key of this id cannot be used, if it can be used for nothing.
    pub fn unusable(&self, keyid: &str) -> Option<&SetAside> {
        self.set_aside.iter().find(|key| key.id.as_deref() == Some(keyid))
    }

    /// The keys that sign records, as a registry lists them at `/-/npm/v1/keys`.
    pub fn listed(&self) -> Vec<serde_json::Value> {
        let signing = self.keys.iter().filter(|key| key.usage == KeyUsage::Signatures);
        let listed = signing.map(|key| {
            serde_json::json!({
                "expires": key.window.end.map(time::format),
                "keyid": key.keyid,
                "keytype": "ecdsa-sha2-nistp256",
                "scheme": "ecdsa-sha2-nistp256",
                "key": STANDARD.encode(key.spki.as_bytes()),
            })
        });
        listed.collect()
    }

    /// All keys, as they come.
    #[cfg(test)]
    pub(in crate::core) fn keys(&self) -> &[NpmKey] {
        &self.keys
    }

    /// Whether any key has this id, whatever its usage.
    pub fn knows(&self, keyid: &str) -> bool {
        self.keys.iter().any(|key| key.keyid == keyid)
    }

    /// The keys of this id and usage: more than one where a window was split.
    pub fn find(&self, keyid: &str, usage: KeyUsage) -> impl Iterator<Item = &NpmKey> {
        self.keys.iter().filter(move |key| key.keyid == keyid && key.usage == usage)
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Wire<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
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

/// The key, or why it cannot be used.
fn parse_key(wire: WireKey) -> Result<NpmKey, String> {
    let WireKey { key_id: keyid, key_usage, public_key: key } = wire;
    if keyid.is_empty() {
        return Err("a key without an id".to_owned());
    }
    let usage = [KeyUsage::Signatures, KeyUsage::Attestations]
        .into_iter()
        .find(|known| known.name() == key_usage)
        .ok_or_else(|| format!("unknown usage {key_usage:?}"))?;
    if key.key_details != "PKIX_ECDSA_P256_SHA_256" {
        return Err(format!("unsupported kind {:?}", key.key_details));
    }
    let der = STANDARD.decode(&key.raw_bytes).map_err(|error| error.to_string())?;
    let spki = DerPublicKey::new(der);
    let parsed = VerificationKey::from_spki(&spki).map_err(|error| error.to_string())?;
    if parsed.scheme() != SigningScheme::EcdsaP256Sha256 {
        return Err("not a P-256 key".to_owned());
    }
    let moment = |text: &str| time::parse(text).ok_or_else(|| format!("{text:?} is not a time"));
    let WireWindow { start, end } = &key.valid_for;
    let window =
        Window { start: Some(moment(start)?), end: end.as_deref().map(moment).transpose()? };
    if window.end.is_some_and(|end| window.start.is_some_and(|start| end < start)) {
        return Err("the window ends before it starts".to_owned());
    }
    Ok(NpmKey { keyid, usage, spki, window })
}

#[cfg(test)]
mod tests {
    use testkit::sigstore::Key;

    use super::*;

    const KEYS: &str = include_str!("../../../tests/data/corpus/trust/npm-keys.json");
    const OLD: &str = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";

    fn parse(bytes: &[u8]) -> Result<NpmKeys, String> {
        NpmKeys::parse("https://r.example", bytes)
    }

    #[test]
    fn a_key_is_found_by_id_and_usage() {
        let keys = parse(KEYS.as_bytes()).unwrap();
        let found: Vec<_> = keys.find(OLD, KeyUsage::Attestations).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].window().start, time::parse("2022-12-01T00:00:00Z"));
        assert!(keys.knows(OLD) && !keys.knows("SHA256:other"));
        assert_eq!(keys.find("SHA256:other", KeyUsage::Signatures).count(), 0);
    }

    /// Why a key is set aside.
    fn set_aside(text: &str) -> Vec<SetAside> {
        parse(text.as_bytes()).unwrap().set_aside
    }

    #[test]
    fn a_key_that_is_not_understood_is_set_aside_and_the_others_stay() {
        for (from, to, reason) in [
            ("npm:signatures", "npm:other", "unknown usage"),
            ("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519", "unsupported kind"),
            ("\"MFkw", "\"MFk", "nvalid"),
            ("\"keyUsage\"", "\"keyuse\"", "unknown field"),
            ("\"validFor\"", "\"validfor\"", "unknown field"),
            ("1999-01-01T00:00:00.000Z", "1999", "is not a time"),
            ("1999-01-01T00:00:00.000Z", "2999-01-01T00:00:00Z", "ends before it starts"),
        ] {
            let changed = KEYS.replacen(from, to, 1);
            let [key] = set_aside(&changed).try_into().unwrap();
            assert!(key.why.contains(reason), "{from} -> {to}: {}", key.why);
            assert_eq!((key.position, key.id.as_deref()), (1, Some(OLD)), "{from} -> {to}");
            let keys = parse(changed.as_bytes()).unwrap();
            assert_eq!(keys.keys().len(), 3);
            assert_eq!(keys.unusable(OLD), Some(&key));
        }
        for (from, to, reason) in
            [("\"keyUsage\"", "\"keyId\"", "duplicate field"), (OLD, "", "without an id")]
        {
            let [key] = set_aside(&KEYS.replacen(from, to, 1)).try_into().unwrap();
            assert!(key.why.contains(reason), "{from} -> {to}: {}", key.why);
        }
        let mut keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        keys["keys"][0]["publicKey"]["validFor"] = serde_json::Value::Null;
        assert_eq!(set_aside(&keys.to_string()).len(), 1);
        keys["keys"][0] = serde_json::json!([1]);
        let [key] = set_aside(&keys.to_string()).try_into().unwrap();
        assert!(key.why.contains("expected an object") && key.id.is_none(), "{}", key.why);
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        assert_eq!(parse(br#"{"keys":[]}"#).unwrap_err(), "no keys");
        let more = KEYS.replacen("\"keys\"", "\"more\":1,\"keys\"", 1);
        assert!(parse(more.as_bytes()).unwrap_err().contains("unknown field"));
        let keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        let list = serde_json::json!([keys["keys"]]).to_string();
        assert!(parse(list.as_bytes()).unwrap_err().contains("expected an object"));
    }

    #[test]
    fn a_key_is_of_the_kind_that_it_is_said_to_be() {
        let mut keys: serde_json::Value = serde_json::from_str(KEYS).unwrap();
        for other in [Key::p384(), Key::ed25519()] {
            keys["keys"][0]["publicKey"]["rawBytes"] = STANDARD.encode(other.spki()).into();
            let [key] = set_aside(&keys.to_string()).try_into().unwrap();
            assert_eq!(key.why, "not a P-256 key");
        }
    }
}
