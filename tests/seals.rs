//! Seals by keys of both algorithms, through the command line.
#![cfg(feature = "network")]
// A test looks at files that the program may not.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

mod world;

use world::{Package, TRUST, World};

const OPTIONS: &str = "--require integrity";

/// A world with an archive that release.key (Ed25519) and p256.key sealed.
fn sealed() -> World {
    let world = World::new();
    world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    world.fetched([&Package::new("a", "1.0.0").signed(&world.sigstore)]).done();
    let sign = "bundle sign app.sealift --key p256.key --signed-by release.key.pub";
    world.sealift(&format!("{sign} {OPTIONS} {TRUST}")).done();
    world
}

fn verify(world: &World, keys: &str) -> world::Run {
    world.sealift(&format!("bundle verify app.sealift {keys} {OPTIONS} {TRUST}"))
}

#[test]
fn seals_of_two_algorithms_count_as_two() {
    let world = sealed();
    for key in ["--key release.key.pub", "--key p256.key.pub"] {
        verify(&world, key).done();
        // Two of one are asked for: a mistake of who asks.
        let failed = verify(&world, &format!("{key} --threshold 2 --format json")).failed();
        assert_eq!(failed.json()["code"], "threshold-impossible");
    }
    verify(&world, "--key release.key.pub --key p256.key.pub --threshold 2").done();
    world.sealift("key generate -o other.key --algorithm ecdsa-p256").done();
    let keys = "--key release.key.pub --key other.key.pub --threshold 2 --format json";
    assert_eq!(verify(&world, keys).refused().json()["code"], "too-few-signers");
}

#[test]
fn a_key_of_another_kind_is_named_and_has_a_code() {
    let world = sealed();
    for (name, kind) in
        [("p384", "a P-384 key"), ("secp256k1", "a secp256k1 key"), ("rsa", "an RSA key")]
    {
        for half in ["pub", "key"] {
            let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/keys/");
            let bytes = std::fs::read(format!("{data}{name}.{half}")).unwrap();
            std::fs::write(world.path(&format!("other.{half}")), bytes).unwrap();
        }
        for command in [
            "bundle verify app.sealift --key other.pub --require integrity",
            "bundle sign app.sealift --key other.key --signed-by release.key.pub --require integrity",
            "key show other.pub",
            "key show other.key",
        ] {
            let failed = world.sealift(&format!("{command} --format json")).failed().says(kind);
            assert_eq!(failed.json()["code"], "key-file", "{command}");
        }
    }
}

#[test]
fn a_fetch_seals_with_a_p256_key_and_key_show_knows_it() {
    let world = World::new();
    world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    let shown = ["p256.key", "p256.key.pub"]
        .map(|name| world.sealift(&format!("key show {name}")).done().stdout);
    assert_eq!(shown[0], shown[1]);
    assert!(shown[0].contains("BEGIN PUBLIC KEY"));
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.lock([&package]);
    let registry = world.serve([&package]);
    let fetch = "bundle fetch package-lock.json -o app.sealift --key p256.key";
    world.sealift(&format!("{fetch} {TRUST}")).done();
    drop(registry);
    verify(&world, "--key p256.key.pub").done();
}
