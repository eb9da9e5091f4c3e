//! Which packages an archive holds: its own, and those that lie in their tarballs.

use crate::core::{
    lockfile::{Ask, Lockfile},
    package::{PackageId, Purl},
};

/// A package that an archive holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldPackage<'a> {
    /// Name and version.
    pub id: &'a PackageId,
    /// Its purl, if it is one of the archive's own packages.
    purl: Option<&'a Purl>,
    /// Where its entry is, if it lies in the tarball of another one.
    pub bundled: Option<&'a str>,
}

impl HeldPackage<'_> {
    /// Its package URL.
    pub fn purl(&self) -> String {
        self.purl.map_or_else(|| self.id.purl(), ToString::to_string)
    }
}

/// An archive's own packages, and then those that its lockfiles find in the tarballs of others.
pub(super) fn packages<'a>(
    own: impl Iterator<Item = &'a Purl>,
    lockfiles: impl Iterator<Item = &'a Lockfile>,
) -> impl Iterator<Item = HeldPackage<'a>> {
    let own = own.map(|purl| HeldPackage { id: purl.id(), purl: Some(purl), bundled: None });
    let entries = lockfiles.flat_map(|lockfile| &lockfile.entries);
    let bundled = entries.filter_map(|entry| match &entry.asks {
        Ask::Bundled(bundled) => {
            Some(HeldPackage { id: bundled.id.as_ref()?, purl: None, bundled: Some(&entry.path) })
        }
        _ => None,
    });
    own.chain(bundled)
}
