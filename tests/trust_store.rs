//! `sealift trust` over time: what is imported twice, a clock that was wrong, an optional target that
//! fails, a process that is killed; and what it writes for others.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test looks at files

mod disk;
mod sides;
mod world;

use std::{fs, process::Stdio, thread};

use chrono::Duration;
use serde_json::{Value, json};
use sides::Sides;
use testkit::tuf::server::{Fault, Server};
use world::SEALED;

const IMPORT: &str = "trust import app.sealift --key release.key.pub";
const VERIFY_AT: &str = "2026-02-02T00:00:00Z";

#[test]
fn an_archive_that_is_imported_again_is_up_to_date() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    assert!(sides.on("gap", IMPORT).done().stdout.contains("now held"));
    let before = sides.store("gap");
    for _ in 0..2 {
        let told = sides.on("gap", IMPORT).done().stdout;
        assert!(told.contains("acme: up to date"), "{told}");
    }
    assert_eq!(sides.store("gap"), before);
}

#[test]
fn an_older_archive_is_refused_with_advice_for_this_side() {
    let mut sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    sides.publish(sides.world.read("keys.json"));
    sides.on("gap", "trust refresh --instance acme --mirror URL --at 2026-02-03T00:00:00Z").done();
    let told = sides.on("gap", IMPORT).refused();
    told.says("this machine has seen newer");
}

#[test]
fn a_check_in_the_future_is_an_error_everywhere_and_can_be_taken_back() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    // A clock that was four days ahead, once.
    sides.on("gap", "trust refresh --instance acme --at 2026-02-05T00:00:00Z").done();
    for line in [
        "bundle verify app.sealift --key release.key.pub --require integrity --instance acme \
         --max-trust-age 7d",
        "trust show --instance acme",
        "trust export --instance acme -o export",
        "trust refresh --instance acme",
    ] {
        let told = sides.on("gap", &format!("{line} --at {VERIFY_AT}")).failed();
        told.says("--reset-check").says("2026-02-05T00:00:00Z");
    }
    assert!(!sides.world.path("export").exists());
    let at = format!("--at {VERIFY_AT}");
    sides.on("gap", &format!("trust refresh --instance acme --reset-check {at}")).done();
    let report = sides.verify("app.sealift", VERIFY_AT).done().json();
    assert_eq!(report["trust"][0]["checkedAt"], VERIFY_AT);
}

#[test]
fn a_check_in_the_future_is_taken_back_behind_the_gap() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    sides.on("gap", "trust refresh --instance acme --at 2026-02-05T00:00:00Z").done();
    sides.on("gap", &format!("{IMPORT} --reset-check --at {VERIFY_AT}")).done();
    let report = sides.verify("app.sealift", VERIFY_AT).done().json();
    assert_eq!(report["trust"][0]["checkedAt"], SEALED);
}

#[test]
fn a_check_is_not_written_down_for_a_time_that_is_yet_to_come() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    for line in ["trust refresh --instance acme", IMPORT] {
        let told = sides.on("gap", &format!("{line} --at 2099-01-01T00:00:00Z")).failed();
        told.says("in the future");
    }
}

#[test]
fn an_optional_target_that_fails_is_said_and_its_age_counts() {
    let mut sides = Sides::new().pinned();
    let keys: Vec<u8> = sides.world.read("keys.json");
    sides.repository.targets.remove(sides::NPM_KEYS);
    sides.repository.delegate("npm", &["registry.npmjs.org/*"], &[(sides::NPM_KEYS, &keys)]);
    sides.repository.publish();
    sides.server = Server::start(sides.repository.files.clone());
    sides.on("gap", "trust refresh --instance acme --mirror URL --at 2026-02-01T00:00:00Z").done();

    sides.repository.role("npm").expires = "2026-02-01T12:00:00Z".parse().unwrap();
    sides.repository.publish();
    sides.server.site.lock().unwrap().files = sides.repository.files.clone();
    let at = "2026-02-04T00:00:00Z";
    let line = format!("trust refresh --instance acme --mirror URL --at {at} --format json");
    let run = sides.on("gap", &line).done();
    let run = run.says("registry.npmjs.org/keys.json could not be updated");
    assert_eq!(run.json()["instances"][0]["missed"][0]["target"], sides::NPM_KEYS);

    let line = format!("trust show --instance acme --format json --at {at}");
    let shown = sides.on("gap", &line).done().json();
    assert_eq!(shown["instances"][0]["checkedAt"], at);
    assert_eq!(shown["instances"][0]["keysCheckedAt"], "2026-02-01T00:00:00Z");
    let line = format!("trust show --instance acme --at {at}");
    assert!(sides.on("gap", &line).done().stdout.contains("npm keys could not be updated"));

    // Sealed on that machine, the archive is judged by the keys that were kept, at their age.
    fs::rename(sides.world.path("gap"), sides.world.path("connected-too")).unwrap();
    fs::remove_dir_all(sides.world.path("connected")).unwrap();
    fs::rename(sides.world.path("connected-too"), sides.world.path("connected")).unwrap();
    let package = world::Package::new("left-pad", "1.3.0").signed(&sides.world.sigstore);
    sides.world.lock([&package]);
    let _registry = sides.world.serve([&package]);
    let line = format!(
        "bundle fetch package-lock.json -o app.sealift --key release.key --instance acme \
         --no-refresh --at {at}"
    );
    sides.on("connected", &line).done();
    let verify = |age: &str| {
        let line = format!(
            "bundle verify app.sealift --key release.key.pub --require registry-signature \
             --instance acme --format json --max-trust-age {age} --at {at}"
        );
        sides.on("connected", &line)
    };
    let report = verify("4d").done().json();
    assert_eq!(report["trust"][0]["keysCheckedAt"], "2026-02-01T00:00:00Z");
    verify("2d").refused();
}

