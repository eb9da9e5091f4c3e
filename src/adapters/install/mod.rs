//! Writes what package managers install from, out of a sealed archive. Each layout is one file.

mod error;
mod files;
mod folder;
mod npm;
mod version;
mod yarn;
mod yarn4;

use std::collections::BTreeSet;

pub use self::{
    error::InstallError,
    files::write as write_files,
    folder::{NewFolder, Stop, require_absent},
    npm::write as write_npm,
    version::{version, versions_within},
    yarn::write as write_yarn,
    yarn4::{has as has_yarn4, write as write_yarn4},
};
use crate::core::package::{
    Purl,
    digest::{Algorithm, Digest},
};

/// A package to hand out.
#[derive(Debug, Clone)]
pub struct Installable<'a> {
    /// Which package.
    pub purl: &'a Purl,
    /// The archive's entry that holds its tarball.
    pub entry: &'a str,
    /// The digest that the manifest gives for that entry.
    pub digest: &'a Digest,
    /// Its size.
    pub size: u64,
    /// The addresses that it is asked for by: where it was collected, and what lockfiles say.
    pub addresses: BTreeSet<String>,
    /// The algorithms that lockfiles ask for it by.
    pub algorithms: BTreeSet<Algorithm>,
}
