use testkit::sigstore::{Claims as Written, Leaf};
use x509_cert::{
    der::{
        Encode,
        asn1::{Ia5String, OctetString},
        oid::AssociatedOid,
    },
    ext::Extension,
};

use super::*;
use crate::core::sigstore::fixture::World;

fn parse(change: impl Fn(&mut Leaf)) -> Result<Claims, MalformedClaim> {
    let world = World::new();
    let mut leaf = world.leaf();
    change(&mut leaf);
    Claims::of(&decode(world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct).certificate())?)
}

/// The claims of a certificate whose extensions are changed after it was issued: of the kind that
/// Fulcio does not sign.
fn altered(change: impl Fn(&mut Vec<Extension>)) -> Result<Claims, MalformedClaim> {
    let world = World::new();
    let issued = world.sigstore.fulcio.issue(&world.leaf(), &world.sigstore.ct);
    let mut certificate = decode(issued.certificate()).unwrap();
    change(certificate.tbs_certificate.extensions.as_mut().unwrap());
    Claims::of(&certificate)
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
    assert_eq!(legacy.trigger, Some(world.build.event.clone()));
    assert_eq!(legacy.git_ref, Some(world.build.ref_.clone()));
    let both = parse(|leaf| leaf.claims.remove(12)).unwrap();
    assert_eq!(both.repository, None);
    // The first of today's is enough.
    let first = parse(|leaf| {
        leaf.claims = Written::legacy(&world.build);
        leaf.claims.set(8, GITHUB);
    })
    .unwrap();
    assert_eq!((first.issuer.as_deref(), first.commit), (Some(GITHUB), None));
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
    for number in 8..=22 {
        let malformed = parse(|leaf| leaf.claims.set_raw(number, b"\x0c\x7f"));
        assert_eq!(malformed, Err(MalformedClaim::Value(number.into())));
        // bare text, where a DER string belongs
        let bare = parse(|leaf| leaf.claims.set_raw(number, b"text"));
        assert_eq!(bare, Err(MalformedClaim::Value(number.into())));
    }
    for number in 1..=6 {
        let malformed = parse(|leaf| leaf.claims.set_raw(number, b"\xff"));
        assert_eq!(malformed, Err(MalformedClaim::Value(number.into())));
    }
    // a claim of the future, of any form
    assert!(parse(|leaf| leaf.claims.set_raw(99, b"\xff")).is_ok());
    assert!(matches!(decode(b"no certificate"), Err(MalformedClaim::Certificate(_))));
}

#[test]
fn a_claim_is_there_once() {
    // A legacy one, one of today, and one that is not read.
    for number in [1, 12, 22] {
        let oid = format!("1.3.6.1.4.1.57264.1.{number}");
        let twice = altered(|extensions| {
            let of = |extension: &&Extension| extension.extn_id.to_string() == oid;
            let claim = extensions.iter().find(of).unwrap().clone();
            extensions.push(claim);
        });
        assert_eq!(twice, Err(MalformedClaim::Repeated(number)));
        assert_eq!(twice.unwrap_err().code(), "repeated-claim");
    }
}

#[test]
fn a_certificate_names_one_identity() {
    let text = |text: &str| Ia5String::new(text).unwrap();
    let uri = || GeneralName::UniformResourceIdentifier(text("https://a.test/b"));
    let mail = || GeneralName::Rfc822Name(text("a@b.test"));
    let named = |names: Vec<GeneralName>| {
        let value = OctetString::new(SubjectAltName(names).to_der().unwrap()).unwrap();
        altered(|extensions| {
            let is_name = |extension: &&mut Extension| extension.extn_id == SubjectAltName::OID;
            extensions.iter_mut().find(is_name).unwrap().extn_value = value.clone();
        })
        .map(|claims| claims.san)
    };
    assert_eq!(named(vec![uri()]).as_deref(), Ok("https://a.test/b"));
    assert_eq!(named(vec![mail()]).as_deref(), Ok("a@b.test"));
    assert_eq!(named(vec![]), Err(MalformedClaim::Identities(0)));
    assert_eq!(named(vec![uri(), mail()]), Err(MalformedClaim::Identities(2)));
    let host = GeneralName::DnsName(text("a.test"));
    assert_eq!(named(vec![host]), Err(MalformedClaim::Identities(1)));
    let none = altered(|extensions| {
        extensions.retain(|extension| extension.extn_id != SubjectAltName::OID);
    });
    assert_eq!(none, Err(MalformedClaim::Identities(0)));
    assert_eq!(none.unwrap_err().code(), "ambiguous-identity");
}

#[test]
fn the_number_of_a_claim_is_read_from_der() {
    let number = |tail: &[u8]| claim_number(&[ARC, tail].concat());
    assert_eq!(number(&[9]), Some(9));
    assert_eq!(number(&[0x7f]), Some(127));
    assert_eq!(number(&[0x81, 0x00]), Some(128));
    assert_eq!(number(&[0x81, 0x80, 0x00]), Some(16_384));
    assert_eq!(number(&[0x84, 0xa2, 0x70]), Some(70_000));
    for other in [&[][..], &[9, 1], &[0x81], &[0x8f, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
        assert_eq!(number(other), None, "{other:?}");
    }
    let oid = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.22");
    assert_eq!(claim_number(oid.as_bytes()), Some(22));
    let other = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2.22");
    assert_eq!(claim_number(other.as_bytes()), None);
}
