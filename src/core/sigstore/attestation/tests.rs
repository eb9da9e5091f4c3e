mod kinds;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use testkit::sigstore::{Leaf, Options, TIME_STAMPING, cases, pem, statement, tamper};

use super::*;
use crate::core::sigstore::fixture::{TARBALL, World};

/// Every code that a catalogue of synthetic bundles may be refused with, by what is wrong.
fn codes(about: cases::About) -> &'static [&'static str] {
    match about {
        cases::About::Certificate => &[
            "certificate-not-valid-then",
            "untrusted-certificate",
            "malformed-certificate",
            "no-valid-authority",
            "invalid-sct",
        ],
        cases::About::Identity => &["identity-mismatch", "issuer-mismatch"],
        cases::About::Key => &["unknown-key", "wrong-key-usage", "key-not-valid-then"],
        cases::About::Log => &[
            "unknown-log",
            "log-not-valid-then",
            "invalid-inclusion-promise",
            "invalid-inclusion-proof",
            "invalid-checkpoint",
            "inclusion-proof-disagrees",
            "malformed-checkpoint",
        ],
        cases::About::Time => {
            &["invalid-timestamp", "timestamp-authority-not-valid-then", "no-signing-time"]
        }
        cases::About::Binding => &["log-entry-mismatch", "invalid-signature", "artifact-mismatch"],
    }
}

