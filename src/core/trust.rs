//! Trust material, ready for use: `trusted_root.json` and the npm registry's keys.
//!
//! Takes bytes that TUF, or the user, vouches for; how they came is not known here. Keys and
//! authorities whose window has ended stay, since they vouch for what was signed in it. Those that
//! cannot be used are set aside and listed, so that what does not rest on them still verifies.

pub mod instance;
mod root;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use sigstore_trust_root::{TransparencyLog, TrustedRoot};
use sigstore_types::TimeRange;
use sigstore_verify::Verifier;

pub use crate::core::npm::keys::{KeyUsage, NpmKey, NpmKeys};
pub(in crate::core) use root::known_key;

use crate::core::{
    addresses, limits,
    time::{self, Time},
    verdict::Identity,
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
    #[error("{0:?} is no address of a registry")]
    Registry(String),
    /// Keys were given twice for one registry.
    #[error("two sets of npm keys for {0}")]
    RepeatedRegistry(String),
    /// An identity was given twice for one registry.
    #[error("registry {0} has two identities")]
    RepeatedPublisher(String),
}

/// A window of validity, both ends inclusive (protobuf-specs, `TimeRange`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What kind of party a line of the summary is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A transparency log (Rekor).
    Log,
    /// A certificate transparency log.
    CertificateLog,
    /// A certificate authority (Fulcio).
    CertificateAuthority,
    /// An RFC 3161 timestamp authority.
    TimestampAuthority,
}

impl Role {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::CertificateLog => "certificate log",
            Self::CertificateAuthority => "certificate authority",
            Self::TimestampAuthority => "timestamp authority",
        }
    }
}

/// One party that the trusted root names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What it does.
    pub role: Role,
    /// Its address, as the trusted root says.
    pub uri: String,
    /// The key id of a log, in hex; `None` for authorities.
    pub log_id: Option<String>,
    /// When it could sign.
    pub window: Window,
}

/// What in trust material cannot be used. Evidence that rests on it is refused, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// What it is.
    pub what: Unusable,
    /// Its place in the list of its kind, from 1.
    pub position: usize,
    /// A party's address, where that can be read.
    pub name: Option<String>,
    /// The id of a log, in hex, or of a key, where that can be read.
    pub id: Option<String>,
    /// Why it cannot be used.
    pub why: String,
}

/// Which one, without the reason.
impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Unusable::Party(role) => write!(f, "{} {}", role.name(), self.position)?,
            Unusable::NpmKey(registry) => write!(f, "key {} of {registry}", self.position)?,
        }
        let named = [&self.name, &self.id].into_iter().flatten();
        named.into_iter().try_for_each(|name| write!(f, ", {name}"))
    }
}

/// What kind of thing cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// A party of the trusted root.
    Party(Role),
    /// A key of this registry.
    NpmKey(String),
}

/// A transparency log, and the rest of the trusted root as far as what it logged is concerned.
pub(crate) struct Log {
    /// Knows this log and no other.
    pub(crate) verifier: Verifier,
    /// When it could vouch for anything. The verifier does not know of it.
    pub(crate) window: Window,
}

impl Log {
    /// `sigstore-verify` would take a checkpoint of any log for an entry of this one, of a log that
    /// has closed for an entry made since, and the system's clock for the time. So it is given one
    /// log without a window, which is held against the time of signing once that is known.
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
    parties: Vec<Party>,
    set_aside: Vec<SetAside>,
    authority_certificates: BTreeSet<Vec<u8>>,
    npm_keys: Vec<(String, NpmKeys)>,
    publishers: Vec<(String, Identity)>,
}

