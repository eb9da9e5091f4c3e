//! Trust material, ready for use: `trusted_root.json` and the npm registry's keys.
//!
//! TUF, or the user, vouches for the bytes; this module does not know how they came. Keys and authorities
//! whose window has ended stay, because they vouch for what was signed in it. Keys that cannot be used are
//! set aside and listed, so that evidence which does not rest on them still verifies.

mod anchor;
mod difference;
pub mod instance;
mod keys;
mod root;

use std::collections::{BTreeMap, BTreeSet};

use sigstore_trust_root::{TransparencyLog, TrustedRoot};
use sigstore_types::TimeRange;
use sigstore_verify::Verifier;

pub use anchor::{Anchor, AnchorKind, SetAside};
pub use difference::Difference;
pub use keys::{KeyUsage, NpmKey, NpmKeys};
pub use root::json_line;
pub(in crate::core) use root::known_key;

use crate::core::{
    addresses, limits,
    package::digest::{Algorithm, Digest, Hasher},
    time::{self, Time},
    verdict::CertificateIdentity,
};

/// Why trust material cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not a `TrustedRoot` message of protobuf-specs.
    #[error("malformed trusted root: {0}")]
    MalformedRoot(String),
    /// A media type that is not a trusted root's.
    #[error("{0:?} is not the media type of a trusted root")]
    MediaType(String),
    /// More logs than any instance has.
    #[error("{0} logs in the trusted root, more than {max}", max = limits::LOGS)]
    TooManyLogs(usize),
    /// Not npm's `keys.json` in the form of its TUF target.
    #[error("malformed npm keys for {registry}: {detail}")]
    MalformedKeys {
        /// The registry that they are for.
        registry: String,
        /// What is wrong.
        detail: String,
    },
    /// Not the address of a registry.
    #[error("{0:?} is not an address of a registry")]
    Registry(String),
    /// An identity was given twice for one registry.
    #[error("registry {0} has two identities")]
    RepeatedPublisher(String),
}

/// A window of validity, both ends inclusive (protobuf-specs, `TimeRange`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// The first moment; `None` where the material sets no window.
    pub start: Option<Time>,
    /// The last moment; `None` where it has no known end.
    pub end: Option<Time>,
}

impl Window {
    /// Whether `time` lies in it.
    pub fn contains(self, time: Time) -> bool {
        self.start.is_none_or(|start| time >= start) && self.end.is_none_or(|end| time <= end)
    }

    fn from_range(range: Option<TimeRange>) -> Self {
        Self {
            start: range.map(|range| time::from_jiff(range.start)),
            end: range.and_then(|range| range.end).map(time::from_jiff),
        }
    }
}

/// A transparency log, and a verifier over the trusted root with this log only.
pub(crate) struct Log {
    /// Knows this log and no other.
    pub(crate) verifier: Verifier,
    /// When the log was valid. The verifier does not know this window.
    pub(crate) window: Window,
}

impl Log {
    /// `sigstore-verify` has three gaps: it accepts a checkpoint of any log for an entry of this one, it
    /// accepts a log that had closed before the entry was made, and it judges by the system's clock. So it
    /// is given one log without a window. The window is compared with the time of signing once that is
    /// known.
    fn new(root: &TrustedRoot, log: &TransparencyLog) -> Result<Self, sigstore_verify::Error> {
        let window = Window::from_range(log.public_key.valid_for);
        let mut log = log.clone();
        log.public_key.valid_for = None;
        let mut alone = root.clone();
        alone.tlogs = vec![log];
        Ok(Self { verifier: Verifier::new(&alone)?, window })
    }
}

/// The trust material of one Sigstore instance, checked and indexed once.
pub struct Trust {
    /// Over the whole trusted root.
    verifier: Verifier,
    /// By their ids.
    logs: BTreeMap<Vec<u8>, Log>,
    anchors: Vec<Anchor>,
    set_aside: Vec<SetAside>,
    authority_certificates: BTreeSet<Vec<u8>>,
    npm_keys: Option<NpmKeys>,
    publishers: Vec<(String, CertificateIdentity)>,
    fingerprint: Digest,
}

impl Trust {
    /// Checks and indexes a `trusted_root.json`, and the `keys.json` of a registry.
    ///
    /// # Errors
    /// When one of them is malformed as a whole. Parts that cannot be used are set aside:
    /// see [`Trust::set_aside`].
    pub fn new(trusted_root: &[u8], npm_keys: Option<(&str, &[u8])>) -> Result<Self, TrustError> {
        let root::Parsed { root, mut anchors, mut set_aside } = root::parse(trusted_root)?;
        let mut fingerprint = Hasher::new(Algorithm::Sha256);
        fingerprint.part(trusted_root);
        if let Some((registry, keys)) = npm_keys {
            fingerprint.part(registry.as_bytes());
            fingerprint.part(keys);
        }
        let unusable = |error: sigstore_verify::Error| TrustError::MalformedRoot(error.to_string());
        let verifier = Verifier::new(&root).map_err(unusable)?;
        let logs = root.tlogs.iter().map(|log| {
            let id = log.log_id.key_id.as_bytes().to_vec();
            Log::new(&root, log).map(|log| (id, log)).map_err(unusable)
        });
        let logs = logs.collect::<Result<_, _>>()?;
        let npm_keys = npm_keys.map(|(registry, keys)| parse_keys(registry, keys)).transpose()?;
        if let Some(keys) = &npm_keys {
            anchors.extend_from_slice(keys.anchors());
            set_aside.extend_from_slice(keys.set_aside());
        }
        anchors.sort();
        Ok(Self {
            verifier,
            logs,
            anchors,
            set_aside,
            authority_certificates: root
                .certificate_authorities
                .iter()
                .flat_map(|authority| &authority.cert_chain.certificates)
                .map(|certificate| certificate.raw_bytes.as_bytes().to_vec())
                .collect(),
            npm_keys,
            publishers: Vec::new(),
            fingerprint: fingerprint.finish(),
        })
    }

