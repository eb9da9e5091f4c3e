//! Fetch, seal, verify: the whole way, with the real binary, a registry on loopback, and evidence
//! that is good.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};
use testkit::{
    registry::{Fault, Registry, Running, tarball_path},
    sigstore::{ATTESTATIONS, Build, NpmKey, SIGNATURES, Window},
    tarball::Tarball,
};
use world::{NOW, PUBLISHED, Package, Run, SEALED, TRUST, World, lockfile, published};

const TOKEN: &str = "npm_hush0123456789";

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            filters => [
                // Keys and signatures are made afresh, and with them the length of ECDSA's.
                (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
                (r#""bytes": \d+"#, r#""bytes": "SIZE""#),
                (r"sha256(:?\W+)[0-9a-f]{64}", "sha256${1}SHA256"),
                (r"[\d.]+ KiB", "SIZE"),
            ],
        }, { insta::assert_snapshot!($name, $text) })
    };
}

/// A project with an entry of each kind, and the registries that serve it.
struct Mixed {
    world: World,
    public: Running,
    private: Running,
}

impl Mixed {
    fn new() -> Self {
        let world = World::new();
        let sigstore = &world.sigstore;
        let github = Package::new("from-github", "1.2.3")
            .signed(sigstore)
            .published(sigstore)
            .built(sigstore, &Build::github("acme/widgets"));
        let gitlab = Package::new("@tools/from-gitlab", "2.0.0-rc.1")
            .signed(sigstore)
            .published(sigstore)
            .built(sigstore, &Build::gitlab("acme/tools/build"));
        let published = Package::new("published", "1.0.0").signed(sigstore).published(sigstore);
        let mut signed = Package::new("signed", "1.0.0");
        signed.tarball =
            Tarball::of("test", "signed", "1.0.0").bundle("bundled", "9.9.9", &json!({})).gzip();
        let signed = signed.signed(sigstore);
        let plain = Package::new("plain", "0.0.1");
        let private = Package::new("@acme/private", "3.1.4");
        let public = [&github, &gitlab, &published, &signed, &plain];

        let named = |path: &str, entry: Value| (path.to_owned(), entry);
        let mut entries: Vec<_> = public.iter().map(|package| package.locked()).collect();
        entries.extend([
            private.locked(),
            signed.locked_at("node_modules/also-known-as"),
            plain.locked_at("node_modules/signed/node_modules/plain"),
            named(
                "node_modules/signed/node_modules/bundled",
                json!({"version": "9.9.9", "inBundle": true}),
            ),
            named("node_modules/workspace", json!({"resolved": "workspace", "link": true})),
            named("workspace", json!({"version": "1.0.0"})),
            named("node_modules/placeholder", json!({"optional": true, "peer": true})),
        ]);
        world.lock_entries(entries);
        let mut lock: Value = serde_json::from_slice(&world.read("package-lock.json")).unwrap();
        lock["packages"]["node_modules/signed"]["bundleDependencies"] = json!(["bundled"]);
        world.write("package-lock.json", lock.to_string());

        let public = world.serve(public);
        let private = private.on(Registry::new()).token(TOKEN).start();
        let (scope, host) = (private.url(), private.host());
        let npmrc = format!("registry={}\n@acme:registry={scope}/\n", public.url());
        world.write(".npmrc", npmrc);
        world.write("home/.npmrc", format!("//{host}/:_authToken={TOKEN}\n"));
        Self { world, public, private }
    }

    fn snapshot(&self, name: &str, text: impl ToString) {
        let text = text.to_string().replace(&self.world.sigstore.npm_key().keyid, "SHA256:NPM");
        snapshot!(name, text);
    }
}

#[test]
fn a_mixed_project_is_fetched_and_verified() {
    let mixed = Mixed::new();
    let world = &mixed.world;
    let fetched = world.fetch("").done();
    mixed.snapshot("mixed-fetch", fetched);
    let verify = "--require integrity --lockfile package-lock.json";
    let human = world.verify(verify).done();
    assert_eq!(
        human.stderr, "",
        "results are on standard output, and there is nothing else to say"
    );
    mixed.snapshot("mixed-verify", human);
    mixed.snapshot("mixed-verify-json", world.verify(&format!("{verify} --format json")).done());
    mixed.snapshot("mixed-verify-verbose", world.verify("--require integrity -v").done());
    mixed.snapshot("mixed-inspect", world.sealift("bundle inspect app.sealift").done());
}

