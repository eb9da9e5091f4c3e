//! The bundle verification cases of the Sigstore client conformance suite, all 70: what must be
//! refused is refused for the reason that the case is about.
//!
//! A newer checkout of the suite can be run as well: `SEALIFT_CONFORMANCE=…/bundle-verify`. Its
//! new cases are then judged by their names alone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
#![allow(clippy::disallowed_methods)] // reads fixtures, and the environment that names more

use std::{collections::BTreeMap, fs, path::Path};

use sealift::core::{
    sigstore::{self, Artifact, ExpectedSigner},
    time::{self, Time},
    trust::Trust,
};
use sigstore_types::DerPublicKey;

const GOOD: &str = "good";
/// The trusted root itself is refused.
const TRUST: &str = "trust";
/// The public key is none.
const KEY: &str = "key";

/// What each case comes to: [`GOOD`], or the code of the refusal.
const EXPECTED: [(&str, &str); 70] = [
    ("bundle-empty-certificate-chain_fail", "empty-certificate-chain"),
    ("bundle-from-wrong-instance_fail", "unknown-log"),
    ("bundle-invalid-base64-signature_fail", "malformed-bundle"),
    ("bundle-malformed-json_fail", "malformed-bundle"),
    ("bundle-negative-log-index_fail", "malformed-bundle"),
    ("bundle-unknown-version_fail", "unsupported-media-type"),
    // a root that the trusted root does not have
    ("bundle-with-root-cert_fail", "extra-certificate"),
    ("bundle-with-sct-with-extensions", GOOD),
    ("checkpoint-bad-keyhint_fail", "invalid-checkpoint"),
    ("checkpoint-wrong-roothash_fail", "inclusion-proof-disagrees"),
    ("dsse-invalid-sig_fail", "invalid-signature"),
    ("dsse-mismatch-envelope_fail", "log-entry-mismatch"),
    ("dsse-mismatch-sig_fail", "log-entry-mismatch"),
    ("happy-path-intoto-in-dsse-v3", GOOD),
    ("happy-path-v0.1", GOOD),
    ("happy-path-v0.2", GOOD),
    ("happy-path-v0.3", GOOD),
    ("happy-path-v0.3-new-mediaType", GOOD),
    ("inclusion-proof-corrupted-hash_fail", "invalid-inclusion-proof"),
    // the logged entry is of another key, so the promise is not over it
    ("incorrect-public-key_fail", "invalid-inclusion-promise"),
    ("integrated-time-in-future_fail", "signed-after-reference-time"),
    ("intoto-expired-certificate_fail", "certificate-not-valid-then"),
    // the logged signature is not even encoded as one
    ("intoto-log-entry-mismatch_fail", "malformed-log-entry"),
    ("intoto-missing-inclusion-proof_fail", "missing-inclusion-proof"),
    ("intoto-set-outside-signing-cert-validity_fail", "certificate-not-valid-then"),
    // the library says so of the chain as a whole
    ("intoto-tsa-timestamp-outside-cert-validity_fail", "untrusted-certificate"),
    ("intoto-with-custom-trust-root", GOOD),
    ("invalid-checkpoint-signature_fail", "invalid-checkpoint"),
    ("invalid-ct-key_fail", "invalid-sct"),
    // as it stands in the suite, the proof lacks its checkpoint
    ("invalid-inclusion-proof_fail", "missing-checkpoint"),
    ("managed-key-and-trusted-root", GOOD),
    ("managed-key-happy-path", GOOD),
    ("managed-key-no-key_fail", "wrong-key-material"),
    ("managed-key-wrong-key_fail", KEY),
    ("message-digest-mismatch_fail", "artifact-mismatch"),
    ("rekor2-checkpoint-cosigned", GOOD),
    ("rekor2-checkpoint-missing-log-signature_fail", "malformed-checkpoint"),
    ("rekor2-checkpoint-missing-origin_fail", "malformed-checkpoint"),
    ("rekor2-checkpoint-missing-root-hash_fail", "malformed-checkpoint"),
    ("rekor2-checkpoint-missing-size_fail", "malformed-checkpoint"),
    ("rekor2-checkpoint-multiple-cosigs", GOOD),
    ("rekor2-checkpoint-no-matching-signature_fail", "invalid-checkpoint"),
    ("rekor2-checkpoint-origin-not-first", GOOD),
    ("rekor2-checkpoint-two-sigs-cosigned", GOOD),
    ("rekor2-checkpoint-two-sigs-from-origin", GOOD),
    ("rekor2-dsse-happy-path", GOOD),
    ("rekor2-dsse-invalid-sig_fail", "invalid-signature"),
    ("rekor2-dsse-mismatch-envelope_fail", "artifact-mismatch"),
    ("rekor2-dsse-mismatch-sig_fail", "log-entry-mismatch"),
    ("rekor2-happy-path", GOOD),
    ("rekor2-no-inclusion-proof_fail", "missing-inclusion-proof"),
    ("rekor2-no-timestamp_fail", "no-signing-time"),
    ("rekor2-timestamp-outside-trust-root-tsa-validity_fail", "timestamp-authority-not-valid-then"),
    ("rekor2-timestamp-outside-tsa-cert-validity_fail", "invalid-timestamp"),
    ("rekor2-timestamp-payload-mismatch_fail", "invalid-timestamp"),
    ("rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", "invalid-timestamp"),
    ("rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", "invalid-timestamp"),
    ("rekor2-timestamp-with-embedded-cert", GOOD),
    ("rekor2-timestamp-with-expired-cert-chain", GOOD),
    // as it stands in the suite, its base64 is broken across lines
    ("rekor2-timestamp-with-incorrect-time_fail", "malformed-bundle"),
    ("rekor2-timestamp-without-embedded-cert", GOOD),
    ("set-invalid-signature_fail", "invalid-inclusion-promise"),
    ("signature-mismatch_fail", "invalid-signature"),
    ("trust-root-tlog-missing-validity-start_fail", "unusable-log"),
    ("trust-root-tlog-validity-end-inclusive", GOOD),
    ("trust-root-tsa-validity-end-inclusive", GOOD),
    ("wrong-hashedrekord-artifact_fail", "artifact-mismatch"),
    ("wrong-hashedrekord-cert-and-sig_fail", "log-entry-mismatch"),
    ("wrong-hashedrekord-entry_fail", "artifact-mismatch"),
    ("wrong-material_fail", "artifact-mismatch"),
];