#[test]
fn an_export_never_leaves_the_files_of_two_instances() {
    let sides = Sides::new().pinned();
    let names = || {
        let listed = fs::read_dir(sides.world.path("out")).unwrap();
        let mut names: Vec<_> =
            listed.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    sides.on("gap", "trust export -o out").done();
    assert_eq!(names(), ["npm-keys.json", "trusted_root.json", "trusted_root.jsonl"]);
    // This one has no keys of npm's.
    sides.on("gap", "trust export --instance github -o out").done();
    assert_eq!(names(), ["trusted_root.json", "trusted_root.jsonl"]);
}

#[cfg(unix)]
#[test]
fn an_export_writes_through_no_link() {
    let sides = Sides::new();
    let world = &sides.world;
    world.write("victim", b"mine");
    fs::create_dir(world.path("out")).unwrap();
    for name in ["trusted_root.json", "npm-keys.json"] {
        std::os::unix::fs::symlink(world.path("victim"), world.path("out").join(name)).unwrap();
    }
    sides.on("gap", "trust export -o out").done();
    assert_eq!(world.read("victim"), b"mine");
    assert!(!world.path("out/npm-keys.json").is_symlink());
}

#[test]
fn a_fresh_machine_compares_with_what_is_built_in() {
    // Of a private instance nothing is built in, and nothing is held yet.
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    let diff = "trust diff app.sealift --instance acme --key release.key.pub";
    sides.on("gap", diff).failed().says("there is no trust material for acme");
    sides.on("gap", IMPORT).done();
    assert_eq!(sides.on("gap", diff).done().stdout.trim(), "no difference");
}

#[test]
fn days_that_are_left_are_whole_ones() {
    let sides = Sides::new().pinned();
    sides.on("gap", "trust refresh --instance acme --at 2026-02-01T00:00:00Z").done();
    let left = |at: &str| {
        let line = format!("trust show --instance acme --format json --at {at}");
        let shown: Value = sides.on("gap", &line).done().json();
        shown["instances"][0]["roles"][1]["expiresInDays"].clone()
    };
    // The timestamp expires on the 6th, at midnight.
    assert_eq!(left("2026-02-05T23:59:59Z"), json!(0));
    assert_eq!(left("2026-02-06T00:00:00Z"), json!(0));
    assert_eq!(left("2026-02-06T00:00:01Z"), json!(-1));
    assert_eq!(left("2026-02-07T00:00:01Z"), json!(-2));
}

#[test]
fn a_pinned_file_needs_the_name_of_an_instance() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    let line = "bundle verify app.sealift --key release.key.pub --require integrity \
                --trusted-root trusted_root.json --npm-keys keys.json --instance ../x";
    sides.on("gap", line).failed().says("is not an instance name");
}

#[test]
fn expired_metadata_is_no_reason_to_change_the_time() {
    let sides = Sides::new().pinned();
    let line = "trust refresh --instance acme --at 2026-02-20T00:00:00Z";
    let told = sides.on("connected", line).refused().says("expired");
    assert!(!told.stderr.contains("--at"), "{told}");
}

/// Whenever it is killed, the next command finds a store that it can read, and what it has seen.
#[test]
fn a_refresh_that_is_killed_leaves_a_store_that_can_be_read() {
    let mut sides = Sides::new().pinned();
    let start = std::time::Instant::now();
    sides.on("gap", "trust refresh --instance acme --mirror URL --at 2026-02-01T00:00:00Z").done();
    let whole = start.elapsed();
    let mut seen = 0;
    for round in 0..200_u64 {
        if round % 5 == 0 {
            sides.repository.role("timestamp").expires += Duration::minutes(1);
            sides.repository.publish();
            sides.server.site.lock().unwrap().files = sides.repository.files.clone();
        }
        if round % 7 == 0 {
            let hold = ("timestamp.json".to_owned(), Fault::Silence);
            sides.server.site.lock().unwrap().faults.extend([hold]);
        }
        let mut command = sides.world.command(env!("CARGO_BIN_EXE_sealift"));
        let url = sides.server.url();
        let line = ["trust", "refresh", "--instance", "acme", "--mirror", &url];
        let command = command.env("SEALIFT_HOME", sides.world.path("gap")).args(line);
        command.args(["--at", "2026-02-02T00:00:00Z"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // At any moment of a refresh, or a little later, in no order.
        thread::sleep(whole.mul_f64((round * 7919 % 200) as f64 / 140.0));
        child.kill().unwrap();
        child.wait().unwrap();
        sides.server.site.lock().unwrap().faults.clear();
        if round % 10 == 9 {
            let line = "trust show --instance acme --format json --at 2026-02-02T00:00:00Z";
            let shown = sides.on("gap", line).done().json();
            let version = shown["instances"][0]["roles"][1]["version"].as_u64().unwrap();
            assert!(version >= seen);
            seen = version;
        }
    }
    assert!(seen > 2, "no refresh ever ended");
    sides.on("gap", "trust refresh --instance acme --mirror URL --at 2026-02-02T00:00:00Z").done();
}
