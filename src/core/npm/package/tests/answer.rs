//! Evidence that is not there: absent where the registry's answers show it, refused otherwise.

use super::*;
use crate::core::verdict::NoAttestations;

/// A record that announces attestations, and provenance of this type among them.
fn announcing(world: &World, provenance: Option<&str>) -> Value {
    let mut record = world.record();
    let announced = &mut record["manifest"]["dist"]["attestations"];
    *announced = json!({"url": "https://registry.npm.test/x"});
    if let Some(kind) = provenance {
        announced["provenance"] = json!({"predicateType": kind});
    }
    record
}

/// What publish attestation and provenance come to.
fn judged(record: Answer<'_>, attestations: Answer<'_>) -> (&'static str, &'static str) {
    let verdict = judge_answers(Some(REGISTRY), record, attestations);
    (code(&verdict.claims[&Claim::PublishAttestation]), code(&verdict.claims[&Claim::Provenance]))
}

fn judge_answers(
    registry: Option<&str>,
    record: Answer<'_>,
    attestations: Answer<'_>,
) -> PackageVerdict {
    let world = World::new();
    let evidence = Evidence {
        package: &PackageId::npm(NAME, VERSION).unwrap(),
        registry,
        expected: &[Integrity::of(World::digest())],
        artifact: &[World::digest()],
        record,
        attestations,
    };
    package(&world.trust(), &evidence, World::now())
}

#[test]
fn announced_attestations_that_are_not_there_are_withheld() {
    let world = World::new();
    let without = announcing(&world, None).to_string();
    let with = announcing(&world, Some(statement::PROVENANCE_V1)).to_string();
    let empty = json!({"attestations": []}).to_string();
    let none = "attestations-withheld";
    for answer in [Answer::NotFound, Answer::NotAsked, Answer::Given(empty.as_bytes())] {
        assert_eq!(judged(Answer::Given(without.as_bytes()), answer), (none, none));
        assert_eq!(judged(Answer::Given(with.as_bytes()), answer), (none, "provenance-withheld"));
    }
}

#[test]
fn announced_provenance_that_the_response_lacks_is_withheld() {
    let world = World::new();
    let publish = world.publish(&Options::default());
    let response = attestations_response(&[(statement::PUBLISH_V01, publish)]);
    let judged = |record: &Value| {
        let verdict = world.judge(Some(record), Some(&response));
        (
            code(&verdict.claims[&Claim::PublishAttestation]),
            code(&verdict.claims[&Claim::Provenance]),
        )
    };
    let announced = announcing(&world, Some(statement::PROVENANCE_V1));
    assert_eq!(judged(&announced), ("verified", "provenance-withheld"));
    // That attestations are announced says nothing of provenance.
    assert_eq!(judged(&announcing(&world, None)), ("verified", "no-such-predicate"));
    let mut without_type = announcing(&world, None);
    without_type["manifest"]["dist"]["attestations"]["provenance"] = json!({});
    assert_eq!(judged(&without_type), ("verified", "provenance-withheld"));
    without_type["manifest"]["dist"]["attestations"]["provenance"] = json!("yes");
    let verdict = world.judge(Some(&without_type), Some(&response));
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "malformed-record");
}

#[test]
fn a_registry_that_was_not_asked_has_none_only_where_its_record_announces_none() {
    let world = World::new();
    let record = world.record().to_string();
    let given = Answer::Given(record.as_bytes());
    let (none, hidden) = ("no-attestations", "absence-not-shown");
    assert_eq!(judged(given, Answer::NotAsked), (none, none));
    for record in [Answer::NotFound, Answer::NotListed, Answer::NotAsked] {
        assert_eq!(judged(record, Answer::NotAsked), (hidden, hidden));
        assert_eq!(judged(record, Answer::NotFound), (none, none));
    }
    // A list of versions is not an answer to a question for attestations.
    assert_eq!(judged(Answer::NotFound, Answer::NotListed), (hidden, hidden));
    // Nor does a record that cannot be read announce nothing.
    assert_eq!(judged(Answer::Given(b"{}"), Answer::NotAsked), (hidden, hidden));
}

#[test]
fn a_record_is_missing_for_a_reason() {
    let code_of = |record| {
        let verdict = judge_answers(Some(REGISTRY), record, Answer::NotFound);
        assert_eq!(code(&verdict.claims[&Claim::Integrity]), "verified");
        code(&verdict.claims[&Claim::RegistrySignature])
    };
    assert_eq!(code_of(Answer::NotFound), "no-record");
    assert_eq!(code_of(Answer::NotListed), "version-not-listed");
    assert_eq!(code_of(Answer::NotAsked), "absence-not-shown");
    let world = World::new();
    let evidence = Evidence {
        package: &PackageId::npm(NAME, VERSION).unwrap(),
        registry: Some(REGISTRY),
        expected: &[],
        artifact: &[World::digest()],
        record: Answer::NotAsked,
        attestations: Answer::NotFound,
    };
    let verdict = package(&world.trust(), &evidence, World::now());
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "absence-not-shown");
}

#[test]
fn no_registry_speaks_for_a_tarball_from_elsewhere() {
    let none = Outcome::<()>::Absent(Absence::NoRegistry);
    let verdict = judge_answers(None, Answer::NotAsked, Answer::NotAsked);
    assert_eq!(verdict.claims[&Claim::RegistrySignature].absence(), none.absence());
    assert_eq!(verdict.claims[&Claim::PublishAttestation].absence(), none.absence());
    assert_eq!(verdict.claims[&Claim::Provenance].absence(), none.absence());
    assert_eq!(code(&verdict.claims[&Claim::Integrity]), "verified");

    let world = World::new();
    let (record, response) = (world.record().to_string(), world.response().to_string());
    for (record, response) in [
        (Answer::Given(record.as_bytes()), Answer::NotAsked),
        (Answer::NotAsked, Answer::Given(response.as_bytes())),
    ] {
        let verdict = judge_answers(None, record, response);
        assert_eq!(code(&verdict.claims[&Claim::RegistrySignature]), "evidence-without-registry");
        assert_eq!(code(&verdict.claims[&Claim::PublishAttestation]), "evidence-without-registry");
        assert_eq!(code(&verdict.claims[&Claim::Provenance]), "evidence-without-registry");
    }
}

#[test]
fn an_absence_names_its_source() {
    let world = World::new();
    let record = world.record().to_string();
    let record = Answer::Given(record.as_bytes());
    let empty = json!({"attestations": []}).to_string();
    for (answer, how) in [
        (Answer::NotFound, NoAttestations::NotFound),
        (Answer::NotAsked, NoAttestations::NotAnnounced),
        (Answer::Given(empty.as_bytes()), NoAttestations::EmptyList),
    ] {
        let verdict = judge_answers(Some(REGISTRY), record, answer);
        let absence = verdict.claims[&Claim::Provenance].absence().unwrap();
        assert_eq!(*absence, Absence::NoAttestations(how));
        assert!(absence.to_string().contains("the sealer"), "{absence}");
    }
}
