//! Tarballs that a person packed for git dependencies. Sealift runs no git and no scripts.
//!
//! What is supplied is carried, and vouched for by nobody: `bundle verify` denies its entry, unless
//! the policy has an exception that names the address and the bytes.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use crate::{
    adapters::files::{self, FileError},
    app::{
        collect::{Collected, CollectedPackage, CollectedTarball},
        inputs::Input,
    },
    core::{
        addresses, ecosystems, limits,
        lockfile::{Ask, Foreign},
        package::{
            Origin, PackageId, Purl,
            contents::{Contents, NameAndVersion},
            digest::Hasher,
            ecosystem::Ecosystem,
        },
        text::Untrusted,
    },
};

/// A tarball that a person packed for a git dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// The address of the dependency, as the lockfile has it.
    pub address: String,
    /// The tarball.
    pub file: PathBuf,
}

/// Why a tarball cannot be supplied.
#[derive(Debug, thiserror::Error)]
pub enum SupplyError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// No git dependency has the address.
    #[error("no git dependency of the lockfiles has the address {}", Untrusted(address))]
    NoSuchEntry {
        /// The address.
        address: String,
        /// The addresses that there are.
        known: BTreeSet<String>,
    },
    /// Two tarballs for one address.
    #[error("the address {} is supplied twice", Untrusted(.0))]
    Twice(String),
    /// An address that no archive can have.
    #[error("the address {} is too long, or not of printable ASCII", Untrusted(.0))]
    Address(String),
    /// Not a tarball that can be listed.
    #[error("{}: {}", path.display(), Untrusted(detail))]
    Tarball {
        /// The file.
        path: PathBuf,
        /// Why.
        detail: String,
    },
    /// A tarball without name or version.
    #[error("{}: the tarball does not say which package it is", .0.display())]
    Nameless(PathBuf),
    /// Another package than an entry asks for.
    #[error(
        "{}: the tarball is {}, and the lockfile asks for {}",
        path.display(),
        Untrusted(found),
        Untrusted(wanted)
    )]
    OtherPackage {
        /// The file.
        path: PathBuf,
        /// Which package it is.
        found: String,
        /// Which the lockfile asks for.
        wanted: String,
    },
}

impl SupplyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(error) => return error.hint(),
            Self::NoSuchEntry { known, .. } if known.is_empty() => {
                "--supply is for git dependencies, and the lockfiles have none"
            }
            Self::NoSuchEntry { known, .. } => {
                let known: Vec<_> = known.iter().map(String::as_str).collect();
                return Some(format!("the lockfiles have {}", known.join(", ")));
            }
            Self::Twice(_) => "give one file for each address",
            Self::Address(_) => "have the project depend on the repository by another address",
            Self::Tarball { .. } => "`npm pack` in a checkout of the commit makes such a tarball",
            Self::Nameless(_) => "its package.json needs a name and a version",
            Self::OtherPackage { .. } => "pack the commit that the address names",
        };
        Some(hint.to_owned())
    }
}

/// What an entry says of the package at an address.
struct Asked<'a> {
    address: &'a str,
    ecosystem: Ecosystem,
    name: Option<&'a str>,
    version: Option<&'a str>,
}

/// Reads what was supplied, and holds each tarball against the entries that it is for.
///
/// # Errors
/// [`SupplyError`].
pub(super) fn read(
    supplies: &[Supply],
    inputs: &[Input],
) -> Result<Vec<CollectedPackage>, SupplyError> {
    let asked: Vec<Asked<'_>> = inputs.iter().flat_map(asked).collect();
    let mut seen = BTreeSet::new();
    let mut packages = Vec::with_capacity(supplies.len());
    for supply in supplies {
        if !seen.insert(&supply.address) {
            return Err(SupplyError::Twice(addresses::written(&supply.address)));
        }
        packages.push(package(supply, &asked)?);
    }
    Ok(packages)
}

