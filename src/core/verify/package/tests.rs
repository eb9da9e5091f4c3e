use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::Duration;
use serde_json::{Value, json};
use testkit::sigstore::{
    Build, Key, Leaf, NpmKey, Options, Window, attestations_response, statement,
};

use super::*;
use crate::core::verify::fixture::{NAME, REGISTRY, TARBALL, VERSION, World};
use crate::core::{json as strict, limits, verdict::TimeSource};

fn code<F: std::fmt::Debug>(verdict: &Verdict<F>) -> &'static str {
    match verdict {
        Verdict::Verified(_) => "verified",
        Verdict::Absent(absence) => absence.code(),
        Verdict::Refused(why) => why.code,
    }
}

/// Judges evidence of which no lockfile says anything.
fn judge(
    trust: &Trust,
    registry: &str,
    record: Option<&Value>,
    response: &Value,
) -> PackageVerdict {
    let (record, response) = (record.map(Value::to_string), response.to_string());
    let evidence = Evidence {
        package: &PackageId::new(NAME, VERSION).unwrap(),
        registry,
        expected: &[],
        tarball: &[World::digest()],
        record: record.as_deref().map(str::as_bytes),
        attestations: Some(response.as_bytes()),
    };
    package(trust, &evidence, World::now())
}

#[test]
fn good_evidence_verifies_and_says_where_it_came_from() {
    let world = World::new();
    let verdict = world.judge(Some(&world.record()), Some(&world.response()));
    assert_eq!(verdict.refusals().next(), None);
    assert_eq!(verdict.integrity.facts().unwrap().lockfile, Some(Algorithm::Sha512));
    let signature = verdict.registry_signature.facts().unwrap();
    assert_eq!(signature.keyid, world.sigstore.npm_key().keyid);
    assert_eq!((signature.time, signature.time_source), (World::at(), TimeSource::TransparencyLog));
    let publish = verdict.publish_attestation.facts().unwrap();
    assert_eq!(
        (publish.signed_at, publish.time_source),
        (World::at(), TimeSource::TransparencyLog)
    );
    let facts = verdict.provenance.facts().unwrap();
    assert_eq!(facts.source_repository, world.build.repository_uri());
    assert_eq!(facts.commit, world.build.commit);
    assert_eq!(facts.git_ref.as_deref(), Some("refs/heads/main"));
    assert_eq!(facts.workflow, world.build.workflow_uri());
    assert_eq!(facts.owner_id.as_deref(), Some("71096353"));
    assert!(facts.logged.promise && facts.logged.proof);
    assert!(verdict.unexamined.is_empty());
}

/// As older private registries have it: `shasum` alone, whose hash of the tarball is right.
#[test]
fn a_record_with_only_a_shasum_is_no_reason_to_refuse() {
    let world = World::new();
    let mut record = world.record();
    let dist = &mut record["manifest"]["dist"];
    dist["shasum"] = json!(Algorithm::Sha1.digest(TARBALL).to_hex());
    dist.as_object_mut().unwrap().remove("integrity");
    let verdict = world.judge(Some(&record), None);
    assert_eq!(code(&verdict.integrity), "verified");
    assert_eq!(code(&verdict.registry_signature), "record-without-integrity");
    record["manifest"]["dist"]["signatures"] = json!([]);
    let verdict = world.judge(Some(&record), None);
    assert_eq!(code(&verdict.integrity), "verified");
    assert_eq!(code(&verdict.registry_signature), "no-signatures");
    assert_eq!(verdict.refusals().next(), None);
}

