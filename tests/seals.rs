//! Seals by keys of both algorithms, through the command line.
#![cfg(feature = "network")]
// A test looks at files that the program may not.
#![allow(clippy::disallowed_methods)]

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
