//! What trust material holds, as `trust show` and `trust diff` tell it: keys, logs, certificate
//! authorities, each with its window.
//!
//! A reading for people, of material that TUF or the user vouches for. Verification has its own.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{Change, State};
use crate::core::{
    package::digest::Algorithm,
    time::{self, Time},
};

/// What an item of trust material is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A certificate authority that issues signing certificates (Fulcio).
    CertificateAuthority,
    /// A log of certificates.
    CertificateLog,
    /// A log of signatures (Rekor).
    TransparencyLog,
    /// An RFC 3161 timestamp authority.
    TimestampAuthority,
    /// A key that the npm registry signs with.
    NpmKey,
}

impl Kind {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CertificateAuthority => "certificate authority",
            Self::CertificateLog => "certificate log",
            Self::TransparencyLog => "transparency log",
            Self::TimestampAuthority => "timestamp authority",
            Self::NpmKey => "npm key",
        }
    }
}

/// One key, log or authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What it is for.
    pub kind: Kind,
    /// Its address; for an npm key, its use.
    pub name: String,
    /// A log's or key's id; of an authority, the SHA-256 of its first certificate.
    pub id: String,
    /// From when on it is valid, if that is bounded.
    pub start: Option<Time>,
    /// Until when it is valid, that instant included, if that is bounded.
    pub end: Option<Time>,
}

/// Trust material that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} is malformed: {detail}")]
pub struct MaterialError {
    /// `trusted_root.json` or `keys.json`.
    pub file: &'static str,
    /// What is wrong.
    pub detail: String,
}

/// What differs between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Roles in another version.
    pub roles: Vec<Change>,
    /// Items that were not there before.
    pub added: Vec<Item>,
    /// Items whose window is another now, as they are now; most often, it was closed.
    pub changed: Vec<Item>,
    /// Items that are gone.
    pub removed: Vec<Item>,
}

/// The items of `trusted_root.json` and of npm's `keys.json`, sorted.
///
/// # Errors
/// When one of the two is not what it should be.
pub fn items(trusted_root: &[u8], npm_keys: Option<&[u8]>) -> Result<Vec<Item>, MaterialError> {
    let root: TrustedRoot = parse("trusted_root.json", trusted_root)?;
    let logs = |kind, logs: Vec<Log>| logs.into_iter().map(move |log| log.item(kind));
    let authorities = |kind, all: Vec<Authority>| all.into_iter().map(move |it| it.item(kind));
    let mut items: Vec<Item> = logs(Kind::TransparencyLog, root.tlogs)
        .chain(logs(Kind::CertificateLog, root.ctlogs))
        .chain(authorities(Kind::CertificateAuthority, root.certificate_authorities))
        .chain(authorities(Kind::TimestampAuthority, root.timestamp_authorities))
        .collect();
    if let Some(keys) = npm_keys {
        let keys: NpmKeys = parse("keys.json", keys)?;
        items.extend(keys.keys.into_iter().map(|key| {
            let (start, end) = window(key.public_key.valid_for);
            Item { kind: Kind::NpmKey, name: key.key_usage, id: key.key_id, start, end }
        }));
    }
    items.sort();
    Ok(items)
}

impl State {
    /// The items of its trust material.
    ///
    /// # Errors
    /// When the material is not what it should be.
    pub fn items(&self) -> Result<Vec<Item>, MaterialError> {
        items(self.trusted_root().unwrap_or_default(), self.npm_keys())
    }

    /// What differs in `new`, this state being the old one.
    ///
    /// # Errors
    /// When the material of one is not what it should be.
    pub fn difference(&self, new: &Self) -> Result<Difference, MaterialError> {
        let (before, after) = (self.items()?, new.items()?);
        Ok(Difference { roles: self.changes(new), ..difference(&before, &after) })
    }
}

/// What differs between two lists of items.
pub fn difference(before: &[Item], after: &[Item]) -> Difference {
    let key = |item: &Item| (item.kind, item.name.clone(), item.id.clone());
    let old: BTreeMap<_, _> = before.iter().map(|item| (key(item), item)).collect();
    let new: BTreeMap<_, _> = after.iter().map(|item| (key(item), item)).collect();
    let missing_in = |other: &BTreeMap<_, &Item>, items: &[Item]| -> Vec<Item> {
        items.iter().filter(|item| !other.contains_key(&key(item))).cloned().collect()
    };
    let changed = new.iter().filter(|(key, item)| old.get(*key).is_some_and(|it| it != *item));
    Difference {
        roles: Vec::new(),
        added: missing_in(&old, after),
        changed: changed.map(|(_, item)| (*item).clone()).collect(),
        removed: missing_in(&new, before),
    }
}

