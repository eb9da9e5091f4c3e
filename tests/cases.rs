//! Bundles from the field on which verifiers differ: with `SEALIFT_CASES` set to a folder of them,
//! each has its right outcome. What they show is made anew by the tests beside the checks, and in
//! `tests/data/conformance`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic
#![allow(clippy::disallowed_methods)] // reads fixtures, and the environment that names them

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealift::core::{
    addresses::NPM_REGISTRY_HOST,
    lockfile::{self, Ask, Entry},
    package::digest::{Algorithm, Digest},
    sigstore::{self, Artifact, BundleFacts, BundleRefusal, ExpectedSigner},
    time,
    trust::{AnchorKind, Trust},
};
use serde_json::Value;

const GOOD: &str = "good";

/// What every bundle of a folder comes to: [`GOOD`], or the code of the refusal.
const EXPECTED: [(&str, &str); 9] = [
    ("foreign-timestamp-beside-valid-promise", GOOD),
    ("gitcommit-subject", "subject-is-commit"),
    ("othername-san", GOOD),
    ("p521-certificate", "unsupported-bundle"),
    ("rekor2-dsse-0.0.2", "withdrawn-log-entry"),
    // the library says so of the chain as a whole
    ("rekor2-multiple-timestamps-one-outside-cert-validity_fail", "untrusted-certificate"),
    ("rekor2-timestamp-wrong-tsa-validity-borrow_fail", "timestamp-authority-not-valid-then"),
    ("sct-duplicate-intermediate-name", GOOD),
    ("set-and-tsa-root-without-tsa", GOOD),
];

fn folder() -> Option<PathBuf> {
    std::env::var_os("SEALIFT_CASES").map(|folder| Path::new(&folder).join("bundles"))
}

/// The bundles of a case, by their names.
fn bundles(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name != "source.json" && name != "trusted_root.json")
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    found.sort();
    found
}

/// What the bundle says that it is about, since the artifacts are not there.
fn artifact(bundle: &[u8]) -> Digest {
    let bundle: Value = serde_json::from_slice(bundle).unwrap();
    let digest = &bundle["messageSignature"]["messageDigest"];
    if let Some(bytes) = digest["digest"].as_str() {
        let algorithm = match digest["algorithm"].as_str().unwrap() {
            "SHA2_512" => Algorithm::Sha512,
            _ => Algorithm::Sha256,
        };
        return Digest::new(algorithm, STANDARD.decode(bytes).unwrap()).unwrap();
    }
    let payload = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let digests = &statement["subject"][0]["digest"];
    [Algorithm::Sha256, Algorithm::Sha512]
        .into_iter()
        .find_map(|one| Digest::from_hex(one, digests[one.name()].as_str()?))
        .unwrap_or_else(|| Algorithm::Sha256.digest(b"a file"))
}

fn run(trust: &Trust, bundle: &[u8]) -> Result<BundleFacts, BundleRefusal> {
    let digest = artifact(bundle);
    let at = time::parse("2026-11-01T00:00:00Z").unwrap();
    sigstore::bundle(
        trust,
        bundle,
        Artifact::Digest(&digest),
        ExpectedSigner::AnyIdentityUnsafe,
        at,
    )
}

