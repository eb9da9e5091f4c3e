use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::sigstore::{Key, Options, Sigstore, attestations_response, statement};

use crate::core::{
    npm::package,
    package::evidence::{Answer, Evidence},
    sigstore::fixture::{NAME, REGISTRY, VERSION, World},
    trust::{AnchorKind, Trust},
    verdict::PackageVerdict,
};

const LISTS: [(&str, AnchorKind); 4] = [
    ("tlogs", AnchorKind::TransparencyLog),
    ("ctlogs", AnchorKind::CertificateLog),
    ("certificateAuthorities", AnchorKind::CertificateAuthority),
    ("timestampAuthorities", AnchorKind::TimestampAuthority),
];

/// Parties of a list that cannot be used, each for another reason.
fn unknown(world: &World, list: &str) -> Vec<Value> {
    let good = world.sigstore.trusted_root()[list][0].clone();
    let with = |pointer: &str, value: Value| {
        let mut party = good.clone();
        *party.pointer_mut(pointer).unwrap() = value;
        party
    };
    let mut all = vec![json!(null), json!(["a"]), json!({}), json!({"mediaType": 1})];
    if list.ends_with("logs") {
        let p521 = STANDARD.encode(Key::p521().spki());
        for (pointer, value) in [
            ("/publicKey/rawBytes", json!("")),
            ("/publicKey/rawBytes", json!(p521)),
            ("/publicKey/rawBytes", json!("bm8ga2V5")),
            ("/hashAlgorithm", json!("SHA3_256")),
            ("/logId/keyId", json!("")),
            ("/publicKey/validFor", json!({"end": "2026-01-01T00:00:00Z"})),
            (
                "/publicKey/validFor",
                json!({"start": "2026-01-01T00:00:00Z", "end": "1970-01-01T00:00:00Z"}),
            ),
        ] {
            let mut party = with(pointer, value);
            if pointer != "/logId/keyId" {
                party["logId"]["keyId"] = json!(STANDARD.encode(Key::p256().id()));
            }
            all.push(party);
        }
    } else {
        let fulcio = &world.sigstore.fulcio;
        let p521 = fulcio.certify(Key::p521(), &world.leaf(), &world.sigstore.ct);
        let p521 = STANDARD.encode(p521.certificate());
        all.push(with("/certChain/certificates", json!([])));
        all.push(with("/certChain/certificates/0/rawBytes", json!("AAAA")));
        all.push(with("/certChain/certificates/0/rawBytes", json!(p521)));
        all.push(with("/validFor", json!({"end": "2026-01-01T00:00:00Z"})));
    }
    all
}

fn trust(world: &World, root: &Value) -> Trust {
    let keys = world.sigstore.npm_keys_json().into_bytes();
    Trust::new(root.to_string().as_bytes(), Some((REGISTRY, &keys))).unwrap()
}

fn judge(world: &World, trust: &Trust, response: &Value) -> PackageVerdict {
    let (record, response) = (world.record().to_string(), response.to_string());
    let evidence = Evidence {
        package: &crate::core::package::PackageId::npm(NAME, VERSION).unwrap(),
        registry: Some(REGISTRY),
        expected: &[],
        artifact: &[World::digest()],
        record: Answer::Given(record.as_bytes()),
        attestations: Answer::Given(response.as_bytes()),
    };
    package(trust, &evidence, World::now())
}

fn refusals(verdict: &PackageVerdict) -> Vec<&'static str> {
    verdict.refusals().map(|(_, why)| why.code).collect()
}

/// By promise and proof of one log, and by timestamp and proof of the other.
fn responses(world: &World) -> [Value; 2] {
    [Options::default(), Options::rekor_v2()].map(|options| {
        attestations_response(&[
            (statement::PUBLISH_V01, world.publish(&options)),
            (statement::PROVENANCE_V1, world.provenance(&options)),
        ])
    })
}

