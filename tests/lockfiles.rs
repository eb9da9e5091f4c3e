//! The inventory of lockfiles as npm writes them (`tests/data/lockfiles`, `examples`).
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "reads the test data")]

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use sealift::core::digest::Algorithm;
use sealift::core::lockfile::{Disposition, Inventory, Lockfile, LockfileError, inventory, parse};

fn read(folder: &str) -> Lockfile {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("package-lock.json");
    parse("package-lock.json", &std::fs::read(file).unwrap()).unwrap()
}

fn sole(lockfile: &Lockfile) -> Inventory {
    inventory(&[("inputs/package-lock.json".to_owned(), lockfile.clone())])
}

/// Paths and packages to collect.
fn collected(lockfile: &Lockfile) -> BTreeSet<(String, String)> {
    let entries = lockfile.entries.iter();
    entries
        .filter_map(|entry| match &entry.disposition {
            Disposition::Collect(wanted) => Some((entry.path.clone(), wanted.id.to_string())),
            _ => None,
        })
        .collect()
}

#[test]
fn all_versions_of_one_tree_ask_for_the_same() {
    let [v1, v2, v3] = [1, 2, 3].map(|version| {
        let lockfile = read(&format!("tests/data/lockfiles/v{version}"));
        assert_eq!(lockfile.version, version);
        assert_eq!(sole(&lockfile).entries(), lockfile.entries.len());
        lockfile
    });
    assert_eq!(v2.entries, v3.entries);
    assert_eq!(collected(&v1), collected(&v3));

    let [first, third] = [&v1, &v3].map(sole);
    assert_eq!(first.packages.len(), third.packages.len());
    for (a, b) in first.packages.iter().zip(&third.packages) {
        assert_eq!((&a.id, &a.integrity, &a.resolved), (&b.id, &b.integrity, &b.resolved));
    }
    let bundled = |inventory: &Inventory| -> BTreeSet<_> {
        inventory.bundled.iter().map(|entry| (entry.path.clone(), entry.parent.clone())).collect()
    };
    assert_eq!(bundled(&first), bundled(&third));
    let out_of_scope = |inventory: &Inventory| -> BTreeSet<_> {
        let entries = inventory.out_of_scope.iter();
        entries.map(|entry| (entry.path.clone(), entry.reason.to_string())).collect()
    };
    assert_eq!(out_of_scope(&first), out_of_scope(&third));
}

#[test]
fn a_real_tree_is_accounted_for() {
    let lockfile = read("tests/data/lockfiles/v3");
    let inventory = sole(&lockfile);
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
    assert_eq!(inventory.bundled.len(), 6);
    assert!(
        inventory
            .bundled
            .iter()
            .all(|entry| entry.parent == "node_modules/@tailwindcss/oxide-wasm32-wasi")
    );
    let local: Vec<_> = inventory.local.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(
        local,
        ["", "lib/greet", "node_modules/@shop/ui", "node_modules/greet", "packages/ui"]
    );
    let out: Vec<_> = inventory
        .out_of_scope
        .iter()
        .map(|entry| (entry.path.as_str(), entry.reason.to_string()))
        .collect();
    assert_eq!(
        out,
        [
            (
                "node_modules/banner",
                "tarball from https://files.example/banner.tgz, where no registry has this version"
                    .to_owned()
            ),
            ("node_modules/tiny", "local tarball vendor/tiny-1.0.0.tgz".to_owned()),
            (
                "node_modules/widget",
                "git dependency, commit 8f2a4c1d9e3b5a7f6c0d1e2f3a4b5c6d7e8f9a0b".to_owned()
            ),
        ]
    );
}

#[test]
fn what_npm_would_download_is_collected_or_out_of_scope() {
    let lockfile = read("tests/data/lockfiles/v3");
    let out_of_scope: BTreeSet<_> =
        sole(&lockfile).out_of_scope.into_iter().map(|entry| entry.path).collect();
    let downloads: BTreeSet<_> = include_str!("data/lockfiles/downloads.txt")
        .lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(path, id)| (path.to_owned(), id.to_owned()))
        .collect();
    let (out, collect): (BTreeSet<_>, BTreeSet<_>) =
        downloads.into_iter().partition(|(path, _)| out_of_scope.contains(path));
    assert_eq!(out.len(), out_of_scope.len());
    assert_eq!(collect, collected(&lockfile));
}

#[test]
fn npm_6_asks_for_a_part_of_the_same() {
    let old = read("tests/data/lockfiles/npm6");
    let inventory = sole(&old);
    assert_eq!(inventory.entries(), old.entries.len());
    assert!(!collected(&old).is_empty());
    assert!(collected(&old).is_subset(&collected(&read("tests/data/lockfiles/v3"))));
    for item in &inventory.packages {
        assert_eq!(item.resolved.len(), 1, "{}", item.id);
    }
    let registries: HashSet<_> = old
        .entries
        .iter()
        .filter_map(|entry| match &entry.disposition {
            Disposition::Collect(wanted) => wanted.resolved.as_ref().map(|url| url.origin()),
            _ => None,
        })
        .collect();
    let registries: Vec<_> = registries.iter().map(url::Origin::ascii_serialization).collect();
    assert_eq!(registries, ["https://registry.example"]);
}

#[test]
fn the_example_is_whole_and_strong() {
    let lockfile = read("examples/app");
    let inventory = sole(&lockfile);
    assert_eq!(inventory.entries(), lockfile.entries.len());
    assert_eq!(inventory.packages.len(), 78);
    for item in &inventory.packages {
        assert_eq!(item.integrity.len(), 1, "{}", item.id);
        assert_eq!(item.integrity[0].algorithm(), Algorithm::Sha512, "{}", item.id);
    }
}

/// A download that broke off must not pass for a smaller lockfile.
#[test]
fn no_truncated_lockfile_is_accepted() {
    let whole = include_bytes!("data/lockfiles/npm6/package-lock.json").trim_ascii_end();
    assert!(parse("package-lock.json", whole).is_ok());
    for end in 0..whole.len() {
        let result = parse("package-lock.json", &whole[..end]);
        assert!(
            matches!(result, Err(LockfileError::NotJson { .. } | LockfileError::Empty)),
            "{end}: {result:?}"
        );
    }
}