#[test]
fn what_is_not_there_is_absent_and_says_why() {
    let world = World::new();
    let verdict = world.judge(None, None);
    assert_eq!(code(&verdict.integrity), "verified");
    assert_eq!(code(&verdict.registry_signature), "no-record");
    assert_eq!(code(&verdict.publish_attestation), "no-attestations");
    assert_eq!(code(&verdict.provenance), "no-attestations");

    let mut record = world.record();
    record["manifest"]["dist"]["signatures"] = json!([]);
    let publish = world.publish(&Options::default());
    let response = attestations_response(&[(statement::PUBLISH_V01, publish)]);
    let verdict = world.judge(Some(&record), Some(&response));
    assert_eq!(code(&verdict.registry_signature), "no-signatures");
    assert_eq!(code(&verdict.publish_attestation), "verified");
    assert_eq!(code(&verdict.provenance), "no-such-predicate");
    let verdict = world.judge(None, Some(&json!({"attestations": []})));
    assert_eq!(code(&verdict.provenance), "no-attestations");

    let verdict = world.judge(Some(&record), None);
    assert_eq!(code(&verdict.provenance), "no-attestations");

    // What the record announces and the registry does not give is said so.
    record["manifest"]["dist"]["attestations"] = json!({"url": "https://registry.npm.test/x"});
    let verdict = world.judge(Some(&record), None);
    assert_eq!(code(&verdict.provenance), "attestations-not-served");
    assert_eq!(code(&verdict.publish_attestation), "attestations-not-served");
    // In part, too.
    let verdict = world.judge(Some(&record), Some(&response));
    assert_eq!(code(&verdict.provenance), "no-such-predicate");
    record["manifest"]["dist"]["attestations"]["provenance"] =
        json!({"predicateType": statement::PROVENANCE_V1});
    let verdict = world.judge(Some(&record), Some(&response));
    assert_eq!(code(&verdict.provenance), "attestations-not-served");
    assert_eq!(code(&verdict.publish_attestation), "verified");
}

#[test]
fn a_registry_without_keys_is_no_judge_of_its_own_signatures() {
    let world = World::new();
    let trust = Trust::new(world.sigstore.trusted_root_json().as_bytes(), &[]).unwrap();
    let verdict = judge(&trust, REGISTRY, Some(&world.record()), &world.response());
    assert_eq!(code(&verdict.registry_signature), "no-keys-for-registry");
    assert_eq!(code(&verdict.publish_attestation), "no-keys-for-registry");
    assert_eq!(code(&verdict.provenance), "verified");
    // What is malformed, or signed by a certificate, is not there for nothing.
    let publish = |bundle: Value| {
        let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
        code(&judge(&trust, REGISTRY, None, &response).publish_attestation)
    };
    let mut bundle = world.publish(&Options::default());
    assert_eq!(publish(bundle.clone()), "no-keys-for-registry");
    bundle["unknown"] = json!(1);
    assert_eq!(publish(bundle), "malformed-bundle");
    assert_eq!(publish(world.provenance(&Options::default())), "wrong-key-material");
    let response = json!({"attestations": [{"predicateType": "x", "bundle": {}}]});
    let verdict = judge(&trust, REGISTRY, None, &response);
    assert_eq!(code(&verdict.publish_attestation), "no-such-predicate");
}

/// Rekor v2 gives no time: a timestamp authority does.
#[test]
fn the_registrys_signature_is_judged_by_whoever_vouches_for_the_publish_attestation() {
    let world = World::new();
    let response =
        attestations_response(&[(statement::PUBLISH_V01, world.publish(&Options::rekor_v2()))]);
    let verdict = world.judge(Some(&world.record()), Some(&response));
    let facts = verdict.registry_signature.facts().unwrap();
    assert_eq!((facts.time, facts.time_source), (World::at(), TimeSource::TimestampAuthority));
}

#[test]
fn neither_lockfile_nor_record_means_nothing_was_compared() {
    let world = World::new();
    let evidence = Evidence {
        package: &PackageId::new(NAME, VERSION).unwrap(),
        registry: REGISTRY,
        expected: &[],
        tarball: &[World::digest()],
        record: None,
        attestations: None,
    };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(code(&verdict.integrity), "no-record");
    let sha1 = [Algorithm::Sha1.digest(TARBALL)];
    let expected = [Integrity::of(sha1[0].clone())];
    let evidence = Evidence { expected: &expected, tarball: &sha1, ..evidence };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(verdict.integrity.facts().unwrap().lockfile, Some(Algorithm::Sha1));
    let response = world.response().to_string();
    let evidence = Evidence { attestations: Some(response.as_bytes()), ..evidence };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(code(&verdict.provenance), "digest-not-computed");
}

