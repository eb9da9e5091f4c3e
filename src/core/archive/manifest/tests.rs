mod form;

use serde_json::{Value, json};

use super::*;
use crate::core::{
    archive::entry_name::package_folder,
    limits,
    package::{Origin, PackageId, digest::Algorithm},
};

fn predicate() -> Predicate {
    let part = |entry: Option<String>, url: &str, status: u16| Part {
        entry,
        url: Some(format!("https://registry.example/npm/{url}")),
        status: Some(status),
        answered_at: Some("2026-11-23T03:00:01Z".into()),
    };
    let package = |name: &str| {
        let registry = "https://registry.example/npm".to_owned();
        let id = PackageId::npm(name, "1.0.0").unwrap();
        let purl = Purl::new(id, Origin::Registry(registry.clone()));
        let folder = package_folder(&purl);
        Package {
            purl: purl.to_string(),
            registry: Some(registry),
            artifact: Some(part(Some(format!("{folder}/package.tgz")), "a.tgz", 200)),
            record: Some(part(Some(format!("{folder}/record.json")), "a", 200)),
            attestations: Some(part(None, "attestations", 404)),
        }
    };
    let trust = |instance: &str, source| CarriedTrust {
        instance: instance.into(),
        source,
        refreshed_at: (source == TrustSource::Tuf).then(|| "2026-11-23T03:00:00Z".into()),
    };
    Predicate {
        format_version: 1,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: "2026-11-23T04:00:00Z".into(),
        inputs: vec!["inputs/1/a.json".into(), "inputs/2/b.json".into()],
        packages: vec![package("@a/b"), package("JSONStream")],
        trust: vec![trust("github", TrustSource::Embedded), trust("public-good", TrustSource::Tuf)],
    }
}

fn subject(name: &str) -> Subject {
    let algorithm = if name.ends_with(".tgz") { Algorithm::Sha512 } else { Algorithm::Sha256 };
    Subject { name: name.into(), size: 3, digest: algorithm.digest(b"abc") }
}

fn subjects() -> Vec<Subject> {
    [
        "inputs/1/a.json",
        "inputs/2/b.json",
        "npm/%4a%53%4f%4e%53tream/1.0.0/JS/package.tgz",
        "npm/%4a%53%4f%4e%53tream/1.0.0/JS/record.json",
        "npm/@a/b/1.0.0/AB/package.tgz",
        "npm/@a/b/1.0.0/AB/record.json",
        "trust/public-good/metadata/1.root.json",
        "trust/public-good/metadata/timestamp.json",
    ]
    .map(|name| subject(&hashed(name)))
    .into()
}

/// With the folders that are named by the hash of a purl.
fn hashed(name: &str) -> String {
    let folder = |name: &str| {
        let origin = Origin::Registry("https://registry.example/npm".into());
        let purl = Purl::new(PackageId::npm(name, "1.0.0").unwrap(), origin);
        format!("{}/", package_folder(&purl).rsplit('/').next().unwrap())
    };
    name.replace("JS/", &folder("JSONStream")).replace("AB/", &folder("@a/b"))
}

fn good() -> Manifest {
    Manifest::build(predicate(), subjects()).unwrap()
}

/// The error that a good manifest with something else at `path` is refused with.
fn with(path: &str, new: Value) -> ManifestError {
    edited(|value| *value.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = new)
}

fn edited(edit: impl FnOnce(&mut Value)) -> ManifestError {
    let mut value: Value = serde_json::from_slice(&good().to_json()).unwrap();
    edit(&mut value);
    Manifest::parse(value.to_string().as_bytes()).unwrap_err()
}

fn swap(path: &str) -> ManifestError {
    edited(|value| value.pointer_mut(path).unwrap().as_array_mut().unwrap().swap(0, 1))
}

fn double(path: &str) -> ManifestError {
    edited(|value| {
        let list = value.pointer_mut(path).unwrap().as_array_mut().unwrap();
        list.insert(0, list[0].clone());
    })
}

