//! The lockfiles in an archive, and how this build's compare with them.

use std::path::Path;

use crate::{
    adapters::archive::SignedArchive,
    app::report::Relation,
    cli::failure::{Failure, Outcome},
    core::{
        limits,
        lockfile::{self, Lockfile},
        package::digest::Digest,
    },
};

/// A lockfile that was read.
#[derive(Debug, Clone)]
pub struct Lock {
    /// The entry that holds it, or the file.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it says.
    pub lockfile: Lockfile,
}

/// The lockfiles in an archive.
///
/// # Errors
/// Exit 1, when there is none, or one cannot be understood.
pub(super) fn carried(archive: &SignedArchive, file: &Path) -> Outcome<Vec<Lock>> {
    let refused = |why: std::fmt::Arguments<'_>, code| {
        Failure::refused(format_args!("{}: {why}", file.display()))
            .hint("the archive was sealed so; have it sealed anew")
            .code(code)
    };
    let manifest = archive.manifest();
    let mut locks = Vec::new();
    let (mut left, mut objects) = (limits::LOCKFILE_BYTES, 0_usize);
    for entry in &manifest.predicate().inputs {
        let bytes = archive.read(entry, left).map_err(|error| super::failure(file, &error))?;
        left = left.saturating_sub(bytes.len() as u64);
        objects = objects.saturating_add(lockfile::objects(&bytes));
        lockfile::check_objects(objects)
            .map_err(|error| refused(format_args!("{entry}: {error}"), "lockfile"))?;
        let lockfile = lockfile::parse(&bytes)
            .map_err(|error| refused(format_args!("{entry}: {error}"), "lockfile"))?;
        let subject = manifest.subject(entry).map(|subject| subject.digest.clone());
        let Some(sha256) = subject else { continue };
        locks.push(Lock { name: entry.clone(), sha256, lockfile });
    }
    if locks.is_empty() {
        return Err(refused(format_args!("the archive contains no lockfile"), "no-lockfile"));
    }
    Ok(locks)
}

/// How a lockfile compares with those in the archive.
pub(super) fn relation(lock: &Lock, inputs: &[Lock]) -> Relation {
    let same_bytes = inputs.iter().find(|input| input.sha256 == lock.sha256);
    if let Some(input) = same_bytes {
        return Relation::SameBytes(input.name.clone());
    }
    let same_entries = |input: &&Lock| {
        let (one, other) = (&input.lockfile, &lock.lockfile);
        one.version == other.version && one.entries == other.entries
    };
    match inputs.iter().find(same_entries) {
        Some(input) => Relation::SameEntries(input.name.clone()),
        None => Relation::Subset,
    }
}
