//! The keys that sign archives.

use std::path::{Path, PathBuf};

use super::news::{Listener, News};
use crate::core::archive::key::{PublicKey, SigningKey};

pub use crate::adapters::keys::{
    KeyAlgorithm, KeyError, generate, load_public, load_public_half, public_path,
};

/// Reads several public keys.
///
/// # Errors
/// When one cannot be used.
pub fn load_all_public(paths: &[PathBuf]) -> Result<Vec<PublicKey>, KeyError> {
    paths.iter().map(|path| load_public(path)).collect()
}

/// Reads the signing key. Warns if others than its owner can read the file.
///
/// # Errors
/// When the file cannot be read, or holds anything but one unencrypted private key.
pub fn signing(path: &Path, listener: &mut dyn Listener) -> Result<SigningKey, KeyError> {
    let found = crate::adapters::keys::load_private(path)?;
    if found.readable_by_others {
        listener.hear(News::ReadableKey(path));
    }
    Ok(found.key)
}