    /// Also expects publish attestations of this registry that are signed with a certificate to be
    /// for this identity.
    ///
    /// # Errors
    /// When `registry` is not an address, or has an identity already.
    pub fn with_publisher(
        mut self,
        registry: &str,
        identity: CertificateIdentity,
    ) -> Result<Self, TrustError> {
        let registry = addresses::registry(registry)
            .ok_or_else(|| TrustError::Registry(registry.to_owned()))?;
        if self.publishers.iter().any(|(known, _)| *known == registry) {
            return Err(TrustError::RepeatedPublisher(registry));
        }
        let mut fingerprint = Hasher::new(Algorithm::Sha256);
        for part in [self.fingerprint(), registry.as_bytes()] {
            fingerprint.part(part);
        }
        for part in [&identity.san, &identity.issuer] {
            fingerprint.part(part.as_bytes());
        }
        self.fingerprint = fingerprint.finish();
        self.publishers.push((registry, identity));
        Ok(self)
    }

    /// Two trust materials with the same fingerprint judge everything alike: it is a digest over all that
    /// they were made of.
    pub fn fingerprint(&self) -> &[u8] {
        self.fingerprint.bytes()
    }

    /// The registries whose publishers were named, each with its publisher.
    pub fn publishers(&self) -> &[(String, CertificateIdentity)] {
        &self.publishers
    }

    /// Every key, log and authority of the material, sorted, whether it can be used or not.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// What in the material cannot be used.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// The keys of a registry, by its base address.
    pub fn npm_keys(&self, registry: &str) -> Option<&NpmKeys> {
        let registry = addresses::registry(registry)?;
        self.npm_keys.as_ref().filter(|keys| keys.registry() == registry)
    }

    /// The keys that sign records, as a registry lists them; none where there are none.
    pub fn listed_npm_keys(&self) -> Vec<serde_json::Value> {
        self.npm_keys.as_ref().map(NpmKeys::listed).unwrap_or_default()
    }

    /// The identity that must sign a registry's publish attestations, by its base address;
    /// `None` where nobody said.
    pub fn publisher(&self, registry: &str) -> Option<&CertificateIdentity> {
        let registry = addresses::registry(registry)?;
        self.publishers.iter().find(|(known, _)| *known == registry).map(|(_, identity)| identity)
    }

    /// Whether any registry has a key of this id.
    pub fn knows_npm_key(&self, keyid: &str) -> bool {
        self.npm_keys.as_ref().is_some_and(|keys| keys.knows(keyid))
    }

    /// `sigstore-verify` over the same trusted root, for bundles without a log entry.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Whether the instance has an anchor of that kind, of which none may be usable. GitHub's has no
    /// logs: its evidence rests on timestamps, and there is nothing that a log entry could be
    /// checked against.
    pub(crate) fn has(&self, kind: AnchorKind) -> bool {
        self.anchors.iter().any(|anchor| anchor.kind == kind)
    }

    /// Why the transparency log of this id cannot be used, if it is in the trusted root.
    pub(crate) fn unusable_log(&self, id: &[u8]) -> Option<&SetAside> {
        let id = hex::encode(id);
        self.set_aside.iter().find(|other| {
            other.kind == AnchorKind::TransparencyLog && other.id.as_deref() == Some(&*id)
        })
    }

    /// The transparency log of this id.
    pub(crate) fn log(&self, id: &[u8]) -> Option<&Log> {
        self.logs.get(id)
    }

    /// Whether the trusted root holds this very certificate as (part of) an authority.
    pub(crate) fn holds_authority(&self, der: &[u8]) -> bool {
        self.authority_certificates.contains(der)
    }
}

fn parse_keys(registry: &str, bytes: &[u8]) -> Result<NpmKeys, TrustError> {
    let registry =
        addresses::registry(registry).ok_or_else(|| TrustError::Registry(registry.to_owned()))?;
    NpmKeys::parse(&registry, bytes)
        .map_err(|detail| TrustError::MalformedKeys { registry: registry.clone(), detail })
}

#[cfg(test)]
mod tests {
    use super::{instance::Instance, *};

    const ROOT: &[u8] =
        include_bytes!("../../tests/data/corpus/trust/public-good.root-signing.json");
    const KEYS: &[u8] = include_bytes!("../../tests/data/corpus/trust/npm-keys.json");

