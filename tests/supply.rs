//! What a person packed for a git dependency: carried, named, and denied until a policy excepts it.
#![cfg(feature = "network")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may panic

mod world;

use sealift::core::{
    archive::entry_name::package_folder,
    package::{Origin, PackageId, Purl},
};
use serde_json::{Value, json};
use testkit::tarball::Tarball;
use world::{Package, Parts, Run, World, key};

const TOOL: &str =
    "git+ssh://git@git.example/acme/tool.git#0123456789abcdef0123456789abcdef01234567";
const PURL: &str = "pkg:npm/tool@1.0.0?vcs_url=git%2Bssh://git%40git.example/acme/tool.git\
                    %230123456789abcdef0123456789abcdef01234567";
/// Seconds since 1970 of the time at which archives are sealed.
const EPOCH: &str = "1769904000";

fn tool() -> Package {
    let tarball = Tarball::of("a person", "tool", "1.0.0").gzip();
    Package { tarball, ..Package::new("tool", "1.0.0") }
}

fn entry() -> (String, Value) {
    ("node_modules/tool".into(), json!({"version": "1.0.0", "resolved": TOOL}))
}

/// A project with a package of the registry and a git dependency, and what was packed for it.
fn project() -> (World, Package) {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.lock_entries([package.locked(), entry()]);
    world.write("tool.tgz", tool().tarball);
    (world, package)
}

/// Fetches with a registry that answers.
fn fetch(world: &World, package: &Package, more: &str) -> Run {
    let _registry = world.serve([package]);
    world.fetch(more)
}

/// Fetches where nothing answers, so that nothing but what is at hand can be found wrong.
fn offline(world: &World, more: &str) -> Run {
    world.write(".npmrc", "registry=http://127.0.0.1:9/\n");
    let run = world.fetch(more).failed();
    assert!(!world.path("app.sealift").exists());
    assert!(!run.stderr.contains("127.0.0.1"), "{run}");
    run
}

#[test]
fn what_was_supplied_is_carried_and_denied() {
    let (world, package) = project();
    let run = fetch(&world, &package, &format!("--supply {TOOL}=tool.tgz")).done();
    let exception = format!(
        "[[exception]]\nentry = \"{TOOL}\"\nsha512 = \"{}\"\ncode = \"foreign\"\nreason = \"\"\n\
         added = 2026-02-01\nexpires = 2026-05-02\n",
        tool().sha512()
    );
    assert!(run.stdout.contains(&exception), "{run}");
    assert!(run.stderr.contains("`bundle verify` denies 1 entry"), "{run}");
    assert!(!run.stderr.contains("no bytes are carried"), "{run}");

    let report = world.report("");
    assert_eq!(report["verdict"], "refused");
    let denied = &report["inputs"][0]["entries"][2];
    assert_eq!(denied["path"], "node_modules/tool");
    assert_eq!((&denied["package"], &denied["denied"]["code"]), (&json!(PURL), &json!("foreign")));
    let supplied = &report["packages"][1];
    assert_eq!((&supplied["purl"], &supplied["sha512"]), (&json!(PURL), &tool().sha512().into()));
    assert_eq!(supplied["claims"]["integrity"]["reason"], "supplied");
    for claim in ["registry-signature", "publish-attestation", "provenance"] {
        assert_eq!(supplied["claims"][claim]["reason"], "no-registry", "{claim}");
    }
    let denials = supplied["denied"].as_array().unwrap();
    assert!(denials.iter().all(|denial| denial["code"] != "unneeded"), "{supplied}");

    let mut parts = world.parts();
    let listed = parts.listed(&tool()).clone();
    assert_eq!((&listed.registry, &listed.record, &listed.attestations), (&None, &None, &None));
    let artifact = listed.artifact.unwrap();
    assert_eq!((artifact.url, artifact.status, artifact.answered_at), (None, None, None));
    assert_eq!(parts.entries[&artifact.entry.unwrap()], tool().tarball);
}

