//! Why a `package-lock.json` is refused.

use super::secrets;
use crate::core::{
    limits,
    package::{PackageError, digest::IntegrityError},
};

/// Why a `package-lock.json` is refused. May quote the file: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageLockError {
    /// `npm-shrinkwrap.json` of npm 2 to 4: no `lockfileVersion`, no hashes.
    #[error("file has no lockfileVersion: it is a shrinkwrap of npm 2 to 4")]
    OldShrinkwrap,
    /// Not JSON, or nested too deep.
    #[error("lockfile is not valid JSON: {detail} (line {line}, column {column})")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 before the first.
        column: usize,
        /// What is wrong.
        detail: String,
    },
    /// JSON, but with something else where the format has a field.
    #[error("lockfile is malformed: {detail} (line {line}, column {column})")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 before the first.
        column: usize,
        /// What is wrong.
        detail: String,
    },
    /// JSON without a `lockfileVersion`.
    #[error("file has no lockfileVersion, so it is not a lockfile")]
    NotALockfile,
    /// A version of the format that we do not read.
    #[error("lockfileVersion {0} is not supported, only 1 to 4 are")]
    UnsupportedVersion(String),
    /// Version 1 with the section of versions 2 and 3: which one counts depends on the reader.
    #[error("lockfileVersion is 1, but there is a \"packages\" section")]
    PackagesInVersion1,
    /// Version 2 or 3 without its section.
    #[error("lockfileVersion is {0}, but there is no \"packages\" section")]
    NoPackages(u32),
    /// The same key twice: which one counts depends on the reader.
    #[error("entry {0:?} is there twice")]
    Duplicate(String),
    /// Version 1 nested so deep that a path is longer than [`limits::INSTALL_PATH_BYTES`], or
    /// all paths together than [`limits::LOCKFILE_PATHS_BYTES`].
    #[error("entry {0:?} is nested too deep: a path has at most {path} bytes, all paths of a lockfile together {all}", path = limits::INSTALL_PATH_BYTES, all = limits::LOCKFILE_PATHS_BYTES)]
    Nesting(String),
    /// A path that names its place in a way that npm does not write.
    #[error("entry {0:?} is not a normalized path")]
    Path(String),
    /// The entry has no version, and nothing else that gives one.
    #[error("entry {0:?} has no version")]
    NoVersion(String),
    /// A name or version that npm cannot have.
    #[error("entry {entry:?}: {error}")]
    Package {
        /// The install path.
        entry: String,
        /// What is wrong.
        error: PackageError,
    },
    /// An integrity with no hash that we can use.
    #[error("entry {entry:?}: {error}")]
    Integrity {
        /// The install path.
        entry: String,
        /// What is wrong.
        error: IntegrityError,
    },
    /// A `resolved` that is not an address. It is not repeated, for it may hold credentials.
    #[error("entry {0:?}: \"resolved\" is not an address that npm writes")]
    Resolved(String),
    /// A link to something else than a folder.
    #[error("entry {0:?} is a link, and its \"resolved\" is not a folder")]
    Link(String),
    /// A folder of the project with an address or a hash: npm writes neither.
    #[error("entry {0:?} is outside of node_modules, but has an address or a hash")]
    Folder(String),
    /// Version 2 whose two sections ask for different things.
    #[error(
        "entry {path:?} differs between the sections \"packages\" and \"dependencies\": {detail}"
    )]
    Sections {
        /// The install path.
        path: String,
        /// What differs.
        detail: &'static str,
    },
    /// It is not clear where the strings begin and end.
    #[error("lockfile: {0}")]
    Strings(#[from] secrets::MalformedStrings),
}

impl PackageLockError {
    /// What to do about it, on the side where the lockfile is made.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::OldShrinkwrap => {
                "write a lockfile with npm 6 or later: `npm install --package-lock-only`"
            }
            Self::NotJson { .. } => "look for conflict markers of a merge, then run `npm install`",
            Self::UnsupportedVersion(_) | Self::PackagesInVersion1 | Self::NoPackages(_) => {
                "write it anew with `npm install --package-lock-only`"
            }
            Self::Sections { .. } => {
                "npm 6 reads one section and later ones the other; write it anew with `npm install --package-lock-only`"
            }
            Self::NoVersion(_)
            | Self::Integrity { .. }
            | Self::Duplicate(_)
            | Self::Link(_)
            | Self::Folder(_) => {
                "npm does not write such an entry; delete it and run `npm install --package-lock-only`"
            }
            Self::Malformed { .. }
            | Self::NotALockfile
            | Self::Nesting(_)
            | Self::Path(_)
            | Self::Package { .. }
            | Self::Resolved(_)
            | Self::Strings(_) => return None,
        })
    }
}
