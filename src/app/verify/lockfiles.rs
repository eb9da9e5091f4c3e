//! The lockfiles in an archive, and how this build's compare with them.

use std::path::Path;

use super::VerifyError;
use crate::{
    adapters::archive::SignedArchive,
    app::{archive::OpenError, inputs::NamedLockfile, report::Relation},
    core::{limits, lockfile},
};

/// The lockfiles in an archive.
///
/// # Errors
/// When the archive has no lockfile, or one cannot be understood.
pub(in crate::app) fn carried(
    archive: &SignedArchive,
    file: &Path,
) -> Result<Vec<NamedLockfile>, VerifyError> {
    let manifest = archive.manifest();
    let mut locks = Vec::new();
    let (mut left, mut objects) = (limits::LOCKFILE_BYTES, 0_usize);
    for entry in &manifest.predicate().inputs {
        let bytes = archive.read(entry, left).map_err(OpenError::of(file))?;
        left = left.saturating_sub(bytes.len() as u64);
        objects = objects.saturating_add(lockfile::objects(&bytes));
        let refused = |error| {
            let (path, entry) = (file.to_owned(), entry.clone());
            VerifyError::Lockfile { path, entry, error }
        };
        lockfile::check_objects(objects).map_err(refused)?;
        let lockfile = lockfile::parse(&bytes).map_err(refused)?;
        let subject = manifest.subject(entry).map(|subject| subject.digest.clone());
        let Some(sha256) = subject else { continue };
        locks.push(NamedLockfile { name: entry.clone(), sha256, lockfile });
    }
    if locks.is_empty() {
        return Err(VerifyError::NoLockfile(file.to_owned()));
    }
    Ok(locks)
}

/// How a lockfile compares with those in the archive.
pub(super) fn relation(lock: &NamedLockfile, inputs: &[NamedLockfile]) -> Relation {
    let same_bytes = inputs.iter().find(|input| input.sha256 == lock.sha256);
    if let Some(input) = same_bytes {
        return Relation::SameBytes(input.name.clone());
    }
    let same_entries = |input: &&NamedLockfile| input.lockfile.has_the_entries_of(&lock.lockfile);
    match inputs.iter().find(same_entries) {
        Some(input) => Relation::SameEntries(input.name.clone()),
        None => Relation::Subset,
    }
}