#[test]
fn the_catalogue_of_synthetic_bundles_comes_out_right() {
    let at: DateTime<Utc> = World::at();
    let digest = Digest::from_hex(Algorithm::Sha512, &cases::sha512()).unwrap();
    let mut wrong = Vec::new();
    let all = cases::cases(at);
    assert!(all.len() > 50);
    // Registry keys are chosen above this layer: `super::package` has their tests.
    for case in &all {
        let Some((san, issuer)) = &case.identity else { continue };
        let trust = Trust::new(case.trusted_root.as_bytes(), None).unwrap();
        let signer = ExpectedSigner::Identity { san, issuer };
        let bytes = case.bundle.to_string();
        let result =
            bundle(&trust, bytes.as_bytes(), Artifact::Digest(&digest), signer, World::now());
        let right = match (&result, case.refused) {
            (Ok(_), None) => true,
            (Err(why), Some(about)) => codes(about).contains(&why.code()),
            _ => false,
        };
        if !right {
            let found = result.map(drop).map_err(|why| (why.code(), why.to_string()));
            wrong.push(format!("{}: {:?}, but {found:?}", case.name, case.refused));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(super) fn check(
    world: &World,
    bundle: &Value,
    signer: ExpectedSigner<'_>,
    at: Time,
) -> Result<BundleFacts, BundleRefusal> {
    let digest = World::digest();
    super::bundle(
        &world.trust(),
        bundle.to_string().as_bytes(),
        Artifact::Digest(&digest),
        signer,
        at,
    )
}

#[test]
fn signed_after_the_reference_time_is_refused_and_the_very_second_is_not() {
    let world = World::new();
    for options in [Options::default(), Options::rekor_v2()] {
        let bundle = world.provenance(&options);
        let check = |at| check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, at);
        assert_eq!(check(World::at()).unwrap().signed_at, World::at());
        let at = World::at() - Duration::seconds(1);
        assert_eq!(
            check(at).unwrap_err(),
            BundleRefusal::AfterReferenceTime { signed_at: World::at(), at }
        );
    }
}

#[test]
fn a_time_that_the_systems_clock_has_not_reached_is_called_that() {
    let world = World::new();
    let far: Time = World::at() + Duration::days(365 * 100);
    let bundle = world.sigstore.publish_attestation(
        "a",
        "1.0.0",
        &World::digest().to_hex(),
        "r",
        far,
        &Options::default(),
    );
    let spki =
        world.trust().npm_keys(super::super::fixture::REGISTRY).unwrap().keys()[0].spki().clone();
    let signer = ExpectedSigner::Key { spki: &spki, keyid: None };
    assert_eq!(
        check(&world, &bundle, signer, far).unwrap_err(),
        BundleRefusal::ClockBehind { signed_at: far }
    );
    // Only what the reference time allows can be the clock's fault.
    let at = far - Duration::seconds(1);
    assert_eq!(
        check(&world, &bundle, signer, at).unwrap_err(),
        BundleRefusal::AfterReferenceTime { signed_at: far, at }
    );
}

#[test]
fn times_come_from_who_signed_them() {
    let world = World::new();
    for (options, source) in [
        (Options::v01(), TimeSource::TransparencyLog),
        (Options { timestamp: true, ..Options::default() }, TimeSource::TransparencyLog),
        (Options::rekor_v2(), TimeSource::TimestampAuthority),
    ] {
        let bundle = world.provenance(&options);
        let facts =
            check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap();
        assert_eq!(facts.time_source, source);
        assert_eq!(facts.logged, Logged { promise: options.promise, proof: options.proof });
    }
    let unsigned = Options { promise: false, ..Options::default() };
    let bundle = world.provenance(&unsigned);
    let why = check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err();
    assert_eq!(why.code(), "no-signing-time");
}

#[test]
fn a_key_needs_a_time_of_signing_too() {
    let world = World::new();
    let trust = world.trust();
    let key = &trust.npm_keys(super::super::fixture::REGISTRY).unwrap().keys()[0];
    let signer = ExpectedSigner::Key { spki: key.spki(), keyid: Some(key.keyid()) };
    let bundle = world.publish(&Options { promise: false, ..Options::default() });
    let why = check(&world, &bundle, signer, World::now()).unwrap_err();
    assert_eq!(why, BundleRefusal::NoSigningTime);
}

#[test]
fn hint_and_keyid_must_be_the_keys() {
    let world = World::new();
    let trust = world.trust();
    let key = &trust.npm_keys(super::super::fixture::REGISTRY).unwrap().keys()[0];
    let signer = ExpectedSigner::Key { spki: key.spki(), keyid: Some(key.keyid()) };
    let mut bundle = world.publish(&Options::default());
    assert!(check(&world, &bundle, signer, World::now()).is_ok());
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "other".into();
    let why = check(&world, &bundle, signer, World::now()).unwrap_err();
    assert!(matches!(why, BundleRefusal::OtherKeyId { field: "keyid", .. }));
    bundle["verificationMaterial"]["publicKey"]["hint"] = "other".into();
    let why = check(&world, &bundle, signer, World::now()).unwrap_err();
    assert!(matches!(why, BundleRefusal::OtherKeyId { field: "hint", .. }));
    assert_eq!(why.code(), "keyid-mismatch");
}

/// DSSE leaves it to the signer whether to name the key in the envelope.
#[test]
fn an_envelope_that_names_no_key_is_signed_by_the_one_that_the_hint_names() {
    let world = World::new();
    let trust = world.trust();
    let key = &trust.npm_keys(super::super::fixture::REGISTRY).unwrap().keys()[0];
    let signer = ExpectedSigner::Key { spki: key.spki(), keyid: Some(key.keyid()) };
    let mut bundle = world.publish(&Options::default());
    bundle["dsseEnvelope"]["signatures"][0]["keyid"] = "".into();
    assert!(check(&world, &bundle, signer, World::now()).is_ok());
    bundle["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid");
    assert!(check(&world, &bundle, signer, World::now()).is_ok());
    bundle["verificationMaterial"]["publicKey"]["hint"] = "".into();
    let why = check(&world, &bundle, signer, World::now()).unwrap_err();
    assert_eq!(why.code(), "keyid-mismatch");
}

#[test]
fn certificates_that_the_trusted_root_does_not_have_are_refused() {
    let world = World::new();
    let mut bundle = world.provenance(&Options::v01());
    let mut chain = bundle["verificationMaterial"]["x509CertificateChain"]["certificates"].take();
    let chain = chain.as_array_mut().unwrap();
    let other = World::new().provenance(&Options::v01());
    let foreign = &other["verificationMaterial"]["x509CertificateChain"]["certificates"][1];
    // Right after the signer's own, and at the end.
    for position in [2, chain.len() + 1] {
        let mut chain = chain.clone();
        chain.insert(position - 1, foreign.clone());
        bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = chain.into();
        assert_eq!(
            check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err(),
            BundleRefusal::ExtraCertificate { position }
        );
    }
}

#[test]
fn an_instance_with_a_log_demands_an_entry_and_one_without_refuses_it() {
    let world = World::new();
    let signed = world.provenance(&Options::rekor_v2());
    let mut bundle = signed.clone();
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    let digest = World::digest();
    let with = |root: &Value, bundle: &Value| {
        let trust = Trust::new(root.to_string().as_bytes(), None).unwrap();
        let signer = ExpectedSigner::AnyIdentityUnsafe;
        super::bundle(
            &trust,
            bundle.to_string().as_bytes(),
            Artifact::Digest(&digest),
            signer,
            World::now(),
        )
    };
    let mut root = world.sigstore.trusted_root();
    let refused = with(&root, &bundle).unwrap_err();
    assert_eq!((refused.code(), refused), ("missing-log-entry", BundleRefusal::NotLogged));
    root["tlogs"] = json!([]);
    let facts = with(&root, &bundle).unwrap();
    assert_eq!(facts.logged, Logged { promise: false, proof: false });
    assert_eq!(with(&root, &signed).unwrap_err().code(), "unknown-log");
    // Nor is an SCT asked for where no log of certificates could be its maker.
    root["ctlogs"] = json!([]);
    assert!(with(&root, &bundle).is_ok());
}

#[test]
fn the_identity_and_its_issuer_are_compared() {
    let world = World::new();
    let bundle = world.provenance(&Options::default());
    let (san, issuer) = (world.build.workflow_uri(), world.build.issuer.clone());
    let code = |san: &str, issuer: &str| {
        let signer = ExpectedSigner::Identity { san, issuer };
        check(&world, &bundle, signer, World::now()).map_or_else(|why| why.code(), |_| "good")
    };
    assert_eq!(code(&san, &issuer), "good");
    assert_eq!(code("https://github.com/mallory", &issuer), "identity-mismatch");
    assert_eq!(code(&san, "https://issuer.test"), "issuer-mismatch");
}

#[test]
fn an_artifact_is_no_sha1() {
    let world = World::new();
    let bundle = world.provenance(&Options::default());
    let weak = Algorithm::Sha1.digest(TARBALL);
    let signer = ExpectedSigner::AnyIdentityUnsafe;
    let why = super::bundle(
        &world.trust(),
        bundle.to_string().as_bytes(),
        Artifact::Digest(&weak),
        signer,
        World::now(),
    );
    assert_eq!(why.unwrap_err().code(), "unsupported-bundle");
}

#[test]
fn what_is_logged_is_in_the_log_that_the_entry_names() {
    let world = World::new();
    let kind = statement::PROVENANCE_V1;
    let (v1, v2) = (world.sigstore.rekor.id(), world.sigstore.rekor_v2.id());
    for (options, known, code) in [
        (Options::default(), v2, "invalid-inclusion-promise"),
        (Options::rekor_v2(), v1, "invalid-checkpoint"),
    ] {
        let mut bundle = world.provenance(&options);
        assert_eq!(world.provenance_code(kind, bundle.clone()), "verified");
        let id = &mut bundle["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"];
        *id = STANDARD.encode(known).into();
        assert_eq!(world.provenance_code(kind, bundle.clone()), code);
        bundle["verificationMaterial"]["tlogEntries"][0]["logId"]["keyId"] = "AAAA".into();
        assert_eq!(world.provenance_code(kind, bundle), "unknown-log");
    }
}

/// With a promise and with a proof alone, where `sigstore-verify` would go by the system's clock.
#[test]
fn a_log_vouches_within_its_window_alone_both_ends_included() {
    let second = Duration::seconds(1);
    for options in [Options::default(), Options::v01(), Options::rekor_v2()] {
        let code = |start: Time, end: Time| {
            let mut world = World::new();
            world.sigstore.rekor.window = testkit::sigstore::Window::new(start, end);
            world.sigstore.rekor_v2.window = world.sigstore.rekor.window;
            world.provenance_code(statement::PROVENANCE_V1, world.provenance(&options))
        };
        let at = World::at();
        assert_eq!(code(at, at), "verified");
        assert_eq!(code(at - second * 2, at - second), "log-not-valid-then");
        assert_eq!(code(at + second, at + second * 2), "log-not-valid-then");
        // Not even the system's clock has reached it.
        let far = at + Duration::days(365 * 100);
        assert_eq!(code(far, far + second), "log-not-valid-then");
    }
}

#[test]
fn a_time_outside_the_certificates_window_is_not_the_clocks_fault() {
    let world = World::new();
    let far: Time = World::at() + Duration::days(365 * 100);
    let code = |from: Time| {
        let leaf = Leaf::of(&world.build, from);
        let certificate = world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct);
        let signer = testkit::sigstore::Signer::Certificate(certificate);
        let statement = statement::provenance_v1(&world.build, &World::subject());
        let bundle = world.sigstore.attest(&statement, &signer, far, &Options::default());
        check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, far).unwrap_err().code()
    };
    // It is valid for ten minutes, both ends included.
    let (minutes, second) = (Duration::minutes(10), Duration::seconds(1));
    assert_eq!(code(far), "clock-behind");
    assert_eq!(code(far - minutes), "clock-behind");
    assert_eq!(code(far + second), "certificate-not-valid-then");
    assert_eq!(code(far - minutes - second), "certificate-not-valid-then");
}

