//! Lockfiles, and the inventory of what they ask for.
//!
//! The content says which [format](mod@format) a lockfile is of. The format says what each entry asks
//! for ([`Ask`]), and drops none. [`coverage`] says what becomes of each.
//!
//! This module does not resolve ranges and does not read `package.json`.

pub mod coverage;
mod error;
pub mod format;
mod inventory;
pub mod package_lock;

use std::{collections::HashSet, fmt};

use url::Url;

pub use self::error::LockfileError;
pub use self::format::{Format, parse};
pub use self::inventory::{Algorithms, Inventory, Target, Want};
use super::limits;
use super::package::{Origin, PackageId, ecosystem::Ecosystem};
use crate::core::package::digest::Integrity;

/// A lockfile, with every entry accounted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// What it is.
    pub format: &'static Format,
    /// The version of that format, where it has versions.
    pub version: String,
    /// The entries, in the order of the file; no two have the same path.
    pub entries: Vec<Entry>,
}

impl Lockfile {
    /// Whether another lockfile of the same format has the same entries, on whatever lines.
    pub fn has_the_entries_of(&self, other: &Self) -> bool {
        let others = other.entries.iter().map(Entry::but_line);
        self.version == other.version && self.entries.iter().map(Entry::but_line).eq(others)
    }

    /// The paths of the entries whose tarballs are said to hold others.
    pub fn bundlers(&self) -> HashSet<&str> {
        let parents = self.entries.iter().filter_map(|entry| match &entry.asks {
            Ask::Bundled(bundled) => Some(bundled.parent.as_str()),
            _ => None,
        });
        parents.collect()
    }
}

/// One entry of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is installed, or another text that only this entry of the lockfile has. Empty for the
    /// project itself.
    pub path: String,
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// Whether installing goes on without it where it cannot be had.
    pub optional: bool,
    /// Whether its package manager reads the shrinkwrap in its artifact, if there is one.
    pub shrinkwrap: bool,
    /// Whether it is for the development of the package whose lockfile this is, and for nothing else.
    pub dev: bool,
    /// What it asks for.
    pub asks: Ask,
}

impl Entry {
    /// All of it but where in the file it stands.
    fn but_line(&self) -> (&str, [bool; 3], &Ask) {
        let Self { path, line: _, optional, shrinkwrap, dev, asks } = self;
        (path, [*optional, *shrinkwrap, *dev], asks)
    }
}

/// What an entry asks for. What becomes of it is known once there is an archive
/// ([`crate::core::lockfile::coverage`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A package, from a registry or from a tarball.
    Package(Requirement),
    /// A package out of another package's tarball, if that holds it.
    Bundled(Bundled),
    /// A folder of the project: nothing from outside.
    Folder(Local),
    /// What no registry and no tarball can vouch for.
    Foreign(Foreign),
    /// Nothing: it stands for a package that is not installed.
    Nothing,
}

impl Ask {
    /// The package to collect for it, if it is not bundled.
    pub fn wanted(&self) -> Option<&Requirement> {
        match self {
            Self::Package(wanted) => Some(wanted),
            Self::Foreign(foreign) => foreign.wanted(),
            Self::Bundled(_) | Self::Folder(_) | Self::Nothing => None,
        }
    }
}

/// A package that an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Where it comes from.
    pub source: Source,
    /// What its tarball must match; `None` where the lockfile does not say.
    pub integrity: Option<Integrity>,
}

/// Where a package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From a registry.
    Version {
        /// Its real name, also where it is installed under an alias, and its version.
        id: PackageId,
        /// The address that the lockfile gives, without credentials, query and fragment. On the
        /// public registry's host it means "whatever registry is configured".
        address: Option<Url>,
    },
    /// From a tarball that no registry gives for this name and version.
    Tarball {
        /// The ecosystem that it is of.
        ecosystem: Ecosystem,
        /// Where it is.
        place: Place,
        /// Its real name, where the entry says it.
        name: Option<String>,
        /// Its version, where the entry says it.
        version: Option<String>,
    },
}

/// The place of a tarball that no registry gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At an address, without credentials, query and fragment.
    Url(Url),
    /// Among the project's files, by its path from the project's folder.
    File(String),
}

