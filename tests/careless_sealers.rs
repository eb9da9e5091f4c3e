//! Archives that are validly sealed and say something else than what they hold: by a sealer who is
//! careless or malicious. The lockfiles that they carry, and what the verifying side has itself,
//! decide.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may panic

mod world;

use sealift::core::{
    archive::{dsse::Envelope, manifest::Part},
    limits,
    package::{Origin, PackageId, Purl},
};
use serde_json::json;
use world::{Package, Parts, Run, World, key, lockfile};

/// A signed package, sealed; and a change to what was sealed, sealed again.
fn resealed(change: impl FnOnce(&mut Parts, &Package)) -> (World, Run) {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore).published(&world.sigstore);
    world.fetched([&package]).done();
    let mut parts = world.parts();
    change(&mut parts, &package);
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    let run = world.verify("--require integrity --format json");
    (world, run)
}

#[test]
fn a_lockfile_without_hashes_proves_nothing() {
    let (_, run) = resealed(|parts, package| {
        let bytes = parts.entries.get_mut("inputs/1/package-lock.json").unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let line = format!(",\n      \"integrity\": \"{}\"", package.integrity());
        assert!(text.contains(&line), "{text}");
        *bytes = text.replace(&line, "").into_bytes();
        // Without the registry's signature, which would pin the bytes.
        let record = parts.of_package(package, "registry.json");
        let text = String::from_utf8(record.clone()).unwrap();
        *record = text.replace("\"signatures\"", "\"other\"").into_bytes();
    });
    let report = run.refused().json();
    assert_eq!(report["inputs"][0]["entries"][1]["denied"]["code"], "unpinned");
    assert_eq!(report["packages"][0]["claims"]["integrity"]["reason"], "unpinned");
}

#[test]
fn rejects_an_archive_without_lockfile() {
    let (_, run) = resealed(|parts, _| {
        parts.entries.clear();
        parts.predicate.inputs.clear();
        parts.predicate.packages.clear();
    });
    let run = run.refused().says("the archive contains no lockfile");
    assert_eq!(run.json()["code"], "no-lockfile");
}

#[test]
fn rejects_an_archive_with_a_lockfile_that_cannot_be_understood() {
    for text in ["", "{}", r#"{"lockfileVersion": 5, "packages": {}}"#] {
        let (_, run) = resealed(|parts, _| {
            let bytes = parts.entries.get_mut("inputs/1/package-lock.json").unwrap();
            *bytes = text.as_bytes().to_vec();
        });
        let run = run.refused().says("inputs/1/package-lock.json");
        assert_eq!(run.json()["code"], "lockfile", "{text}");
    }
}

#[test]
fn a_key_of_another_registry_is_no_reason_to_look_away() {
    for other in
        ["https://registry.npmjs.org/x", "http://registry.npmjs.org", "https://npm.example"]
    {
        let (_, run) = resealed(|parts, package| {
            move_to(parts, package, other);
            // A signature that would be refused, if anyone looked.
            let name = parts.listed(package).record.clone().unwrap().entry.unwrap();
            let record = parts.entries.get_mut(&name).unwrap();
            let text = String::from_utf8(record.clone()).unwrap();
            *record = text.replace("\"sig\":\"M", "\"sig\":\"N").into_bytes();
        });
        let report = run.refused().json();
        assert_eq!(report["packages"][0]["registry"], other);
        for claim in ["registry-signature", "publish-attestation"] {
            let claim = &report["packages"][0]["claims"][claim];
            assert_eq!(claim["reason"], "key-of-other-registry", "{claim}");
        }
    }
}

/// Has a package said to be from another registry.
fn move_to(parts: &mut Parts, package: &Package, registry: &str) {
    let id = PackageId::npm(&package.name, &package.version).unwrap();
    let purl = Purl::new(id, Origin::Registry(registry.into()));
    let mut moved = |part: &mut Option<Part>| {
        let entry = part.as_mut().unwrap().entry.as_mut().unwrap();
        let file = entry.rsplit('/').next().unwrap().to_owned();
        let bytes = parts.entries.remove(entry.as_str()).unwrap();
        *entry = format!("{}/{file}", sealift::core::archive::entry_name::package_folder(&purl));
        parts.entries.insert(entry.clone(), bytes);
    };
    let listed = &mut parts.predicate.packages[0];
    (listed.purl, listed.registry) = (purl.to_string(), Some(registry.into()));
    moved(&mut listed.artifact);
    moved(&mut listed.record);
    moved(&mut listed.attestations);
}

