//! Version 2 has every package twice: in `packages` for npm 7 and later, in `dependencies` for npm 6,
//! which reads it of any version.
//!
//! Both must ask for the same. Otherwise what is installed depends on who reads it.

use std::collections::HashMap;

use super::classify::leaves_project;
use crate::core::lockfile::package_lock::PackageLockError;
use crate::core::lockfile::{Ask, Entry, Foreign, Requirement, Source};
use crate::core::package::digest::Digest;

/// Requires that both sections have the same packages at the same paths.
///
/// # Errors
/// [`PackageLockError::Sections`] for the first entry that differs.
pub(super) fn require_agreement(
    packages: &[Entry],
    dependencies: &[Entry],
) -> Result<(), PackageLockError> {
    let differs = |entry: &Entry, detail| {
        Err(PackageLockError::Sections { path: entry.path.clone(), detail })
    };
    let others: HashMap<&str, &Entry> =
        packages.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let mut seen = HashMap::new();
    for entry in dependencies {
        seen.insert(entry.path.as_str(), ());
        match others.get(entry.path.as_str()) {
            None if is_nothing(entry) => {}
            None => return differs(entry, "\"packages\" lacks it"),
            Some(other) => {
                if let Some(detail) = difference(&other.asks, &entry.asks) {
                    return differs(entry, detail);
                }
            }
        }
    }
    // npm writes folders outside of the project into `packages` alone, too. They are foreign.
    match packages.iter().find(|entry| {
        !seen.contains_key(entry.path.as_str())
            && !is_nothing(entry)
            && !leaves_project(&entry.path)
    }) {
        Some(entry) => differs(entry, "\"dependencies\" lacks it"),
        None => Ok(()),
    }
}

/// Whether npm would fetch nothing for it.
fn is_nothing(entry: &Entry) -> bool {
    matches!(entry.asks, Ask::Folder(_) | Ask::Nothing)
}

fn difference(new: &Ask, old: &Ask) -> Option<&'static str> {
    match (new, old) {
        (Ask::Package(new), Ask::Package(old)) => other_package(new, old),
        (Ask::Bundled(new), Ask::Bundled(old)) => (new.id != old.id).then_some("name or version"),
        // Version 1 has no patches, and of a folder or file outside the project only its path.
        (Ask::Folder(_) | Ask::Nothing, Ask::Folder(_) | Ask::Nothing) => None,
        (Ask::Foreign(new), Ask::Foreign(old)) => (!is_same_foreign(new, old)).then_some("address"),
        _ => Some("what it is"),
    }
}

/// Version 1 has no name and version beside an address of git, and knows no address of a dependency.
fn is_same_foreign(new: &Foreign, old: &Foreign) -> bool {
    match (new, old) {
        (Foreign::Git { address: new, .. }, Foreign::Git { address: old, .. }) => new == old,
        (Foreign::Rerouted { wanted: None, .. }, Foreign::Git { .. }) => true,
        _ => new == old,
    }
}

fn other_package(new: &Requirement, old: &Requirement) -> Option<&'static str> {
    let hashes = |wanted: &Requirement| -> Vec<Digest> {
        wanted.integrity.iter().flat_map(|integrity| integrity.strongest().cloned()).collect()
    };
    if hashes(new) != hashes(old) {
        return Some("hash");
    }
    match (&new.source, &old.source) {
        (Source::Version { id: new, address: at }, Source::Version { id: old, address: other }) => {
            if new != old {
                return Some("name or version");
            }
            (at != other).then_some("address")
        }
        (Source::Tarball { place: new, .. }, Source::Tarball { place: old, .. }) => {
            (new != old).then_some("address")
        }
        _ => Some("address"),
    }
}

#[cfg(test)]
mod tests {
    use crate::core::lockfile::package_lock::{PackageLockError, parse};

    fn both(packages: &str, dependencies: &str) -> Result<(), PackageLockError> {
        let text = format!(
            r#"{{"lockfileVersion": 2, "packages": {{{packages}}}, "dependencies": {{{dependencies}}}}}"#
        );
        parse(text.as_bytes()).map(drop)
    }

    fn detail(packages: &str, dependencies: &str) -> &'static str {
        match both(packages, dependencies) {
            Err(PackageLockError::Sections { detail, .. }) => detail,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sections_that_agree_are_accepted() {
        assert_eq!(
            both(
                r#""": {}, "p": {"version": "1.0.0"}, "node_modules/p": {"resolved": "p", "link": true},
                   "node_modules/a": {"name": "b", "version": "1.0.0"},
                   "node_modules/peer": {"optional": true, "peer": true},
                   "node_modules/g": {"version": "1.0.0", "resolved": "git+ssh://git@git.example/g.git#x"}"#,
                r#""p": {"version": "file:p"}, "a": {"version": "npm:b@1.0.0"},
                   "g": {"version": "git+ssh://git@git.example/g.git#x", "from": "g@x"}"#
            ),
            Ok(())
        );
    }

    /// As npm 11 writes it with `--lockfile-version 2`.
    #[test]
    fn a_folder_outside_the_project_is_in_packages_alone() {
        let packages = r#""": {}, "../a": {"version": "1.0.0"},
            "node_modules/a": {"resolved": "../a", "link": true}"#;
        assert_eq!(both(packages, r#""a": {"version": "file:../a"}"#), Ok(()));
        let nested =
            r#""a": {"version": "file:../a", "dependencies": {"b": {"version": "1.0.0"}}}"#;
        assert_eq!(detail(packages, nested), "\"packages\" lacks it");
    }

    #[test]
    fn rejects_sections_that_differ() {
        let address = r#", "resolved": "https://r.example/a/-/a-1.0.0.tgz""#;
        let hash =
            |byte: &str| format!(r#", "integrity": "sha1-{byte}AAAAAAAAAAAAAAAAAAAAAAAAAA=""#);
        let new = |more: &str| format!(r#""node_modules/a": {{"version": "1.0.0"{more}}}"#);
        let old = |more: &str| format!(r#""a": {{"version": "1.0.0"{more}}}"#);
        assert_eq!(both(&new(address), &old(address)), Ok(()));
        assert_eq!(detail(&new(""), ""), "\"dependencies\" lacks it");
        assert_eq!(detail("", &old("")), "\"packages\" lacks it");
        assert_eq!(detail(&new(address), &old("")), "address");
        assert_eq!(detail(&new(&hash("A")), &old(&hash("B"))), "hash");
        assert_eq!(detail(&new(&hash("A")), &old("")), "hash");
        assert_eq!(detail(&new(""), r#""a": {"version": "1.0.1"}"#), "name or version");
        assert_eq!(detail(&new(""), r#""a": {"version": "git+ssh://git@x/a.git"}"#), "what it is");
        assert_eq!(detail(&new(""), r#""a": {"version": "file:a"}"#), "what it is");
    }
}