#[test]
fn what_is_signed_is_a_statement() {
    let world = World::new();
    let code = |bundle: &Value| {
        check(&world, bundle, ExpectedSigner::AnyIdentityUnsafe, World::now()).unwrap_err().code()
    };
    let signed = |change: &dyn Fn(&mut Value)| {
        let mut statement = statement::provenance_v1(&world.build, &World::subject());
        change(&mut statement);
        code(&world.signed(&statement, &world.leaf()))
    };
    assert_eq!(signed(&|statement| *statement = json!({})), "malformed-statement");
    assert_eq!(signed(&|statement| statement["subject"] = json!([])), "inconsistent-bundle");
    let future = "https://in-toto.io/Statement/v2";
    assert_eq!(signed(&|statement| statement["_type"] = future.into()), "unsupported-statement");
    let certificate = world.sigstore.fulcio.issue(&world.leaf(), &world.sigstore.ct);
    let signer = testkit::sigstore::Signer::Certificate(certificate);
    let (at, options) = (World::at(), Options::default());
    let bundle = world.sigstore.sign_payload("text/plain", b"{}", &signer, at, &options);
    assert_eq!(code(&bundle), "unsupported-payload-type");
}

/// A plain signature of the tarball, as `cosign sign-blob` made them: timestamped at once, logged
/// at that time, and with a proof but no promise.
fn plain_signature(world: &World, logged_at: Time) -> Value {
    let signed = world.sigstore.fulcio.issue(&world.leaf(), &world.sigstore.ct);
    let encode = |bytes: &[u8]| STANDARD.encode(bytes);
    let (signature, digest) = (signed.key.sign(TARBALL), Algorithm::Sha256.digest(TARBALL));
    let body = json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": digest.to_hex()}},
        "signature": {
            "content": encode(&signature),
            "publicKey": {"content": encode(pem("CERTIFICATE", signed.certificate()).as_bytes())},
        },
    }})
    .to_string();
    let mut receipt = world.sigstore.rekor.append(body.as_bytes(), logged_at);
    receipt.entry["kindVersion"] = json!({"kind": "hashedrekord", "version": "0.0.1"});
    receipt.entry["inclusionProof"] = receipt.proof;
    receipt.entry["canonicalizedBody"] = encode(body.as_bytes()).into();
    let timestamp = world.sigstore.tsa.timestamp(&signature, World::at());
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": encode(signed.certificate())},
            "tlogEntries": [receipt.entry],
            "timestampVerificationData": {
                "rfc3161Timestamps": [{"signedTimestamp": encode(&timestamp)}],
            },
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": encode(digest.bytes())},
            "signature": encode(&signature),
        },
    })
}

