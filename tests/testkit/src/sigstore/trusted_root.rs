//! `trusted_root.json`: what a client has to trust to verify what this instance made.

use super::Sigstore;
use super::key::Key;
use super::window::Window;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

impl Sigstore {
    /// The trusted root, with the windows as they are set now.
    pub fn trusted_root(&self) -> Value {
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.rekor_json(&self.rekor), self.rekor_json(&self.rekor_v2)],
            "certificateAuthorities": [authority(
                "sigstore",
                &self.fulcio.uri,
                &self.fulcio.intermediate.chain,
                &self.fulcio.window,
            )],
            "ctlogs": [log(&self.ct.base_url, &self.ct.key, &self.ct.key.id(), &self.ct.window)],
            "timestampAuthorities": [authority(
                "sigstore-tsa-selfsigned",
                &self.tsa.uri,
                &self.tsa.signer.chain,
                &self.tsa.window,
            )],
        })
    }

    /// The trusted root as the TUF target's bytes.
    pub fn trusted_root_json(&self) -> String {
        format!("{:#}\n", self.trusted_root())
    }

    fn rekor_json(&self, rekor: &super::rekor::Rekor) -> Value {
        log(&rekor.base_url, &rekor.key, rekor.id(), &rekor.window)
    }
}

fn log(base_url: &str, key: &Key, id: &[u8; 32], window: &Window) -> Value {
    json!({
        "baseUrl": base_url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": STANDARD.encode(key.spki()),
            "keyDetails": key.details(),
            "validFor": window.json(),
        },
        "logId": {"keyId": STANDARD.encode(id)},
    })
}

fn authority(common_name: &str, uri: &str, chain: &[Vec<u8>], window: &Window) -> Value {
    let certificates: Vec<Value> =
        chain.iter().map(|der| json!({"rawBytes": STANDARD.encode(der)})).collect();
    json!({
        "subject": {"organization": "sigstore.test", "commonName": common_name},
        "uri": uri,
        "certChain": {"certificates": certificates},
        "validFor": window.json(),
    })
}
