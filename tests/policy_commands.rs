//! `sealift policy`: what is written is what is read, and a refusal leaves nothing behind.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use sealift::{app::policy_init::TEMPLATE, core::policy::PolicyFile};
use serde_json::{Value, json};
use testkit::{registry::Registry, sigstore::Build};
use world::{NOW, Package, Run, TRUST, World};

/// A policy command, with the world's trust where an archive is verified.
fn policy(world: &World, line: &str) -> Run {
    world.sealift(&format!("policy {line} --at {NOW}"))
}

fn lock(world: &World, more: &str) -> Run {
    let lock = "lock app.sealift -o identities.toml --key release.key.pub";
    policy(world, &format!("{lock} {TRUST} {more}"))
}

fn text(world: &World, name: &str) -> String {
    String::from_utf8(world.read(name)).unwrap()
}

/// A package with all evidence, built from a repository.
fn built(world: &World, version: &str, change: impl FnOnce(&mut Build)) -> Package {
    let mut build = Build::github("acme/widgets");
    change(&mut build);
    let package = Package::new("widgets", version).signed(&world.sigstore);
    package.published(&world.sigstore).built(&world.sigstore, &build)
}

/// A world with one archive, in which this package is.
fn with_archive(package: impl FnOnce(&World) -> Package) -> World {
    let world = World::new();
    let package = package(&world);
    world.fetched([&package]).done();
    world
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
    let builder = json!({"what": "the repository's id", "before": "495574555", "now": "666"});
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
    // So does an input, for it is no file of identities.
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

/// An update of one file is no reason to pass over what another file has.
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

/// The template without the marks before its keys.
fn all_keys() -> String {
    let lines = TEMPLATE.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_template_is_a_policy_as_it_is_and_with_every_key() {
    let file = PolicyFile::parse(TEMPLATE.as_bytes()).unwrap();
    assert_eq!((file.rules.len(), file.signers.len()), (1, 0));
    let file = PolicyFile::parse(all_keys().as_bytes()).unwrap();
    assert_eq!((file.rules.len(), file.signers.len(), file.exceptions.len()), (2, 1, 2));
    assert!(file.identities.is_some() && file.archive.lockfile);
    // Each key that a rule can have is in it.
    let keys = serde_json::to_value(&file.rules[1]).unwrap();
    assert_eq!(keys.as_object().unwrap().len(), 17, "{keys:#}");
    assert!(TEMPLATE.lines().all(|line| line.len() <= 80 || !line.starts_with("# ")));
}

#[test]
fn init_writes_the_template_and_overwrites_nothing() {
    let world = with_archive(|world| built(world, "1.0.0", |_| {}));
    assert_eq!(policy(&world, "init").done().stdout, TEMPLATE);
    let json = policy(&world, "init --format json").done().json();
    assert_eq!(
        (&json["schema"], &json["policy"]),
        (&json!("sealift-policy-init/1"), &json!(TEMPLATE))
    );
    policy(&world, "init -o sealift.toml").done();
    assert_eq!(text(&world, "sealift.toml"), TEMPLATE);
    policy(&world, "init -o sealift.toml").failed().says("never overwritten");
    world.verify("--policy sealift.toml").done();
    policy(&world, "check sealift.toml").done();
}

/// Packages of all kinds: public ones of two owners, unsigned ones, a private scope, a tarball.
struct Mixed {
    world: World,
    /// Two versions of one name: one has provenance, one is older.
    packages: Vec<Package>,
    private: Package,
}

impl Mixed {
    fn new() -> Self {
        let world = World::new();
        let sigstore = &world.sigstore;
        let signed = |name: &str, version: &str| Package::new(name, version).signed(sigstore);
        let build = |repository: &str, owner: &str| Build {
            owner_id: owner.into(),
            ..Build::github(repository)
        };
        let packages = vec![
            signed("a", "1.0.0").built(sigstore, &build("acme/a", "1")),
            signed("b", "1.0.0").built(sigstore, &build("acme/b", "1")),
            signed("c", "2.0.0").built(sigstore, &build("other/c", "2")),
            signed("c", "1.0.0"),
            Package::new("old", "0.0.1"),
        ];
        let private = Package::new("@corp/tool", "1.0.0");
        Self { world, packages, private }
    }

    fn fetch(&self) {
        let _ = std::fs::remove_file(self.world.path("app.sealift"));
        let own = self.private.on(Registry::new()).start();
        let public = self.packages.iter().fold(Registry::new(), |all, one| one.on(all)).start();
        let npmrc = format!("registry={}\n@corp:registry={}/\n", public.url(), own.url());
        self.world.write(".npmrc", npmrc);
        let mut entries = vec![];
        for package in self.packages.iter().chain([&self.private]) {
            let path = format!("node_modules/{}", package.name);
            let taken = entries.iter().any(|(other, _)| *other == path);
            let path = if taken { format!("node_modules/a/{path}") } else { path };
            let (path, mut entry) = package.locked_at(&path);
            let text = entry["resolved"].as_str().unwrap().to_owned();
            if package.name.starts_with("@corp") {
                entry["resolved"] = json!(text.replace(world::REGISTRY, &own.url()));
            }
            entries.push((path, entry));
        }
        self.world.lock_entries(entries);
        self.world.fetch("").done();
    }
}

fn init_from(world: &World, more: &str) -> Run {
    let init = "init --from app.sealift --key release.key.pub -o policies/sealift.toml";
    policy(world, &format!("{init} {TRUST} {more}"))
}

#[test]
fn init_from_writes_rules_that_the_archive_meets_and_others_do_not() {
    let mut mixed = Mixed::new();
    mixed.fetch();
    std::fs::create_dir(mixed.world.path("policies")).unwrap();
    init_from(&mixed.world, "").done();
    let written = text(&mixed.world, "policies/sealift.toml");
    let port = |line: &str| match line.split_once("http://127.0.0.1:") {
        Some((before, _)) => format!("{before}REGISTRY\"]"),
        None => line.to_owned(),
    };
    let rules = written.lines().skip_while(|line| !line.starts_with("# All packages")).map(port);
    assert_eq!(rules.collect::<Vec<_>>().join("\n"), RULES, "{written}");
    // The signer is the key that was given, so that no --key is needed.
    let verify = |more: &str| {
        let verify = "bundle verify app.sealift --policy policies/sealift.toml";
        mixed.world.sealift(&format!("{verify} {TRUST} --at {NOW} {more}"))
    };
    verify("").done();
    let checked = "check policies/sealift.toml app.sealift --format json";
    let checked = policy(&mixed.world, &format!("{checked} {TRUST}")).done().json();
    assert_eq!(checked["archive"]["good"], 6, "{checked:#}");
    let used: Vec<_> =
        checked["rules"].as_array().unwrap().iter().map(|one| &one["packages"]).collect();
    assert_eq!(used, [&json!(6), &json!(1), &json!(5), &json!(4), &json!(2), &json!(1)]);

    // Another owner's build of the same name is refused, by the rule for the owner.
    let fork = Build { owner_id: "666".into(), ..Build::github("acme/a") };
    let fork = Package::new("a", "1.0.1")
        .signed(&mixed.world.sigstore)
        .built(&mixed.world.sigstore, &fork);
    let honest = std::mem::replace(&mut mixed.packages[0], fork);
    mixed.fetch();
    let policy = text(&mixed.world, "policies/sealift.toml");
    let registry = text(&mixed.world, ".npmrc");
    let registry = registry.split("@corp:registry=").nth(1).unwrap().trim().trim_end_matches('/');
    // The private registry has another port now.
    let old = policy.split("registry = [\"http").nth(1).unwrap().split('"').next().unwrap();
    mixed.world.write("policies/sealift.toml", policy.replace(&format!("http{old}"), registry));
    let report = mixed.world.sealift(&format!(
        "bundle verify app.sealift --policy policies/sealift.toml {TRUST} --at {NOW} --format json"
    ));
    let report = report.refused().json();
    let denied: Vec<_> = report["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["verdict"] == "refused")
        .map(|package| (&package["purl"], &package["denied"][0]["code"]))
        .collect();
    assert_eq!(denied, [(&json!("pkg:npm/a@1.0.1"), &json!("unexpected-owner-id"))]);
    assert_eq!(honest.version, "1.0.0");
}

const RULES: &str = r#"# All packages have these claims.
[[rule]]
claims = ["integrity"]

# These are from here, and from nowhere else.
[[rule]]
packages = ["npm:@corp/*"]
registry = ["REGISTRY"]

# All others are from the public registry.
[[rule]]
except = ["npm:@corp/*"]
registry = ["public"]

# The registry has signed all of them but the last ones here.
[[rule]]
except = ["npm:@corp/*", "npm:old@0.0.1"]
claims = ["registry-signature"]

# These were built by this owner.
[[rule]]
packages = ["npm:a", "npm:b"]
claims = ["provenance"]
owner = ["https://github.com/acme"]
owner-id = [1]

# These were built by this owner.
[[rule]]
packages = ["npm:c@2.0.0"]
claims = ["provenance"]
owner = ["https://github.com/other"]
owner-id = [2]"#;

#[test]
fn init_from_refuses_what_does_not_verify_and_writes_nothing() {
    let world = with_archive(|_| Package::new("widgets", "1.0.0"));
    let before = world.files();
    let init = format!("init --from app.sealift -o sealift.toml {TRUST}");
    policy(&world, &format!("{init} --key second.key.pub")).refused();
    policy(&world, &init).failed().says("no public key says whose seal counts");
    let early = format!("policy {init} --key release.key.pub --at 2026-01-15T00:00:00Z");
    world.sealift(&early).failed();
    world.write("bad.toml", "[archive]\nmax-age = \"1d\"\n");
    let run = policy(&world, &format!("{init} --key release.key.pub --policy bad.toml")).refused();
    assert!(run.stdout.starts_with("refused: "), "{run}");
    run.says("no policy was written");
    std::fs::remove_file(world.path("bad.toml")).unwrap();
    assert_eq!(world.files(), before);
    let run = policy(&world, "init --key release.key.pub");
    run.failed().says("--from");
}

#[test]
fn check_says_where_a_policy_is_wrong() {
    let world = World::new();
    for (file, text, said) in [
        (
            "key.toml",
            "[[rule]]\nclaim = [\"integrity\"]\n",
            "line 2, column 1: \"claim\" is not a key here: did you mean \"claims\"?",
        ),
        (
            "value.toml",
            "[[rule]]\nclaims = [\"provenence\"]\n",
            "line 2, column 10: \"provenence\" is not a claim: did you mean \"provenance\"?",
        ),
        ("list.toml", "[[rule]]\nclaims = \"integrity\"\n", "line 2, column 10: "),
        ("twice.toml", "[archive]\n[archive]\n", "line 2, column "),
        (
            "day.toml",
            "[[signer]]\nname = \"a\"\nkeys = [\"release.key.pub\"]\nuntil = 2026-02-30\n",
            "line 4, column ",
        ),
    ] {
        world.write(file, text);
        let run = policy(&world, &format!("check {file}")).failed();
        assert_eq!(run.stdout, "");
        run.says(&format!("{file}: {said}"));
        let json = policy(&world, &format!("check {file} --format json")).failed().json();
        assert_eq!(json["code"], "policy", "{json:#}");
    }
    policy(&world, "check nowhere.toml").failed().says("nowhere.toml");
}

const CHECKED: &str = r#"
[[signer]]
name = "release"
keys = ["release.key.pub"]
[[signer]]
name = "second"
keys = ["second.key.pub"]
until = 2026-01-31
[[rule]]
packages = ["npm:widgets"]
claims = ["registry-signature"]
owner = ["https://git.test/*"]
[[rule]]
packages = ["npm:nothing", "npm:@nobody/*"]
deny = ["sha1"]
[[exception]]
packages = ["npm:widgets@1.0.0"]
code = "missing-registry-signature"
reason = "old"
added = 2026-02-01
expires = 2026-03-15
[[exception]]
packages = ["npm:other@1.0.0"]
code = "missing-provenance"
reason = "old"
added = 2026-02-01
expires = 2026-12-01
[[exception]]
entry = "git+ssh://git.test/a.git"
code = "foreign"
reason = "old"
added = 2026-02-01
expires = 2026-02-02
[[exception]]
packages = ["npm:widgets@1.0.0"]
code = "sha1"
reason = "soon"
added = 2026-04-01
expires = 2026-05-01
"#;

#[test]
fn check_says_what_a_policy_has_and_what_it_does() {
    let world = World::new();
    let packages = [Package::new("widgets", "1.0.0"), Package::new("stray", "1.0.0")];
    world.fetched(&packages).done();
    world.write("sealift.toml", CHECKED);
    let alone = policy(&world, "check sealift.toml").done();
    let tried = policy(&world, &format!("check sealift.toml app.sealift {TRUST}")).refused();
    assert_eq!((&*alone.stderr, &*tried.stderr), ("", ""));
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
    }, {
        insta::assert_snapshot!("policy-check", format!("{alone}\n\n{tried}"));
    });
    let json = policy(&world, &format!("check sealift.toml app.sealift {TRUST} --format json"));
    let json = json.refused().json();
    assert_eq!(json["schema"], "sealift-policy-check/1");
    let states: Vec<_> =
        json["exceptions"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["ends-soon", "holds", "expired", "not-yet"]);
    let used: Vec<&Value> =
        json["exceptions"].as_array().unwrap().iter().map(|one| &one["used"]).collect();
    assert_eq!(used, [&json!(1), &json!(0), &json!(0), &json!(0)]);
    assert_eq!(json["archive"]["verdict"], "refused");
    assert_eq!(json["archive"]["unselected"], json!(["pkg:npm/stray@1.0.0"]));
    let quiet = policy(&world, "check sealift.toml -q").done();
    assert_eq!(quiet.stdout, "valid: 2 signers, 2 rules, 4 exceptions\n");
}