fn plain(world: &World, bundle: &Value, bytes: &[u8]) -> Result<BundleFacts, BundleRefusal> {
    let (bundle, signer) = (bundle.to_string(), ExpectedSigner::AnyIdentityUnsafe);
    super::bundle(&world.trust(), bundle.as_bytes(), Artifact::Bytes(bytes), signer, World::now())
}

#[test]
fn a_plain_signature_is_of_these_bytes_and_no_statement() {
    let world = World::new();
    let mut bundle = plain_signature(&world, World::at());
    let facts = plain(&world, &bundle, TARBALL).unwrap();
    assert!(facts.statement.is_none());
    assert_eq!(facts.time_source, TimeSource::TimestampAuthority);
    assert_eq!(facts.logged, Logged { promise: false, proof: true });
    assert_eq!(plain(&world, &bundle, b"other").unwrap_err().code(), "artifact-mismatch");
    tamper::flip(&mut bundle["messageSignature"]["messageDigest"]["digest"]);
    assert_eq!(plain(&world, &bundle, TARBALL).unwrap_err().code(), "artifact-mismatch");
}

/// Nobody signed that time, so nothing is accepted for it; and still it must not contradict.
#[test]
fn an_integrated_time_without_a_promise_is_held_against_the_certificate() {
    let world = World::new();
    let code = |logged_at: Time| {
        let bundle = plain_signature(&world, logged_at);
        plain(&world, &bundle, TARBALL).map_or_else(|why| why.code(), |_| "verified")
    };
    // The certificate is valid for ten minutes, both ends included.
    let (minutes, second) = (Duration::minutes(10), Duration::seconds(1));
    assert_eq!(code(World::at()), "verified");
    assert_eq!(code(World::at() + minutes), "verified");
    assert_eq!(code(World::at() + minutes + second), "integrated-time-outside-certificate");
    assert_eq!(code(World::at() - second), "integrated-time-outside-certificate");
}

