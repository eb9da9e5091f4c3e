//! Sigstore bundles, judged by sealift and by the crate `sigstore`, which shares no code with it.
//!
//! Where the two differ, the case is on a list with the reason. The list is exact: a new
//! difference fails, and so does one that is gone. Bundles that are signed by a bare key are not
//! compared, since that crate does not read them.
#![allow(clippy::disallowed_methods)] // reads fixtures, and the environment that names more

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sealift::core::{
    package::digest::{Algorithm, Digest},
    sigstore::{self as verify, ExpectedSigner},
    time,
    trust::Trust,
};
use sigstore::{
    bundle::verify::{ArtifactDigest, blocking::Verifier, policy::Identity},
    trust::sigstore::SigstoreTrustRoot,
};
use testkit::sigstore::cases::{cases, sha512};

/// Who accepts what the other refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Sealift,
    Peer,
}
use Only::{Peer, Sealift};

/// Cases in which the two differ: who accepts, why the other does not, and which they are.
type Differences = &'static [(Only, &'static str, &'static [&'static str])];

const CONFORMANCE: Differences = &[
    (
        Peer,
        "it verifies no inclusion proof, checkpoint or promise: its verifier has these as `TODO`",
        &[
            "checkpoint-bad-keyhint_fail",
            "checkpoint-wrong-roothash_fail",
            "invalid-checkpoint-signature_fail",
            "set-invalid-signature_fail",
        ],
    ),
    (
        Sealift,
        "it knows no entries of Rekor v2",
        &[
            "intoto-with-custom-trust-root",
            "rekor2-checkpoint-cosigned",
            "rekor2-checkpoint-multiple-cosigs",
            "rekor2-checkpoint-origin-not-first",
            "rekor2-checkpoint-two-sigs-cosigned",
            "rekor2-checkpoint-two-sigs-from-origin",
            "rekor2-dsse-happy-path",
            "rekor2-happy-path",
            "rekor2-timestamp-with-embedded-cert",
            "rekor2-timestamp-with-expired-cert-chain",
            "rekor2-timestamp-without-embedded-cert",
            "trust-root-tsa-validity-end-inclusive",
        ],
    ),
    (
        Sealift,
        "it knows no extensions of certificate timestamps",
        &["bundle-with-sct-with-extensions"],
    ),
    (Sealift, "it knows one of the two media types of version 0.3", &["happy-path-v0.3"]),
];

const TESTKIT: Differences = &[
    (
        Sealift,
        "it refuses a chain that ends in its root, as npm's bundles of 2023 have it",
        &[
            "provenance-of-2023",
            "provenance-v0.1-dsse-promise",
            "provenance-v0.1-dsse-promise-proof",
            "provenance-v0.1-dsse-promise-proof-timestamp",
            "provenance-v0.1-dsse-promise-timestamp",
            "provenance-v0.1-intoto-promise",
            "provenance-v0.1-intoto-promise-proof",
            "provenance-v0.1-intoto-promise-proof-timestamp",
            "provenance-v0.1-intoto-promise-timestamp",
        ],
    ),
    (
        Sealift,
        "it knows no log entries of the kind `intoto`, which npm's bundles have",
        &[
            "identity",
            "provenance-of-gitlab",
            "provenance-v0.2-intoto-promise-proof",
            "provenance-v0.2-intoto-promise-proof-timestamp",
            "provenance-v0.2-intoto-proof-timestamp",
            "provenance-v0.3-intoto-promise-proof",
            "provenance-v0.3-intoto-promise-proof-timestamp",
            "provenance-v0.3-intoto-proof-timestamp",
        ],
    ),
    (
        Sealift,
        "it knows no entries of Rekor v2",
        &[
            "provenance-v0.2-hashedrekord-proof-timestamp",
            "provenance-v0.3-hashedrekord-proof-timestamp",
        ],
    ),
    (
        Sealift,
        "it judges the window of a certificate log by today's clock",
        &["windows-of-one-second"],
    ),
];

