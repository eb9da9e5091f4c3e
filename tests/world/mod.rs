//! A project with its lockfile, the registry that serves it, and a machine to run `sealift` on: the
//! ground that end-to-end tests stand on.
//!
//! Everything is in one temporary folder, which is also where the program runs, so that what it
//! prints names files as a user would and is the same in each run. Evidence is of [`PUBLISHED`],
//! archives are sealed at [`SEALED`] and judged at [`NOW`].
// Each test uses what it needs of it.
#![allow(dead_code, unused_imports)]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod claims;
mod package;
mod parts;
#[path = "../support/raw_zip.rs"]
pub mod raw_zip;
mod run;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use chrono::{DateTime, Duration, Utc};
use sealift::core::archive::key::{PublicKey, SigningKey};
use serde_json::{Value, json};
use testkit::{
    registry::{Registry, Running},
    sigstore::{Sigstore, pem},
};

pub use claims::{claim, reason, status};
pub use package::{Package, REGISTRY};
pub use parts::Parts;
pub use run::Run;

/// When packages were published, and their evidence signed; the registry says so too.
pub const PUBLISHED: &str = "2026-01-02T03:04:05Z";
/// When archives are sealed.
pub const SEALED: &str = "2026-02-01T00:00:00Z";
/// When they are verified.
pub const NOW: &str = "2026-03-01T00:00:00Z";

/// Trust in the world's own Sigstore instance.
pub const TRUST: &str = "--trusted-root trusted_root.json --npm-keys keys.json";

/// [`PUBLISHED`], as a time.
pub fn published() -> DateTime<Utc> {
    PUBLISHED.parse().unwrap()
}

/// The private key made of one byte. `release.key` is that of 1, `second.key` that of 2.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::ed25519(&[seed; 32])
}

pub struct World {
    folder: tempfile::TempDir,
    /// Trusted through `trusted_root.json` and `keys.json`.
    pub sigstore: Sigstore,
}

impl World {
    /// A folder with two signing keys, and trust in a fresh Sigstore instance.
    pub fn new() -> Self {
        Self::with(Sigstore::new(published() - Duration::days(30)))
    }

    /// As [`World::new`], with trust in this instance.
    pub fn with(sigstore: Sigstore) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), sigstore };
        world.write("trusted_root.json", world.sigstore.trusted_root_json());
        world.write("keys.json", world.sigstore.npm_keys_json());
        for (name, seed) in [("release.key", 1), ("second.key", 2)] {
            world.write(name, private_pem(seed));
            only_owner(&world.path(name));
            world.write(&format!("{name}.pub"), PublicKey::from(&key(seed)).to_pem());
        }
        world
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files in the folder itself.
    pub fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Writes `package-lock.json` for packages that are installed under their own names.
    pub fn lock<'a>(&self, packages: impl IntoIterator<Item = &'a Package>) {
        self.lock_entries(packages.into_iter().map(Package::locked));
    }

    /// Writes `package-lock.json` of these install paths and entries.
    pub fn lock_entries(&self, entries: impl IntoIterator<Item = (String, Value)>) {
        self.write("package-lock.json", lockfile(entries));
    }

    /// A registry with these packages, that `.npmrc` says to download from.
    pub fn serve<'a>(&self, packages: impl IntoIterator<Item = &'a Package>) -> Running {
        self.start(packages.into_iter().fold(Registry::new(), |all, package| package.on(all)))
    }

    /// A registry that `.npmrc` says to download from.
    pub fn start(&self, registry: Registry) -> Running {
        let running = registry.start();
        self.write(".npmrc", format!("registry={}\n", running.url()));
        running
    }

    /// Writes the lockfile and serves it; fetches, and lets the registry go.
    pub fn fetched<'a>(&self, packages: impl IntoIterator<Item = &'a Package> + Clone) -> Run {
        self.lock(packages.clone());
        let _registry = self.serve(packages);
        self.fetch("")
    }

    /// Fetches `package-lock.json`, and seals it in `app.sealift` with `release.key`.
    pub fn fetch(&self, more: &str) -> Run {
        let fetch = "bundle fetch package-lock.json -o app.sealift --key release.key";
        self.sealift(&format!("{fetch} {TRUST} --at {SEALED} {more}"))
    }

    /// Verifies `app.sealift`. What is not admitted is not unpacked either.
    pub fn verify(&self, more: &str) -> Run {
        let options = format!("app.sealift --key release.key.pub {TRUST} --at {NOW} {more}");
        let run = self.sealift(&format!("bundle verify {options}"));
        if run.code != 0 {
            let before = self.files();
            let unpacked = self.sealift(&format!("bundle unpack -o never --for npm {options}"));
            assert_eq!(unpacked.code, run.code, "{unpacked}");
            assert_eq!(self.files(), before);
        }
        run
    }

    /// The JSON report on `app.sealift`, which may be of a refusal.
    pub fn report(&self, more: &str) -> Value {
        self.verify(&format!("--format json --require integrity {more}")).json()
    }

    /// Runs the program in the folder, with these arguments; none of them has a space in it.
    pub fn sealift(&self, arguments: &str) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_sealift"));
        Run::of(command.args(arguments.split_whitespace()))
    }

    /// A command in the folder, with nothing of this process's environment but the search path.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.folder.path().join("home"))
            .env("SEALIFT_HOME", self.folder.path().join("home"));
        command
    }

    /// What `app.sealift` is made of.
    pub fn parts(&self) -> Parts {
        Parts::of(&self.path("app.sealift"), &key(1))
    }
}

/// A lockfile of version 3.
pub fn lockfile(entries: impl IntoIterator<Item = (String, Value)>) -> String {
    let mut packages = serde_json::Map::new();
    packages.insert(String::new(), json!({"name": "app", "version": "1.0.0"}));
    packages.extend(entries);
    let lockfile = json!({
        "name": "app",
        "version": "1.0.0",
        "lockfileVersion": 3,
        "requires": true,
        "packages": packages,
    });
    format!("{lockfile:#}\n")
}

/// PKCS#8, version 1 (RFC 8410, section 7).
fn private_pem(seed: u8) -> String {
    let head = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    pem("PRIVATE KEY", &[head.as_slice(), [seed; 32].as_slice()].concat())
}

fn only_owner(path: &Path) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    #[cfg(not(unix))]
    let _ = path;
}