#[test]
fn what_is_wrong_with_a_certificate_or_an_authority_is_told_apart() {
    let judged = |options: Options, change: fn(&mut World, &mut Leaf)| {
        let mut world = World::new();
        let mut leaf = world.leaf();
        change(&mut world, &mut leaf);
        let certificate = world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct);
        let signer = testkit::sigstore::Signer::Certificate(certificate);
        let statement = statement::provenance_v1(&world.build, &World::subject());
        let bundle = world.sigstore.attest(&statement, &signer, World::at(), &options);
        check(&world, &bundle, ExpectedSigner::AnyIdentityUnsafe, World::now())
            .map_or_else(|why| why.code(), |_| "verified")
    };
    let code = |change| judged(Options::default(), change);
    assert_eq!(code(|_, _| {}), "verified");
    assert_eq!(code(|_, leaf| leaf.logged = None), "invalid-sct");
    assert_eq!(code(|_, leaf| leaf.claims.set_raw(8, b"\xff")), "malformed-certificate");
    assert_eq!(code(|_, leaf| leaf.extended_key_usage = TIME_STAMPING), "untrusted-certificate");
    assert_eq!(code(|world, _| world.sigstore.fulcio.window = ended()), "no-valid-authority");
    assert_eq!(
        judged(Options::rekor_v2(), |world, _| world.sigstore.tsa.window = ended()),
        "timestamp-authority-not-valid-then"
    );
}

/// Trust that ended a second before anything is signed.
fn ended() -> testkit::sigstore::Window {
    let end = World::at() - Duration::seconds(1);
    testkit::sigstore::Window::new(end - Duration::days(30), end)
}