#[test]
fn an_exception_accepts_the_bytes_that_it_names_and_no_others() {
    let (world, package) = project();
    let run = fetch(&world, &package, &format!("--supply {TOOL}=tool.tgz")).done();
    let start = run.stdout.find("[[exception]]").unwrap();
    let pasted = run.stdout[start..].split("\n\n").next().unwrap();
    let pasted = pasted.replace("reason = \"\"", "reason = \"reviewed\"");
    let policy = |exception: &str| {
        world.write(
            "sealift.toml",
            format!("[[rule]]\nclaims = [\"registry-signature\"]\n{exception}\n"),
        );
        world.verify("--policy sealift.toml --lockfile package-lock.json")
    };
    let run = policy(&pasted).done();
    let first = "verified: registry-signature for 1 of 2 packages, 1 of 1 seals, 1 excused\n";
    assert!(run.stdout.starts_with(first), "{run}");
    let other = "0".repeat(128);
    let run = policy(&pasted.replace(&tool().sha512(), &other)).refused();
    assert!(run.stdout.contains("[foreign]"), "{run}");
    // Without bytes the exception is for an entry that the archive carries nothing for.
    let bare: Vec<_> = pasted.lines().filter(|line| !line.starts_with("sha512")).collect();
    policy(&bare.join("\n")).refused();
    fetch(&world, &package, "").done();
    let run = policy(&bare.join("\n")).done();
    assert!(run.stdout.contains("1 not carried"), "{run}");
    policy(&pasted).refused();
}

#[test]
fn without_what_was_packed_fetch_says_how_to_carry_it() {
    let (world, package) = project();
    let run = fetch(&world, &package, "").done();
    let run = run.says(&format!("no bytes are carried for 1 git dependency: {TOOL}"));
    let run = run.says("--supply ADDRESS=FILE.tgz");
    assert!(!run.stderr.contains("[[exception]]"), "{run}");
    assert_eq!(world.report("")["inputs"][0]["entries"][2]["package"], Value::Null);
}

#[test]
fn a_lockfile_of_git_dependencies_alone_needs_what_was_packed() {
    let (world, package) = project();
    world.lock_entries([entry()]);
    let told = "the lockfiles ask for git dependencies only, and none is supplied";
    offline(&world, "").says(told).says("hint:").says("--supply");
    fetch(&world, &package, &format!("--supply {TOOL}=tool.tgz")).done();
    assert_eq!(world.report("")["packages"][0]["purl"], PURL);
}

#[test]
fn what_cannot_be_supplied_is_an_error_before_the_network() {
    let (world, _) = project();
    world.write("text.tgz", "tool");
    for (name, version) in [("other", "1.0.0"), ("tool", "2.0.0")] {
        let tarball = Tarball::of("a person", name, version).gzip();
        world.write(&format!("{name}-{version}.tgz"), tarball);
    }
    let other = "git+ssh://git@git.example/acme/other.git";
    for (supply, says) in [
        (format!("{other}=tool.tgz"), "no git dependency of the lockfiles has the address"),
        (format!("{TOOL}=tool.tgz --supply {TOOL}=tool.tgz"), "is supplied twice"),
        (format!("{TOOL}=missing.tgz"), "cannot read missing.tgz"),
        (format!("{TOOL}=home"), "cannot read home"),
        (format!("{TOOL}=text.tgz"), "text.tgz: the tarball cannot be read"),
        (format!("{TOOL}=other-1.0.0.tgz"), "is other@1.0.0, and the lockfile asks for tool@1.0.0"),
        (format!("{TOOL}=tool-2.0.0.tgz"), "is tool@2.0.0, and the lockfile asks for tool@1.0.0"),
        (TOOL.into(), "not an address, = and a file"),
        (format!("{TOOL}="), "not an address, = and a file"),
    ] {
        offline(&world, &format!("--supply {supply}")).says(says);
    }
}

#[test]
fn an_address_may_have_an_equals_sign() {
    let (world, package) = project();
    let address = "git+ssh://git@git.example/acme/tool=x.git#v1";
    let (path, mut entry) = entry();
    entry["resolved"] = json!(address);
    world.lock_entries([(path, entry)]);
    fetch(&world, &package, &format!("--supply {address}=tool.tgz")).done();
    assert!(world.report("")["packages"][0]["purl"].as_str().unwrap().contains("tool%3Dx.git"));
}

#[test]
fn the_archive_does_not_replace_what_was_supplied() {
    let (world, package) = project();
    world.write("app.sealift", tool().tarball);
    let run = fetch(&world, &package, &format!("--supply {TOOL}=app.sealift")).failed();
    run.says("the archive would replace app.sealift");
    assert_eq!(world.read("app.sealift"), tool().tarball);
}

