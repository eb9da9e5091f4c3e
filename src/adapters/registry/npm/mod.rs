//! An npm registry: collects packages, and what the registry says of them.
//!
//! It fetches bytes and judges only their digests: a tarball that is not the expected one is never kept.
//! Signatures and attestations are kept as received; `core::npm` judges them.

mod answers;
mod cache;
mod collect;
mod config;
mod credentials;
mod error;
mod expected;
mod npmrc;
mod package;
pub mod packument;
mod route;

use std::path::PathBuf;

use url::Url;

pub use cache::Cache;
pub use collect::collect;
pub use config::{ConfigError, RegistryConfig};
pub use credentials::Credentials;
pub use error::{CollectError, Conflict, Conflicts, Unreachable};
pub use expected::{ExpectedBy, Mismatch};
pub use npmrc::{Env, Npmrc, Replaced};
pub use packument::RecordError;

use crate::core::{
    package::{
        PackageId,
        digest::{Digest, Integrity},
    },
    time::Time,
};

/// Where a package comes from, as the lockfile says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CollectableOrigin {
    /// A registry: which one follows from the addresses and the configuration.
    Registry,
    /// A tarball at an address that no registry gives for this package.
    Url(Url),
    /// A tarball of the project, by its absolute path.
    File(PathBuf),
}

/// A package to collect. No two have the same id and origin.
#[derive(Debug, Clone)]
pub struct Collectable {
    /// Its name and version.
    pub id: PackageId,
    /// Where it comes from.
    pub origin: CollectableOrigin,
    /// Every distinct address that entries give, without credentials, query and fragment.
    pub resolved: Vec<Url>,
    /// Every distinct integrity that entries give. The tarball must match all of them.
    pub integrity: Vec<Integrity>,
    /// Whether every entry that needs it is optional: 404 or 410 of the expected registry then
    /// makes it unavailable, and is not a failure.
    pub optional: bool,
}

/// How to collect.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The time of the run: what the registry answers now is answered at this time.
    pub now: Time,
    /// A later answer is an error (`SOURCE_DATE_EPOCH`).
    pub not_after: Option<Time>,
    /// Requests in flight for each host, at most; without it, [`limits::IN_FLIGHT`].
    ///
    /// [`limits::IN_FLIGHT`]: crate::core::limits::IN_FLIGHT
    pub concurrency: Option<usize>,
}

/// A request, and the answer that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredRequest {
    /// The address, without credentials, query and fragment.
    pub url: String,
    /// The status of the answer. A tarball or response from the cache has 200, and an absence
    /// 404 or 410.
    pub status: u16,
    /// When the registry answered so for the first time, to the second. What comes from the cache
    /// keeps this time, so that the same cache gives the same archive.
    pub answered_at: Time,
}

/// A package that was collected, or is known to be unavailable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Its name and version.
    pub id: PackageId,
    /// The registry whose keys and names are expected, in the form of
    /// [`addresses::registry`](crate::core::addresses::registry). `None` for tarballs that are of
    /// no registry.
    pub registry: Option<String>,
    /// The tarball. `None` where the package is unavailable, as `artifact_request` shows, or where
    /// that is missing, `record_request`.
    pub artifact: Option<CollectedTarball>,
    /// The archive's `registry.json`: `{name, version, time, manifest}`, where the manifest is
    /// `versions[version]` byte for byte as received, and the time the packument's, or null.
    pub record: Option<Vec<u8>>,
    /// The attestation response as received.
    pub attestations: Option<Vec<u8>>,
    /// The request for the tarball. `None` for a tarball of the project, and where the packument's
    /// 404 shows that the package is unavailable.
    pub artifact_request: Option<AnsweredRequest>,
    /// The request for the packument. 200 without `record`: it does not list this version. 404 or
    /// 410: the registry has no such package. `None` for tarballs that are of no registry.
    pub record_request: Option<AnsweredRequest>,
    /// The request for the attestations. `None` where the record announces none, where the package
    /// is unavailable, and for tarballs that are of no registry.
    pub attestations_request: Option<AnsweredRequest>,
}

/// A tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedTarball {
    /// Where it is: in the cache, or where the project has it.
    pub path: PathBuf,
    /// The digest that its ecosystem signs.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// What became of all packages.
#[derive(Debug)]
pub struct Collection {
    /// What became of each, in the order of the items.
    pub outcomes: Vec<(PackageId, Result<Collected, CollectError>)>,
    /// The hosts that were given up, sorted.
    pub unreachable: Vec<Unreachable>,
}

/// Hears how far a collection is.
pub trait Progress {
    /// That many packages will be collected.
    fn total(&self, _packages: usize) {}
    /// That many more bytes of tarballs have arrived.
    fn bytes(&self, _bytes: u64) {}
    /// One package is done, collected or not.
    fn done(&self, _id: &PackageId) {}
}