    #[test]
    fn lists_the_anchors_of_the_public_good_instance() {
        let trust = Trust::new(ROOT, Some(("https://registry.example/", KEYS))).unwrap();
        let count = |kind| trust.anchors().iter().filter(|anchor| anchor.kind == kind).count();
        assert_eq!(count(AnchorKind::TransparencyLog), 2);
        assert_eq!(count(AnchorKind::CertificateLog), 2);
        assert_eq!(count(AnchorKind::CertificateAuthority), 2);
        assert_eq!(count(AnchorKind::TimestampAuthority), 1);
        assert_eq!(count(AnchorKind::NpmKey), 4);
        assert_eq!(trust.npm_keys("https://registry.example").unwrap().keys().len(), 4);
        assert!(trust.npm_keys("https://other.example").is_none());
    }

    #[test]
    fn lists_every_anchor_with_its_window() {
        let instance = Instance::public_good();
        let material = instance.embedded.unwrap();
        let trust = instance.trust(material.trusted_root, material.npm_keys).unwrap();
        let of = |kind| trust.anchors().iter().filter(move |anchor| anchor.kind == kind);
        assert!(of(AnchorKind::TransparencyLog).next().unwrap().name.starts_with("https://"));
        let old = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";
        let ended = of(AnchorKind::NpmKey).find(|anchor| anchor.id == old).unwrap();
        assert_eq!(ended.window.end, time::parse("2025-01-29T00:00:00Z"));
        let github = Instance::github();
        let trust = github.trust(github.embedded.unwrap().trusted_root, None).unwrap();
        assert!(trust.has(AnchorKind::TimestampAuthority));
    }

    #[test]
    fn a_trusted_root_fits_on_one_line() {
        let material = Instance::github().embedded.unwrap();
        let line = json_line(material.trusted_root).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(value(line.as_bytes()), value(material.trusted_root));
        assert!(matches!(json_line(b"<html>"), Err(TrustError::MalformedRoot(_))));
    }

    #[test]
    fn what_is_no_trust_material_is_refused() {
        assert!(matches!(Trust::new(b"{}", None), Err(TrustError::MalformedRoot(_))));
        let text = String::from_utf8(ROOT.to_vec()).unwrap();
        let other = text.replace("sigstore.trustedroot", "sigstore.other");
        assert!(matches!(Trust::new(other.as_bytes(), None), Err(TrustError::MediaType(_))));
        assert!(matches!(
            Trust::new(ROOT, Some(("https://r.example", b"[]"))),
            Err(TrustError::MalformedKeys { .. })
        ));
        assert!(matches!(Trust::new(ROOT, Some(("r", KEYS))), Err(TrustError::Registry(_))));
    }

    #[test]
    fn logs_are_as_many_as_the_limit() {
        let with = |number: usize| {
            let mut root: serde_json::Value = serde_json::from_slice(ROOT).unwrap();
            let log = root["tlogs"][0].clone();
            let logs = (0..number).map(|number| {
                let mut log = log.clone();
                log["logId"]["keyId"] = format!("{number:0>42}A=").into();
                log
            });
            root["tlogs"] = logs.collect();
            Trust::new(root.to_string().as_bytes(), None).map(|trust| trust.logs.len())
        };
        assert_eq!(with(limits::LOGS), Ok(limits::LOGS));
        assert_eq!(with(limits::LOGS + 1), Err(TrustError::TooManyLogs(limits::LOGS + 1)));
    }

    #[test]
    fn whatever_it_is_made_of_changes_its_fingerprint() {
        let keys = Some(("https://r.example", KEYS));
        let of = |root: &[u8], keys| Trust::new(root, keys).unwrap();
        let identity =
            |san: &str| CertificateIdentity { san: san.into(), issuer: "https://i.example".into() };
        let published =
            |san| of(ROOT, keys).with_publisher("https://r.example", identity(san)).unwrap();
        let longer = [KEYS, b"\n"].concat();
        let all = [
            of(ROOT, None),
            of(ROOT, keys),
            of(&[ROOT, b"\n"].concat(), keys),
            of(ROOT, Some(("https://r.example", &longer))),
            of(ROOT, Some(("https://other.example", KEYS))),
            published("a"),
            published("b"),
        ];
        let different: BTreeSet<_> = all.iter().map(Trust::fingerprint).collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(of(ROOT, keys).fingerprint(), of(ROOT, keys).fingerprint());
    }

    #[test]
    fn windows_include_both_ends() {
        let at = |text| time::parse(text).unwrap();
        let window = Window {
            start: Some(at("2025-01-13T00:00:00Z")),
            end: Some(at("2025-01-29T00:00:00Z")),
        };
        assert!(!window.contains(at("2025-01-12T23:59:59Z")));
        assert!(window.contains(at("2025-01-13T00:00:00Z")));
        assert!(window.contains(at("2025-01-29T00:00:00Z")));
        assert!(!window.contains(at("2025-01-29T00:00:01Z")));
        assert!(Window { start: None, end: None }.contains(at("1970-01-01T00:00:00Z")));
    }
}
