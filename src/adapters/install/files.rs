//! Tarballs, evidence and lockfiles under the names that they have in the archive.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{InstallError, NewFolder};
use crate::adapters::archive::SignedArchive;

/// Writes these entries.
///
/// # Errors
/// [`InstallError`].
pub fn write(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    entries: &[&str],
) -> Result<(), InstallError> {
    entries.par_iter().try_for_each(|entry| folder.copy(entry, archive, entry))
}
