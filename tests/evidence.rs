//! Evidence that is there and does not verify, by the real binary: it stops the seal, and refuses
//! what was sealed by somebody who did not mind.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use sealift::core::archive::manifest::Part;
use serde_json::{Value, json};
use testkit::{
    registry::{Registry, attestations_path},
    sigstore::{
        ATTESTATIONS, Build, Leaf, NpmKey, Options, SIGNATURES, Signer, Sigstore, Window,
        statement::{self, PROVENANCE_V1, PROVENANCE_V02, PUBLISH_V01},
        tamper,
    },
};
use world::{Package, REGISTRY, World, key, published, reason, status};

/// What a test changes.
type Change<T> = fn(&mut T);

/// Evidence that is there and does not verify: its package, claim and code.
struct Bad {
    package: Package,
    claim: &'static str,
    code: &'static str,
}

/// One package for each thing that can be wrong with a publish attestation or a provenance.
struct Catalogue {
    sigstore: Sigstore,
    bad: Vec<Bad>,
}

impl Catalogue {
    fn new() -> Self {
        let start = published() - chrono::Duration::days(30);
        let mut sigstore = Sigstore::new(start);
        let ended = Window::new(start, published() - chrono::Duration::days(1));
        let window = Window::since(start);
        let with = |usage: &str, window| NpmKey::with_usages(vec![(usage.to_owned(), window)]);
        sigstore.npm.insert(0, with(SIGNATURES, window));
        sigstore.npm.insert(0, with(ATTESTATIONS, ended));
        let mut catalogue = Self { sigstore, bad: Vec::new() };
        catalogue.publishes();
        catalogue.provenances();
        catalogue.responses();
        catalogue
    }

    fn publishes(&mut self) {
        let key = self.sigstore.npm_key().clone();
        let statement = |package: &Package, change: Change<Value>| {
            let (name, version) = (&package.name, &package.version);
            let mut statement = statement::publish(name, version, &package.sha512(), REGISTRY);
            change(&mut statement);
            statement
        };
        let changes: [(&str, &str, Change<Value>); 5] = [
            ("other-registry", "published-other", |statement| {
                statement["predicate"]["registry"] = json!("https://registry.example");
            }),
            ("other-name", "published-other", |statement| {
                statement["predicate"]["name"] = json!("left-pad");
            }),
            ("other-version", "published-other", |statement| {
                statement["predicate"]["version"] = json!("1.0.1");
            }),
            ("other-subject", "subject-name-mismatch", |statement| {
                statement["subject"][0]["name"] = json!("pkg:npm/left-pad@1.0.0");
            }),
            ("other-predicate", "predicate-type-mismatch", |statement| {
                statement["predicateType"] = json!(PROVENANCE_V1);
            }),
        ];
        for (name, code, change) in changes {
            self.publish(name, code, &key, |package| statement(package, change));
        }
        let [expired, signatures] = [0, 1].map(|at| self.sigstore.npm[at].clone());
        let mut impostor = key.clone();
        impostor.key = NpmKey::new(Window::since(published())).key;
        let stranger = NpmKey::new(Window::since(published()));
        for (name, code, key) in [
            ("expired-key", "key-not-valid-then", expired),
            ("key-of-other-usage", "wrong-key-usage", signatures),
            ("forged", "invalid-signature", impostor),
            ("unknown-key", "unknown-key", stranger),
        ] {
            self.publish(name, code, &key, |package| statement(package, |_| {}));
        }
    }

    fn publish(
        &mut self,
        name: &str,
        code: &'static str,
        key: &NpmKey,
        statement: impl Fn(&Package) -> Value,
    ) {
        let package = Package::new(&format!("publish-{name}"), "1.0.0");
        let signer = Signer::Npm(key.clone());
        let statement = statement(&package);
        let options = Options::default();
        let bundle = self.sigstore.attest(&statement, &signer, published(), &options);
        let package = package.attested(PUBLISH_V01, bundle);
        self.bad.push(Bad { package, claim: "publish-attestation", code });
    }

