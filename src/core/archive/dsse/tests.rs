use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::*;

const PAYLOAD: &[u8] = b"{\"hello\": \"w\xc3\xb6rld\"}";

fn key(seed: u8) -> SigningKey {
    SigningKey::ed25519(&[seed; 32])
}

fn public(seed: u8) -> PublicKey {
    PublicKey::from(&key(seed))
}

/// Made by OpenSSL: `tests/data/README.md`.
fn p256() -> SigningKey {
    let pem = include_str!("../../../../tests/data/keys/p256.key");
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    SigningKey::p256(&STANDARD.decode(base64).unwrap()).unwrap()
}

fn refused(json: &str) -> EnvelopeError {
    Envelope::parse(json.as_bytes()).unwrap_err()
}

fn json(payload_type: &str, payload: &str, signatures: &str) -> String {
    format!(
        r#"{{"payloadType":"{payload_type}","payload":"{payload}","signatures":[{signatures}]}}"#
    )
}

/// By the key of that number, in their order.
fn signature(number: u8, sig: &[u8]) -> String {
    let keyid = STANDARD_NO_PAD.encode([number; 32]);
    format!(r#"{{"keyid":"SHA256:{keyid}","sig":"{}"}}"#, STANDARD.encode(sig))
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
    let envelope = Envelope::over(PAYLOAD_TYPE, b"hello world");
    assert_eq!(envelope.pae, b"DSSEv1 28 application/vnd.in-toto+json 11 hello world");
}

#[test]
fn a_payload_of_any_type_is_signed_with_its_type() {
    let own = sign(PAYLOAD_TYPE, PAYLOAD, &key(1)).unwrap();
    assert_eq!(own, Envelope::sign(PAYLOAD, &[key(1)]).unwrap().to_json());
    let signed = sign("text/x", b"a", &key(1)).unwrap();
    let signed: serde_json::Value = serde_json::from_slice(&signed).unwrap();
    assert_eq!((&signed["payloadType"], &signed["payload"]), (&"text/x".into(), &"YQ==".into()));
    assert_eq!(signed["signatures"][0]["keyid"], public(1).fingerprint());
    let sig = STANDARD.decode(signed["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    assert!(public(1).verifies(b"DSSEv1 6 text/x 1 a", &sig));
    assert!(!public(1).verifies(b"DSSEv1 6 text/y 1 a", &sig));
}

#[test]
fn one_key_counts_once_however_often_it_is_given_or_signs() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    assert_eq!(
        envelope.verify(&[public(1), public(1)], 2),
        Err(EnvelopeError::Threshold { threshold: 2, keys: 1 })
    );
    // The one signature again, as if it were the other key's.
    let again = Signature { keyid: public(2).fingerprint(), ..envelope.signatures[0].clone() };
    envelope.signatures.push(again);
    assert_eq!(
        envelope.verify(&[public(1), public(2)], 2),
        Err(EnvelopeError::Signature(public(2).fingerprint()))
    );
    envelope.signatures.pop();
    assert_eq!(
        envelope.verify(&[public(1), public(2)], 2),
        Err(EnvelopeError::TooFewSigners {
            required: 2,
            verified: vec![public(1).fingerprint()],
            others: vec![public(2).fingerprint()],
            claimed: vec![public(1).fingerprint()],
        })
    );
}

#[test]
fn seals_of_two_algorithms_meet_a_threshold_of_two() {
    let envelope = Envelope::sign(PAYLOAD, &[key(1), p256()]).unwrap();
    let envelope = Envelope::parse(&envelope.to_json()).unwrap();
    let keys = [public(1), p256().public()];
    let signers = envelope.verify(&keys, 2).unwrap().into_signers();
    assert_eq!(signers, keys.map(|key| key.fingerprint()));

    // One key signs anew and otherwise each time, and is still one signer.
    let mut again = Envelope::sign(PAYLOAD, &[p256()]).unwrap();
    let signed = EnvelopeError::SignedAlready(p256().public().fingerprint());
    assert_eq!(again.add_signature(&p256()), Err(signed));
    assert_eq!(
        again.verify(&[p256().public(), p256().public()], 2),
        Err(EnvelopeError::Threshold { threshold: 2, keys: 1 })
    );
}

#[test]
fn a_signature_of_another_algorithm_than_its_key_is_nobodys() {
    let both = Envelope::sign(PAYLOAD, &[key(1), p256()]).unwrap();
    let [one, other] = both.signatures.as_slice() else { panic!("two signatures") };
    let mut swapped = both.clone();
    swapped.signatures[0].sig = other.sig.clone();
    swapped.signatures[1].sig = one.sig.clone();
    for key in [public(1), p256().public()] {
        let error = EnvelopeError::Signature(key.fingerprint());
        assert_eq!(swapped.verify(&[key], 1), Err(error));
    }
}

#[test]
fn a_p256_seal_of_another_payload_does_not_verify() {
    let mut envelope = Envelope::sign(PAYLOAD, &[p256()]).unwrap();
    envelope.pae.push(b' ');
    let error = EnvelopeError::Signature(p256().public().fingerprint());
    assert_eq!(envelope.verify(&[p256().public()], 1), Err(error));
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
fn a_signature_under_another_keys_name_is_nobodys() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    envelope.signatures[0].keyid = public(2).fingerprint();
    let code = |trusted| envelope.verify(&[public(trusted)], 1).unwrap_err().code();
    assert_eq!(code(1), "too-few-signers");
    assert_eq!(code(2), "envelope-signature");
    // Nor does it keep the others from being enough.
    let mut both = Envelope::sign(PAYLOAD, &[key(1), key(2)]).unwrap();
    both.signatures[1].sig = both.signatures[0].sig.clone();
    let good = [1, 2].into_iter().find(|seed| both.is_signed_by(&public(*seed))).unwrap();
    let verified = both.verify(&[public(1), public(2)], 1).unwrap();
    assert_eq!(verified.into_signers(), [public(good).fingerprint()]);
}

#[test]
fn signatures_by_strangers_are_passed_over() {
    let envelope = Envelope::sign(PAYLOAD, &[key(1), key(8), key(9)]).unwrap();
    assert_eq!(envelope.verify(&[public(1)], 1).unwrap().into_signers(), [public(1).fingerprint()]);
}

#[test]
fn another_payload_does_not_verify() {
    let mut envelope = Envelope::sign(PAYLOAD, &[key(1)]).unwrap();
    envelope.pae.push(b' ');
    let error = EnvelopeError::Signature(public(1).fingerprint());
    assert_eq!(envelope.verify(&[public(1)], 1), Err(error));
}

#[test]
fn an_envelope_is_read_in_pieces_of_any_size() {
    let payload: Vec<u8> = (0..=255).collect();
    let envelope = Envelope::sign(&payload, &[key(1), key(2)]).unwrap();
    let json = envelope.to_json();
    for size in 1..=json.len() {
        let mut parser = EnvelopeParser::default();
        json.chunks(size).for_each(|piece| parser.push(piece));
        parser.push(b"");
        assert_eq!(parser.finish().as_ref(), Ok(&envelope), "{size}");
    }
    for end in 0..json.len() {
        assert!(matches!(Envelope::parse(&json[..end]), Err(EnvelopeError::Json(_))), "{end}");
    }
}

#[test]
fn an_envelope_has_one_form() {
    let payload = [0xfb, 0xff, 0xfe];
    let good = Envelope::sign(&payload, &[key(1)]).unwrap();
    let text = String::from_utf8(good.to_json()).unwrap();
    assert_eq!(Envelope::parse(text.as_bytes()), Ok(good));
    let url_safe = text.replace("+//+", "-__-");
    assert_eq!(refused(&url_safe), EnvelopeError::Base64("payload"));
    let escaped = text.replace("+//+", r"+\/\/+");
    assert_eq!(refused(&escaped), EnvelopeError::Base64("payload"));
    for (from, to) in [
        (r#"{"payloadType""#, r#"{ "payloadType""#),
        (r#"{"payloadType""#, r#" {"payloadType""#),
        ("application/vnd.in-toto+json", "application/json"),
        (r#","signatures""#, r#", "signatures""#),
        (
            r#""sig""#,
            r#"
"sig""#,
        ),
        ("SHA256", r"\u0053HA256"),
        ("]}", "]} "),
        ("]}", "]}\n"),
        ("]}", "]},"),
        (r#"","signatures":["#, r#""}"#),
        (r#"","signatures""#, r#"","extra":"","signatures""#),
        (r#"","signatures""#, r#"","payload":"","signatures""#),
        (r#""sig""#, r#""cert":"","sig""#),
        (r#""sig""#, r#""sig":"","sig""#),
        (r#""keyid":"#, r#""key":"#),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        assert!(matches!(refused(&changed), EnvelopeError::Json(_)), "{changed}");
    }
    let reordered =
        r#"{"payload":"","payloadType":"application/vnd.in-toto+json","signatures":[]}"#;
    for text in ["", "[]", "{}", "null", reordered, &"[".repeat(100_000)] {
        assert!(matches!(refused(text), EnvelopeError::Json(_)), "{text:.100}");
    }
}

#[test]
fn malformed_payloads_and_signatures_are_refused() {
    let good = signature(0, &[0; 64]);
    let with = |payload: &str, signatures: &str| refused(&json(PAYLOAD_TYPE, payload, signatures));
    for payload in
        ["A", "QQ", "QQ=", "QQ===", "=", "====", "QUJD====", "QQ==QQ==", "QR==", "QUJD QUJD"]
    {
        assert_eq!(with(payload, &good), EnvelopeError::Base64("payload"), "{payload}");
    }
    // Padding at the end of one piece, and more in the next.
    let mut parser = EnvelopeParser::default();
    parser.push(head(PAYLOAD_TYPE).as_bytes());
    parser.push(b"QQ==");
    parser.push(b"QQ==");
    parser.push(format!(r#"","signatures":[{good}]}}"#).as_bytes());
    assert_eq!(parser.finish(), Err(EnvelopeError::Base64("payload")));

    let keyid = public(1).fingerprint();
    let sig = format!(r#"{{"keyid":"{keyid}","sig":"!"}}"#);
    assert_eq!(with("", &sig), EnvelopeError::Base64("signature"));
    for size in [0, 7, 73] {
        assert_eq!(with("", &signature(0, &vec![0; size])), EnvelopeError::SignatureSize(size));
    }
    let refused = with("", r#"{"keyid":"me","sig":""}"#);
    assert_eq!(refused, EnvelopeError::KeyId("me".to_owned()));
    let told = "a signature in the envelope has the key id \"me\", which is not a fingerprint";
    assert_eq!(refused.to_string(), told);
    assert_eq!(with("", r#"{"keyid":"","sig":""}"#), EnvelopeError::KeyId(String::new()));
    assert_eq!(with("", ""), EnvelopeError::NoSignature);

    let (first, second) = (signature(1, &[0; 64]), signature(2, &[0; 64]));
    let keyid = |number: u8| format!("SHA256:{}", STANDARD_NO_PAD.encode([number; 32]));
    assert_eq!(with("", &format!("{second},{first}")), EnvelopeError::Unsorted(keyid(1)));
    assert_eq!(with("", &format!("{first},{first}")), EnvelopeError::Unsorted(keyid(1)));
}

#[test]
fn as_many_signatures_as_the_limit() {
    let list = |number: u8| {
        let list: Vec<_> = (0..number).map(|number| signature(number, &[0; 64])).collect();
        json(PAYLOAD_TYPE, "", &list.join(","))
    };
    assert!(Envelope::parse(list(64).as_bytes()).is_ok());
    let too_many = refused(&list(65));
    assert_eq!(too_many, EnvelopeError::TooManySignatures(65));
    assert_eq!(too_many.to_string(), "the envelope has 65 signatures, more than 64");

    // So are they made.
    let keys: Vec<_> = (1..=65).map(key).collect();
    let mut envelope = Envelope::sign(PAYLOAD, &keys[..64]).unwrap();
    assert_eq!(Envelope::parse(&envelope.to_json()).unwrap().claimed_keyids().count(), 64);
    assert_eq!(envelope.add_signature(&keys[64]), Err(EnvelopeError::TooManySignatures(65)));
    assert_eq!(Envelope::sign(PAYLOAD, &keys), Err(EnvelopeError::TooManySignatures(65)));
    let mut envelope = Envelope::sign(PAYLOAD, &keys[..63]).unwrap();
    assert_eq!(envelope.add_signature(&keys[64]), Ok(()));

    // What follows the payload is bounded before it is parsed.
    let tail = |length: usize| {
        let mut parser = EnvelopeParser::default();
        parser.push(head(PAYLOAD_TYPE).as_bytes());
        parser.push(&[b"\"".as_slice(), &vec![b'x'; length - 1]].concat());
        parser.finish().unwrap_err().to_string()
    };
    assert!(tail(limits::ENVELOPE_TAIL_BYTES).contains("signatures must follow"));
    assert!(tail(limits::ENVELOPE_TAIL_BYTES + 1).contains("more follows the payload"));
    // In pieces, too.
    let pieces = |length: usize| {
        let mut parser = EnvelopeParser::default();
        [head(PAYLOAD_TYPE).as_bytes(), b"\""].into_iter().for_each(|piece| parser.push(piece));
        (1..length).for_each(|_| parser.push(b"x"));
        parser.finish().unwrap_err().to_string()
    };
    assert!(pieces(limits::ENVELOPE_TAIL_BYTES).contains("signatures must follow"));
    assert!(pieces(limits::ENVELOPE_TAIL_BYTES + 1).contains("more follows the payload"));
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

    // Junk under a key's name keeps nobody from signing.
    for (number, others) in [(1, 2), (2, 1)] {
        let good = Envelope::sign(PAYLOAD, &[key(others)]).unwrap();
        let mut envelope = good.clone();
        let keyid = public(number).fingerprint();
        envelope.signatures.push(Signature { keyid, sig: vec![0; 64] });
        envelope.signatures.sort_by(|a, b| a.keyid.cmp(&b.keyid));
        envelope.add_signature(&key(number)).unwrap();
        let both = Envelope::sign(PAYLOAD, &[key(1), key(2)]).unwrap();
        assert_eq!(envelope, both);
    }
}
