//! Real bundles, changed in one place: none may be accepted, but for changes that are listed with
//! the reason why they are harmless.
//!
//! Every field is dropped, emptied, doubled, renamed, retyped, made a list and swapped with another
//! bundle's; one bit is flipped in each byte of the text and of what its base64 holds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may panic

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rayon::prelude::*;
use sealift::core::{
    addresses::NPM_REGISTRY,
    npm::package,
    package::{
        PackageId,
        digest::{Algorithm, Digest},
        evidence::{Answer, Evidence},
    },
    sigstore::{self, Artifact, ExpectedSigner},
    time::{self, Time},
    trust::Trust,
};
use serde_json::{Map, Value, json};

/// What a harmless change is called, and which changes are of its kind.
type Kind = (&'static str, fn(&Change<'_>) -> bool);

/// Changes that are accepted, where, and why that does no harm.
const HARMLESS: [Kind; 9] = [
    // Witnesses and logs are chosen by the key id in the signature, never by the name beside it.
    ("name in a checkpoint's signature line", |change| {
        change.path.ends_with("/checkpoint/envelope") && change.same(signatures)
    }),
    // RFC 3161 tokens carry more than what is signed: certificates, and the frame around.
    ("unsigned part of a timestamp", |change| change.path.ends_with("/signedTimestamp")),
    // A promise vouches for the time just as well, and the report names it.
    ("timestamp beside a promise", |change| {
        change.path.contains("/timestampVerificationData") && change.has("inclusionPromise")
    }),
    // From version 0.2 on the proof is what counts; the timestamp vouches for the time.
    ("promise beside proof and timestamp", |change| {
        let timestamped = change.mutant.to_string().contains("signedTimestamp");
        change.path.ends_with("/inclusionPromise") && change.has("inclusionProof") && timestamped
    }),
    // DSSE: a hint, and the certificate says whose key it is.
    ("keyid beside a certificate", |change| {
        change.path.ends_with("/keyid") && !change.mutant.to_string().contains("publicKey")
    }),
    // DSSE: optional. The hint names the key, and its signature is verified.
    ("keyid left out beside a hint", |change| {
        change.path.ends_with("/keyid")
            && change.new.is_none_or(|keyid| keyid == "")
            && change.mutant.to_string().contains("\"hint\":\"SHA256:")
    }),
    // The signature is over the artifact itself.
    ("message digest left out", |change| {
        change.path.ends_with("/messageDigest") && change.new.is_none()
    }),
    // They add nothing to the trusted root, so nothing is lost with them.
    ("authority certificate left out", |change| {
        change.path.contains("/x509CertificateChain/certificates/")
            && !change.path.contains("/certificates/0")
    }),
    // The media type is not signed. What this version demands is there as well, and the proof is
    // verified, and reported, wherever it is.
    ("version that demands no more than is there", |change| {
        change.path == "/mediaType"
            && (change.mutant.to_string().contains("publicKey") || change.has("inclusionPromise"))
            && change.has("inclusionProof")
    }),
];

/// A bundle, and how it is verified.
struct Base {
    name: &'static str,
    text: String,
    json: Value,
    trust: Trust,
    digest: Digest,
    package: Option<(PackageId, String)>,
    artifact: Option<Vec<u8>>,
}

