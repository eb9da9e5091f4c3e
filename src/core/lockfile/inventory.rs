//! The inventory of one lockfile or several, and the packages that it asks for.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{Ask, Bundled, Entry, Lockfile, Place, Requirement, Source};
use crate::core::package::digest::{Algorithm, Integrity};
use crate::core::package::{PackageId, ecosystem::Ecosystem};

/// Every entry of some lockfiles. Each lockfile comes with its name: the archive's entry that holds
/// it, or a file of this build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory<'a> {
    /// The lockfiles, in the order they were given.
    pub lockfiles: Vec<(&'a str, &'a Lockfile)>,
}

/// A package that lockfiles ask for, once for all entries that do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Which one.
    pub target: Target,
    /// What its tarball must match, each once, sorted by text. Empty if no entry says anything.
    pub integrity: Vec<Integrity>,
    /// The addresses that entries give for a version, each once, sorted by text.
    pub addresses: Vec<Url>,
    /// Whether it is optional wherever it is needed: installing goes on without it.
    pub optional: bool,
}

/// What names a package before it is collected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A version of a registry.
    Version(PackageId),
    /// A tarball that no registry gives, with the lockfile that names it: files are relative to its
    /// folder.
    Tarball {
        /// The lockfile; empty for an address, which is the same from anywhere.
        lockfile: String,
        /// The ecosystem that it is of.
        ecosystem: Ecosystem,
        /// Where it is.
        place: Place,
    },
}

impl<'a> Inventory<'a> {
    /// Brings lockfiles together.
    pub fn new(lockfiles: Vec<(&'a str, &'a Lockfile)>) -> Self {
        Self { lockfiles }
    }

    /// All entries, each with the name of its lockfile.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.lockfiles
            .iter()
            .flat_map(|(name, lockfile)| lockfile.entries.iter().map(move |entry| (*name, entry)))
    }

    /// The packages to collect, sorted. `holds` says whether a tarball holds an entry that it is
    /// said to bundle; one that it does not hold is collected itself.
    pub fn wants(&self, holds: impl Fn(&str, &Entry, &Bundled) -> bool) -> Vec<Want> {
        let mut wants: BTreeMap<Target, Gathered<'_>> = BTreeMap::new();
        for (lockfile, entry) in self.entries() {
            let asks = match &entry.asks {
                Ask::Bundled(bundled) if !holds(lockfile, entry, bundled) => &*bundled.alone,
                asks => asks,
            };
            let Some(wanted) = asks.wanted() else { continue };
            let want = wants.entry(Target::of(lockfile, wanted)).or_insert(Gathered::new());
            want.optional &= entry.optional;
            if let Some(integrity) = &wanted.integrity {
                want.integrity.insert(integrity.to_string(), integrity);
            }
            if let Source::Version { address: Some(address), .. } = &wanted.source {
                want.addresses.insert(address);
            }
        }
        wants.into_iter().map(|(target, gathered)| gathered.finish(target)).collect()
    }

    /// The algorithms of the strongest hashes that entries give for each version, and for tarballs
    /// that no registry gives: a package must be hashed with these to be compared.
    pub fn algorithms(&self) -> Algorithms {
        let mut algorithms = Algorithms::default();
        for (_, entry) in self.entries() {
            let Some(wanted) = asked(&entry.asks).wanted() else { continue };
            let Some(integrity) = &wanted.integrity else { continue };
            match &wanted.source {
                Source::Version { id, .. } => {
                    algorithms
                        .versions
                        .entry(id.clone())
                        .or_default()
                        .insert(integrity.algorithm());
                }
                Source::Tarball { .. } => {
                    algorithms.tarballs.insert(integrity.algorithm());
                }
            }
        }
        algorithms
    }
}

/// What an entry asks for. Of a bundled one: what it would ask for if it were not bundled.
fn asked(asks: &Ask) -> &Ask {
    match asks {
        Ask::Bundled(bundled) => &bundled.alone,
        asks => asks,
    }
}

/// The algorithms that packages must be hashed with.
#[derive(Debug, Clone, Default)]
pub struct Algorithms {
    versions: BTreeMap<PackageId, BTreeSet<Algorithm>>,
    tarballs: BTreeSet<Algorithm>,
}

impl Algorithms {
    /// Those that entries may compare a package of this name and version with.
    pub fn of(&self, id: &PackageId) -> impl Iterator<Item = Algorithm> {
        self.versions.get(id).into_iter().flatten().chain(&self.tarballs).copied()
    }
}

impl Target {
    /// The ecosystem that it is of.
    pub fn ecosystem(&self) -> Ecosystem {
        match self {
            Self::Version(id) => id.ecosystem(),
            Self::Tarball { ecosystem, .. } => *ecosystem,
        }
    }

    /// What names a package that an entry of a lockfile asks for.
    pub fn of(lockfile: &str, wanted: &Requirement) -> Self {
        match &wanted.source {
            Source::Version { id, .. } => Self::Version(id.clone()),
            Source::Tarball { ecosystem, place, .. } => Self::Tarball {
                ecosystem: *ecosystem,
                lockfile: match place {
                    Place::Url(_) => String::new(),
                    Place::File(_) => lockfile.to_owned(),
                },
                place: place.clone(),
            },
        }
    }
}

struct Gathered<'a> {
    integrity: BTreeMap<String, &'a Integrity>,
    addresses: BTreeSet<&'a Url>,
    optional: bool,
}

impl Gathered<'_> {
    fn new() -> Self {
        Self { integrity: BTreeMap::new(), addresses: BTreeSet::new(), optional: true }
    }

    fn finish(self, target: Target) -> Want {
        Want {
            target,
            integrity: self.integrity.into_values().cloned().collect(),
            addresses: self.addresses.into_iter().cloned().collect(),
            optional: self.optional,
        }
    }
}

#[cfg(test)]
mod tests;
