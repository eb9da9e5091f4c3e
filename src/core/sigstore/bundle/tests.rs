use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::*;
use crate::core::sigstore::fixture::World;
use testkit::sigstore::Options;

fn parse(bundle: &Value) -> Result<Bundle, MalformedBundle> {
    Bundle::parse(bundle.to_string().as_bytes())
}

fn refused(bundle: &Value) -> MalformedBundle {
    parse(bundle).unwrap_err()
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn remove(value: &mut Value, field: &str) -> Value {
    value.as_object_mut().unwrap().remove(field).unwrap()
}

#[test]
fn a_missing_or_unknown_media_type_is_refused() {
    let mut bundle = World::new().provenance(&Options::default());
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.4");
    assert!(matches!(refused(&bundle), MalformedBundle::MediaType(_)));
    remove(&mut bundle, "mediaType");
    assert_eq!(refused(&bundle), MalformedBundle::NoMediaType);
}

/// Which parsers take for the object whose fields' values they are, in an order of their own.
#[test]
fn a_list_is_no_object() {
    let world = World::new();
    let message =
        json!({"messageDigest": {"algorithm": "SHA2_256", "digest": ""}, "signature": ""});
    let mut plain = world.provenance(&Options::default());
    plain["messageSignature"] = message;
    remove(&mut plain, "dsseEnvelope");
    let key = world.publish(&Options::default());
    let (v01, v2) = (world.provenance(&Options::v01()), world.provenance(&Options::rekor_v2()));
    let (material, entry) = ("/verificationMaterial", "/verificationMaterial/tlogEntries/0");
    let (chain, proof) = ("/x509CertificateChain", "/inclusionProof");
    let timestamps = "/timestampVerificationData";
    let entry_fields = "logIndex logId kindVersion integratedTime inclusionPromise inclusionProof canonicalizedBody";
    for (bundle, path, fields) in [
        (&v2, String::new(), "mediaType verificationMaterial messageSignature dsseEnvelope"),
        (
            &v2,
            material.to_owned(),
            "certificate x509CertificateChain publicKey tlogEntries timestampVerificationData",
        ),
        (&v2, format!("{material}/certificate"), "rawBytes"),
        (&v01, format!("{material}{chain}"), "certificates"),
        (&v01, format!("{material}{chain}/certificates/0"), "rawBytes"),
        (&key, format!("{material}/publicKey"), "hint"),
        (&v01, entry.to_owned(), entry_fields),
        (&v01, format!("{entry}/logId"), "keyId"),
        (&v01, format!("{entry}/kindVersion"), "kind version"),
        (&v01, format!("{entry}/inclusionPromise"), "signedEntryTimestamp"),
        (&v2, format!("{entry}{proof}"), "logIndex rootHash treeSize hashes checkpoint"),
        (&v2, format!("{entry}{proof}/checkpoint"), "envelope"),
        (&v2, format!("{material}{timestamps}"), "rfc3161Timestamps"),
        (&v2, format!("{material}{timestamps}/rfc3161Timestamps/0"), "signedTimestamp"),
        (&plain, "/messageSignature".to_owned(), "messageDigest signature"),
        (&plain, "/messageSignature/messageDigest".to_owned(), "algorithm digest"),
        (&v2, "/dsseEnvelope".to_owned(), "payload payloadType signatures"),
        (&v2, "/dsseEnvelope/signatures/0".to_owned(), "sig keyid"),
    ] {
        assert!(parse(bundle).is_ok(), "{path}");
        let mut bundle = bundle.clone();
        let object = bundle.pointer_mut(&path).unwrap();
        *object = fields.split(' ').map(|field| object[field].clone()).collect();
        let refused = refused(&bundle);
        let MalformedBundle::Json(why) = &refused else { panic!("{path}: {refused:?}") };
        assert!(why.contains("expected an object"), "{path}: {why}");
    }
}

#[test]
fn exactly_one_key_material_and_one_content() {
    let good = World::new().provenance(&Options::default());
    let mut bundle = good.clone();
    bundle["verificationMaterial"]["publicKey"] = json!({"hint": "a"});
    assert_eq!(refused(&bundle), MalformedBundle::KeyMaterial(2));
    let leaf = bundle["verificationMaterial"]["certificate"].clone();
    bundle["verificationMaterial"]["x509CertificateChain"] = json!({"certificates": [leaf]});
    assert_eq!(refused(&bundle), MalformedBundle::KeyMaterial(3));
    remove(&mut bundle["verificationMaterial"], "x509CertificateChain");
    remove(&mut bundle["verificationMaterial"], "publicKey");
    remove(&mut bundle["verificationMaterial"], "certificate");
    assert_eq!(refused(&bundle), MalformedBundle::KeyMaterial(0));
    let mut bundle = good;
    bundle["messageSignature"] = json!({"signature": "AA=="});
    assert_eq!(refused(&bundle), MalformedBundle::Content(2));
    remove(&mut bundle, "messageSignature");
    remove(&mut bundle, "dsseEnvelope");
    assert_eq!(refused(&bundle), MalformedBundle::Content(0));
}

#[test]
fn each_version_has_its_form_of_certificate() {
    let world = World::new();
    let (v01, v03) = (
        "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "application/vnd.dev.sigstore.bundle.v0.3+json",
    );
    let mut bundle = world.provenance(&Options::default());
    bundle["mediaType"] = json!(v01);
    assert_eq!(
        refused(&bundle),
        MalformedBundle::CertificateForm {
            version: BundleVersion::V0_1,
            found: "single certificate"
        }
    );
    let mut bundle = world.provenance(&Options::v02());
    bundle["mediaType"] = json!(v03);
    assert_eq!(
        refused(&bundle),
        MalformedBundle::CertificateForm {
            version: BundleVersion::V0_3,
            found: "certificate chain"
        }
    );
    bundle["mediaType"] = json!(v01);
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"] = json!([]);
    assert_eq!(refused(&bundle), MalformedBundle::EmptyChain);
}

#[test]
fn each_version_rests_on_its_proof() {
    let world = World::new();
    let mut bundle = world.provenance(&Options::v01());
    assert!(parse(&bundle).is_ok());
    remove(entry(&mut bundle), "inclusionPromise");
    assert_eq!(refused(&bundle), MalformedBundle::NoPromise);
    for (options, version) in
        [(Options::v02(), BundleVersion::V0_2), (Options::default(), BundleVersion::V0_3)]
    {
        let mut bundle = world.provenance(&options);
        remove(entry(&mut bundle), "inclusionProof");
        assert_eq!(refused(&bundle), MalformedBundle::NoProof(version));
        let named = if version == BundleVersion::V0_2 { "0.2" } else { "0.3" };
        assert_eq!(version.to_string(), named);
    }
}

#[test]
fn a_proof_needs_its_checkpoint_but_in_version_0_1() {
    let world = World::new();
    let mut bundle = world.provenance(&Options::v02());
    remove(&mut entry(&mut bundle)["inclusionProof"], "checkpoint");
    assert_eq!(refused(&bundle), MalformedBundle::NoCheckpoint);
    // Set aside, so that nobody takes it for a proof.
    let mut bundle = world.provenance(&Options { proof: true, ..Options::v01() });
    remove(&mut entry(&mut bundle)["inclusionProof"], "checkpoint");
    assert!(parse(&bundle).unwrap().entry().unwrap().inclusion_proof.is_none());
    let mut bundle = world.provenance(&Options::default());
    entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = json!("no note");
    assert!(matches!(refused(&bundle), MalformedBundle::Checkpoint(_)));
}

#[test]
fn a_checkpoint_is_a_note_and_its_signatures() {
    let mut bundle = World::new().provenance(&Options::default());
    let envelope = |bundle: &mut Value| {
        entry(bundle)["inclusionProof"]["checkpoint"]["envelope"].as_str().unwrap().to_owned()
    };
    let good = envelope(&mut bundle);
    let witness = format!("{good}\u{2014} witness.example AAAAAAA=\n");
    for (note, is_good) in [
        (good.clone(), true),
        (witness.clone(), true),
        (format!("{good}\nJUNK"), false),
        (format!("{good}\n"), false),
        (format!("{good}\n\u{2014} witness.example AAAAAAA=\n"), false),
        (good.trim_end().to_owned(), false),
        (witness.replace("AAAAAAA=", "AAAAAAA= more"), false),
        (witness.replace("witness.example ", ""), false),
        (witness.replace("\u{2014} witness", "- witness"), false),
        (witness.replace(" AAAAAAA=", "  AAAAAAA="), false),
        (witness.replace("witness.example", "witness\texample"), false),
        (good.replace('\n', "\r\n"), false),
        (String::new(), false),
    ] {
        entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = json!(note);
        match parse(&bundle) {
            Ok(_) => assert!(is_good, "{note:?}"),
            Err(why) => {
                assert!(!is_good && matches!(why, MalformedBundle::Checkpoint(_)), "{note:?}")
            }
        }
    }
}

#[test]
fn proof_and_checkpoint_must_agree() {
    for (field, value, name) in
        [("treeSize", json!("999"), "tree size"), ("rootHash", json!(STANDARD_ZERO), "root hash")]
    {
        let mut bundle = World::new().provenance(&Options::default());
        entry(&mut bundle)["inclusionProof"][field] = value;
        let MalformedBundle::ProofDisagrees { field, .. } = refused(&bundle) else {
            panic!("{field}")
        };
        assert_eq!(field, name);
    }
    let mut bundle = World::new().provenance(&Options::rekor_v2());
    entry(&mut bundle)["logIndex"] = json!("7");
    let MalformedBundle::ProofDisagrees { field, .. } = refused(&bundle) else { panic!() };
    assert_eq!(field, "log index");
}

const STANDARD_ZERO: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

#[test]
fn one_entry_of_a_known_kind() {
    let mut bundle = World::new().provenance(&Options::default());
    let twin = entry(&mut bundle).clone();
    bundle["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap().push(twin);
    assert_eq!(refused(&bundle), MalformedBundle::SeveralEntries(2));
    let mut bundle = World::new().provenance(&Options::default());
    entry(&mut bundle)["kindVersion"] = json!({"kind": "helm", "version": "0.0.1"});
    assert_eq!(refused(&bundle), MalformedBundle::EntryKind("helm 0.0.1".into()));
}

#[test]
fn rekor_v2_has_neither_promise_nor_time() {
    let mut bundle = World::new().provenance(&Options::rekor_v2());
    entry(&mut bundle)["inclusionPromise"] = json!({"signedEntryTimestamp": "AAAA"});
    assert_eq!(refused(&bundle), MalformedBundle::RekorV2("inclusion promise"));
    entry(&mut bundle)["integratedTime"] = json!("1700000000");
    assert_eq!(refused(&bundle), MalformedBundle::RekorV2("integrated time"));
}

#[test]
fn one_signature_and_few_timestamps() {
    let mut bundle = World::new().provenance(&Options::default());
    let twin = bundle["dsseEnvelope"]["signatures"][0].clone();
    bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(twin);
    assert_eq!(refused(&bundle), MalformedBundle::Signatures(2));
    bundle["dsseEnvelope"]["signatures"] = json!([]);
    assert_eq!(refused(&bundle), MalformedBundle::Signatures(0));
    let mut bundle = World::new().provenance(&Options::rekor_v2());
    let all = &mut bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"];
    let twin = all[0].clone();
    all.as_array_mut().unwrap().push(twin);
    assert_eq!(refused(&bundle), MalformedBundle::RepeatedTimestamp);
}

#[test]
fn unknown_repeated_and_malformed_fields_are_refused() {
    let good = World::new().provenance(&Options::default());
    for pointer in [
        "",
        "/verificationMaterial",
        "/verificationMaterial/certificate",
        "/verificationMaterial/tlogEntries/0",
        "/verificationMaterial/tlogEntries/0/logId",
        "/verificationMaterial/tlogEntries/0/inclusionProof",
        "/verificationMaterial/tlogEntries/0/inclusionProof/checkpoint",
        "/verificationMaterial/timestampVerificationData",
        "/dsseEnvelope",
        "/dsseEnvelope/signatures/0",
    ] {
        let mut bundle = good.clone();
        bundle.pointer_mut(pointer).unwrap()["extra"] = json!(1);
        let MalformedBundle::Json(detail) = refused(&bundle) else { panic!("{pointer}") };
        assert!(detail.contains("unknown field `extra`"), "{pointer}: {detail}");
    }
    let text = good.to_string();
    let twice = text.replacen("\"payloadType\"", "\"payloadType\":\"a\",\"payloadType\"", 1);
    assert!(matches!(Bundle::parse(twice.as_bytes()), Err(MalformedBundle::Json(_))));
    let after = format!("{text} {{}}");
    assert!(matches!(Bundle::parse(after.as_bytes()), Err(MalformedBundle::Json(_))));
}

#[test]
fn deep_nesting_is_refused() {
    for text in ["[".repeat(99_999), "{\"verificationMaterial\":".repeat(99_999)] {
        assert!(matches!(Bundle::parse(text.as_bytes()), Err(MalformedBundle::Json(_))));
    }
    // In a field that is known, and that nothing else is wrong with.
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let bundle = World::new().provenance(&Options::default()).to_string();
    let bundle = bundle.replacen("\"mediaType\":", &format!("\"mediaType\":{deep},\"x\":"), 1);
    assert!(matches!(Bundle::parse(bundle.as_bytes()), Err(MalformedBundle::Json(_))));
}

#[test]
fn one_number_has_one_spelling_and_bytes_have_one_alphabet() {
    let good = World::new().provenance(&Options::default());
    for index in [json!("-1"), json!("+1"), json!("01"), json!("1e3"), json!(""), json!(1.5)] {
        let mut bundle = good.clone();
        entry(&mut bundle)["logIndex"] = index.clone();
        assert!(matches!(refused(&bundle), MalformedBundle::Json(_)), "{index}");
    }
    for sig in [json!("AA"), json!("-_8="), json!("AA==\n"), json!("AB=="), json!(7)] {
        let mut bundle = good.clone();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = sig.clone();
        assert!(matches!(refused(&bundle), MalformedBundle::Json(_)), "{sig}");
    }
}

/// A bundle of version 0.3 with a timestamp.
fn with_timestamps(tokens: &[Vec<u8>]) -> Value {
    let mut bundle = World::new().provenance(&Options::rekor_v2());
    let tokens = tokens.iter().map(|token| json!({"signedTimestamp": STANDARD.encode(token)}));
    let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
    data["rfc3161Timestamps"] = tokens.collect();
    bundle
}

#[test]
fn timestamps_are_as_many_as_the_limit() {
    let tokens: Vec<Vec<u8>> = (0..=limits::BUNDLE_TIMESTAMPS).map(|n| vec![n as u8]).collect();
    let number = tokens.len();
    assert_eq!(refused(&with_timestamps(&tokens)), MalformedBundle::TooManyTimestamps(number));
    assert_eq!(MalformedBundle::TooManyTimestamps(number).code(), "too-many-timestamps");
    // Also where they are the same: their number is looked at first.
    let same = vec![vec![0]; 10_000];
    assert_eq!(refused(&with_timestamps(&same)), MalformedBundle::TooManyTimestamps(10_000));
    assert!(parse(&with_timestamps(&tokens[1..])).is_ok());
}

#[test]
fn what_is_slow_to_read_is_bounded() {
    let max = limits::BUNDLE_DER_BYTES;
    let too_large = |part, bytes| MalformedBundle::TooLarge { part, bytes, max: bytes - 1 };
    assert!(parse(&with_timestamps(&[vec![0; max]])).is_ok());
    let token = with_timestamps(&[vec![0; max + 1]]);
    assert_eq!(refused(&token), too_large("timestamp", max + 1));

    let mut bundle = World::new().provenance(&Options::default());
    let certificate = |size| json!({"rawBytes": STANDARD.encode(vec![0; size])});
    bundle["verificationMaterial"]["certificate"] = certificate(max);
    assert!(parse(&bundle).is_ok());
    bundle["verificationMaterial"]["certificate"] = certificate(max + 1);
    assert_eq!(refused(&bundle), too_large("certificate", max + 1));
    remove(&mut bundle["verificationMaterial"], "certificate");
    bundle["verificationMaterial"]["x509CertificateChain"] =
        json!({"certificates": [certificate(1), certificate(max)]});
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.2");
    assert!(parse(&bundle).is_ok());
    bundle["verificationMaterial"]["x509CertificateChain"]["certificates"][1] =
        certificate(max + 1);
    assert_eq!(refused(&bundle), too_large("certificate", max + 1));

    let mut bundle = World::new().provenance(&Options::default());
    let checkpoint = entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"].take();
    let note = checkpoint.as_str().unwrap();
    // A signature line of a witness, as long as is needed.
    let padded = |size: usize| {
        let (dash, rest) = ("\u{2014} ", " AAAAAAA=\n");
        let name = "w".repeat(size - note.len() - dash.len() - rest.len());
        json!([note, dash, &name, rest].concat())
    };
    let max = limits::CHECKPOINT_BYTES;
    entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = padded(max + 1);
    assert_eq!(refused(&bundle), too_large("checkpoint", max + 1));
    entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"] = padded(max);
    assert!(parse(&bundle).is_ok());
}

#[test]
fn values_are_as_many_as_the_limit() {
    let good = World::new().provenance(&Options::default());
    let max = limits::EVIDENCE_VALUES;
    let too_many = |part, values| MalformedBundle::TooManyValues { part, values };
    // The bundle's own, the statement's, and the log entry's.
    let hashes = |values: usize| {
        let mut bundle = good.clone();
        let proof = &mut entry(&mut bundle)["inclusionProof"];
        proof["hashes"] = json!([]);
        let others = json::values(bundle.to_string().as_bytes());
        entry(&mut bundle)["inclusionProof"]["hashes"] =
            json!(vec![STANDARD_ZERO; values - others + 1]);
        bundle
    };
    assert!(parse(&hashes(max)).is_ok());
    assert_eq!(refused(&hashes(max + 1)), too_many("bundle", max + 1));
    let encoded = |values: usize| json!(STANDARD.encode(",".repeat(values - 1)));
    let payload = |values| {
        let mut bundle = good.clone();
        bundle["dsseEnvelope"]["payload"] = encoded(values);
        bundle
    };
    assert!(parse(&payload(max)).is_ok());
    assert_eq!(refused(&payload(max + 1)), too_many("statement", max + 1));
    let body = |values| {
        let mut bundle = good.clone();
        entry(&mut bundle)["canonicalizedBody"] = encoded(values);
        bundle
    };
    assert!(parse(&body(max)).is_ok());
    assert_eq!(refused(&body(max + 1)), too_many("log entry", max + 1));
}

/// Reports are compared by these: none may change, nor be another's.
#[test]
fn each_refusal_has_a_code_of_its_own() {
    let version = BundleVersion::V0_2;
    let disagrees = MalformedBundle::ProofDisagrees {
        field: "tree size",
        proof: "1".into(),
        other: "2".into(),
    };
    for (refusal, code) in [
        (MalformedBundle::Json(String::new()), "malformed-bundle"),
        (MalformedBundle::NoMediaType, "missing-media-type"),
        (MalformedBundle::MediaType(String::new()), "unsupported-media-type"),
        (MalformedBundle::KeyMaterial(2), "ambiguous-key-material"),
        (MalformedBundle::Content(2), "ambiguous-content"),
        (MalformedBundle::CertificateForm { version, found: "form" }, "wrong-certificate-form"),
        (MalformedBundle::EmptyChain, "empty-certificate-chain"),
        (MalformedBundle::SeveralEntries(2), "several-log-entries"),
        (MalformedBundle::EntryKind(String::new()), "unsupported-log-entry"),
        (MalformedBundle::NoPromise, "missing-inclusion-promise"),
        (MalformedBundle::NoProof(version), "missing-inclusion-proof"),
        (MalformedBundle::NoCheckpoint, "missing-checkpoint"),
        (MalformedBundle::Checkpoint(String::new()), "malformed-checkpoint"),
        (disagrees, "inclusion-proof-disagrees"),
        (MalformedBundle::RekorV2("promise"), "unexpected-log-field"),
        (MalformedBundle::Signatures(2), "wrong-signature-count"),
        (MalformedBundle::RepeatedTimestamp, "repeated-timestamp"),
        (MalformedBundle::TooManyTimestamps(99), "too-many-timestamps"),
        (MalformedBundle::TooManyValues { part: "part", values: 2 }, "too-many-values"),
        (MalformedBundle::TooLarge { part: "part", bytes: 2, max: 1 }, "oversized-bundle-part"),
    ] {
        assert_eq!(refusal.code(), code);
    }
}
