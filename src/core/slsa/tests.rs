mod v02;

use serde_json::{Value, json};
use testkit::sigstore::{Build, Claims as Written, Leaf, statement};

use super::*;
use crate::core::sigstore::fixture::World;

const V1: &str = statement::PROVENANCE_V1;

const V02: &str = statement::PROVENANCE_V02;

/// The code for a statement that is changed in one place, over a certificate that is not.
fn changed(mut statement: Value, world: &World, pointer: &str, value: Value) -> &'static str {
    *statement.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    let kind = statement["predicateType"].as_str().unwrap().to_owned();
    world.provenance_code(&kind, world.signed(&statement, &world.leaf()))
}

#[test]
fn each_field_of_slsa_1_is_held_against_the_certificate() {
    let world = World::new();
    let mut good = statement::provenance_v1(&world.build, &World::subject());
    let source = good["predicate"]["buildDefinition"]["resolvedDependencies"][0]["uri"].clone();
    // Not npm's to say, but `actions/attest`'s.
    good["predicate"]["buildDefinition"]["internalParameters"]["github"]["runner_environment"] =
        json!(world.build.runner);
    for (pointer, value, expected) in [
        (
            "/predicate/buildDefinition/internalParameters/github/runner_environment",
            json!("self-hosted"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/externalParameters/workflow/repository",
            json!("https://github.com/mallory/widgets"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/externalParameters/workflow/path",
            json!(".github/workflows/evil.yml"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/externalParameters/workflow/ref",
            json!("refs/heads/evil"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/internalParameters/github/event_name",
            json!("pull_request"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/internalParameters/github/repository_id",
            json!("1"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/internalParameters/github/repository_owner_id",
            json!("1"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/resolvedDependencies/0/uri",
            json!("git+https://github.com/mallory/widgets@refs/heads/main"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/resolvedDependencies/0/digest/gitCommit",
            json!("00"),
            "provenance-disagrees",
        ),
        (
            "/predicate/buildDefinition/resolvedDependencies/0/digest",
            json!({}),
            "provenance-disagrees",
        ),
        ("/predicate/buildDefinition/resolvedDependencies", json!([]), "malformed-provenance"),
        (
            "/predicate/runDetails/metadata/invocationId",
            json!("https://github.com/acme/widgets/actions/runs/1/attempts/1"),
            "provenance-disagrees",
        ),
        (
            "/predicate/runDetails/builder/id",
            json!("https://github.com/actions/runner/self-hosted"),
            "builder-mismatch",
        ),
        (
            "/predicate/runDetails/builder/id",
            json!("https://github.com/mallory/builder"),
            "unknown-builder",
        ),
        ("/predicate/runDetails/builder/id", json!(world.build.workflow_uri()), "verified"),
        (
            "/predicate/buildDefinition/buildType",
            json!("https://actions.github.io/buildtypes/workflow/v1"),
            "verified",
        ),
        (
            "/predicate/buildDefinition/buildType",
            json!("https://example.test/build"),
            "unknown-build-type",
        ),
        ("/predicate", json!(null), "malformed-provenance"),
        (
            "/predicate/buildDefinition/resolvedDependencies/0",
            json!([source, {"gitCommit": world.build.commit}]),
            "malformed-provenance",
        ),
    ] {
        assert_eq!(changed(good.clone(), &world, pointer, value), expected, "{pointer}");
    }
    // The workflow's own inputs are its affair; a parameter that is not the build type's is not.
    let parameters = &mut good["predicate"]["buildDefinition"]["externalParameters"];
    parameters["inputs"] = json!({"level": "high"});
    parameters["vars"] = json!({"a": "b"});
    assert_eq!(world.provenance_code(V1, world.signed(&good, &world.leaf())), "verified");
    let parameters = "/predicate/buildDefinition/externalParameters";
    for pointer in [parameters.to_owned(), format!("{parameters}/workflow")] {
        let mut more = good.clone();
        more.pointer_mut(&pointer).unwrap()["source"] = json!("https://github.com/mallory");
        let bundle = world.signed(&more, &world.leaf());
        assert_eq!(world.provenance_code(V1, bundle), "malformed-provenance", "{pointer}");
    }
}

/// The name says what GitHub hosts; a self-hosted machine is not that.
#[test]
fn a_bare_runner_is_hosted_by_github() {
    let world = World::new();
    let mut said = statement::provenance_v1(&world.build, &World::subject());
    said["predicate"]["runDetails"]["builder"]["id"] = json!("https://github.com/actions/runner");
    for (runner, expected) in [("github-hosted", "verified"), ("self-hosted", "builder-mismatch")] {
        let mut leaf = world.leaf();
        leaf.claims.set(11, runner);
        assert_eq!(world.provenance_code(V1, world.signed(&said, &leaf)), expected);
    }
    let mut leaf = world.leaf();
    leaf.claims.remove(11);
    assert_eq!(world.provenance_code(V1, world.signed(&said, &leaf)), "verified");
}

/// Readers differ in which of the two they take.
#[test]
fn what_is_said_twice_is_malformed() {
    let world = World::new();
    let commit = format!(r#""gitCommit":"{}""#, world.build.commit);
    let statement = statement::provenance_v1(&world.build, &World::subject());
    for (from, to) in [
        (commit.as_str(), format!(r#""gitCommit":"00",{commit}"#)),
        (r#""event_name":"#, r#""event_name":"x","event_name":"#.to_owned()),
    ] {
        let predicate = statement["predicate"].to_string();
        let claims = Claims::of(&certificate(&world)).unwrap();
        assert!(check(V1, &predicate, &claims).is_ok());
        assert!(predicate.contains(from), "{predicate}");
        let twice = predicate.replacen(from, &to, 1);
        let refused = check(V1, &twice, &claims);
        assert!(matches!(refused, Err(NoFacts::Refused(ProvenanceRefusal::Malformed(_)))));
    }
}

fn certificate(world: &World) -> x509_cert::Certificate {
    let issued = world.sigstore.fulcio.issue(&world.leaf(), &world.sigstore.ct);
    crate::core::sigstore::certificate::decode(issued.certificate()).unwrap()
}

/// Its ref, `+`, `#` and all, in the predicate as it is.
#[test]
fn what_fulcio_escaped_in_certificates_agrees_with_what_it_stands_for() {
    let world = {
        let mut world = World::new();
        world.build.ref_ = "refs/tags/v1.0.0+é#1'%".into();
        world
    };
    let repository = world.build.repository_uri();
    let in_address = ".github/workflows/release.yml@refs/tags/v1.0.0+%C3%A9%231%27%25";
    let for_html = ".github/workflows/release.yml@refs/tags/v1.0.0&#43;é#1&#39;%";
    let no = "provenance-disagrees";
    for (workflow, expected) in [
        (in_address, "verified"),
        (for_html, "verified"),
        (".github/workflows/release.yml@refs/tags/v1.0.0+é#1'%", "verified"),
        (".github/workflows/release.yml@refs/tags/v1.0.0+é%231'%", no),
        (".github/workflows/release.yml@refs/tags/v1.0.0&#43;%C3%A9%231%27%25", no),
        (".github/workflows/release.yml@refs/tags/v1.0.0%2B%C3%A9%231%27%25", no),
    ] {
        let mut leaf = world.leaf();
        leaf.san = format!("{repository}/{in_address}");
        leaf.claims.set(18, &format!("{repository}/{workflow}"));
        for (kind, statement) in [
            (V1, statement::provenance_v1(&world.build, &World::subject())),
            (V02, statement::provenance_v02(&world.build, &World::subject())),
        ] {
            let bundle = world.signed(&statement, &leaf);
            assert_eq!(world.provenance_code(kind, bundle), expected, "{workflow}");
        }
    }
    // As `actions/attest` names the builder: the workflow that signed.
    let mut leaf = world.leaf();
    leaf.san = format!("{repository}/{in_address}");
    let mut statement = statement::provenance_v1(&world.build, &World::subject());
    statement["predicate"]["runDetails"]["builder"]["id"] = json!(world.build.workflow_uri());
    assert_eq!(world.provenance_code(V1, world.signed(&statement, &leaf)), "verified");
    assert_eq!(in_html(r#"<a & "b">"#), "&lt;a &amp; &#34;b&#34;&gt;");
}

/// As where an organization makes its repositories run a workflow of its own.
#[test]
fn the_workflows_repository_is_the_sources() {
    let world = World::new();
    let (own, other) = (world.build.repository_uri(), "https://github.com/acme/policies");
    let mut leaf = world.leaf();
    leaf.claims.set(18, &world.build.workflow_uri().replace(&own, other));
    let mut statement = statement::provenance_v1(&world.build, &World::subject());
    statement["predicate"]["buildDefinition"]["externalParameters"]["workflow"]["repository"] =
        json!(other);
    assert_eq!(world.provenance_code(V1, world.signed(&statement, &leaf)), "provenance-disagrees");
}

#[test]
fn github_provenance_needs_githubs_issuer() {
    let world = World::new();
    for (kind, statement) in [
        (V1, statement::provenance_v1(&world.build, &World::subject())),
        (V02, statement::provenance_v02(&world.build, &World::subject())),
    ] {
        let mut leaf = world.leaf();
        leaf.claims.set(8, "https://accounts.example");
        let bundle = world.signed(&statement, &leaf);
        assert_eq!(world.provenance_code(kind, bundle), "provenance-disagrees");
    }
}

#[test]
fn a_certificate_for_another_repository_is_refused() {
    let world = World::new();
    let statement = statement::provenance_v1(&world.build, &World::subject());
    let leaf = Leaf::of(&Build::github("mallory/widgets"), World::at());
    let bundle = world.signed(&statement, &leaf);
    assert_eq!(world.provenance_code(V1, bundle), "provenance-disagrees");
}

#[test]
fn the_claims_that_provenance_rests_on_must_be_there() {
    let world = World::new();
    let statement = statement::provenance_v1(&world.build, &World::subject());
    for number in [12, 13, 14] {
        let mut leaf = world.leaf();
        leaf.claims.remove(number);
        let bundle = world.signed(&statement, &leaf);
        assert_eq!(world.provenance_code(V1, bundle), "missing-claim", "{number}");
    }
    let mut leaf = world.leaf();
    leaf.claims.set_raw(12, b"\xff");
    let bundle = world.signed(&statement, &leaf);
    assert_eq!(world.provenance_code(V1, bundle), "malformed-claim");
}

#[test]
fn legacy_certificates_carry_provenance_of_their_time() {
    let world = World::new();
    let statement = statement::provenance_v02(&world.build, &World::subject());
    let mut leaf = world.leaf();
    leaf.claims = Written::legacy(&world.build);
    assert_eq!(world.provenance_code(V02, world.signed(&statement, &leaf)), "verified");
    leaf.claims.set(5, "mallory/widgets");
    assert_eq!(world.provenance_code(V02, world.signed(&statement, &leaf)), "provenance-disagrees");
}
