//! Version 1, of npm 5 and 6: nested `dependencies`, whose `version` may be an address.
//!
//! Rewritten into the form of version 3, as npm 7 and later do when they meet such a file.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::PackageLockError;
use super::classify::Raw;
use super::json::{self, JsonText, Lines, Object, Specs};
use crate::core::json::objects_only;
use crate::core::limits::{INSTALL_PATH_BYTES, LOCKFILE_PATHS_BYTES, PACKAGE_NAME_BYTES};
use crate::core::npm::address::Spec;

objects_only!(Document<'a>, Dependency<'a>);

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Document<'a> {
    #[serde(borrow, default)]
    dependencies: Object<'a, Dependency<'a>, PACKAGE_NAME_BYTES>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Dependency<'a> {
    #[serde(default)]
    version: JsonText,
    #[serde(default)]
    resolved: JsonText,
    #[serde(default)]
    integrity: JsonText,
    #[serde(default)]
    bundled: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    requires: Specs,
    #[serde(borrow, default)]
    dependencies: Object<'a, Dependency<'a>, PACKAGE_NAME_BYTES>,
}

/// The entries, parents before their children.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Raw>, PackageLockError> {
    let document: Document<'_> = json::read(bytes)?;
    let mut walk =
        Walk { raw: Vec::new(), places: HashMap::new(), bytes: 0, lines: Lines::new(bytes) };
    walk.collect("", document.dependencies)?;
    Ok(walk.raw)
}

struct Walk<'a> {
    raw: Vec<Raw>,
    /// Where in `raw` a path is.
    places: HashMap<String, usize>,
    /// Bytes of all paths so far. In version 3 they are in the file, and bounded with it.
    bytes: u64,
    lines: Lines<'a>,
}

impl<'a> Walk<'a> {
    fn collect(
        &mut self,
        folder: &str,
        dependencies: Object<'a, Dependency<'a>, PACKAGE_NAME_BYTES>,
    ) -> Result<(), PackageLockError> {
        let mut names = HashSet::new();
        for (key, mut dependency) in dependencies.0 {
            let line = self.lines.of(&key);
            let name = key.name;
            let path = match folder {
                "" => format!("node_modules/{name}"),
                folder => format!("{folder}/node_modules/{name}"),
            };
            self.bytes = self.bytes.saturating_add(path.len() as u64);
            if path.len() > INSTALL_PATH_BYTES || self.bytes > LOCKFILE_PATHS_BYTES {
                return Err(PackageLockError::Nesting(name));
            }
            if !names.insert(name) {
                return Err(PackageLockError::Duplicate(path));
            }
            let nested = std::mem::take(&mut dependency.dependencies);
            let bundles = bundled_names(&dependency, &nested);
            let entry = Raw { bundles, line, ..entry(path, dependency) };
            // What is nested under a link is installed in the folder that the link points to.
            let below = match &entry.resolved {
                Some(folder) if entry.link => folder.clone(),
                _ => entry.path.clone(),
            };
            self.push(entry)?;
            self.collect(&below, nested)?;
        }
        Ok(())
    }

    /// Two links to one folder repeat its content. But one path must not stand for two things.
    fn push(&mut self, entry: Raw) -> Result<(), PackageLockError> {
        match self.places.get(&entry.path).and_then(|place| self.raw.get(*place)) {
            // The same entry on two lines counts where it stands first.
            Some(known) if *known == (Raw { line: known.line, ..entry.clone() }) => Ok(()),
            Some(_) => Err(PackageLockError::Duplicate(entry.path)),
            None => {
                self.places.insert(entry.path.clone(), self.raw.len());
                self.raw.push(entry);
                Ok(())
            }
        }
    }
}

/// Version 1 marks what is bundled, but does not say which entry bundles it. npm assumes the parent, if the
/// parent requires it and is not bundled itself.
fn bundled_names(
    parent: &Dependency<'_>,
    nested: &Object<'_, Dependency<'_>, PACKAGE_NAME_BYTES>,
) -> Vec<String> {
    let required = |name: &str| parent.requires.0.iter().any(|(required, _)| required == name);
    let bundled = nested.0.iter().filter(|(key, child)| child.bundled && required(&key.name));
    if parent.bundled { Vec::new() } else { bundled.map(|(key, _)| key.name.clone()).collect() }
}