/// `trusted_root.json` on one line, the form of which `gh attestation verify
/// --custom-trusted-root` takes one line an instance.
///
/// # Errors
/// When it is not JSON.
pub fn json_line(trusted_root: &[u8]) -> Result<String, MaterialError> {
    let value: serde_json::Value = parse("trusted_root.json", trusted_root)?;
    Ok(format!("{value}\n"))
}

fn parse<'a, T: Deserialize<'a>>(file: &'static str, bytes: &'a [u8]) -> Result<T, MaterialError> {
    let malformed = |error: serde_json::Error| MaterialError { file, detail: error.to_string() };
    serde_json::from_slice(bytes).map_err(malformed)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrustedRoot {
    #[serde(default)]
    tlogs: Vec<Log>,
    #[serde(default)]
    ctlogs: Vec<Log>,
    #[serde(default)]
    certificate_authorities: Vec<Authority>,
    #[serde(default)]
    timestamp_authorities: Vec<Authority>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(default)]
    base_url: String,
    public_key: PublicKey,
    log_id: LogId,
}

impl Log {
    fn item(self, kind: Kind) -> Item {
        let (start, end) = window(self.public_key.valid_for);
        Item { kind, name: self.base_url, id: self.log_id.key_id, start, end }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogId {
    key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicKey {
    #[serde(default)]
    valid_for: Window,
}

#[derive(Deserialize, Default)]
struct Window {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authority {
    #[serde(default)]
    uri: String,
    cert_chain: Chain,
    #[serde(default)]
    valid_for: Window,
}

impl Authority {
    fn item(self, kind: Kind) -> Item {
        let (start, end) = window(self.valid_for);
        let first = self.cert_chain.certificates.first().map(|it| it.raw_bytes.as_str());
        let der = STANDARD.decode(first.unwrap_or_default()).unwrap_or_default();
        let id = format!("sha256:{}", Algorithm::Sha256.digest(&der).to_hex());
        Item { kind, name: self.uri, id, start, end }
    }
}

#[derive(Deserialize)]
struct Chain {
    #[serde(default)]
    certificates: Vec<Certificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    raw_bytes: String,
}

#[derive(Deserialize)]
struct NpmKeys {
    keys: Vec<NpmKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NpmKey {
    key_id: String,
    key_usage: String,
    public_key: PublicKey,
}

fn window(window: Window) -> (Option<Time>, Option<Time>) {
    let time = |text: Option<String>| text.and_then(|text| time::parse(&text));
    (time(window.start), time(window.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::trust::instance::Instance;

    fn public_good() -> Vec<Item> {
        let material = Instance::public_good().embedded.unwrap();
        items(material.trusted_root, material.npm_keys).unwrap()
    }

    #[test]
    fn every_kind_is_told_with_its_window() {
        let items = public_good();
        let of = |kind| items.iter().filter(|item| item.kind == kind).collect::<Vec<_>>();
        assert_eq!(of(Kind::NpmKey).len(), 4);
        assert_eq!(of(Kind::CertificateAuthority).len(), 2);
        assert!(of(Kind::TransparencyLog)[0].name.starts_with("https://"));
        let old = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";
        let ended = of(Kind::NpmKey).into_iter().find(|item| item.id == old).unwrap();
        assert_eq!(ended.end, time::parse("2025-01-29T00:00:00Z"));
        let github = Instance::github().embedded.unwrap();
        let items = super::items(github.trusted_root, None).unwrap();
        assert!(items.iter().any(|item| item.kind == Kind::TimestampAuthority));
    }

    #[test]
    fn differences_are_added_changed_and_removed() {
        let after = public_good();
        let mut before = after.clone();
        let added = before.remove(0);
        before[0].end = time::parse("2020-01-01T00:00:00Z");
        let removed = Item { id: "other".to_owned(), ..after[2].clone() };
        before.push(removed.clone());
        let told = difference(&before, &after);
        assert_eq!(told.added, [added]);
        assert_eq!(told.changed, [after[1].clone()]);
        assert_eq!(told.removed, [removed]);
    }

    #[test]
    fn a_trusted_root_fits_on_one_line() {
        let material = Instance::github().embedded.unwrap();
        let line = json_line(material.trusted_root).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(value(line.as_bytes()), value(material.trusted_root));
    }

    #[test]
    fn malformed_material_is_named() {
        let error = items(b"{}", Some(b"[]")).unwrap_err();
        assert_eq!(error.file, "keys.json");
        assert_eq!(items(b"<html>", None).unwrap_err().file, "trusted_root.json");
    }
}
