//! The statements that `bundle verify --attest` writes: what they say, and when they say PASSED.
#![cfg(all(feature = "network", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod files;
mod page;
mod summary;
#[path = "../world/mod.rs"]
mod world;

use serde_json::{Value, json};
use testkit::sigstore::Build;
use world::{NOW, Package, Run, World};

/// A signed and attested package, and one without any evidence.
struct Sealed {
    world: World,
    full: Package,
    bare: Package,
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let full = Package::new("@acme/full", "1.0.0")
            .signed(&world.sigstore)
            .published(&world.sigstore)
            .built(&world.sigstore, &Build::github("acme/full"));
        let bare = Package::new("bare", "2.0.0");
        world.fetched([&full, &bare]).done();
        Self { world, full, bare }
    }

    /// Verifies without trying whether a refused archive is unpacked: that takes no statement options.
    fn verify(&self, more: &str) -> Run {
        let trust = world::TRUST;
        let line = format!("bundle verify app.sealift --key release.key.pub {trust} --at {NOW}");
        self.world.sealift(&format!("{line} {more}"))
    }

    /// The statements of a file, each line one.
    fn lines(&self, file: &str) -> Vec<Value> {
        let text = String::from_utf8(self.world.read(file)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The statement of a file.
    #[track_caller]
    fn line(&self, file: &str) -> Value {
        let mut lines = self.lines(file);
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }
}
