//! What becomes of each entry, by the same rules for all versions.

use std::collections::HashMap;

use url::Url;

use super::address::{self, Source};
use super::{Disposition, Entry, Local, LockfileError, Reason, Wanted};
use crate::core::digest::Integrity;
use crate::core::package::PackageId;

/// An entry as the file has it, in the form of version 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) path: String,
    /// The real name, where it differs from the folder's.
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) resolved: Option<String>,
    pub(super) integrity: Option<String>,
    pub(super) link: bool,
    pub(super) in_bundle: bool,
    /// Whether its own tarball may hold other packages.
    pub(super) bundles: bool,
}

/// Accounts for every entry.
pub(super) fn classify(raw: Vec<Raw>) -> Result<Vec<Entry>, LockfileError> {
    let mut entries = HashMap::with_capacity(raw.len());
    for entry in &raw {
        if !is_normal(&entry.path) {
            return Err(LockfileError::Path(entry.path.clone()));
        }
        if entries.insert(entry.path.as_str(), entry).is_some() {
            return Err(LockfileError::Duplicate(entry.path.clone()));
        }
    }
    raw.iter()
        .map(|entry| {
            let disposition = disposition(entry, &entries)?;
            Ok(Entry { path: entry.path.clone(), disposition })
        })
        .collect()
}

fn disposition(entry: &Raw, entries: &HashMap<&str, &Raw>) -> Result<Disposition, LockfileError> {
    if entry.path.is_empty() {
        return Ok(Disposition::Local(Local::Root));
    }
    if entry.link {
        return Ok(Disposition::Local(Local::Link));
    }
    // npm installs nothing outside of a `node_modules` folder, whatever the entry says.
    let Some(folder_name) = installed_name(&entry.path) else {
        return Ok(Disposition::Local(Local::Folder));
    };
    if let Some(parent) = bundler(entry, entries) {
        return Ok(Disposition::Bundled { parent: parent.to_owned() });
    }
    let name = entry.name.as_deref().unwrap_or(folder_name);
    match source(entry)? {
        None => match &entry.version {
            Some(version) => collect(entry, package(entry, name, version)?, None),
            None => Err(LockfileError::NoVersion(entry.path.clone())),
        },
        Some(Source::Remote(url)) => remote(entry, name, &url),
        Some(Source::Git { commit }) => Ok(Disposition::OutOfScope(Reason::Git { commit })),
        Some(Source::Folder(_)) => Ok(Disposition::Local(Local::Copy)),
        Some(Source::LocalTarball(path)) => {
            Ok(Disposition::OutOfScope(Reason::LocalTarball { path }))
        }
    }
}

/// npm downloads from the address, and only then looks at name and version: where they do not
/// agree, it is not this package that would be installed.
fn remote(entry: &Raw, name: &str, url: &Url) -> Result<Disposition, LockfileError> {
    let id = match &entry.version {
        Some(version) => Some(package(entry, name, version)?),
        // Version 1 has the address in place of the version, and no real name beside it.
        None => address::registry_tarball(url),
    };
    let url = address::anonymous(url);
    match id {
        Some(id) if address::is_registrys(&url, &id) => collect(entry, id, Some(url)),
        _ => Ok(Disposition::OutOfScope(Reason::RemoteTarball { url: url.into() })),
    }
}

fn collect(
    entry: &Raw,
    id: PackageId,
    resolved: Option<Url>,
) -> Result<Disposition, LockfileError> {
    let integrity = entry.integrity.as_deref().map(Integrity::parse).transpose();
    let integrity =
        integrity.map_err(|error| LockfileError::Integrity { entry: entry.path.clone(), error })?;
    Ok(Disposition::Collect(Wanted { id, integrity, resolved }))
}

/// Whether a path is written in the one way that npm writes it. npm would resolve any other, so
/// that `node_modules/a/../b` is installed as `b`, and what we took for a folder were a package.
fn is_normal(path: &str) -> bool {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let mut below = segments.skip_while(|segment| *segment == "..");
    let plain = |segment: &str| !matches!(segment, "" | "." | "..");
    path.is_empty() || (!path.contains('\\') && below.all(plain))
}

/// The name that the path gives a package: what follows its last `node_modules`. `None` where
/// more follows than a name, or there is none: a folder of the project.
fn installed_name(path: &str) -> Option<&str> {
    let name = match path.rsplit_once("/node_modules/") {
        Some((_, name)) => name,
        None => path.strip_prefix("node_modules/")?,
    };
    let unscoped = match name.split_once('/') {
        Some((scope, rest)) if scope.starts_with('@') => rest,
        _ => name,
    };
    (!unscoped.contains('/')).then_some(name)
}

