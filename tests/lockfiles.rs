//! The inventory of lockfiles as npm writes them (`tests/data/lockfiles`, `examples`).
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "reads the test data")]

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use sealift::core::lockfile::{
    Ask, Inventory, Lockfile, LockfileError, Requirement, Source, Target,
    package_lock::PackageLockError, parse,
};
use sealift::core::package::digest::Algorithm;

fn read(folder: &str) -> Lockfile {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("package-lock.json");
    parse(&std::fs::read(file).unwrap()).unwrap()
}

fn sole(lockfile: &Lockfile) -> Inventory<'_> {
    Inventory::new(vec![("inputs/1/package-lock.json", lockfile)])
}

/// Paths and versions of a registry that entries ask for.
fn collected(lockfile: &Lockfile) -> BTreeSet<(String, String)> {
    let entries = lockfile.entries.iter();
    entries
        .filter_map(|entry| match &entry.asks {
            Ask::Package(Requirement { source: Source::Version { id, .. }, .. }) => {
                Some((entry.path.clone(), id.to_string()))
            }
            _ => None,
        })
        .collect()
}

/// Paths of entries that ask for something else, and what.
fn others(lockfile: &Lockfile) -> BTreeSet<(String, String)> {
    let entries = lockfile.entries.iter();
    entries
        .filter_map(|entry| match &entry.asks {
            Ask::Package(Requirement { source: source @ Source::Tarball { .. }, .. }) => {
                Some((entry.path.clone(), source.to_string()))
            }
            Ask::Foreign(foreign) => Some((entry.path.clone(), foreign.to_string())),
            _ => None,
        })
        .collect()
}

fn bundled(lockfile: &Lockfile) -> BTreeSet<(String, String)> {
    let entries = lockfile.entries.iter();
    entries
        .filter_map(|entry| match &entry.asks {
            Ask::Bundled(bundled) => Some((entry.path.clone(), bundled.parent.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn all_versions_of_one_tree_ask_for_the_same() {
    let [v1, v2, v3] = [1, 2, 3].map(|version| {
        let lockfile = read(&format!("tests/data/lockfiles/v{version}"));
        assert_eq!(lockfile.version, version.to_string());
        lockfile
    });
    assert_eq!(v2.entries, v3.entries);
    assert_eq!(collected(&v1), collected(&v3));
    let [first, third] = [&v1, &v3].map(|lockfile| sole(lockfile).wants(|_, _, _| true));
    assert_eq!(first.len(), third.len());
    for (a, b) in first.iter().zip(&third) {
        assert_eq!(
            (&a.target, &a.integrity, &a.addresses),
            (&b.target, &b.integrity, &b.addresses)
        );
    }
    assert_eq!(bundled(&v1), bundled(&v3));
    assert_eq!(others(&v1), others(&v3));
}

#[test]
fn a_real_tree_is_accounted_for() {
    let lockfile = read("tests/data/lockfiles/v3");
    let collected = collected(&lockfile);
    for (path, id) in [
        ("node_modules/pad", "left-pad@1.3.0"),
        // npm marks it as bundled, but it is the project that bundles it.
        ("node_modules/abbrev", "abbrev@3.0.0"),
        ("packages/ui/node_modules/isarray", "isarray@2.0.5"),
        ("lib/greet/node_modules/isarray", "isarray@0.0.1"),
    ] {
        assert!(collected.contains(&(path.to_owned(), id.to_owned())), "{path}");
    }
    let bundled = bundled(&lockfile);
    assert_eq!(bundled.len(), 6);
    let parent = "node_modules/@tailwindcss/oxide-wasm32-wasi";
    assert!(bundled.iter().all(|(_, found)| found == parent));
    let folders: Vec<_> = lockfile
        .entries
        .iter()
        .filter(|entry| matches!(entry.asks, Ask::Folder(_)))
        .map(|entry| entry.path.as_str())
        .collect();
    assert_eq!(
        folders,
        ["", "lib/greet", "node_modules/@shop/ui", "node_modules/greet", "packages/ui"]
    );
    let others: Vec<_> = others(&lockfile).into_iter().collect();
    let git = "git dependency git+ssh://git@git.example/acme/widget.git#8f2a4c1d9e3b5a7f6c0d1e2f3a4b5c6d7e8f9a0b";
    let expected = [
        ("node_modules/banner", "https://files.example/banner.tgz"),
        ("node_modules/tiny", "vendor/tiny-1.0.0.tgz"),
        ("node_modules/widget", git),
    ];
    assert_eq!(others, expected.map(|(path, what)| (path.to_owned(), what.to_owned())));
}

#[test]
fn what_npm_would_download_is_collected_or_foreign() {
    let lockfile = read("tests/data/lockfiles/v3");
    let others: BTreeSet<_> = others(&lockfile).into_iter().map(|(path, _)| path).collect();
    let downloads: BTreeSet<_> = include_str!("data/lockfiles/downloads.txt")
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(path, id)| (path.to_owned(), id.to_owned()))
        .collect();
    let (out, collect): (BTreeSet<_>, BTreeSet<_>) =
        downloads.into_iter().partition(|(path, _)| others.contains(path));
    assert_eq!(out.len(), others.len());
    assert_eq!(collect, collected(&lockfile));
}

#[test]
fn npm_6_asks_for_a_part_of_the_same() {
    let old = read("tests/data/lockfiles/npm6");
    assert!(!collected(&old).is_empty());
    assert!(collected(&old).is_subset(&collected(&read("tests/data/lockfiles/v3"))));
    let registries: HashSet<_> = sole(&old)
        .wants(|_, _, _| true)
        .iter()
        .filter(|want| matches!(want.target, Target::Version(_)))
        .flat_map(|want| want.addresses.iter().map(url::Url::origin))
        .collect();
    let registries: Vec<_> = registries.iter().map(url::Origin::ascii_serialization).collect();
    assert_eq!(registries, ["https://registry.example"]);
}

#[test]
fn the_example_is_whole_and_strong() {
    let wants = sole(&read("examples/app")).wants(|_, _, _| true);
    assert_eq!(wants.len(), 78);
    for want in &wants {
        assert_eq!(want.integrity.len(), 1, "{:?}", want.target);
        assert_eq!(want.integrity[0].algorithm(), Algorithm::Sha512, "{:?}", want.target);
    }
}

/// A download that broke off must not pass for a smaller lockfile.
#[test]
fn no_truncated_lockfile_is_accepted() {
    let whole = include_bytes!("data/lockfiles/npm6/package-lock.json").trim_ascii_end();
    assert!(parse(whole).is_ok());
    for end in 0..whole.len() {
        let result = parse(&whole[..end]);
        assert!(
            matches!(
                result,
                Err(LockfileError::PackageLock(PackageLockError::NotJson { .. })
                    | LockfileError::Empty)
            ),
            "{end}: {result:?}"
        );
    }
}
