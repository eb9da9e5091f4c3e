//! A folder of archives: judged anew, indexed, and searched.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

#[path = "../world/mod.rs"]
mod world;

mod broken;
mod doubted;
#[cfg(unix)]
mod duckdb;
mod judged;
mod recalls;
mod reports;
mod searched;
#[cfg(unix)]
mod shown;

use std::fs;

use chrono::Duration;
use serde_json::Value;
use testkit::sigstore::{Build, NpmKey, Sigstore, Window};
use world::{NOW, Package, Run, TRUST, World, published};

/// A world with a folder of archives.
struct Store {
    world: World,
    /// A second key of the registry.
    other: NpmKey,
}

impl Store {
    fn new() -> Self {
        let start = published() - Duration::days(30);
        let mut sigstore = Sigstore::new(start);
        let other = NpmKey::new(Window::since(start));
        sigstore.npm.insert(0, other.clone());
        let world = World::with(sigstore);
        fs::create_dir(world.path("archives")).unwrap();
        Self { world, other }
    }

    /// Trusts the second key of the registry no longer.
    fn withdraw_other(&mut self) {
        self.world.sigstore.npm.remove(0);
        self.world.write("keys.json", self.world.sigstore.npm_keys_json());
    }

    /// A package with all evidence, built from a repository.
    fn package(&self, name: &str, version: &str, repository: &str) -> Package {
        let sigstore = &self.world.sigstore;
        let package = Package::new(name, version).signed(sigstore).published(sigstore);
        package.built(sigstore, &Build::github(repository))
    }

    /// A package that the registry signed with its second key.
    fn signed_by_other(&self, name: &str) -> Package {
        let mut package = Package::new(name, "1.0.0");
        let signature = self.other.registry_signature(name, "1.0.0", &package.integrity());
        package.signatures.push(signature);
        package
    }

    /// Seals packages in `archives/NAME.sealift`.
    fn seal<'a>(&self, name: &str, packages: impl IntoIterator<Item = &'a Package> + Clone) {
        self.world.fetched(packages).done();
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::rename(self.world.path("app.sealift"), path).unwrap();
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.world.path(&format!("archives/{name}.sealift"))
    }

    fn judge(&self, command: &str, more: &str) -> Run {
        let options = format!("archives --key release.key.pub {TRUST} --at {NOW} {more}");
        self.world.sealift(&format!("bundle {command} {options}"))
    }

    fn verify(&self, more: &str) -> Run {
        self.judge("verify", &format!("--require integrity {more}"))
    }

    fn index(&self, more: &str) -> Run {
        self.judge("index", &format!("--require integrity {more}"))
    }

    fn find(&self, query: &str) -> Run {
        self.world.sealift(&format!("bundle where {query} archives --format json"))
    }

    /// The archives that hold what is asked for.
    #[track_caller]
    fn found(&self, query: &str) -> Vec<String> {
        let answer = self.find(query).done().json();
        assert_eq!(answer["schema"], "sealift-where/1");
        names(&answer["archives"])
    }
}

/// The names of archives in a list of a result.
fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one["archive"].as_str().unwrap().to_owned()).collect()
}