#[test]
fn what_the_archive_does_not_hold_is_not_covered() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.fetched([&package]).done();
    let strange = |url: &str| {
        let entry = json!({"version": "1.0.0", "resolved": url, "integrity": package.integrity()});
        lockfile([package.locked(), ("node_modules/strange".into(), entry)])
    };
    for (url, code) in [
        ("https://evil.example/x.tgz", "not-in-archive"),
        ("git+ssh://git@evil.example/x.git#0000000", "foreign"),
    ] {
        world.write("package-lock.json", strange(url));
        let run = world.verify("--require integrity --lockfile package-lock.json").refused();
        assert!(run.stdout.contains("not covered: 1 entry of package-lock.json"), "{run}");
        let report = world.report("--lockfile package-lock.json");
        let entry = &report["lockfiles"][0]["entries"][2];
        assert_eq!(entry["path"], "node_modules/strange");
        assert_eq!(entry["denied"]["code"], code);
    }
    // Sealed with that lockfile it is denied all the same: nothing can vouch for it.
    let _registry = world.serve([&package]);
    world.fetch("").done().says("`bundle verify` denies 1 entry");
    let run = world.verify("--require integrity").refused();
    assert!(run.stdout.contains("node_modules/strange [foreign]"), "{run}");
}

#[test]
fn an_age_that_nobody_knows_is_not_promised() {
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0")]).done();
    world.verify("--require integrity --max-trust-age 30d").failed().says("--trusted-root");
}

#[test]
fn registries_that_really_differ_are_all_named() {
    let world = World::new();
    let packages = [Package::new("a", "1.0.0"), Package::new("b", "1.0.0")];
    let at = |package: &Package, host: &str, path: &str| {
        let (_, mut entry) = package.locked();
        entry["resolved"] = json!(format!("https://{host}/{0}/-/{0}-1.0.0.tgz", package.name));
        (path.replace('*', &package.name), entry)
    };
    world.lock_entries(packages.iter().flat_map(|package| {
        [
            at(package, "one.example", "node_modules/*"),
            at(package, "two.example", "node_modules/x/node_modules/*"),
        ]
    }));
    let run = world.fetch("").failed();
    for name in ["a@1.0.0", "b@1.0.0", "one.example", "two.example"] {
        assert!(run.stderr.contains(name), "{name}: {run}");
    }
    assert!(!world.path("app.sealift").exists());
}

#[test]
fn text_from_an_unsigned_archive_does_not_steer_the_terminal() {
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0")]).done();
    let mut parts = world.parts();
    let text = r"\u001b[2J\u001b[31mall packages verified";
    // Where a key's fingerprint belongs, and where a field of the manifest does.
    let signature = |keyid: &str| {
        let head = r#"{"payloadType":"application/vnd.in-toto+json","payload":"#;
        format!(r#"{head}"","signatures":[{{"keyid":"{keyid}","sig":""}}]}}"#).into_bytes()
    };
    let field = |name: &str| {
        Envelope::sign(format!(r#"{{"{name}":1}}"#).as_bytes(), &[key(9)]).unwrap().to_json()
    };
    for envelope in [signature(text), field(text)] {
        parts.envelope = envelope;
        parts.write(&world.path("app.sealift"));
        for line in ["bundle inspect app.sealift --color always", "bundle inspect app.sealift"] {
            let run = world.sealift(line).refused();
            let plain = run.stderr.replace("\u{1b}[1m", "").replace("\u{1b}[31m", "");
            let plain = plain.replace("\u{1b}[0m", "");
            assert!(plain.contains(r"\u{1b}[2J") && !plain.contains('\u{1b}'), "{run}");
        }
    }
    // Nor is it repeated at any length.
    for envelope in [signature(&"x".repeat(10_000)), field(&"x".repeat(1_000_000))] {
        parts.envelope = envelope;
        parts.write(&world.path("app.sealift"));
        let run = world.sealift("bundle inspect app.sealift --format json").refused();
        let (errors, json) = (run.stderr.len(), run.stdout.len());
        assert!(errors < 4096 && json < 8192, "{errors} {json}");
    }
}

/// What a manifest may say without being malformed, and what only Unicode has: nothing of it is
/// shown as it is, neither to people nor as JSON.
#[test]
fn text_that_a_good_manifest_quotes_does_not_steer_the_terminal() {
    let text = "\u{9b}31mall verified\u{202e}\u{200b}";
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0")]).done();
    let mut parts = world.parts();
    parts.predicate.tool.version = text.into();
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    let run = world.sealift("bundle inspect app.sealift --color always").done();
    assert!(run.stdout.contains(r"\u{9b}31mall verified\u{202e}\u{200b}"), "{run}");
    let run = world.sealift("bundle inspect app.sealift --format json").done();
    assert!(run.stdout.contains(r"\u009b31mall verified\u202e\u200b"), "{run}");
    assert_eq!(run.json()["manifest"]["tool"]["version"], text);
}

#[test]
fn what_is_too_large_to_be_shown_unverified_can_be_verified() {
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0")]).done();
    let mut parts = world.parts();
    let payload = vec![b' '; limits::UNVERIFIED_MANIFEST_BYTES + 1];
    parts.envelope = Envelope::sign(&payload, &[key(9)]).unwrap().to_json();
    parts.write(&world.path("app.sealift"));
    let run = world.sealift("bundle inspect app.sealift").failed();
    let run = run.says(&format!("app.sealift: the manifest has {} bytes", payload.len()));
    run.says("hint: verify it with `sealift bundle verify --key FILE`");
}