#[test]
fn the_conformance_suite() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let folder = std::env::var("SEALIFT_CONFORMANCE")
        .map_or_else(|_| committed.join("conformance"), PathBuf::from);
    let public_good = fs::read(committed.join("corpus/trust/public-good.root-signing.json"));
    let public_good = public_good.unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir() && !entry.path().join("key.pub").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    let questions = names.into_iter().map(|name| {
        let read = |file: &str| fs::read(folder.join(&name).join(file)).ok();
        let text = |file: &str, default: &str| {
            let bytes = read(file).unwrap_or_else(|| default.as_bytes().to_vec());
            String::from_utf8(bytes).unwrap().trim().to_owned()
        };
        let artifact = read("artifact").unwrap_or_else(|| fs::read(folder.join("a.txt")).unwrap());
        let question = Question {
            bundle: read("bundle.sigstore.json").unwrap(),
            trusted_root: read("trusted_root.json").unwrap_or_else(|| public_good.clone()),
            digest: Algorithm::Sha256.digest(&artifact),
            artifact: Some(artifact),
            identity: text(
                "identity",
                "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main",
            ),
            issuer: text("issuer", "https://token.actions.githubusercontent.com"),
        };
        (name, question)
    });
    compare(questions, CONFORMANCE);
}

#[test]
fn the_catalogue_of_the_testkit() {
    let at = time::parse("2026-01-02T03:04:05Z").unwrap();
    let cases = cases(at);
    let questions = cases.iter().filter_map(|case| {
        let (identity, issuer) = case.identity.clone()?;
        let question = Question {
            bundle: case.bundle.to_string().into_bytes(),
            trusted_root: case.trusted_root.clone().into_bytes(),
            digest: Digest::from_hex(Algorithm::Sha512, &sha512()).unwrap(),
            artifact: None,
            identity,
            issuer,
        };
        Some((case.name.clone(), question))
    });
    compare(questions, TESTKIT);
}

/// Asks both, and holds their differences against the list.
fn compare(questions: impl Iterator<Item = (String, Question)>, listed: Differences) {
    let named = listed.iter().flat_map(|(who, _, names)| names.iter().map(|name| (*name, *who)));
    let mut listed: BTreeMap<&str, Only> = named.collect();
    let mut wrong = Vec::new();
    for (name, question) in questions {
        let (ours, theirs) = (question.ours(), question.theirs());
        let found = match (&ours, &theirs) {
            (Ok(()), Err(_)) => Some(Sealift),
            (Err(_), Ok(())) => Some(Peer),
            _ => None,
        };
        if listed.remove(name.as_str()) != found {
            wrong.push(format!("(\"{name}\", {found:?}), // ours {ours:?}, theirs {theirs:?}"));
        }
    }
    wrong.extend(listed.keys().map(|name| format!("{name}: there is no such case")));
    assert!(wrong.is_empty(), "{} differ from the list:\n{}", wrong.len(), wrong.join("\n"));
}

/// A bundle, and all that is needed to judge it.
struct Question {
    bundle: Vec<u8>,
    trusted_root: Vec<u8>,
    digest: Digest,
    artifact: Option<Vec<u8>>,
    identity: String,
    issuer: String,
}

impl Question {
    fn ours(&self) -> Result<(), String> {
        let trust = Trust::new(&self.trusted_root, None).map_err(|error| error.to_string())?;
        let artifact = match &self.artifact {
            Some(bytes) => verify::Artifact::Bytes(bytes),
            None => verify::Artifact::Digest(&self.digest),
        };
        let signer = ExpectedSigner::Identity { san: &self.identity, issuer: &self.issuer };
        let at = time::parse("2026-11-01T00:00:00Z").unwrap();
        verify::bundle(&trust, &self.bundle, artifact, signer, at)
            .map(drop)
            .map_err(|refusal| refusal.code().to_owned())
    }

    fn theirs(&self) -> Result<(), String> {
        let root = SigstoreTrustRoot::from_trusted_root_json_unchecked(&self.trusted_root);
        let root = root.map_err(|error| error.to_string())?;
        let verifier =
            Verifier::new(Default::default(), root).map_err(|error| error.to_string())?;
        let bundle = serde_json::from_slice(&self.bundle).map_err(|error| error.to_string())?;
        let bytes = self.digest.bytes();
        let digest = match self.digest.algorithm() {
            Algorithm::Sha512 => ArtifactDigest::Sha512(bytes.try_into().unwrap()),
            _ => ArtifactDigest::Sha256(bytes.try_into().unwrap()),
        };
        let policy = Identity::new(&self.identity, &self.issuer);
        verifier
            .verify_digest_with(digest, bundle, &policy, true)
            .map_err(|error| format!("{error}"))
    }
}
