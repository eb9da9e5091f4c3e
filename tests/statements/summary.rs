//! What the verification summaries say.

use sha2::{Digest as _, Sha256};

use crate::*;

const ENVELOPE: &str = "sealift.dsse.json";

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// An entry of the archive, as an input of a statement.
fn input(sealed: &Sealed, name: &str) -> Value {
    let parts = sealed.world.parts();
    let bytes = if name == ENVELOPE { &parts.envelope } else { &parts.entries[name] };
    json!({"name": name, "digest": {"sha256": sha256(bytes)}})
}

/// Without the addresses, which have a port that changes.
fn without_addresses(mut inputs: Value) -> Value {
    for input in inputs.as_array_mut().unwrap() {
        input.as_object_mut().unwrap().remove("uri");
    }
    inputs
}

#[test]
fn the_statement_about_the_archive_says_what_was_verified_by_what() {
    let sealed = Sealed::new();
    let report = sealed.verify("--require integrity --format json --attest a.json").done().json();
    let mut statement = sealed.line("a.json");
    let inputs = without_addresses(statement["predicate"]["inputAttestations"].take());
    let archive = sha256(&sealed.world.read("app.sealift"));
    let policy = report["policy"]["digest"]["sha256"].as_str().unwrap();
    assert_eq!(report["archive"]["sha256"], archive);
    assert_eq!(
        statement,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "app.sealift", "digest": {"sha256": archive}}],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": {
                    "id": "urn:sealift:verifier",
                    "version": {"sealift": env!("CARGO_PKG_VERSION")},
                },
                "timeVerified": NOW,
                "resourceUri": format!("urn:sealift:archive:sha256:{archive}"),
                "policy": {
                    "uri": format!("urn:sealift:policy:sha256:{policy}"),
                    "digest": {"sha256": policy},
                },
                "inputAttestations": null,
                "verificationResult": "PASSED",
                "verifiedLevels": ["SLSA_BUILD_LEVEL_UNEVALUATED"],
                "slsaVersion": "1.1",
                "urn:sealift:verdict": "verified",
                "urn:sealift:at-given": true,
            },
        })
    );
    let names = [
        ENVELOPE,
        "npm/@acme/full/1.0.0/registry.json",
        "npm/@acme/full/1.0.0/attestations.json",
        "npm/bare/2.0.0/registry.json",
    ];
    assert_eq!(inputs, json!(names.map(|name| input(&sealed, name))));
}

#[test]
fn the_statements_about_packages_name_each_by_its_purl_and_bytes() {
    let sealed = Sealed::new();
    sealed.verify("--require integrity --attest-packages b.ndjson").done();
    let statements = sealed.lines("b.ndjson");
    let of = |package: &Package, purl: &str, claims: Value, names: &[&str]| {
        let statement = statements.iter().find(|one| one["subject"][0]["name"] == purl);
        let mut statement = statement.unwrap().clone();
        let digest = json!([{"name": purl, "digest": {"sha512": package.sha512()}}]);
        assert_eq!(statement["subject"], digest);
        let predicate = &mut statement["predicate"];
        assert_eq!(predicate["resourceUri"], purl);
        assert_eq!(predicate["verificationResult"], "PASSED");
        assert_eq!(predicate["verifiedLevels"], json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]));
        assert_eq!(predicate["urn:sealift:verdict"], "verified");
        assert_eq!(predicate["urn:sealift:claims"], claims);
        let inputs = predicate["inputAttestations"].take();
        assert!(inputs[1]["uri"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{inputs}");
        let expected: Vec<_> = names.iter().map(|name| input(&sealed, name)).collect();
        assert_eq!(without_addresses(inputs), json!(expected));
    };
    assert_eq!(statements.len(), 2);
    of(
        &sealed.full,
        "pkg:npm/%40acme/full@1.0.0",
        json!({"integrity": "verified", "registry-signature": "verified",
            "publish-attestation": "verified", "provenance": "verified"}),
        &[ENVELOPE, "npm/@acme/full/1.0.0/registry.json", "npm/@acme/full/1.0.0/attestations.json"],
    );
    of(
        &sealed.bare,
        "pkg:npm/bare@2.0.0",
        json!({"integrity": "verified", "registry-signature": "absent",
            "publish-attestation": "absent", "provenance": "absent"}),
        &[ENVELOPE, "npm/bare/2.0.0/registry.json"],
    );
}

