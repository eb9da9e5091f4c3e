//! `sealift policy lock`.

use serde_json::json;

use crate::{
    built, policy, text, with_archive,
    world::{Package, Run, TRUST, World},
};

fn lock(world: &World, more: &str) -> Run {
    let lock = "lock app.sealift -o identities.toml --key release.key.pub";
    policy(world, &format!("{lock} {TRUST} {more}"))
}

fn refetch(world: &World, package: &Package) {
    std::fs::remove_file(world.path("app.sealift")).unwrap();
    world.fetched([package]).done();
}

#[test]
fn lock_writes_who_built_each_package_and_the_policy_holds_later_ones_to_it() {
    let world = with_archive(|world| built(world, "1.0.0", |_| {}));
    world.write(
        "sealift.toml",
        "[[rule]]\n[identities]\nfile = \"identities.toml\"\nunknown = \"deny\"\n",
    );
    // The policy may name the file before it is there.
    let run = lock(&world, "--policy sealift.toml").done();
    assert_eq!(run.stdout, "locked: 1 release line, 1 with a known builder\n");
    let first = text(&world, "identities.toml");
    for line in [
        "package = \"npm:widgets\"",
        "line = \"1\"",
        "repository = \"https://github.com/acme/widgets\"",
        "repository-id = 495574555",
        "owner-id = 71096353",
        "workflow = \"https://github.com/acme/widgets/.github/workflows/release.yml\"",
    ] {
        assert!(first.lines().any(|found| found == line), "{line} is not in\n{first}");
    }
    let verify = "--policy sealift.toml";
    world.verify(verify).done();

    // Another version of the same builder is good, and the update names it.
    refetch(&world, &built(&world, "1.1.0", |build| build.ref_ = "refs/tags/v1.1.0".into()));
    world.verify(verify).done();
    let run = lock(&world, "--policy sealift.toml --update").done();
    assert_eq!(
        run.stdout,
        "updated: 1 of 1 release line, 1 with a known builder\n\n  \
         npm:widgets, release line 1\n    versions added: 1.1.0\n"
    );

    // Another repository is refused, and the update shows what it takes over.
    refetch(&world, &built(&world, "1.2.0", |build| build.repository_id = "666".into()));
    let report = world.verify("--policy sealift.toml --format json").refused().json();
    assert_eq!(report["packages"][0]["denied"][0]["code"], "identity-changed");
    let run = lock(&world, "--policy sealift.toml --update --format json").done().json();
    assert_eq!((&run["schema"], &run["updated"]), (&json!("sealift-lock/1"), &json!(true)));
    let builder = json!({"what": "repository-id", "before": "495574555", "now": "666"});
    assert_eq!(run["changes"][0]["builders"], json!([builder]));
    assert_eq!(run["changes"][0]["versionsAdded"], json!(["1.2.0"]));
    assert_eq!(run["changes"][0]["versionsRemoved"], json!(["1.0.0", "1.1.0"]));
    world.verify(verify).done();

    // So is lost evidence.
    refetch(&world, &Package::new("widgets", "1.3.0").signed(&world.sigstore));
    world.verify(verify).refused();
    let run = lock(&world, "--policy sealift.toml --update").done();
    let lost = "claims lost: publish-attestation, provenance";
    assert!(run.stdout.contains(lost), "{run}");
    world.verify(verify).done();
    // Who built it before is still known.
    refetch(&world, &built(&world, "1.4.0", |build| build.repository_id = "667".into()));
    world.verify(verify).refused();

    // The same again changes nothing, to the byte.
    lock(&world, "--policy sealift.toml --update").done();
    let before = text(&world, "identities.toml");
    let run = lock(&world, "--require integrity --update").done();
    assert!(run.stdout.starts_with("unchanged: 1 release line, "), "{run}");
    assert_eq!(text(&world, "identities.toml"), before);
    std::fs::remove_file(world.path("identities.toml")).unwrap();
    lock(&world, "--require integrity").done();
    let fresh = text(&world, "identities.toml");
    std::fs::remove_file(world.path("identities.toml")).unwrap();
    lock(&world, "--require integrity").done();
    assert_eq!(text(&world, "identities.toml"), fresh);
}

