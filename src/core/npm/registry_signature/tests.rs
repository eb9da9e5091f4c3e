use crate::core::limits;
use chrono::Duration;
use serde_json::{Value, json};
use testkit::sigstore::{NpmKey, Window};

use crate::core::sigstore::fixture::World;
use crate::core::verdict::{Claim, Facts, Outcome, TimeSource};

fn judge(world: &World, record: &Value) -> Outcome<Facts> {
    world.judge(Some(record), None).claims.remove(&Claim::RegistrySignature).unwrap()
}

fn code(world: &World, record: &Value) -> &'static str {
    let verdict = judge(world, record);
    verdict.refusal().map_or(verdict.status().name(), |why| why.code)
}

fn signatures(record: &mut Value) -> &mut Value {
    &mut record["manifest"]["dist"]["signatures"]
}

#[test]
fn the_time_that_it_is_judged_by_is_named() {
    let world = World::new();
    let mut record = world.record();
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &record) else {
        panic!()
    };
    assert_eq!((facts.time, facts.time_source), (World::at(), TimeSource::RegistryUnsigned));
    record["time"] = json!(null);
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &record) else {
        panic!()
    };
    assert_eq!((facts.time, facts.time_source), (World::now(), TimeSource::ReferenceTime));
}

#[test]
fn another_message_or_key_is_refused() {
    let world = World::new();
    let mut record = world.record();
    testkit::sigstore::tamper::flip(&mut signatures(&mut record)[0]["sig"]);
    assert_eq!(code(&world, &record), "invalid-signature");
    signatures(&mut record)[0]["sig"] = json!("%%%");
    assert_eq!(code(&world, &record), "malformed-signature");
    let mut record = world.record();
    let integrity = World::digest().to_sri();
    let other = world.sigstore.registry_signature("@acme/widgets", "1.0.1", &integrity);
    *signatures(&mut record) = json!([other]);
    assert_eq!(code(&world, &record), "invalid-signature");
    assert_eq!(code(&World::new(), &world.record()), "unknown-key");
}

#[test]
fn the_window_includes_its_edges() {
    let (at, second) = (World::at(), Duration::seconds(1));
    let start = at - Duration::days(30);
    for (window, expected) in [
        (Window::new(at, at), "verified"),
        (Window::new(start, at - second), "key-not-valid-then"),
        (Window::since(at + second), "key-not-valid-then"),
    ] {
        let mut world = World::new();
        world.sigstore.npm = vec![NpmKey::new(window)];
        assert_eq!(code(&world, &world.record()), expected);
    }
}

#[test]
fn a_key_for_attestations_signs_no_packages() {
    let mut world = World::new();
    let window = Window::since(World::at());
    world.sigstore.npm = vec![NpmKey::with_usages(vec![("npm:attestations".into(), window)])];
    assert_eq!(code(&world, &world.record()), "wrong-key-usage");
}

#[test]
fn one_good_signature_is_enough_and_the_others_are_told() {
    let world = World::new();
    let mut record = world.record();
    let integrity = World::digest().to_sri();
    let unknown = World::new().sigstore.registry_signature("@acme/widgets", "1.0.0", &integrity);
    let keyid = unknown["keyid"].as_str().unwrap().to_owned();
    signatures(&mut record).as_array_mut().unwrap().insert(0, unknown);
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &record) else {
        panic!()
    };
    assert_eq!(facts.others.len(), 1);
    assert_eq!(facts.others[0].keyid, keyid);
    // Of two bad ones, the one by a known key says more.
    testkit::sigstore::tamper::flip(&mut signatures(&mut record)[1]["sig"]);
    assert_eq!(code(&world, &record), "invalid-signature");
}

#[test]
fn of_two_good_signatures_the_first_is_named() {
    let mut world = World::new();
    let mut record = world.record();
    let first = world.sigstore.npm_key().keyid.clone();
    world.sigstore.npm.push(NpmKey::new(Window::since(World::at())));
    let second = world.record();
    let second = second["manifest"]["dist"]["signatures"][0].clone();
    assert_ne!(second["keyid"], json!(first));
    signatures(&mut record).as_array_mut().unwrap().push(second);
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &record) else {
        panic!()
    };
    assert_eq!((facts.keyid, facts.others), (first, vec![]));
}

#[test]
fn published_after_the_reference_time_is_refused() {
    let world = World::new();
    let mut record = world.record();
    record["time"] = json!(crate::core::time::format(World::now() + Duration::seconds(1)));
    assert_eq!(code(&world, &record), "signed-after-reference-time");
}

#[test]
fn signatures_are_as_many_as_the_limit() {
    let world = World::new();
    let mut record = world.record();
    let good = signatures(&mut record)[0].clone();
    *signatures(&mut record) = json!(vec![good.clone(); limits::RECORD_SIGNATURES]);
    assert_eq!(code(&world, &record), "verified");
    *signatures(&mut record) = json!(vec![good; limits::RECORD_SIGNATURES + 1]);
    assert_eq!(code(&world, &record), "too-many-signatures");
}

#[test]
fn a_key_whose_window_has_ended_is_retired_where_only_the_registry_says_when_it_signed() {
    let (at, second) = (World::at(), Duration::seconds(1));
    let start = at - Duration::days(30);
    let mut world = World::new();
    for (window, retired) in [
        (Window::since(start), false),
        // The reference time is the window's last moment, and then the first one after it.
        (Window::new(start, World::now()), false),
        (Window::new(start, World::now() - second), true),
        (Window::new(at, at), true),
    ] {
        world.sigstore.npm = vec![NpmKey::new(window)];
        let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &world.record())
        else {
            panic!()
        };
        assert_eq!((facts.retired, facts.time_source), (retired, TimeSource::RegistryUnsigned));
        // A log that vouches for a time in the window is enough.
        let record = world.record();
        let verdict = world.judge(Some(&record), Some(&world.response()));
        let facts = verdict.registry_signature().unwrap();
        assert_eq!((facts.retired, facts.time_source), (false, TimeSource::TransparencyLog));
    }
}

#[test]
fn a_key_with_another_window_that_lasts_is_not_retired() {
    let (at, start) = (World::at(), World::at() - Duration::days(30));
    let usages = vec![
        ("npm:signatures".into(), Window::new(start, at)),
        ("npm:signatures".into(), Window::since(at)),
    ];
    let mut world = World::new();
    world.sigstore.npm = vec![NpmKey::with_usages(usages)];
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &world.record()) else {
        panic!()
    };
    assert!(!facts.retired);
}

#[test]
fn of_two_good_signatures_the_one_whose_key_is_not_retired_is_named() {
    let at = World::at();
    let mut world = World::new();
    let mut record = world.record();
    let lasting = world.sigstore.npm_key().keyid.clone();
    world.sigstore.npm.push(NpmKey::new(Window::new(at - Duration::days(30), at)));
    let ended = world.record()["manifest"]["dist"]["signatures"][0].clone();
    signatures(&mut record).as_array_mut().unwrap().insert(0, ended);
    let Outcome::Verified(Facts::RegistrySignature(facts)) = judge(&world, &record) else {
        panic!()
    };
    assert_eq!((facts.keyid, facts.retired, facts.others), (lasting, false, vec![]));
}
