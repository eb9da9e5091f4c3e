//! Tarballs that a lockfile names by a file: what `bundle fetch` refuses of their names.
#![cfg(feature = "network")]
// A test fails by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod world;

use serde_json::json;
use testkit::{registry::integrity, tarball::Tarball};
use world::{Run, SEALED, TRUST, World, lockfile};

/// A project in a folder, whose lockfile asks for the file `a.tgz`.
fn project(world: &World, folder: &str, tarball: &[u8]) {
    let entry =
        json!({"version": "1.0.0", "resolved": "file:a.tgz", "integrity": integrity(tarball)});
    let lockfile = lockfile([("node_modules/a".to_owned(), entry)]);
    world.write(&format!("{folder}/package-lock.json"), lockfile);
    world.write(&format!("{folder}/a.tgz"), tarball);
}

fn fetch(world: &World, lockfiles: &str) -> Run {
    let options = format!("-o app.sealift --key release.key {TRUST} --at {SEALED}");
    let run = world.sealift(&format!("bundle fetch {lockfiles} {options}"));
    assert_eq!(world.path("app.sealift").exists(), run.code == 0, "{run}");
    run
}

#[test]
fn refuses_a_tarball_without_a_version() {
    let world = World::new();
    let manifest = r#"{"name": "a"}"#;
    project(&world, "one", &Tarball::new().file("package/package.json", manifest).gzip());
    let told = "the tarball a.tgz does not say which package it is";
    fetch(&world, "one/package-lock.json").failed().says(told);
}

#[test]
fn refuses_two_tarballs_of_one_name() {
    let world = World::new();
    project(&world, "one", &Tarball::of("one", "a", "1.0.0").gzip());
    project(&world, "two", &Tarball::of("two", "a", "1.0.0").gzip());
    fetch(&world, "one/package-lock.json").done();
    std::fs::remove_file(world.path("app.sealift")).unwrap();
    let both = "one/package-lock.json two/package-lock.json";
    fetch(&world, both).failed().says("two lockfiles mean different tarballs by pkg:npm/a@1.0.0");
}