impl Base {
    /// What a bundle of these bytes comes to: the facts that must not change, if accepted.
    fn accepts(&self, text: &str) -> Option<String> {
        let Some((package_id, kind)) = &self.package else {
            let artifact = match &self.artifact {
                Some(bytes) => Artifact::Bytes(bytes),
                None => Artifact::Digest(&self.digest),
            };
            let signer = ExpectedSigner::AnyIdentityUnsafe;
            let facts =
                sigstore::bundle(&self.trust, text.as_bytes(), artifact, signer, at()).ok()?;
            return Some(format!("{:?}", facts.claims));
        };
        let response =
            format!(r#"{{"attestations":[{{"predicateType":"{kind}","bundle":{text}}}]}}"#);
        let evidence = Evidence {
            package: package_id,
            registry: Some(NPM_REGISTRY),
            expected: &[],
            artifact: std::slice::from_ref(&self.digest),
            record: Answer::NotFound,
            attestations: Answer::Given(response.as_bytes()),
        };
        let verdict = package(&self.trust, &evidence, at());
        let publish = verdict
            .publish_attestation()
            .map(|facts| format!("{:?} {}", facts.publisher, time::format(facts.signed_at)));
        let provenance = verdict.provenance().map(|facts| {
            format!(
                "{} {} {} {}",
                facts.source_repository,
                facts.commit,
                facts.workflow,
                time::format(facts.signed_at)
            )
        });
        publish.or(provenance)
    }
}

fn at() -> Time {
    time::parse("2026-11-01T00:00:00Z").unwrap()
}

macro_rules! corpus {
    ($name:literal, $file:literal) => {
        include_bytes!(concat!("data/corpus/", $name, "/", $file))
    };
}

/// An npm bundle from the corpus, judged as the package's only attestation.
macro_rules! npm {
    ($name:literal) => {
        base($name, corpus!($name, "bundle.sigstore.json"), corpus!($name, "case.json"), None)
    };
}

fn bases() -> Vec<Base> {
    let conformance: &[u8] = include_bytes!("data/conformance/a.txt");
    let mut all = vec![
        npm!("npm-sigstore-1.0.0-publish"),
        npm!("npm-sigstore-1.0.0-provenance"),
        npm!("npm-sigstore-2.3.1-publish"),
        npm!("npm-sigstore-2.3.1-provenance"),
        npm!("npm-provenance-npm-test-1.0.5-provenance"),
        npm!("pypi-pypi-attestations-0.0.19-slsa"),
        base(
            "cosign-v3-blob",
            corpus!("cosign-v3-blob", "bundle.sigstore.json"),
            corpus!("cosign-v3-blob", "case.json"),
            Some(corpus!("cosign-v3-blob", "artifact.txt")),
        ),
    ];
    let rekor2 = base(
        "rekor2-happy-path",
        include_bytes!("data/conformance/rekor2-happy-path/bundle.sigstore.json"),
        br#"{"subjects": null, "package": null, "predicateType": null}"#,
        Some(conformance),
    );
    let root = include_bytes!("data/conformance/rekor2-happy-path/trusted_root.json");
    all.push(Base { trust: Trust::new(root, None).unwrap(), ..rekor2 });
    all
}

fn base(name: &'static str, bundle: &[u8], case: &[u8], artifact: Option<&[u8]>) -> Base {
    let case: Value = serde_json::from_slice(case).unwrap();
    let root = include_bytes!("data/corpus/trust/public-good.root-signing.json");
    let keys = include_bytes!("data/corpus/trust/npm-keys.json").to_vec();
    let package = case["package"].as_object().filter(|_| name.starts_with("npm-")).map(|package| {
        let text = |field: &str| package[field].as_str().unwrap();
        let id = PackageId::npm(text("name"), text("version")).unwrap();
        (id, case["predicateType"].as_str().unwrap().to_owned())
    });
    let algorithm = if package.is_some() { Algorithm::Sha512 } else { Algorithm::Sha256 };
    let digest = case["artifact"][algorithm.name()].as_str();
    let json: Value = serde_json::from_slice(bundle).unwrap();
    Base {
        name,
        text: json.to_string(),
        json,
        trust: Trust::new(root, Some((NPM_REGISTRY, &keys))).unwrap(),
        digest: digest.map_or_else(
            || algorithm.digest(artifact.unwrap()),
            |hex| Digest::from_hex(algorithm, hex).unwrap(),
        ),
        package,
        artifact: artifact.map(<[u8]>::to_vec),
    }
}

#[test]
fn no_mutant_is_accepted_but_for_a_reason() {
    let bases = bases();
    let reasons = Mutex::new(BTreeMap::<&str, usize>::new());
    let wrong = Mutex::new(BTreeSet::new());
    let mut total = 0;
    for (index, base) in bases.iter().enumerate() {
        let facts = base.accepts(&base.text).unwrap_or_else(|| panic!("{}", base.name));
        let other = &bases[(index + 1) % bases.len()].json;
        let mutants = mutants(base, other);
        total += mutants.len();
        mutants.par_iter().for_each(|(how, text)| {
            let Some(found) = base.accepts(text) else { return };
            let why = match reasons_of(&base.json, text) {
                Ok(why) if found == facts => {
                    for why in why {
                        *reasons.lock().unwrap().entry(why).or_default() += 1;
                    }
                    return;
                }
                Ok(_) => "other facts".to_owned(),
                Err(why) => why,
            };
            wrong.lock().unwrap().insert(format!("{}: {how}: {why}", base.name));
        });
    }
    let wrong = wrong.into_inner().unwrap();
    let shown: Vec<_> = wrong.iter().take(40).cloned().collect();
    assert!(wrong.is_empty(), "{} accepted, among them:\n{}", wrong.len(), shown.join("\n"));
    assert!(total >= 100_000, "only {total} mutants");
    // A reason that no mutant needs any more must go.
    let used: Vec<_> = reasons.into_inner().unwrap().into_keys().collect();
    let mut listed: Vec<_> = HARMLESS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(used, listed);
}

/// One difference between a bundle and its mutant.
struct Change<'a> {
    path: String,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
    mutant: &'a Value,
}

