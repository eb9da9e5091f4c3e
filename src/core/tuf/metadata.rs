//! Reading metadata, and the checks on it that `sigstore-tuf` leaves to its caller.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sigstore_tuf::{Error, Key, Metadata, Role, RoleKeys};
use sigstore_types::SignatureBytes;

use super::MetadataError;
use crate::core::{
    json, limits,
    package::digest::{Algorithm, Digest},
    text::bounded,
    time::{self, Time},
};

/// What reports say of a role's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleInfo {
    /// `root`, `timestamp`, `snapshot`, `targets` or a delegated role's name.
    pub name: String,
    /// The version.
    pub version: u64,
    /// When it expires: from this instant on it is expired.
    pub expires: Time,
    /// Signatures needed.
    pub threshold: usize,
    /// Keys that may sign.
    pub keys: usize,
    /// The published name of its file.
    pub file: String,
}

impl RoleInfo {
    /// Whole days until it expires; negative once it has.
    pub fn days_left(&self, at: Time) -> i64 {
        (self.expires - at).num_seconds().div_euclid(24 * 60 * 60)
    }
}

/// Parses metadata of one role: the form, the type, and the specification's major version.
pub(super) fn parse<T: Role>(role: &str, bytes: &[u8]) -> Result<Metadata<T>, MetadataError> {
    let values = json::values(bytes);
    if values > limits::METADATA_VALUES {
        return Err(MetadataError::TooManyValues { role: role.to_owned(), values });
    }
    let parsed = Metadata::from_slice(bytes).map_err(|error| malformed(role, bytes, &error))?;
    check_form(bytes)
        .map_err(|detail| MetadataError::Malformed { role: role.to_owned(), detail })?;
    Ok(parsed)
}

/// What `sigstore-tuf` is lax about: a field that is there twice, and the form of `expires` (§4.2.1,
/// `YYYY-MM-DDTHH:MM:SSZ`).
fn check_form(bytes: &[u8]) -> Result<(), String> {
    if let Some(key) = json::repeated_key(bytes) {
        return Err(format!("the field {} is there twice", bounded(&key)));
    }
    let signed: Expiring = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let text = &signed.signed.expires;
    let exact = time::parse(text).filter(|time| time::format(*time) == *text);
    match exact.filter(|time| time::to_second(*time) == *time) {
        Some(_) => Ok(()),
        None => Err(format!("expires is {:?}, and not as 2026-11-23T04:00:00Z", bounded(text))),
    }
}

#[derive(Deserialize)]
struct Expiring {
    signed: Expires,
}

#[derive(Deserialize)]
struct Expires {
    expires: String,
}

/// Metadata that does not parse: of another version of the specification, or malformed.
fn malformed(role: &str, bytes: &[u8], error: &Error) -> MetadataError {
    let stated = serde_json::from_slice::<serde_json::Value>(bytes).ok();
    let version = stated.as_ref().and_then(|v| v.pointer("/signed/spec_version")?.as_str());
    match version {
        Some(found) if found.split('.').next() != Some("1") => {
            MetadataError::UnsupportedSpec { role: role.to_owned(), found: found.to_owned() }
        }
        _ => convert(role, error),
    }
}

/// The facts of a refusal by `sigstore-tuf`.
pub(super) fn convert(role: &str, error: &Error) -> MetadataError {
    let role = role.to_owned();
    match error {
        Error::ThresholdNotMet { found, threshold, .. } => {
            MetadataError::Threshold { role, found: *found, threshold: *threshold }
        }
        Error::DuplicateSignature { key_id, .. } => {
            MetadataError::DuplicateSignature { role, keyid: key_id.clone() }
        }
        Error::Rollback { role: named, trusted, new } => {
            // The timestamp's pin of the snapshot is checked for rollback as well (§5.4.3.2).
            let role = if named.starts_with("snapshot") { "snapshot".to_owned() } else { role };
            MetadataError::Rollback { role, trusted: *trusted, offered: *new }
        }
        Error::BadRootVersion { trusted, new } => {
            MetadataError::Version { role, expected: trusted.saturating_add(1), found: *new }
        }
        Error::UnknownRole(missing) => {
            MetadataError::UnknownRole { role: missing.clone(), by: role }
        }
        other => {
            let mut detail = other.to_string();
            let mut source = std::error::Error::source(other);
            while let Some(cause) = source {
                detail = format!("{detail}: {cause}");
                source = cause.source();
            }
            MetadataError::Malformed { role, detail }
        }
    }
}

