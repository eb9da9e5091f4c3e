//! Dependencies between entries that change what npm installs.
//!
//! This was measured with npm 10 to 12. npm takes an entry out of another entry's tarball if that other
//! entry lists it in `bundleDependencies`, or if an entry that is so listed depends on it. The mark
//! `inBundle` alone does nothing. And if an entry depends on an address, npm installs from that address,
//! whatever the entry of that package says.

use std::collections::HashMap;

use super::{
    classify::{Raw, installed_name},
    repository,
};
use crate::core::addresses;
use crate::core::lockfile::{Ask, Entry, Foreign, Local, Place, Source};
use crate::core::npm::address::Spec;

/// For each entry that npm takes out of a tarball: the outermost entry that this tarball is of.
pub(super) fn bundlers<'a>(
    raw: &'a [Raw],
    entries: &HashMap<&'a str, &'a Raw>,
) -> HashMap<&'a str, &'a Raw> {
    let mut parents: Vec<&Raw> =
        raw.iter().filter(|entry| !entry.bundles.is_empty() && is_package(entry)).collect();
    parents.sort_by_key(|entry| entry.path.len());
    let mut found: HashMap<&str, &Raw> = HashMap::new();
    for parent in parents {
        if found.contains_key(parent.path.as_str()) {
            continue;
        }
        let below = format!("{}/node_modules/", parent.path);
        let mut names: Vec<(&str, &str)> =
            parent.bundles.iter().map(|name| (parent.path.as_str(), name.as_str())).collect();
        while let Some((from, name)) = names.pop() {
            let Some(entry) = nearest(from, name, entries) else { continue };
            if !entry.path.starts_with(&below) || found.contains_key(entry.path.as_str()) {
                continue;
            }
            found.insert(&entry.path, parent);
            names.extend(entry.edges.iter().map(|(name, _)| (entry.path.as_str(), name.as_str())));
        }
    }
    found
}

fn is_package(entry: &Raw) -> bool {
    installed_name(&entry.path).is_some() && !entry.link
}

/// The entry that a package at `from` gets for a name: in its own `node_modules`, or in the nearest
/// folder above it.
pub(super) fn nearest<'e, T>(
    from: &str,
    name: &str,
    entries: &HashMap<&str, &'e T>,
) -> Option<&'e T> {
    let mut folder = from;
    loop {
        let path = match folder {
            "" => format!("node_modules/{name}"),
            folder => format!("{folder}/node_modules/{name}"),
        };
        if let Some(entry) = entries.get(path.as_str()) {
            return Some(entry);
        }
        folder = match folder.rfind('/') {
            _ if folder.is_empty() => return None,
            Some(end) => folder.get(..end).unwrap_or_default(),
            None => "",
        };
    }
}

/// Marks entries that another entry depends on by a different address: npm would install from that
/// address, without a hash.
pub(super) fn mark_rerouted(raw: &[Raw], classified: &mut [Entry]) {
    let mut rerouted = Vec::new();
    {
        let places: Vec<usize> = (0..classified.len()).collect();
        let by_path: HashMap<&str, &usize> =
            classified.iter().zip(&places).map(|(entry, at)| (entry.path.as_str(), at)).collect();
        for from in raw {
            for (name, text) in &from.edges {
                let Some(spec) = Spec::of(text) else { continue };
                let Some(at) = nearest(&from.path, name, &by_path) else { continue };
                let same = classified
                    .get(*at)
                    .is_some_and(|entry| is_same(&entry.asks, &spec, text, &from.path));
                if !same {
                    rerouted.push((*at, from.path.clone(), addresses::written(text)));
                }
            }
        }
    }
    for (at, by, address) in rerouted {
        if let Some(entry) = classified.get_mut(at) {
            let wanted = match &entry.asks {
                Ask::Package(wanted) => Some(wanted.clone()),
                _ => None,
            };
            entry.asks = Ask::Foreign(Foreign::Rerouted { by, address, wanted });
        }
    }
}