impl Change<'_> {
    /// Whether the mutant's log entry has that field.
    fn has(&self, field: &str) -> bool {
        self.mutant["verificationMaterial"]["tlogEntries"][0][field].is_object()
    }

    /// Whether old and new are texts that come to the same.
    fn same<T: PartialEq>(&self, read: impl Fn(&str) -> T) -> bool {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(&read);
        text(self.old).is_some() && text(self.old) == text(self.new)
    }
}

/// Why each difference is harmless; an error names the first that is not. No difference at all
/// is harmless: white space, `null` for absent, an escaped character.
fn reasons_of(original: &Value, mutant: &str) -> Result<Vec<&'static str>, String> {
    let mutant: Value = serde_json::from_str(mutant).map_err(|error| error.to_string())?;
    let mut changes = Vec::new();
    differences("", Some(original), Some(&mutant), &mutant, &mut changes);
    changes
        .iter()
        .map(|change| {
            let reason = HARMLESS.iter().find(|(_, applies)| applies(change));
            reason
                .map(|(name, _)| *name)
                .ok_or_else(|| format!("{} from {:?} to {:?}", change.path, change.old, change.new))
        })
        .collect()
}

fn differences<'a>(
    path: &str,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
    mutant: &'a Value,
    found: &mut Vec<Change<'a>>,
) {
    let (old, new) = (old.filter(|value| !value.is_null()), new.filter(|value| !value.is_null()));
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
            for key in keys {
                differences(&format!("{path}/{key}"), old.get(key), new.get(key), mutant, found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => {
            for index in 0..old.len().max(new.len()) {
                let path = format!("{path}/{index}");
                differences(&path, old.get(index), new.get(index), mutant, found);
            }
        }
        (old, new) if old == new => {}
        (old, new) => found.push(Change { path: path.to_owned(), old, new, mutant }),
    }
}

/// Note and signatures of a checkpoint, without the names beside the signatures.
fn signatures(note: &str) -> Option<(String, Vec<String>)> {
    let (text, lines) = note.split_once("\n\n")?;
    let bytes = |line: &str| line.split_whitespace().nth(2).map(str::to_owned);
    Some((text.to_owned(), lines.lines().filter_map(bytes).collect()))
}

fn mutants(base: &Base, other: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for path in paths(&base.json) {
        structural(&base.json, &path, other, &mut all);
        payload_bits(&base.json, &path, &mut all);
    }
    for index in 0..base.text.len() {
        let mut bytes = base.text.clone().into_bytes();
        bytes[index] ^= 1 << (index % 8);
        if let Ok(text) = String::from_utf8(bytes) {
            all.push((format!("bit in byte {index} of the text"), text));
        }
    }
    all
}

/// Every field and element, by its JSON pointer.
fn paths(value: &Value) -> Vec<String> {
    fn walk(value: &Value, path: &str, all: &mut Vec<String>) {
        let children: Vec<(String, &Value)> = match value {
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
            Value::Array(list) => {
                list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
            }
            _ => return,
        };
        for (key, value) in children {
            let path = format!("{path}/{key}");
            all.push(path.clone());
            walk(value, &path, all);
        }
    }
    let mut all = Vec::new();
    walk(value, "", &mut all);
    all
}

fn structural(good: &Value, path: &str, other: &Value, all: &mut Vec<(String, String)>) {
    let (parent, key) = path.rsplit_once('/').unwrap();
    let mut add = |how: &str, change: &dyn Fn(&mut Value)| {
        let mut bundle = good.clone();
        change(&mut bundle);
        if bundle != *good {
            all.push((format!("{path} {how}"), bundle.to_string()));
        }
    };
    let set =
        |value: Value| move |bundle: &mut Value| *bundle.pointer_mut(path).unwrap() = value.clone();
    add("nulled", &set(Value::Null));
    for (how, value) in [
        ("emptied text", json!("")),
        ("emptied list", json!([])),
        ("emptied object", json!({})),
        ("retyped number", json!(1)),
        ("retyped text", json!("1")),
        ("retyped boolean", json!(true)),
        ("wrapped", json!([good.pointer(path)])),
    ] {
        add(how, &set(value));
    }
    if let Some(Value::Object(map)) = good.pointer(path) {
        add("made a list", &set(map.values().cloned().collect()));
    }
    if let Some(value) = other.pointer(path) {
        add("swapped", &set(value.clone()));
    }
    add("dropped", &|bundle| match bundle.pointer_mut(parent).unwrap() {
        Value::Object(map) => drop(map.shift_remove(key)),
        Value::Array(list) => drop(list.remove(key.parse().unwrap())),
        _ => {}
    });
    add("doubled or renamed", &|bundle| match bundle.pointer_mut(parent).unwrap() {
        Value::Object(map) => {
            let renamed =
                |name: &String| if name == key { format!("{name}_") } else { name.clone() };
            *map = map
                .iter()
                .map(|(name, value)| (renamed(name), value.clone()))
                .collect::<Map<_, _>>();
        }
        Value::Array(list) => list.insert(0, list[key.parse::<usize>().unwrap()].clone()),
        _ => {}
    });
    add("with an unknown field", &|bundle| {
        if let Value::Object(map) = bundle.pointer_mut(path).unwrap() {
            map.insert("unknown".into(), json!(null));
        }
    });
    // A repeated field has no form as a value: it is written into the text.
    let value = good.pointer(path).unwrap().to_string();
    let field = format!("{}:{value}", json!(key));
    let text = good.to_string();
    if key.parse::<usize>().is_err() && text.contains(&field) {
        all.push((
            format!("{path} repeated"),
            text.replacen(&field, &format!("{field},{field}"), 1),
        ));
        let empty = format!("{}:null,{field}", json!(key));
        all.push((format!("{path} repeated as null"), text.replacen(&field, &empty, 1)));
    }
}

fn payload_bits(good: &Value, path: &str, all: &mut Vec<(String, String)>) {
    let Some(text) = good.pointer(path).and_then(Value::as_str) else { return };
    let Ok(bytes) = STANDARD.decode(text) else { return };
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 1 << (index % 8);
        let mut bundle = good.clone();
        *bundle.pointer_mut(path).unwrap() = STANDARD.encode(flipped).into();
        all.push((format!("bit in byte {index} of {path}"), bundle.to_string()));
    }
}
