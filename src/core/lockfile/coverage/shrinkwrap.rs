//! A shrinkwrap inside a tarball: its package manager may install what it says below the
//! package.

use std::collections::HashMap;

use super::EntryDenial;
use crate::core::{
    lockfile::{Ask, Entry, Foreign, Lockfile, Requirement, Source},
    package::digest::Digest,
};

/// Requires that the lockfile has every entry of the shrinkwrap below the package's path, with the
/// same package. Then what is installed there is judged as entries of the lockfile.
pub(super) fn require_entries(
    parent: &Entry,
    shrinkwrap: &[u8],
    lockfile: &Lockfile,
    places: &HashMap<&str, usize>,
) -> Result<(), EntryDenial> {
    let entries = (lockfile.format.parse_inner)(shrinkwrap).map_err(|error| {
        EntryDenial::Shrinkwrap { path: "its packages".to_owned(), detail: error.to_string() }
    })?;
    for entry in entries {
        // Development dependencies of a dependency are not installed.
        if entry.dev || matches!(entry.asks, Ask::Folder(_) | Ask::Nothing) {
            continue;
        }
        let path = format!("{}/{}", parent.path, entry.path);
        let listed = places.get(path.as_str()).and_then(|at| lockfile.entries.get(*at));
        let detail = match listed {
            None => "the lockfile does not have it",
            Some(listed) if !is_same(&listed.asks, &entry.asks) => "the lockfile has another there",
            Some(_) => continue,
        };
        return Err(EntryDenial::Shrinkwrap { path: entry.path, detail: detail.to_owned() });
    }
    Ok(())
}

fn is_same(listed: &Ask, shrinkwrapped: &Ask) -> bool {
    match (listed, shrinkwrapped) {
        (Ask::Package(one), Ask::Package(other)) => {
            same_source(one, other) && same_bytes(one, other)
        }
        (Ask::Bundled(one), Ask::Bundled(other)) => one.id == other.id,
        // A tarball that was supplied is for one address.
        (Ask::Foreign(Foreign::Git { address: one, .. }), asks) => {
            matches!(asks, Ask::Foreign(Foreign::Git { address, .. }) if address == one)
        }
        // What is denied is denied under either address.
        (Ask::Foreign(_), _) => true,
        _ => false,
    }
}

fn same_source(one: &Requirement, other: &Requirement) -> bool {
    match (&one.source, &other.source) {
        (Source::Version { id, .. }, Source::Version { id: other, .. }) => id == other,
        (Source::Tarball { place, .. }, Source::Tarball { place: other, .. }) => place == other,
        _ => false,
    }
}

/// A hash must be the lockfile's. Without one the package manager takes what is at the shrinkwrap's address: that
/// must be the lockfile's too, or missing.
fn same_bytes(listed: &Requirement, shrinkwrapped: &Requirement) -> bool {
    let hashes = |wanted: &Requirement| -> Vec<Digest> {
        wanted.integrity.iter().flat_map(|integrity| integrity.strongest().cloned()).collect()
    };
    match (&shrinkwrapped.integrity, &shrinkwrapped.source) {
        (Some(integrity), _) if !integrity.algorithm().is_weak() => {
            hashes(listed) == hashes(shrinkwrapped)
        }
        (weak, Source::Version { address: Some(address), .. }) => {
            matches!(&listed.source, Source::Version { address: Some(other), .. } if other == address)
                && (weak.is_none() || hashes(listed) == hashes(shrinkwrapped))
        }
        (weak, _) => weak.is_none() || hashes(listed) == hashes(shrinkwrapped),
    }
}
