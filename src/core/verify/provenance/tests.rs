use serde_json::{Value, json};
use testkit::sigstore::{Build, Claims as Written, Leaf, statement};

use super::*;
use crate::core::verify::fixture::World;

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
            "builder-mismatch",
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
    ] {
        assert_eq!(changed(good.clone(), &world, pointer, value), expected, "{pointer}");
    }
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
fn each_field_of_slsa_0_2_is_held_against_the_certificate() {
    let world = World::new();
    let good = statement::provenance_v02(&world.build, &World::subject());
    for (pointer, value, expected) in [
        (
            "/predicate/invocation/configSource/uri",
            json!("git+https://github.com/mallory/widgets@refs/heads/main"),
            "provenance-disagrees",
        ),
        ("/predicate/invocation/configSource/digest/sha1", json!("00"), "provenance-disagrees"),
        (
            "/predicate/invocation/configSource/entryPoint",
            json!(".github/workflows/evil.yml"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_REPOSITORY",
            json!("mallory/widgets"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_REF",
            json!("refs/heads/evil"),
            "provenance-disagrees",
        ),
        ("/predicate/invocation/environment/GITHUB_SHA", json!("00"), "provenance-disagrees"),
        (
            "/predicate/invocation/environment/GITHUB_EVENT_NAME",
            json!("pull_request"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_REPOSITORY_ID",
            json!("1"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_REPOSITORY_OWNER_ID",
            json!("1"),
            "provenance-disagrees",
        ),
        ("/predicate/metadata/buildInvocationId", json!("1-1"), "provenance-disagrees"),
        (
            "/predicate/materials/0/uri",
            json!("git+https://github.com/mallory/widgets"),
            "provenance-disagrees",
        ),
        ("/predicate/materials/0/uri", json!("git+https://github.com/acme/widgets"), "verified"),
        ("/predicate/materials/0/digest/sha1", json!("00"), "provenance-disagrees"),
        ("/predicate/materials", json!([]), "malformed-provenance"),
        (
            "/predicate/builder/id",
            json!("https://github.com/actions/runner/github-hosted"),
            "verified",
        ),
        ("/predicate/builder/id", json!("https://github.com/npm/cli@9.4.2"), "builder-mismatch"),
        ("/predicate/buildType", json!("https://github.com/npm/cli/gha/v3"), "unknown-build-type"),
        ("/predicate/buildType", json!("https://github.com/npm/cli/gha/v1"), "verified"),
        ("/predicate/invocation", json!([]), "malformed-provenance"),
    ] {
        assert_eq!(changed(good.clone(), &world, pointer, value), expected, "{pointer}");
    }
}

#[test]
fn gitlab_provenance_is_held_against_the_certificate() {
    let world = World { build: Build::gitlab("acme/widgets"), ..World::new() };
    let good = statement::provenance_gitlab(&world.build, &World::subject());
    for (pointer, value, expected) in [
        ("/predicateType", json!(V02), "verified"),
        (
            "/predicate/invocation/configSource/uri",
            json!("git+https://gitlab.com/mallory/widgets"),
            "provenance-disagrees",
        ),
        ("/predicate/invocation/configSource/digest/sha1", json!("00"), "provenance-disagrees"),
        (
            "/predicate/metadata/buildInvocationId",
            json!("https://gitlab.com/acme/widgets/-/jobs/1"),
            "provenance-disagrees",
        ),
        ("/predicate/materials/0/digest/sha1", json!("00"), "provenance-disagrees"),
        (
            "/predicate/builder/id",
            json!("https://gitlab.com/mallory/widgets/-/runners/1"),
            "builder-mismatch",
        ),
    ] {
        assert_eq!(changed(good.clone(), &world, pointer, value), expected, "{pointer}");
    }
    for (name, value) in [
        ("CI_PROJECT_URL", "https://gitlab.com/mallory/widgets"),
        ("CI_COMMIT_SHA", "00"),
        ("CI_COMMIT_REF_NAME", "other"),
        ("CI_CONFIG_PATH", "other.yml"),
        ("CI_PIPELINE_SOURCE", "schedule"),
        ("CI_PROJECT_ID", "1"),
        ("CI_PROJECT_NAMESPACE_ID", "1"),
    ] {
        let pointer = format!("/predicate/invocation/parameters/{name}");
        let code = changed(good.clone(), &world, &pointer, json!(value));
        assert_eq!(code, "provenance-disagrees", "{name}");
    }
    let mut leaf = world.leaf();
    leaf.claims.set(8, "https://gitlab.example");
    let bundle = world.signed(&good, &leaf);
    assert_eq!(world.provenance_code(V02, bundle), "provenance-disagrees");
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

#[test]
fn a_delegator_signs_for_builders_of_its_own_tag() {
    let workflows = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
    let signer = format!("{workflows}delegator_lowperms-generic_slsa3.yml@refs/tags/v1.6.0");
    let builder = |name: &str| format!("{workflows}{name}");
    assert!(is_delegate(&builder("builder_nodejs_slsa3.yml@refs/tags/v1.6.0"), &signer));
    assert!(!is_delegate(&builder("builder_nodejs_slsa3.yml@refs/tags/v1.6.1"), &signer));
    assert!(!is_delegate(&builder("generator_generic.yml@refs/tags/v1.6.0"), &signer));
    let moving = signer.replace("tags/v1.6.0", "heads/main");
    assert!(!is_delegate(&builder("builder_nodejs_slsa3.yml@refs/heads/main"), &moving));
    assert!(!is_delegate(
        &builder("builder_nodejs_slsa3.yml@refs/tags/v1.6.0"),
        "https://github.com/mallory/x/.github/workflows/delegator_x.yml@refs/tags/v1.6.0"
    ));
}

#[test]
fn npms_first_build_type_names_the_workflow_in_full_and_npm_for_a_builder() {
    let world = World::new();
    let mut good = statement::provenance_v02(&world.build, &World::subject());
    good["predicate"]["buildType"] = json!("https://github.com/npm/cli/gha@v0");
    let workflow = world.build.workflow_uri().replace("https://github.com/", "");
    good["predicate"]["invocation"]["configSource"]["entryPoint"] = json!(workflow);
    for (pointer, value, expected) in [
        ("/predicate/builder/id", json!("https://github.com/npm/cli@9.4.2"), "verified"),
        ("/predicate/builder/id", json!("https://github.com/actions/runner"), "verified"),
        (
            "/predicate/builder/id",
            json!("https://github.com/mallory/cli@9.4.2"),
            "builder-mismatch",
        ),
        (
            "/predicate/invocation/configSource/entryPoint",
            json!(world.build.workflow),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/configSource/entryPoint",
            json!(workflow.replace("acme/", "mallory/")),
            "provenance-disagrees",
        ),
    ] {
        assert_eq!(changed(good.clone(), &world, pointer, value), expected, "{pointer}");
    }
}

#[test]
fn the_generators_builds_are_signed_for_by_its_delegator() {
    let world = World::new();
    let workflows = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows";
    let mut statement = statement::provenance_v02(&world.build, &World::subject());
    statement["predicate"]["buildType"] =
        json!("https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0");
    statement["predicate"]["builder"]["id"] =
        json!(format!("{workflows}/builder_nodejs_slsa3.yml@refs/tags/v1.6.0"));
    for (tag, expected) in [("v1.6.0", "verified"), ("v1.6.1", "builder-mismatch")] {
        let mut leaf = world.leaf();
        leaf.san = format!("{workflows}/delegator_generic_slsa3.yml@refs/tags/{tag}");
        assert_eq!(world.provenance_code(V02, world.signed(&statement, &leaf)), expected);
    }
}