#[test]
fn what_is_built_is_what_is_parsed() {
    let manifest = good();
    assert_eq!(Manifest::parse(&manifest.to_json()).unwrap(), manifest);
    assert_eq!(time_of(&manifest), "2026-11-23T04:00:00Z");
    assert_eq!(
        manifest.packages().map(|(purl, _)| purl.id().name()).collect::<Vec<_>>(),
        ["@a/b", "JSONStream"]
    );
    assert_eq!(manifest.subject("inputs/2/b.json"), Some(&subject("inputs/2/b.json")));
    assert_eq!(manifest.subject("inputs/3/c.json"), None);
    assert_eq!(manifest.trust_entries("public-good").count(), 2);
    assert_eq!(manifest.trust_entries("public").count(), 0);
}

fn time_of(manifest: &Manifest) -> String {
    crate::core::time::format(manifest.sealed_at())
}

#[test]
fn the_builder_sorts_and_the_parser_wants_it_sorted() {
    let mut shuffled = predicate();
    shuffled.inputs.reverse();
    shuffled.trust.reverse();
    shuffled.packages.reverse();
    let reversed = subjects().into_iter().rev().collect();
    assert_eq!(Manifest::build(shuffled, reversed).unwrap().to_json(), good().to_json());

    for (path, list) in [
        ("/subject", "entries"),
        ("/predicate/inputs", "inputs"),
        ("/predicate/trust", "trust"),
        ("/predicate/packages", "packages"),
    ] {
        assert!(matches!(swap(path), ManifestError::Unsorted { list: found, .. } if found == list));
        assert!(
            matches!(double(path), ManifestError::Duplicate { list: found, .. } if found == list)
        );
    }
    let item = |error: ManifestError| match error {
        ManifestError::Unsorted { item, .. } | ManifestError::Duplicate { item, .. } => item,
        other => panic!("{other}"),
    };
    assert_eq!(item(swap("/subject")), "inputs/1/a.json");
}

#[test]
fn another_statement_is_refused() {
    let other = "https://in-toto.io/Statement/v0.1";
    assert_eq!(with("/_type", json!(other)), ManifestError::StatementType(other.into()));
    assert_eq!(with("/predicateType", json!("x")), ManifestError::PredicateType("x".into()));
    assert_eq!(with("/predicate/formatVersion", json!(2)), ManifestError::FormatVersion(2));
    // A later version is recognised, whatever else is in it.
    let later =
        json!({"_type": STATEMENT_TYPE, "predicateType": "urn:sealift:archive:v2", "new": {}});
    assert_eq!(
        Manifest::parse(later.to_string().as_bytes()),
        Err(ManifestError::PredicateType("urn:sealift:archive:v2".into()))
    );
}

#[test]
fn unknown_repeated_missing_and_null_fields_are_refused() {
    let json = String::from_utf8(good().to_json()).unwrap();
    let malformed =
        |text: &str| matches!(Manifest::parse(text.as_bytes()), Err(ManifestError::Json(_)));
    for (from, to) in [
        ("{\"_type\"", "{\"x\":1,\"_type\""),
        ("\"sealedAt\":", "\"sealedat\":"),
        ("\"tool\":{", "\"tool\":{\"by\":\"me\","),
        ("\"annotations\":{", "\"annotations\":{\"mode\":1,"),
        ("\"annotations\":{\"size\":3}", "\"annotations\":{}"),
        ("\"formatVersion\":1", "\"formatVersion\":1,\"formatVersion\":1"),
        ("\"digest\":{", "\"digest\":{\"md5\":\"\","),
        ("\"record\":", "\"record\":null,\"x\":"),
        ("\"refreshedAt\":\"2026-11-23T03:00:00Z\"", "\"refreshedAt\":null"),
        ("\"status\":200", "\"status\":null"),
        ("\"status\":200", "\"status\":200.0"),
        ("\"source\":\"tuf\"", "\"source\":\"other\""),
    ] {
        assert!(json.contains(from), "{from}");
        assert!(malformed(&json.replacen(from, to, 1)), "{to}");
    }
    assert!(malformed(&format!("{json} x")));
    assert!(malformed(""));
    assert!(malformed(&"[".repeat(10_000)));
}

