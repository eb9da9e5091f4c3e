//! The trust root, refreshed on one machine and carried to another: `sealift trust`, and what
//! `bundle fetch` and `bundle verify` make of it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test looks at files

mod disk;
mod sides;
mod world;

use std::fs;

use chrono::Duration;
use sealift::core::{
    archive::entry_name,
    limits::{
        EARLIEST, METADATA_BYTES, REPOSITORY_BYTES, ROOT_BYTES, STORE_FILES, TIMESTAMP_BYTES,
    },
    time, tuf,
};
use serde_json::{Value, json};
use sides::Sides;
use testkit::tuf::server::Server;
use world::{Package, Parts, SEALED, key};

#[test]
fn a_root_is_pinned_only_after_its_fingerprint_was_confirmed() {
    let sides = Sides::new();
    let shown = sides.on("connected", "trust pin root.json --instance acme --url URL").failed();
    assert!(shown.stdout.starts_with("root 1 sha256:"), "{shown}");
    sides.on("connected", "trust show --instance acme").failed().says("acme");
    sides.on("connected", "trust pin root.json --instance acme --url URL --yes").done();
    sides
        .on("connected", "trust pin root.json --instance acme --url URL --yes")
        .failed()
        .says("pinned");
    sides
        .on("connected", "trust pin root.json --instance public-good --url URL --yes")
        .failed()
        .says("built-in");
    sides.on("connected", "trust pin package-lock.json --instance other --url URL --yes").failed();
}

#[test]
fn what_was_refreshed_is_carried_across_and_imported() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();

    let early = sides.verify("app.sealift", "2026-01-31T00:00:00Z").failed().json();
    assert_eq!(early["code"], "sealed-later");
    // Behind the gap nothing is held yet: the archive's chain is replayed from the pinned root.
    let report = sides.verify("app.sealift", "2026-02-02T00:00:00Z").done().json();
    assert_eq!(report["verdict"], "verified");
    assert_eq!(report["trust"][0]["source"], "archive");
    assert_eq!(report["trust"][0]["checkedAt"], SEALED);
    // Later the publisher's own dates have passed: a number beside the verdict, without a limit.
    let report = sides.verify("app.sealift", "2026-03-01T00:00:00Z").done().json();
    assert_eq!(report["verdict"], "verified");
    assert_eq!(report["trust"][0]["ageSeconds"], 28 * 86400);
    let limited = sides.verify("app.sealift", "2026-03-01T00:00:00Z --max-trust-age 7d");
    assert_eq!(limited.refused().json()["verdict"], "refused");
    let warned = "2026-03-01T00:00:00Z --max-trust-age 7d --past-limit warn";
    assert_eq!(sides.verify("app.sealift", warned).done().json()["verdict"], "stale");

    sides.on("gap", "trust import app.sealift --key release.key.pub").done();
    assert_eq!(sides.store("gap"), sides.store("connected"), "stores differ");
    sides.on("gap", "trust import app.sealift --key second.key.pub").refused();
    sides
        .on("gap", "trust import app.sealift --key release.key.pub --at 2026-01-31T00:00:00Z")
        .failed()
        .says("after the reference time");

    let shown =
        sides.on("gap", "trust show --instance acme --format json --at 2026-02-02T00:00:00Z");
    let shown = shown.done().json();
    assert_eq!(shown["instances"][0]["source"], "store");
    assert_eq!(shown["instances"][0]["roles"][1]["name"], "timestamp");
    assert_eq!(shown["instances"][0]["roles"][1]["expiresInDays"], 4);

    sides.on("gap", "trust export --instance acme -o export").done();
    assert_eq!(sides.world.read("export/trusted_root.json"), sides.world.read("trusted_root.json"));
    assert_eq!(sides.world.read("export/npm-keys.json"), sides.world.read("keys.json"));
    assert_eq!(
        sides.world.read("export/trusted_root.jsonl").iter().filter(|b| **b == b'\n').count(),
        1
    );

    let same = "trust diff gap/data/trust app.sealift --instance acme --key release.key.pub";
    assert_eq!(sides.on("gap", same).done().stdout.trim(), "no difference");
}

#[test]
fn an_archive_of_an_instance_that_is_not_pinned_is_not_judged() {
    let sides = Sides::new();
    sides.on("connected", "trust pin root.json --instance acme --url URL --yes").done();
    sides.sealed(SEALED, "app.sealift").done();
    sides.verify("app.sealift", "2026-02-02T00:00:00Z").failed().says("acme");
}

