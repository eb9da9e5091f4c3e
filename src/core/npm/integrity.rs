//! Steps 1 and 2: the tarball's bytes, the lockfile's hashes, and the registry's record.
//!
//! The client of the registry compares the same when it fetches
//! (`adapters/registry/npm/expected.rs`), and [`coverage`](crate::core::lockfile::coverage) compares
//! each entry with the archive. The three use the same words.

use serde::Deserialize;

use super::dist::{Dist, Signature};
use crate::core::{
    json::objects_only,
    package::{
        PackageId,
        digest::{Algorithm, Digest, Integrity},
    },
    time::{self, Time},
};

objects_only!(WireRecord, WireManifest);

/// Why bytes are not those that were expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrityRefusal {
    /// The lockfile expects other bytes.
    #[error("the lockfile expects {expected}, the tarball has {found}")]
    Lockfile {
        /// What the lockfile says.
        expected: Digest,
        /// What the tarball is.
        found: Digest,
    },
    /// The registry's record expects other bytes.
    #[error("the registry's record expects {expected}, the tarball has {found}")]
    Record {
        /// What the record says.
        expected: Digest,
        /// What the tarball is.
        found: Digest,
    },
    /// A digest that is needed was not computed.
    #[error("the tarball's {0} digest is needed, and was not computed")]
    NotComputed(Algorithm),
    /// The record cannot be read.
    #[error("malformed registry record: {0}")]
    MalformedRecord(String),
    /// The record is about another package.
    #[error("the registry's record is of {found}, not of {expected}")]
    OtherPackage {
        /// Which package it should be.
        expected: String,
        /// Which it is.
        found: String,
    },
    /// The record gives no hash, or none that its signatures could be over.
    #[error("the registry's record has no integrity")]
    NoIntegrity,
}

impl IntegrityRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lockfile { .. } => "lockfile-mismatch",
            Self::Record { .. } => "record-mismatch",
            Self::NotComputed(_) => "digest-not-computed",
            Self::MalformedRecord(_) => "malformed-record",
            Self::OtherPackage { .. } => "record-of-other-package",
            Self::NoIntegrity => "record-without-integrity",
        }
    }
}

/// The algorithms that a tarball must be hashed with, so that everything can be compared: what
/// npm signs, and the strongest that each lockfile and the registry's record give.
pub(crate) fn algorithms(expected: &[Integrity], record: Option<&[u8]>) -> Vec<Algorithm> {
    // A record that cannot be read gives no hash here. It is refused when it is judged.
    let recorded = record
        .and_then(|bytes| serde_json::from_slice::<WireRecord>(bytes).ok())
        .and_then(|wire| wire.manifest.dist.expected().ok().flatten());
    let mut all: Vec<_> = expected.iter().chain(&recorded).map(Integrity::algorithm).collect();
    all.push(Algorithm::Sha512);
    all.sort();
    all.dedup();
    all
}

/// Step 1: every hash that the lockfiles give at their strongest algorithm. Returns the weakest
/// of these algorithms; `None` if no lockfile gives any.
pub(super) fn lockfile(
    expected: &[Integrity],
    tarball: &[Digest],
) -> Result<Option<Algorithm>, IntegrityRefusal> {
    for digest in expected.iter().flat_map(Integrity::strongest) {
        let found = computed(tarball, digest.algorithm())?;
        if found != digest {
            return Err(IntegrityRefusal::Lockfile {
                expected: digest.clone(),
                found: found.clone(),
            });
        }
    }
    Ok(expected.iter().map(Integrity::algorithm).min())
}

/// A registry's record of one version, whose hash is the tarball's.
#[derive(Debug)]
pub(super) struct RegistryRecord {
    /// The integrity, to the letter: this is what the registry signs. Records from before it, and
    /// those of some private registries, have `shasum` alone.
    pub integrity: Option<String>,
    /// The registry's signatures.
    pub signatures: Vec<Signature>,
    /// When it was published. The registry says so, and nobody signs it.
    pub published: Option<Time>,
    /// Whether the record announces attestations.
    pub announces_attestations: bool,
    /// The predicate type of the provenance that the record announces, if it announces one; empty if it
    /// does not say the type.
    pub announced_provenance: Option<String>,
}

/// Step 2: the record names this package and version, and its hashes are those of the tarball. The hashes
/// are all of the strongest algorithm in `integrity` or, without `integrity`, `shasum`.
pub(super) fn record(
    bytes: &[u8],
    package: &PackageId,
    tarball: &[Digest],
) -> Result<RegistryRecord, IntegrityRefusal> {
    let wire = read(bytes)?;
    for (name, version) in
        [(&wire.name, &wire.version), (&wire.manifest.name, &wire.manifest.version)]
    {
        if name != package.name() || version != package.version() {
            return Err(IntegrityRefusal::OtherPackage {
                expected: package.to_string(),
                found: format!("{name}@{version}"),
            });
        }
    }
    let expected = wire.manifest.dist.expected().map_err(IntegrityRefusal::MalformedRecord)?;
    for digest in expected.ok_or(IntegrityRefusal::NoIntegrity)?.strongest() {
        let found = computed(tarball, digest.algorithm())?;
        if found != digest {
            return Err(IntegrityRefusal::Record {
                expected: digest.clone(),
                found: found.clone(),
            });
        }
    }
    let published = published(wire.time.as_deref())?;
    let dist = wire.manifest.dist;
    let announced = dist.attestations;
    Ok(RegistryRecord {
        integrity: dist.integrity,
        signatures: dist.signatures,
        published,
        announces_attestations: announced.is_some(),
        announced_provenance: announced
            .and_then(|announced| announced.provenance)
            .map(|provenance| provenance.predicate_type.unwrap_or_default()),
    })
}

/// The registry's signatures in a record that was verified, and when it says that it was published.
pub(super) fn signed_and_published(
    bytes: &[u8],
) -> Result<(Vec<Signature>, Option<Time>), IntegrityRefusal> {
    let wire = read(bytes)?;
    Ok((wire.manifest.dist.signatures, published(wire.time.as_deref())?))
}

fn read(record: &[u8]) -> Result<WireRecord, IntegrityRefusal> {
    serde_json::from_slice(record)
        .map_err(|error| IntegrityRefusal::MalformedRecord(error.to_string()))
}

fn published(time: Option<&str>) -> Result<Option<Time>, IntegrityRefusal> {
    let parsed = |text| {
        let malformed = || IntegrityRefusal::MalformedRecord(format!("{text:?} is not a time"));
        time::parse(text).ok_or_else(malformed)
    };
    time.map(parsed).transpose()
}

fn computed(tarball: &[Digest], algorithm: Algorithm) -> Result<&Digest, IntegrityRefusal> {
    tarball
        .iter()
        .find(|digest| digest.algorithm() == algorithm)
        .ok_or(IntegrityRefusal::NotComputed(algorithm))
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct WireRecord {
    name: String,
    version: String,
    time: Option<String>,
    manifest: WireManifest,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct WireManifest {
    name: String,
    version: String,
    dist: Dist,
}

#[cfg(test)]
mod tests;
