//! SLSA 0.2: each build type, and what it says in its own way.

use super::*;

/// A branch may have an `@` in its name, and so may a workflow's file.
#[test]
fn a_workflow_ends_where_its_ref_begins() {
    let mut world = World::new();
    world.build.ref_ = "refs/heads/a@b".into();
    world.build.workflow = ".github/workflows/release.yml@x.yml".into();
    let mut good = statement::provenance_v02(&world.build, &World::subject());
    let code =
        |statement: &Value| world.provenance_code(V02, world.signed(statement, &world.leaf()));
    assert_eq!(code(&good), "verified");
    good["predicate"]["invocation"]["configSource"]["entryPoint"] =
        json!(".github/workflows/release.yml");
    assert_eq!(code(&good), "provenance-disagrees");
    let world = World { build: Build::gitlab("acme/widgets"), ..World::new() };
    let mut good = statement::provenance_gitlab(&world.build, &World::subject());
    let mut leaf = world.leaf();
    let config = world.build.workflow_uri();
    let odd = config.replace(&world.build.workflow, &format!("{}@x.yml", world.build.workflow));
    assert_ne!(odd, config);
    leaf.claims.set(18, &odd);
    assert_eq!(world.provenance_code(V02, world.signed(&good, &leaf)), "provenance-disagrees");
    good["predicate"]["invocation"]["parameters"]["CI_CONFIG_PATH"] =
        json!(format!("{}@x.yml", world.build.workflow));
    assert_eq!(world.provenance_code(V02, world.signed(&good, &leaf)), "verified");
}

