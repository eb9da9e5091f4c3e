use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::Duration;
use serde_json::{Value, json};
use testkit::sigstore::{Options, Sigstore, Tsa, Window, tamper};

use crate::core::{
    limits,
    sigstore::{
        attestation::{Artifact, BundleFacts, BundleRefusal, ExpectedSigner},
        fixture::{REGISTRY, World},
    },
    time::Time,
    trust::Trust,
    verdict::TimeSource,
};

fn timestamps(bundle: &mut Value) -> &mut Vec<Value> {
    let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
    data["rfc3161Timestamps"].as_array_mut().unwrap()
}

/// A timestamp over the bundle's signature.
fn stamp(tsa: &Tsa, bundle: &Value, at: Time) -> Value {
    let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    json!({"signedTimestamp": STANDARD.encode(tsa.timestamp(&signature, at))})
}

fn check(
    root: &Value,
    bundle: &Value,
    signer: ExpectedSigner<'_>,
) -> Result<BundleFacts, BundleRefusal> {
    let trust = Trust::new(root.to_string().as_bytes(), None).unwrap();
    let (bytes, digest) = (bundle.to_string(), World::digest());
    super::super::bundle(&trust, bytes.as_bytes(), Artifact::Digest(&digest), signer, World::now())
}

fn checked(root: &Value, bundle: &Value) -> Result<BundleFacts, &'static str> {
    check(root, bundle, ExpectedSigner::AnyIdentityUnsafe).map_err(|why| why.code())
}

fn places(facts: &BundleFacts) -> Vec<usize> {
    facts.timestamps_set_aside.iter().map(|one| one.position).collect()
}

#[test]
fn a_timestamp_by_a_stranger_is_set_aside_beside_a_promise() {
    let world = World::new();
    let root = world.sigstore.trusted_root();
    let stranger = Sigstore::new(World::at() - Duration::days(30)).tsa;
    let mut bundle = world.provenance(&Options::default());
    let foreign = stamp(&stranger, &bundle, World::at());
    timestamps(&mut bundle).push(foreign);
    let facts = checked(&root, &bundle).unwrap();
    assert_eq!((facts.signed_at, facts.time_source), (World::at(), TimeSource::TransparencyLog));
    assert_eq!(places(&facts), [1]);
    assert!(!facts.timestamps_set_aside[0].why.is_empty());
    // In an instance without timestamp authorities, too.
    let mut without = root.clone();
    without["timestampAuthorities"] = json!([]);
    assert_eq!(places(&checked(&without, &bundle).unwrap()), [1]);
    // Beside one that verifies.
    let own = stamp(&world.sigstore.tsa, &bundle, World::at());
    timestamps(&mut bundle).push(own);
    assert_eq!(places(&checked(&root, &bundle).unwrap()), [1]);
    // What does not verify without it is refused for that.
    let mut changed = bundle.clone();
    tamper::flip(&mut changed["dsseEnvelope"]["signatures"][0]["sig"]);
    assert_eq!(checked(&root, &changed).unwrap_err(), "invalid-signature");
    let promise = &mut tamper::entry(&mut bundle)["inclusionPromise"]["signedEntryTimestamp"];
    tamper::flip(promise);
    assert_eq!(checked(&root, &bundle).unwrap_err(), "invalid-inclusion-promise");
}

#[test]
fn a_timestamp_by_a_stranger_is_set_aside_for_a_key_as_well() {
    let world = World::new();
    let stranger = Sigstore::new(World::at() - Duration::days(30)).tsa;
    let trust = world.trust();
    let key = &trust.npm_keys(REGISTRY).unwrap().keys()[0];
    let signer = ExpectedSigner::Key { spki: key.spki(), keyid: Some(key.keyid()) };
    let root = world.sigstore.trusted_root();
    let mut bundle = world.publish(&Options::default());
    let foreign = stamp(&stranger, &bundle, World::at());
    timestamps(&mut bundle).push(foreign.clone());
    assert_eq!(places(&check(&root, &bundle, signer).unwrap()), [1]);
    let mut bundle = world.publish(&Options::rekor_v2());
    let foreign = stamp(&stranger, &bundle, World::at());
    *timestamps(&mut bundle) = vec![foreign];
    assert_eq!(check(&root, &bundle, signer).unwrap_err().code(), "invalid-timestamp");
}

