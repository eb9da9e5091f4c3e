//! `sealift policy`: what is written is what is read, and a refusal leaves nothing behind.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod check;
mod init;
mod lock;
#[path = "../world/mod.rs"]
mod world;

use testkit::sigstore::Build;
use world::{NOW, Package, Run, World};

/// A policy command, with the world's trust where an archive is verified.
fn policy(world: &World, line: &str) -> Run {
    world.sealift(&format!("policy {line} --at {NOW}"))
}

fn text(world: &World, name: &str) -> String {
    String::from_utf8(world.read(name)).unwrap()
}

/// A package with all evidence, built from a repository.
fn built(world: &World, version: &str, change: impl FnOnce(&mut Build)) -> Package {
    let mut build = Build::github("acme/widgets");
    change(&mut build);
    let package = Package::new("widgets", version).signed(&world.sigstore);
    package.published(&world.sigstore).built(&world.sigstore, &build)
}

/// A world with one archive, in which this package is.
fn with_archive(package: impl FnOnce(&World) -> Package) -> World {
    let world = World::new();
    let package = package(&world);
    world.fetched([&package]).done();
    world
}
