//! A synthetic Sigstore instance: certificate authority, logs, timestamp authority, npm keys.
//!
//! [`Sigstore::provenance`] and [`Sigstore::publish_attestation`] make what npm serves. Every step
//! under them is public too, so that a test can change one thing and have the rest signed
//! consistently:
//!
//! ```
//! # use testkit::sigstore::*;
//! # use chrono::{DateTime, Utc};
//! let at: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
//! let sigstore = Sigstore::new(at - chrono::Duration::days(30));
//! let build = Build::github("acme/widgets");
//! let subject = Subject::npm("@acme/widgets", "1.0.0", &"00".repeat(64));
//!
//! // The certificate names another repository than the predicate.
//! let mut leaf = Leaf::of(&build, at);
//! leaf.claims.set(12, "https://github.com/mallory/widgets");
//! let signer = Signer::Certificate(sigstore.fulcio.issue(&leaf, &sigstore.ct));
//! let statement = statement::provenance(&build, &subject);
//! let bundle = sigstore.attest(&statement, &signer, at, &Options::default());
//! # assert!(bundle["dsseEnvelope"].is_object());
//! ```
//!
//! Certificates start, logs integrate and timestamps are made exactly at the time that is given,
//! in whole seconds.

mod build;
mod bundle;
mod ca;
pub mod cases;
mod claims;
mod ct;
mod der;
mod key;
mod merkle;
mod npm;
mod rekor;
pub mod statement;
pub mod tamper;
mod trusted_root;
mod tsa;
mod window;

pub use build::{Build, Forge};
pub use bundle::{Entry, IN_TOTO, Options, Signer, Version, pae};
pub use ca::{CODE_SIGNING, Certified, Fulcio, Leaf, TIME_STAMPING};
pub use claims::Claims;
pub use ct::CtLog;
pub use key::{Key, pem};
pub use npm::{ATTESTATIONS, NpmKey, SIGNATURES, attestations_response, keys as npm_keys};
pub use rekor::{Receipt, Rekor};
pub use statement::Subject;
pub use tsa::Tsa;
pub use window::Window;

use chrono::{DateTime, Utc};
use serde_json::Value;

/// An instance, with fresh keys. Two instances trust nothing of each other.
pub struct Sigstore {
    /// Issues the certificates.
    pub fulcio: Fulcio,
    /// Signs the timestamps that certificates carry.
    pub ct: CtLog,
    /// Rekor v1, with promises.
    pub rekor: Rekor,
    /// Rekor v2, without.
    pub rekor_v2: Rekor,
    /// Signs the timestamps that bundles carry.
    pub tsa: Tsa,
    /// The registry's keys; the last one is in use.
    pub npm: Vec<NpmKey>,
}

impl Sigstore {
    /// An instance all of whose keys are trusted from `start` on, without end.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self {
            fulcio: Fulcio::new(start),
            ct: CtLog::new(start),
            rekor: Rekor::v1(start),
            rekor_v2: Rekor::v2(start),
            tsa: Tsa::new(start),
            npm: vec![NpmKey::new(Window::since(start))],
        }
    }

    /// The key that the registry signs with.
    pub fn npm_key(&self) -> &NpmKey {
        self.npm.last().expect("a key")
    }

    /// The provenance that npm makes in such a build.
    pub fn provenance(
        &self,
        build: &Build,
        subject: &Subject,
        at: DateTime<Utc>,
        options: &Options,
    ) -> Value {
        let signer = Signer::Certificate(self.fulcio.issue(&Leaf::of(build, at), &self.ct));
        self.attest(&statement::provenance(build, subject), &signer, at, options)
    }

    /// The registry's attestation that it published these bytes, signed with the key in use.
    pub fn publish_attestation(
        &self,
        name: &str,
        version: &str,
        sha512: &str,
        registry: &str,
        at: DateTime<Utc>,
        options: &Options,
    ) -> Value {
        let statement = statement::publish(name, version, sha512, registry);
        self.attest(&statement, &Signer::Npm(self.npm_key().clone()), at, options)
    }

    /// The registry's signature, `{keyid, sig}`, with the key in use.
    pub fn registry_signature(&self, name: &str, version: &str, integrity: &str) -> Value {
        self.npm_key().registry_signature(name, version, integrity)
    }

    /// The registry's keys, as the TUF target's bytes.
    pub fn npm_keys_json(&self) -> String {
        format!("{:#}\n", npm::keys(&self.npm))
    }

    /// The registry's keys, as its own endpoint tells them.
    pub fn registry_keys(&self) -> Value {
        npm::registry_keys(&self.npm)
    }
}
