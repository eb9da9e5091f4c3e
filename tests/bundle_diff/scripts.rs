//! What npm runs at installation, and did not before.

use serde_json::json;
use testkit::tarball::Tarball;

use crate::{
    Two, manifest, with_tarball,
    world::{self, Package, World, key},
};

#[test]
fn new_install_scripts_are_told_of_updated_and_of_added_packages() {
    let world = World::new();
    let runs = json!({"scripts": {"postinstall": "node x.js", "test": "t"}});
    let gyp = Tarball::of("test", "gyp", "1.0.1").file("package/binding.gyp", "{}").gzip();
    let old = [
        with_tarball("a", "1.0.0", manifest("a", "1.0.0", json!({"scripts": {"test": "t"}}))),
        with_tarball("had", "1.0.0", manifest("had", "1.0.0", runs.clone())),
        Package::new("gyp", "1.0.0"),
    ];
    let new = [
        with_tarball("a", "1.0.1", manifest("a", "1.0.1", runs.clone())),
        with_tarball("had", "1.0.1", manifest("had", "1.0.1", runs.clone())),
        with_tarball("gyp", "1.0.1", gyp),
        with_tarball("more", "1.0.0", manifest("more", "1.0.0", runs)),
    ];
    let two = Two::of(world, &old, &new);
    let found = two.json();
    let scripts: Vec<_> = found["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let scripts = it["installScripts"].as_array().unwrap().iter();
            let scripts =
                scripts.map(|it| format!("{}: {}", it["name"], it["command"]).replace('"', ""));
            (it["purl"].as_str().unwrap().to_owned(), scripts.collect::<Vec<_>>().join("; "))
        })
        .collect();
    let expected = [
        ("pkg:npm/a@1.0.1", "postinstall: node x.js"),
        ("pkg:npm/gyp@1.0.1", "install: node-gyp rebuild"),
        ("pkg:npm/had@1.0.1", ""),
        ("pkg:npm/more@1.0.0", "postinstall: node x.js"),
    ];
    assert_eq!(scripts, expected.map(|(purl, runs)| (purl.to_owned(), runs.to_owned())));
    assert_eq!(two.diff("-q").done().stdout, "1 added, 3 updated; 3 new install scripts\n");
}

#[test]
fn a_tarball_of_another_package_has_unknown_scripts() {
    let world = World::new();
    let old = Package::new("a", "1.0.0");
    let two = Two::of(world, std::slice::from_ref(&old), std::slice::from_ref(&old));
    // A sealer who is careless or malicious: fetching refuses such a tarball.
    let other = with_tarball("a", "1.0.1", manifest("b", "1.0.1", json!({})));
    let world = &two.world;
    world.lock([&other]);
    let mut parts = world::Parts::of(&world.path("new.sealift"), &key(1));
    let lock = parts.predicate.inputs[0].clone();
    parts.entries.insert(lock, world.read("package-lock.json"));
    let mut package = parts.predicate.packages.remove(0);
    package.purl = other.subject().purl;
    for part in [&mut package.artifact, &mut package.record, &mut package.attestations] {
        let Some(part) = part else { continue };
        part.url = part.url.take().map(|url| url.replace("1.0.0", "1.0.1"));
        let Some(entry) = &mut part.entry else { continue };
        let bytes = parts.entries.remove(entry).unwrap();
        *entry = entry.replace("1.0.0", "1.0.1");
        let bytes = if entry.ends_with(".tgz") { other.tarball.clone() } else { bytes };
        parts.entries.insert(entry.clone(), bytes);
    }
    parts.predicate.packages.push(package);
    parts.seal(&world.path("new.sealift"), &[key(1)]);
    let found = two.json();
    assert_eq!(found["changed"][0]["notListed"]["reason"], "tarball-of-other-package", "{found:#}");
    assert_eq!(found["summary"]["installScripts"], 1);
}
