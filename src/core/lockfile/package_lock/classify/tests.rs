use super::*;
use crate::core::lockfile::package_lock::parse;
use crate::core::package::PackageError;
use crate::core::package::digest::{Algorithm, IntegrityError};

/// What the entries ask for, of a lockfile of version 3.
fn all(packages: &str) -> Result<Vec<Ask>, PackageLockError> {
    let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
    let (_, entries) = parse(text.as_bytes())?;
    Ok(entries.into_iter().map(|entry| entry.asks).collect())
}

fn last(packages: &str) -> Result<Ask, PackageLockError> {
    all(packages).map(|mut all| all.pop().unwrap())
}

fn wanted(name: &str, version: &str) -> Ask {
    wanted_from(name, version, None)
}

fn wanted_from(name: &str, version: &str, address: Option<&str>) -> Ask {
    let id = PackageId::npm(name, version).unwrap();
    let address = address.map(|address| Url::parse(address).unwrap());
    Ask::Package(Requirement { source: Source::Version { id, address }, integrity: None })
}

fn foreign(packages: &str) -> String {
    match last(packages) {
        Ok(Ask::Foreign(foreign)) => foreign.to_string(),
        other => panic!("{packages}: {other:?}"),
    }
}

#[test]
fn a_registrys_package_is_collected() {
    let integrity = Integrity::of(Algorithm::Sha512.digest(b"a"));
    let found = last(&format!(
        r#""node_modules/b/node_modules/@s/a": {{"version": "1.0.0", "integrity": "{integrity}",
                "resolved": "https://user:secret@r.example/npm/@s/a/-/a-1.0.0.tgz"}}"#
    ));
    let address = "https://r.example/npm/@s/a/-/a-1.0.0.tgz";
    let Ask::Package(wanted) = wanted_from("@s/a", "1.0.0", Some(address)) else { unreachable!() };
    let integrity = Some(integrity);
    assert_eq!(found, Ok(Ask::Package(Requirement { integrity, ..wanted })));
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