    /// Certificate and predicate disagree: the predicate is of another build than the certificate.
    fn provenances(&mut self) {
        let forges = [
            ("github", PROVENANCE_V1, Build::github("acme/widgets")),
            ("gitlab", PROVENANCE_V02, Build::gitlab("acme/widgets")),
        ];
        for (forge, kind, build) in &forges {
            let changes: [(&str, Change<Build>); 4] = [
                ("repository", |build| build.repository = "mallory/widgets".into()),
                ("commit", |build| build.commit = "0".repeat(40)),
                ("ref", |build| build.ref_ = "refs/heads/other".into()),
                ("workflow", |build| build.workflow = ".github/workflows/other.yml".into()),
            ];
            for (what, change) in changes {
                let mut said = build.clone();
                change(&mut said);
                self.provenance(
                    &format!("{forge}-{what}"),
                    "provenance-disagrees",
                    kind,
                    build,
                    &said,
                );
            }
        }
        let (_, kind, build) = &forges[0];
        let mut other = build.clone();
        other.runner = "self-hosted".into();
        self.provenance("builder", "builder-mismatch", kind, build, &other);
        // A certificate that says nothing of the repository.
        let mut leaf = Leaf::of(build, published());
        for claim in [5, 12] {
            leaf.claims.remove(claim);
        }
        self.built("no-claim", "missing-claim", kind, &leaf, build);
    }

    fn provenance(
        &mut self,
        name: &str,
        code: &'static str,
        kind: &'static str,
        certified: &Build,
        said: &Build,
    ) {
        self.built(name, code, kind, &Leaf::of(certified, published()), said);
    }

    fn built(
        &mut self,
        name: &str,
        code: &'static str,
        kind: &'static str,
        leaf: &Leaf,
        said: &Build,
    ) {
        let package = Package::new(&format!("provenance-{name}"), "1.0.0");
        let signer = Signer::Certificate(self.sigstore.fulcio.issue(leaf, &self.sigstore.ct));
        let statement = statement::provenance(said, &package.subject());
        let options = Options::default();
        let bundle = self.sigstore.attest(&statement, &signer, published(), &options);
        let package = package.attested(kind, bundle);
        self.bad.push(Bad { package, claim: "provenance", code });
    }

    /// Good once, and changed since.
    fn responses(&mut self) {
        let build = Build::github("acme/widgets");
        let good = |name: &str| {
            Package::new(&format!("provenance-{name}"), "1.0.0").built(&self.sigstore, &build)
        };
        let mut changed = good("changed");
        let bundle = &mut changed.attestations[0].1;
        let mut said = tamper::statement(bundle);
        said["predicate"]["runDetails"]["builder"]["id"] = json!("https://builder.example");
        tamper::set_statement(bundle, &said);
        let mut unlogged = good("unlogged");
        unlogged.attestations[0].1["verificationMaterial"]["tlogEntries"] = json!([]);
        let mut again = good("contradicting");
        let other = again.clone().built(&self.sigstore, &Build::github("mallory/widgets"));
        again.attestations = other.attestations;
        for (package, code) in [
            (changed, "invalid-signature"),
            (unlogged, "missing-log-entry"),
            (again, "contradicting-attestations"),
        ] {
            self.bad.push(Bad { package, claim: "provenance", code });
        }
    }
}