#[test]
fn the_kind_of_a_ref_is_the_certificates() {
    for (git_ref, kind, expected) in [
        ("refs/heads/v1", "branch", "verified"),
        ("refs/heads/v1", "tag", "provenance-disagrees"),
        ("refs/tags/v1", "tag", "verified"),
        ("refs/tags/v1", "branch", "provenance-disagrees"),
        ("refs/pull/1/merge", "branch", "verified"),
        // Neither, as far as a certificate says.
        ("refs/pull/1/merge", "tag", "verified"),
    ] {
        let mut world = World::new();
        world.build.ref_ = git_ref.into();
        let mut good = statement::provenance_v02(&world.build, &World::subject());
        good["predicate"]["invocation"]["environment"]["GITHUB_REF_TYPE"] = json!(kind);
        let bundle = world.signed(&good, &world.leaf());
        assert_eq!(world.provenance_code(V02, bundle), expected, "{git_ref} {kind}");
    }
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
        (
            "/predicate/invocation/environment/GITHUB_REPOSITORY_ID",
            json!(1),
            "malformed-provenance",
        ),
        ("/predicate/invocation/environment/GITHUB_REPOSITORY_ID", json!(null), "verified"),
        ("/predicate/invocation/environment/GITHUB_RUN_ID", json!("1"), "provenance-disagrees"),
        (
            "/predicate/invocation/environment/GITHUB_RUN_ATTEMPT",
            json!("9"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_WORKFLOW_REF",
            json!("acme/widgets/.github/workflows/evil.yml@refs/heads/main"),
            "provenance-disagrees",
        ),
        (
            "/predicate/invocation/environment/GITHUB_WORKFLOW_SHA",
            json!("00"),
            "provenance-disagrees",
        ),
        ("/predicate/metadata/buildInvocationId", json!("1-1"), "provenance-disagrees"),
        ("/predicate/metadata/buildInvocationId", json!("1"), "provenance-disagrees"),
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
        ("/predicate/buildType", json!("https://github.com/npm/cli/gha/v1"), "unknown-build-type"),
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
        (
            "/predicate/builder/id",
            json!("https://gitlab.com/acme/widgets/-/runners/"),
            "builder-mismatch",
        ),
        (
            "/predicate/builder/id",
            json!("https://gitlab.com/acme/widgets/-/runners/1/by/mallory"),
            "builder-mismatch",
        ),
        ("/predicate/invocation/parameters/CI_PROJECT_ID", json!(1), "malformed-provenance"),
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
        ("CI_PROJECT_PATH", "mallory/widgets"),
        ("CI_SERVER_URL", "https://gitlab.example"),
        ("CI_JOB_ID", "1"),
        ("CI_JOB_URL", "https://gitlab.com/acme/widgets/-/jobs/1"),
        // Said of a branch, by a certificate for a branch of that name.
        ("CI_COMMIT_BRANCH", "other"),
        ("CI_COMMIT_TAG", "main"),
    ] {
        let mut good = good.clone();
        good["predicate"]["invocation"]["parameters"]["CI_COMMIT_BRANCH"] = json!("main");
        good["predicate"]["invocation"]["parameters"]["CI_COMMIT_TAG"] = json!("");
        assert_eq!(world.provenance_code(V02, world.signed(&good, &world.leaf())), "verified");
        let pointer = format!("/predicate/invocation/parameters/{name}");
        let code = changed(good, &world, &pointer, json!(value));
        assert_eq!(code, "provenance-disagrees", "{name}");
    }
    let mut leaf = world.leaf();
    leaf.claims.set(8, "https://gitlab.example");
    let bundle = world.signed(&good, &leaf);
    assert_eq!(world.provenance_code(V02, bundle), "provenance-disagrees");
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

/// npm 9.4.2, and 9.5.0 to 9.6.1.
#[test]
fn npms_first_build_types_name_the_workflow_in_full_and_npm_for_a_builder() {
    let world = World::new();
    let mut good = statement::provenance_v02(&world.build, &World::subject());
    let workflow = world.build.workflow_uri().replace("https://github.com/", "");
    good["predicate"]["invocation"]["configSource"]["entryPoint"] = json!(workflow);
    good["predicate"]["materials"][0]["uri"] =
        json!(format!("git+{}", world.build.repository_uri()));
    // Certificates did not name the kind of runner at first.
    let mut legacy = world.leaf();
    legacy.claims = Written::legacy(&world.build);
    let mut own = world.leaf();
    own.claims.set(11, "self-hosted");
    let (no, unknown) = ("builder-mismatch", "unknown-builder");
    for version in ["gha@v0", "gha@v1"] {
        good["predicate"]["buildType"] = json!(format!("https://github.com/npm/cli/{version}"));
        for (builder, at_first, since, self_hosted) in [
            ("https://github.com/npm/cli@9.5.1", "verified", "verified", no),
            ("https://github.com/npm/cli@", no, no, no),
            ("https://github.com/npm/cli@9.4.2 by mallory", no, no, no),
            ("https://github.com/mallory/cli@9.4.2", unknown, unknown, unknown),
            ("https://github.com/actions/runner", "verified", "verified", no),
        ] {
            good["predicate"]["builder"]["id"] = json!(builder);
            for (leaf, expected) in
                [(&legacy, at_first), (&world.leaf(), since), (&own, self_hosted)]
            {
                let bundle = world.signed(&good, leaf);
                assert_eq!(world.provenance_code(V02, bundle), expected, "{version} {builder}");
            }
        }
        for entry in [world.build.workflow.clone(), workflow.replace("acme/", "mallory/")] {
            let pointer = "/predicate/invocation/configSource/entryPoint";
            let code = changed(good.clone(), &world, pointer, json!(entry));
            assert_eq!(code, "provenance-disagrees", "{version} {entry}");
        }
    }
}

/// As Fulcio wrote them up to July 2023, without a claim of the workflow.
#[test]
fn gitlabs_first_certificates_name_the_pipeline_for_the_run() {
    let world = World { build: Build::gitlab("acme/widgets"), ..World::new() };
    let mut good = statement::provenance_gitlab(&world.build, &World::subject());
    let pipeline = "https://gitlab.com/acme/widgets/-/pipelines/891";
    good["predicate"]["invocation"]["parameters"]["CI_PIPELINE_URL"] = json!(pipeline);
    let mut leaf = world.leaf();
    leaf.san = format!("{}@{}", world.build.repository_uri(), world.build.ref_);
    leaf.claims.set(9, &world.build.invocation_uri());
    leaf.claims.set(21, pipeline);
    for number in [10, 18, 19, 22] {
        leaf.claims.remove(number);
    }
    assert_eq!(world.provenance_code(V02, world.signed(&good, &leaf)), "verified");
    for (pointer, value) in [
        ("/predicate/metadata/buildInvocationId", pipeline),
        ("/predicate/invocation/parameters/CI_JOB_URL", pipeline),
        ("/predicate/invocation/parameters/CI_JOB_ID", "891"),
        (
            "/predicate/invocation/parameters/CI_PIPELINE_URL",
            "https://gitlab.com/acme/widgets/-/pipelines/892",
        ),
    ] {
        let mut other = good.clone();
        *other.pointer_mut(pointer).unwrap() = json!(value);
        let code = world.provenance_code(V02, world.signed(&other, &leaf));
        assert_eq!(code, "provenance-disagrees", "{pointer}");
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
    // Nobody else's builder is one of the generator's.
    for builder in [world.build.workflow_uri(), "https://github.com/actions/runner".into()] {
        statement["predicate"]["builder"]["id"] = json!(builder);
        let bundle = world.signed(&statement, &world.leaf());
        assert_eq!(world.provenance_code(V02, bundle), "builder-mismatch", "{builder}");
    }
}
