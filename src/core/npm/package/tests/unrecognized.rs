//! Evidence that verifies and is not understood satisfies nothing and blocks nothing; what does not
//! verify is still refused.

use testkit::sigstore::{Sigstore, tamper};

use super::*;
use crate::core::verdict::Facts;
use crate::core::verdict::{CertificateIdentity, Claim, Publisher, Status};

const OTHER: &str = "https://example.test/build/v1";

fn provenance(world: &World, change: impl Fn(&mut Value)) -> Value {
    let mut statement = statement::provenance_v1(&world.build, &World::subject());
    change(&mut statement);
    world.signed(&statement, &world.leaf())
}

fn of_other_type(statement: &mut Value) {
    statement["predicate"]["buildDefinition"]["buildType"] = json!(OTHER);
}

fn responded(kind: &str, bundle: Value) -> PackageVerdict {
    World::new().judge(None, Some(&attestations_response(&[(kind, bundle)])))
}

#[test]
fn a_new_build_type_verifies_and_is_not_understood() {
    let world = World::new();
    let bundle = provenance(&world, of_other_type);
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle.clone())]);
    let verdict = world.judge(Some(&world.record()), Some(&response));
    assert_eq!(verdict.status(Claim::Provenance), Some(Status::Unrecognized));
    let found = verdict.claims[&Claim::Provenance].unrecognized().unwrap();
    assert_eq!(found.code, "unknown-build-type");
    assert_eq!(found.stated_build_type.as_deref(), Some(OTHER));
    let builder = "https://github.com/actions/runner/github-hosted";
    assert_eq!(found.stated_builder.as_deref(), Some(builder));
    assert_eq!(found.signer, world.build.workflow_uri());
    assert_eq!((found.signed_at, found.time_source), (World::at(), TimeSource::TransparencyLog));
    assert_eq!(verdict.refusals().next(), None);
    assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "verified");

    // It must still verify.
    let mut changed = bundle.clone();
    tamper::flip(&mut changed["dsseEnvelope"]["signatures"][0]["sig"]);
    assert_eq!(world.provenance_code(statement::PROVENANCE_V1, changed), "invalid-signature");
    let stranger = World::new().provenance_code(statement::PROVENANCE_V1, bundle);
    assert_eq!(stranger, "unknown-log");
    let other = provenance(&world, |statement| {
        of_other_type(statement);
        statement["subject"][0]["name"] = json!("pkg:npm/other@1.0.0");
    });
    assert_eq!(world.provenance_code(statement::PROVENANCE_V1, other), "subject-name-mismatch");
}

#[test]
fn of_a_new_build_type_nothing_but_its_name_must_be_there() {
    let world = World::new();
    let of = |kind: &str, predicate: Value| {
        let bundle = provenance(&world, |statement| {
            statement["predicateType"] = json!(kind);
            statement["predicate"] = predicate.clone();
        });
        world.provenance_code(kind, bundle)
    };
    let (v1, v02) = (statement::PROVENANCE_V1, statement::PROVENANCE_V02);
    assert_eq!(of(v1, json!({"buildDefinition": {"buildType": OTHER}})), "unknown-build-type");
    assert_eq!(of(v02, json!({"buildType": OTHER})), "unknown-build-type");
    assert_eq!(of(v1, json!({"buildDefinition": {}})), "malformed-provenance");
    assert_eq!(of(v02, json!({})), "malformed-provenance");
}

#[test]
fn a_builder_of_no_known_form_is_not_understood() {
    let world = World::new();
    let of = |builder: &str| {
        let bundle = provenance(&world, |statement| {
            statement["predicate"]["runDetails"]["builder"]["id"] = json!(builder);
        });
        world.provenance_code(statement::PROVENANCE_V1, bundle)
    };
    assert_eq!(of("https://builder.example/v1"), "unknown-builder");
    assert_eq!(of("https://github.com/actions/runner-of-mine"), "unknown-builder");
    for known in [
        "https://github.com/actions/runner/self-hosted",
        "https://github.com/actions/runner@v2",
        "https://github.com/npm/cli@9.5.0",
        "https://github.com/acme/builder/.github/workflows/build.yml@refs/tags/v1",
        "https://gitlab.com/acme/widgets/-/runners/1",
    ] {
        assert_eq!(of(known), "builder-mismatch", "{known}");
    }
}