/// Expired means `expires <= at` (§5.3.10, §5.4.4, §5.5.6, §5.6.5: the expiry must be *higher*
/// than the update start time). Without a reference time nothing expires: local metadata serves
/// as a floor long after it expired.
pub(super) fn check_fresh<T: Role>(
    role: &str,
    signed: &T,
    at: Option<Time>,
) -> Result<(), MetadataError> {
    let expires = time::from_jiff(signed.expires());
    match at {
        Some(at) if expires <= at => {
            Err(MetadataError::Expired { role: role.to_owned(), expires, at })
        }
        _ => Ok(()),
    }
}

/// No larger than `max`. Repositories stop reading there; files that are at hand already, as those
/// of an archive, were read with one limit for all of them.
pub(super) fn check_size(file: &str, bytes: &[u8], max: u64) -> Result<(), MetadataError> {
    let size = bytes.len() as u64;
    if size > max {
        return Err(MetadataError::TooLarge { file: file.to_owned(), size, max });
    }
    Ok(())
}

/// Requires the announced length, if any, and every announced hash of a known algorithm. If hashes are
/// announced, one must be of a known algorithm.
pub(super) fn check_integrity(
    file: &str,
    bytes: &[u8],
    length: Option<u64>,
    hashes: Option<&BTreeMap<String, String>>,
) -> Result<(), MetadataError> {
    let mismatch = |detail| MetadataError::Mismatch { file: file.to_owned(), detail };
    if let Some(length) = length.filter(|&length| length != bytes.len() as u64) {
        return Err(mismatch(format!("{} bytes where {length} are announced", bytes.len())));
    }
    let Some(hashes) = hashes else { return Ok(()) };
    let known: Vec<_> = hashes.iter().filter_map(|(n, hash)| Some((algorithm(n)?, hash))).collect();
    for (algorithm, hash) in &known {
        if Digest::from_hex(*algorithm, hash) != Some(algorithm.digest(bytes)) {
            return Err(mismatch(format!("the {algorithm} digest differs")));
        }
    }
    if known.is_empty() {
        return Err(mismatch("no hash of a known algorithm is announced".to_owned()));
    }
    Ok(())
}

/// The hash that a target is published under: SHA-256 before others.
pub(super) fn published_hash(hashes: &BTreeMap<String, String>) -> Option<&str> {
    let preferred = ["sha256", "sha512"].into_iter().find_map(|name| hashes.get(name));
    let hash = preferred.or_else(|| hashes.values().next())?;
    hash.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(hash)
}

fn algorithm(name: &str) -> Option<Algorithm> {
    Algorithm::from_name(name).filter(|algorithm| !algorithm.is_weak())
}

/// Verifies signatures to the role's threshold, by distinct keys: one key under two ids counts
/// once. `sigstore-tuf` counts key ids.
pub(super) fn check_signed<T: Role>(
    role: &str,
    metadata: &Metadata<T>,
    keys: &BTreeMap<String, Key>,
    role_keys: &RoleKeys,
) -> Result<(), MetadataError> {
    metadata.verify_threshold(keys, role_keys, role).map_err(|error| convert(role, &error))?;
    check_distinct(role, metadata, keys, role_keys)
}

/// The second half of [`check_signed`], for metadata whose threshold is verified already.
///
/// Two ids have the same key where one verifies the other's signature, however the keys are written.
pub(super) fn check_distinct<T: Role>(
    role: &str,
    metadata: &Metadata<T>,
    keys: &BTreeMap<String, Key>,
    role_keys: &RoleKeys,
) -> Result<(), MetadataError> {
    let ids: BTreeSet<&String> = role_keys.keyids.iter().collect();
    let verifies = |key: &Key, signature: &SignatureBytes| {
        key.verify(metadata.signed_canonical(), signature).is_ok()
    };
    let mut signers: Vec<(&Key, SignatureBytes)> = Vec::new();
    for signature in metadata.signatures() {
        // It stops at the threshold. The delegator signed that number, so it bounds the work.
        if signers.len() >= role_keys.threshold {
            return Ok(());
        }
        let key = keys.get(&signature.keyid).filter(|_| ids.contains(&signature.keyid));
        let (Some(key), Ok(raw)) = (key, hex::decode(&signature.sig)) else { continue };
        let raw = SignatureBytes::new(raw);
        let is_new = || {
            !signers.iter().any(|(other, theirs)| verifies(other, &raw) || verifies(key, theirs))
        };
        if verifies(key, &raw) && is_new() {
            signers.push((key, raw));
        }
    }
    if signers.len() < role_keys.threshold {
        return Err(MetadataError::OneKeyTwice {
            role: role.to_owned(),
            distinct: signers.len(),
            threshold: role_keys.threshold,
        });
    }
    Ok(())
}
