//! `bundle why`: the whole chain of one package, as one would explain it to an auditor.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use testkit::sigstore::Build;
use world::{NOW, Package, Run, TRUST, World, key};

const POLICY: &str = r#"
[[signer]]
name = "release"
keys = ["release.key.pub"]

[[rule]]
claims = ["registry-signature"]

[[rule]]
packages = ["npm:@acme/*", "npm:moved", "npm:changed"]
owner = ["https://github.com/acme"]
ref = ["refs/heads/main"]

[[rule]]
packages = ["npm:left-pad", "npm:bare"]
claims = ["provenance"]

[[exception]]
packages = ["npm:left-pad@1.3.0"]
code = "missing-provenance"
reason = "published by hand in 2018, reviewed in TICKET-7"
added = 2026-02-01
expires = 2026-06-30
"#;

/// An archive of five packages, of which one was changed by a malicious sealer.
fn sealed() -> World {
    let world = World::new();
    let of = |name: &str, repository: &str| {
        Package::new(name, "1.3.0")
            .signed(&world.sigstore)
            .published(&world.sigstore)
            .built(&world.sigstore, &build(repository))
    };
    let bare = |name: &str| Package::new(name, "1.3.0").signed(&world.sigstore);
    let changed = of("changed", "acme/changed");
    let moved = of("moved", "mallory/moved");
    let packages =
        [of("@acme/widget", "acme/widget"), bare("left-pad"), bare("bare"), changed, moved];
    world.fetched(&packages).done();
    let mut parts = world.parts();
    let other = Package::new("changed", "1.3.1")
        .published(&world.sigstore)
        .built(&world.sigstore, &Build::github("acme/changed"));
    *parts.of_package(&packages[3], "attestations.json") = other.response();
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    world.write("sealift.toml", POLICY);
    world
}

/// A build in a repository; strangers have ids of their own.
fn build(repository: &str) -> Build {
    let mut build = Build::github(repository);
    if repository.starts_with("mallory/") {
        (build.repository_id, build.owner_id) = ("888777666".into(), "5551234".into());
    }
    build
}

fn why(world: &World, package: &str, more: &str) -> Run {
    let why = format!("bundle why app.sealift {package} --policy sealift.toml");
    world.sealift(&format!("{why} {TRUST} --at {NOW} {more}"))
}

/// As it is shown, without what differs in each run.
#[track_caller]
fn shows(name: &str, run: &Run) {
    for line in run.stdout.lines().filter(|line| !line.contains("://") && !line.contains("SHA256:"))
    {
        assert!(line.chars().count() <= 80, "over 80 columns: {line}");
    }
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        filters => vec![
            (r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:PORT"),
            (r"SHA256:[A-Za-z0-9+/]{43}", "SHA256:KEY"),
            (r"received \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "received TIME"),
        ],
    }, { insta::assert_snapshot!(format!("why-{name}"), run.to_string()) });
}

#[test]
fn each_outcome_reads_well() {
    let world = sealed();
    shows("verified", &why(&world, "@acme/widget", "").done());
    shows("absent", &why(&world, "bare", "").refused());
    shows("excused", &why(&world, "left-pad@1.3.0", "").done());
    shows("refused", &why(&world, "changed", "").refused());
    shows("unexpected", &why(&world, "pkg:npm/moved@1.3.0", "").refused());
}

#[test]
fn json_names_the_evidence_and_what_decided() {
    let world = sealed();
    let why = |package: &str| why(&world, package, "--format json").json();
    let widget = why("npm:@acme/widget@1.3.0");
    assert_eq!(widget["schema"], "sealift-why/1");
    let package = &widget["packages"][0];
    assert_eq!(package["verdict"], "verified");
    assert_eq!(package["package"]["rules"], serde_json::json!([1, 2]));
    assert_eq!(package["entries"]["artifact"]["entry"], "npm/@acme/widget/1.3.0/package.tgz");
    assert_eq!(package["neededBy"][0]["path"], "node_modules/@acme/widget");
    assert_eq!(package["neededBy"][0]["lockfile"], "inputs/1/package-lock.json");
    let moved = why("moved");
    assert_eq!(moved["packages"][0]["verdict"], "refused");
    assert_eq!(moved["packages"][0]["package"]["denied"][0]["code"], "unexpected-owner");
}

#[test]
fn a_package_that_is_not_there_is_an_error() {
    let world = sealed();
    let run = why(&world, "left-pat", "").failed().says("the archive has no package \"left-pat\"");
    assert_eq!(run.stdout, "");
    why(&world, "left-pad@1.3.1", "").failed();
    let failure = why(&world, "left-pat", "--format json").failed().json();
    assert_eq!(failure["code"], "no-such-package");
    why(&world, "pkg:npm/left-pad@1.3.1", "").failed();
}
