//! A timestamp authority (RFC 3161).

use super::ca::{self, Certified};
use super::der;
use super::window::Window;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// The authority: a signer under a root of its own.
pub struct Tsa {
    /// Holds the timestamping certificate.
    pub signer: Certified,
    /// Its issuer.
    pub root: Certified,
    /// The address in the trusted root.
    pub uri: String,
    /// When the chain is trusted.
    pub window: Window,
}

impl Tsa {
    /// A new authority, trusted from `start` on.
    pub fn new(start: DateTime<Utc>) -> Self {
        let (signer, root) = ca::timestamping(start);
        let uri = "https://timestamp.sigstore.test/api/v1/timestamp".into();
        Self { signer, root, uri, window: Window::since(start) }
    }

    /// A TimeStampResp over some bytes, without embedded certificates.
    pub fn timestamp(&self, bytes: &[u8], at: DateTime<Utc>) -> Vec<u8> {
        let info = tst_info(bytes, at);
        let attributes = self.signed_attributes(&info, at);
        let signature = self.signer.key.sign(&der::tlv(0x31, &attributes));
        let signer_info = der::sequence(&[
            der::small(1),
            self.signer.issuer_and_serial(&self.root),
            sha256(),
            der::context(0, &attributes),
            self.signer.key.signature_algorithm(),
            der::octets(&signature),
        ]);
        let content = der::sequence(&[der::oid(TST_INFO), der::context(0, &der::octets(&info))]);
        let signed_data = der::sequence(&[
            der::small(3),
            der::set(&[sha256()]),
            content,
            der::set(&[signer_info]),
        ]);
        let granted = der::sequence(&[der::small(0)]);
        let token = der::sequence(&[der::oid(SIGNED_DATA), der::context(0, &signed_data)]);
        der::sequence(&[granted, token])
    }

    /// The content of the SET of signed attributes (RFC 5652 §5.3, RFC 5816 §2.2.1).
    fn signed_attributes(&self, info: &[u8], at: DateTime<Utc>) -> Vec<u8> {
        let attribute = |kind, value: Vec<u8>| der::sequence(&[der::oid(kind), der::set(&[value])]);
        let certificate = der::octets(&Sha256::digest(self.signer.certificate()));
        let certificates = der::sequence(&[der::sequence(&[certificate])]);
        der::sorted(&[
            attribute(CONTENT_TYPE, der::oid(TST_INFO)),
            attribute(SIGNING_TIME, der::time(at)),
            attribute(MESSAGE_DIGEST, der::octets(&Sha256::digest(info))),
            attribute(SIGNING_CERTIFICATE_V2, der::sequence(&[certificates])),
        ])
    }
}

fn tst_info(bytes: &[u8], at: DateTime<Utc>) -> Vec<u8> {
    der::sequence(&[
        der::small(1),
        der::oid("1.3.6.1.4.1.57264.2"), // Sigstore's timestamping policy
        der::sequence(&[sha256(), der::octets(&Sha256::digest(bytes))]),
        ca::serial(),
        der::generalized_time(at),
    ])
}

fn sha256() -> Vec<u8> {
    der::sequence(&[der::oid(SHA256)])
}
