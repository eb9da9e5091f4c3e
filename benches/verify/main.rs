//! The performance budget of verification: `cargo bench --bench verify`.
//!
//! Nothing here is an absolute time. Every line is a ratio between what sealift takes and what the
//! bare operations take that nobody can do without, over the same data, in the same run: hashes and
//! signature checks by aws-lc, on as many threads. A missed budget is exit code 1.
//!
//! | line | budget |
//! | --- | --- |
//! | `bundle verify`, whole process, all cores, 1,000 packages with two attestations each | 1/0.6 of bare |
//! | its peak memory | 100 MiB |
//! | one provenance bundle, one thread | 1.5 of 4 P-256 and 1 P-384 checks |
//! | tarballs, one thread | 1.15 of bare SHA-512 |
//!
//! Measurements and their bare counterparts alternate, and the fastest round of each counts. One
//! thread is measured by its time on the processor, the whole by the clock on the wall, so that the
//! whole wants a machine that is otherwise idle. What is left of noise, [`NOISE`] allows for.
//!
//! Where a provenance bundle's time goes beside the bare checks, by `perf`: `sigstore-verify` checks
//! the promise twice (once for its time, once for the log) and decodes the certificate four times.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)] // a measurement
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)] // not the product

mod bare;
mod fixture;

use std::{
    fs,
    process::{Command, ExitCode, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use fixture::Fixture;
use sealift::{
    adapters::archive::Archive,
    core::{
        archive::manifest::Manifest,
        package::digest::Algorithm,
        sigstore::{self, Artifact, ExpectedSigner},
        time,
        trust::Trust,
    },
};

/// How far a ratio may be over its budget before it counts as missed: processors do not run at one
/// speed, and share caches with what else runs.
const NOISE: f64 = 1.08;

/// Rounds of each measurement; the fastest counts.
const ROUNDS: usize = 7;

const PACKAGES: usize = 1000;

/// Peak memory of the whole, in MiB.
const MEMORY: f64 = 100.0;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("bundle") {
        return fixture::child();
    }
    println!("making an archive of {PACKAGES} packages");
    let fixture = Fixture::new(PACKAGES);
    println!("{} MiB, of which tarballs {} MiB", mib(fixture.size), mib(fixture.tarball_bytes()));
    let lines = [whole(&fixture), memory(&fixture), provenance(&fixture), tarballs(&fixture)];
    println!("\n{:44} {:>9} {:>9} {:>7} {:>7}", "", "measured", "bare", "ratio", "budget");
    let mut missed = false;
    for Line { name, measured, bare, ratio, budget, noise } in lines {
        let verdict = if ratio <= budget {
            ""
        } else if ratio <= budget * noise {
            "within noise"
        } else {
            missed = true;
            "MISSED"
        };
        println!("{name:44} {measured:>9} {bare:>9} {ratio:>7.2} {budget:>7.2}  {verdict}");
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

struct Line {
    name: &'static str,
    measured: String,
    bare: String,
    ratio: f64,
    budget: f64,
    noise: f64,
}

impl Line {
    fn of(name: &'static str, (measured, bare): (Duration, Duration), budget: f64) -> Self {
        Self {
            name,
            measured: format!("{:.2?}", measured),
            bare: format!("{bare:.2?}"),
            ratio: measured.as_secs_f64() / bare.as_secs_f64(),
            budget,
            noise: NOISE,
        }
    }
}

/// The command, from its start to its exit.
fn whole(fixture: &Fixture) -> Line {
    let bare = bare::Everything::of(fixture);
    let times = fastest(
        || {
            let output = run(fixture);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        },
        || bare.check(),
        wall,
    );
    Line::of("bundle verify, all cores", times, 1.0 / 0.6)
}

fn memory(fixture: &Fixture) -> Line {
    let stderr = run(fixture).stderr;
    let text = String::from_utf8(stderr).unwrap();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the peak");
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    Line {
        name: "  its peak memory, MiB",
        measured: format!("{:.0}", kib / 1024.0),
        bare: String::new(),
        ratio: kib / 1024.0,
        budget: MEMORY,
        noise: 1.0,
    }
}

fn run(fixture: &Fixture) -> std::process::Output {
    let file = |name| fixture.folder.path().join(name);
    Command::new(std::env::current_exe().unwrap())
        .args(["bundle", "verify"])
        .arg(&fixture.archive)
        .arg("--key")
        .arg(file("key.pub"))
        .arg("--trusted-root")
        .arg(file("trusted_root.json"))
        .arg("--npm-keys")
        .arg(file("keys.json"))
        .args(["--require", "registry-signature,publish-attestation,provenance"])
        .args(["--at", fixture::NOW])
        .env("SEALIFT_HOME", file("home"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn provenance(fixture: &Fixture) -> Line {
    let trust = Trust::new(fixture.trusted_root.as_bytes(), None).unwrap();
    let now = time::parse(fixture::NOW).unwrap();
    let packages = &fixture.packages[..200];
    let bare = bare::Signatures::of_provenance(packages);
    let times = fastest(
        || {
            for package in packages {
                let artifact = Artifact::Digest(&package.sha512);
                let signer = ExpectedSigner::AnyIdentityUnsafe;
                sigstore::bundle(&trust, &package.provenance, artifact, signer, now).unwrap();
            }
        },
        || bare.check(),
        processor,
    );
    Line::of("200 provenance bundles, one thread", times, 1.5)
}

fn tarballs(fixture: &Fixture) -> Line {
    let signed = Archive::open(&fixture.archive)
        .unwrap()
        .verify_signatures::<Manifest>(std::slice::from_ref(&fixture.public), 1)
        .unwrap();
    let packages = signed.manifest().packages();
    let names: Vec<_> = packages
        .map(|(_, package)| package.artifact.as_ref().unwrap().entry.clone().unwrap())
        .collect();
    let times = fastest(
        || {
            for name in &names {
                signed.hash(name, &[Algorithm::Sha512]).unwrap();
            }
        },
        || bare::sha512(&fixture.packages),
        processor,
    );
    Line::of("tarballs, one thread", times, 1.15)
}

/// The fastest of some rounds of each, in turns.
fn fastest(measured: impl Fn(), bare: impl Fn(), clock: fn() -> Duration) -> (Duration, Duration) {
    let time = |work: &dyn Fn()| {
        let start = clock();
        work();
        clock() - start
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = (best.0.min(time(&measured)), best.1.min(time(&bare)));
    }
    best
}

/// The clock on the wall.
fn wall() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// How long this thread has been on a processor; where Linux does not say, the clock on the wall.
fn processor() -> Duration {
    std::thread::yield_now(); // brings the account up to date
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or_else(wall, Duration::from_nanos)
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}