#[test]
fn every_case_comes_out_right() {
    let Some(folder) = folder() else { return };
    let mut wrong = Vec::new();
    for (case, expected) in EXPECTED {
        let folder = folder.join(case);
        let trust = Trust::new(&fs::read(folder.join("trusted_root.json")).unwrap(), None).unwrap();
        for (name, bundle) in bundles(&folder) {
            let found = run(&trust, &bundle);
            let code = found.as_ref().map_or_else(BundleRefusal::code, |_| GOOD);
            if code != expected {
                let why = found.map_or_else(|why| why.to_string(), |_| String::new());
                wrong.push(format!("{case}/{name}: {code}, not {expected}: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The public good instance's trusted root, with one log key that cannot be used.
#[test]
fn one_log_key_that_cannot_be_used_stops_nothing_else() {
    let Some(folder) = folder() else { return };
    let evidence = [
        include_bytes!("data/corpus/npm-sigstore-2.3.1-provenance/bundle.sigstore.json").as_slice(),
        include_bytes!("data/corpus/cosign-v3-blob/bundle.sigstore.json"),
        include_bytes!("data/corpus/pypi-sampleproject-4.0.0/bundle.sigstore.json"),
    ];
    let roots = bundles(&folder.join("trusted-roots"));
    assert_eq!(roots.len(), 2);
    for (name, root) in roots {
        let trust = Trust::new(&root, None).unwrap();
        let [log] = trust.set_aside() else { panic!("{name}: {:?}", trust.set_aside()) };
        assert_eq!(log.kind, AnchorKind::TransparencyLog, "{name}");
        for bundle in evidence {
            run(&trust, bundle).unwrap_or_else(|why| panic!("{name}: {why}"));
        }
    }
}

/// A folder beside the project's, of which no version is asked from a registry.
const OUTSIDE: &[&str] = &[
    ": folder",
    "../shared/node_modules/tool: outside the project: ../shared/node_modules/tool",
    "node_modules/tool: outside the project: ../shared/node_modules/tool",
];

/// What each entry of a lockfile of a folder asks for, or why the lockfile is refused.
const LOCKFILES: [(&str, &[&str]); 13] = [
    ("alias-v1-plain", &["node_modules/millis: ms@2.1.3"]),
    ("alias-without-name", &[": folder", "node_modules/millis: ms@2.1.3"]),
    ("bom-crlf", &[": folder", "node_modules/ms: ms@2.1.3"]),
    ("dead-mirror", &[]),
    ("link-target-in-node-modules", OUTSIDE),
    ("link-target-in-node-modules-version", OUTSIDE),
    ("missing-hashes", &[]),
    (
        "optional-placeholder",
        &[": folder", "node_modules/ms: ms@2.1.3", "node_modules/left-pad: nothing"],
    ),
    ("resolved-null-and-empty", &[": folder", "node_modules/ms: ms@2.1.3"]),
    ("shrinkwrap-npm3", &["it is a shrinkwrap of npm 2 to 4"]),
    ("url-encoded-scope", &[]),
    ("utf16", &["not text in UTF-8"]),
    (
        "v4-patched",
        &[": folder", "node_modules/ms: ms@2.1.3, changed by the patch patches/ms@2.1.3.patch"],
    ),
];

#[test]
fn lockfiles_from_the_field_have_their_right_outcome() {
    let Some(folder) = std::env::var_os("SEALIFT_CASES") else { return };
    let folder = Path::new(&folder).join("lockfiles");
    let mut found: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, LOCKFILES.map(|(name, _)| name));
    for (name, expected) in LOCKFILES {
        let bytes = fs::read(folder.join(name).join("package-lock.json")).unwrap();
        let outcome = match lockfile::parse(&with_registry(bytes)) {
            Ok(lockfile) => lockfile.entries.iter().map(asked).collect(),
            Err(error) => vec![error.to_string()],
        };
        match expected {
            // Whatever it has, all of it is asked from the registry.
            [] => assert!(outcome.iter().skip(1).all(|entry| entry.contains('@')), "{name}"),
            [only] if !only.contains(": ") => assert!(outcome[0].contains(only), "{name}"),
            all => assert_eq!(outcome, all, "{name}"),
        }
    }
}

/// The cases name no real host.
fn with_registry(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text.replace("NPM-REGISTRY", NPM_REGISTRY_HOST).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn asked(entry: &Entry) -> String {
    let asks = match &entry.asks {
        Ask::Package(wanted) => wanted.source.to_string(),
        Ask::Bundled(bundled) => format!("bundled in {}", bundled.parent),
        Ask::Folder(_) => "folder".to_owned(),
        Ask::Foreign(foreign) => foreign.to_string(),
        Ask::Nothing => "nothing".to_owned(),
    };
    format!("{}: {asks}", entry.path)
}
