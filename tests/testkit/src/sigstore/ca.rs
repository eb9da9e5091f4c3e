//! Certificate authorities: Fulcio's and the timestamp authority's.

use super::build::Build;
use super::claims::Claims;
use super::ct::CtLog;
use super::der;
use super::key::Key;
use super::window::Window;
use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

/// ExtendedKeyUsage of a signing certificate.
pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// ExtendedKeyUsage of a timestamp authority.
pub const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// A certificate and its private key.
#[derive(Clone)]
pub struct Certified {
    /// The certificate's key pair.
    pub key: Key,
    /// The certificate, then those above it, each in DER.
    pub chain: Vec<Vec<u8>>,
    subject: Vec<u8>,
    serial: Vec<u8>,
}

impl Certified {
    /// The certificate in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.chain[0]
    }

    /// The issuer's name and the serial number, as CMS names a signer.
    pub(super) fn issuer_and_serial(&self, issuer: &Certified) -> Vec<u8> {
        der::sequence(&[issuer.subject.clone(), self.serial.clone()])
    }
}

/// Fulcio: a root and an intermediate, both P-384.
pub struct Fulcio {
    /// The intermediate, whose chain ends in the root.
    pub intermediate: Certified,
    /// The address in the trusted root.
    pub uri: String,
    /// When the chain is trusted; its certificates are valid for longer.
    pub window: Window,
}

impl Fulcio {
    /// A new authority, trusted from `start` on.
    pub fn new(start: DateTime<Utc>) -> Self {
        let validity = Window::new(start, start + Duration::days(3652));
        let root = self_signed("sigstore", validity);
        let profile = vec![usage(CERT_SIGN), eku(CODE_SIGNING, false), ca(Some(0))];
        let request = Request::new("sigstore-intermediate", Key::p384(), validity, profile);
        Self {
            intermediate: issue(request, &root, None),
            uri: "https://fulcio.sigstore.test".into(),
            window: Window::since(start),
        }
    }

    /// Issues a signing certificate for a fresh P-256 key.
    pub fn issue(&self, leaf: &Leaf, ct: &CtLog) -> Certified {
        self.certify(Key::p256(), leaf, ct)
    }

    /// Issues a signing certificate for that key.
    pub fn certify(&self, key: Key, leaf: &Leaf, ct: &CtLog) -> Certified {
        let validity = Window::new(leaf.not_before, leaf.not_after);
        let mut profile = vec![usage(DIGITAL_SIGNATURE), eku(leaf.extended_key_usage, false)];
        profile.push(extension("2.5.29.17", true, &der::sequence(&[leaf.name()])));
        profile.extend(leaf.claims.extensions());
        let request = Request { subject: name(&[]), key, validity, profile };
        issue(request, &self.intermediate, leaf.logged.map(|at| (ct, at)))
    }
}

/// What a signing certificate says.
#[derive(Clone)]
pub struct Leaf {
    /// The subject alternative name.
    pub san: String,
    /// Whether that is a user name, which Fulcio has a kind of its own for, and not a URI.
    pub user_name: bool,
    /// The start of its validity.
    pub not_before: DateTime<Utc>,
    /// The end of its validity, included.
    pub not_after: DateTime<Utc>,
    /// What it says of the build.
    pub claims: Claims,
    /// When the CT log saw the precertificate; without it the certificate carries no SCT.
    pub logged: Option<DateTime<Utc>>,
    /// What the key may be used for, as an object identifier.
    pub extended_key_usage: &'static str,
}

impl Leaf {
    /// What Fulcio writes for a build: valid for ten minutes, logged at once.
    pub fn of(build: &Build, at: DateTime<Utc>) -> Self {
        Self {
            san: build.workflow_uri(),
            user_name: false,
            not_before: at,
            not_after: at + Duration::minutes(10),
            claims: Claims::of(build),
            logged: Some(at),
            extended_key_usage: CODE_SIGNING,
        }
    }
}

impl Leaf {
    fn name(&self) -> Vec<u8> {
        if !self.user_name {
            return der::tlv(0x86, self.san.as_bytes());
        }
        let value = der::context(0, &der::utf8(&self.san));
        der::tlv(0xa0, &[der::oid("1.3.6.1.4.1.57264.1.7"), value].concat())
    }
}