#[test]
fn newer_trust_wins_and_a_key_that_was_withdrawn_since_is_caught() {
    let mut sides = Sides::new().pinned();
    sides.sealed(SEALED, "old.sealift").done();
    // The registry's key is said to have ended before the package was published.
    let mut keys: Value = serde_json::from_slice(&sides.world.read("keys.json")).unwrap();
    for key in keys["keys"].as_array_mut().unwrap() {
        key["publicKey"]["validFor"]["end"] = "2025-12-31T00:00:00Z".into();
    }
    sides.publish(keys.to_string().into_bytes());
    let refresh = "trust refresh --instance acme --mirror URL --at 2026-02-03T00:00:00Z";
    sides.on("gap", refresh).done();

    let report = sides.verify("old.sealift", "2026-02-04T00:00:00Z").refused().json();
    assert_eq!(report["trust"][0]["source"], "store");
    let claim = &report["packages"][0]["claims"]["registry-signature"];
    assert_eq!(claim["reason"], "key-not-valid-then");

    // Nor does importing the old archive bring the key back.
    let before = sides.store("gap");
    sides.on("gap", "trust import old.sealift --key release.key.pub").refused().says("timestamp");
    assert_eq!(sides.store("gap"), before, "the store went backwards");

    let difference = "trust diff connected/data/trust --instance acme";
    let difference = sides.on("gap", difference).done().stdout;
    assert!(
        difference.contains("window changed") && difference.contains("timestamp: "),
        "{difference}"
    );
}

#[test]
fn one_version_with_two_contents_is_a_forgery() {
    let mut sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    sides.on("gap", "trust import app.sealift --key release.key.pub").done();
    let before = sides.store("gap");
    // Whoever has the timestamp's keys shows others another one.
    sides.repository.role("timestamp").expires += Duration::hours(1);
    sides.repository.republish("timestamp");
    sides.server = Server::start(sides.repository.files.clone());
    fs::remove_dir_all(sides.world.path("connected/data/trust")).unwrap();
    let pin =
        "trust pin root.json --instance acme --url URL --registry https://registry.npmjs.org --yes";
    sides.on("connected", pin).done();
    sides.sealed(SEALED, "other.sealift").done();
    let told = "two different versions 2 of timestamp";
    let contradicts = sides.verify("other.sealift", "2026-02-02T00:00:00Z").refused().says(told);
    assert_eq!(contradicts.json()["code"], "trust-contradicts");
    sides.on("gap", "trust import other.sealift --key release.key.pub").refused().says(told);
    assert_eq!(sides.store("gap"), before);
    sides.verify("app.sealift", "2026-02-02T00:00:00Z").done();
}

/// An archive and a machine that hold the same: what counts is who asked last.
#[test]
fn trust_is_as_old_as_its_last_check_anywhere() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    let later = "2026-02-01T06:00:00Z";
    sides.on("gap", &format!("trust refresh --instance acme --at {later}")).done();
    let verify = |options: &str| {
        sides.on(
            "gap",
            &format!(
                "bundle verify app.sealift --key release.key.pub --require integrity --instance acme \
                 --format json --at 2026-02-01T07:00:00Z {options}"
            ),
        )
    };
    let report = verify("--max-trust-age 2h").done().json();
    assert_eq!(report["trust"][0]["checkedAt"], later);
    verify("--max-trust-age 30m").refused();
}

#[test]
fn what_cannot_be_judged_by_is_not_imported() {
    let mut sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    sides.repository.targets.insert("trusted_root.json".to_owned(), b"no JSON".to_vec());
    sides.repository.publish();
    let path = sides.world.path("app.sealift");
    let mut parts = Parts::of(&path, &key(1));
    let checked_at = time::parse(SEALED).unwrap();
    let wanted = tuf::WantedTargets::of(Some("https://registry.npmjs.org"));
    let pinned = tuf::PinnedRoots::new(sides.repository.root_bytes(1)).unwrap();
    let local = tuf::LocalState::default();
    let state =
        tuf::update(&pinned, &wanted, &local, &sides.repository.files, checked_at, &mut |_| true)
            .unwrap();
    parts.entries.retain(|name, _| !name.starts_with("trust/acme/"));
    parts.entries.extend(
        state.entries().iter().map(|(name, bytes)| {
            (format!("trust/acme/{}", entry_name::encode(name)), bytes.clone())
        }),
    );
    parts.seal(&path, &[key(1)]);
    let import = "trust import app.sealift --key release.key.pub";
    sides.on("gap", import).failed().says("malformed trusted root");
    let shown = sides.on("gap", "trust show").failed().says("no trust material for acme");
    assert!(shown.stdout.contains("public-good"), "{shown}");
}

