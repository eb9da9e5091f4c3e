//! The performance budget of a store: `cargo bench --bench store`.
//!
//! Makes a folder of archives that share most of their evidence, and measures `bundle verify`, `bundle index` and
//! `bundle where` on it: the clock on the wall and the peak of memory, each as a process of its own. The
//! budget is for 1,000 archives of 1,000 packages; by default there are fewer, and the times are
//! scaled. A missed budget is exit code 1.
//!
//! | variable | default | |
//! | --- | --- | --- |
//! | `STORE_ARCHIVES` | 40 | archives |
//! | `STORE_DISTINCT` | 40 | of which have content of their own; the others are hard links to them |
//! | `STORE_PACKAGES` | 1000 | packages in each; the next archive has one that the last one does not have |
//! | `STORE_TARBALL` | 4096 | bytes of each tarball |
//! | `STORE_FOLDER` | | where to keep the archives for another run |
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)] // a measurement
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // not the product

#[path = "../verify/fixture.rs"]
#[allow(dead_code)]
mod fixture;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use chrono::Duration as Span;
use fixture::{Package, assemble};
use sealift::{
    adapters::{archive, keys},
    core::time,
};
use testkit::sigstore::Sigstore;

/// What the budget is for.
const ARCHIVES: usize = 1000;

/// Seconds for all of them: judged anew, indexed, searched.
const BUDGETS: [(&str, f64); 3] = [("verify", 60.0), ("index", 60.0), ("where", 1.0)];

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("bundle") {
        return fixture::child();
    }
    let temporary = tempfile::tempdir().unwrap();
    let folder =
        std::env::var_os("STORE_FOLDER").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let store = Store::new(&folder);
    let mut missed = false;
    println!("\n{:44} {:>9} {:>9} {:>9}", "", "measured", "scaled", "memory");
    for (name, arguments, budget) in store.commands() {
        let (took, peak) = store.run(&arguments);
        let scaled = took.as_secs_f64() * ARCHIVES as f64 / store.archives as f64;
        let is_missed = scaled > budget;
        missed |= is_missed;
        let verdict = if is_missed { "MISSED" } else { "" };
        println!("{name:44} {took:>9.2?} {scaled:>8.2}s {peak:>5} MiB  {verdict}");
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

struct Store {
    folder: PathBuf,
    archives: usize,
}

impl Store {
    fn new(folder: &Path) -> Self {
        let archives = setting("STORE_ARCHIVES", 40);
        let distinct = setting("STORE_DISTINCT", 40).min(archives);
        let store = Self { folder: folder.to_owned(), archives };
        if folder.join("archives").is_dir() {
            return store;
        }
        let packages = setting("STORE_PACKAGES", 1000);
        println!("making {distinct} archives of {packages} packages, and {archives} names");
        let now = time::parse(fixture::NOW).unwrap();
        let sigstore = Sigstore::new(now - Span::days(30));
        let bytes = setting("STORE_TARBALL", 4096);
        let all: Vec<_> =
            (0..packages + distinct).map(|n| Package::new(&sigstore, n, bytes)).collect();
        fs::create_dir_all(folder.join("archives")).unwrap();
        fs::write(folder.join("trusted_root.json"), sigstore.trusted_root_json()).unwrap();
        fs::write(folder.join("keys.json"), sigstore.npm_keys_json()).unwrap();
        keys::generate(&folder.join("key"), keys::KeyAlgorithm::Ed25519).unwrap();
        for number in 0..distinct {
            let held: Vec<_> = all[number..number + packages].iter().collect();
            store.seal(number, &held);
        }
        for number in distinct..archives {
            fs::hard_link(store.archive(number % distinct), store.archive(number)).unwrap();
        }
        store
    }

    fn archive(&self, number: usize) -> PathBuf {
        self.folder.join(format!("archives/{number:04}.sealift"))
    }

    fn seal(&self, number: usize, packages: &[&Package]) {
        let key = keys::load_private(&self.folder.join("key")).unwrap().key;
        let (manifest, contents) = assemble(packages);
        let path = self.archive(number);
        let sealed = archive::seal(&path, &manifest, &[key], |subject| contents.get(&subject.name));
        sealed.unwrap().persist(&path).unwrap();
    }

    /// What is measured: its name, the arguments, and the seconds that it may take.
    fn commands(&self) -> Vec<(String, Vec<String>, f64)> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let demands = [
            ["--key", &file("key.pub")],
            ["--trusted-root", &file("trusted_root.json")],
            ["--npm-keys", &file("keys.json")],
            ["--require", "registry-signature,publish-attestation,provenance"],
            ["--at", fixture::NOW],
        ];
        let demands = demands.concat().into_iter().map(str::to_owned);
        let archives = file("archives");
        let judging = |command: &str| {
            let arguments = ["bundle", command, &archives].map(str::to_owned);
            arguments.into_iter().chain(demands.clone()).collect::<Vec<_>>()
        };
        let queries = [
            "pkg:npm/%40acme/package-0020@1.2.3",
            "https://github.com/acme/packages",
            "SHA256:0000000000000000000000000000000000000000000",
        ];
        let mut all = vec![
            ("bundle verify DIR".to_owned(), judging("verify"), BUDGETS[0].1),
            ("bundle index DIR".to_owned(), judging("index"), BUDGETS[1].1),
        ];
        for query in queries {
            let arguments = ["bundle", "where", query, &archives].map(str::to_owned).to_vec();
            all.push((format!("bundle where {query:.28}"), arguments, BUDGETS[2].1));
        }
        all
    }

    /// How long a command takes, and the peak of its memory in MiB.
    fn run(&self, arguments: &[String]) -> (Duration, u64) {
        let start = Instant::now();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(arguments)
            .env("SEALIFT_HOME", self.folder.join("home"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let took = start.elapsed();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{stderr}");
        let peak = stderr.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        (took, kib >> 10)
    }
}
