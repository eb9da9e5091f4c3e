//! The keys that sign archives.

use std::path::Path;

use super::news::{Listener, News};
use crate::core::archive::key::SigningKey;

pub use crate::adapters::keys::{
    KeyAlgorithm, KeyError, generate, load_public, load_public_half, public_path,
};

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
