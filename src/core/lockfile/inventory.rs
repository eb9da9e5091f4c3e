//! The inventory of one lockfile or several: each package once, and everything else beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use url::Url;

use super::{Disposition, Local, Lockfile, Reason};
use crate::core::digest::{Digest, Integrity};
use crate::core::manifest;
use crate::core::package::PackageId;

/// What lockfiles ask for, every entry of theirs accounted for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The packages to collect, sorted by name and version, each once.
    pub packages: Vec<Item>,
    /// Entries that come out of another package's tarball.
    pub bundled: Vec<BundledEntry>,
    /// Entries that are part of the project itself.
    pub local: Vec<LocalEntry>,
    /// Entries that no registry can vouch for, sorted: to be reported, never passed.
    pub out_of_scope: Vec<OutOfScopeEntry>,
}

/// A package to collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which package.
    pub id: PackageId,
    /// What the lockfiles say its tarball must match, each once, sorted by text. Empty if none
    /// says anything; more than one if they differ, and then all of them must match.
    pub integrity: Vec<Integrity>,
    /// Where the lockfiles' authors got it, each once, sorted by text.
    pub resolved: Vec<Url>,
    /// Which entries need it, a lockfile each, sorted by its name.
    pub needed_by: Vec<Need>,
}

/// The entries of one lockfile that need a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The archive's entry that holds the lockfile.
    pub input: String,
    /// The install paths, sorted as the manifest has them: npm sorts by another rule.
    pub paths: Vec<String>,
}

/// An entry that comes out of another package's tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledEntry {
    /// The archive's entry that holds the lockfile.
    pub input: String,
    /// The install path.
    pub path: String,
    /// The path of the entry whose tarball holds it.
    pub parent: String,
}

/// An entry that is part of the project itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalEntry {
    /// The archive's entry that holds the lockfile.
    pub input: String,
    /// The install path.
    pub path: String,
    /// How it is part of the project.
    pub local: Local,
}

/// An entry that no registry can vouch for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutOfScopeEntry {
    /// The archive's entry that holds the lockfile.
    pub input: String,
    /// The install path.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

impl Item {
    /// The hashes, as the manifest lists them.
    pub fn expected(&self) -> Vec<String> {
        self.integrity.iter().map(Integrity::to_string).collect()
    }

    /// The entries that need it, as the manifest lists them.
    pub fn needs(&self) -> Vec<manifest::Need> {
        self.needed_by
            .iter()
            .map(|need| manifest::Need { input: need.input.clone(), paths: need.paths.clone() })
            .collect()
    }
}

impl Inventory {
    /// What is out of scope, as the manifest lists it.
    pub fn not_collected(&self) -> Vec<manifest::OutOfScope> {
        self.out_of_scope
            .iter()
            .map(|entry| manifest::OutOfScope {
                input: entry.input.clone(),
                entry: entry.path.clone(),
                reason: entry.reason.to_string(),
            })
            .collect()
    }

    /// How many lockfile entries are accounted for: as many as the lockfiles have.
    pub fn entries(&self) -> usize {
        let collected: usize = self
            .packages
            .iter()
            .flat_map(|item| &item.needed_by)
            .map(|need| need.paths.len())
            .sum();
        collected + self.bundled.len() + self.local.len() + self.out_of_scope.len()
    }

    /// Packages that no lockfile gives a hash for: whatever the registry answers would pass.
    pub fn without_integrity(&self) -> impl Iterator<Item = &Item> {
        self.packages.iter().filter(|item| item.integrity.is_empty())
    }
}

