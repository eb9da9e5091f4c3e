//! Transparency logs: Rekor v1, which also promises, and Rekor v2, which only proves.

use super::key::{Key, pem};
use super::merkle::Tree;
use super::window::Window;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Mutex;

/// A log that grows with each entry.
pub struct Rekor {
    /// Signs promises and checkpoints.
    pub key: Key,
    /// The address in the trusted root; its host signs the checkpoints.
    pub base_url: String,
    /// When the key is trusted.
    pub window: Window,
    /// The first line of a checkpoint.
    pub origin: String,
    log_id: [u8; 32],
    /// How far the index over all shards runs ahead of the index in this tree.
    shard_offset: usize,
    tree: Mutex<Tree>,
}

/// What the log answers to a new entry.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// `logIndex` and `logId`, and for Rekor v1 `integratedTime`.
    pub entry: Value,
    /// The inclusion promise; Rekor v1 only.
    pub promise: Option<Value>,
    /// The inclusion proof with its checkpoint.
    pub proof: Value,
}

impl Rekor {
    /// A Rekor v1 log: P-256, and a shard that is not the first.
    pub fn v1(start: DateTime<Utc>) -> Self {
        let key = Key::p256();
        Self {
            log_id: key.id(),
            key,
            base_url: "https://rekor.sigstore.test".into(),
            window: Window::since(start),
            origin: "rekor.sigstore.test - 2605736670972794746".into(),
            shard_offset: 4_163_431,
            tree: Mutex::default(),
        }
    }

    /// A Rekor v2 log: Ed25519, with a key id as signed notes define it.
    pub fn v2(start: DateTime<Utc>) -> Self {
        let key = Key::ed25519();
        let origin = "log2025-1.rekor.sigstore.test".to_string();
        let id = Sha256::new().chain_update(&origin).chain_update(b"\n\x01");
        Self {
            log_id: id.chain_update(key.point()).finalize().into(),
            key,
            base_url: format!("https://{origin}"),
            window: Window::since(start),
            origin,
            shard_offset: 0,
            tree: Mutex::default(),
        }
    }

    /// The log's id: of Rekor v1 the hash of its key, of Rekor v2 the note's key id in full.
    pub fn id(&self) -> &[u8; 32] {
        &self.log_id
    }

    /// Logs a canonicalized body. Rekor v1 says and promises when.
    pub fn append(&self, body: &[u8], at: DateTime<Utc>) -> Receipt {
        let (index, proof) = self.grow(body);
        let log_index = index + self.shard_offset;
        let log_id = json!({"keyId": STANDARD.encode(self.log_id)});
        let entry = json!({"logIndex": log_index.to_string(), "logId": log_id});
        match self.key {
            Key::Ed25519(_) => Receipt { entry, promise: None, proof },
            _ => {
                let mut entry = entry;
                entry["integratedTime"] = at.timestamp().to_string().into();
                let promise = self.promise(body, log_index, at);
                Receipt { entry, promise: Some(promise), proof }
            }
        }
    }

    /// Appends to the tree and proves it, against a checkpoint of that very size.
    fn grow(&self, body: &[u8]) -> (usize, Value) {
        let mut tree = self.tree.lock().expect("the tree");
        let index = tree.push(body);
        let (size, root, path) = (tree.size(), tree.root(), tree.proof(index));
        drop(tree);
        let hashes: Vec<String> = path.iter().map(|hash| STANDARD.encode(hash)).collect();
        let proof = json!({
            "logIndex": index.to_string(),
            "rootHash": STANDARD.encode(root),
            "treeSize": size.to_string(),
            "hashes": hashes,
            "checkpoint": {"envelope": self.checkpoint(size, &root)},
        });
        (index, proof)
    }

    /// A signed note over size and root.
    pub fn checkpoint(&self, size: usize, root: &[u8; 32]) -> String {
        let note = format!("{}\n{size}\n{}\n", self.origin, STANDARD.encode(root));
        let name = self.base_url.trim_start_matches("https://");
        let signature = [&self.log_id[..4], &self.key.sign(note.as_bytes())].concat();
        format!("{note}\n\u{2014} {name} {}\n", STANDARD.encode(signature))
    }

