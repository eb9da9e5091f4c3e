//! Real bundles of public packages and releases, npm's through [`package`], the rest through the
//! generic path below it.
//!
//! With `SEALIFT_CORPUS` set to a folder of the same form, that is run instead of the fixtures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
#![allow(clippy::disallowed_methods)] // reads fixtures, and the environment that names more

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealift::core::{
    addresses::NPM_REGISTRY,
    npm::package,
    package::{
        Origin, PackageId, Purl,
        digest::{Algorithm, Digest, Integrity},
        evidence::{Answer, Evidence},
    },
    policy::{self, Denial, Judge, PolicyFile},
    sigstore::{self, Artifact, BundleFacts, BundleRefusal, ExpectedSigner},
    time::{self, Time},
    trust::Trust,
    verdict::{Claim, Facts, Outcome, PackageVerdict, Publisher, Status, TimeSource},
};
use serde_json::{Value, json};

const OLD_KEY: &str = "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA";

/// Refused by sigstore-verify 0.15.1, accepted by sigstore-go and sigstore-js.
///
/// The entry is a `hashedrekord` 0.0.1 whose `spec.data.hash` is of SHA-384, which Rekor v1 takes
/// in for P-384 keys. `verify_hashedrekord_entry` reads that hash as SHA-256 whatever its
/// `algorithm` says ("SHA-256 hash must be 32 bytes, got 48"), and only ever computes SHA-256 of
/// the artifact to compare with. For upstream: choose the digest by `spec.data.hash.algorithm`,
/// among those that `ArtifactRequirements` asks for (the signature's own is already there). A
/// caller cannot work around it without giving up the check that the entry is about this
/// artifact, so the case stays refused here; npm's evidence has no such entries.
const REFUSED: &str = "java-PKIX_ECDSA_P384_SHA_384";

struct Case {
    name: String,
    folder: PathBuf,
    expected: Value,
    bundle: Vec<u8>,
}

impl Case {
    fn root(&self) -> Vec<u8> {
        let root = self.expected["trusted_root"].as_str().unwrap();
        fs::read(self.folder.parent().unwrap().join(root)).unwrap()
    }

    fn trust(&self) -> Trust {
        let root = self.root();
        let keys = fs::read(self.folder.parent().unwrap().join("trust/npm-keys.json")).unwrap();
        Trust::new(&root, Some((NPM_REGISTRY, &keys))).unwrap()
    }

    /// The artifact's digest of an algorithm that a subject has, or the subject's own digest
    /// where the artifact could not be had.
    fn digest(&self) -> Digest {
        let digests = match self.expected["artifact"]["sha256"].as_str() {
            Some(_) => &self.expected["artifact"],
            None => self.expected["subjects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|subject| &subject[1])
                .find(|digests| digests["sha256"].is_string())
                .unwrap(),
        };
        let sha512 = self.expected["subjects"][0][1]["sha512"].is_string();
        let algorithm = if sha512 { Algorithm::Sha512 } else { Algorithm::Sha256 };
        Digest::from_hex(algorithm, digests[algorithm.name()].as_str().unwrap()).unwrap()
    }

    fn verify(&self) -> Result<BundleFacts, BundleRefusal> {
        self.verify_by(&self.trust())
    }

    fn verify_by(&self, trust: &Trust) -> Result<BundleFacts, BundleRefusal> {
        let digest = self.digest();
        let artifact = match self.expected["artifact"]["file"].as_str() {
            Some(file) if self.folder.join(file).exists() => {
                let bytes = fs::read(self.folder.join(file)).unwrap();
                assert_eq!(digest, digest.algorithm().digest(&bytes), "{}", self.name);
                Some(bytes)
            }
            _ => None,
        };
        let artifact = match &artifact {
            Some(bytes) => Artifact::Bytes(bytes),
            None => Artifact::Digest(&digest),
        };
        let identity = &self.expected["identity"];
        let signer = match (identity["san"].as_str(), identity["issuer"].as_str()) {
            (Some(san), Some(issuer)) => ExpectedSigner::Identity { san, issuer },
            _ => ExpectedSigner::AnyIdentityUnsafe,
        };
        sigstore::bundle(trust, &self.bundle, artifact, signer, at())
    }
}

fn at() -> Time {
    time::parse("2026-11-01T00:00:00Z").unwrap()
}

fn cases() -> Vec<Case> {
    let folder = std::env::var("SEALIFT_CORPUS").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus"),
        PathBuf::from,
    );
    let mut folders: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("case.json").exists())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            expected: serde_json::from_slice(&fs::read(folder.join("case.json")).unwrap()).unwrap(),
            bundle: fs::read(folder.join("bundle.sigstore.json")).unwrap(),
            folder,
        })
        .collect()
}

