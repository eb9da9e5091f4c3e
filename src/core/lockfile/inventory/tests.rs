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
    let second =
        lockfile(&format!(r#""node_modules/b": {{"version": "1.0.0", "integrity": "{sha1}"}}"#));
    let entries = first.entries.len() + second.entries.len();
    let inventory = inventory(&[("inputs/0".into(), first), ("inputs/1".into(), second)]);

    assert_eq!(inventory.entries(), entries);
    let ids: Vec<_> = inventory.packages.iter().map(|item| item.id.to_string()).collect();
    assert_eq!(ids, ["a@1.0.0", "b@1.0.0"]);
    let b = &inventory.packages[1];
    let integrity: Vec<_> = b.integrity.iter().map(Integrity::to_string).collect();
    assert_eq!(integrity, [sha1.as_str(), &sha512]);
    assert_eq!(b.expected(), [sha1, sha512]);
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
    assert_eq!((listed.packages[0].needed_by.len(), listed.out_of_scope.len()), (2, 4));
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

#[test]
fn what_is_out_of_scope_is_listed_as_left_out_in_the_same_words() {
    let git = |commit: &str| {
        let entry = format!(
            r#""node_modules/g": {{"resolved": "git+ssh://git@git.example/s/g.git#{commit}"}}"#
        );
        inventory(&[("inputs/package-lock.json".into(), lockfile(&entry))])
    };
    let asked = git("1111111111111111111111111111111111111111");
    let other = git("2222222222222222222222222222222222222222");
    let sealed = |listed: &[manifest::OutOfScope]| manifest::Predicate {
        out_of_scope: listed.to_vec(),
        ..manifest("a", &[])
    };
    let listed = asked.not_collected();
    assert_eq!(uncovered(&asked, &sealed(&listed)), []);
    let left_out = |path: &str| {
        let reason = asked.out_of_scope[0].reason.to_string();
        [Uncovered::OutOfScope { path: path.to_owned(), reason }]
    };
    assert_eq!(uncovered(&asked, &sealed(&[])), left_out("node_modules/g"));
    // Another commit, or the same one at another path, is not what was left out.
    assert_eq!(uncovered(&asked, &sealed(&other.not_collected())), left_out("node_modules/g"));
    let elsewhere = manifest::OutOfScope { entry: "node_modules/h".into(), ..listed[0].clone() };
    assert_eq!(uncovered(&asked, &sealed(&[elsewhere])), left_out("node_modules/g"));
}