#[test]
fn the_facts_are_those_of_the_builds() {
    let mixed = Mixed::new();
    mixed.world.fetch("").done();
    let report = mixed.world.report("");
    for (purl, build) in [
        ("pkg:npm/from-github@1.2.3", Build::github("acme/widgets")),
        ("pkg:npm/%40tools/from-gitlab@2.0.0-rc.1", Build::gitlab("acme/tools/build")),
    ] {
        let claims = claims(&report, purl);
        let provenance = &claims["provenance"];
        assert_eq!(provenance["sourceRepository"], build.repository_uri());
        assert_eq!(provenance["commit"], build.commit);
        assert_eq!(provenance["ref"], build.ref_);
        assert_eq!(provenance["workflow"], build.workflow_uri());
        assert_eq!(provenance["issuer"], build.issuer);
        assert_eq!(provenance["run"], build.invocation_uri());
        assert_eq!(provenance["repositoryId"], build.repository_id);
        assert_eq!(provenance["signedAt"], PUBLISHED);
        assert_eq!(claims["publish-attestation"]["signedAt"], PUBLISHED);
        // An attested time is better than the one that the registry says.
        assert_eq!(claims["registry-signature"]["timeSource"], "transparency log");
    }
    let signed = claims(&report, "pkg:npm/signed@1.0.0");
    assert_eq!(signed["registry-signature"]["timeSource"], "registry, unsigned");
}

