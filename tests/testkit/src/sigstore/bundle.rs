//! Sigstore bundles: what was signed, by whom, and the proof that it was logged.

use super::Sigstore;
use super::ca::Certified;
use super::npm::NpmKey;
use super::rekor::{self, Logged, Receipt, Verifier};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The type of an in-toto payload.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

/// A version of the bundle format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The whole chain, as npm wrote it in 2023.
    V01,
    /// A chain of the signing certificate alone.
    V02,
    /// One certificate.
    V03,
}

/// What the log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Rekor v1, `intoto` 0.0.2.
    Intoto,
    /// Rekor v1, `dsse` 0.0.1.
    Dsse,
    /// Rekor v2, `hashedrekord` 0.0.2.
    HashedRekord,
}

/// What the bundle looks like and which proofs it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The version of the format.
    pub version: Version,
    /// The kind of log entry, and by it the log.
    pub entry: Entry,
    /// Rekor v1's signed entry timestamp.
    pub promise: bool,
    /// The inclusion proof with its checkpoint.
    pub proof: bool,
    /// An RFC 3161 timestamp over the signature.
    pub timestamp: bool,
}

impl Default for Options {
    /// What npm serves today: v0.3 with promise and proof.
    fn default() -> Self {
        let (version, entry) = (Version::V03, Entry::Intoto);
        Self { version, entry, promise: true, proof: true, timestamp: false }
    }
}

impl Options {
    /// As npm served in early 2023: v0.1 with a promise and no proof.
    pub fn v01() -> Self {
        Self { version: Version::V01, proof: false, ..Self::default() }
    }

    /// v0.2 with promise and proof.
    pub fn v02() -> Self {
        Self { version: Version::V02, ..Self::default() }
    }

    /// v0.3 from Rekor v2, with a timestamp.
    pub fn rekor_v2() -> Self {
        Self { entry: Entry::HashedRekord, promise: false, timestamp: true, ..Self::default() }
    }
}

/// Who signs.
#[derive(Clone)]
pub enum Signer {
    /// The holder of a short-lived certificate.
    Certificate(Certified),
    /// The registry, with one of its keys.
    Npm(NpmKey),
}

impl Signer {
    fn keyid(&self) -> &str {
        match self {
            Self::Certificate(_) => "",
            Self::Npm(key) => &key.keyid,
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Certificate(certified) => certified.key.sign(message),
            Self::Npm(npm) => npm.key.sign(message),
        }
    }

    fn verifier(&self) -> Verifier<'_> {
        match self {
            Self::Certificate(certified) => Verifier::Certificate(certified.certificate()),
            Self::Npm(npm) => Verifier::Key(&npm.key),
        }
    }
}

impl Sigstore {
    /// Signs a statement and has it logged; the log and the timestamp say `at`.
    pub fn attest(
        &self,
        statement: &Value,
        signer: &Signer,
        at: DateTime<Utc>,
        options: &Options,
    ) -> Value {
        self.sign_payload(IN_TOTO, statement.to_string().as_bytes(), signer, at, options)
    }

    /// Like [`Sigstore::attest`], for a payload of any type and form.
    pub fn sign_payload(
        &self,
        payload_type: &str,
        payload: &[u8],
        signer: &Signer,
        at: DateTime<Utc>,
        options: &Options,
    ) -> Value {
        let pae = pae(payload_type, payload);
        let signature = signer.sign(&pae);
        let logged = Logged {
            payload_type,
            payload,
            signature: &signature,
            keyid: signer.keyid(),
            verifier: signer.verifier(),
        };
        let mut material = signer_material(signer, options.version);
        material["tlogEntries"] = json!([self.log(&logged, &pae, at, options)]);
        material["timestampVerificationData"] = self.timestamps(&signature, at, options);
        json!({
            "mediaType": media_type(options.version),
            "verificationMaterial": material,
            "dsseEnvelope": {
                "payload": STANDARD.encode(payload),
                "payloadType": payload_type,
                "signatures": [{"sig": STANDARD.encode(&signature), "keyid": signer.keyid()}],
            },
        })
    }

    fn log(&self, logged: &Logged, pae: &[u8], at: DateTime<Utc>, options: &Options) -> Value {
        let (log, kind, version, body) = match options.entry {
            Entry::Intoto => (&self.rekor, "intoto", "0.0.2", rekor::intoto(logged)),
            Entry::Dsse => (&self.rekor, "dsse", "0.0.1", rekor::dsse(logged)),
            Entry::HashedRekord => {
                (&self.rekor_v2, "hashedrekord", "0.0.2", rekor::hashedrekord(logged, pae))
            }
        };
        let Receipt { mut entry, promise, proof } = log.append(&body, at);
        entry["kindVersion"] = json!({"kind": kind, "version": version});
        if let Some(promise) = promise.filter(|_| options.promise) {
            entry["inclusionPromise"] = promise;
        }
        if options.proof {
            entry["inclusionProof"] = proof;
        }
        entry["canonicalizedBody"] = STANDARD.encode(body).into();
        entry
    }

    fn timestamps(&self, signature: &[u8], at: DateTime<Utc>, options: &Options) -> Value {
        let timestamp = || STANDARD.encode(self.tsa.timestamp(signature, at));
        let timestamps: Vec<Value> = options
            .timestamp
            .then(|| json!({"signedTimestamp": timestamp()}))
            .into_iter()
            .collect();
        json!({"rfc3161Timestamps": timestamps})
    }
}

fn media_type(version: Version) -> &'static str {
    match version {
        Version::V01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
        Version::V02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
        Version::V03 => "application/vnd.dev.sigstore.bundle.v0.3+json",
    }
}

fn signer_material(signer: &Signer, version: Version) -> Value {
    let raw = |der: &Vec<u8>| json!({"rawBytes": STANDARD.encode(der)});
    let chain = |certificates: &[Vec<u8>]| {
        let certificates: Vec<Value> = certificates.iter().map(raw).collect();
        json!({"x509CertificateChain": {"certificates": certificates}})
    };
    match (signer, version) {
        (Signer::Npm(key), _) => json!({"publicKey": {"hint": key.keyid}}),
        (Signer::Certificate(signer), Version::V01) => chain(&signer.chain),
        (Signer::Certificate(signer), Version::V02) => chain(&signer.chain[..1]),
        (Signer::Certificate(signer), Version::V03) => {
            json!({"certificate": raw(&signer.chain[0])})
        }
    }
}

/// DSSE's pre-authentication encoding.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}