#[test]
fn one_unknown_party_stops_nothing_that_does_not_rest_on_it() {
    let world = World::new();
    let responses = responses(&world);
    let good = world.sigstore.trusted_root();
    for (list, kind) in LISTS {
        for party in unknown(&world, list) {
            for at_the_end in [false, true] {
                let mut root = good.clone();
                let parties = root[list].as_array_mut().unwrap();
                let index = if at_the_end { parties.len() } else { 0 };
                parties.insert(index, party.clone());
                let trust = trust(&world, &root);
                let [set_aside] = trust.set_aside() else { panic!("{:?}", trust.set_aside()) };
                assert_eq!(set_aside.kind, kind, "{party}");
                assert_eq!(set_aside.position, index + 1);
                assert!(!set_aside.why.is_empty());
                for response in &responses {
                    assert_eq!(refusals(&judge(&world, &trust, response)), [""; 0], "{party}");
                }
            }
        }
    }
}

#[test]
fn what_is_set_aside_is_named_as_far_as_it_can_be_read() {
    let world = World::new();
    let mut root = world.sigstore.trusted_root();
    root["tlogs"][0]["publicKey"]["rawBytes"] = json!("");
    root["timestampAuthorities"][0]["certChain"]["certificates"] = json!([]);
    let trust = trust(&world, &root);
    let [log, authority] = trust.set_aside() else { panic!("{:?}", trust.set_aside()) };
    assert_eq!(log.name.as_deref(), Some("https://rekor.sigstore.test"));
    assert_eq!(log.id, Some(hex::encode(world.sigstore.rekor.id())));
    assert_eq!(authority.name.as_deref(), Some(&*world.sigstore.tsa.uri));
    assert_eq!(authority.id, None);
    let of = |kind| trust.anchors().iter().filter(move |anchor| anchor.kind == kind);
    let logs: Vec<_> = of(AnchorKind::TransparencyLog).collect();
    assert_eq!((logs.len(), of(AnchorKind::TimestampAuthority).count()), (2, 1));
    assert!(
        logs.iter()
            .any(|it| hex::encode(STANDARD.decode(&it.id).unwrap()) == log.id.clone().unwrap())
    );
}

/// The same evidence, where the party that it rests on is the one that cannot be used.
#[test]
fn evidence_that_rests_on_an_unknown_party_is_refused() {
    let world = World::new();
    let [promised, stamped] = responses(&world);
    let good = world.sigstore.trusted_root();
    let codes = |change: &dyn Fn(&mut Value), response: &Value| {
        let mut root = good.clone();
        change(&mut root);
        refusals(&judge(&world, &trust(&world, &root), response))
    };
    let spoil = |list: &'static str, index: usize| {
        move |root: &mut Value| {
            let party = &mut root[list][index];
            let place = if list.ends_with("logs") { "/publicKey/rawBytes" } else { "/certChain" };
            *party.pointer_mut(place).unwrap() =
                if list.ends_with("logs") { json!("") } else { json!({"certificates": []}) };
        }
    };
    let (none, both) = ([""; 0], |code: &'static str| [code, code]);
    assert_eq!(codes(&spoil("tlogs", 0), &promised), both("unusable-log"));
    assert_eq!(codes(&spoil("tlogs", 0), &stamped), none);
    assert_eq!(codes(&spoil("tlogs", 1), &stamped), both("unusable-log"));
    assert_eq!(codes(&spoil("tlogs", 1), &promised), none);
    // The registry's key needs no certificate.
    assert_eq!(codes(&spoil("ctlogs", 0), &promised), ["invalid-sct"]);
    assert_eq!(codes(&spoil("certificateAuthorities", 0), &promised), ["no-valid-authority"]);
    assert_eq!(codes(&spoil("timestampAuthorities", 0), &promised), none);
    assert_eq!(codes(&spoil("timestampAuthorities", 0), &stamped), both("invalid-timestamp"));
}

