//! Policies, by the real binary: whom a build expects, what it excuses, and what it is told.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use serde_json::Value;
use testkit::sigstore::{
    Build, Claims, Leaf, Options, Signer,
    statement::{self, PROVENANCE_V02},
};
use world::{NOW, Package, Run, TRUST, World, key, published};

/// Whose seal counts, and a rule for a repository.
const POLICY: &str = r#"
[[signer]]
name = "release"
keys = ["keys/release.pub"]

[[rule]]
packages = ["npm:@acme/*"]
registry = ["public"]
repository = ["https://github.com/acme/widget"]
repository-id = [495574555]
owner-id = [71096353]
workflow = ["https://github.com/acme/widget/.github/workflows/release.yml"]
"#;

fn widget(world: &World, build: &Build) -> Package {
    Package::new("@acme/widget", "1.0.0")
        .signed(&world.sigstore)
        .published(&world.sigstore)
        .built(&world.sigstore, build)
}

/// A world with an archive of one package.
fn sealed(package: impl Fn(&World) -> Package) -> World {
    let world = World::new();
    world.fetched([&package(&world)]).done();
    world.write("policy/keys/release.pub", world.read("release.key.pub"));
    world.write("policy/keys/second.pub", world.read("second.key.pub"));
    world
}

fn built(build: &Build) -> World {
    sealed(|world| widget(world, build))
}

/// Verifies by a policy alone.
fn verify(world: &World, policy: &str, more: &str) -> Run {
    world.write("policy/sealift.toml", policy);
    let verify = "bundle verify app.sealift --policy policy/sealift.toml";
    world.sealift(&format!("{verify} {TRUST} --at {NOW} {more}"))
}

/// The codes of what is denied of the one package.
#[track_caller]
fn denied(world: &World, policy: &str) -> Vec<String> {
    let report = verify(world, policy, "--format json").json();
    codes(&report["packages"][0]["denied"])
}