#[test]
fn a_refresh_that_fails_stops_the_fetch_unless_told_otherwise() {
    let sides = Sides::new().pinned();
    // Two weeks later the timestamp has expired.
    let late = "2026-02-20T00:00:00Z";
    let failed = sides.sealed(late, "app.sealift").failed();
    failed.says("cannot refresh the trust root: ").says("expired").says("--no-refresh");
    assert!(!sides.world.path("app.sealift").exists());
    sides
        .on("connected", &format!("trust refresh --instance acme --at {late}"))
        .refused()
        .says("timestamp");
}

#[test]
fn what_holds_nothing_of_an_instance_is_neither_compared_nor_imported() {
    let sides = Sides::new().pinned();
    let package = Package::new("a", "1.0.0").signed(&sides.world.sigstore);
    sides.world.fetched([&package]).done();
    let diff = |old: &str| {
        let line = format!("trust diff {old} --instance acme --key release.key.pub");
        sides.on("gap", &line).failed()
    };
    sides.world.write("empty/README.md", "");
    diff("empty").says("the trust store holds nothing of acme");
    diff("app.sealift").says("app.sealift carries no TUF metadata of acme");
    let import = sides.on("gap", "trust import app.sealift --key release.key.pub").failed();
    assert!(import.stderr.starts_with("error: app.sealift carries no TUF metadata\n"), "{import}");
}

#[test]
fn a_mirror_must_be_an_address_that_files_can_be_below() {
    let sides = Sides::new().pinned();
    let line = format!("trust refresh --instance acme --mirror data:text --at {SEALED}");
    let told = "\"data:text\" is not an address of a TUF repository";
    sides.on("connected", &line).failed().says(told);
}

#[test]
fn a_clock_that_lost_its_battery_is_called_that() {
    let sides = Sides::new().pinned();
    sides
        .on("connected", "trust refresh --instance acme --at 1970-01-01T00:00:00Z")
        .failed()
        .says("clock");
}

#[test]
fn a_root_to_start_from_is_as_large_as_the_limit() {
    let sides = Sides::new();
    let max = usize::try_from(ROOT_BYTES).unwrap();
    // White space after a value changes nothing.
    let mut root = sides.world.read("root.json");
    root.resize(max, b' ');
    sides.world.write("root.json", &root);
    root.push(b' ');
    sides.world.write("larger.json", &root);
    let told = format!("larger.json is larger than {max} bytes");

    let pin = |root| format!("trust pin {root} --instance acme --url URL --yes");
    sides.on("connected", &pin("larger.json")).failed().says(&told);
    sides.on("connected", &pin("root.json")).done();
    let refresh = |root| format!("trust refresh --root {root} --instance acme --at {SEALED}");
    sides.on("connected", &refresh("larger.json")).failed().says(&told);
    sides.on("connected", &refresh("root.json")).done();
}

#[test]
fn an_archive_s_trust_is_as_old_as_the_first_root_at_most() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    let path = sides.world.path("app.sealift");
    let mut parts = Parts::of(&path, &key(1));
    let mut at = |checked| {
        parts.predicate.trust[0].refreshed_at = Some(time::format(checked));
        parts.seal(&path, &[key(1)]);
        sides.verify("app.sealift", "2026-02-02T00:00:00Z")
    };
    let report = at(EARLIEST).done().json();
    assert_eq!(report["trust"][0]["checkedAt"], time::format(EARLIEST));
}

#[test]
fn an_archive_s_trust_files_are_as_large_as_the_limit() {
    let sides = Sides::new().pinned();
    sides.sealed(SEALED, "app.sealift").done();
    let path = sides.world.path("app.sealift");
    let mut parts = Parts::of(&path, &key(1));
    for (name, most) in [
        ("1.root.json", ROOT_BYTES),
        ("timestamp.json", TIMESTAMP_BYTES),
        ("2.targets.json", METADATA_BYTES),
    ] {
        let mut seal_with = |size: u64| {
            let file = parts.entries.get_mut(&format!("trust/acme/{name}")).unwrap();
            let before = file.clone();
            file.resize(usize::try_from(size).unwrap(), b' ');
            parts.seal(&path, &[key(1)]);
            parts.entries.insert(format!("trust/acme/{name}"), before);
            sides.verify("app.sealift", "2026-02-02T00:00:00Z")
        };
        seal_with(most).done();
        let report = seal_with(most + 1).refused().json();
        assert_eq!(report["code"], "entry-too-large", "{report}");
    }
}

