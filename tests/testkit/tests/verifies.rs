//! What the synthetic instance signs verifies in an implementation of somebody else's, and what
//! was changed after or beside the signature does not.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};
use testkit::sigstore::*;

const REGISTRY: &str = "https://registry.npm.test";

fn at() -> DateTime<Utc> {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn sigstore() -> Sigstore {
    Sigstore::new(at() - Duration::days(30))
}

fn sha512() -> String {
    "0123456789abcdef".repeat(8)
}

fn subject() -> Subject {
    Subject::npm("@acme/widgets", "1.0.0", &sha512())
}

/// Every shape of bundle that the instance can make.
fn shapes() -> Vec<(String, Options)> {
    let mut shapes = Vec::new();
    for version in [Version::V01, Version::V02, Version::V03] {
        for entry in [Entry::Intoto, Entry::Dsse, Entry::HashedRekord] {
            for (promise, proof) in [(true, true), (true, false), (false, true)] {
                for timestamp in [true, false] {
                    let options = Options { version, entry, promise, proof, timestamp };
                    if specified(&options) {
                        shapes.push((format!("{options:?}"), options));
                    }
                }
            }
        }
    }
    shapes
}

/// Whether the client specification allows the shape for a short-lived certificate.
fn specified(options: &Options) -> bool {
    let promised = options.promise && options.entry != Entry::HashedRekord;
    let logged = match options.version {
        Version::V01 => promised,
        Version::V02 | Version::V03 => options.proof,
    };
    logged && (promised || options.timestamp)
}

fn verify(sigstore: &Sigstore, bundle: &Value, build: &Build) -> Result<(), String> {
    let policy = VerificationPolicy::new(build.workflow_uri(), build.issuer.as_str());
    check(sigstore, bundle, &policy)
}

fn verify_with(sigstore: &Sigstore, bundle: &Value, key: &NpmKey) -> Result<(), String> {
    let key = DerPublicKey::new(key.key.spki());
    check(sigstore, bundle, &PublicKeyVerificationPolicy::new(key))
}

fn check(
    sigstore: &Sigstore,
    bundle: &Value,
    policy: &dyn sigstore_verify::Policy,
) -> Result<(), String> {
    let root = TrustedRoot::from_json(&sigstore.trusted_root_json()).expect("a trusted root");
    let bundle = Bundle::from_json(&bundle.to_string()).map_err(|error| error.to_string())?;
    let digest = ArtifactDigest::new(HashAlgorithm::Sha2512, hex::decode(sha512()).unwrap());
    let digest = digest.unwrap();
    let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
    verifier.verify(digest, &bundle, policy).map(drop).map_err(|error| error.to_string())
}

#[test]
fn provenance_verifies_in_every_shape() {
    let (sigstore, build) = (sigstore(), Build::github("acme/widgets"));
    for (name, options) in shapes() {
        let bundle = sigstore.provenance(&build, &subject(), at(), &options);
        assert_eq!(verify(&sigstore, &bundle, &build), Ok(()), "{name}");
    }
}

#[test]
fn a_publish_attestation_verifies_in_every_shape() {
    let sigstore = sigstore();
    for (name, options) in shapes() {
        let bundle = sigstore.publish_attestation(
            "@acme/widgets",
            "1.0.0",
            &sha512(),
            REGISTRY,
            at(),
            &options,
        );
        assert_eq!(verify_with(&sigstore, &bundle, sigstore.npm_key()), Ok(()), "{name}");
    }
}

#[test]
fn a_gitlab_build_verifies() {
    let (sigstore, build) = (sigstore(), Build::gitlab("acme/tools/widgets"));
    let bundle = sigstore.provenance(&build, &subject(), at(), &Options::default());
    assert_eq!(verify(&sigstore, &bundle, &build), Ok(()));
}

#[test]
fn a_log_of_many_entries_proves_each() {
    let (sigstore, build) = (sigstore(), Build::github("acme/widgets"));
    for _ in 0..40 {
        let bundle = sigstore.provenance(&build, &subject(), at(), &Options::default());
        assert_eq!(verify(&sigstore, &bundle, &build), Ok(()));
    }
}
