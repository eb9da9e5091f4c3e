//! `sealift policy init`.

use sealift::{app::policy_init::TEMPLATE, core::policy::PolicyFile};
use serde_json::json;
use testkit::{registry::Registry, sigstore::Build};

use crate::{
    built, policy, text, with_archive,
    world::{self, NOW, Package, Run, TRUST, World},
};

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
fn init_writes_no_rule_for_a_name_with_a_wildcard() {
    let world = with_archive(|world| {
        built(world, "1.0.0", |build| *build = Build::github("ac*me/widgets"))
    });
    let from = format!("init --from app.sealift --key release.key.pub {TRUST}");
    let run = policy(&world, &from).failed();
    let run = run.says("no rule can name ").says("in a rule, * stands for other texts too");
    assert_eq!(run.stdout, "");
}