#[test]
fn a_builder_is_judged_after_everything_else() {
    let world = World::new();
    let bundle = provenance(&world, |statement| {
        statement["predicate"]["runDetails"]["builder"]["id"] = json!("https://builder.example");
        let definition = &mut statement["predicate"]["buildDefinition"];
        definition["resolvedDependencies"][0]["digest"]["gitCommit"] = json!("00");
    });
    assert_eq!(world.provenance_code(statement::PROVENANCE_V1, bundle), "provenance-disagrees");
}

#[test]
fn what_is_not_understood_blocks_nothing_beside_it() {
    let world = World::new();
    let kind = statement::PROVENANCE_V1;
    let good = world.provenance(&Options::default());
    let other = provenance(&world, of_other_type);
    for pair in [[good.clone(), other.clone()], [other.clone(), good]] {
        let response = attestations_response(&pair.map(|bundle| (kind, bundle)));
        let verdict = world.judge(None, Some(&response));
        assert_eq!(code(&verdict.claims[&Claim::Provenance]), "verified");
        let [(claim, found)] = verdict.unrecognized_beside.as_slice() else { panic!() };
        assert_eq!((*claim, found.code), (Claim::Provenance, "unknown-build-type"));
        assert_eq!(verdict.unrecognized().count(), 1);
    }
    let mut bad = other.clone();
    tamper::flip(&mut bad["dsseEnvelope"]["signatures"][0]["sig"]);
    let response = attestations_response(&[(kind, other), (kind, bad)]);
    assert_eq!(
        code(&world.judge(None, Some(&response)).claims[&Claim::Provenance]),
        "invalid-signature"
    );
}

#[test]
fn provenance_of_an_announced_new_type_is_not_understood() {
    let world = World::new();
    let kind = "https://slsa.dev/provenance/v2";
    let bundle = provenance(&world, |statement| statement["predicateType"] = json!(kind));
    let mut record = world.record();
    record["manifest"]["dist"]["attestations"] =
        json!({"url": "x", "provenance": {"predicateType": kind}});
    let judged =
        |bundle: Value| world.judge(Some(&record), Some(&attestations_response(&[(kind, bundle)])));
    let verdict = judged(bundle.clone());
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "unknown-predicate-type");
    assert!(
        verdict.claims[&Claim::Provenance].unrecognized().is_some()
            && verdict.unexamined.is_empty()
    );
    let mut bad = bundle.clone();
    tamper::flip(&mut bad["dsseEnvelope"]["signatures"][0]["sig"]);
    assert_eq!(code(&judged(bad).claims[&Claim::Provenance]), "invalid-signature");
    // Where nothing announces it, nobody says that it is provenance.
    let verdict = world.judge(None, Some(&attestations_response(&[(kind, bundle)])));
    assert_eq!(code(&verdict.claims[&Claim::Provenance]), "no-such-predicate");
    assert_eq!(verdict.unexamined, [kind]);
}

/// A publish attestation that is signed with a certificate.
fn keyless(world: &World, registry: &str) -> Value {
    let said = statement::publish(NAME, VERSION, &World::digest().to_hex(), registry);
    world.signed(&said, &world.leaf())
}

fn judged_by(trust: &Trust, bundle: Value) -> PackageVerdict {
    let response = attestations_response(&[(statement::PUBLISH_V01, bundle)]);
    judge(trust, REGISTRY, None, &response)
}

