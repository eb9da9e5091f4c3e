//! Behind the gap nothing but files is needed, and nothing else is asked for: `bundle verify` and `recall
//! apply` open no socket. Shown where there is no network at all, and by what it asks of the system.
#![cfg(all(feature = "network", target_os = "linux"))]
// the archive to verify is fetched first
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::process::Command;

use testkit::sigstore::Build;
use world::{Package, Run, World};

const VERIFY: &str = "bundle verify app.sealift --key release.key.pub --require provenance \
                      --trusted-root trusted_root.json --npm-keys keys.json \
                      --lockfile package-lock.json --at 2026-03-01T00:00:00Z";

/// An archive with all kinds of evidence. Then there is no registry any more.
fn sealed() -> World {
    let world = World::new();
    let package = Package::new("a", "1.0.0")
        .signed(&world.sigstore)
        .published(&world.sigstore)
        .built(&world.sigstore, &Build::github("acme/a"));
    world.fetched(&[package]).done();
    world
}

/// Whether a tool does what it is needed for. In CI it must.
fn can(tool: &str, arguments: &[&str]) -> bool {
    let output = Command::new(tool).args(arguments).output();
    let can = output.is_ok_and(|output| output.status.success());
    assert!(can || std::env::var_os("CI").is_none(), "{tool} {arguments:?} does not work here");
    if !can {
        eprintln!("skipped: {tool} {arguments:?} does not work here");
    }
    can
}

#[test]
fn verify_needs_no_network() {
    if !can("unshare", &["-rn", "true"]) {
        return;
    }
    let world = sealed();
    let sealift = ["-rn", env!("CARGO_BIN_EXE_sealift")];
    let run = Run::of(world.command("unshare").args(sealift).args(VERIFY.split_whitespace()));
    assert!(run.done().stdout.starts_with("verified: "));
    // There, whoever wants the network notices.
    let fetch = "bundle fetch package-lock.json -o again.sealift --no-refresh";
    Run::of(world.command("unshare").args(sealift).args(fetch.split(' '))).failed();
}

/// Seals a recall for the archive.
fn recalled(world: &World) -> &'static str {
    world.write("osv/MAL-2026-1.json", r#"{"id":"MAL-2026-1"}"#);
    let fetch = "recall fetch app.sealift -o monday.recall --key release.key --advisories osv";
    world.sealift(&format!("{fetch} {} --at {}", world::TRUST, world::SEALED)).done();
    "recall apply monday.recall app.sealift --key release.key.pub --require provenance \
     --trusted-root trusted_root.json --npm-keys keys.json --at 2026-03-01T00:00:00Z"
}

#[test]
fn verify_and_apply_open_no_socket() {
    if !can("strace", &["-f", "-e", "trace=network", "true"]) {
        return;
    }
    let world = sealed();
    let traced = |arguments: &str| {
        let trace = ["-f", "-e", "trace=network", "-o", "trace", env!("CARGO_BIN_EXE_sealift")];
        let run = Run::of(world.command("strace").args(trace).args(arguments.split_whitespace()));
        (run, String::from_utf8(world.read("trace")).unwrap())
    };
    for offline in [VERIFY, recalled(&world)] {
        let (done, trace) = traced(offline);
        done.done();
        let calls: Vec<_> = trace.lines().filter(|line| is_call(line)).collect();
        assert_eq!(calls, [""; 0], "{offline}");
    }

    // The same eyes see a fetch.
    let (fetched, trace) = traced("bundle fetch package-lock.json -o again.sealift --no-refresh");
    fetched.failed();
    assert!(trace.lines().any(|line| is_call(line) && line.contains("connect(")), "{trace}");
}

/// A system call, and not the note that a thread ended; nor one of which nothing is known, since its
/// thread was gone with the process before strace could ask what it was.
fn is_call(line: &str) -> bool {
    line.contains('(') && !line.ends_with(" ???( <unfinished ...>")
}