/// Brings lockfiles together; each comes with the name of the archive's entry that holds it.
pub fn inventory(lockfiles: &[(String, Lockfile)]) -> Inventory {
    let mut inventory = Inventory::default();
    let mut items: BTreeMap<&PackageId, Gathered<'_>> = BTreeMap::new();
    for (input, lockfile) in lockfiles {
        for entry in &lockfile.entries {
            let (input, path) = (input.clone(), entry.path.clone());
            match &entry.disposition {
                Disposition::Collect(wanted) => {
                    let item = items.entry(&wanted.id).or_default();
                    if let Some(integrity) = &wanted.integrity {
                        item.integrity.insert(integrity.to_string(), integrity);
                    }
                    item.resolved.extend(&wanted.resolved);
                    item.need(input, path);
                }
                Disposition::Bundled { parent } => {
                    inventory.bundled.push(BundledEntry { input, path, parent: parent.clone() });
                }
                Disposition::Local(local) => {
                    inventory.local.push(LocalEntry { input, path, local: *local });
                }
                Disposition::OutOfScope(reason) => {
                    let reason = reason.clone();
                    inventory.out_of_scope.push(OutOfScopeEntry { input, path, reason });
                }
            }
        }
    }
    inventory.packages = items
        .into_iter()
        .map(|(id, gathered)| Item {
            id: id.clone(),
            integrity: gathered.integrity.values().map(|&integrity| integrity.clone()).collect(),
            resolved: gathered.resolved.iter().map(|&url| url.clone()).collect(),
            needed_by: gathered.needs(),
        })
        .collect();
    inventory.out_of_scope.sort_by(|a, b| (&a.input, &a.path).cmp(&(&b.input, &b.path)));
    inventory
}

#[derive(Default)]
struct Gathered<'a> {
    integrity: BTreeMap<String, &'a Integrity>,
    resolved: BTreeSet<&'a Url>,
    needed_by: Vec<Need>,
}

impl Gathered<'_> {
    /// Lockfiles come one after the other, so that the last need is the one to add to.
    fn need(&mut self, input: String, path: String) {
        match self.needed_by.last_mut() {
            Some(need) if need.input == input => need.paths.push(path),
            _ => self.needed_by.push(Need { input, paths: vec![path] }),
        }
    }

    fn needs(mut self) -> Vec<Need> {
        self.needed_by.sort_by(|a, b| a.input.cmp(&b.input));
        for need in &mut self.needed_by {
            need.paths.sort();
        }
        self.needed_by
    }
}

/// Why a package of an inventory is not covered by an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    /// The archive does not hold it.
    #[error("{0} is not in the archive")]
    Missing(PackageId),
    /// An entry that no registry can vouch for, and that the signers of the archive did not list as
    /// left out.
    #[error("{path} is not listed as left out: {reason}")]
    OutOfScope {
        /// The install path.
        path: String,
        /// Why no registry can vouch for it.
        reason: String,
    },
    /// The lockfile asks for a hash that the archive's lockfiles did not ask for. It may fit the
    /// tarball all the same, but nobody who sealed or verified the archive has looked.
    #[error("the lockfile asks for {id} with {wanted}, which the archive was not sealed for")]
    HashDiffers {
        /// Which package.
        id: PackageId,
        /// The first such hash.
        wanted: Digest,
    },
}

/// Holds a build's inventory against what an archive's manifest lists: every package must be
/// there, and every hash asked for at its strongest algorithm must be listed. Empty if all are.
///
/// An entry that is out of scope must be among those that the manifest lists as left out.
pub fn uncovered(inventory: &Inventory, manifest: &manifest::Predicate) -> Vec<Uncovered> {
    let listed: HashMap<(&str, &str), &manifest::Package> = manifest
        .packages
        .iter()
        .map(|package| ((package.name.as_str(), package.version.as_str()), package))
        .collect();
    let mut uncovered = Vec::new();
    for item in &inventory.packages {
        let Some(package) = listed.get(&(item.id.name(), item.id.version())) else {
            uncovered.push(Uncovered::Missing(item.id.clone()));
            continue;
        };
        let known: Vec<Integrity> =
            package.integrity.iter().filter_map(|text| Integrity::parse(text).ok()).collect();
        let wanted: BTreeSet<&Digest> =
            item.integrity.iter().flat_map(Integrity::strongest).collect();
        // Of each of the manifest's, too: verification looks at no other.
        let known: BTreeSet<&Digest> = known.iter().flat_map(Integrity::strongest).collect();
        if let Some(wanted) = wanted.difference(&known).next() {
            let (id, wanted) = (item.id.clone(), (*wanted).clone());
            uncovered.push(Uncovered::HashDiffers { id, wanted });
        }
    }
    let known: HashSet<(&str, &str)> = manifest
        .out_of_scope
        .iter()
        .map(|listed| (listed.entry.as_str(), listed.reason.as_str()))
        .collect();
    for entry in &inventory.out_of_scope {
        let reason = entry.reason.to_string();
        if !known.contains(&(entry.path.as_str(), reason.as_str())) {
            uncovered.push(Uncovered::OutOfScope { path: entry.path.clone(), reason });
        }
    }
    uncovered
}

#[cfg(test)]
mod tests;
