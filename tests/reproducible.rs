//! The same inputs and `SOURCE_DATE_EPOCH` give the same archive, byte for byte, however they were
//! collected.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::time::Duration;

use testkit::{
    registry::{Fault, Registry, packument_path, tarball_path},
    sigstore::Build,
};
use world::{Package, Run, World};

/// 2026-02-01, in seconds.
const EPOCH: &str = "1769904000";

/// When the registry answers.
const ANSWERED: &str = "2026-02-01T00:00:00Z";

/// Seals into `output`.
fn fetch(world: &World, output: &str, at: &str) -> Vec<u8> {
    run(world, output, at).done();
    world.read(output)
}

fn run(world: &World, output: &str, at: &str) -> Run {
    let fetch = "bundle fetch package-lock.json --key release.key --trusted-root trusted_root.json \
                 --npm-keys keys.json";
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    let arguments = fetch.split_whitespace().chain(["-o", output, "--at", at]);
    Run::of(command.args(arguments).env("SOURCE_DATE_EPOCH", EPOCH))
}

#[test]
fn archives_of_the_same_are_the_same() {
    let world = World::new();
    let packages = ["a", "b", "@c/d", "e"].map(|name| {
        let build = Build::github("acme/widgets");
        Package::new(name, "1.0.0")
            .signed(&world.sigstore)
            .published(&world.sigstore)
            .built(&world.sigstore, &build)
    });
    world.lock(&packages);
    let registry = world.serve(&packages);
    let first = fetch(&world, "first.sealift", ANSWERED);

    // The cache keeps when the registry answered.
    let again = fetch(&world, "again.sealift", "2026-02-03T00:00:00Z");
    assert!(first == again, "from the cache");
    assert_eq!(registry.count(&tarball_path("a", "1.0.0")), 1, "that was from the cache");

    std::fs::remove_dir_all(world.path("home/cache")).unwrap();
    let anew = fetch(&world, "anew.sealift", ANSWERED);
    assert!(first == anew, "without the cache");

    // What was first comes last, and some of it only at the second try.
    std::fs::remove_dir_all(world.path("home/cache")).unwrap();
    let slow = Fault::Drip(Duration::from_micros(500));
    registry.set_fault(&packument_path("a"), Some(slow.clone()));
    registry.set_fault(&tarball_path("@c/d", "1.0.0"), Some(slow));
    let late = fetch(&world, "late.sealift", ANSWERED);
    assert!(first == late, "in another order");

    // A run that was interrupted, and resumed.
    std::fs::remove_dir_all(world.path("home/cache")).unwrap();
    registry.set_fault(&tarball_path("e", "1.0.0"), Some(Fault::Status(403)));
    run(&world, "resumed.sealift", ANSWERED).failed();
    registry.set_fault(&tarball_path("e", "1.0.0"), None);
    let resumed = fetch(&world, "resumed.sealift", ANSWERED);
    assert!(first == resumed, "resumed");

    // An archive is not older than what is in it.
    std::fs::remove_dir_all(world.path("home/cache")).unwrap();
    run(&world, "later.sealift", "2026-02-02T00:00:00Z").failed().says("which is after");
}

#[test]
fn the_order_of_a_lockfile_is_part_of_it_and_of_nothing_else() {
    let world = World::new();
    let packages = ["b", "a"].map(|name| Package::new(name, "1.0.0"));
    let registry = Registry::new();
    let _registry =
        world.start(packages.iter().fold(registry, |registry, package| package.on(registry)));
    world.lock(&packages);
    fetch(&world, "app.sealift", ANSWERED);
    let mut one = world.parts();
    world.lock(packages.iter().rev());
    fetch(&world, "app.sealift", ANSWERED);
    let mut other = world.parts();
    assert_eq!(one.predicate, other.predicate);
    let lockfile = "inputs/1/package-lock.json";
    assert_ne!(one.entries.remove(lockfile), other.entries.remove(lockfile));
    assert_eq!(one.entries, other.entries);
}
