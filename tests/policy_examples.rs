//! The policies in `examples/policies`, on a project as they are made for.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use sealift::core::{archive::key::PublicKey, package::digest::Algorithm};
use serde_json::{Value, json};
use testkit::{
    registry::{Registry, Running, tarball_path},
    sigstore::Build,
};
use world::{NOW, Package, Run, TRUST, World, key};

const BANK: &str = include_str!("../examples/policies/bank.toml");
const PAYMENTS: &str = include_str!("../examples/policies/payments.toml");
const TOOL: &str =
    "git+ssh://git@git.example/acme/tool.git#0123456789abcdef0123456789abcdef01234567";

/// A repository of the bank: two private scopes, a package that the proxy stripped, one with SHA-1 alone,
/// one with provenance, and a git dependency.
struct Bank {
    world: World,
    private: Running,
    _public: Running,
}

impl Bank {
    fn new() -> Self {
        Self::with(Package::new("@bank/core", "1.0.0"))
    }

    fn with(core: Package) -> Self {
        let world = World::new();
        let sigstore = &world.sigstore;
        let built = Package::new("express", "4.18.0")
            .signed(sigstore)
            .published(sigstore)
            .built(sigstore, &Build::github("acme/express"));
        let old = Package::new("left-pad", "1.3.0").signed(sigstore);
        let stripped = Package::new("chalk", "5.0.0");
        let design = Package::new("@bank-ui/button", "2.0.0");
        let private = core.on(design.on(Registry::new())).start();
        let own = |package: &Package| {
            let (path, mut entry) = package.locked();
            let tarball = tarball_path(&package.name, &package.version);
            entry["resolved"] = json!(format!("{}{tarball}", private.url()));
            (path, entry)
        };
        let mut sha1 = old.locked();
        sha1.1["integrity"] = json!(Algorithm::Sha1.digest(&old.tarball).to_sri());
        let git = json!({"version": "1.0.0", "resolved": TOOL});
        world.lock_entries([
            built.locked(),
            sha1,
            stripped.locked(),
            own(&core),
            own(&design),
            ("node_modules/tool".into(), git),
        ]);
        world.write("tool.tgz", Package::new("tool", "1.0.0").tarball);
        let public = world.serve([&built, &old, &stripped]);
        let url = private.url();
        let npmrc =
            format!("registry={}\n@bank:registry={url}/\n@bank-ui:registry={url}/\n", public.url());
        world.write(".npmrc", npmrc);
        world.fetch(&format!("--supply {TOOL}=tool.tgz")).done();
        let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub";
        // Who signs is held to the same policy, but for the seals.
        let bank = Self { world, private, _public: public };
        bank.write(BANK, &bank.payments());
        bank.world
            .sealift(&format!(
                "{sign} --policy bank.toml --policy payments.toml --lockfile package-lock.json \
                 {TRUST} --at {NOW}"
            ))
            .done();
        bank
    }

    /// The exception for the bytes that were packed here.
    fn payments(&self) -> String {
        let sha512 = Package::new("tool", "1.0.0").sha512();
        PAYMENTS.replace(&"0".repeat(128), &sha512)
    }

    fn write(&self, bank: &str, payments: &str) {
        // This world's trust is in pinned files, which have no known age.
        let bank = bank.replace("max-trust-age = \"30d\"\n", "");
        let bank = bank.replace("https://npm.bank.example", &self.private.url());
        self.world.write("bank.toml", bank);
        self.world.write("payments.toml", payments);
        let pem = |seed| PublicKey::from(&key(seed)).to_pem();
        for (name, seed) in [("ben", 1), ("anna-2025", 2), ("anna-2026", 3)] {
            self.world.write(&format!("keys/{name}.pub"), pem(seed));
        }
    }

    fn verify(&self, at: &str, more: &str) -> Run {
        let verify = "bundle verify app.sealift --policy bank.toml --lockfile package-lock.json";
        self.world.sealift(&format!("{verify} {TRUST} --at {at} {more}"))
    }

    fn verify_payments(&self, more: &str) -> Run {
        self.verify(NOW, &format!("--policy payments.toml {more}"))
    }
}

/// The codes of each package that is denied.
fn denied(report: &Value) -> Vec<(&str, &str)> {
    let packages = report["packages"].as_array().unwrap().iter();
    let denied = packages.flat_map(|package| {
        let denied = package["denied"].as_array().into_iter().flatten();
        denied.map(|one| (package["purl"].as_str().unwrap(), one["code"].as_str().unwrap()))
    });
    denied.collect()
}

#[test]
fn one_policy_and_one_exception_are_enough_for_a_bank() {
    assert!(BANK.lines().count() <= 40, "it is one page");
    let bank = Bank::new();
    let run = bank.verify_payments("").done();
    let first = "verified: the policy holds for 6 of 6 packages, 2 of 2 seals, 1 excused\n";
    assert!(run.stdout.starts_with(first), "{run}");
    let run = bank.verify(NOW, "").refused();
    assert!(run.stdout.contains("1 entry of inputs/1/package-lock.json"), "{run}");
}

#[test]
fn nothing_changes_when_a_private_package_is_released() {
    let bank = Bank::with(Package::new("@bank/core", "7.3.1-rc.1"));
    bank.verify_payments("").done();
}

#[test]
fn the_old_key_counts_until_its_last_day() {
    let bank = Bank::new();
    bank.verify("2026-12-31T23:59:59Z", "--policy payments.toml").done();
    let run = bank.verify("2027-01-01T00:00:00Z", "--policy payments.toml").refused();
    assert!(run.stderr.contains("1 of 2 required signatures"), "{run}");
}

#[test]
fn what_the_bank_does_not_expect_is_denied() {
    let bank = Bank::new();
    let report = |text: String| {
        assert_ne!(text, BANK);
        bank.write(&text, &bank.payments());
        bank.verify_payments("--format json").refused().json()
    };
    // The private scope would come from the public registry, or from elsewhere.
    let elsewhere = report(BANK.replace("https://npm.bank.example", "https://other.example"));
    let [design, core] = denied(&elsewhere)[..] else { panic!("{elsewhere}") };
    assert!(design.0.starts_with("pkg:npm/%40bank-ui/button@2.0.0"));
    assert!(core.0.starts_with("pkg:npm/%40bank/core@1.0.0"));
    assert_eq!((design.1, core.1), ("unexpected-registry", "unexpected-registry"));
    // A package that is not on the list of those that are stripped.
    let shorter = report(BANK.replace(", \"npm:chalk\"", ""));
    assert_eq!(denied(&shorter), [("pkg:npm/chalk@5.0.0", "missing-registry-signature")]);
}