#[test]
fn evidence_that_does_not_verify_stops_the_seal_and_refuses_what_was_sealed() {
    let Catalogue { sigstore, bad } = Catalogue::new();
    let world = World::with(sigstore);
    let good = Package::new("good", "1.0.0")
        .published(&world.sigstore)
        .built(&world.sigstore, &Build::github("acme/good"));
    let packages: Vec<_> = bad.iter().map(|bad| &bad.package).chain([&good]).collect();
    let check = |report: &Value| {
        let found = bad
            .iter()
            .map(|bad| (bad.package.name.as_str(), reason(report, &bad.package, bad.claim)));
        let expected = bad.iter().map(|bad| (bad.package.name.as_str(), bad.code));
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!(status(report, &good, "provenance"), "verified");
        assert_eq!(report["summary"]["refused"], bad.len());
    };

    world.lock(packages.iter().copied());
    let registry = world.serve(packages.iter().copied());
    let run = world.fetch("--format json").refused().says("no archive was written");
    assert!(!world.files().contains(&"app.sealift".to_owned()));
    check(&run.json());

    // A sealer that looks away: the same evidence, sealed by the key that is trusted.
    for package in &packages {
        let path = attestations_path(&package.name, &package.version);
        registry.set_fault(&path, Some(testkit::registry::Fault::Status(404)));
    }
    let bare =
        packages.iter().map(|package| Package { attestations: vec![], ..(*package).clone() });
    let bare: Vec<_> = bare.collect();
    world.fetched(&bare).done();
    let mut parts = world.parts();
    for package in &packages {
        let entry = format!("npm/{}/1.0.0/attestations.json", package.name);
        parts.entries.insert(entry.clone(), package.response());
        let listed = parts.listed(package);
        // As if the registry had been asked and had answered so.
        let part = listed.record.clone().map(|part| Part { entry: Some(entry), ..part });
        listed.attestations = part;
    }
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    world.verify("--require integrity").refused();
    check(&world.report(""));
}

#[test]
fn a_response_that_is_none_stops_the_seal() {
    let world = World::new();
    let package = Package::new("a", "1.0.0");
    world.lock([&package]);
    let registry = package.on(Registry::new()).attestations("a", "1.0.0", b"{}".to_vec());
    let _registry = world.start(registry);
    let report = world.fetch("--format json").refused().json();
    assert_eq!(reason(&report, &package, "provenance"), "malformed-response");
    assert!(!world.files().contains(&"app.sealift".to_owned()));
}

/// A new build type, and a publish attestation that is signed with a certificate.
#[test]
fn evidence_that_is_not_understood_is_sealed_and_satisfies_no_demand() {
    let world = World::new();
    let build = Build::github("acme/widgets");
    let leaf = Leaf::of(&build, published());
    let signer = Signer::Certificate(world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct));
    let attest = |statement: &Value| {
        world.sigstore.attest(statement, &signer, published(), &Options::default())
    };
    let package = Package::new("new", "1.0.0").signed(&world.sigstore);
    let mut built = statement::provenance(&build, &package.subject());
    built["predicate"]["buildDefinition"]["buildType"] = json!("https://build.example/v9");
    let keyless = statement::publish("new", "1.0.0", &package.sha512(), REGISTRY);
    let package =
        package.attested(PUBLISH_V01, attest(&keyless)).attested(PROVENANCE_V1, attest(&built));
    world.fetched([&package]).done();
    let report = world.report("--require registry-signature");
    assert_eq!(report["verdict"], "verified");
    for (name, code) in [
        ("publish-attestation", "keyless-publish-attestation"),
        ("provenance", "unknown-build-type"),
    ] {
        let claim = world::claim(&report, &package, name);
        assert_eq!((&claim["status"], &claim["reason"]), (&json!("unrecognized"), &json!(code)));
        let refused = world.verify(&format!("--require {name}")).refused();
        assert!(
            refused.stdout.contains("the evidence is of a kind that is not understood"),
            "{refused}"
        );
    }
    // Whoever knows whom the registry signs as says so.
    let named = |issuer: &str| {
        let san = build.workflow_uri();
        format!("--require publish-attestation --publisher {REGISTRY} {issuer} {san}")
    };
    world.verify(&named(&build.issuer)).done();
    let refused = world.verify(&named("https://issuer.example")).refused();
    assert!(refused.stdout.contains("issuer-mismatch"), "{refused}");
    world.verify("--require integrity --publisher r https://i.example s").failed();
}
