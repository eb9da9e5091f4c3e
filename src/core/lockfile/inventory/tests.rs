use super::*;
use crate::core::lockfile::parse;
use crate::core::package::digest::Algorithm;

fn lockfile(packages: &str) -> Lockfile {
    let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
    parse(text.as_bytes()).unwrap()
}

#[test]
fn packages_come_once_and_sorted() {
    let sha512 = Algorithm::Sha512.digest(b"b").to_sri();
    let sha1 = Algorithm::Sha1.digest(b"b").to_sri();
    let first = lockfile(&format!(
        r#""": {{}},
           "node_modules/b": {{"version": "1.0.0", "integrity": "{sha512}", "optional": true}},
           "node_modules/a": {{"version": "1.0.0", "optional": true}},
           "node_modules/a/node_modules/b": {{"version": "1.0.0", "integrity": "{sha512}",
               "resolved": "https://r.example/b/-/b-1.0.0.tgz"}},
           "node_modules/t": {{"version": "1.0.0", "resolved": "file:t.tgz"}},
           "node_modules/u": {{"version": "1.0.0", "resolved": "https://files.example/u"}},
           "node_modules/g": {{"resolved": "git+ssh://git@git.example/s/g.git"}}"#
    ));
    let second = lockfile(&format!(
        r#""node_modules/b": {{"version": "1.0.0", "integrity": "{sha1}"}},
           "node_modules/t": {{"version": "1.0.0", "resolved": "file:t.tgz"}},
           "node_modules/u": {{"version": "1.0.0", "resolved": "https://files.example/u"}}"#
    ));
    let inventory = Inventory::new(vec![("inputs/1", &first), ("inputs/2", &second)]);
    let wants = inventory.wants(|_, _, _| true);

    let version = |name| Target::Version(PackageId::npm(name, "1.0.0").unwrap());
    let file = |lockfile: &str| Target::Tarball {
        ecosystem: crate::core::npm::NPM,
        lockfile: lockfile.into(),
        place: Place::File("t.tgz".into()),
    };
    let url = Target::Tarball {
        ecosystem: crate::core::npm::NPM,
        lockfile: String::new(),
        place: Place::Url(Url::parse("https://files.example/u").unwrap()),
    };
    let targets: Vec<_> = wants.iter().map(|want| want.target.clone()).collect();
    assert_eq!(targets, [version("a"), version("b"), url, file("inputs/1"), file("inputs/2")]);
    let b = &wants[1];
    let integrity: Vec<_> = b.integrity.iter().map(Integrity::to_string).collect();
    assert_eq!((integrity, b.addresses.len(), b.optional), (vec![sha1, sha512], 1, false));
    assert!(wants[0].optional);
}

#[test]
fn what_a_tarball_does_not_hold_is_collected_itself() {
    let lockfile = lockfile(
        r#""node_modules/a": {"version": "1.0.0", "bundleDependencies": ["b"]},
           "node_modules/a/node_modules/b": {"version": "2.0.0", "inBundle": true}"#,
    );
    let inventory = Inventory::new(vec![("inputs/1", &lockfile)]);
    assert_eq!(inventory.wants(|_, _, _| true).len(), 1);
    assert_eq!(inventory.wants(|_, _, _| false).len(), 2);
}

#[test]
fn packages_are_hashed_with_the_strongest_algorithms_that_entries_give() {
    let sha256 = Algorithm::Sha256.digest(b"").to_sri();
    let sha1 = Algorithm::Sha1.digest(b"").to_sri();
    let lockfile = lockfile(&format!(
        r#""node_modules/a": {{"version": "1.0.0", "integrity": "{sha1} {sha256}"}},
           "node_modules/b": {{"version": "1.0.0", "integrity": "{sha1}",
               "resolved": "https://files.example/b"}}"#
    ));
    let inventory = Inventory::new(vec![("inputs/1", &lockfile)]);
    let algorithms = inventory.algorithms();
    let of = |name| -> Vec<_> { algorithms.of(&PackageId::npm(name, "1.0.0").unwrap()).collect() };
    assert_eq!(of("a"), [Algorithm::Sha256, Algorithm::Sha1]);
    assert_eq!(of("b"), [Algorithm::Sha1]);
}
