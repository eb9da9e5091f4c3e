use serde_json::Value;
use testkit::sigstore::{Entry, Options, Signer as By, pem, statement};

use super::*;
use crate::core::sigstore::{ExpectedSigner, attestation::tests::check, fixture::World};

/// The bundle, with its entry changed and logged again.
fn relogged(world: &World, bundle: &Value, change: impl Fn(&mut Value)) -> &'static str {
    let mut bundle = bundle.clone();
    let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
    let body = STANDARD.decode(entry["canonicalizedBody"].as_str().unwrap()).unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    change(&mut body);
    let body = body.to_string();
    let receipt = world.sigstore.rekor.append(body.as_bytes(), World::at());
    entry["canonicalizedBody"] = STANDARD.encode(&body).into();
    entry["inclusionPromise"] = receipt.promise.into();
    entry["inclusionProof"] = receipt.proof;
    entry["logIndex"] = receipt.entry["logIndex"].clone();
    check(world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now())
        .map_or_else(|why| why.code(), |_| "verified")
}

#[test]
fn the_log_saw_the_certificate_and_not_only_its_key() {
    let world = World::new();
    let signed = world.sigstore.fulcio.issue(&world.leaf(), &world.sigstore.ct);
    // Of the same key, for somebody else.
    let mut leaf = world.leaf();
    leaf.san = "https://github.com/mallory".into();
    let other = world.sigstore.fulcio.certify(signed.key.clone(), &leaf, &world.sigstore.ct);
    let signer = By::Certificate(signed.clone());
    let statement = statement::provenance_v1(&world.build, &World::subject());
    let options = Options { entry: Entry::Intoto, ..Options::default() };
    let bundle = world.sigstore.attest(&statement, &signer, World::at(), &options);
    let logged = |pem: String| {
        relogged(&world, &bundle, |body| {
            let envelope = &mut body["spec"]["content"]["envelope"];
            envelope["signatures"][0]["publicKey"] = STANDARD.encode(&pem).into();
        })
    };
    assert_eq!(logged(pem("CERTIFICATE", signed.certificate())), "verified");
    assert_eq!(logged(pem("CERTIFICATE", other.certificate())), "log-entry-mismatch");
    assert_eq!(logged(signed.key.pem()), "log-entry-mismatch");
}

#[test]
fn an_entry_is_of_the_kind_that_it_is_said_to_be() {
    let world = World::new();
    let bundle = world.provenance(&Options::default());
    assert_eq!(relogged(&world, &bundle, |_| {}), "verified");
    for (field, other) in [("kind", "dsse"), ("apiVersion", "0.0.1")] {
        let code = relogged(&world, &bundle, |body| body[field] = other.into());
        assert_eq!(code, "log-entry-mismatch", "{field}");
    }
}

#[test]
fn an_entry_is_an_object_and_no_list_of_its_fields() {
    let world = World::new();
    let bundle = world.provenance(&Options::default());
    let code = relogged(&world, &bundle, |body| {
        *body =
            Value::from(["kind", "apiVersion", "spec"].map(|field| body[field].clone()).to_vec());
    });
    assert_eq!(code, "malformed-log-entry");
}