/// The certificate of a timestamp authority, P-256, under a root of its own.
pub(super) fn timestamping(start: DateTime<Utc>) -> (Certified, Certified) {
    let validity = Window::new(start, start + Duration::days(3652));
    let root = self_signed("sigstore-tsa-selfsigned", validity);
    let profile = vec![usage(DIGITAL_SIGNATURE), eku(TIME_STAMPING, true)];
    let request = Request::new("sigstore-tsa", Key::p256(), validity, profile);
    (issue(request, &root, None), root)
}

struct Request {
    subject: Vec<u8>,
    key: Key,
    validity: Window,
    profile: Vec<Vec<u8>>,
}

impl Request {
    fn new(common_name: &str, key: Key, validity: Window, profile: Vec<Vec<u8>>) -> Self {
        let subject = name(&[("2.5.4.10", "sigstore.test"), ("2.5.4.3", common_name)]);
        Self { subject, key, validity, profile }
    }
}

fn self_signed(common_name: &str, validity: Window) -> Certified {
    let profile = vec![usage(CERT_SIGN), ca(None)];
    let request = Request::new(common_name, Key::p384(), validity, profile);
    let issuer = Certified {
        key: request.key.clone(),
        chain: Vec::new(),
        subject: request.subject.clone(),
        serial: Vec::new(),
    };
    issue(request, &issuer, None)
}

/// Signs a certificate (RFC 5280 §4.1), with an SCT over all the rest if a log is given.
fn issue(request: Request, issuer: &Certified, ct: Option<(&CtLog, DateTime<Utc>)>) -> Certified {
    let Request { subject, key, validity, mut profile } = request;
    profile.push(extension("2.5.29.14", false, &der::octets(&key_id(&key))));
    let authority = der::sequence(&[der::tlv(0x80, &key_id(&issuer.key))]);
    profile.push(extension("2.5.29.35", false, &authority));

    let serial = serial();
    let tbs = |extensions: &[Vec<u8>]| {
        der::sequence(&[
            der::context(0, &der::small(2)), // v3
            serial.clone(),
            issuer.key.signature_algorithm(),
            issuer.subject.clone(),
            der::sequence(&[
                der::time(validity.start),
                der::time(validity.end.unwrap_or(validity.start)),
            ]),
            subject.clone(),
            key.spki(),
            der::context(3, &der::sequence(extensions)),
        ])
    };
    if let Some((log, at)) = ct {
        let list = log.timestamp(&tbs(&profile), &issuer.key.spki(), at);
        profile.push(extension("1.3.6.1.4.1.11129.2.4.2", false, &der::octets(&list)));
    }
    let tbs = tbs(&profile);
    let signature = issuer.key.sign(&tbs);
    let certificate =
        der::sequence(&[tbs, issuer.key.signature_algorithm(), der::bits(&signature)]);
    let chain = std::iter::once(certificate).chain(issuer.chain.iter().cloned()).collect();
    Certified { key, chain, subject, serial }
}

const DIGITAL_SIGNATURE: (u8, u8) = (7, 0x80);
/// keyCertSign and cRLSign.
const CERT_SIGN: (u8, u8) = (1, 0x06);

fn usage((unused, bits): (u8, u8)) -> Vec<u8> {
    extension("2.5.29.15", true, &der::named_bits(unused, &[bits]))
}

fn eku(purpose: &str, critical: bool) -> Vec<u8> {
    extension("2.5.29.37", critical, &der::sequence(&[der::oid(purpose)]))
}

fn ca(path_length: Option<u8>) -> Vec<u8> {
    let mut constraints = vec![der::boolean(true)];
    constraints.extend(path_length.map(der::small));
    extension("2.5.29.19", true, &der::sequence(&constraints))
}

fn extension(oid: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![der::oid(oid)];
    parts.extend(critical.then(|| der::boolean(true)));
    parts.push(der::octets(value));
    der::sequence(&parts)
}

fn name(attributes: &[(&str, &str)]) -> Vec<u8> {
    let attribute = |(oid, text): &(&str, &str)| {
        der::set(&[der::sequence(&[der::oid(oid), der::printable(text)])])
    };
    der::sequence(&attributes.iter().map(attribute).collect::<Vec<_>>())
}

/// A key identifier: any function of the key that tells keys apart (RFC 5280 §4.2.1.2).
fn key_id(key: &Key) -> [u8; 20] {
    let digest: [u8; 32] = Sha256::digest(key.point()).into();
    std::array::from_fn(|index| digest[index])
}

pub(super) fn serial() -> Vec<u8> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("randomness");
    der::integer(&bytes)
}