/// An instance without logs demands no entry. One whose logs cannot be used is not such.
#[test]
fn an_instance_whose_logs_cannot_be_used_has_logs() {
    let world = World::new();
    let options = Options { timestamp: true, ..Options::default() };
    let mut bundle = world.provenance(&options);
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
    let mut root = world.sigstore.trusted_root();
    for log in root["tlogs"].as_array_mut().unwrap() {
        log["publicKey"]["rawBytes"] = json!("");
    }
    let verdict = judge(&world, &trust(&world, &root), &response);
    assert_eq!(refusals(&verdict), ["missing-log-entry"]);
    root["tlogs"] = json!([]);
    let verdict = judge(&world, &trust(&world, &root), &response);
    assert_eq!(refusals(&verdict), [""; 0]);
    // Nor does a certificate go without its SCT where the log for that cannot be used.
    root["ctlogs"][0]["publicKey"]["rawBytes"] = json!("");
    let mut leaf = world.leaf();
    leaf.logged = None;
    let statement = statement::provenance(&world.build, &World::subject());
    let signer = testkit::sigstore::Signer::Certificate(
        world.sigstore.fulcio.issue(&leaf, &world.sigstore.ct),
    );
    let mut bundle = world.sigstore.attest(&statement, &signer, World::at(), &options);
    bundle["verificationMaterial"]["tlogEntries"] = json!([]);
    let response = attestations_response(&[(statement::PROVENANCE_V1, bundle)]);
    let verdict = judge(&world, &trust(&world, &root), &response);
    assert_eq!(refusals(&verdict), ["invalid-sct"]);
    root["ctlogs"] = json!([]);
    assert_eq!(refusals(&judge(&world, &trust(&world, &root), &response)), [""; 0]);
}

#[test]
fn logs_of_one_id_are_all_set_aside() {
    let world = World::new();
    let mut root = world.sigstore.trusted_root();
    let mut twin = root["tlogs"][0].clone();
    twin["publicKey"]["rawBytes"] = json!(STANDARD.encode(Key::p256().spki()));
    root["tlogs"].as_array_mut().unwrap().push(twin);
    let trust = trust(&world, &root);
    let places: Vec<_> = trust.set_aside().iter().map(|one| one.position).collect();
    assert_eq!(places, [1, 3]);
    let [promised, stamped] = responses(&world);
    assert_eq!(refusals(&judge(&world, &trust, &promised)), ["unusable-log"; 2]);
    assert_eq!(refusals(&judge(&world, &trust, &stamped)), [""; 0]);
}

/// As a region of its own has it: another key under the same name.
#[test]
fn the_sct_is_of_the_issuer_of_the_verified_chain() {
    let world = World::new();
    let [promised, _] = responses(&world);
    let other = Sigstore::new(World::at()).trusted_root()["certificateAuthorities"][0].clone();
    for at_the_end in [false, true] {
        let mut root = world.sigstore.trusted_root();
        let authorities = root["certificateAuthorities"].as_array_mut().unwrap();
        authorities.insert(if at_the_end { 1 } else { 0 }, other.clone());
        assert_eq!(refusals(&judge(&world, &trust(&world, &root), &promised)), [""; 0]);
    }
}

#[test]
fn a_key_of_the_registry_that_cannot_be_used_is_set_aside() {
    let world = World::new();
    let [promised, _] = responses(&world);
    let root = world.sigstore.trusted_root_json();
    let good: Value = serde_json::from_str(&world.sigstore.npm_keys_json()).unwrap();
    let judged = |keys: Value| {
        let keys = keys.to_string();
        let trust = Trust::new(root.as_bytes(), Some((REGISTRY, keys.as_bytes()))).unwrap();
        let set_aside: Vec<_> = trust.set_aside().to_vec();
        (set_aside, refusals(&judge(&world, &trust, &promised)))
    };
    let mut more = good.clone();
    let mut unknown = good["keys"][0].clone();
    unknown["keyId"] = json!("SHA256:new");
    unknown["publicKey"]["keyDetails"] = json!("PKIX_ML_DSA_65");
    more["keys"].as_array_mut().unwrap().insert(0, unknown);
    let (set_aside, codes) = judged(more);
    assert_eq!(codes, [""; 0]);
    assert_eq!(set_aside.len(), 1);
    assert_eq!(set_aside[0].kind, AnchorKind::NpmKey);
    assert_eq!(set_aside[0].name.as_deref(), Some(REGISTRY));
    assert_eq!(set_aside[0].id.as_deref(), Some("SHA256:new"));
    assert!(set_aside[0].why.contains("PKIX_ML_DSA_65"));
    // What it signed is refused, and says so.
    let mut spoiled = good;
    for key in spoiled["keys"].as_array_mut().unwrap() {
        key["publicKey"]["keyDetails"] = json!("PKIX_ML_DSA_65");
    }
    let (_, codes) = judged(spoiled);
    assert_eq!(codes, ["unusable-key"; 2]);
}