#[test]
fn a_token_goes_to_its_registry_and_nowhere_else() {
    let mixed = Mixed::new();
    let world = &mixed.world;
    let runs = [
        world.fetch("-v").done(),
        world.verify("--require integrity -v").done(),
        world.sealift("bundle inspect app.sealift -v --format json").done(),
    ];
    for run in runs {
        assert!(!run.to_string().contains(TOKEN), "{run}");
    }
    let archive = world.read("app.sealift");
    assert!(!archive.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
    let tokens = |registry: &Running| {
        registry.requests().iter().filter_map(|seen| seen.authorization.clone()).collect::<Vec<_>>()
    };
    assert_eq!(tokens(&mixed.public), [""; 0]);
    let private = tokens(&mixed.private);
    assert!(!private.is_empty() && private.iter().all(|token| *token == format!("Bearer {TOKEN}")));
}

#[test]
fn without_any_evidence_it_is_said_plainly() {
    let world = World::new();
    let packages = [Package::new("a", "1.0.0"), Package::new("b", "1.0.0")];
    let run = world.fetched(&packages).done();
    assert!(
        run.stdout.contains("registry-signature: 2 packages\n    the record that the sealer received has no signature"),
        "{run}"
    );
    let counts = &world.report("")["summary"]["claims"];
    assert_eq!(
        counts["integrity"],
        json!({"verified": 2, "absent": 0, "refused": 0, "unrecognized": 0})
    );
    for claim in ["registry-signature", "publish-attestation", "provenance"] {
        assert_eq!(
            counts[claim],
            json!({"verified": 0, "absent": 2, "refused": 0, "unrecognized": 0})
        );
    }
    let refused = world.verify("--require registry-signature").refused();
    assert!(
        refused
            .stdout
            .contains("missing: demanded, and not there\n  registry-signature: 2 packages"),
        "{refused}"
    );
}

#[test]
fn two_lockfiles_share_an_archive() {
    let world = World::new();
    let [a, b, c] = ["a", "b", "c"].map(|name| Package::new(name, "1.0.0").signed(&world.sigstore));
    world.lock([&a, &b]);
    world.write("other/package-lock.json", lockfile([b.locked(), c.locked()]));
    let registry = world.serve([&a, &b, &c]);
    world.fetch("other/package-lock.json").done();
    assert_eq!(registry.count(&tarball_path("b", "1.0.0")), 1);
    for lockfile in ["package-lock.json", "other/package-lock.json"] {
        let run = world.verify(&format!("--require integrity --lockfile {lockfile}")).done();
        assert!(run.stdout.contains(&format!("{lockfile}: same bytes as inputs/")), "{run}");
    }
    assert_eq!(world.parts().predicate.packages.len(), 3);
}

#[test]
fn a_lockfile_that_asks_for_more_is_not_covered() {
    let world = World::new();
    let [a, b] = ["a", "b"].map(|name| Package::new(name, "1.0.0"));
    world.fetched([&a]).done();
    world.lock([&a, &b]);
    let run = world.verify("--require integrity --lockfile package-lock.json").refused();
    assert!(run.stdout.contains("not covered: 1 entry of package-lock.json"), "{run}");
    assert!(run.stdout.contains("b@1.0.0 is not in the archive"), "{run}");
    let report = world.report("--lockfile package-lock.json");
    assert_eq!(report["verdict"], "refused");
    let entry = &report["lockfiles"][0]["entries"][2];
    assert_eq!(
        (&entry["path"], &entry["denied"]["code"]),
        (&json!("node_modules/b"), &json!("not-in-archive"))
    );
}

#[test]
fn two_people_seal() {
    let world = World::new();
    world.fetched(&[Package::new("a", "1.0.0")]).done();
    let both = "--key second.key.pub --threshold 2 --require integrity";
    world.verify(both).refused().says("1 of 2 required signatures");
    let sign = &format!(
        "bundle sign app.sealift --key second.key --signed-by release.key.pub --at {NOW} {TRUST} \
         --require integrity"
    );
    world.sealift(sign).done();
    world.verify(both).done();
    // One of them is enough for who asks for one.
    world.verify("--require integrity").done();
    world.sealift(sign).refused().says("has signed already");
    assert!(world.files().iter().all(|name| !name.starts_with(".sealift")), "{:?}", world.files());
}

#[test]
fn a_key_is_made_on_first_use_and_used_again() {
    let world = World::new();
    let package = Package::new("a", "1.0.0");
    world.lock([&package]);
    let _registry = world.serve([&package]);
    let fetch = "bundle fetch package-lock.json -o app.sealift --trusted-root trusted_root.json";
    let first = world.sealift(fetch).done().says("made a signing key: SHA256:");
    assert!(first.stderr.contains("home/config/signing.key.pub"), "{first}");
    let again = world.sealift(fetch).done();
    assert!(!again.stderr.contains("made"), "{again}");
    let verify = "bundle verify app.sealift --key home/config/signing.key.pub --require integrity \
                  --trusted-root trusted_root.json";
    world.sealift(verify).done();
}

#[test]
fn an_interrupted_fetch_resumes() {
    let world = World::new();
    let packages = ["a", "b"].map(|name| Package::new(name, "1.0.0").published(&world.sigstore));
    world.lock(&packages);
    let b = tarball_path("b", "1.0.0");
    let registry = world.serve(&packages);
    registry.set_fault(&b, Some(Fault::Status(403)));
    world.fetch("").failed().says("1 of 2 packages could not be collected");
    assert!(!world.files().contains(&"app.sealift".to_owned()));
    registry.set_fault(&b, None);
    world.fetch("").done();
    assert_eq!(registry.count(&tarball_path("a", "1.0.0")), 1, "it is kept");
    assert_eq!(registry.count(&b), 2);
}

#[test]
fn a_fetch_that_was_killed_resumes_too() {
    let world = World::new();
    let packages = ["a", "b"].map(|name| Package::new(name, "1.0.0"));
    world.lock(&packages);
    let [a, b] = ["a", "b"].map(|name| tarball_path(name, "1.0.0"));
    let registry = world.serve(&packages);
    registry.set_fault(&b, Some(Fault::Silence(Duration::from_secs(60))));
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    let fetch = "bundle fetch package-lock.json -o app.sealift --key release.key --no-refresh \
                 --at 2026-02-01T00:00:00Z";
    let mut running = command.args(fetch.split(' ')).stderr(Stdio::null()).spawn().unwrap();
    // What is in the index is kept: it is written after the tarball.
    let kept = || {
        std::fs::read_dir(world.path("home/cache/index"))
            .into_iter()
            .flatten()
            .any(|file| !file.unwrap().file_name().to_string_lossy().starts_with('.'))
    };
    while !(kept() && registry.count(&b) > 0) {
        assert!(running.try_wait().unwrap().is_none(), "it runs until it is killed");
        std::thread::sleep(Duration::from_millis(5));
    }
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(!world.files().iter().any(|name| name.contains("sealift")), "{:?}", world.files());
    registry.set_fault(&b, None);
    world.fetch("").done();
    assert_eq!((registry.count(&a), registry.count(&b)), (1, 2));
}

#[test]
fn the_time_is_a_parameter() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore).published(&world.sigstore);
    world.fetched(&[package]).done();
    let report = world.report("");
    assert_eq!((&report["at"], &report["archive"]["sealedAt"]), (&json!(NOW), &json!(SEALED)));
    assert_eq!(report["archive"]["ageSeconds"], 28 * 86_400);
    // A clock that is behind would refuse all evidence: say that it is the clock.
    let behind = "bundle verify app.sealift --key release.key.pub --require integrity \
                  --at 2026-01-31T23:59:59Z";
    world.sealift(behind).failed().says("hint: see which of the two machines has the wrong clock");
}

