//! A certificate transparency log (RFC 6962): signs timestamps over precertificates.
//!
//! Keeps no tree: Sigstore's clients check the timestamp only.

use super::key::Key;
use super::window::Window;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// The log.
pub struct CtLog {
    /// Its hash is the log's id.
    pub key: Key,
    /// The address in the trusted root.
    pub base_url: String,
    /// When the key is trusted.
    pub window: Window,
}

impl CtLog {
    /// A new log, trusted from `start` on.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self {
            key: Key::p256(),
            base_url: "https://ctfe.sigstore.test/2022".into(),
            window: Window::since(start),
        }
    }

    /// The SignedCertificateTimestampList over a TBSCertificate without that extension
    /// (RFC 6962 §3.2, §3.3).
    pub fn timestamp(&self, tbs: &[u8], issuer_spki: &[u8], at: DateTime<Utc>) -> Vec<u8> {
        let millis = (at.timestamp_millis() as u64).to_be_bytes();
        let mut signed = vec![0, 0]; // v1, certificate_timestamp
        signed.extend(millis);
        signed.extend([0, 1]); // precert_entry
        signed.extend(Sha256::digest(issuer_spki));
        signed.extend(&(tbs.len() as u32).to_be_bytes()[1..]);
        signed.extend(tbs);
        signed.extend([0, 0]); // no extensions

        let mut sct = vec![0]; // v1
        sct.extend(self.key.id());
        sct.extend(millis);
        sct.extend([0, 0]); // no extensions
        sct.extend([4, 3]); // sha256, ecdsa
        sct.extend(prefixed(&self.key.sign(&signed)));
        prefixed(&prefixed(&sct))
    }
}

/// A vector of TLS with two bytes of length.
fn prefixed(content: &[u8]) -> Vec<u8> {
    [&(content.len() as u16).to_be_bytes(), content].concat()
}