#[test]
fn real_bundles_verify() {
    let mut count = 0;
    // The registry's own keys sign the publish attestations: see `npm_packages_verify`.
    for case in cases().iter().filter(|case| !is_publish(case)) {
        count += 1;
        if case.name == REFUSED {
            let refusal = case.verify().unwrap_err();
            assert_eq!(refusal.code(), "malformed-log-entry", "{refusal}");
            continue;
        }
        let facts = case.verify().unwrap_or_else(|why| panic!("{}: {why}", case.name));
        let claims = facts.claims.unwrap();
        let expected = &case.expected;
        assert_eq!(Some(claims.san.as_str()), expected["identity"]["san"].as_str());
        assert_eq!(claims.issuer.as_deref(), expected["identity"]["issuer"].as_str());
        let source = &expected["source"];
        if let Some(repository) = source["repository"].as_str() {
            assert!(claims.repository.unwrap().ends_with(repository), "{}", case.name);
            assert_eq!(claims.commit.as_deref(), source["commit"].as_str());
        }
        if let Some(run) = source["run"].as_str() {
            assert_eq!(claims.run.as_deref(), Some(run));
        }
        // Converted from PyPI's own form, the case names the predicate in words.
        let predicate = expected["predicateType"].as_str().filter(|kind| kind.contains("://"));
        if predicate.is_some() {
            assert_eq!(facts.statement.as_ref().map(|said| said.predicate_type()), predicate);
        }
    }
    assert_eq!(count, 17);
}

/// In each list of the trusted root, first and last.
#[test]
fn a_party_of_an_unknown_kind_stops_no_real_bundle() {
    let log = json!({
        "baseUrl": "https://new.example", "hashAlgorithm": "SHA2_256",
        "publicKey": {"rawBytes": "", "keyDetails": "PKIX_ML_DSA_65"},
        "logId": {"keyId": STANDARD.encode([1; 32])},
    });
    let authority = json!({"uri": "https://new.example", "certChain": {"certificates": []}});
    let mut count = 0;
    for case in cases().iter().filter(|case| !is_publish(case) && case.name != REFUSED) {
        count += 1;
        for (list, party) in [
            ("tlogs", &log),
            ("ctlogs", &log),
            ("certificateAuthorities", &authority),
            ("timestampAuthorities", &authority),
        ] {
            let mut root: Value = serde_json::from_slice(&case.root()).unwrap();
            // GitHub's instance has no logs at all: with one that cannot be used, it has.
            let Some(parties) = root[list].as_array_mut().filter(|list| !list.is_empty()) else {
                continue;
            };
            parties.insert(0, party.clone());
            parties.push(party.clone());
            let trust = Trust::new(root.to_string().as_bytes(), None).unwrap();
            assert_eq!(trust.set_aside().len(), 2);
            let verified = case.verify_by(&trust);
            verified.unwrap_or_else(|why| panic!("{}, {list}: {why}", case.name));
        }
    }
    assert_eq!(count, 16);
}

fn is_publish(case: &Case) -> bool {
    case.name.starts_with("npm-") && case.name.ends_with("-publish")
}