#[test]
fn every_case_comes_out_right_and_for_its_own_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/conformance");
    let expected = BTreeMap::from(EXPECTED);
    let found: BTreeMap<_, _> =
        cases(&folder).map(|case| (case.clone(), run(&folder, &case))).collect();
    let mut wrong = Vec::new();
    for (case, (code, detail)) in &found {
        if expected.get(case.as_str()) != Some(code) {
            wrong.push(format!("(\"{case}\", \"{code}\"), // {detail}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(found.len(), EXPECTED.len());
}

#[test]
fn a_newer_suite_is_judged_by_its_names() {
    let Ok(folder) = std::env::var("SEALIFT_CONFORMANCE") else { return };
    let folder = Path::new(&folder);
    let wrong: Vec<_> = cases(folder)
        .map(|case| (run(folder, &case), case))
        .filter(|((code, _), case)| (*code == GOOD) == case.ends_with("_fail"))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn cases(folder: &Path) -> impl Iterator<Item = String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.into_iter()
}

fn run(folder: &Path, case: &str) -> (&'static str, String) {
    let folder = folder.join(case);
    let read = |name: &str| fs::read(folder.join(name)).ok();
    let text = |name: &str, default: &str| {
        read(name)
            .map_or(default.to_owned(), |bytes| String::from_utf8(bytes).unwrap().trim().to_owned())
    };
    let public_good = include_bytes!("data/corpus/trust/public-good.root-signing.json");
    let root = read("trusted_root.json").unwrap_or_else(|| public_good.to_vec());
    let trust = match Trust::new(&root, None) {
        Ok(trust) => trust,
        Err(error) => return (TRUST, error.to_string()),
    };
    let artifact = read("artifact")
        .unwrap_or_else(|| fs::read(folder.parent().unwrap().join("a.txt")).unwrap());
    let san = text(
        "identity",
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
    );
    let issuer = text("issuer", "https://token.actions.githubusercontent.com");
    let key =
        match read("key.pub").map(|pem| DerPublicKey::from_pem(&String::from_utf8(pem).unwrap())) {
            Some(Err(error)) => return (KEY, error.to_string()),
            Some(Ok(key)) => Some(key),
            None => None,
        };
    let signer = match &key {
        Some(spki) => ExpectedSigner::Key { spki, keyid: None },
        None => ExpectedSigner::Identity { san: &san, issuer: &issuer },
    };
    let bundle = read("bundle.sigstore.json").unwrap();
    match sigstore::bundle(&trust, &bundle, Artifact::Bytes(&artifact), signer, at(case)) {
        Ok(_) => (GOOD, String::new()),
        Err(refusal) => (refusal.code(), refusal.to_string()),
    }
}

fn at(case: &str) -> Time {
    time::parse(match case {
        // Was made when its integrated time, a week later, was yet to come.
        "integrated-time-in-future_fail" => "2026-05-01T00:00:00Z",
        _ => "2026-11-01T00:00:00Z",
    })
    .unwrap()
}