#[test]
fn a_bad_response_refuses_both_claims() {
    let world = World::new();
    for (response, expected) in [
        (json!({}), "malformed-response"),
        (
            json!({"attestations": vec![json!({"predicateType": "x", "bundle": {}}); 33]}),
            "too-many-attestations",
        ),
        (
            json!({"attestations": vec![json!({"predicateType": "x", "bundle": {}}); 32]}),
            "no-such-predicate",
        ),
    ] {
        let verdict = world.judge(None, Some(&response));
        assert_eq!(code(&verdict.publish_attestation), expected);
        assert_eq!(code(&verdict.provenance), expected);
    }
}

#[test]
fn the_announced_predicate_must_be_the_signed_one() {
    let world = World::new();
    let provenance = world.provenance(&Options::default());
    assert_eq!(
        world.provenance_code(statement::PROVENANCE_V02, provenance.clone()),
        "predicate-type-mismatch"
    );
    // Announced as something that no claim is about, it does not escape being judged.
    let publish = world.publish(&Options::default());
    for other in ["https://example.test/other", "https://slsa.dev/provenance/v1 "] {
        let response =
            attestations_response(&[(other, provenance.clone()), (other, publish.clone())]);
        let verdict = world.judge(None, Some(&response));
        assert_eq!(code(&verdict.provenance), "predicate-type-mismatch");
        assert_eq!(code(&verdict.publish_attestation), "predicate-type-mismatch");
        assert!(verdict.unexamined.is_empty());
    }
    // Which of a kind that is really unknown, or of no form that is known, cannot be.
    let mut statement = statement::provenance(&world.build, &World::subject());
    statement["predicateType"] = json!("https://example.test/other");
    for bundle in [world.signed(&statement, &world.leaf()), json!({}), json!(["x"])] {
        let kind = "x".repeat(limits::REPORTED_TEXT + 1);
        let response = attestations_response(&[(kind.as_str(), bundle)]);
        let verdict = world.judge(None, Some(&response));
        assert_eq!(code(&verdict.provenance), "no-such-predicate");
        assert_eq!(verdict.unexamined, [bounded(&kind)]);
    }
}

