use ed25519_dalek::pkcs8::spki::EncodePublicKey as _;

use super::*;

/// Made by OpenSSL: `tests/data/README.md`.
const P256_KEY: &str = include_str!("../../../../tests/data/keys/p256.key");
const P256_PUB: &str = include_str!("../../../../tests/data/keys/p256.pub");
const HIGH_S: &[u8] = include_bytes!("../../../../tests/data/keys/high-s.sig");
const LOW_S: &[u8] = include_bytes!("../../../../tests/data/keys/low-s.sig");
const MESSAGE: &[u8] = b"DSSEv1 28 application/vnd.in-toto+json 11 hello world";

fn der(pem: &str) -> Vec<u8> {
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(base64).unwrap()
}

fn p256() -> SigningKey {
    SigningKey::p256(&der(P256_KEY)).unwrap()
}

#[test]
fn the_spki_is_the_librarys() {
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    let public = SigningKey::ed25519(&[7; 32]).public();
    assert_eq!(public.spki(), key.verifying_key().to_public_key_der().unwrap().as_bytes());
    assert!(public.fingerprint().starts_with("SHA256:"));
    assert_eq!(public.fingerprint().len(), 7 + 43);
    assert_eq!(format!("{public:?}"), public.fingerprint());
    let pem = key.verifying_key().to_public_key_pem(Default::default()).unwrap();
    assert_eq!(public.to_pem(), pem);
}

#[test]
fn openssls_p256_key_is_the_same_here() {
    let public = p256().public();
    assert_eq!(public.spki(), der(P256_PUB));
    assert_eq!(public.to_pem(), P256_PUB);
    // `openssl pkey -pubin -in p256.pub -outform der | openssl dgst -sha256 -binary | base64`
    assert_eq!(public.fingerprint(), "SHA256:MfKrTzS4IzjK9APrr3KEqdZNElUDq6LSXhAKbGYy+tI");
    assert_eq!(PublicKey::p256(&public.spki()[26..]), Some(public));
}

#[test]
fn openssls_p256_signatures_verify_whichever_half_s_is_in() {
    let public = p256().public();
    for signature in [HIGH_S, LOW_S] {
        assert!(public.verifies(MESSAGE, signature));
        assert!(!public.verifies(b"another", signature));
    }
}

#[test]
fn what_a_key_signs_verifies_by_that_key_only() {
    let keys = [SigningKey::ed25519(&[1; 32]), SigningKey::ed25519(&[2; 32]), p256()];
    for key in &keys {
        let signature = key.sign(MESSAGE).unwrap();
        assert!(SIGNATURE_BYTES.contains(&signature.len()));
        for other in &keys {
            let same = other.public() == key.public();
            assert_eq!(other.public().verifies(MESSAGE, &signature), same);
        }
        for at in 0..signature.len() {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!key.public().verifies(MESSAGE, &changed), "{at}");
        }
    }
}

#[test]
fn a_p256_signature_in_another_form_does_not_verify() {
    let public = p256().public();
    let [0x30, total, 0x02, r_length, ..] = *LOW_S else { panic!("not DER") };
    let r_end = 4 + usize::from(r_length);
    let (r, s) = (&LOW_S[4..r_end], &LOW_S[r_end + 2..]);
    let integer = |value: &[u8]| [&[0x02, value.len() as u8], value].concat();
    let sequence = |body: &[u8]| [&[0x30, body.len() as u8], body].concat();
    let whole = |r: &[u8], s: &[u8]| sequence(&[integer(r), integer(s)].concat());
    assert_eq!(whole(r, s), LOW_S);
    for (what, bad) in [
        ("a zero in front", whole(&[&[0], r].concat(), s)),
        ("a zero in front of S", whole(r, &[&[0], s].concat())),
        ("a negative number", whole(&[0xff], s)),
        ("zero", whole(&[0], s)),
        ("no number", whole(&[], s)),
        ("one more byte", [LOW_S, &[0]].concat()),
        ("one byte less", LOW_S[..LOW_S.len() - 1].to_vec()),
        ("a third number", sequence(&[integer(r), integer(s), integer(&[1])].concat())),
        ("one number", sequence(&integer(r))),
        ("a long length", [&[0x30, 0x81, total], &LOW_S[2..]].concat()),
        ("an endless length", [&[0x30, 0x80], &LOW_S[2..], &[0, 0]].concat()),
        ("a set", [&[0x31], &LOW_S[1..]].concat()),
        ("64 bytes, as JSON Web Signatures have them", [0; 64].to_vec()),
        ("nothing", vec![]),
    ] {
        assert!(!is_canonical(&bad), "{what}");
        assert!(!public.verifies(MESSAGE, &bad), "{what}");
    }
    assert!(is_canonical(LOW_S) && is_canonical(HIGH_S));
}

#[test]
fn what_is_no_point_of_the_curve_is_no_key() {
    let point = &p256().public().spki()[26..];
    let changed = |at: usize, to: u8| {
        let mut point = point.to_vec();
        point[at] = to;
        point
    };
    let short = [&[2 + (point[64] & 1)], &point[1..33]].concat();
    for bad in [changed(64, point[64] ^ 1), changed(0, 6), short, vec![0], vec![], vec![4; 65]] {
        assert_eq!(PublicKey::p256(&bad), None, "{bad:?}");
    }
    assert!(SigningKey::p256(b"").is_none());
}

#[test]
fn a_private_key_is_not_shown() {
    let key = SigningKey::ed25519(&[1; 32]);
    assert_eq!(format!("{key:?}"), format!("the private key of {}", key.public().fingerprint()));
}

#[test]
fn a_fingerprint_has_one_form() {
    let good = PublicKey::from(&SigningKey::ed25519(&[7; 32])).fingerprint();
    assert!(is_fingerprint(&good));
    let hash = &good[7..];
    for bad in [
        hash.to_owned(),
        format!("SHA512:{hash}"),
        format!("{good}="),
        format!("SHA256:{}", &hash[..42]),
        format!("SHA256:{}-", &hash[..42]),
        // Bits that are left over must be zero.
        format!("SHA256:{}B", "A".repeat(42)),
        String::new(),
    ] {
        assert!(!is_fingerprint(&bad), "{bad}");
    }
}

#[test]
fn keys_of_small_order_verify_nothing() {
    // The neutral element: with R = identity and s = 0 a lax verifier accepts every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let key = PublicKey::from(VerifyingKey::from_bytes(&identity).unwrap());
    let mut signature = [0; 64];
    signature[0] = 1;
    assert!(!key.verifies(b"anything", &signature));
}