impl Place {
    /// The origin of a package that is collected from there.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Url(url) => Origin::Url(url.to_string()),
            Self::File(path) => Origin::File(path.clone()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url.as_str()),
            Self::File(path) => f.write_str(path),
        }
    }
}

/// An entry that may come out of another package's tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled {
    /// The path of the entry whose tarball may hold it.
    pub parent: String,
    /// Its real name and its version, where the entry gives one.
    pub id: Option<PackageId>,
    /// What it asks for where that tarball does not hold it.
    pub alone: Box<Ask>,
}

/// How an entry is part of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// The project itself.
    Root,
    /// A folder of the project: a workspace, or what a link points to.
    Folder,
    /// A link to a folder; the folder has an entry of its own.
    Link,
    /// A copy of a folder (`file:`, under `install-links`).
    Copy,
}

/// Why nothing can vouch for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreign {
    /// Cloned from a git repository: no hash of it is checked.
    Git {
        /// The full address, without a password.
        address: String,
        /// The full commit, where the address names one.
        commit: Option<String>,
        /// Its real name, where the entry says it.
        name: Option<String>,
        /// Its version, where the entry says it.
        version: Option<String>,
    },
    /// Changed by a patch after its artifact was unpacked.
    Patched {
        /// The patch's path.
        patch: String,
        /// The package that is changed; `None` for a git dependency.
        wanted: Option<Requirement>,
    },
    /// A folder or tarball outside the project.
    Outside {
        /// Its path.
        path: String,
    },
    /// Another entry depends on it by an address that is not its own: it is installed
    /// from there.
    Rerouted {
        /// The path of that other entry; empty for the project itself.
        by: String,
        /// The address.
        address: String,
        /// The package that the entry itself asks for.
        wanted: Option<Requirement>,
    },
    /// Bundled in a package that is foreign itself.
    Within {
        /// The path of that package's entry.
        parent: String,
    },
}

impl Foreign {
    /// The full address, by which an exception names it. A lockfile that contradicts itself must be
    /// written anew, and what is bundled follows the package that bundles it.
    pub fn address(&self) -> Option<&str> {
        match self {
            // A branch is another commit tomorrow.
            Self::Git { address, commit: Some(_), .. } => Some(address),
            Self::Outside { path } => Some(path),
            Self::Patched { patch, wanted: Some(_) } => Some(patch),
            Self::Git { .. }
            | Self::Patched { .. }
            | Self::Rerouted { .. }
            | Self::Within { .. } => None,
        }
    }

    /// The package that the entry asks for in spite of that.
    pub fn wanted(&self) -> Option<&Requirement> {
        match self {
            Self::Patched { wanted, .. } | Self::Rerouted { wanted, .. } => wanted.as_ref(),
            Self::Git { .. } | Self::Outside { .. } | Self::Within { .. } => None,
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { address, commit: Some(_), .. } => write!(f, "git dependency {address}"),
            Self::Git { address, commit: None, .. } => {
                write!(f, "git dependency {address}, which names no commit")
            }
            Self::Patched { patch, wanted: Some(wanted) } => {
                write!(f, "{}, changed by the patch {patch}", wanted.source)
            }
            Self::Patched { patch, wanted: None } => {
                write!(f, "git dependency, changed by the patch {patch}")
            }
            Self::Outside { path } => write!(f, "outside the project: {path}"),
            Self::Rerouted { by, address, .. } => {
                let by = if by.is_empty() { "the project" } else { by };
                write!(f, "{by} depends on it from {address}, which is not the entry's address")
            }
            Self::Within { parent } => write!(f, "bundled in {parent}, which is foreign"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { id, .. } => id.fmt(f),
            Self::Tarball { place, .. } => place.fmt(f),
        }
    }
}

/// An upper bound on the objects in a lockfile: it counts every opening brace, also in texts.
pub(crate) fn objects(lockfile: &[u8]) -> usize {
    lockfile.iter().filter(|byte| **byte == b'{').count()
}

/// Whether so many objects may be read, of one lockfile or of all that are read together.
///
/// # Errors
/// [`LockfileError::TooManyObjects`].
pub(crate) fn check_objects(objects: usize) -> Result<(), LockfileError> {
    if objects > limits::LOCKFILE_OBJECTS {
        return Err(LockfileError::TooManyObjects(objects));
    }
    Ok(())
}