#[test]
fn npm_packages_verify() {
    for (name, source) in [
        ("npm-provenance-npm-test-1.0.5", "https://github.com/laurentsimon/provenance-npm-test"),
        ("npm-sigstore-1.0.0", "https://github.com/sigstore/sigstore-js"),
        ("npm-sigstore-2.3.1", "https://github.com/sigstore/sigstore-js"),
    ] {
        let verdict = judge(name, |_| {});
        assert!(verdict.refusals().next().is_none(), "{name}: {verdict:#?}");
        let publish = verdict.publish_attestation().unwrap();
        assert_eq!(publish.publisher, Publisher::Key { keyid: OLD_KEY.into() });
        assert_eq!(publish.time_source, TimeSource::TransparencyLog);
        assert!(publish.logged.promise);
        let provenance = verdict.provenance().unwrap();
        assert_eq!(provenance.source_repository, source);
        assert_eq!(provenance.issuer, "https://token.actions.githubusercontent.com");
        // Bundles of version 0.1 rest on the promise alone, and the report can say so.
        assert_eq!(provenance.logged.proof, name == "npm-sigstore-2.3.1");
        assert!(verdict.integrity().is_some());
        assert_eq!(verdict.claims[&Claim::RegistrySignature].status(), Status::Absent);
    }
}

/// The policy in `examples/`, and what follows where somebody else built the packages.
#[test]
fn real_packages_meet_the_policy_of_the_examples() {
    let text = include_str!("../examples/policies/npm-packages.toml");
    let codes = |text: &str, name: &str| -> Vec<&str> {
        let policy = PolicyFile::parse(text.as_bytes()).unwrap().resolve(vec![], None);
        let verdict = judge(name, |_| {});
        let purl = Purl::new(verdict.package.clone(), Origin::Registry(NPM_REGISTRY.into()));
        let digest = Algorithm::Sha512.digest(b"");
        let package = policy::PackageToJudge {
            purl: &purl,
            verdict: &verdict,
            digest: &digest,
            collected: at(),
        };
        let judgment = Judge::new(&policy, at()).package(package);
        assert_eq!(judgment.rules, if name.contains("sigstore") { [0, 1] } else { [0, 2] });
        judgment.denials.iter().map(Denial::code).collect()
    };
    let [old, new] = ["npm-sigstore-1.0.0", "npm-sigstore-2.3.1"];
    let reusable = "npm-provenance-npm-test-1.0.5";
    for name in [old, new, reusable] {
        assert_eq!(codes(text, name), [""; 0], "{name}");
    }
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    // A fork has another repository; a name that was registered again has another id, which the
    // certificate of 2023 does not have.
    let fork = changed(
        "[\"https://github.com/sigstore/sigstore-js\"]",
        "[\"https://github.com/a/sigstore-js\"]",
    );
    assert_eq!(codes(&fork, old), ["unexpected-repository"]);
    assert_eq!(codes(&fork, new), ["unexpected-repository"]);
    let again = changed("495574555", "1");
    assert_eq!(codes(&again, old), [""; 0]);
    assert_eq!(codes(&again, new), ["unexpected-repository-id"]);
    let tags = changed("release.yml@refs/heads/main", "release.yml@refs/tags/*");
    assert_eq!(codes(&tags, new), ["unexpected-workflow"]);
    let own = changed("https://github.com/slsa-framework/", "https://github.com/laurentsimon/");
    assert_eq!(codes(&own, reusable), ["unexpected-workflow"]);
    let gitlab = changed("https://token.actions.githubusercontent.com", "https://gitlab.com");
    assert_eq!(codes(&gitlab, new), ["unexpected-issuer"]);
    let signed = changed("\"publish-attestation\"", "\"registry-signature\"");
    assert_eq!(codes(&signed, new), ["missing-registry-signature"]);
}

#[test]
fn a_certificate_of_early_2023_has_legacy_claims_alone() {
    let verdict = judge("npm-sigstore-1.0.0", |_| {});
    let facts = verdict.provenance().unwrap();
    assert_eq!(facts.commit, "06528997c3c8ab9f864fad9a3658446aca7fd86d");
    assert_eq!(facts.git_ref.as_deref(), Some("refs/tags/v1.0.0"));
    assert_eq!(facts.trigger.as_deref(), Some("release"));
    assert_eq!((&facts.run, &facts.runner, &facts.repository_id), (&None, &None, &None));
}