fn asked(input: &Input) -> impl Iterator<Item = Asked<'_>> {
    let ecosystem = input.lock.lockfile.format.ecosystem;
    input.lock.lockfile.entries.iter().filter_map(move |entry| match &entry.asks {
        Ask::Foreign(Foreign::Git { address, name, version, .. }) => {
            Some(Asked { address, ecosystem, name: name.as_deref(), version: version.as_deref() })
        }
        _ => None,
    })
}

fn package(supply: &Supply, all: &[Asked<'_>]) -> Result<CollectedPackage, SupplyError> {
    let Supply { address, file } = supply;
    let asked: Vec<_> = all.iter().filter(|asked| asked.address == address).collect();
    let Some(first) = asked.first() else {
        let known = all.iter().map(|asked| asked.address.to_owned()).collect();
        // It may be the one with the password.
        return Err(SupplyError::NoSuchEntry { address: addresses::written(address), known });
    };
    if !addresses::is_repository(address) {
        return Err(SupplyError::Address(address.clone()));
    }
    let (artifact, contents) = examine(file, first.ecosystem)?;
    let id = id(file, &asked, first.ecosystem, &contents.own)?;
    let collected = Collected {
        id: id.clone(),
        registry: None,
        artifact: Some(artifact),
        record: None,
        attestations: None,
        artifact_request: None,
        record_request: None,
        attestations_request: None,
    };
    Ok(CollectedPackage { purl: Purl::new(id, Origin::Supplied(address.clone())), collected })
}

/// Name and version: those of every entry, and of the tarball.
fn id(
    file: &Path,
    asked: &[&Asked<'_>],
    ecosystem: Ecosystem,
    own: &NameAndVersion,
) -> Result<PackageId, SupplyError> {
    let nameless = || SupplyError::Nameless(file.to_owned());
    let (Some(name), Some(version)) = (own.name.as_deref(), own.version.as_deref()) else {
        return Err(nameless());
    };
    // An entry has the form that the package manager makes of what the tarball says.
    let version = asked.iter().find_map(|asked| asked.version).unwrap_or(version.trim());
    let id = PackageId::new(ecosystem, name.trim(), version).map_err(|_| nameless())?;
    let fits = |asked: &&&Asked<'_>| {
        asked.name.is_none_or(|name| name == id.name())
            && asked.version.is_none_or(|version| version == id.version())
    };
    let other = asked.iter().find(|asked| !fits(asked));
    if other.is_none() && own.is_package(&id) {
        return Ok(id);
    }
    let text = |name: Option<&str>, version: Option<&str>| {
        format!("{}@{}", name.unwrap_or("(any name)"), version.unwrap_or("(any version)"))
    };
    Err(SupplyError::OtherPackage {
        path: file.to_owned(),
        found: text(own.name.as_deref(), own.version.as_deref()),
        wanted: match other {
            Some(asked) => text(asked.name, asked.version),
            None => id.to_string(),
        },
    })
}

/// Lists and hashes a tarball, in one pass: what is listed is what is hashed.
fn examine(path: &Path, ecosystem: Ecosystem) -> Result<(CollectedTarball, Contents), SupplyError> {
    let (file, metadata) = files::open_regular(path, true)?;
    let max = limits::TARBALL_BYTES;
    if metadata.len() > max {
        return Err(FileError::TooLarge { path: path.to_owned(), max }.into());
    }
    let rules = ecosystems::rules(ecosystem);
    let mut file =
        BufReader::new(Hashed { file: file.take(max), hasher: Hasher::new(rules.signed), size: 0 });
    let listed = (rules.list)(&mut file);
    io::copy(&mut file, &mut io::sink()).map_err(|error| FileError::io("read", path, error))?;
    let contents = listed.map_err(|refusal| SupplyError::Tarball {
        path: path.to_owned(),
        detail: refusal.detail,
    })?;
    let Hashed { hasher, size, .. } = file.into_inner();
    Ok((CollectedTarball { path: path.to_owned(), digest: hasher.finish(), size }, contents))
}

/// A file that is hashed as it is read.
struct Hashed {
    file: io::Take<File>,
    hasher: Hasher,
    size: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.size = self.size.saturating_add(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
