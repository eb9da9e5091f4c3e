//! The attestation response: what is in it, and what it says of it.

use super::*;

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
        assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), expected);
        assert_eq!(code(&verdict.claims[&Claim::Provenance]), expected);
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
        assert_eq!(code(&verdict.claims[&Claim::Provenance]), "predicate-type-mismatch");
        assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "predicate-type-mismatch");
        assert!(verdict.unexamined.is_empty());
    }
    // Which of a kind that is really unknown, or of no form that is known, cannot be.
    let mut statement = statement::provenance(&world.build, &World::subject());
    statement["predicateType"] = json!("https://example.test/other");
    for bundle in [world.signed(&statement, &world.leaf()), json!({}), json!(["x"])] {
        let kind = "x".repeat(limits::REPORTED_TEXT + 1);
        let response = attestations_response(&[(kind.as_str(), bundle)]);
        let verdict = world.judge(None, Some(&response));
        assert_eq!(code(&verdict.claims[&Claim::Provenance]), "no-such-predicate");
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
            package: &PackageId::npm(NAME, VERSION).unwrap(),
            registry: Some(REGISTRY),
            expected: &[],
            artifact: &[World::digest()],
            record: Answer::NotFound,
            attestations: Answer::Given(text.as_bytes()),
        };
        (values, code(&package(&world.trust(), &evidence, World::now()).claims[&Claim::Provenance]))
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
    let refusal = verdict.claims[&Claim::Provenance].refusal().unwrap();
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
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "malformed-record");
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "malformed-response");
    let verdict = world.judge(None, Some(&json!({"attestations": [["x", {}]]})));
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "malformed-response");
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
    let trust = Trust::new(root.to_string().as_bytes(), None).unwrap();
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
    let verdict = judge(&trust, REGISTRY, None, &response);
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "not-a-statement");
}

#[test]
fn of_several_attestations_each_must_verify_and_agree() {
    let world = World::new();
    let good = world.provenance(&Options::default());
    let judged = |other: Value| {
        let kind = statement::PROVENANCE_V1;
        let response = attestations_response(&[(kind, good.clone()), (kind, other)]);
        code(&world.judge(None, Some(&response)).claims[&Claim::Provenance])
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
        code(&world.judge(None, Some(&response)).claims[&Claim::PublishAttestation])
    };
    assert_eq!(judged(World::at()), "verified");
    assert_eq!(judged(World::at() + Duration::seconds(1)), "contradicting-attestations");
}