#[test]
fn the_only_time_is_never_set_aside() {
    let world = World::new();
    let root = world.sigstore.trusted_root();
    let stranger = Sigstore::new(World::at() - Duration::days(30)).tsa;
    let good = world.provenance(&Options::rekor_v2());
    assert_eq!(places(&checked(&root, &good).unwrap()), [0; 0]);
    let foreign = stamp(&stranger, &good, World::at());
    let mut bundle = good.clone();
    *timestamps(&mut bundle) = vec![foreign.clone()];
    assert_eq!(checked(&root, &bundle).unwrap_err(), "invalid-timestamp");
    // Nor are two of them, nor one that nobody promised.
    let more = stamp(&stranger, &good, World::at() + Duration::seconds(1));
    *timestamps(&mut bundle) = vec![foreign.clone(), more];
    assert_eq!(checked(&root, &bundle).unwrap_err(), "invalid-timestamp");
    let options = Options { promise: false, ..Options::default() };
    let mut bundle = world.provenance(&options);
    let foreign = stamp(&stranger, &bundle, World::at());
    timestamps(&mut bundle).push(foreign);
    assert_eq!(checked(&root, &bundle).unwrap_err(), "invalid-timestamp");
    // Beside a timestamp that verifies, in any place.
    for place in [0, 1] {
        let mut bundle = good.clone();
        let foreign = stamp(&stranger, &bundle, World::at());
        timestamps(&mut bundle).insert(place, foreign);
        let facts = checked(&root, &bundle).unwrap();
        assert_eq!(facts.time_source, TimeSource::TimestampAuthority);
        assert_eq!(places(&facts), [place + 1]);
    }
}

#[test]
fn a_second_timestamp_that_verifies_must_lie_in_the_certificates_window() {
    let world = World::new();
    let root = world.sigstore.trusted_root();
    let stranger = Sigstore::new(World::at() - Duration::days(30)).tsa;
    for options in [Options::default(), Options::rekor_v2()] {
        for at in [World::at() - Duration::seconds(1), World::at() + Duration::minutes(11)] {
            let mut bundle = world.provenance(&options);
            let outside = stamp(&world.sigstore.tsa, &bundle, at);
            timestamps(&mut bundle).push(outside);
            assert_eq!(checked(&root, &bundle).unwrap_err(), "untrusted-certificate");
            // A third one, which is set aside, takes nothing from that.
            let foreign = stamp(&stranger, &bundle, World::at());
            timestamps(&mut bundle).insert(0, foreign);
            assert_eq!(checked(&root, &bundle).unwrap_err(), "untrusted-certificate");
        }
        let mut bundle = world.provenance(&options);
        let inside = stamp(&world.sigstore.tsa, &bundle, World::at() + Duration::minutes(10));
        timestamps(&mut bundle).push(inside);
        assert_eq!(places(&checked(&root, &bundle).unwrap()), [0; 0]);
    }
}

#[test]
fn the_window_is_that_of_the_authority_that_made_the_timestamp() {
    let mut world = World::new();
    let bundle = world.provenance(&Options::rekor_v2());
    world.sigstore.tsa.window =
        Window::new(World::at() - Duration::days(30), World::at() - Duration::days(1));
    let mut root = world.sigstore.trusted_root();
    let own = "timestamp-authority-not-valid-then";
    assert_eq!(checked(&root, &bundle).unwrap_err(), own);
    // Neither an authority with an empty chain nor another one lends it its own.
    let other = Sigstore::new(World::at() - Duration::days(30)).trusted_root();
    let other = other["timestampAuthorities"][0].clone();
    let mut empty = other.clone();
    empty["certChain"]["certificates"] = json!([]);
    for place in [0, 1] {
        for lender in [&empty, &other] {
            let authorities = root["timestampAuthorities"].as_array_mut().unwrap();
            authorities.insert(place, lender.clone());
            let code = checked(&root, &bundle).unwrap_err();
            root["timestampAuthorities"].as_array_mut().unwrap().remove(place);
            assert_eq!(code, own);
        }
    }
    // Beside a promise it is set aside.
    let options = Options { timestamp: true, ..Options::default() };
    let facts = checked(&root, &world.provenance(&options)).unwrap();
    assert_eq!(places(&facts), [1]);
}

#[test]
fn as_many_are_set_aside_as_a_bundle_can_have() {
    let world = World::new();
    let stranger = Sigstore::new(World::at() - Duration::days(30)).tsa;
    let mut bundle = world.provenance(&Options::default());
    for number in 0..limits::BUNDLE_TIMESTAMPS {
        let at = World::at() + Duration::seconds(i64::try_from(number).unwrap());
        let foreign = stamp(&stranger, &bundle, at);
        timestamps(&mut bundle).push(foreign);
    }
    let facts = checked(&world.sigstore.trusted_root(), &bundle).unwrap();
    assert_eq!(facts.timestamps_set_aside.len(), limits::BUNDLE_TIMESTAMPS);
}
