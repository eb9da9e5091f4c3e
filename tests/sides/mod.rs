//! A machine on each side of the gap, and a private instance with its TUF repository.
#![allow(dead_code)] // each test uses what it needs of it

use std::{collections::BTreeMap, fs};

use chrono::{DateTime, Utc};
use testkit::tuf::{Repository, server::Server};

use crate::{
    disk::files,
    world::{Package, Run, World},
};

pub const NPM_KEYS: &str = "registry.npmjs.org/keys.json";

/// A machine on each side of the gap, and a private instance with its repository.
pub struct Sides {
    pub world: World,
    pub repository: Repository,
    pub server: Server,
}

impl Sides {
    pub fn new() -> Self {
        let world = World::new();
        let published: DateTime<Utc> = "2026-01-30T00:00:00Z".parse().unwrap();
        let mut repository = Repository::new(published);
        repository.targets = BTreeMap::from([
            ("trusted_root.json".to_owned(), world.read("trusted_root.json")),
            (NPM_KEYS.to_owned(), world.read("keys.json")),
        ]);
        repository.publish();
        world.write("root.json", repository.root_bytes(1));
        let server = Server::start(repository.files.clone());
        Self { world, repository, server }
    }

    /// Runs a command line on one side. Each side has a home of its own.
    pub fn on(&self, side: &str, line: &str) -> Run {
        let mut command = self.world.command(env!("CARGO_BIN_EXE_sealift"));
        let line = line.replace("URL", &self.server.url());
        Run::of(command.env("SEALIFT_HOME", self.world.path(side)).args(line.split_whitespace()))
    }

    pub fn pinned(self) -> Self {
        for side in ["connected", "gap"] {
            self.on(side, "trust pin root.json --instance acme --url URL --registry https://registry.npmjs.org --yes").done();
        }
        self
    }

    /// A signed package, sealed after a refresh at that time.
    pub fn sealed(&self, at: &str, archive: &str) -> Run {
        let package = Package::new("left-pad", "1.3.0").signed(&self.world.sigstore);
        self.world.lock([&package]);
        let _registry = self.world.serve([&package]);
        let line = format!(
            "bundle fetch package-lock.json -o {archive} --key release.key --instance acme --at {at}"
        );
        self.on("connected", &line)
    }

    pub fn verify(&self, archive: &str, at: &str) -> Run {
        let line = format!(
            "bundle verify {archive} --key release.key.pub --require registry-signature \
             --instance acme --format json --at {at}"
        );
        self.on("gap", &line)
    }

    /// Publishes the next version, with other keys of the registry, and serves it.
    pub fn publish(&mut self, npm_keys: Vec<u8>) {
        self.repository.targets.insert(NPM_KEYS.to_owned(), npm_keys);
        self.repository.publish();
        self.server = Server::start(self.repository.files.clone());
    }

    /// The generation that counts.
    pub fn store(&self, side: &str) -> BTreeMap<String, Vec<u8>> {
        let folder = self.world.path(side).join("data/trust/acme");
        let current = fs::read_to_string(folder.join("current")).unwrap();
        files(&folder.join("generations").join(current))
    }
}
