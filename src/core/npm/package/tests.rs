mod answer;
mod response;
mod unrecognized;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::Duration;
use serde_json::{Value, json};
use testkit::sigstore::{
    Build, Key, Leaf, NpmKey, Options, Window, attestations_response, statement,
};

use super::*;
use crate::core::package::{
    PackageId,
    digest::{Digest, Integrity},
    evidence::Answer,
};
use crate::core::sigstore::fixture::{NAME, REGISTRY, TARBALL, VERSION, World, answered};
use crate::core::{json as strict, limits, verdict::TimeSource};

fn code<F: std::fmt::Debug>(verdict: &Outcome<F>) -> &'static str {
    match verdict {
        Outcome::Verified(_) => "verified",
        Outcome::Absent(absence) => absence.code(),
        Outcome::Refused(why) => why.code,
        Outcome::Unrecognized(found) => found.code,
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
        package: &PackageId::npm(NAME, VERSION).unwrap(),
        registry: Some(registry),
        expected: &[],
        artifact: &[World::digest()],
        record: answered(record.as_deref()),
        attestations: Answer::Given(response.as_bytes()),
    };
    package(trust, &evidence, World::now())
}

#[test]
fn good_evidence_verifies_and_says_where_it_came_from() {
    let world = World::new();
    let verdict = world.judge(Some(&world.record()), Some(&world.response()));
    assert_eq!(verdict.refusals().next(), None);
    assert_eq!(verdict.integrity().unwrap().lockfile, Some(Algorithm::Sha512));
    let signature = verdict.registry_signature().unwrap();
    assert_eq!(signature.keyid, world.sigstore.npm_key().keyid);
    assert_eq!((signature.time, signature.time_source), (World::at(), TimeSource::TransparencyLog));
    let publish = verdict.publish_attestation().unwrap();
    assert_eq!(
        (publish.signed_at, publish.time_source),
        (World::at(), TimeSource::TransparencyLog)
    );
    let facts = verdict.provenance().unwrap();
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
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "verified");
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "record-without-integrity");
    record["manifest"]["dist"]["signatures"] = json!([]);
    let verdict = world.judge(Some(&record), None);
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "verified");
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "no-signatures");
    assert_eq!(verdict.refusals().next(), None);
}

#[test]
fn what_is_not_there_is_absent_and_says_why() {
    let world = World::new();
    let verdict = world.judge(None, None);
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "verified");
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "no-record");
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "no-attestations");
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "no-attestations");

    let mut record = world.record();
    record["manifest"]["dist"]["signatures"] = json!([]);
    let publish = world.publish(&Options::default());
    let response = attestations_response(&[(statement::PUBLISH_V01, publish)]);
    let verdict = world.judge(Some(&record), Some(&response));
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "no-signatures");
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "verified");
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "no-such-predicate");
    let verdict = world.judge(None, Some(&json!({"attestations": []})));
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "no-attestations");
}

#[test]
fn a_registry_without_keys_is_no_judge_of_its_own_signatures() {
    let world = World::new();
    let trust = Trust::new(world.sigstore.trusted_root_json().as_bytes(), None).unwrap();
    let verdict = judge(&trust, REGISTRY, Some(&world.record()), &world.response());
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "no-keys-for-registry");
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "no-keys-for-registry");
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "verified");
    // What is malformed, or signed by a certificate, is not there for nothing.
    let publish = |bundle: Value| {
        let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
        code(&judge(&trust, REGISTRY, None, &response).claims[&Claim::PublishAttestation])
    };
    let mut bundle = world.publish(&Options::default());
    assert_eq!(publish(bundle.clone()), "no-keys-for-registry");
    bundle["unknown"] = json!(1);
    assert_eq!(publish(bundle), "malformed-bundle");
    assert_eq!(publish(world.provenance(&Options::default())), "predicate-type-mismatch");
    let response = json!({"attestations": [{"predicateType": "x", "bundle": {}}]});
    let verdict = judge(&trust, REGISTRY, None, &response);
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "no-such-predicate");
}

/// Rekor v2 gives no time: a timestamp authority does.
#[test]
fn the_registrys_signature_is_judged_by_whoever_vouches_for_the_publish_attestation() {
    let world = World::new();
    let response =
        attestations_response(&[(statement::PUBLISH_V01, world.publish(&Options::rekor_v2()))]);
    let verdict = world.judge(Some(&world.record()), Some(&response));
    let facts = verdict.registry_signature().unwrap();
    assert_eq!((facts.time, facts.time_source), (World::at(), TimeSource::TimestampAuthority));
}

#[test]
fn neither_lockfile_nor_record_means_nothing_was_compared() {
    let world = World::new();
    let evidence = Evidence {
        package: &PackageId::npm(NAME, VERSION).unwrap(),
        registry: Some(REGISTRY),
        expected: &[],
        artifact: &[World::digest()],
        record: Answer::NotFound,
        attestations: Answer::NotFound,
    };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "no-record");
    let sha1 = [Algorithm::Sha1.digest(TARBALL)];
    let expected = [Integrity::of(sha1[0].clone())];
    let evidence = Evidence { expected: &expected, artifact: &sha1, ..evidence };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(verdict.integrity().unwrap().lockfile, Some(Algorithm::Sha1));
    let response = world.response().to_string();
    let evidence = Evidence { attestations: Answer::Given(response.as_bytes()), ..evidence };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "digest-not-computed");
}

#[test]
fn a_key_signs_no_provenance() {
    let world = World::new();
    let options = Options::default();
    let publish = world.publish(&options);
    let code = |kind, bundle| {
        let verdict = world.judge(None, Some(&attestations_response(&[(kind, bundle)])));
        (
            code(&verdict.claims[&Claim::PublishAttestation]),
            code(&verdict.claims[&Claim::Provenance]),
        )
    };
    assert_eq!(
        code(statement::PROVENANCE_V1, publish),
        ("no-such-predicate", "wrong-key-material")
    );
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
        code(&world.judge(None, Some(response)).claims[&Claim::PublishAttestation])
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
    assert_eq!(
        code(&world.judge(None, Some(&response)).claims[&Claim::PublishAttestation]),
        "invalid-signature"
    );
}

#[test]
fn the_publish_predicate_is_about_this_package_and_registry() {
    let world = World::new();
    let digest = World::digest().to_hex();
    let judged = |statement: &Value| {
        let signer = testkit::sigstore::Signer::Npm(world.sigstore.npm_key().clone());
        let bundle = world.sigstore.attest(statement, &signer, World::at(), &Options::default());
        let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
        code(&world.judge(None, Some(&response)).claims[&Claim::PublishAttestation])
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
        code(&world.judge(Some(&record), Some(&response)).claims[&Claim::Provenance])
    };
    assert_eq!(judged(&sha256), "verified");
    assert_eq!(judged(&Algorithm::Sha256.digest(b"other")), "subject-digest-mismatch");
}

#[test]
fn a_key_of_another_registry_says_that_the_package_is_from_there() {
    let world = World::new();
    let (record, response) = (world.record(), world.response());
    let verdict = judge(&world.trust(), "https://other.test", Some(&record), &response);
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "key-of-other-registry");
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "key-of-other-registry");
}

#[test]
fn one_claims_trouble_does_not_stop_the_others() {
    let world = World::new();
    let mut record = world.record();
    record["manifest"]["dist"]["integrity"] = json!(Algorithm::Sha512.digest(b"other").to_sri());
    let verdict = world.judge(Some(&record), Some(&world.response()));
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "record-mismatch");
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "record-mismatch");
    assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "verified");
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "verified");
}