impl Trust {
    /// Checks and indexes a `trusted_root.json`, and npm's `keys.json` of each registry.
    ///
    /// # Errors
    /// When one of them is not what it must be as a whole. What in them cannot be used is set aside:
    /// see [`Trust::set_aside`].
    pub fn new(trusted_root: &[u8], npm_keys: &[(String, Vec<u8>)]) -> Result<Self, TrustError> {
        let root::Parsed { root, parties, mut set_aside } = root::parse(trusted_root)?;
        let unusable = |error: sigstore_verify::Error| TrustError::MalformedRoot(error.to_string());
        let verifier = Verifier::new(&root).map_err(unusable)?;
        let logs = root.tlogs.iter().map(|log| {
            let id = log.log_id.key_id.as_bytes().to_vec();
            Log::new(&root, log).map(|log| (id, log)).map_err(unusable)
        });
        let logs = logs.collect::<Result<_, _>>()?;
        let npm_keys = keys_of_registries(npm_keys)?;
        for (registry, keys) in &npm_keys {
            set_aside.extend(keys.set_aside().iter().map(|key| key.of(registry)));
        }
        Ok(Self {
            verifier,
            logs,
            parties,
            set_aside,
            authority_certificates: root
                .certificate_authorities
                .iter()
                .flat_map(|authority| &authority.cert_chain.certificates)
                .map(|certificate| certificate.raw_bytes.as_bytes().to_vec())
                .collect(),
            npm_keys,
            publishers: Vec::new(),
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
        identity: Identity,
    ) -> Result<Self, TrustError> {
        let registry = addresses::registry(registry)
            .ok_or_else(|| TrustError::Registry(registry.to_owned()))?;
        if self.publishers.iter().any(|(known, _)| *known == registry) {
            return Err(TrustError::RepeatedPublisher(registry));
        }
        self.publishers.push((registry, identity));
        Ok(self)
    }

    /// The registries whose publishers were named, and these.
    pub fn publishers(&self) -> &[(String, Identity)] {
        &self.publishers
    }

    /// Logs and authorities that can be used, in the order of the trusted root.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// What in the material cannot be used.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// The keys of a registry, by its base address.
    pub fn npm_keys(&self, registry: &str) -> Option<&NpmKeys> {
        let registry = addresses::registry(registry)?;
        self.npm_keys.iter().find(|(known, _)| *known == registry).map(|(_, keys)| keys)
    }

    /// Whom the certificates of a registry's publish attestations must be for, by its base address;
    /// `None` where nobody said.
    pub fn publisher(&self, registry: &str) -> Option<&Identity> {
        let registry = addresses::registry(registry)?;
        self.publishers.iter().find(|(known, _)| *known == registry).map(|(_, identity)| identity)
    }

    /// Whether any registry has a key of this id.
    pub fn knows_npm_key(&self, keyid: &str) -> bool {
        self.npm_keys.iter().any(|(_, keys)| keys.knows(keyid))
    }

    /// The verifier of the Sigstore crates over the same trusted root, for what is not logged.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Whether the instance has a party of that kind, of which none may be usable. GitHub's has no
    /// logs: its evidence rests on timestamps, and there is nothing that a log entry could be
    /// checked against.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.parties.iter().any(|party| party.role == role)
            || self.set_aside.iter().any(|other| other.what == Unusable::Party(role))
    }

    /// Why the transparency log of this id cannot be used, if it is in the trusted root.
    pub(crate) fn unusable_log(&self, id: &[u8]) -> Option<&SetAside> {
        let id = hex::encode(id);
        self.set_aside.iter().find(|other| {
            other.what == Unusable::Party(Role::Log) && other.id.as_deref() == Some(&*id)
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

fn keys_of_registries(
    npm_keys: &[(String, Vec<u8>)],
) -> Result<Vec<(String, NpmKeys)>, TrustError> {
    let mut keys: Vec<(String, NpmKeys)> = Vec::with_capacity(npm_keys.len());
    for (registry, bytes) in npm_keys {
        let registry =
            addresses::registry(registry).ok_or_else(|| TrustError::Registry(registry.clone()))?;
        if keys.iter().any(|(known, _)| *known == registry) {
            return Err(TrustError::RepeatedRegistry(registry));
        }
        let parsed = NpmKeys::parse(bytes)
            .map_err(|detail| TrustError::MalformedKeys { registry: registry.clone(), detail })?;
        keys.push((registry, parsed));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &[u8] =
        include_bytes!("../../tests/data/corpus/trust/public-good.root-signing.json");
    const KEYS: &[u8] = include_bytes!("../../tests/data/corpus/trust/npm-keys.json");

    fn keys_for(registry: &str) -> (String, Vec<u8>) {
        (registry.to_owned(), KEYS.to_vec())
    }

    #[test]
    fn the_public_good_instance_is_summarized() {
        let trust = Trust::new(ROOT, &[keys_for("https://registry.example/")]).unwrap();
        let count = |role| trust.parties().iter().filter(|party| party.role == role).count();
        assert_eq!(count(Role::Log), 2);
        assert_eq!(count(Role::CertificateLog), 2);
        assert_eq!(count(Role::CertificateAuthority), 2);
        assert_eq!(count(Role::TimestampAuthority), 1);
        assert_eq!(trust.npm_keys("https://registry.example").unwrap().keys().len(), 4);
        assert!(trust.npm_keys("https://other.example").is_none());
    }

    #[test]
    fn what_is_no_trust_material_is_refused() {
        assert!(matches!(Trust::new(b"{}", &[]), Err(TrustError::MalformedRoot(_))));
        let text = String::from_utf8(ROOT.to_vec()).unwrap();
        let other = text.replace("sigstore.trustedroot", "sigstore.other");
        assert!(matches!(Trust::new(other.as_bytes(), &[]), Err(TrustError::MediaType(_))));
        assert!(matches!(
            Trust::new(ROOT, &[("https://r.example".into(), b"[]".to_vec())]),
            Err(TrustError::MalformedKeys { .. })
        ));
        assert!(matches!(
            Trust::new(ROOT, &[keys_for("https://r"), keys_for("https://r/")]),
            Err(TrustError::RepeatedRegistry(_))
        ));
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
            Trust::new(root.to_string().as_bytes(), &[]).map(|trust| trust.logs.len())
        };
        assert_eq!(with(limits::LOGS), Ok(limits::LOGS));
        assert_eq!(with(limits::LOGS + 1), Err(TrustError::TooManyLogs(limits::LOGS + 1)));
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
