//! Trusts a private instance, by its root.

use std::path::PathBuf;

use super::BasisError;
use crate::{
    adapters::{files, tuf::TrustStore},
    core::{
        limits,
        package::digest::{Algorithm, Digest},
        tuf::PinnedRoots,
    },
};

/// What to pin.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The file with the root.
    pub root: PathBuf,
    /// A name for the instance.
    pub instance: String,
    /// The address of its TUF repository.
    pub url: String,
    /// The npm registry that it speaks for.
    pub registry: Option<String>,
    /// Whether somebody has compared the fingerprint. Without that nothing is pinned.
    pub confirmed: bool,
    /// The folder of the trust store.
    pub store: PathBuf,
}

/// A root, and what to compare.
#[derive(Debug, Clone)]
pub struct Root {
    /// Its version.
    pub version: u64,
    /// SHA-256 of the file.
    pub fingerprint: Digest,
}

/// Reads a root and, once its fingerprint was confirmed, trusts it.
///
/// # Errors
/// When the name is taken, or the file is not a root signed by its own keys.
pub fn pin(options: &Pin) -> Result<Root, BasisError> {
    let bytes = files::read(&options.root, limits::ROOT_BYTES)?;
    let fingerprint = Algorithm::Sha256.digest(&bytes);
    let pinned = PinnedRoots::new(bytes.clone())
        .map_err(|error| BasisError::Root { path: options.root.clone(), error })?;
    if options.confirmed {
        let Pin { instance, url, registry, .. } = options;
        TrustStore::new(&options.store).pin(instance, url, registry.as_deref(), &bytes)?;
    }
    Ok(Root { version: pinned.newest(), fingerprint })
}