#[test]
fn provenance_of_one_package_is_not_that_of_another() {
    // The same statements, announced for another version: the tarball's digest is the same, so
    // only the subject's name tells.
    let verdict =
        judge("npm-sigstore-2.3.1", |id| *id = PackageId::npm("sigstore", "2.3.2").unwrap());
    let code = |refusal: Option<&sealift::core::verdict::Refusal>| refusal.map(|why| why.code);
    assert_eq!(code(verdict.claims[&Claim::Provenance].refusal()), Some("subject-name-mismatch"));
    assert_eq!(
        code(verdict.claims[&Claim::PublishAttestation].refusal()),
        Some("subject-name-mismatch")
    );
}

fn judge(name: &str, change: impl Fn(&mut PackageId)) -> PackageVerdict {
    let all = cases();
    let find = |part: &str| {
        let name = format!("{name}-{part}");
        all.iter().find(|case| case.name == name).unwrap()
    };
    let (provenance, publish) = (find("provenance"), find("publish"));
    let attestation = |case: &Case| {
        json!({
            "predicateType": case.expected["predicateType"],
            "bundle": serde_json::from_slice::<Value>(&case.bundle).unwrap(),
        })
    };
    let response =
        json!({"attestations": [attestation(publish), attestation(provenance)]}).to_string();
    let meta = &provenance.expected["package"];
    let (name, version) = (meta["name"].as_str().unwrap(), meta["version"].as_str().unwrap());
    let mut id = PackageId::npm(name, version).unwrap();
    change(&mut id);
    let digest = provenance.digest();
    let record = json!({
        "name": id.name(), "version": id.version(), "time": null,
        "manifest": {"name": id.name(), "version": id.version(), "dist": {"integrity": digest.to_sri()}},
    })
    .to_string();
    let evidence = Evidence {
        package: &id,
        registry: Some(NPM_REGISTRY),
        expected: &[Integrity::of(digest.clone())],
        artifact: &[digest],
        record: Answer::Given(record.as_bytes()),
        attestations: Answer::Given(response.as_bytes()),
    };
    package(&provenance.trust(), &evidence, at())
}

#[test]
fn real_registry_signatures_verify() {
    let root = include_bytes!("data/corpus/trust/public-good.root-signing.json");
    let keys = include_bytes!("data/corpus/trust/npm-keys.json");
    let trust = Trust::new(root, Some((NPM_REGISTRY, keys))).unwrap();
    let all: Vec<Value> =
        serde_json::from_str(include_str!("data/corpus/registry-signatures.json")).unwrap();
    assert_eq!(all.len(), 3);
    for record in &all {
        let text = |field: &str| record[field].as_str().unwrap();
        let id = PackageId::npm(text("name"), text("version")).unwrap();
        let signed = |time: &str| {
            let record = json!({
                "name": id.name(), "version": id.version(), "time": time,
                "manifest": {"name": id.name(), "version": id.version(), "dist": {
                    "integrity": text("integrity"),
                    "signatures": [{"keyid": text("keyid"), "sig": text("sig")}],
                }},
            })
            .to_string();
            let encoded = text("integrity").strip_prefix("sha512-").unwrap();
            let digest = STANDARD.decode(encoded).unwrap();
            let evidence = Evidence {
                package: &id,
                registry: Some(NPM_REGISTRY),
                expected: &[],
                artifact: &[Digest::new(Algorithm::Sha512, digest).unwrap()],
                record: Answer::Given(record.as_bytes()),
                attestations: Answer::NotFound,
            };
            package(&trust, &evidence, at()).claims.remove(&Claim::RegistrySignature).unwrap()
        };
        let Outcome::Verified(Facts::RegistrySignature(facts)) = signed("2023-01-01T00:00:00.000Z")
        else {
            panic!("{:?}", signed("2023-01-01T00:00:00.000Z"));
        };
        assert_eq!(facts.keyid, OLD_KEY);
        assert_eq!(facts.time_source, TimeSource::RegistryUnsigned);
        // The key's window ends at that very second, and includes it.
        assert!(signed("2025-01-29T00:00:00Z").facts().is_some());
        let late = signed("2025-01-29T00:00:01Z");
        assert_eq!(late.refusal().unwrap().code, "key-not-valid-then");
    }
}
