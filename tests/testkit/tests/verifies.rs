//! An implementation of somebody else's reaches the right verdict on every case.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm};
use sigstore_verify::{PublicKeyVerificationPolicy, VerificationPolicy, Verifier};
use testkit::sigstore::cases::{Case, cases, sha512};

#[test]
fn every_case_gets_the_right_verdict() {
    let at: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
    let wrong: Vec<String> = cases(at)
        .iter()
        .filter_map(|case| match (case.accepted, verify(case)) {
            (true, Err(reason)) => Some(format!("{}: refused: {reason}", case.name)),
            (false, Ok(())) => Some(format!("{}: accepted", case.name)),
            _ => None,
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn verify(case: &Case) -> Result<(), String> {
    let root = TrustedRoot::from_json(&case.trusted_root).map_err(|error| error.to_string())?;
    let verifier = Verifier::new(&root).map_err(|error| error.to_string())?;
    let digest = hex::decode(sha512()).unwrap();
    let digest = ArtifactDigest::new(HashAlgorithm::Sha2512, digest).unwrap();
    let bundle = Bundle::from_json(&case.bundle.to_string()).map_err(|error| error.to_string())?;
    let verdict = match &case.identity {
        Some((identity, issuer)) => {
            let policy = VerificationPolicy::new(identity, issuer);
            verifier.verify(digest, &bundle, &policy)
        }
        None => {
            let key = DerPublicKey::new(key(case)?);
            verifier.verify(digest, &bundle, &PublicKeyVerificationPolicy::new(key))
        }
    };
    verdict.map(drop).map_err(|error| error.to_string())
}

/// The key that the hint names, for attestations, valid at the integrated time. Finding it is the
/// caller's task.
fn key(case: &Case) -> Result<Vec<u8>, String> {
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
    let found = found.ok_or("no such key")?;
    Ok(STANDARD.decode(found["publicKey"]["rawBytes"].as_str().unwrap()).unwrap())
}