/// Whether an entry is from the address that another one depends on, which is `text`.
fn is_same(asks: &Ask, spec: &Spec, text: &str, from: &str) -> bool {
    match (asks, spec) {
        // A tarball that was supplied for the entry is not what npm would get from elsewhere.
        (Ask::Foreign(Foreign::Git { address, .. }), Spec::Git { .. } | Spec::Remote(_)) => {
            repository::is_same(address, &addresses::written(text))
        }
        (Ask::Foreign(Foreign::Git { .. }), _) => false,
        // Other foreign entries are denied in any case, and bundled ones are not fetched.
        (Ask::Foreign(_) | Ask::Bundled(_), _) => true,
        (Ask::Folder(Local::Link | Local::Copy), Spec::Folder(_)) => true,
        (Ask::Package(wanted), Spec::Remote(url)) => {
            let url = addresses::anonymous(url);
            match &wanted.source {
                Source::Version { address, .. } => address.as_ref() == Some(&url),
                Source::Tarball { place, .. } => *place == Place::Url(url),
            }
        }
        (Ask::Package(wanted), Spec::LocalTarball(path)) => match &wanted.source {
            Source::Tarball { place: Place::File(file), .. } => joined(from, path) == *file,
            _ => false,
        },
        _ => false,
    }
}

/// A path from a folder of the project, as a path from the project's own folder.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if !parts.is_empty() => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use crate::core::lockfile::{Ask, Foreign, package_lock::parse};

    fn asks(packages: &str, path: &str) -> Ask {
        let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
        let lockfile = parse(text.as_bytes()).unwrap();
        lockfile.1.into_iter().find(|entry| entry.path == path).unwrap().asks
    }

    #[test]
    fn an_entry_that_another_one_has_from_elsewhere_is_foreign() {
        for (spec, kind) in [
            ("http://evil.example/b.tgz", "dependencies"),
            ("file:evil.tgz", "dependencies"),
            ("~/evil.tgz", "dependencies"),
            ("./evil", "dependencies"),
            ("c:/evil.tgz", "dependencies"),
            ("git+ssh://git@evil.example/b.git", "dependencies"),
            ("evil/b", "optionalDependencies"),
            ("https://r.example/b/-/b-1.0.1.tgz", "peerDependencies"),
        ] {
            let packages = format!(
                r#""node_modules/a": {{"version": "1.0.0", "{kind}": {{"b": "{spec}"}}}},
                   "node_modules/b": {{"version": "1.0.0",
                       "resolved": "https://r.example/b/-/b-1.0.0.tgz"}}"#
            );
            let found = asks(&packages, "node_modules/b");
            assert!(
                matches!(&found, Ask::Foreign(Foreign::Rerouted { by, .. }) if by == "node_modules/a"),
                "{spec}: {found:?}"
            );
        }
    }

    #[test]
    fn ranges_tags_aliases_and_the_entrys_own_address_change_nothing() {
        for spec in [
            "^1.0.0",
            "~1.0.0",
            ">=1 <2 || 3.x",
            "latest",
            "npm:c@1.0.0",
            "workspace:*",
            "",
            "https://r.example/b/-/b-1.0.0.tgz",
        ] {
            let packages = format!(
                r#""node_modules/a": {{"version": "1.0.0", "dependencies": {{"b": "{spec}"}}}},
                   "node_modules/b": {{"version": "1.0.0",
                       "resolved": "https://r.example/b/-/b-1.0.0.tgz"}}"#
            );
            assert!(matches!(asks(&packages, "node_modules/b"), Ask::Package(_)), "{spec}");
        }
    }

    #[test]
    fn the_projects_own_addresses_are_those_of_the_entries() {
        let packages = r#""": {"dependencies": {"t": "file:vendor/t.tgz", "l": "file:lib"}},
            "lib": {"devDependencies": {"u": "file:../vendor/u.tgz"}},
            "node_modules/l": {"resolved": "lib", "link": true},
            "node_modules/t": {"version": "1.0.0", "resolved": "file:vendor/t.tgz"},
            "node_modules/u": {"version": "1.0.0", "resolved": "file:vendor/u.tgz"}"#;
        for path in ["node_modules/t", "node_modules/u"] {
            assert!(matches!(asks(packages, path), Ask::Package(_)), "{path}");
        }
    }

    #[test]
    fn development_dependencies_of_installed_packages_change_nothing() {
        let packages = r#""node_modules/a": {"version": "1.0.0",
                "devDependencies": {"b": "http://evil.example/b.tgz"}},
            "node_modules/b": {"version": "1.0.0"}"#;
        assert!(matches!(asks(packages, "node_modules/b"), Ask::Package(_)));
    }
}