#[test]
fn values_in_a_response_are_as_many_as_the_limit() {
    let world = World::new();
    let judged = |values: usize| {
        let text = format!(r#"{{"attestations":[],"more":[{}]}}"#, vec!["1"; values - 4].join(","));
        let values = strict::values(text.as_bytes());
        let evidence = Evidence {
            package: &PackageId::new(NAME, VERSION).unwrap(),
            registry: REGISTRY,
            expected: &[],
            tarball: &[World::digest()],
            record: None,
            attestations: Some(text.as_bytes()),
        };
        (values, code(&package(&world.trust(), &evidence, World::now()).provenance))
    };
    let max = limits::EVIDENCE_VALUES;
    assert_eq!(judged(max), (max, "no-attestations"));
    assert_eq!(judged(max + 1), (max + 1, "too-many-values"));
}

#[test]
fn what_a_refusal_quotes_is_bounded() {
    let world = World::new();
    let mut bundle = world.provenance(&Options::default());
    bundle["mediaType"] = json!("\u{7f}".repeat(1 << 20));
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
    let verdict = world.judge(None, Some(&response));
    let refusal = verdict.provenance.refusal().unwrap();
    assert_eq!(refusal.code, "unsupported-media-type");
    assert!(refusal.detail.chars().count() <= limits::REPORTED_TEXT + 1);
}

#[test]
fn a_list_is_no_response_and_no_record() {
    let world = World::new();
    let digest = World::digest();
    let dist = json!([digest.to_sri(), null, [], null]);
    let record = json!([NAME, VERSION, null, [NAME, VERSION, dist]]);
    let verdict = world.judge(Some(&record), Some(&json!([[["x", {}]]])));
    assert_eq!(code(&verdict.integrity), "malformed-record");
    assert_eq!(code(&verdict.provenance), "malformed-response");
    let verdict = world.judge(None, Some(&json!({"attestations": [["x", {}]]})));
    assert_eq!(code(&verdict.provenance), "malformed-response");
}

#[test]
fn a_plain_signature_is_no_statement() {
    let world = World::new();
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": world.provenance(&Options::default())["verificationMaterial"],
        "messageSignature": {"signature": "AAAA"},
    });
    assert_eq!(world.provenance_code(statement::PROVENANCE_V1, bundle), "unsupported-bundle");

    // A good one of the very tarball, in an instance without logs, which would ask for SHA-256.
    let certified = world.sigstore.fulcio.certify(Key::rsa(), &world.leaf(), &world.sigstore.ct);
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    let signature = certified.key.sign(TARBALL);
    let timestamp = world.sigstore.tsa.timestamp(&signature, World::at());
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": encode(certified.certificate())},
            "timestampVerificationData": {
                "rfc3161Timestamps": [{"signedTimestamp": encode(&timestamp)}],
            },
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_512", "digest": encode(World::digest().bytes())},
            "signature": encode(&signature),
        },
    });
    let mut root = world.sigstore.trusted_root();
    root["tlogs"] = json!([]);
    let trust = Trust::new(root.to_string().as_bytes(), &[]).unwrap();
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
    let verdict = judge(&trust, REGISTRY, None, &response);
    assert_eq!(code(&verdict.provenance), "not-a-statement");
}

#[test]
fn keys_and_certificates_are_not_interchangeable() {
    let world = World::new();
    let options = Options::default();
    let publish = world.publish(&options);
    let code = |kind, bundle| {
        let verdict = world.judge(None, Some(&attestations_response(&[(kind, bundle)])));
        (code(&verdict.publish_attestation), code(&verdict.provenance))
    };
    assert_eq!(
        code(statement::PROVENANCE_V1, publish),
        ("no-such-predicate", "wrong-key-material")
    );
    let said = statement::publish(NAME, VERSION, &World::digest().to_hex(), REGISTRY);
    let keyless = world.signed(&said, &world.leaf());
    assert_eq!(code(statement::PUBLISH_V01, keyless), ("wrong-key-material", "no-such-predicate"));
}

#[test]
fn the_publish_key_is_known_for_this_usage_and_valid_then() {
    let start = World::at() - Duration::days(30);
    let second = Duration::seconds(1);
    let usage = |usage: &str, window| NpmKey::with_usages(vec![(usage.to_owned(), window)]);
    let mut world = World::new();
    let publish = |world: &World| {
        let bundle = world.publish(&Options::default());
        attestations_response(&[(statement::PUBLISH_V01, bundle)])
    };
    let judged = |world: &World, response: &Value| {
        code(&world.judge(None, Some(response)).publish_attestation)
    };
    // both edges are inside
    for (key, expected) in [
        (NpmKey::new(Window::new(World::at(), World::at())), "verified"),
        (NpmKey::new(Window::since(World::at() + second)), "key-not-valid-then"),
        (NpmKey::new(Window::new(start, World::at() - second)), "key-not-valid-then"),
        (usage("npm:signatures", Window::since(start)), "wrong-key-usage"),
        (usage("npm:attestations", Window::since(start)), "verified"),
    ] {
        world.sigstore.npm = vec![key];
        assert_eq!(judged(&world, &publish(&world)), expected);
    }
    let response = publish(&world);
    world.sigstore.npm = vec![NpmKey::new(Window::since(start))];
    assert_eq!(judged(&world, &response), "unknown-key");
}

