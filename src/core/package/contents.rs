//! The content of an artifact that decides what is installed.

use std::collections::BTreeMap;

use super::{PackageId, digest::Digest, ecosystem::Ecosystem};

/// Name and version that an artifact gives a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameAndVersion {
    /// The name, where it has one.
    pub name: Option<String>,
    /// The version, where it has one.
    pub version: Option<String>,
}

impl NameAndVersion {
    /// Whether this is that package of an ecosystem.
    pub fn is(&self, ecosystem: Ecosystem, name: &str, version: &str) -> bool {
        let is_same = |found: &str| (ecosystem.naming().is_same_version)(found, version);
        self.name.as_deref().map(str::trim) == Some(name)
            && self.version.as_deref().is_some_and(is_same)
    }

    /// Whether this is that package.
    pub fn is_package(&self, id: &PackageId) -> bool {
        self.is(id.ecosystem(), id.name(), id.version())
    }
}

/// What the package manager runs when it installs a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallScript {
    /// The folder of the package that it belongs to, from the artifact's own: empty for its own
    /// scripts, else a package that it bundles.
    pub folder: String,
    /// The name, such as `postinstall`.
    pub name: &'static str,
    /// The command, cut to what a report repeats. Escape before printing.
    pub command: String,
    /// SHA-256 of the whole command.
    pub sha256: Digest,
}

/// What an artifact holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Its own name and version.
    pub own: NameAndVersion,
    /// The packages that it bundles, by their path from its own.
    pub bundled: BTreeMap<String, NameAndVersion>,
    /// The bytes of the lockfile in it, where it has one that counts.
    pub shrinkwrap: Option<Vec<u8>>,
    /// What is run when it is installed: its own scripts, and those of what it bundles.
    pub install_scripts: Vec<InstallScript>,
}