/// npm takes the folder's name for an alias where the address names another package.
#[test]
fn an_alias_without_a_name_is_collected_as_what_its_address_names() {
    let address = "https://r.example/ms/-/ms-2.1.3.tgz";
    let entry = |more: &str| {
        format!(r#""node_modules/millis": {{"version": "2.1.3", "resolved": "{address}"{more}}}"#)
    };
    assert_eq!(last(&entry("")), Ok(wanted_from("ms", "2.1.3", Some(address))));
    let named = last(&entry(r#", "name": "millis""#));
    assert!(matches!(named, Ok(Ask::Package(Requirement { source: Source::Tarball { .. }, .. }))));
}

#[test]
fn bundled_packages_name_the_entry_whose_tarball_holds_them() {
    let found = last(
        r#""node_modules/a": {"version": "1.0.0", "bundleDependencies": ["b"]},
               "node_modules/a/node_modules/b": {"version": "1.0.0", "inBundle": true,
                   "dependencies": {"c": "1"}},
               "node_modules/a/node_modules/b/node_modules/c": {"version": "1.0.0", "inBundle": true}"#,
    );
    assert_eq!(
        found,
        Ok(Ask::Bundled(Bundled {
            parent: "node_modules/a".into(),
            id: Some(PackageId::npm("c", "1.0.0").unwrap()),
            alone: Box::new(wanted("c", "1.0.0")),
        }))
    );
}

#[test]
fn an_entry_with_an_address_or_a_hash_is_not_bundled() {
    for more in [
        r#""resolved": "https://evil.example/x.tgz""#.to_owned(),
        r#""resolved": "file:x.tgz""#.to_owned(),
        format!(r#""integrity": "{}""#, Algorithm::Sha512.digest(b"a").to_sri()),
    ] {
        let found = last(&format!(
            r#""node_modules/a": {{"version": "1.0.0", "bundleDependencies": ["b"]}},
                   "node_modules/a/node_modules/b": {{"version": "1.0.0", "inBundle": true, {more}}}"#
        ));
        assert!(matches!(found, Ok(Ask::Package(_))), "{more}: {found:?}");
    }
}

#[test]
fn what_a_git_dependency_bundles_is_foreign_without_its_tarball() {
    let git = "git+ssh://git@git.example/s/a.git";
    let found = last(&format!(
        r#""node_modules/a": {{"version": "1.0.0", "resolved": "{git}",
                   "dependencies": {{"b": "1"}}, "bundleDependencies": true}},
               "node_modules/a/node_modules/b": {{"version": "1.0.0", "inBundle": true}}"#
    ));
    let Ok(Ask::Bundled(bundled)) = found else { panic!("{found:?}") };
    assert_eq!(bundled.id, PackageId::npm("b", "1.0.0").ok());
    let within = Foreign::Within { parent: "node_modules/a".into() };
    assert_eq!(*bundled.alone, Ask::Foreign(within));
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
        // The parent does not say that it bundles this one, or is none that has a tarball.
        format!(r#""node_modules/a": {{"version": "2.0.0"}}, {b}"#),
        format!(r#""node_modules/a": {{"version": "2.0.0", "bundleDependencies": ["c"]}}, {b}"#),
        format!(r#""node_modules/a": {{"version": "2.0.0", "bundleDependencies": true}}, {b}"#),
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
                   "node_modules/a": {"resolved": "packages/a", "link": true},
                   "node_modules/c": {"version": "1.0.0", "resolved": "file:c"}"#),
        Ok([Root, Folder, Link, Copy].map(Ask::Folder).to_vec())
    );
}

#[test]
fn folders_outside_the_project_are_foreign() {
    for packages in [
        r#""../b": {"version": "1.0.0"}"#,
        r#""../b/node_modules/tool": {}"#,
        r#""/b": {"version": "1.0.0"}"#,
        r#""node_modules/b": {"resolved": "../b", "link": true}"#,
        r#""node_modules/b": {"resolved": "p/../../b", "link": true}"#,
        r#""node_modules/b": {"resolved": "file:/b", "link": true}"#,
        r#""node_modules/b": {"resolved": "file:~/b", "version": "1.0.0"}"#,
        r#""node_modules/b": {"resolved": "file:../b-1.0.0.tgz", "version": "1.0.0"}"#,
    ] {
        let text = foreign(packages);
        assert!(text.starts_with("outside the project: "), "{text}");
    }
}

#[test]
fn git_dependencies_are_foreign_with_their_full_address() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let entry = |resolved: &str| {
        foreign(&format!(
            r#""node_modules/a": {{"version": "1.0.0", "resolved": "{resolved}", "integrity": "x"}}"#
        ))
    };
    assert_eq!(
        entry(&format!("git+ssh://git@git.example/s/a.git#{commit}")),
        format!("git dependency git+ssh://git@git.example/s/a.git#{commit}")
    );
    assert_eq!(
        entry("git+https://u:secret@git.example/s/a.git"),
        "git dependency git+https://git.example/s/a.git, which names no commit"
    );
}

#[test]
fn patched_packages_are_foreign() {
    let text = foreign(
        r#""node_modules/a": {"version": "1.0.0", "patched": {"path": "patches/a.patch"}}"#,
    );
    assert_eq!(text, "a@1.0.0, changed by the patch patches/a.patch");
    let text = foreign(
        r#""node_modules/a": {"version": "1.0.0", "resolved": "git+ssh://git@git.example/s/a.git",
               "patched": {"path": "patches/a.patch"}}"#,
    );
    assert_eq!(text, "git dependency, changed by the patch patches/a.patch");
}

#[test]
fn a_git_dependency_has_the_name_and_version_that_its_entry_gives() {
    let git = r#""resolved": "git+ssh://git@git.example/s/a.git""#;
    for (entry, expected) in [
        (format!(r#""node_modules/@s/a": {{"version": "1.0.0", {git}}}"#), ("@s/a", "1.0.0")),
        (
            format!(r#""node_modules/x": {{"name": "a", "version": "1.0.0", {git}}}"#),
            ("a", "1.0.0"),
        ),
        (format!(r#""node_modules/x": {{{git}}}"#), ("", "")),
    ] {
        let found = last(&entry);
        let Ok(Ask::Foreign(Foreign::Git { name, version, .. })) = found else {
            panic!("{found:?}")
        };
        assert_eq!((&*name.unwrap_or_default(), &*version.unwrap_or_default()), expected);
    }
}

#[test]
fn tarballs_that_no_registry_gives_are_collected_by_address() {
    let place = |resolved: &str| {
        let entry =
            format!(r#""node_modules/a": {{"version": "1.0.0", "resolved": "{resolved}"}}"#);
        match last(&entry) {
            Ok(Ask::Package(Requirement { source: Source::Tarball { place, .. }, .. })) => {
                place.to_string()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(place("file:vendor/a-1.0.0.tgz"), "vendor/a-1.0.0.tgz");
    assert_eq!(
        place("https://user:secret@files.example/a-1.0.0.tgz?token=secret"),
        "https://files.example/a-1.0.0.tgz"
    );
    // Another package's or version's address: npm would install that one.
    for other in ["https://r.example/b/-/b-1.0.1.tgz", "https://r.example/a/-/a-1.0.1.tgz"] {
        assert_eq!(place(other), other);
    }
}

#[test]
fn the_address_can_stand_for_the_version() {
    let address = "https://r.example/b/-/b-1.0.0.tgz";
    let entry = format!(r#""node_modules/a": {{"resolved": "{address}"}}"#);
    assert_eq!(last(&entry), Ok(wanted_from("b", "1.0.0", Some(address))));
}

#[test]
fn an_entry_that_names_nothing_is_a_placeholder_where_npm_can_go_on_without_it() {
    for mark in ["optional", "peer"] {
        let entry = format!(r#""node_modules/a": {{"{mark}": true}}"#);
        assert_eq!(last(&entry), Ok(Ask::Nothing), "{mark}");
    }
    for entry in [r#""node_modules/a": {}"#, r#""node_modules/a": {"dev": true}"#] {
        assert_eq!(last(entry), Err(PackageLockError::NoVersion("node_modules/a".into())));
    }
}

#[test]
fn empty_fields_count_as_missing() {
    let entry = r#""node_modules/a": {"version": "1.0.0", "resolved": "", "integrity": ""}"#;
    assert_eq!(last(entry), Ok(wanted("a", "1.0.0")));
}

#[test]
fn rejects_an_address_outside_of_node_modules() {
    for more in [r#""resolved": "https://r.example/p.tgz""#, r#""integrity": "sha512-x""#] {
        let entry = format!(r#""p": {{"version": "1.0.0", {more}}}"#);
        assert_eq!(last(&entry), Err(PackageLockError::Folder("p".into())));
    }
}

#[test]
fn rejects_a_link_to_no_folder() {
    for more in [
        "",
        r#", "resolved": "https://r.example/a/-/a-1.0.0.tgz""#,
        r#", "resolved": "file:a.tgz""#,
    ] {
        let entry = format!(r#""node_modules/a": {{"link": true{more}}}"#);
        assert_eq!(last(&entry), Err(PackageLockError::Link("node_modules/a".into())), "{more}");
    }
}

#[test]
fn malformed_entries_are_refused() {
    let entry = || "node_modules/a".to_owned();
    assert_eq!(
        last(r#""node_modules/a": {"version": "latest"}"#),
        Err(PackageLockError::Package {
            entry: entry(),
            error: PackageError::Version("latest".into())
        })
    );
    assert_eq!(
        last(r#""node_modules/a": {"name": "../a", "version": "1.0.0"}"#),
        Err(PackageLockError::Package {
            entry: entry(),
            error: PackageError::Name("../a".into(), NPM)
        })
    );
    assert_eq!(
        last(r#""node_modules/a": {"version": "1.0.0", "integrity": "sha512-AAAA"}"#),
        Err(PackageLockError::Integrity {
            entry: entry(),
            error: IntegrityError::Malformed("sha512-AAAA".into())
        })
    );
    assert_eq!(
        last(r#""node_modules/a": {"version": "1.0.0", "resolved": "https://:secret@"}"#),
        Err(PackageLockError::Resolved(entry()))
    );
}

#[test]
fn a_key_that_is_there_twice_is_refused() {
    assert_eq!(
        last(r#""node_modules/a": {"version": "1.0.0"}, "node_modules/a": {"version": "1.0.0"}"#),
        Err(PackageLockError::Duplicate("node_modules/a".into()))
    );
    assert!(matches!(
        last(r#""node_modules/a": {"version": "1.0.0", "version": "1.0.1"}"#),
        Err(PackageLockError::Malformed { detail, .. }) if detail == "duplicate field `version`"
    ));
}

/// npm takes `_resolved` for an address where there is no `resolved`.
#[test]
fn a_key_of_npms_own_inside_is_refused() {
    for key in ["_resolved", "_integrity", "_hasShrinkwrap", "_"] {
        let entry = format!(
            r#""node_modules/a": {{"version": "1.0.0", "{key}": "x", "funding": {{"_": 1}}}}"#
        );
        assert!(
            matches!(
                last(&entry),
                Err(PackageLockError::Malformed { detail, .. })
                    if detail == format!("key {key:?}, which npm reads and never writes")
            ),
            "{key}"
        );
    }
    let others =
        r#""node_modules/a": {"version": "1.0.0", "license": "MIT", "engines": {"_": "1"}}"#;
    assert_eq!(last(others), Ok(wanted("a", "1.0.0")));
}

#[test]
fn paths_that_npm_would_resolve_to_others_are_refused() {
    for path in [
        "node_modules/a/../b",
        "node_modules/./b",
        "node_modules/b/",
        "node_modules//b",
        "node_modules\\\\b",
    ] {
        assert_eq!(
            last(&format!(r#""{path}": {{"version": "1.0.0"}}"#)),
            Err(PackageLockError::Path(path.replace("\\\\", "\\"))),
            "{path}"
        );
    }
    // npm installs into a bare scope's folder, too: no folder of the project.
    assert!(matches!(
        last(r#""node_modules/@s": {"version": "1.0.0"}"#),
        Err(PackageLockError::Package { error: PackageError::Name(..), .. })
    ));
}