#[test]
fn lock_refuses_what_the_policy_refuses_and_writes_nothing() {
    let world = with_archive(|_| Package::new("widgets", "1.0.0"));
    let before = world.files();
    let run = lock(&world, "--require provenance").refused();
    assert!(run.stdout.starts_with("refused: "), "{run}");
    run.says("no identities were written");
    lock(&world, "").failed().says("nothing says what is demanded");
    lock(&world, "--require integrity --update").failed().says("without it, a new one is written");
    assert_eq!(world.files(), before);

    // A file that is there stays.
    world.write("identities.toml", "mine");
    lock(&world, "--require integrity").failed().says("--update shows what changes");
    lock(&world, "--require integrity --update").failed().says("line 1, column 5");
    assert_eq!(text(&world, "identities.toml"), "mine");
    // So does an input, for it is not a file of identities.
    let archive = world.read("app.sealift");
    let own = format!("lock app.sealift -o app.sealift --key release.key.pub {TRUST}");
    policy(&world, &format!("{own} --require integrity --update")).failed();
    assert_eq!(world.read("app.sealift"), archive);
}

#[cfg(unix)]
#[test]
fn lock_never_writes_through_a_link() {
    let world = with_archive(|_| Package::new("widgets", "1.0.0"));
    lock(&world, "--require integrity").done();
    let elsewhere = text(&world, "identities.toml");
    std::fs::rename(world.path("identities.toml"), world.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", world.path("identities.toml")).unwrap();
    for more in ["", "--update"] {
        lock(&world, &format!("--require integrity {more}")).failed().says("symbolic link");
    }
    assert_eq!(text(&world, "elsewhere"), elsewhere);
}

#[test]
fn lock_update_refuses_other_bytes_of_a_known_version() {
    let world = with_archive(|world| built(world, "1.0.0", |_| {}));
    lock(&world, "--require integrity").done();
    let known = text(&world, "identities.toml");
    let (head, digest) = known.split_once("sha512 = \"").unwrap();
    let other = if digest.starts_with('0') { "1" } else { "0" };
    let other = format!("{head}sha512 = \"{other}{}", &digest[1..]);
    world.write("identities.toml", &other);
    world.write(
        "sealift.toml",
        "[[rule]]\n[identities]\nfile = \"identities.toml\"\nunknown = \"deny\"\n",
    );
    // Where the policy names the file, the report says it.
    let run = lock(&world, "--policy sealift.toml --update --format json").refused().json();
    assert_eq!(run["packages"][0]["denied"][0]["code"], "bytes-changed");
    let run = lock(&world, "--require integrity --update --format json").refused().json();
    assert_eq!(run["code"], "bytes-changed");
    lock(&world, "--require integrity --update").refused().says("widgets@1.0.0");
    assert_eq!(text(&world, "identities.toml"), other);
}

/// An update of one file is not a reason to pass over what another file has.
#[test]
fn lock_update_is_held_to_the_identities_of_other_files() {
    let world = with_archive(|world| built(world, "1.0.0", |_| {}));
    lock(&world, "--require integrity").done();
    world.write("shared.toml", world.read("identities.toml"));
    world.write(
        "sealift.toml",
        "[[rule]]\n[identities]\nfile = \"shared.toml\"\nunknown = \"deny\"\n",
    );
    refetch(&world, &built(&world, "1.1.0", |build| build.repository_id = "666".into()));
    let before = text(&world, "identities.toml");
    let run = lock(&world, "--policy sealift.toml --update --format json").refused().json();
    assert_eq!(run["packages"][0]["denied"][0]["code"], "identity-changed");
    assert_eq!(text(&world, "identities.toml"), before);
}
