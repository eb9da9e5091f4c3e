use serde_json::json;

use super::*;
use crate::core::verify::fixture::{TARBALL, World};

fn package() -> PackageId {
    PackageId::new("@acme/widgets", "1.0.0").unwrap()
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
    assert_eq!(
        lockfile(&parse(format!("{good} {other}")), &tarball()),
        Err(IntegrityRefusal::Lockfile { expected: other.clone(), found: good.clone() })
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
    assert_eq!(algorithms(&two), [Algorithm::Sha1, Algorithm::Sha512]);
}

#[test]
fn a_digest_that_was_not_computed_is_not_passed_over() {
    let expected = [Integrity::of(Algorithm::Sha384.digest(TARBALL))];
    assert_eq!(
        lockfile(&expected, &tarball()),
        Err(IntegrityRefusal::NotComputed(Algorithm::Sha384))
    );
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
    }
}
