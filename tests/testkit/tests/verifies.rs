//! An implementation of somebody else's reaches the right verdict on every case, for
//! the right reason.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm};
use sigstore_verify::{
    Error, PublicKeyVerificationPolicy, TransparencyLogError, VerificationPolicy, Verifier,
};
use testkit::sigstore::cases::{About, Case, cases, sha512};

#[test]
fn every_case_gets_the_right_verdict() {
    let at: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
    let wrong: Vec<String> = cases(at)
        .iter()
        .filter_map(|case| match (case.refused, verify(case)) {
            (None, Ok(())) => None,
            (Some(about), Err((found, _))) if about == found => None,
            (expected, verdict) => Some(format!("{}: {expected:?}, but {verdict:?}", case.name)),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verify(case: &Case) -> Result<(), (About, String)> {
    let root = TrustedRoot::from_json(&case.trusted_root).unwrap();
    let verifier = Verifier::new(&root).unwrap();
    let digest = hex::decode(sha512()).unwrap();
    let digest = ArtifactDigest::new(HashAlgorithm::Sha2512, digest).unwrap();
    let bundle = Bundle::from_json(&case.bundle.to_string()).unwrap();
    let verdict = match &case.identity {
        Some((identity, issuer)) => {
            let policy = VerificationPolicy::new(identity, issuer);
            verifier.verify(digest, &bundle, &policy)
        }
        None => {
            let key = key(case).ok_or((About::Key, "no such key".to_string()))?;
            let policy = PublicKeyVerificationPolicy::new(DerPublicKey::new(key));
            verifier.verify(digest, &bundle, &policy)
        }
    };
    verdict.map(drop).map_err(|error| (about(&error), error.to_string()))
}

fn about(error: &Error) -> About {
    match error {
        Error::Certificate(_) => About::Certificate,
        Error::IdentityMismatch { .. } | Error::IssuerMismatch { .. } => About::Identity,
        Error::SignatureInvalid(_) => About::Binding,
        Error::TransparencyLog(TransparencyLogError::EntryMismatch(_)) => About::Binding,
        Error::TransparencyLog(_) => About::Log,
        Error::Timestamp(_) => About::Time,
        other => panic!("not a verdict on the evidence: {other}"),
    }
}

/// The key that the hint names, for attestations, valid at the integrated time. Finding it is the
/// caller's task.
fn key(case: &Case) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let material = &case.bundle["verificationMaterial"];
    let integrated = material["tlogEntries"][0]["integratedTime"].as_str();
    let keys: Value = serde_json::from_str(&case.npm_keys).unwrap();
    let found = keys["keys"].as_array().unwrap().iter().find(|key| {
        let end = key["publicKey"]["validFor"]["end"].as_str().map(|end| {
            let end: DateTime<Utc> = end.parse().unwrap();
            end.timestamp()
        });
        key["keyId"] == material["publicKey"]["hint"]
            && key["keyUsage"] == "npm:attestations"
            && end.zip(integrated).is_none_or(|(end, at)| at.parse::<i64>().unwrap() <= end)
    });
    let key = found?["publicKey"]["rawBytes"].as_str()?;
    Some(STANDARD.decode(key).unwrap())
}