#[test]
fn archives_of_the_same_tarball_are_the_same() {
    let (world, package) = project();
    let _registry = world.serve([&package]);
    let sealed = |output: &str, at: &str| {
        let fetch = "bundle fetch package-lock.json --key release.key --trusted-root \
                     trusted_root.json --npm-keys keys.json";
        let supply = format!("{TOOL}=tool.tgz");
        let more = ["-o", output, "--at", at, "--supply", &supply];
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        let arguments = fetch.split_whitespace().chain(more);
        Run::of(command.args(arguments).env("SOURCE_DATE_EPOCH", EPOCH)).done();
        world.read(output)
    };
    let first = sealed("first.sealift", world::SEALED);
    assert!(first == sealed("again.sealift", "2026-02-03T00:00:00Z"));
}

/// A supplied package, and what a careless sealer makes of it.
fn resealed(change: impl FnOnce(&mut Parts)) -> Value {
    let (world, package) = project();
    fetch(&world, &package, &format!("--supply {TOOL}=tool.tgz")).done();
    let mut parts = world.parts();
    change(&mut parts);
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    world.report("")
}

#[test]
fn rejects_a_supplied_package_whose_tarball_is_another() {
    let report = resealed(|parts| {
        let entry = parts.listed(&tool()).artifact.clone().unwrap().entry.unwrap();
        let other = Tarball::of("a person", "other", "1.0.0").gzip();
        parts.entries.insert(entry, other);
    });
    let integrity = &report["packages"][1]["claims"]["integrity"];
    assert_eq!(integrity["reason"], "tarball-of-other-package");
}

#[test]
fn rejects_a_supplied_package_that_no_entry_names() {
    for (name, version, address) in [
        ("other", "1.0.0", TOOL),
        ("tool", "2.0.0", TOOL),
        ("tool", "1.0.0", "git+ssh://git@evil.example/acme/tool.git"),
    ] {
        let report = resealed(|parts| {
            let id = PackageId::npm(name, version).unwrap();
            let purl = Purl::new(id, Origin::Supplied(address.into()));
            let listed = parts.listed(&tool());
            listed.purl = purl.to_string();
            let moved = format!("{}/package.tgz", package_folder(&purl));
            let entry = listed.artifact.as_mut().unwrap().entry.as_mut().unwrap();
            let before = std::mem::replace(entry, moved.clone());
            parts.entries.remove(&before);
            let tarball = Tarball::of("a person", name, version).gzip();
            parts.entries.insert(moved, tarball);
        });
        let entry = &report["inputs"][0]["entries"][2];
        assert_eq!(
            (&entry["package"], &entry["denied"]["code"]),
            (&Value::Null, &json!("foreign"))
        );
        let packages = report["packages"].as_array().unwrap();
        let supplied = packages.iter().find(|one| one["registry"].is_null()).unwrap();
        let denials = supplied["denied"].as_array().unwrap();
        assert!(denials.iter().any(|denial| denial["code"] == "unneeded"), "{supplied}");
    }
}

#[test]
fn what_a_supplied_tarball_bundles_is_bundled() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    let inner = |name: &str| {
        let path = format!("node_modules/tool/node_modules/{name}");
        (path, json!({"version": "1.0.0", "inBundle": true}))
    };
    let (path, mut entry) = entry();
    entry["bundleDependencies"] = json!(["held", "missing"]);
    world.lock_entries([package.locked(), (path, entry), inner("held"), inner("missing")]);
    let tarball = Tarball::of("a person", "tool", "1.0.0").bundle("held", "1.0.0", &json!({}));
    world.write("tool.tgz", tarball.gzip());
    fetch(&world, &package, &format!("--supply {TOOL}=tool.tgz")).done();
    let entries = &world.report("")["inputs"][0]["entries"];
    let (held, missing) = (&entries[3], &entries[4]);
    assert_eq!((&held["disposition"], &held["package"]), (&json!("bundled"), &json!(PURL)));
    assert_eq!(held["denied"], Value::Null);
    assert_eq!(
        (&missing["disposition"], &missing["denied"]["code"]),
        (&json!("foreign"), &json!("foreign"))
    );
}
