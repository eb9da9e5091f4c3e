use super::*;

const PAYLOAD: &[u8] = b"{\"hello\": \"w\xc3\xb6rld\"}";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    PublicKey::from(&key(seed))
}

fn refused(json: &str) -> EnvelopeError {
    Envelope::parse(json.as_bytes()).unwrap_err()
}

fn json(payload_type: &str, payload: &str, signatures: &str) -> String {
    format!(
        r#"{{"payloadType":"{payload_type}","payload":"{payload}","signatures":[{signatures}]}}"#
    )
}

fn signature(sig: &[u8]) -> String {
    format!(r#"{{"keyid":"k","sig":"{}"}}"#, STANDARD.encode(sig))
}

#[test]
fn what_was_signed_is_what_comes_back() {
    let bytes = Envelope::sign(PAYLOAD, &[key(2), key(1)]).unwrap().to_json();
    assert_eq!(bytes, Envelope::sign(PAYLOAD, &[key(1), key(2)]).unwrap().to_json());
    let envelope = Envelope::parse(&bytes).unwrap();
    let verified = envelope.verify(&[public(1), public(2), public(3)], 2).unwrap();
    assert_eq!(verified.payload(), PAYLOAD);
    let signers = [public(1).fingerprint(), public(2).fingerprint()];
    assert_eq!(verified.into_signers(), signers);
}

#[test]
fn the_encoding_is_the_protocols() {
    let envelope = Envelope::over(b"hello world");
    assert_eq!(envelope.pae, b"DSSEv1 28 application/vnd.in-toto+json 11 hello world");
}

#[test]
fn one_key_counts_once_however_often_it_is_given_or_signs() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    assert_eq!(
        envelope.verify(&[public(1), public(1)], 2),
        Err(EnvelopeError::Threshold { threshold: 2, keys: 1 })
    );
    let again = Signature { keyid: "another name".into(), ..envelope.signatures[0].clone() };
    envelope.signatures.push(again);
    assert_eq!(
        envelope.verify(&[public(1), public(2)], 2),
        Err(EnvelopeError::TooFewSigners {
            required: 2,
            verified: vec![public(1).fingerprint()],
            claimed: vec![public(1).fingerprint(), "another name".into()],
        })
    );
}

#[test]
fn a_threshold_of_nothing_is_refused() {
    let envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    let error = EnvelopeError::Threshold { threshold: 0, keys: 1 };
    assert_eq!(envelope.verify(&[public(1)], 0), Err(error));
    let error = EnvelopeError::Threshold { threshold: 1, keys: 0 };
    assert_eq!(envelope.verify(&[], 1), Err(error));
}

#[test]
fn the_key_id_neither_helps_nor_harms() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    envelope.signatures[0].keyid = public(2).fingerprint();
    assert!(envelope.verify(&[public(1)], 1).is_ok());
    assert!(matches!(envelope.verify(&[public(2)], 1), Err(EnvelopeError::TooFewSigners { .. })));
}

#[test]
fn signatures_by_strangers_and_broken_ones_are_passed_over() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1), key(9)]).unwrap();
    let broken = Signature { keyid: public(1).fingerprint(), sig: [1; 64] };
    envelope.signatures.insert(0, broken);
    assert_eq!(envelope.verify(&[public(1)], 1).unwrap().into_signers(), [public(1).fingerprint()]);
}

#[test]
fn another_payload_does_not_verify() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    envelope.pae.push(b' ');
    assert!(envelope.verify(&[public(1)], 1).is_err());
}

#[test]
fn both_alphabets_of_base64_are_read() {
    let payload = [0xfb, 0xff, 0xfe];
    let good = Envelope::sign(&payload, &[key(1)]).unwrap();
    let text = String::from_utf8(good.to_json()).unwrap();
    assert!(text.contains("+//+"));
    let url_safe = text.replace("+//+", "-__-");
    assert_eq!(Envelope::parse(url_safe.as_bytes()).unwrap(), good);
    let mixed = text.replace("+//+", "-//-");
    assert_eq!(refused(&mixed), EnvelopeError::Base64("payload"));
}

#[test]
fn an_absent_key_id_is_an_empty_one() {
    let sig = STANDARD.encode([0; 64]);
    let text = json(PAYLOAD_TYPE, "", &format!(r#"{{"sig":"{sig}"}}"#));
    let envelope = Envelope::parse(text.as_bytes()).unwrap();
    assert_eq!(envelope.claimed_keyids().collect::<Vec<_>>(), [""]);
    assert_eq!(envelope.to_json(), text.as_bytes());
}

#[test]
fn malformed_envelopes_are_refused() {
    let good = signature(&[0; 64]);
    assert_eq!(
        refused(&json("text/plain", "", &good)),
        EnvelopeError::PayloadType("text/plain".into())
    );
    assert_eq!(refused(&json(PAYLOAD_TYPE, "A", &good)), EnvelopeError::Base64("payload"));
    for payload in ["QQ", "QQ=", "QQ===", "=", "====", "QUJD====", "QQ==QQ==", "QR=="] {
        let found = refused(&json(PAYLOAD_TYPE, payload, &good));
        assert_eq!(found, EnvelopeError::Base64("payload"), "{payload}");
    }
    assert_eq!(
        refused(&json(PAYLOAD_TYPE, "", r#"{"sig":"!"}"#)),
        EnvelopeError::Base64("signature")
    );
    assert_eq!(
        refused(&json(PAYLOAD_TYPE, "", &signature(&[0; 63]))),
        EnvelopeError::SignatureSize(63)
    );
    assert_eq!(refused(&json(PAYLOAD_TYPE, "", "")), EnvelopeError::NoSignature);
    let many = vec![good.clone(); 65].join(",");
    let too_many = refused(&json(PAYLOAD_TYPE, "", &many));
    assert_eq!(too_many, EnvelopeError::TooManySignatures(65));
    assert_eq!(too_many.to_string(), "the envelope has 65 signatures, more than 64");
    let most = vec![good.clone(); 64].join(",");
    assert!(Envelope::parse(json(PAYLOAD_TYPE, "", &most).as_bytes()).is_ok());
    for json in [
        "[]".to_owned(),
        "{}".to_owned(),
        json(PAYLOAD_TYPE, r#"","payload":""#, &good),
        json(PAYLOAD_TYPE, r#"","extra":""#, &good),
        json(PAYLOAD_TYPE, "", r#"{"sig":"","sig":""}"#),
        json(PAYLOAD_TYPE, "", r#"{"sig":"","cert":""}"#),
        format!("{}x", json(PAYLOAD_TYPE, "", &good)),
        "[".repeat(100_000),
    ] {
        assert!(matches!(refused(&json), EnvelopeError::Json(_)), "{json:.100}");
    }
}

#[test]
fn the_header_says_the_size_of_the_payload() {
    for size in 0..10 {
        let payload = vec![b'x'; size];
        let envelope = Envelope::sign(&payload, &[key(1)]).unwrap();
        let read = Envelope::parse(&envelope.to_json()).unwrap();
        assert_eq!(read, envelope);
        assert_eq!(read.verify(&[public(1)], 1).unwrap().payload(), payload);
    }
}

#[test]
fn nobody_signs_twice_and_somebody_must() {
    assert_eq!(Envelope::sign(PAYLOAD, &[]), Err(EnvelopeError::NoSignature));
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    assert_eq!(
        envelope.add_signature(&key(1)),
        Err(EnvelopeError::SignedAlready(public(1).fingerprint()))
    );
    envelope.add_signature(&key(2)).unwrap();
    assert!(envelope.verify(&[public(1), public(2)], 2).is_ok());
}