#[test]
fn another_key_under_a_known_hint_is_refused() {
    let world = World::new();
    let mut impostor = World::new();
    impostor.sigstore.npm[0].keyid = world.sigstore.npm_key().keyid.clone();
    let statement = statement::publish(NAME, VERSION, &World::digest().to_hex(), REGISTRY);
    let signer = testkit::sigstore::Signer::Npm(impostor.sigstore.npm_key().clone());
    let bundle = world.sigstore.attest(&statement, &signer, World::at(), &Options::default());
    let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
    assert_eq!(code(&world.judge(None, Some(&response)).publish_attestation), "invalid-signature");
}

#[test]
fn the_publish_predicate_is_about_this_package_and_registry() {
    let world = World::new();
    let digest = World::digest().to_hex();
    let judged = |statement: &Value| {
        let signer = testkit::sigstore::Signer::Npm(world.sigstore.npm_key().clone());
        let bundle = world.sigstore.attest(statement, &signer, World::at(), &Options::default());
        let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
        code(&world.judge(None, Some(&response)).publish_attestation)
    };
    let good = statement::publish(NAME, VERSION, &digest, REGISTRY);
    assert_eq!(judged(&good), "verified");
    for (pointer, value, expected) in [
        ("/predicate/registry", json!("https://other.test"), "published-other"),
        ("/predicate/version", json!("1.0.1"), "published-other"),
        ("/predicate/name", json!(null), "malformed-publish-predicate"),
        ("/subject/0/name", json!("pkg:npm/%40acme/widgets@1.0.1"), "subject-name-mismatch"),
        ("/subject/0/digest/sha512", json!("00".repeat(64)), "artifact-mismatch"),
        ("/_type", json!("https://in-toto.io/Statement/v2"), "unsupported-statement"),
    ] {
        let mut statement = good.clone();
        *statement.pointer_mut(pointer).unwrap() = value;
        assert_eq!(judged(&statement), expected, "{pointer}");
    }
}

#[test]
fn constraints_hold_on_one_subject() {
    // The name is on one subject, the digest on another: each alone would pass.
    let world = World::new();
    let mut statement = statement::provenance(&world.build, &World::subject());
    let other = Algorithm::Sha512.digest(b"other").to_hex();
    statement["subject"] = json!([
        {"name": "pkg:npm/%40acme/widgets@1.0.0", "digest": {"sha512": other}},
        {"name": "pkg:npm/%40acme/gadgets@1.0.0", "digest": {"sha512": World::digest().to_hex()}},
    ]);
    let bundle = world.signed(&statement, &world.leaf());
    assert_eq!(world.provenance_code(statement::PROVENANCE_V1, bundle), "subject-digest-mismatch");
}