#[test]
fn digests_are_one_of_the_right_kind() {
    let hex = Algorithm::Sha256.digest(b"").to_hex();
    let name = "inputs/1/a.json";
    for digest in [
        json!({}),
        json!({"sha256": hex, "sha512": Algorithm::Sha512.digest(b"").to_hex()}),
        json!({"sha256": hex.to_uppercase()}),
        json!({"sha512": hex}),
        json!({"sha256": "00"}),
    ] {
        assert_eq!(with("/subject/0/digest", digest), ManifestError::Digest(name.into()));
    }
    assert_eq!(
        with("/subject/0/digest", json!({"sha512": Algorithm::Sha512.digest(b"").to_hex()})),
        ManifestError::DigestAlgorithm {
            name: name.into(),
            expected: Algorithm::Sha256,
            found: Algorithm::Sha512,
        }
    );
    assert!(matches!(
        with("/subject/2/digest", json!({"sha256": hex})),
        ManifestError::DigestAlgorithm { expected: Algorithm::Sha512, .. }
    ));
}

#[test]
fn names_and_entries_fit_each_other() {
    assert!(matches!(with("/subject/7/name", json!("z/../z")), ManifestError::Name(_)));
    let mut listed = subjects();
    listed.push(subject("sealift.dsse.json"));
    assert_eq!(Manifest::build(predicate(), listed), Err(ManifestError::ListsEnvelope));
    let mut listed = subjects();
    listed.push(subject(&hashed("npm/@a/b/1.0.0/AB/more.json")));
    let unused = ManifestError::Unused(hashed("npm/@a/b/1.0.0/AB/more.json"));
    assert_eq!(Manifest::build(predicate(), listed), Err(unused));
    let mut listed = subjects();
    listed.push(subject("trust/github/metadata/1.root.json"));
    let unused = ManifestError::Unused("trust/github/metadata/1.root.json".into());
    assert_eq!(Manifest::build(predicate(), listed), Err(unused));
    for missing in [0, 2, 3] {
        let mut listed = subjects();
        listed.remove(missing);
        assert!(matches!(
            Manifest::build(predicate(), listed),
            Err(ManifestError::NoSuchEntry { .. })
        ));
    }
    let mut listed = subjects();
    listed.truncate(6);
    let carried = ManifestError::TrustNotCarried("public-good".into());
    assert_eq!(Manifest::build(predicate(), listed), Err(carried));
}

#[test]
fn entries_are_where_they_belong() {
    let folder = |path: &str, entry: &str| {
        let error = with(path, json!(hashed(entry)));
        assert!(matches!(error, ManifestError::Folder { .. }), "{path}: {error}");
    };
    folder("/predicate/packages/0/artifact/entry", "npm/@a/b/1.0.1/package.tgz");
    folder("/predicate/packages/0/artifact/entry", "npm/@a/b/1.0.0/package.tgz");
    folder("/predicate/packages/0/artifact/entry", "npm/@a/b/1.0.0/AB/sub/package.tgz");
    folder("/predicate/packages/0/artifact/entry", "npm/@a/b/1.0.0/AB/");
    folder("/predicate/packages/0/record/entry", "trust/public-good/metadata/1.root.json");
    folder("/predicate/packages/1/record/entry", "npm/@a/b/1.0.0/AB/record.json");
    let artifact = hashed("npm/@a/b/1.0.0/AB/package.tgz");
    assert_eq!(
        with("/predicate/packages/0/record/entry", json!(artifact)),
        ManifestError::UsedTwice(artifact)
    );
}

#[test]
fn packages_are_what_they_say() {
    let purl = "/predicate/packages/0/purl";
    for other in ["pkg:npm/@a/b@1.0.0", "pkg:npm/%40a/b", "@a/b@1.0.0", ""] {
        assert!(matches!(with(purl, json!(other)), ManifestError::Purl(_)), "{other}");
    }
    let registry = "/predicate/packages/0/registry";
    for other in ["https://registry.example", "https://registry.example/npm/", ""] {
        assert!(matches!(with(registry, json!(other)), ManifestError::Registry(_)), "{other}");
    }
    assert!(matches!(with(purl, json!("pkg:npm/%40a/b@1.0.0")), ManifestError::Registry(_)));
    let secret = "pkg:npm/%40a/b@1.0.0?repository_url=https://u:secret%40r.example";
    assert_eq!(with(purl, json!(secret)), ManifestError::Purl("pkg:npm/%40a/b@1.0.0".into()));
}
