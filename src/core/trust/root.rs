//! The parties of a `trusted_root.json`, one by one. Which of them can be used is for the verifier
//! of the Sigstore crates to say: it is asked about each alone, since one that it cannot use would
//! make it refuse the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{DerCertificate, DerPublicKey};
use sigstore_verify::{Verifier, crypto::VerificationKey};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use super::{Anchor, AnchorKind, SetAside, TrustError};
use crate::core::{json::objects_only, limits};

objects_only!(Wire<'a>);

/// A trusted root that holds only parts which can be used.
pub(super) struct Parsed {
    pub root: TrustedRoot,
    /// What the file lists, usable or not.
    pub anchors: Vec<Anchor>,
    pub set_aside: Vec<SetAside>,
}

/// Parses a `trusted_root.json`.
///
/// # Errors
/// When the whole is not a trusted root, or has too many logs.
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
        anchors: Vec::new(),
        set_aside: Vec::new(),
    };
    let mut root = sorter.empty.clone();
    root.tlogs =
        sorter.sort(AnchorKind::TransparencyLog, &wire.tlogs, |root, log| root.tlogs = vec![log]);
    root.ctlogs =
        sorter.sort(AnchorKind::CertificateLog, &wire.ctlogs, |root, log| root.ctlogs = vec![log]);
    root.certificate_authorities = sorter.sort(
        AnchorKind::CertificateAuthority,
        &wire.certificate_authorities,
        |root, authority| root.certificate_authorities = vec![authority],
    );
    root.timestamp_authorities = sorter.sort(
        AnchorKind::TimestampAuthority,
        &wire.timestamp_authorities,
        |root, authority| root.timestamp_authorities = vec![authority],
    );
    Ok(Parsed { root, anchors: sorter.anchors, set_aside: sorter.set_aside })
}

/// `trusted_root.json` on one line, the form of which `gh attestation verify
/// --custom-trusted-root` takes one line an instance.
///
/// # Errors
/// When it is not JSON.
pub fn json_line(trusted_root: &[u8]) -> Result<String, TrustError> {
    let value: serde_json::Value = serde_json::from_slice(trusted_root)
        .map_err(|error| TrustError::MalformedRoot(error.to_string()))?;
    Ok(format!("{value}\n"))
}

/// Tells what can be used from what cannot.
struct Sorter {
    empty: TrustedRoot,
    anchors: Vec<Anchor>,
    set_aside: Vec<SetAside>,
}

impl Sorter {
    fn sort<T: DeserializeOwned + Clone + Listed>(
        &mut self,
        kind: AnchorKind,
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
            let anchor = Anchor::read(kind, raw);
            let mut set_aside = |why: &str| self.set_aside.push(SetAside::new(&anchor, index, why));
            match found {
                Ok(one) if is_repeated(&one) => set_aside("another log has the same id"),
                Ok(one) => usable.push(one),
                Err(why) => set_aside(&why),
            }
            self.anchors.push(anchor);
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

/// A party, as the trusted root lists it.
trait Listed {
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
            fn log_id(&self) -> Option<Vec<u8>> {
                Some(self.log_id.key_id.as_bytes().to_vec())
            }
        }
    )+};
}
listed_logs!(TransparencyLog, CertificateTransparencyLog);

impl Listed for sigstore_trust_root::CertificateAuthority {
    /// The first certificate issues; each of those above it is trusted by itself.
    fn require_known_keys(&self) -> Result<(), String> {
        known_keys(self.cert_chain.certificates.iter().map(|one| &one.raw_bytes).take(1))
    }
}

impl Listed for sigstore_trust_root::TimestampAuthority {
    /// The first certificate signs, and each of those above it for the one below.
    fn require_known_keys(&self) -> Result<(), String> {
        known_keys(self.cert_chain.certificates.iter().map(|one| &one.raw_bytes))
    }
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

#[cfg(test)]
mod tests;