/// A root of a later version: what was before it may be carried too, for others.
fn late(version: u64) -> (Sides, Value) {
    let mut sides = Sides::new();
    sides.repository.role("root").version = version - 1;
    sides.repository.publish_root();
    sides.repository.files.remove("1.root.json");
    let root = sides.repository.root_bytes(version);
    sides.world.write("root.json", &root);
    sides.server = Server::start(sides.repository.files.clone());
    (sides.pinned(), serde_json::from_slice(&root).unwrap())
}

/// The root, as if it were of that version.
fn earlier(root: &Value, version: u64) -> (String, Vec<u8>) {
    let mut root = root.clone();
    *root.pointer_mut("/signed/version").unwrap() = json!(version);
    (format!("trust/acme/{version}.root.json"), root.to_string().into_bytes())
}

#[test]
fn what_is_carried_beside_the_chain_are_roots() {
    let (sides, root) = late(9);
    sides.sealed(SEALED, "app.sealift").done();
    let path = sides.world.path("app.sealift");
    let good = Parts::of(&path, &key(1));
    let verified = |name: String, bytes: Vec<u8>| {
        let mut parts = Parts::of(&path, &key(1));
        parts.entries.clone_from(&good.entries);
        parts.entries.insert(name, bytes);
        parts.seal(&path, &[key(1)]);
        sides.verify("app.sealift", "2026-02-02T00:00:00Z")
    };
    let (name, bytes) = earlier(&root, 8);
    verified(name.clone(), bytes).done();
    let (_, other) = earlier(&root, 7);
    for bytes in [other, b"\x7fELF".to_vec(), Vec::new()] {
        let refused = verified(name.clone(), bytes).refused().says("8.root.json");
        assert_eq!(refused.json()["code"], "trust-metadata");
    }
    // Names have one encoding.
    let (_, bytes) = earlier(&root, 8);
    let refused = verified("trust/acme/%38.root.json".to_owned(), bytes).refused();
    assert_eq!(refused.json()["code"], "trust-file-name");
}

#[test]
fn an_archive_s_trust_files_are_as_large_together_as_the_limit() {
    let (sides, root) = late(200);
    sides.sealed(SEALED, "app.sealift").done();
    let path = sides.world.path("app.sealift");
    let mut parts = Parts::of(&path, &key(1));
    let of_acme = |name: &String| name.starts_with("trust/acme/");
    let carried = parts.entries.iter().filter(|(name, _)| of_acme(name));
    let mut left = usize::try_from(REPOSITORY_BYTES).unwrap();
    left -= carried.map(|(_, bytes)| bytes.len()).sum::<usize>();
    let most = usize::try_from(ROOT_BYTES).unwrap();
    for version in 1.. {
        let (name, mut bytes) = earlier(&root, version);
        // No rest that is smaller than a root.
        let size =
            if left > 2 * most { most } else { left.div_ceil(if left > most { 2 } else { 1 }) };
        bytes.resize(size, b' ');
        left -= size;
        parts.entries.insert(name, bytes);
        if left == 0 {
            break;
        }
    }
    parts.seal(&path, &[key(1)]);
    sides.verify("app.sealift", "2026-02-02T00:00:00Z").done();
    let (name, bytes) = parts.entries.iter().rfind(|(name, _)| of_acme(name)).unwrap();
    let (name, mut bytes) = (name.clone(), bytes.clone());
    bytes.push(b' ');
    parts.entries.insert(name, bytes);
    parts.seal(&path, &[key(1)]);
    let report = sides.verify("app.sealift", "2026-02-02T00:00:00Z").refused().json();
    assert_eq!(report["code"], "entry-too-large", "{report}");
}

#[test]
fn an_archive_carries_as_many_files_of_an_instance_as_a_store_holds() {
    let (sides, root) = late(STORE_FILES as u64 + 1);
    sides.sealed(SEALED, "app.sealift").done();

    let path = sides.world.path("app.sealift");
    let mut parts = Parts::of(&path, &key(1));
    let carried = parts.entries.keys().filter(|name| name.starts_with("trust/acme/")).count();
    let mut earlier = (1..).map(|version| earlier(&root, version));
    parts.entries.extend(earlier.by_ref().take(STORE_FILES - carried));
    parts.seal(&path, &[key(1)]);
    sides.verify("app.sealift", "2026-02-02T00:00:00Z").done();
    parts.entries.extend(earlier.take(1));
    parts.seal(&path, &[key(1)]);
    let told = format!("carries {} files of acme, more than {STORE_FILES}", STORE_FILES + 1);
    let refused = sides.verify("app.sealift", "2026-02-02T00:00:00Z").refused().says(&told);
    assert_eq!(refused.json()["code"], "trust-too-many-files");
}
