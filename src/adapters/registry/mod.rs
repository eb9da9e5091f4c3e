//! An npm registry: collects packages, and what the registry says of them.
//!
//! Brings bytes and judges nothing but their digests: a tarball that is not the expected one is
//! never kept. Signatures and attestations are carried as received, for `core::verify` to judge.

mod cache;
mod config;
mod credentials;
mod expected;
mod npm;
mod npmrc;
pub mod packument;

use std::{path::PathBuf, sync::Arc};

use url::Url;

pub use cache::Cache;
pub use config::{ConfigError, RegistryConfig};
pub use credentials::Credentials;
pub use expected::{Mismatch, Source};
pub use npm::collect;
pub use npmrc::{Env, Npmrc};
pub use packument::RecordError;

use crate::{
    adapters::{
        files::FileError,
        network::{Address, NetworkError, TOKEN_HINT},
    },
    core::{
        digest::{Digest, Integrity},
        manifest,
        package::PackageId,
    },
};

/// A package to collect.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its name and version.
    pub id: PackageId,
    /// Where the lockfile says its tarball is.
    pub resolved: Option<Url>,
    /// What the lockfiles expect of the tarball.
    pub integrity: Vec<Integrity>,
}

/// A package that was collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Its name and version.
    pub id: PackageId,
    /// The registry whose keys and names are expected; no slash at the end, no credentials.
    pub registry: String,
    /// The tarball, in the cache.
    pub tarball: PathBuf,
    /// Its digest.
    pub sha512: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The archive's `registry.json`: `{name, version, time, manifest}`, where the manifest is
    /// `versions[version]` byte for byte as received, and the time the packument's, or null.
    pub record: Vec<u8>,
    /// The attestation response as received. `None` where the record names no attestations, and
    /// where it names some and the registry has none (404, as the requests then show).
    pub attestations: Option<Vec<u8>>,
    /// What was asked for it, in this order: packument, tarball, attestations. See
    /// [`collect`] for what their time and status mean.
    pub requests: Vec<manifest::Request>,
}

/// Why a package was not collected.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CollectError {
    /// 404 for the packument.
    #[error("{address}: not in the registry")]
    NotInRegistry {
        /// The packument's address.
        address: Address,
    },
    /// 403 for anything; 404 for a tarball.
    #[error("{address}: status {status}")]
    Status {
        /// What was asked for.
        address: Address,
        /// The answer.
        status: u16,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The registry's record is unusable.
    #[error("{address}: {error}")]
    Record {
        /// The packument's address.
        address: Address,
        /// Why.
        error: RecordError,
    },
    /// The tarball is another one.
    #[error("{address}: {mismatch}")]
    Mismatch {
        /// The tarball's address.
        address: Address,
        /// Which digest.
        mismatch: Mismatch,
    },
    /// Any bytes would do.
    #[error("neither the lockfile nor the registry says which digest the tarball has")]
    NoDigest,
    /// Name and version do not make an address below the registry's.
    #[error("{registry} can have no such package")]
    Address {
        /// The registry.
        registry: String,
    },
    /// The cache failed.
    #[error(transparent)]
    Cache(Arc<FileError>),
}

impl CollectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Network(error) => error.hint(),
            Self::NotInRegistry { .. } => Some(
                "if it is in a private registry, name that with @scope:registry= in .npmrc".into(),
            ),
            Self::Status { status: 403, .. } => Some(TOKEN_HINT.into()),
            Self::Mismatch { mismatch, .. } if mismatch.by == Source::Lockfile => Some(
                "the registry serves other bytes than the lockfile was made with: find out why \
                 before you trust either"
                    .into(),
            ),
            _ => None,
        }
    }
}

impl From<FileError> for CollectError {
    fn from(error: FileError) -> Self {
        Self::Cache(Arc::new(error))
    }
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
