//! Name and version.

use std::{cmp::Ordering, fmt};

use super::ecosystem::Ecosystem;
use crate::core::{limits, percent};

/// Why a name or a version is not one that an ecosystem has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not a package name.
    #[error("{0:?} is not a package name of {1}")]
    Name(String, Ecosystem),
    /// Not a version.
    #[error("{0:?} is not a version")]
    Version(String),
}

/// A package of one version.
///
/// Names keep their case: some registries hold two packages whose names differ by nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    ecosystem: Ecosystem,
    name: String,
    version: String,
}

impl PackageId {
    /// Checks name and version by the ecosystem's rules, and by the limits.
    ///
    /// # Errors
    /// [`PackageError`] says which of the two is not acceptable.
    pub fn new(ecosystem: Ecosystem, name: &str, version: &str) -> Result<Self, PackageError> {
        let naming = ecosystem.naming();
        if name.len() > limits::PACKAGE_NAME_BYTES || !(naming.is_name)(name) {
            return Err(PackageError::Name(name.to_owned(), ecosystem));
        }
        if version.len() > limits::VERSION_BYTES || !(naming.is_version)(version) {
            return Err(PackageError::Version(version.to_owned()));
        }
        Ok(Self { ecosystem, name: name.to_owned(), version: version.to_owned() })
    }

    /// The ecosystem.
    pub fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// The name, with its scope: `@scope/name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scope with its `@`, if there is one.
    pub fn scope(&self) -> Option<&str> {
        self.name.starts_with('@').then(|| self.name.split('/').next()).flatten()
    }

    /// The version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Which of two packages of one ecosystem has the older version.
    pub fn version_order(&self, other: &Self) -> Ordering {
        (self.ecosystem.naming().order)(&self.version, &other.version)
    }

    /// The line of releases that its version belongs to.
    pub fn release_line(&self) -> String {
        (self.ecosystem.naming().release_line)(&self.version)
    }

    /// The package URL of this version on the public registry: the `@` of a scope is encoded, the
    /// case is kept (purl-spec).
    pub fn purl(&self) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/!'()*".contains(&b);
        let name = percent::encode(&self.name, plain);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
        let version = percent::encode(&self.version, plain);
        format!("pkg:{}/{name}@{version}", self.ecosystem)
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}