#[test]
fn what_a_rotated_key_signed_in_its_time_stays_good() {
    let mut sigstore = testkit::sigstore::Sigstore::new(published() - chrono::Duration::days(30));
    let start = published() - chrono::Duration::days(30);
    let window = Window::new(start, published() + chrono::Duration::days(1));
    sigstore.npm = vec![NpmKey::with_usages(
        [SIGNATURES, ATTESTATIONS].map(|usage| (usage.to_owned(), window)).to_vec(),
    )];
    let package = Package::new("a", "1.0.0").signed(&sigstore).published(&sigstore);
    sigstore.npm.push(NpmKey::new(Window::since(published() + chrono::Duration::hours(12))));
    let world = World::with(sigstore);
    world.fetched(&[package]).done();
    world.verify("--require registry-signature,publish-attestation").done();
}

/// The npm packages of the corpus: real evidence, under the trust that is built in.
mod real {
    use super::*;

    struct Real {
        package: Package,
        expected: Value,
    }

    /// Both attestations of each package of which the tarball could be had.
    fn packages() -> Vec<Real> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus");
        let corpus = std::env::var_os("SEALIFT_CORPUS").map_or(own, PathBuf::from);
        let read = |name: &str, file: &str| std::fs::read(corpus.join(name).join(file));
        let json = |name: &str, file: &str| -> Value {
            serde_json::from_slice(&read(name, file).unwrap()).unwrap()
        };
        let mut found = Vec::new();
        for name in ["npm-provenance-npm-test-1.0.5", "npm-sigstore-1.0.0", "npm-sigstore-2.3.1"] {
            let (built, published) = (format!("{name}-provenance"), format!("{name}-publish"));
            let Ok(tarball) = read(&built, "artifact.tgz") else { continue };
            let expected = json(&built, "case.json");
            let text = |field: &str| expected["package"][field].as_str().unwrap();
            let mut package = Package::new(text("name"), text("version"));
            package.tarball = tarball;
            for case in [&published, &built] {
                let kind = json(case, "case.json")["predicateType"].as_str().unwrap().to_owned();
                package.attestations.push((kind.leak(), json(case, "bundle.sigstore.json")));
            }
            found.push(Real { package, expected });
        }
        found
    }

    fn fetch(world: &World, real: &[Real]) -> Run {
        let packages: Vec<_> = real.iter().map(|real| &real.package).collect();
        // Two of them may be versions of one package.
        let path = |at, name: &str| format!("node_modules/on-{at}/node_modules/{name}");
        let locked = packages.iter().enumerate();
        world.lock_entries(locked.map(|(at, one)| one.locked_at(&path(at, &one.name))));
        // When they were published does not matter, as the log says when they were signed.
        let _registry = world.serve(packages);
        let fetch = "bundle fetch package-lock.json -o app.sealift --key release.key --no-refresh \
                     --at 2026-11-01T00:00:00Z";
        world.sealift(fetch)
    }

    fn verify(world: &World, more: &str) -> Run {
        let verify = "bundle verify app.sealift --key release.key.pub --require provenance";
        world.sealift(&format!("{verify} {more}"))
    }

    #[test]
    fn attested_packages_verify() {
        let (world, real) = (World::new(), packages());
        assert!(real.len() >= 2);
        fetch(&world, &real).done();
        let report = verify(&world, "--at 2026-11-01T00:00:00Z --format json").done().json();
        assert_eq!(report["trust"][0]["source"], "embedded");
        for Real { package, expected } in &real {
            let claims = claims(&report, &package.subject().purl);
            let (found, source) = (&claims["provenance"], &expected["source"]);
            // One case has it without the server.
            let repository = source["repository"].as_str().unwrap();
            let repository = repository.trim_start_matches("https://github.com/");
            assert_eq!(found["sourceRepository"], format!("https://github.com/{repository}"));
            assert_eq!(found["commit"], source["commit"]);
            assert_eq!(found["workflow"], expected["identity"]["san"]);
            assert_eq!(found["issuer"], expected["identity"]["issuer"]);
            assert_eq!(found["signedAt"], logged_at(&package.attestations[1].1));
            assert_eq!(claims["publish-attestation"]["status"], "verified");
            let publish = logged_at(&package.attestations[0].1);
            assert_eq!(claims["publish-attestation"]["signedAt"], publish);
        }
    }

    /// `case.json` says nothing of the time of signing; the log entry does.
    fn logged_at(bundle: &Value) -> String {
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0]["integratedTime"];
        let seconds = entry.as_str().unwrap().parse().unwrap();
        let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
        time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    #[test]
    fn trust_that_is_past_its_date_is_stale_and_its_age_can_be_refused() {
        let (world, real) = (World::new(), packages());
        fetch(&world, &real).done();
        let late = "--at 2028-01-01T00:00:00Z";
        let old = verify(&world, late).done();
        assert!(old.stdout.starts_with("verified: "), "without a limit nothing is stale: {old}");
        verify(&world, "--at 2026-11-01T00:00:00Z --max-trust-age 3650d").done();
        for what in ["trust", "archive"] {
            let limit = if what == "trust" { "--max-trust-age 30d" } else { "--max-age 30d" };
            let denied = verify(&world, &format!("{late} {limit}")).refused();
            let first = denied.stdout.lines().next().unwrap();
            assert!(first.ends_with(&format!("{what} too old")), "{denied}");
            let stale = verify(&world, &format!("{late} {limit} --past-limit warn")).done();
            assert!(stale.stdout.starts_with("stale: "), "{stale}");
            let report = verify(&world, &format!("{late} {limit} --format json")).refused().json();
            assert_eq!(report["pastLimits"][0]["what"], what);
        }
    }
}

#[test]
fn attestations_that_are_named_and_not_served_stop_the_seal() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.lock([&package]);
    let registry = package.on(Registry::new()).names_attestations("a", "1.0.0");
    let registry = world.start(registry);
    let report = world.fetch("--format json").refused().json();
    for (claim, code) in
        [("publish-attestation", "attestations-withheld"), ("provenance", "provenance-withheld")]
    {
        let claim = &claims(&report, "pkg:npm/a@1.0.0")[claim];
        assert_eq!((&claim["status"], &claim["reason"]), (&json!("refused"), &json!(code)));
    }
    assert!(!world.files().contains(&"app.sealift".to_owned()));
    drop(registry);
}

fn claims<'a>(report: &'a Value, purl: &str) -> &'a Value {
    let packages = report["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["purl"] == purl);
    &found.unwrap_or_else(|| panic!("no {purl} in {report:#}"))["claims"]
}