fn codes(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_policy_alone_says_whose_seal_counts_and_who_builds() {
    let world = built(&Build::github("acme/widget"));
    let run = verify(&world, POLICY, "").done();
    assert!(
        run.stdout.starts_with("verified: the policy holds for 1 of 1 package, 1 of 1 seals"),
        "{run}"
    );
    assert!(run.stdout.contains("signed by release, SHA256:"), "{run}");
    let report = verify(&world, POLICY, "--format json").done().json();
    assert_eq!(report["policy"]["signers"][0]["name"], "release");
    assert_eq!(report["policy"]["rules"][0]["owner-id"][0], 71_096_353);
    assert_eq!(report["packages"][0]["rules"], serde_json::json!([1]));
    assert_eq!(report["ruleUses"], serde_json::json!([{"number": 1, "packages": 1}]));
    assert_eq!(report["policy"]["files"][0]["file"], "policy/sealift.toml");
}

#[test]
fn the_digest_of_a_policy_can_be_computed_from_the_report() {
    use sha2::{Digest as _, Sha256};
    let world = built(&Build::github("acme/widget"));
    let report = verify(&world, POLICY, "--format json").done().json();
    let mut policy = report["policy"].clone();
    let digest = policy["digest"]["sha256"].take();
    for field in ["digest", "files"] {
        policy.as_object_mut().unwrap().shift_remove(field);
    }
    assert_eq!(digest, hex::encode(Sha256::digest(policy.to_string())));
    let other = verify(&world, &POLICY.replace("495574555", "495574556"), "--format json").json();
    assert_ne!(other["policy"]["digest"]["sha256"], digest);
}

#[test]
fn valid_provenance_of_somebody_else_is_denied() {
    let build = |change: fn(&mut Build)| {
        let mut build = Build::github("acme/widget");
        change(&mut build);
        built(&build)
    };
    for (world, expected) in [
        (
            built(&Build::github("mallory/widget")),
            vec!["unexpected-repository", "unexpected-workflow"],
        ),
        (build(|build| build.repository_id = "1".into()), vec!["unexpected-repository-id"]),
        (build(|build| build.owner_id = "1".into()), vec!["unexpected-owner-id"]),
        (
            build(|build| build.workflow = ".github/workflows/evil.yml".into()),
            vec!["unexpected-workflow"],
        ),
        (
            built(&Build::gitlab("acme/widget")),
            vec!["unexpected-repository", "unexpected-workflow"],
        ),
    ] {
        assert_eq!(denied(&world, POLICY), expected);
        let run = verify(&world, POLICY, "").refused();
        assert!(!run.stdout.contains("[[exception]]"), "nothing excuses that: {run}");
    }
    let gitlab = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n[[rule]]\n\
                  issuer = [\"https://gitlab.com\"]\nowner = [\"https://gitlab.com/acme\"]\n";
    verify(&built(&Build::gitlab("acme/widget")), gitlab, "").done();
}

#[test]
fn certificates_of_2023_are_judged_by_names() {
    let legacy = |repository: &str| {
        let build = Build::github(repository);
        sealed(move |world| {
            let package = Package::new("@acme/widget", "1.0.0").signed(&world.sigstore);
            let leaf = Leaf { claims: Claims::legacy(&build), ..Leaf::of(&build, published()) };
            let signer = world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct);
            let statement = statement::provenance_v02(&build, &package.subject());
            let (signer, options) = (Signer::Certificate(signer), Options::v01());
            let signed = world.sigstore.attest(&statement, &signer, published(), &options);
            package.attested(PROVENANCE_V02, signed)
        })
    };
    verify(&legacy("acme/widget"), POLICY, "").done();
    assert_eq!(denied(&legacy("mallory/widget"), POLICY)[0], "unexpected-repository");
}

#[test]
fn a_constraint_is_not_met_across_two_statements() {
    let world = built(&Build::github("acme/widget"));
    let own = widget(&world, &Build::github("acme/widget"));
    let both = own.clone().built(&world.sigstore, &Build::github("mallory/widget"));
    let mut parts = world.parts();
    *parts.of_package(&own, "attestations.json") = both.response();
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    // Statements that contradict each other are refused before any rule is asked.
    assert_eq!(denied(&world, POLICY), ["refused"]);
    let report = verify(&world, POLICY, "--format json").refused().json();
    let provenance = &report["packages"][0]["claims"]["provenance"];
    assert_eq!(provenance["reason"], "contradicting-attestations");
}

#[test]
fn a_package_that_no_rule_selects_is_denied_and_named() {
    let world = built(&Build::github("acme/widget"));
    let policy = POLICY.replace("npm:@acme/*", "npm:*");
    assert_eq!(denied(&world, &policy), ["no-rule"]);
    let run = verify(&world, &policy, "").refused();
    assert!(run.stdout.contains("@acme/widget@1.0.0") && run.stdout.contains("no-rule"), "{run}");
    assert!(run.stdout.contains("rule 1 select"), "a rule that selects nothing is said: {run}");
}

#[test]
fn signers_are_names_and_two_keys_of_one_person_are_one() {
    let world = built(&Build::github("acme/widget"));
    let signer = |name: &str, key: &str, more: &str| {
        format!("[[signer]]\nname = \"{name}\"\nkeys = [{key}]\n{more}\n")
    };
    let rest = |threshold| format!("[archive]\nthreshold = {threshold}\n[[rule]]\n");
    let (first, second) = ("\"keys/release.pub\"", "\"keys/second.pub\"");
    let both = format!("{first}, {second}");
    let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub";
    world.sealift(&format!("{sign} {TRUST} --at {NOW} --require integrity")).done();

    let two = signer("a", first, "") + &signer("b", second, "") + &rest(2);
    verify(&world, &two, "").done();
    let one = signer("a", &both, "") + &rest(2);
    verify(&world, &one, "").failed().says("2 signers must have sealed, but 1 can");
    let rotated = signer("a", first, "until = 2026-02-28") + &signer("a", second, "") + &rest(1);
    let run = verify(&world, &rotated, "").done();
    assert!(run.stdout.contains("1 of 1 seals"), "{run}");
    let ended = signer("a", first, "until = 2026-02-28") + &rest(1);
    verify(&world, &ended, "").failed().says("the keys of all signers have ended: a");
    let same = signer("a", first, "") + &signer("b", first, "") + &rest(1);
    verify(&world, &same, "").failed().says("a and b have the same key");
    let code = verify(&world, &same, "--format json").json()["code"].clone();
    assert_eq!(code, "policy-same-key");
    let today = signer("a", first, "until = 2026-03-01") + &rest(1);
    verify(&world, &today, "").done();
}

#[test]
fn what_is_denied_comes_with_an_exception_to_paste() {
    let world = sealed(|world| Package::new("left-pad", "1.3.0").signed(&world.sigstore));
    let policy = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n\
                  [[rule]]\nclaims = [\"provenance\"]\n";
    let run = verify(&world, policy, "").refused();
    let start = run.stdout.find("[[exception]]").unwrap();
    let pasted: String = run.stdout[start..]
        .split("\n\n")
        .next()
        .unwrap()
        .replace("reason = \"\"", "reason = \"r\"");
    let excused = format!("{policy}\n{pasted}\n");
    let run = verify(&world, &excused, "").done();
    assert!(
        run.stdout.starts_with("verified: provenance for 0 of 1 package, 1 of 1 seals, 1 excused"),
        "{run}"
    );
    assert!(run.stdout.contains("missing-provenance: 1, until 2026-05-30"), "{run}");
    let report = verify(&world, &excused, "--format json").done().json();
    assert_eq!(report["exceptionUses"][0]["state"], "used");
    assert_eq!(codes(&report["packages"][0]["excused"]), ["missing-provenance"]);
    assert_eq!(report["packages"][0]["excused"][0]["exception"], 1);
    assert_eq!(report["packages"][0]["verdict"], "verified");

    let late = verify(
        &world,
        &excused.replace("2026-05-30", "2026-02-28").replace("2026-03-01", "2026-01-01"),
        "",
    );
    let late = late.refused();
    assert!(late.stdout.contains("1 expired"), "{late}");
}

#[test]
fn options_beside_a_policy_add_a_rule() {
    let world = sealed(|world| Package::new("left-pad", "1.3.0").signed(&world.sigstore));
    let policy = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n[[rule]]\n";
    verify(&world, policy, "").done();
    verify(&world, policy, "--require provenance").refused();
    verify(&world, policy, "--threshold 2").failed();
    verify(&world, policy, "--threshold 2 --key second.key.pub").refused();
    verify(&world, policy, "--key second.key.pub").done();
    verify(&world, policy, "--max-age 1d").refused();
    let without = policy.replace("[[rule]]", "");
    let no_rule = "the policy has no rule, so every package would be denied";
    verify(&world, &without, "").failed().says(no_rule);
    verify(&world, &without, "--require integrity").done();
}

#[test]
fn options_and_other_policies_loosen_nothing() {
    let world = sealed(|world| Package::new("left-pad", "1.3.0").signed(&world.sigstore));
    let signer = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n";
    // An option opens nothing that the policy leaves out.
    let scope = format!("{signer}[[rule]]\npackages = [\"npm:@acme/*\"]\n");
    for more in ["", "--deny sha1", "--require integrity"] {
        let report = verify(&world, &scope, &format!("{more} --format json")).refused().json();
        assert_eq!(codes(&report["packages"][0]["denied"]), ["no-rule"], "{more}");
    }
    // A limit stays one that denies.
    let limit = format!("{signer}[archive]\nmax-age = \"1d\"\n[[rule]]\n");
    world.write("policy/warn.toml", "[archive]\npast-limit = \"warn\"\n");
    for more in ["", "--past-limit warn", "--policy policy/warn.toml"] {
        verify(&world, &limit, more).refused();
    }
    // A key of a signer whose keys have ended does not count again.
    let ended = format!("{}until = 2026-02-28\n[[rule]]\n", signer);
    world.write("policy/again.toml", signer);
    for more in ["", "--key release.key.pub", "--policy policy/again.toml"] {
        verify(&world, &ended, more).failed().says("the keys of all signers have ended");
    }
    // Two keys of one signer stay one, however they are given.
    let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub";
    world.sealift(&format!("{sign} {TRUST} --at {NOW} --require integrity")).done();
    let both = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\", \"keys/second.pub\"]\n\
                [archive]\nthreshold = 2\n[[rule]]\n";
    verify(&world, both, "--key second.key.pub").failed().says("2 signers must have sealed");
    // Pinned files have no known age.
    let age = format!("{signer}[archive]\nmax-trust-age = \"30d\"\n[[rule]]\n");
    verify(&world, &age, "").failed().says("have no known age");
    let identities =
        format!("{signer}[[rule]]\n[identities]\nfile = \"i.toml\"\nunknown = \"warn\"\n");
    world.write("policy/i.toml", "format = 1\n");
    let other = "[identities]\nfile = \"i.toml\"\nunknown = \"warn\"\n";
    world.write("policy/other.toml", other);
    let run = verify(&world, &identities, "--policy policy/other.toml --format json").failed();
    assert_eq!(run.json()["code"], "policy-two-identities");
}

#[test]
fn limits_of_a_policy_hold() {
    let world = sealed(|world| Package::new("left-pad", "1.3.0").signed(&world.sigstore));
    let policy = |archive: &str| {
        format!(
            "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n[archive]\n{archive}\n[[rule]]\n"
        )
    };
    let stale = verify(&world, &policy("max-age = \"27d\"\npast-limit = \"warn\""), "").done();
    assert!(stale.stdout.starts_with("stale: "), "{stale}");
    verify(&world, &policy("max-age = \"27d\""), "").refused();
    verify(&world, &policy("max-age = \"28d\""), "").done();
    let required = policy("lockfile = \"required\"");
    let told = "the policy demands this build's lockfile, and none is given";
    verify(&world, &required, "").failed().says(told).says("name it with --lockfile");
    let told = "the policy limits the age of trust, and files that you pinned have no known age";
    verify(&world, &policy("max-trust-age = \"7d\""), "").failed().says(told);
    verify(&world, &required, "--lockfile package-lock.json").done();
    let young = policy("").replace("[[rule]]\n", "[[rule]]\nminimum-age = \"90d\"\n");
    assert_eq!(denied(&world, &young), ["minimum-age"]);
}

#[test]
fn a_policy_that_cannot_be_used_is_exit_2_with_its_place() {
    let world = built(&Build::github("acme/widget"));
    let run = verify(&world, &POLICY.replace("repository = ", "repo = "), "").failed();
    let run = run.says("policy/sealift.toml: line 9, column 1: \"repo\" is not a key here");
    assert_eq!(run.stdout, "");
    let json =
        verify(&world, &POLICY.replace("\"public\"", "public"), "--format json").failed().json();
    assert_eq!(json["code"], "policy");
    let gone = POLICY.replace("keys/release.pub", "keys/gone.pub");
    verify(&world, &gone, "").failed().says("policy/keys/gone.pub");
    world
        .sealift(&format!("bundle verify app.sealift --policy none.toml {TRUST} --at {NOW}"))
        .failed();
}

#[test]
fn bundle_sign_is_held_to_a_policy() {
    let world = built(&Build::github("mallory/widget"));
    world.write("policy/sealift.toml", POLICY);
    let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub";
    let before = world.read("app.sealift");
    let run = world.sealift(&format!("{sign} --policy policy/sealift.toml {TRUST} --at {NOW}"));
    run.refused().says("the archive was not signed");
    assert_eq!(world.read("app.sealift"), before);
}

#[test]
fn what_changes_between_two_archives_is_caught_by_the_identities() {
    let build = || Build::github("acme/widget");
    let changed = |change: fn(&mut Build)| {
        let mut build = build();
        change(&mut build);
        Some(build)
    };
    for (what, other, code) in [
        ("the same builder", Some(build()), None),
        ("another run", changed(|build| build.commit = "a".repeat(40)), None),
        ("a renamed repository", changed(|build| build.repository = "acme/renamed".into()), None),
        (
            "another repository",
            changed(|build| build.repository_id = "1".into()),
            Some("identity-changed"),
        ),
        ("another owner", changed(|build| build.owner_id = "1".into()), Some("identity-changed")),
        (
            "another workflow",
            changed(|build| build.workflow = ".github/workflows/x.yml".into()),
            Some("identity-changed"),
        ),
        ("another issuer", Some(Build::gitlab("acme/widget")), Some("identity-changed")),
        ("no provenance", None, Some("evidence-lost")),
    ] {
        let world = built(&build());
        let lock = "policy lock app.sealift -o policy/identities.toml --key release.key.pub";
        world.sealift(&format!("{lock} --require integrity {TRUST} --at {NOW}")).done();
        let package = Package::new("@acme/widget", "1.1.0")
            .signed(&world.sigstore)
            .published(&world.sigstore);
        let package = match other {
            Some(build) => package.built(&world.sigstore, &build),
            None => package,
        };
        world.fetched([&package]).done();
        let policy = "[[signer]]\nname = \"r\"\nkeys = [\"keys/release.pub\"]\n[[rule]]\n\
                      [identities]\nfile = \"identities.toml\"\nunknown = \"deny\"\n";
        let expected: Vec<_> = code.into_iter().collect();
        assert_eq!(denied(&world, policy), expected, "{what}");
    }
}
