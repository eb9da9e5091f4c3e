//! What a tarball says of its package.

use super::InstallError;
use crate::{
    adapters::archive::SignedArchive,
    core::{
        limits,
        npm::{
            packument::{RecordExtract, ServedVersion},
            tarball::{self, TarballError},
        },
        package::{
            PackageId,
            digest::{Algorithm, Digest},
        },
    },
};

/// A version, as the tarball in this entry describes it. The entry is compared with the manifest.
///
/// # Errors
/// [`InstallError`].
pub fn version(
    archive: &SignedArchive,
    id: &PackageId,
    entry: &str,
    sha512: &Digest,
) -> Result<ServedVersion, InstallError> {
    let (mut digests, own) =
        archive.look(entry, &[Algorithm::Sha1], |reader| tarball::own(reader))?;
    let unusable = |error| InstallError::Tarball { entry: entry.to_owned(), error };
    let own = own.map_err(unusable)?;
    let missing = || unusable(TarballError::Unreadable("its SHA-1 was not computed".to_owned()));
    Ok(ServedVersion {
        id: id.clone(),
        own,
        sha512: sha512.clone(),
        sha1: digests.pop().ok_or_else(missing)?,
        recorded: RecordExtract::default(),
        attested: None,
    })
}

/// The versions of one name, as far as one document can describe them.
///
/// # Errors
/// The first error among them; [`InstallError::TooLarge`].
pub fn versions_within(
    versions: impl Iterator<Item = Result<ServedVersion, InstallError>>,
) -> Result<Vec<ServedVersion>, InstallError> {
    let mut all = Vec::new();
    let mut size = 0_usize;
    for version in versions {
        let version = version?;
        size = size.saturating_add(version.size());
        if size > limits::DOCUMENT_BYTES {
            return Err(InstallError::TooLarge(version.id.name().to_owned()));
        }
        all.push(version);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