    /// The signed entry timestamp, over the entry in canonical JSON.
    fn promise(&self, body: &[u8], log_index: usize, at: DateTime<Utc>) -> Value {
        let payload = json!({
            "body": STANDARD.encode(body),
            "integratedTime": at.timestamp(),
            "logID": hex::encode(self.log_id),
            "logIndex": log_index,
        });
        let signature = self.key.sign(payload.to_string().as_bytes());
        json!({"signedEntryTimestamp": STANDARD.encode(signature)})
    }
}

/// What a log entry is made of.
pub struct Logged<'a> {
    pub payload_type: &'a str,
    pub payload: &'a [u8],
    pub signature: &'a [u8],
    /// The DSSE key id, empty for a certificate.
    pub keyid: &'a str,
    pub verifier: Verifier<'a>,
}

/// Who signed, as the log records it.
pub enum Verifier<'a> {
    /// A certificate in DER.
    Certificate(&'a [u8]),
    /// A bare public key.
    Key(&'a Key),
}

impl Verifier<'_> {
    fn pem(&self) -> String {
        match self {
            Self::Certificate(der) => pem("CERTIFICATE", der),
            Self::Key(key) => key.pem(),
        }
    }
}

/// The canonical body of an `intoto` 0.0.2 entry, whose signature is in base64 twice.
pub fn intoto(logged: &Logged) -> Vec<u8> {
    let signature = STANDARD.encode(logged.signature);
    let mut signer = json!({
        "publicKey": STANDARD.encode(logged.verifier.pem().trim_end()),
        "sig": STANDARD.encode(signature),
    });
    if !logged.keyid.is_empty() {
        signer = json!({
            "keyid": logged.keyid, "publicKey": signer["publicKey"], "sig": signer["sig"],
        });
    }
    let envelope = json!({"payloadType": logged.payload_type, "signatures": [signer]});
    let body = json!({"apiVersion": "0.0.2", "kind": "intoto", "spec": {"content": {
        "envelope": envelope,
        "hash": envelope_hash(logged),
        "payloadHash": sha256(logged.payload),
    }}});
    body.to_string().into_bytes()
}

/// The canonical body of a `dsse` 0.0.1 entry.
pub fn dsse(logged: &Logged) -> Vec<u8> {
    let signature = json!({
        "signature": STANDARD.encode(logged.signature),
        "verifier": STANDARD.encode(logged.verifier.pem()),
    });
    let body = json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {
        "envelopeHash": envelope_hash(logged),
        "payloadHash": sha256(logged.payload),
        "signatures": [signature],
    }});
    body.to_string().into_bytes()
}

/// The canonical body of Rekor v2's `hashedrekord` 0.0.2: the digest is of the DSSE's PAE.
pub fn hashedrekord(logged: &Logged, pae: &[u8]) -> Vec<u8> {
    let mut verifier = json!({"keyDetails": "PKIX_ECDSA_P256_SHA_256"});
    match &logged.verifier {
        Verifier::Certificate(der) => {
            verifier["x509Certificate"] = json!({"rawBytes": STANDARD.encode(der)});
        }
        Verifier::Key(key) => {
            verifier["publicKey"] = json!({"rawBytes": STANDARD.encode(key.spki())});
        }
    }
    let body = json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
        "data": {"algorithm": "SHA2_256", "digest": STANDARD.encode(Sha256::digest(pae))},
        "signature": {"content": STANDARD.encode(logged.signature), "verifier": verifier},
    }}});
    body.to_string().into_bytes()
}

fn sha256(bytes: &[u8]) -> Value {
    json!({"algorithm": "sha256", "value": hex::encode(Sha256::digest(bytes))})
}

/// Rekor also records a hash of the envelope as it was submitted. Few clients check it, since the
/// form of that JSON is not fixed; here it is protobuf's, without empty fields.
fn envelope_hash(logged: &Logged) -> Value {
    let mut signature = json!({"sig": STANDARD.encode(logged.signature)});
    if !logged.keyid.is_empty() {
        signature = json!({"keyid": logged.keyid, "sig": signature["sig"]});
    }
    let envelope = json!({
        "payload": STANDARD.encode(logged.payload),
        "payloadType": logged.payload_type,
        "signatures": [signature],
    });
    sha256(envelope.to_string().as_bytes())
}
