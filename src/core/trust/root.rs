//! The parties of a `trusted_root.json`, one by one. Which of them can be used is for the verifier
//! of the Sigstore crates to say: it is asked about each alone, since one that it cannot use would
//! make it refuse the whole.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{DerCertificate, DerPublicKey, TimeRange};
use sigstore_verify::{Verifier, crypto::VerificationKey};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use super::{Party, Role, SetAside, TrustError, Unusable, Window};
use crate::core::{json::objects_only, limits, text::bounded};

objects_only!(Wire<'a>, Named, NamedLog);

/// A trusted root of nothing but what can be used.
pub(super) struct Parsed {
    pub root: TrustedRoot,
    pub parties: Vec<Party>,
    pub set_aside: Vec<SetAside>,
}

/// Parses a `trusted_root.json`.
///
/// # Errors
/// When the whole is not a trusted root, or has more logs than any.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, TrustError> {
    let malformed = |error: serde_json::Error| TrustError::MalformedRoot(error.to_string());
    let wire: Wire<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
    if !wire.media_type.starts_with("application/vnd.dev.sigstore.trustedroot") {
        return Err(TrustError::MediaType(wire.media_type));
    }
    if wire.tlogs.len() > limits::LOGS {
        return Err(TrustError::TooManyLogs(wire.tlogs.len()));
    }
    let head = serde_json::json!({ "mediaType": wire.media_type });
    let mut sorter = Sorter {
        empty: serde_json::from_value(head).map_err(malformed)?,
        parties: Vec::new(),
        set_aside: Vec::new(),
    };
    let mut root = sorter.empty.clone();
    root.tlogs = sorter.sort(Role::Log, &wire.tlogs, |root, log| root.tlogs = vec![log]);
    root.ctlogs =
        sorter.sort(Role::CertificateLog, &wire.ctlogs, |root, log| root.ctlogs = vec![log]);
    root.certificate_authorities = sorter.sort(
        Role::CertificateAuthority,
        &wire.certificate_authorities,
        |root, authority| root.certificate_authorities = vec![authority],
    );
    root.timestamp_authorities =
        sorter.sort(Role::TimestampAuthority, &wire.timestamp_authorities, |root, authority| {
            root.timestamp_authorities = vec![authority]
        });
    Ok(Parsed { root, parties: sorter.parties, set_aside: sorter.set_aside })
}

/// Tells what can be used from what cannot.
struct Sorter {
    empty: TrustedRoot,
    parties: Vec<Party>,
    set_aside: Vec<SetAside>,
}

impl Sorter {
    fn sort<T: DeserializeOwned + Clone + Listed>(
        &mut self,
        role: Role,
        list: &[&RawValue],
        alone: fn(&mut TrustedRoot, T),
    ) -> Vec<T> {
        let found: Vec<Result<T, String>> =
            list.iter().map(|raw| usable(raw, &self.empty, alone)).collect();
        let mut ids: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        for id in found.iter().flatten().filter_map(Listed::log_id) {
            *ids.entry(id).or_default() += 1;
        }
        let is_repeated =
            |one: &T| one.log_id().is_some_and(|id| ids.get(&id).is_some_and(|number| *number > 1));
        let mut usable = Vec::with_capacity(list.len());
        for (index, (found, raw)) in found.into_iter().zip(list).enumerate() {
            match found {
                Ok(one) if is_repeated(&one) => {
                    let why = "another log has the same id".to_owned();
                    self.set_aside.push(set_aside(role, index, raw, &why));
                }
                Ok(one) => {
                    self.parties.push(one.party(role));
                    usable.push(one);
                }
                Err(why) => self.set_aside.push(set_aside(role, index, raw, &why)),
            }
        }
        usable
    }
}