/// The result of the archive, and those of the packages by name, with the verdicts.
fn results(sealed: &Sealed) -> Value {
    let result = |statement: &Value| {
        let predicate = &statement["predicate"];
        let levels = match predicate["verificationResult"] == "PASSED" {
            true => json!(["SLSA_BUILD_LEVEL_UNEVALUATED"]),
            false => json!(["FAILED"]),
        };
        assert_eq!(predicate["verifiedLevels"], levels);
        json!([predicate["verificationResult"], predicate["urn:sealift:verdict"]])
    };
    let archive = result(&sealed.line("a.json"));
    let packages: Vec<_> = sealed.lines("b.ndjson").iter().map(result).collect();
    for file in ["a.json", "b.ndjson"] {
        std::fs::remove_file(sealed.world.path(file)).unwrap();
    }
    json!([archive, packages])
}

const BOTH: &str = "--attest a.json --attest-packages b.ndjson";

#[test]
fn what_is_refused_or_stale_is_failed() {
    let sealed = Sealed::new();
    let passed = json!(["PASSED", "verified"]);
    let refused = json!(["FAILED", "refused"]);
    let stale = json!(["FAILED", "stale"]);
    sealed.verify(&format!("--require integrity {BOTH}")).done();
    assert_eq!(results(&sealed), json!([passed, [passed, passed]]));
    // One package lacks what is demanded: the other has it all the more.
    sealed.verify(&format!("--require provenance {BOTH}")).refused();
    assert_eq!(results(&sealed), json!([refused, [passed, refused]]));
    sealed.verify(&format!("--require integrity --max-age 1d {BOTH}")).refused();
    assert_eq!(results(&sealed), json!([refused, [refused, refused]]));
    sealed.verify(&format!("--require integrity --max-age 1d --past-limit warn {BOTH}")).done();
    assert_eq!(results(&sealed), json!([stale, [stale, stale]]));
    sealed.verify(&format!("--require provenance --max-age 1d --past-limit warn {BOTH}")).refused();
    assert_eq!(results(&sealed), json!([refused, [stale, refused]]));
    // What the archive does not cover is not a fault of a package.
    let other = Package::new("other", "1.0.0");
    sealed.world.lock([&sealed.full, &other]);
    sealed.verify(&format!("--require integrity --lockfile package-lock.json {BOTH}")).refused();
    assert_eq!(results(&sealed), json!([refused, [passed, passed]]));
}

#[test]
fn evidence_that_does_not_verify_is_failed_and_listed() {
    let sealed = Sealed::new();
    let mut parts = sealed.world.parts();
    let name = "npm/@acme/full/1.0.0/attestations.json";
    let text = String::from_utf8(parts.entries[name].clone()).unwrap();
    let changed = text.replace("\"payload\":\"", "\"payload\":\"AAAA");
    assert_ne!(text, changed);
    parts.entries.insert(name.into(), changed.into_bytes());
    parts.seal(&sealed.world.path("app.sealift"), &[world::key(1)]);
    sealed.verify(&format!("--require integrity {BOTH}")).refused();
    let statement = sealed.lines("b.ndjson").remove(0);
    assert_eq!(statement["predicate"]["urn:sealift:claims"]["provenance"], "refused");
    let inputs = without_addresses(statement["predicate"]["inputAttestations"].clone());
    assert!(inputs.as_array().unwrap().contains(&input(&sealed, name)), "{inputs}");
    let refused = json!(["FAILED", "refused"]);
    assert_eq!(results(&sealed), json!([refused, [refused, ["PASSED", "verified"]]]));
}

#[test]
fn the_same_verification_gives_the_same_bytes() {
    let sealed = Sealed::new();
    for key in ["", "--attest-key second.key"] {
        for name in ["1", "2"] {
            let to = format!("--attest a{name}.json --attest-packages b{name}.ndjson {key}");
            sealed.verify(&format!("--require integrity {to}")).done();
        }
        for kind in ["a1.json a2.json", "b1.ndjson b2.ndjson"] {
            let (one, other) = kind.split_once(' ').unwrap();
            assert_eq!(sealed.world.read(one), sealed.world.read(other));
            std::fs::remove_file(sealed.world.path(one)).unwrap();
            std::fs::remove_file(sealed.world.path(other)).unwrap();
        }
    }
}

#[test]
fn the_folder_of_an_archive_is_not_stated() {
    let sealed = Sealed::new();
    std::fs::create_dir(sealed.world.path("secret")).unwrap();
    std::fs::rename(sealed.world.path("app.sealift"), sealed.world.path("secret/b.sealift"))
        .unwrap();
    let trust = world::TRUST;
    let line = format!("bundle verify secret/b.sealift --key release.key.pub {trust} --at {NOW}");
    sealed.world.sealift(&format!("{line} --require integrity --attest a.json")).done();
    assert_eq!(sealed.line("a.json")["subject"][0]["name"], "b.sealift");
}