fn entry(path: String, dependency: Dependency<'_>) -> Raw {
    let mut raw = Raw {
        path,
        version: dependency.version.0,
        resolved: dependency.resolved.0,
        integrity: dependency.integrity.0,
        in_bundle: dependency.bundled,
        optional: dependency.optional,
        dev: dependency.dev,
        // Version 1 does not say which tarballs have a shrinkwrap.
        shrinkwrap: true,
        // npm takes no address from the requirements of version 1.
        edges: dependency.requires.0.into_iter().map(|(name, _)| (name, String::new())).collect(),
        ..Raw::default()
    };
    let Some(version) = raw.version.take() else { return raw };
    if let Some((name, version)) =
        version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'))
    {
        raw.name = Some(name.to_owned());
        raw.version = Some(version.to_owned());
        return raw;
    }
    match Spec::of(&version) {
        // An address that cannot be understood is refused as such, unrepeated: it may hold a secret.
        None if version.contains([':', '/']) => raw.resolved = Some(version),
        None => raw.version = Some(version),
        Some(Spec::Folder(folder)) => {
            raw.link = true;
            raw.resolved = Some(folder);
        }
        Some(_) => raw.resolved = Some(version),
    }
    raw
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::lockfile::{Ask, Bundled, Foreign, Local, Source, package_lock::parse};

    /// The entries of a lockfile of version 1: path, and package or other disposition.
    fn all(dependencies: &str) -> Result<Vec<(String, Ask)>, PackageLockError> {
        let text = format!(r#"{{"lockfileVersion": 1, "dependencies": {{{dependencies}}}}}"#);
        let lockfile = parse(text.as_bytes())?;
        Ok(lockfile.1.into_iter().map(|entry| (entry.path, entry.asks)).collect())
    }

    fn packages(dependencies: &str) -> Vec<(String, String)> {
        all(dependencies)
            .unwrap()
            .into_iter()
            .map(|(path, disposition)| match disposition {
                Ask::Package(wanted) => match wanted.source {
                    Source::Version { id, .. } => (path, id.to_string()),
                    other => panic!("{path}: {other:?}"),
                },
                other => panic!("{path}: {other:?}"),
            })
            .collect()
    }

    fn strings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn paths_come_from_the_nesting() {
        assert_eq!(
            packages(
                r#""a": {"version": "1.0.0", "requires": {"@s/b": "^2"}, "resolved": false,
                    "dependencies": {"@s/b": {"version": "2.0.0", "integrity": null}}}"#
            ),
            strings(&[
                ("node_modules/a", "a@1.0.0"),
                ("node_modules/a/node_modules/@s/b", "@s/b@2.0.0")
            ])
        );
    }

    #[test]
    fn aliases_and_registry_addresses_name_the_real_package() {
        assert_eq!(
            packages(
                r#""a": {"version": "npm:@s/real@1.0.0"},
                   "b": {"version": "https://r.example/c/-/c-2.0.0.tgz"}"#
            ),
            strings(&[("node_modules/a", "@s/real@1.0.0"), ("node_modules/b", "c@2.0.0")])
        );
    }

    #[test]
    fn a_git_dependencys_integrity_may_be_its_commit() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let address = format!("github:s/a#{commit}");
        assert_eq!(
            all(&format!(r#""a": {{"version": "{address}", "integrity": "{commit}"}}"#)),
            Ok(vec![(
                "node_modules/a".into(),
                Ask::Foreign(Foreign::Git {
                    address,
                    commit: Some(commit.into()),
                    name: None,
                    version: None
                })
            )])
        );
    }

    #[test]
    fn tarballs_that_no_registry_gives_are_collected_by_address() {
        let found: Vec<_> = all(
            r#""a": {"version": "file:a.tgz"}, "b": {"version": "https://files.example/b-1.0.0.tgz"},
               "c": {"version": "file:../c.tgz"}"#,
        )
        .unwrap()
        .into_iter()
        .map(|(_, asks)| match asks {
            Ask::Package(wanted) => wanted.source.to_string(),
            Ask::Foreign(foreign) => foreign.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
        let outside = "outside the project: ../c.tgz";
        assert_eq!(found, ["a.tgz", "https://files.example/b-1.0.0.tgz", outside]);
    }

    #[test]
    fn bundled_packages_are_covered_by_their_parent_and_not_by_the_project() {
        let entries = all(r#""a": {"version": "1.0.0", "bundled": true, "requires": {"b": "1"},
                   "dependencies": {"b": {"version": "1.0.0", "bundled": true}}},
               "c": {"version": "1.0.0", "requires": {"d": "1"}, "dependencies": {
                   "d": {"version": "1.0.0", "bundled": true, "requires": {"e": "1"},
                       "dependencies": {"e": {"version": "1.0.0", "bundled": true}}},
                   "f": {"version": "1.0.0", "bundled": true}}}"#)
        .unwrap();
        let bundled: Vec<_> = entries
            .iter()
            .filter_map(|(path, disposition)| match disposition {
                Ask::Bundled(Bundled { parent, .. }) => Some((path.as_str(), parent.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(
            bundled,
            [
                ("node_modules/c/node_modules/d", "node_modules/c"),
                ("node_modules/c/node_modules/d/node_modules/e", "node_modules/c"),
            ]
        );
    }

    #[test]
    fn what_is_nested_under_a_link_is_in_the_folder_and_counts_once() {
        let entries =
            all(r#""a": {"version": "file:p/a", "dependencies": {"c": {"version": "1.0.0"}}},
               "b": {"version": "file:./p/a", "dependencies": {"c": {"version": "1.0.0"}}}"#)
            .unwrap();
        let paths: Vec<_> = entries.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["node_modules/a", "p/a/node_modules/c", "node_modules/b"]);
        assert_eq!(entries[0].1, Ask::Folder(Local::Link));
    }

    #[test]
    fn a_path_that_stands_for_two_things_is_refused() {
        assert_eq!(
            all(r#""a": {"version": "1.0.0"}, "a": {"version": "1.0.0"}"#),
            Err(PackageLockError::Duplicate("node_modules/a".into()))
        );
        assert_eq!(
            all(r#""a": {"version": "file:p", "dependencies": {"c": {"version": "1.0.0"}}},
                   "b": {"version": "file:p", "dependencies": {"c": {"version": "1.0.1"}}}"#),
            Err(PackageLockError::Duplicate("p/node_modules/c".into()))
        );
    }

    #[test]
    fn a_name_is_as_long_as_the_limit() {
        let named =
            |size: usize| all(&format!(r#""{}": {{"version": "1.0.0"}}"#, "a".repeat(size)));
        assert_eq!(named(PACKAGE_NAME_BYTES).unwrap().len(), 1);
        let too_long = named(PACKAGE_NAME_BYTES + 1);
        assert!(matches!(
            too_long,
            Err(PackageLockError::Malformed { detail, .. })
                if detail == format!("a key of {} bytes, more than {PACKAGE_NAME_BYTES}", PACKAGE_NAME_BYTES + 1)
        ));
    }

    #[test]
    fn a_path_is_as_long_as_the_limit() {
        let nested = |rest: usize| {
            let level =
                format!(r#"{{"{}": {{"version": "1.0.0", "dependencies": "#, "a".repeat(212));
            let last = format!(r#"{{"{}": {{"version": "1.0.0"}}}}"#, "b".repeat(rest));
            let text = format!("{}{last}{}", level.repeat(18), "}}".repeat(18));
            all(text.strip_prefix('{').unwrap().strip_suffix('}').unwrap())
        };
        // `node_modules/` and the name, 18 times with a slash after it.
        let rest = INSTALL_PATH_BYTES - 18 * (13 + 212 + 1) - 13;
        let longest = nested(rest).unwrap();
        assert_eq!(longest.last().unwrap().0.len(), INSTALL_PATH_BYTES);
        assert_eq!(nested(rest + 1), Err(PackageLockError::Nesting("b".repeat(rest + 1))));
    }

    #[test]
    fn nesting_does_not_multiply_without_end() {
        // A quarter of a megabyte, whose paths have as many as a lockfile may have.
        let level = format!(r#"{{"{}": {{"version": "1.0.0", "dependencies": "#, "a".repeat(200));
        let inner = |depth: usize| depth * (13 + 200 + 1);
        let (folder, width) = (inner(18) + 13, 8);
        let folders: usize = (1..=18).map(|depth| inner(depth) - 1).sum();
        let room = usize::try_from(LOCKFILE_PATHS_BYTES).unwrap() - folders;
        let (leaves, rest) = (room / (folder + width), room % (folder + width));
        let with = |longer: usize| {
            // The first leaves' names are longer by one.
            let name = |n| if n < longer { format!("{n:0>9}") } else { format!("{n:0>8}") };
            let leaves: Vec<_> =
                (0..leaves).map(|n| format!(r#""{}": {{"version": "1.0.0"}}"#, name(n))).collect();
            let all = format!("{}{{{}}}{}", level.repeat(18), leaves.join(","), "}}".repeat(18));
            entries(format!(r#"{{"dependencies": {all}}}"#).as_bytes())
        };
        let found = with(rest).unwrap();
        let bytes: usize = found.iter().map(|raw| raw.path.len()).sum();
        assert_eq!((found.len(), bytes as u64), (18 + leaves, LOCKFILE_PATHS_BYTES));
        drop(found);
        let last = format!("{:0>8}", leaves - 1);
        assert_eq!(with(rest + 1).unwrap_err(), PackageLockError::Nesting(last));
    }

    #[test]
    fn an_address_that_is_none_is_refused_and_not_repeated() {
        for version in ["https://:secret@", "ftp://user:secret@files.example/a.tgz"] {
            assert_eq!(
                all(&format!(r#""a": {{"version": "{version}"}}"#)),
                Err(PackageLockError::Resolved("node_modules/a".into()))
            );
        }
    }
}