#[test]
fn of_several_attestations_each_must_verify_and_agree() {
    let world = World::new();
    let good = world.provenance(&Options::default());
    let judged = |other: Value| {
        let kind = statement::PROVENANCE_V1;
        let response = attestations_response(&[(kind, good.clone()), (kind, other)]);
        code(&world.judge(None, Some(&response)).provenance)
    };
    assert_eq!(judged(world.provenance(&Options::rekor_v2())), "verified");
    let mut bad = good.clone();
    testkit::sigstore::tamper::flip(&mut bad["dsseEnvelope"]["signatures"][0]["sig"]);
    assert_eq!(judged(bad), "invalid-signature");
    let of_build = |change: fn(&mut Build)| {
        let mut build = world.build.clone();
        change(&mut build);
        let (subject, options) = (World::subject(), Options::default());
        judged(world.sigstore.provenance(&build, &subject, World::at(), &options))
    };
    let contradicts = "contradicting-attestations";
    assert_eq!(of_build(|build| build.repository = "mallory/widgets".into()), contradicts);
    assert_eq!(of_build(|build| build.commit = "0".repeat(40)), contradicts);
    assert_eq!(of_build(|build| build.workflow = ".github/workflows/evil.yml".into()), contradicts);
    assert_eq!(of_build(|build| build.ref_ = "refs/tags/v1".into()), contradicts);
    assert_eq!(of_build(|build| build.event = "pull_request".into()), contradicts);
    assert_eq!(of_build(|build| build.repository_id = "1".into()), contradicts);
    assert_eq!(of_build(|build| build.owner_id = "1".into()), contradicts);
    assert_eq!(of_build(|build| build.runner = "self-hosted".into()), contradicts);
    assert_eq!(of_build(|build| build.run_id = "1".into()), "verified");
    // Started by another workflow, that of the signer being reusable.
    let mut leaf = world.leaf();
    leaf.claims.set(18, &world.build.workflow_uri().replace("release.yml", "other.yml"));
    let mut other = statement::provenance_v1(&world.build, &World::subject());
    other["predicate"]["buildDefinition"]["externalParameters"]["workflow"]["path"] =
        json!(".github/workflows/other.yml");
    assert_eq!(judged(world.signed(&other, &leaf)), contradicts);
    // Both by a workflow that many repositories call.
    let build = Build::github("mallory/widgets");
    let leaf = Leaf { san: world.build.workflow_uri(), ..Leaf::of(&build, World::at()) };
    let other = world.signed(&statement::provenance(&build, &World::subject()), &leaf);
    assert_eq!(judged(other), contradicts);
}

#[test]
fn of_several_publish_attestations_each_must_be_of_one_time() {
    let world = World::new();
    let digest = World::digest().to_hex();
    let judged = |at| {
        let options = Options { timestamp: true, ..Options::default() };
        let other =
            world.sigstore.publish_attestation(NAME, VERSION, &digest, REGISTRY, at, &options);
        let kind = statement::PUBLISH_V01;
        let good = world.publish(&Options::default());
        let response = attestations_response(&[(kind, good), (kind, other)]);
        code(&world.judge(None, Some(&response)).publish_attestation)
    };
    assert_eq!(judged(World::at()), "verified");
    assert_eq!(judged(World::at() + Duration::seconds(1)), "contradicting-attestations");
}

#[test]
fn every_digest_at_hand_is_held_against_the_statement() {
    let world = World::new();
    let mut record = world.record();
    let sha256 = Algorithm::Sha256.digest(TARBALL);
    record["manifest"]["dist"]["integrity"] = json!(sha256.to_sri());
    let judged = |found: &Digest| {
        let mut statement = statement::provenance(&world.build, &World::subject());
        statement["subject"][0]["digest"]["sha256"] = json!(found.to_hex());
        let bundle = world.signed(&statement, &world.leaf());
        let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
        code(&world.judge(Some(&record), Some(&response)).provenance)
    };
    assert_eq!(judged(&sha256), "verified");
    assert_eq!(judged(&Algorithm::Sha256.digest(b"other")), "subject-digest-mismatch");
}

#[test]
fn a_key_of_another_registry_says_that_the_package_is_from_there() {
    let world = World::new();
    let (record, response) = (world.record(), world.response());
    let verdict = judge(&world.trust(), "https://other.test", Some(&record), &response);
    assert_eq!(code(&verdict.registry_signature), "key-of-other-registry");
    assert_eq!(code(&verdict.publish_attestation), "key-of-other-registry");
}

#[test]
fn one_claims_trouble_does_not_stop_the_others() {
    let world = World::new();
    let mut record = world.record();
    record["manifest"]["dist"]["integrity"] = json!(Algorithm::Sha512.digest(b"other").to_sri());
    let verdict = world.judge(Some(&record), Some(&world.response()));
    assert_eq!(code(&verdict.integrity), "record-mismatch");
    assert_eq!(code(&verdict.registry_signature), "record-mismatch");
    assert_eq!(code(&verdict.publish_attestation), "verified");
    assert_eq!(code(&verdict.provenance), "verified");
}
