//! Who built a package, and where it is from.

use serde_json::{Value, json};
use testkit::{registry::Registry, sigstore::Build};

use crate::{
    Two, build, package,
    world::{Package, World},
};

/// What changes of `a` from 1.0.0 to 1.0.1, where both have all evidence.
fn upgraded(build_of_new: Build) -> Value {
    let world = World::new();
    let old = package(&world, "a", "1.0.0", &build());
    let new = package(&world, "a", "1.0.1", &build_of_new);
    let two = Two::of(world, &[old], &[new]);
    let found = two.json();
    assert_eq!(found["changed"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found["changed"][0]["change"], "updated");
    two.diff("").done();
    found
}

/// What is different of who built it.
fn identity(change: impl FnOnce(&mut Build)) -> Value {
    let mut build = build();
    change(&mut build);
    let found = upgraded(build);
    let identity = &found["changed"][0]["identity"];
    let number = usize::from(identity != &json!([]));
    assert_eq!(found["summary"]["identityChanged"], number, "{found:#}");
    identity.clone()
}

#[test]
fn an_honest_upgrade_changes_no_identity() {
    let found = identity(|build| {
        build.ref_ = "refs/tags/v1.0.1".into();
        build.commit = "56e7056ff9912ebfee5298d94024895a9fea76c0".into();
        build.event = "release".into();
        build.run_id = "1".into();
    });
    assert_eq!(found, json!([]));
}

#[test]
fn a_renamed_repository_changes_no_identity() {
    assert_eq!(identity(|build| build.repository = "acme-inc/widgets".into()), json!([]));
}

#[test]
fn another_repository_is_told() {
    let found = identity(|build| {
        build.repository = "evil/a".into();
        build.repository_id = "1".into();
        build.owner_id = "2".into();
    });
    let what: Vec<_> = found.as_array().unwrap().iter().map(|it| it["what"].clone()).collect();
    assert_eq!(what, ["repository-id", "repository", "owner-id", "workflow", "workflow-file"]);
    assert_eq!(found[1]["from"], "https://github.com/acme/a");
    assert_eq!(found[1]["to"], "https://github.com/evil/a");
}

#[test]
fn a_repository_under_a_name_that_was_registered_again_is_told() {
    let found = identity(|build| build.repository_id = "1".into());
    assert_eq!(found, json!([{"what": "repository-id", "from": "495574555", "to": "1"}]));
}

#[test]
fn another_owner_is_told() {
    let found = identity(|build| build.owner_id = "1".into());
    assert_eq!(found, json!([{"what": "owner-id", "from": "71096353", "to": "1"}]));
}

#[test]
fn another_workflow_is_told() {
    let found = identity(|build| build.workflow = ".github/workflows/other.yml".into());
    let workflow = "https://github.com/acme/a/.github/workflows";
    for (at, what) in ["workflow", "workflow-file"].into_iter().enumerate() {
        let (from, to) = (format!("{workflow}/release.yml"), format!("{workflow}/other.yml"));
        assert_eq!(found[at], json!({"what": what, "from": from, "to": to}));
    }
}

#[test]
fn another_issuer_is_told() {
    let found = upgraded(Build::gitlab("acme/a"));
    let identity = found["changed"][0]["identity"].as_array().unwrap();
    assert_eq!(identity[0]["what"], "issuer");
    assert_eq!(identity[0]["to"], "https://gitlab.com");
}

/// Dependency confusion: a private name that now comes from the public registry.
#[test]
fn another_registry_is_told() {
    let world = World::new();
    let package = Package::new("@acme/a", "1.0.0");
    let two = Two::of(world, std::slice::from_ref(&package), std::slice::from_ref(&package));
    let world = &two.world;
    let private = package.on(Registry::new()).start();
    world.lock([&package]);
    world.write(".npmrc", format!("@acme:registry={}\n", private.url()));
    world.fetch("").done();
    std::fs::rename(world.path("app.sealift"), world.path("old.sealift")).unwrap();

    let found = two.json();
    let (from, to) = (private.url(), "https://registry.npmjs.org");
    let identity = json!([{"what": "registry", "from": from, "to": to}]);
    assert_eq!(found["changed"][0]["identity"], identity, "{found:#}");
    assert_eq!(found["changed"][0]["change"], "kept");
    let shown = two.diff("-q").done().stdout;
    assert_eq!(shown, "the same versions; 1 from another registry\n");
}