#[test]
fn a_keyless_publish_attestation_is_not_understood_without_an_identity() {
    let world = World::new();
    let without_keys = Trust::new(world.sigstore.trusted_root_json().as_bytes(), None).unwrap();
    for trust in [world.trust(), without_keys] {
        let verdict = judged_by(&trust, keyless(&world, REGISTRY));
        let found = verdict.claims[&Claim::PublishAttestation].unrecognized().unwrap();
        assert_eq!(found.code, "keyless-publish-attestation");
        assert_eq!(found.signer, world.build.workflow_uri());
        assert_eq!(verdict.refusals().find(|(claim, _)| *claim != Claim::Integrity), None);
        let mut bad = keyless(&world, REGISTRY);
        tamper::flip(&mut bad["dsseEnvelope"]["signatures"][0]["sig"]);
        assert_eq!(
            code(&judged_by(&trust, bad).claims[&Claim::PublishAttestation]),
            "invalid-signature"
        );
        let other = keyless(&world, "https://other.test");
        assert_eq!(
            code(&judged_by(&trust, other).claims[&Claim::PublishAttestation]),
            "published-other"
        );
    }
    let stranger = keyless(&World::new(), REGISTRY);
    assert_eq!(
        code(&judged_by(&world.trust(), stranger).claims[&Claim::PublishAttestation]),
        "unknown-log"
    );
    assert_eq!(
        code(&responded(statement::PUBLISH_V01, json!({})).claims[&Claim::PublishAttestation]),
        "malformed-bundle"
    );
}

#[test]
fn a_keyless_publish_attestation_is_judged_by_the_registrys_identity() {
    let world = World::new();
    let identity =
        |san: &str, issuer: &str| CertificateIdentity { san: san.into(), issuer: issuer.into() };
    let issuer = crate::core::sigstore::certificate::GITHUB;
    let expecting = |expected: CertificateIdentity| {
        let trust = Trust::new(world.sigstore.trusted_root_json().as_bytes(), None).unwrap();
        trust.with_publisher(REGISTRY, expected).unwrap()
    };
    let judged = |expected: CertificateIdentity, bundle: Value| {
        let mut verdict = judged_by(&expecting(expected), bundle);
        verdict.claims.remove(&Claim::PublishAttestation).unwrap()
    };
    let own = identity(&world.build.workflow_uri(), issuer);
    let verdict = judged(own.clone(), keyless(&world, REGISTRY));
    let Some(Facts::PublishAttestation(facts)) = verdict.facts() else { panic!() };
    assert_eq!(facts.publisher, Publisher::Identity(own.clone()));
    assert_eq!(facts.time_source, TimeSource::TransparencyLog);
    let other = identity("https://github.com/mallory/x", issuer);
    assert_eq!(code(&judged(other, keyless(&world, REGISTRY))), "identity-mismatch");
    let other = identity(&world.build.workflow_uri(), "https://issuer.example");
    assert_eq!(code(&judged(other, keyless(&world, REGISTRY))), "issuer-mismatch");
    let bundle = keyless(&world, "https://other.test");
    assert_eq!(code(&judged(own.clone(), bundle)), "published-other");
    // Signed with a key, it is by none that this registry is known to have.
    let bundle = world.publish(&Options::default());
    assert_eq!(code(&judged(own.clone(), bundle)), "unknown-key");
    // The time that it is logged at is that of the registry's signature.
    let trust = world.trust().with_publisher(REGISTRY, own).unwrap();
    let response = attestations_response(&[(statement::PUBLISH_V01, keyless(&world, REGISTRY))]);
    let verdict = judge(&trust, REGISTRY, Some(&world.record()), &response);
    let facts = verdict.registry_signature().unwrap();
    assert_eq!(facts.time_source, TimeSource::TransparencyLog);
}

#[test]
fn an_identity_is_of_one_registry() {
    let sigstore = Sigstore::new(World::at());
    let identity = || CertificateIdentity { san: "a".into(), issuer: "b".into() };
    let trust = || Trust::new(sigstore.trusted_root_json().as_bytes(), None).unwrap();
    let trust_with = trust().with_publisher("https://r.example", identity()).unwrap();
    assert_eq!(trust_with.publisher("https://r.example/"), Some(&identity()));
    assert_eq!(trust_with.publisher("https://s.example"), None);
    use crate::core::trust::TrustError;
    let again = trust_with.with_publisher("https://r.example/", identity());
    assert!(matches!(again, Err(TrustError::RepeatedPublisher(_))));
    assert!(matches!(trust().with_publisher("r", identity()), Err(TrustError::Registry(_))));
}
