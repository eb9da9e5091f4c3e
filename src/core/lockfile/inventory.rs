//! The inventory of one lockfile or several: each package once, and everything else beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        /// The hash that the lockfile asks for.
        wanted: Digest,
        /// The hashes that the archive's manifest lists.
        listed: Vec<String>,
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
        for wanted in wanted {
            // Of each of the manifest's, too: verification looks at no other.
            if !known.iter().flat_map(Integrity::strongest).any(|digest| digest == wanted) {
                uncovered.push(Uncovered::HashDiffers {
                    id: item.id.clone(),
                    wanted: wanted.clone(),
                    listed: package.integrity.clone(),
                });
            }
        }
    }
    for entry in &inventory.out_of_scope {
        let reason = entry.reason.to_string();
        let known =
            |listed: &manifest::OutOfScope| listed.entry == entry.path && listed.reason == reason;
        if !manifest.out_of_scope.iter().any(known) {
            uncovered.push(Uncovered::OutOfScope { path: entry.path.clone(), reason });
        }
    }
    uncovered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::digest::Algorithm;
    use crate::core::lockfile::parse;

    fn lockfile(packages: &str) -> Lockfile {
        let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
        parse("package-lock.json", text.as_bytes()).unwrap()
    }

    fn one(integrity: &str) -> Inventory {
        let entry = format!(r#""node_modules/a": {{"version": "1.0.0"{integrity}}}"#);
        inventory(&[("inputs/package-lock.json".into(), lockfile(&entry))])
    }

    fn asking(sri: &str) -> Inventory {
        one(&format!(r#", "integrity": "{sri}""#))
    }

    fn manifest(name: &str, integrity: &[String]) -> manifest::Predicate {
        manifest::Predicate {
            format_version: 1,
            tool: manifest::Tool { name: "sealift".into(), version: "0.1.0".into() },
            sealed_at: "2026-11-23T04:00:00Z".into(),
            inputs: vec![],
            trust: vec![],
            packages: vec![manifest::Package {
                purl: format!("pkg:npm/{name}@1.0.0"),
                name: name.into(),
                version: "1.0.0".into(),
                registry: "https://registry.example".into(),
                artifact: format!("npm/{name}/1.0.0/{name}-1.0.0.tgz"),
                record: None,
                attestations: None,
                integrity: integrity.to_vec(),
                needed_by: vec![],
            }],
            out_of_scope: vec![],
            collection: vec![],
        }
    }

    #[test]
    fn packages_come_once_and_sorted_and_every_entry_is_accounted_for() {
        let sha512 = Algorithm::Sha512.digest(b"b").to_sri();
        let sha1 = Algorithm::Sha1.digest(b"b").to_sri();
        let first = lockfile(&format!(
            r#""": {{}},
               "node_modules/b": {{"version": "1.0.0", "integrity": "{sha512}"}},
               "node_modules/a": {{"version": "1.0.0", "bundleDependencies": ["x"]}},
               "node_modules/a/node_modules/x": {{"version": "1.0.0", "inBundle": true}},
               "node_modules/a/node_modules/b": {{"version": "1.0.0", "integrity": "{sha512}",
                   "resolved": "https://r.example/b/-/b-1.0.0.tgz"}},
               "node_modules/g": {{"resolved": "git+ssh://git@git.example/s/g.git"}}"#
        ));
        let second = lockfile(&format!(
            r#""node_modules/b": {{"version": "1.0.0", "integrity": "{sha1}"}}"#
        ));
        let entries = first.entries.len() + second.entries.len();
        let inventory = inventory(&[("inputs/0".into(), first), ("inputs/1".into(), second)]);

        assert_eq!(inventory.entries(), entries);
        let ids: Vec<_> = inventory.packages.iter().map(|item| item.id.to_string()).collect();
        assert_eq!(ids, ["a@1.0.0", "b@1.0.0"]);
        let b = &inventory.packages[1];
        let integrity: Vec<_> = b.integrity.iter().map(Integrity::to_string).collect();
        assert_eq!(integrity, [sha1, sha512]);
        assert_eq!(b.resolved.len(), 1);
        assert_eq!(
            b.needed_by,
            [
                Need {
                    input: "inputs/0".into(),
                    paths: vec!["node_modules/a/node_modules/b".into(), "node_modules/b".into()]
                },
                Need { input: "inputs/1".into(), paths: vec!["node_modules/b".into()] },
            ]
        );
        assert_eq!(
            (inventory.bundled.len(), inventory.local.len(), inventory.out_of_scope.len()),
            (1, 1, 1)
        );
        let unhashed: Vec<_> = inventory.without_integrity().map(|item| item.id.name()).collect();
        assert_eq!(unhashed, ["a"]);
    }

    #[test]
    fn what_the_manifest_lists_is_in_its_order() {
        // As npm sorts: by the rules of a language, and not by bytes.
        let packages = r#""node_modules/a": {"version": "1.0.0"},
            "node_modules/B": {"version": "1.0.0", "name": "a"},
            "node_modules/g": {"resolved": "git+ssh://git@git.example/s/g.git"},
            "node_modules/H": {"resolved": "git+ssh://git@git.example/s/h.git"}"#;
        let names = ["inputs/9/package-lock.json", "inputs/10/package-lock.json"];
        let inputs = names.map(|name| (name.to_owned(), lockfile(packages)));
        let inventory = inventory(&inputs);
        let mut listed = manifest("a", &[]);
        listed.packages[0].needed_by = inventory.packages[0].needs();
        listed.out_of_scope = inventory.not_collected();
        let mut sorted = listed.clone();
        sorted.sort();
        assert_eq!(listed, sorted);
    }

    #[test]
    fn a_package_is_covered_with_the_same_hash() {
        let sri = Algorithm::Sha512.digest(b"a").to_sri();
        assert_eq!(uncovered(&asking(&sri), &manifest("a", std::slice::from_ref(&sri))), []);
        assert_eq!(uncovered(&one(""), &manifest("a", &[sri])), []);
    }

    #[test]
    fn a_package_that_the_archive_lacks_is_missing() {
        let inventory = one("");
        assert_eq!(
            uncovered(&inventory, &manifest("b", &[])),
            [Uncovered::Missing(inventory.packages[0].id.clone())]
        );
    }

    #[test]
    fn a_hash_that_the_archive_was_not_sealed_for_differs() {
        let wanted = Algorithm::Sha512.digest(b"a");
        let sha1 = Algorithm::Sha1.digest(b"a");
        let inventory = asking(&wanted.to_sri());
        for listed in [
            vec![],
            vec![Algorithm::Sha512.digest(b"other").to_sri()],
            vec![sha1.to_sri()],
            vec!["malformed".to_owned()],
        ] {
            assert_eq!(
                uncovered(&inventory, &manifest("a", &listed)),
                [Uncovered::HashDiffers {
                    id: inventory.packages[0].id.clone(),
                    wanted: wanted.clone(),
                    listed,
                }]
            );
        }
    }

    #[test]
    fn a_weaker_hash_must_be_listed_by_itself() {
        let sha512 = Algorithm::Sha512.digest(b"a").to_sri();
        let sha1 = Algorithm::Sha1.digest(b"a").to_sri();
        let inventory = asking(&sha1);
        assert_eq!(uncovered(&inventory, &manifest("a", &[sha1.clone(), sha512.clone()])), []);
        // Nobody has looked at the SHA-1 beside a SHA-512.
        for listed in [sha512.clone(), format!("{sha1} {sha512}")] {
            assert_eq!(uncovered(&inventory, &manifest("a", &[listed])).len(), 1);
        }
    }

    #[test]
    fn every_hash_of_the_strongest_algorithm_must_be_listed() {
        let one = Algorithm::Sha512.digest(b"one").to_sri();
        let two = Algorithm::Sha512.digest(b"two").to_sri();
        let inventory = asking(&format!("{one} {two}"));
        assert_eq!(uncovered(&inventory, &manifest("a", &[one])).len(), 1);
    }
}
