use serde_json::json;

use super::*;
use crate::core::sigstore::fixture::{TARBALL, World};

fn package() -> PackageId {
    PackageId::npm("@acme/widgets", "1.0.0").unwrap()
}

fn tarball() -> Vec<Digest> {
    vec![Algorithm::Sha512.digest(TARBALL), Algorithm::Sha1.digest(TARBALL)]
}

#[test]
fn every_hash_of_the_strongest_algorithm_counts() {
    let (good, other) = (Algorithm::Sha512.digest(TARBALL), Algorithm::Sha512.digest(b"other"));
    let weak = Algorithm::Sha1.digest(TARBALL);
    let parse = |text: String| [Integrity::parse(&text).unwrap()];
    assert_eq!(lockfile(&parse(good.to_string()), &tarball()), Ok(Some(Algorithm::Sha512)));
    let refused = lockfile(&parse(format!("{good} {other}")), &tarball()).unwrap_err();
    assert_eq!(refused.code(), "lockfile-mismatch");
    assert_eq!(
        refused,
        IntegrityRefusal::Lockfile { expected: other.clone(), found: good.clone() }
    );
    // A weaker hash beside a stronger one does not count, right or wrong.
    let wrong = Algorithm::Sha1.digest(b"other");
    assert_eq!(
        lockfile(&parse(format!("{good} {wrong}")), &tarball()),
        Ok(Some(Algorithm::Sha512))
    );
    assert_eq!(lockfile(&[], &tarball()), Ok(None));
    // Two lockfiles: both must hold, and the weaker is told.
    let two = [Integrity::of(good), Integrity::of(weak)];
    assert_eq!(lockfile(&two, &tarball()), Ok(Some(Algorithm::Sha1)));
    assert_eq!(algorithms(&two, None), [Algorithm::Sha1, Algorithm::Sha512]);
}

#[test]
fn a_digest_that_was_not_computed_is_not_passed_over() {
    let expected = [Integrity::of(Algorithm::Sha384.digest(TARBALL))];
    assert_eq!(
        lockfile(&expected, &tarball()),
        Err(IntegrityRefusal::NotComputed(Algorithm::Sha384))
    );
}

/// A record whose `dist` has these hashes.
fn recorded(integrity: Option<String>, shasum: Option<String>) -> Vec<u8> {
    let mut record = World::new().record();
    let dist = &mut record["manifest"]["dist"];
    (dist["integrity"], dist["shasum"]) = (json!(integrity), json!(shasum));
    record.to_string().into_bytes()
}

#[test]
fn every_algorithm_of_a_record_can_be_compared() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
        let (good, bad) = (algorithm.digest(TARBALL), algorithm.digest(b"other"));
        let judge = |record: &[u8]| {
            let needed = algorithms(&[], Some(record));
            let tarball: Vec<_> = needed.iter().map(|one| one.digest(TARBALL)).collect();
            super::record(record, &package(), &tarball).map(|record| record.integrity)
        };
        assert_eq!(judge(&recorded(Some(good.to_sri()), None)), Ok(Some(good.to_sri())));
        let refused = IntegrityRefusal::Record { expected: bad.clone(), found: good };
        assert_eq!(judge(&recorded(Some(bad.to_sri()), None)), Err(refused));
    }
}

#[test]
fn a_record_that_has_only_a_shasum_is_compared_by_it() {
    let (good, bad) = (Algorithm::Sha1.digest(TARBALL), Algorithm::Sha1.digest(b"other"));
    let judge = |integrity, shasum: &str| {
        let record = recorded(integrity, Some(shasum.to_owned()));
        super::record(&record, &package(), &tarball()).map(|record| record.integrity)
    };
    assert_eq!(judge(None, &good.to_hex()), Ok(None));
    assert_eq!(
        algorithms(&[], Some(&recorded(None, Some(good.to_hex())))),
        [Algorithm::Sha1, Algorithm::Sha512]
    );
    assert_eq!(
        judge(None, &bad.to_hex()),
        Err(IntegrityRefusal::Record { expected: bad.clone(), found: good })
    );
    assert!(matches!(judge(None, "junk"), Err(IntegrityRefusal::MalformedRecord(_))));
}

