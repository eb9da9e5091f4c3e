//! A copy of this build's lockfile, whose entries point at what is served.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{ServeError, Serving, catalog::by_digest};
use crate::{
    adapters::files::{self, FileError},
    app::{
        report::{Given, Report},
        verify::VerifiedArchive,
    },
    core::{
        limits,
        lockfile::{
            coverage::{Disposition, EntryOutcome},
            package_lock::{self, PackageLockError, Redirect},
        },
        npm::packument,
        package::{
            Origin, Purl,
            digest::{Algorithm, Digest},
        },
        text::Untrusted,
    },
};

pub use crate::core::lockfile::package_lock::ProjectDependency;

/// Why a lockfile was not copied.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It cannot be read, or its copy cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is not a lockfile of npm.
    #[error("{}: {}", path.display(), Untrusted(&error.to_string()))]
    Lockfile {
        /// The lockfile.
        path: PathBuf,
        /// Why.
        error: PackageLockError,
    },
    /// It is not the one that was verified.
    #[error("{} is not one of this build's lockfiles, or has changed", .0.display())]
    NotGiven(PathBuf),
}

impl RewriteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(FileError::Exists(_)) => {
                Some("nothing is overwritten: name another file, or remove this one".to_owned())
            }
            Self::File(error) => error.hint(),
            Self::Lockfile { .. } => {
                Some("only package-lock.json and npm-shrinkwrap.json can be copied".to_owned())
            }
            Self::NotGiven(_) => None,
        }
    }
}

/// A copy that was written.
#[derive(Debug)]
pub struct Copied {
    /// How many entries point at this server now.
    pub entries: usize,
    /// What the project's own `package.json` files ask for by an address, and must ask for by version.
    pub asks: Vec<ProjectDependency>,
}

impl Serving {
    /// Writes a copy of one of this build's lockfiles. In the copy, all entries that a registry, an address or
    /// a person gave the package for point at this server. Nothing is overwritten.
    ///
    /// # Errors
    /// When no archive was verified with this lockfile, or the copy cannot be written.
    pub fn copy_lockfile(&self, lockfile: &Path, copy: &Path) -> Result<Copied, ServeError> {
        let not_given = || RewriteError::NotGiven(lockfile.to_owned());
        let bytes = files::read(lockfile, limits::LOCKFILE_BYTES).map_err(RewriteError::File)?;
        let sha256 = Algorithm::Sha256.digest(&bytes);
        let (archive, given) = self
            .archives()
            .iter()
            .find_map(|archive| Some((archive, given(archive, lockfile, &sha256)?)))
            .ok_or_else(not_given)?;
        let entries = targets(archive.report(), given, self.url().trim_end_matches('/'));
        let rewritten = package_lock::rewrite(&bytes, &entries)
            .map_err(|error| RewriteError::Lockfile { path: lockfile.to_owned(), error })?;
        files::write(copy, rewritten.text.as_bytes(), false).map_err(RewriteError::File)?;
        let entries = entries.iter().filter(|(_, target)| target.is_some()).count();
        Ok(Copied { entries, asks: rewritten.asks })
    }
}

fn given<'a>(archive: &'a VerifiedArchive, file: &Path, sha256: &Digest) -> Option<&'a Given> {
    let file = file.display().to_string();
    archive.report().lockfiles.iter().find(|given| given.file == file && given.sha256 == *sha256)
}

/// The path of each entry, with where it is served.
fn targets(report: &Report, given: &Given, base: &str) -> Vec<(String, Option<Redirect>)> {
    let digests: BTreeMap<&Purl, &Digest> =
        report.packages.iter().map(|judged| (&judged.purl, &judged.digest)).collect();
    let target = |outcome: &EntryOutcome| {
        // What is bundled comes with the package that bundles it.
        let own = matches!(outcome.disposition, Disposition::Collected | Disposition::Foreign);
        let purl = report.held.get(outcome.package.filter(|_| own)?)?;
        let digest = *digests.get(purl)?;
        let (path, replaces_hash) = match purl.origin() {
            // The project has this file itself.
            Origin::File(_) => return None,
            // The hash in the lockfile, if there is one, is of what npm packed out of a clone.
            Origin::Supplied(_) => (by_digest(digest), true),
            Origin::Url(_) => (by_digest(digest), false),
            Origin::Registry(_) => (packument::tarball_path(purl.id()), false),
        };
        Some(Redirect {
            id: purl.id().clone(),
            url: format!("{base}{path}"),
            integrity: digest.to_sri(),
            replaces_hash,
        })
    };
    let entries = given.lockfile.entries.iter().zip(&given.outcomes);
    entries.map(|(entry, outcome)| (entry.path.clone(), target(outcome))).collect()
}