/// The path of the entry whose tarball holds this one.
///
/// The mark `inBundle` alone is no proof. npm also writes it on what the project's own package (or
/// a workspace's) bundles, and downloads those; and one who edits a lockfile could set it to keep
/// a package from being collected. So it counts only where the nearest ancestor that is not
/// itself bundled is an installed package that says that it bundles. Whether the tarball then
/// holds it, only the tarball knows: if not, npm asks for it behind the gap, where nobody has it.
fn bundler<'a>(entry: &Raw, entries: &HashMap<&str, &'a Raw>) -> Option<&'a str> {
    if !entry.in_bundle {
        return None;
    }
    let mut path = entry.path.as_str();
    let parent = loop {
        let (folder, _) = path.rsplit_once("/node_modules/")?;
        let parent = *entries.get(folder)?;
        if !parent.in_bundle {
            break parent;
        }
        path = folder;
    };
    let installed = installed_name(&parent.path).is_some() && !parent.link;
    (installed && parent.bundles).then_some(parent.path.as_str())
}

fn package(entry: &Raw, name: &str, version: &str) -> Result<PackageId, LockfileError> {
    PackageId::new(name, version)
        .map_err(|error| LockfileError::Package { entry: entry.path.clone(), error })
}

fn source(entry: &Raw) -> Result<Option<Source>, LockfileError> {
    let Some(text) = &entry.resolved else { return Ok(None) };
    Source::of(text).map(Some).ok_or_else(|| LockfileError::Resolved(entry.path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::digest::{Algorithm, IntegrityError};
    use crate::core::lockfile::parse;
    use crate::core::package::PackageError;

    /// The dispositions of the entries of a lockfile of version 3.
    fn all(packages: &str) -> Result<Vec<Disposition>, LockfileError> {
        let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
        let lockfile = parse("package-lock.json", text.as_bytes())?;
        Ok(lockfile.entries.into_iter().map(|entry| entry.disposition).collect())
    }

    fn last(packages: &str) -> Result<Disposition, LockfileError> {
        all(packages).map(|mut all| all.pop().unwrap())
    }

    fn wanted(name: &str, version: &str) -> Disposition {
        let id = PackageId::new(name, version).unwrap();
        Disposition::Collect(Wanted { id, integrity: None, resolved: None })
    }

    #[test]
    fn a_registrys_package_is_collected() {
        let integrity = Integrity::of(Algorithm::Sha512.digest(b"a"));
        let Ok(Disposition::Collect(wanted)) = last(&format!(
            r#""node_modules/b/node_modules/@s/a": {{"version": "1.0.0", "integrity": "{integrity}",
                "resolved": "https://user:secret@r.example/npm/@s/a/-/a-1.0.0.tgz"}}"#
        )) else {
            panic!("not collected")
        };
        assert_eq!(wanted.id, PackageId::new("@s/a", "1.0.0").unwrap());
        assert_eq!(wanted.integrity, Some(integrity));
        assert_eq!(
            wanted.resolved.as_ref().unwrap().as_str(),
            "https://r.example/npm/@s/a/-/a-1.0.0.tgz"
        );
    }

    #[test]
    fn optional_dev_peer_and_extraneous_packages_are_collected() {
        for mark in ["optional", "dev", "devOptional", "peer", "extraneous"] {
            assert_eq!(
                last(&format!(r#""node_modules/a": {{"version": "1.0.0", "{mark}": true}}"#)),
                Ok(wanted("a", "1.0.0")),
                "{mark}"
            );
        }
    }

    #[test]
    fn an_alias_is_collected_under_its_real_name() {
        assert_eq!(
            last(r#""node_modules/a": {"name": "@s/real", "version": "1.0.0"}"#),
            Ok(wanted("@s/real", "1.0.0"))
        );
    }

    #[test]
    fn bundled_packages_are_covered_by_the_one_that_bundles() {
        assert_eq!(
            last(
                r#""node_modules/a": {"version": "1.0.0", "bundleDependencies": ["b"]},
                   "node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true},
                   "node_modules/a/node_modules/b/node_modules/c": {"version": "1.0.0", "inBundle": true}"#
            ),
            Ok(Disposition::Bundled { parent: "node_modules/a".into() })
        );
    }

    #[test]
    fn what_nobody_bundles_is_collected_in_spite_of_the_mark() {
        let b = r#""node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true}"#;
        for packages in [
            // The project itself bundles it: npm downloads it, to pack it later.
            r#""": {"bundleDependencies": ["b"]}, "node_modules/b": {"version": "1.0.0", "inBundle": true}"#.to_owned(),
            // And what the one that it bundles needs.
            format!(r#""": {{"bundleDependencies": ["a"]}}, "node_modules/a": {{"version": "2.0.0", "inBundle": true}}, {b}"#),
            // As do workspaces.
            r#""p": {"bundleDependencies": ["b"]}, "p/node_modules/b": {"version": "1.0.0", "inBundle": true}"#.to_owned(),
            // The parent does not say that it bundles, or is none that has a tarball.
            format!(r#""node_modules/a": {{"version": "2.0.0"}}, {b}"#),
            format!(r#""node_modules/a": {{"version": "2.0.0", "bundleDependencies": []}}, {b}"#),
            format!(r#""node_modules/a": {{"version": "2.0.0", "bundleDependencies": false}}, {b}"#),
            format!(r#""node_modules/a": {{"link": true, "resolved": "p", "bundleDependencies": true}}, {b}"#),
            // There is no parent.
            b.to_owned(),
        ] {
            assert_eq!(last(&packages), Ok(wanted("b", "1.0.0")), "{packages}");
        }
    }

    #[test]
    fn the_projects_own_folders_are_local() {
        use Local::{Copy, Folder, Link, Root};
        assert_eq!(
            all(r#""": {"name": "project", "version": "1.0.0"},
                   "packages/a": {"name": "a", "version": "1.0.0"},
                   "../b": {"version": "1.0.0"},
                   "node_modules/a": {"resolved": "packages/a", "link": true},
                   "node_modules/c": {"version": "1.0.0", "resolved": "file:c"}"#),
            Ok([Root, Folder, Folder, Link, Copy].map(Disposition::Local).to_vec())
        );
    }

    #[test]
    fn git_and_tarballs_are_out_of_scope() {
        let out = |resolved: &str| {
            let packages = format!(
                r#""node_modules/a": {{"version": "1.0.0", "resolved": "{resolved}", "integrity": "whatever"}}"#
            );
            match last(&packages) {
                Ok(Disposition::OutOfScope(reason)) => reason.to_string(),
                other => panic!("{other:?}"),
            }
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            out(&format!("git+ssh://git@git.example/s/a.git#{commit}")),
            format!("git dependency, commit {commit}")
        );
        assert_eq!(out("git+ssh://git@git.example/s/a.git"), "git dependency, no commit given");
        assert_eq!(out("file:vendor/a-1.0.0.tgz"), "local tarball vendor/a-1.0.0.tgz");
        assert_eq!(
            out("https://user:secret@files.example/a-1.0.0.tgz?token=secret"),
            "tarball from https://files.example/a-1.0.0.tgz, where no registry has this version"
        );
        // Another package's or version's address: npm would install that one.
        assert_eq!(
            out("https://r.example/b/-/b-1.0.0.tgz"),
            "tarball from https://r.example/b/-/b-1.0.0.tgz, where no registry has this version"
        );
        assert_eq!(
            out("https://r.example/a/-/a-1.0.1.tgz"),
            "tarball from https://r.example/a/-/a-1.0.1.tgz, where no registry has this version"
        );
    }

    #[test]
    fn the_address_can_stand_for_the_version() {
        let Ok(Disposition::Collect(wanted)) =
            last(r#""node_modules/a": {"resolved": "https://r.example/b/-/b-1.0.0.tgz"}"#)
        else {
            panic!("not collected")
        };
        assert_eq!(wanted.id, PackageId::new("b", "1.0.0").unwrap());
        assert_eq!(
            last(r#""node_modules/a": {"optional": true}"#),
            Err(LockfileError::NoVersion("node_modules/a".into()))
        );
    }

    #[test]
    fn malformed_entries_are_refused() {
        let entry = || "node_modules/a".to_owned();
        assert_eq!(
            last(r#""node_modules/a": {"version": "latest"}"#),
            Err(LockfileError::Package {
                entry: entry(),
                error: PackageError::Version("latest".into())
            })
        );
        assert_eq!(
            last(r#""node_modules/a": {"name": "../a", "version": "1.0.0"}"#),
            Err(LockfileError::Package {
                entry: entry(),
                error: PackageError::Name("../a".into())
            })
        );
        assert_eq!(
            last(r#""node_modules/a": {"version": "1.0.0", "integrity": "sha512-AAAA"}"#),
            Err(LockfileError::Integrity {
                entry: entry(),
                error: IntegrityError::Malformed("sha512-AAAA".into())
            })
        );
        assert_eq!(
            last(r#""node_modules/a": {"version": "1.0.0", "resolved": "https://:secret@"}"#),
            Err(LockfileError::Resolved(entry()))
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        assert_eq!(
            last(
                r#""node_modules/a": {"version": "1.0.0"}, "node_modules/a": {"version": "1.0.0"}"#
            ),
            Err(LockfileError::Duplicate("node_modules/a".into()))
        );
        assert!(matches!(
            last(r#""node_modules/a": {"version": "1.0.0", "version": "1.0.1"}"#),
            Err(LockfileError::Malformed { detail, .. }) if detail == "duplicate field `version`"
        ));
    }

    #[test]
    fn paths_that_npm_would_resolve_to_others_are_refused() {
        for path in [
            "node_modules/a/../b",
            "node_modules/./b",
            "node_modules/b/",
            "node_modules//b",
            "../..//b",
            "node_modules\\\\b",
        ] {
            assert_eq!(
                last(&format!(r#""{path}": {{"version": "1.0.0"}}"#)),
                Err(LockfileError::Path(path.replace("\\\\", "\\"))),
                "{path}"
            );
        }
        // npm installs into a bare scope's folder, too: no folder of the project.
        assert!(matches!(
            last(r#""node_modules/@s": {"version": "1.0.0"}"#),
            Err(LockfileError::Package { error: PackageError::Name(_), .. })
        ));
    }
}