/// SHA-1 says nothing that SHA-512 does not, and would cost another pass over the bytes.
#[test]
fn a_shasum_beside_an_integrity_is_not_looked_at() {
    let sri = Algorithm::Sha512.digest(TARBALL).to_sri();
    for shasum in [Algorithm::Sha1.digest(b"other").to_hex(), "junk".to_owned()] {
        let record = recorded(Some(sri.clone()), Some(shasum));
        assert_eq!(algorithms(&[], Some(&record)), [Algorithm::Sha512]);
        let found = super::record(&record, &package(), &tarball()).map(|record| record.integrity);
        assert_eq!(found, Ok(Some(sri.clone())));
    }
}

#[test]
fn a_record_that_cannot_be_read_asks_for_no_digest() {
    for record in [&b"{"[..], &b"[".repeat(100_000), &recorded(None, None)] {
        assert_eq!(algorithms(&[], Some(record)), [Algorithm::Sha512]);
        assert!(super::record(record, &package(), &tarball()).is_err());
    }
}

#[test]
fn deep_nesting_is_refused_or_passed_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let good = World::new().record().to_string();
    let with = |field: &str| {
        let text = good.replacen("\"dist\":{", &format!("\"dist\":{{\"{field}\":{deep},"), 1);
        record(text.as_bytes(), &package(), &tarball()).map(drop)
    };
    assert_eq!(with("funding"), Ok(()));
    assert!(matches!(with("integrity"), Err(IntegrityRefusal::MalformedRecord(_))));
    assert!(matches!(with("signatures"), Err(IntegrityRefusal::MalformedRecord(_))));
}

#[test]
fn the_address_of_the_tarball_is_a_text_and_there_once() {
    let good = World::new().record().to_string();
    let with = |fields: &str| {
        let text = good.replacen("\"dist\":{", &format!("\"dist\":{{{fields},"), 1);
        record(text.as_bytes(), &package(), &tarball()).map(drop)
    };
    assert_eq!(with(r#""unread":["\ud800",1e999],"unread":2"#), Ok(()));
    let plain = with(r#""tarball":"x""#);
    assert_eq!(with(r#""tarball":null"#), plain);
    for fields in [r#""tarball":1"#, r#""tarball":"x","tarball":"x""#] {
        assert!(matches!(with(fields), Err(IntegrityRefusal::MalformedRecord(_))), "{fields}");
    }
}

#[test]
fn the_record_is_of_this_package_and_these_bytes() {
    let good = World::new().record();
    let judge = |pointer: &str, value: serde_json::Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        record(bad.to_string().as_bytes(), &package(), &tarball()).map(drop).unwrap_err()
    };
    let parsed = record(good.to_string().as_bytes(), &package(), &tarball()).unwrap();
    assert_eq!((parsed.signatures.len(), parsed.published), (1, Some(World::at())));
    let other = Algorithm::Sha512.digest(b"other");
    for pointer in ["/name", "/version", "/manifest/name", "/manifest/version"] {
        let found = judge(pointer, json!("2.0.0"));
        assert!(matches!(found, IntegrityRefusal::OtherPackage { .. }), "{pointer}");
        assert_eq!(found.code(), "record-of-other-package");
    }
    assert!(matches!(
        judge("/manifest/dist/integrity", json!(other.to_sri())),
        IntegrityRefusal::Record { .. }
    ));
    assert_eq!(judge("/manifest/dist/integrity", json!(null)), IntegrityRefusal::NoIntegrity);
    for (pointer, value) in [
        ("/manifest/dist/integrity", json!("sha512-AAAA")),
        ("/manifest/dist", json!(null)),
        ("/manifest/dist/signatures", json!([{}])),
        ("/time", json!("yesterday")),
    ] {
        let found = judge(pointer, value);
        assert!(matches!(found, IntegrityRefusal::MalformedRecord(_)), "{pointer}");
        assert_eq!(found.code(), "malformed-record");
    }
}
