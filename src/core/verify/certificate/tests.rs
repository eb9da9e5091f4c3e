use testkit::sigstore::{Claims as Written, Leaf};

use super::*;
use crate::core::verify::fixture::World;

fn parse(change: impl Fn(&mut Leaf)) -> Result<Claims, MalformedClaim> {
    let world = World::new();
    let mut leaf = world.leaf();
    change(&mut leaf);
    Claims::of(&decode(world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct).certificate())?)
}

#[test]
fn todays_claims_are_read() {
    let world = World::new();
    let claims = parse(|_| {}).unwrap();
    assert_eq!(claims.san, world.build.workflow_uri());
    assert_eq!(claims.issuer.as_deref(), Some(GITHUB));
    assert_eq!(claims.repository, Some(world.build.repository_uri()));
    assert_eq!(claims.commit, Some(world.build.commit.clone()));
    assert_eq!(claims.run, Some(world.build.invocation_uri()));
}

#[test]
fn legacy_claims_count_only_where_they_are_alone() {
    let world = World::new();
    let legacy = parse(|leaf| leaf.claims = Written::legacy(&world.build)).unwrap();
    assert_eq!(legacy.repository.as_deref(), Some("https://github.com/acme/widgets"));
    assert_eq!(legacy.commit, Some(world.build.commit.clone()));
    assert_eq!((legacy.run, legacy.runner), (None, None));
    let both = parse(|leaf| leaf.claims.remove(12)).unwrap();
    assert_eq!(both.repository, None);
    // What a short name is a name of depends on the issuer.
    let other = parse(|leaf| {
        leaf.claims = Written::legacy(&world.build);
        leaf.claims.set(1, "https://issuer.test");
    })
    .unwrap();
    assert_eq!((other.repository, other.commit), (None, None));
}

#[test]
fn a_malformed_claim_is_not_an_absent_one() {
    for number in [8, 9, 11, 12, 13, 14, 15, 17, 18, 20, 21] {
        let malformed = parse(|leaf| leaf.claims.set_raw(number, b"\x0c\x7f"));
        assert_eq!(malformed, Err(MalformedClaim::Value(number.into())));
        // bare text, where a DER string belongs
        let bare = parse(|leaf| leaf.claims.set_raw(number, b"text"));
        assert_eq!(bare, Err(MalformedClaim::Value(number.into())));
    }
    let malformed = parse(|leaf| leaf.claims.set_raw(5, b"\xff"));
    assert_eq!(malformed, Err(MalformedClaim::Value(5)));
    // a claim of the future, of any form
    assert!(parse(|leaf| leaf.claims.set_raw(99, b"\xff")).is_ok());
    assert!(matches!(decode(b"no certificate"), Err(MalformedClaim::Certificate(_))));
}

#[test]
fn the_number_of_a_claim_is_read_from_der() {
    let number = |tail: &[u8]| claim_number(&[ARC, tail].concat());
    assert_eq!(number(&[9]), Some(9));
    assert_eq!(number(&[0x7f]), Some(127));
    assert_eq!(number(&[0x81, 0x00]), Some(128));
    assert_eq!(number(&[0x84, 0xa2, 0x70]), Some(70_000));
    for other in [&[][..], &[9, 1], &[0x81], &[0x8f, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
        assert_eq!(number(other), None, "{other:?}");
    }
    let oid = x509_cert::der::asn1::ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.22");
    assert_eq!(claim_number(oid.as_bytes()), Some(22));
    let other = x509_cert::der::asn1::ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2.22");
    assert_eq!(claim_number(other.as_bytes()), None);
}
