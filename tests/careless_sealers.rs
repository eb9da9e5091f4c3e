//! Archives that are validly sealed and say something else than what they hold: by a sealer who is
//! careless or malicious. The lockfiles that they carry, and what the verifying side has itself,
//! decide.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used)]

mod world;

use sealift::core::{dsse::Envelope, limits};
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
        parts.listed(package).integrity.clear();
    });
    run.refused().says("no hash for a@1.0.0");
}

#[test]
fn what_the_manifest_says_of_a_lockfile_is_held_against_it() {
    let (_, run) = resealed(|parts, _| parts.predicate.inputs[0].lockfile_version = 2);
    run.refused().says("inputs/1/package-lock.json is not what the manifest says");
    let (_, run) = resealed(|parts, _| parts.predicate.inputs[0].kind = "npm-shrinkwrap".into());
    run.refused().says("inputs/1/package-lock.json is not what the manifest says");
    let (_, run) = resealed(|parts, _| {
        parts.entries.clear();
        parts.predicate.inputs.clear();
        parts.predicate.packages.clear();
    });
    run.refused().says("holds no lockfile");
}

#[test]
fn a_key_of_another_registry_is_no_reason_to_look_away() {
    for other in
        ["https://registry.npmjs.org/x", "http://registry.npmjs.org", "https://npm.example"]
    {
        let (_, run) = resealed(|parts, package| {
            parts.listed(package).registry = other.into();
            // A signature that would be refused, if anyone looked.
            let record = parts.of_package(package, "registry.json");
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

#[test]
fn what_no_registry_vouches_for_is_not_covered_unless_it_was_listed() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.fetched([&package]).done();
    let strange = |url: &str| {
        let entry = json!({"version": "1.0.0", "resolved": url, "integrity": package.integrity()});
        lockfile([package.locked(), ("node_modules/strange".into(), entry)])
    };
    for url in ["https://evil.example/x.tgz", "git+ssh://git@evil.example/x.git#0000000"] {
        world.write("package-lock.json", strange(url));
        let run = world.verify("--require integrity --lockfile package-lock.json").refused();
        assert!(run.stdout.contains("node_modules/strange is not listed as left out"), "{run}");
        let report = world.report("--lockfile package-lock.json");
        assert_eq!(report["lockfile"]["uncovered"][0]["entry"], "node_modules/strange");
    }
    // Sealed with that lockfile, it is: then it is known, and said.
    let _registry = world.serve([&package]);
    world.fetch("").done();
    let run = world.verify("--require integrity --lockfile package-lock.json").done();
    assert!(run.stdout.contains("not in the archive\n  node_modules/strange: git"), "{run}");
}

#[test]
fn an_age_that_nobody_knows_is_not_promised() {
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0")]).done();
    world.verify("--require integrity --max-trust-age 30d").failed().says("--trusted-root");
}

#[test]
fn two_places_for_one_package_are_one_too_many() {
    let world = World::new();
    let package = Package::new("a", "1.0.0");
    let _registry = world.serve([&package]);
    let lock = |weak: Option<&str>| {
        let (path, mut one) = package.locked();
        if let Some(weak) = weak {
            one["integrity"] = json!(weak);
        }
        let mut other = one.clone();
        other["resolved"] = json!("https://npm.example/a/-/a-1.0.0.tgz");
        world.lock_entries([(path, one), ("node_modules/b/node_modules/a".into(), other)]);
    };
    lock(Some("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="));
    let run = world.fetch("").failed();
    let run =
        run.says("a@1.0.0 comes from https://npm.example and from https://registry.npmjs.org");
    run.says("1 package from registries that differ");
    assert!(!world.path("app.sealift").exists());
    // One strong hash says which bytes they are, and then the public registry counts.
    lock(None);
    world.fetch("").done();
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
    let run = run.says("app.sealift: the manifest has 6291457 bytes");
    run.says("hint: verify it with `sealift bundle verify --key FILE`");
}