fn usable<T: DeserializeOwned + Clone + Listed>(
    raw: &RawValue,
    empty: &TrustedRoot,
    alone: fn(&mut TrustedRoot, T),
) -> Result<T, String> {
    let one: T = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
    one.require_known_keys()?;
    let mut root = empty.clone();
    alone(&mut root, one.clone());
    Verifier::new(&root).map_err(|error| error.to_string())?;
    Ok(one)
}

fn set_aside(role: Role, index: usize, raw: &RawValue, why: &str) -> SetAside {
    let named: Named = serde_json::from_str(raw.get()).unwrap_or_default();
    let id = named.log_id.and_then(|log| STANDARD.decode(log.key_id).ok());
    SetAside {
        what: Unusable::Party(role),
        position: index + 1,
        name: named.base_url.or(named.uri).map(|name| bounded(&name)),
        id: id.map(hex::encode),
        why: bounded(why),
    }
}

/// A party, as the trusted root lists it.
trait Listed {
    fn party(&self, role: Role) -> Party;

    /// The id of a log.
    fn log_id(&self) -> Option<Vec<u8>> {
        None
    }

    /// The verifier takes authorities with keys of any kind, and fails later.
    fn require_known_keys(&self) -> Result<(), String> {
        Ok(())
    }
}

macro_rules! listed_logs {
    ($($log:ident),+) => {$(
        impl Listed for sigstore_trust_root::$log {
            fn party(&self, role: Role) -> Party {
                let id = Some(hex::encode(self.log_id.key_id.as_bytes()));
                party(role, self.base_url.clone(), id, self.public_key.valid_for)
            }

            fn log_id(&self) -> Option<Vec<u8>> {
                Some(self.log_id.key_id.as_bytes().to_vec())
            }
        }
    )+};
}
listed_logs!(TransparencyLog, CertificateTransparencyLog);

impl Listed for sigstore_trust_root::CertificateAuthority {
    fn party(&self, role: Role) -> Party {
        party(role, self.uri.clone(), None, self.valid_for)
    }

    /// The first certificate issues; each of those above it is trusted by itself.
    fn require_known_keys(&self) -> Result<(), String> {
        known_keys(self.cert_chain.certificates.iter().map(|one| &one.raw_bytes).take(1))
    }
}

impl Listed for sigstore_trust_root::TimestampAuthority {
    fn party(&self, role: Role) -> Party {
        party(role, self.uri.clone().unwrap_or_default(), None, self.valid_for)
    }

    /// The first certificate signs, and each of those above it for the one below.
    fn require_known_keys(&self) -> Result<(), String> {
        known_keys(self.cert_chain.certificates.iter().map(|one| &one.raw_bytes))
    }
}

fn party(role: Role, uri: String, log_id: Option<String>, window: Option<TimeRange>) -> Party {
    Party { role, uri, log_id, window: Window::from_range(window) }
}

fn known_keys<'a>(chain: impl Iterator<Item = &'a DerCertificate>) -> Result<(), String> {
    for der in chain {
        let certificate = Certificate::from_der(der.as_bytes())
            .map_err(|error| format!("malformed certificate: {error}"))?;
        known_key(&certificate)?;
    }
    Ok(())
}

/// Whether signatures by the key of a certificate can be verified.
///
/// # Errors
/// Says what the key is.
pub(in crate::core) fn known_key(certificate: &Certificate) -> Result<(), String> {
    let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
    let spki = DerPublicKey::new(spki.map_err(|error| error.to_string())?);
    VerificationKey::from_spki(&spki).map(drop).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Wire<'a> {
    media_type: String,
    #[serde(borrow, default)]
    tlogs: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    certificate_authorities: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    ctlogs: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    timestamp_authorities: Vec<&'a RawValue>,
}

/// What a party that cannot be used is called, as far as that can be read.
#[derive(Deserialize, Default)]
#[serde(remote = "Self", rename_all = "camelCase", default)]
struct Named {
    base_url: Option<String>,
    uri: Option<String>,
    log_id: Option<NamedLog>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct NamedLog {
    key_id: String,
}

#[cfg(test)]
mod tests;
