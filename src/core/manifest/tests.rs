mod form;

use serde_json::{Value, json};

use super::*;

fn predicate() -> Predicate {
    let package = |name: &str| {
        let id = PackageId::new(name, "1.0.0").unwrap();
        Package {
            purl: id.purl(),
            name: name.into(),
            version: "1.0.0".into(),
            registry: "https://registry.example/npm".into(),
            artifact: format!("{}/package.tgz", id.folder()),
            record: Some(format!("{}/record.json", id.folder())),
            attestations: None,
            integrity: vec![
                Algorithm::Sha1.digest(b"").to_sri(),
                Algorithm::Sha512.digest(b"").to_sri(),
            ],
            needed_by: vec![Need {
                input: "inputs/1/a.json".into(),
                paths: vec!["node_modules/a".into(), "node_modules/b".into()],
            }],
        }
    };
    let input = |entry: &str| Input {
        entry: entry.into(),
        kind: "package-lock".into(),
        lockfile_version: 3,
    };
    let role =
        |name: &str| Role { name: name.into(), version: 1, expires: "2027-01-01T00:00:00Z".into() };
    let trust = |instance: &str, source| Trust {
        instance: instance.into(),
        source,
        roles: match source {
            TrustSource::Tuf => ["root", "timestamp"].map(role).into(),
            _ => vec![],
        },
        refreshed_at: Some("2026-11-23T03:00:00Z".into()),
    };
    let left = |entry: &str| OutOfScope {
        input: "inputs/1/a.json".into(),
        entry: entry.into(),
        reason: "link".into(),
    };
    Predicate {
        format_version: 1,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: "2026-11-23T04:00:00Z".into(),
        inputs: vec![input("inputs/1/a.json"), input("inputs/2/b.json")],
        trust: vec![trust("github", TrustSource::Embedded), trust("public-good", TrustSource::Tuf)],
        packages: vec![package("@a/b"), package("JSONStream")],
        out_of_scope: vec![left("x"), left("y")],
        collection: vec![Request {
            url: "https://registry.example/npm/@a%2fb".into(),
            status: 200,
            time: "2026-11-23T03:00:01Z".into(),
        }],
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
        "npm/%4a%53%4f%4e%53tream/1.0.0/package.tgz",
        "npm/%4a%53%4f%4e%53tream/1.0.0/record.json",
        "npm/@a/b/1.0.0/package.tgz",
        "npm/@a/b/1.0.0/record.json",
        "trust/public-good/metadata/1.root.json",
        "trust/public-good/metadata/timestamp.json",
    ]
    .map(subject)
    .into()
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
    let id = PackageId::new("JSONStream", "1.0.0").unwrap();
    assert_eq!(manifest.package(&id).unwrap().purl, "pkg:npm/JSONStream@1.0.0");
    assert_eq!(
        manifest.packages().map(|(id, _)| id.name()).collect::<Vec<_>>(),
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
    shuffled.out_of_scope.reverse();
    for package in &mut shuffled.packages {
        package.integrity.extend([Algorithm::Sha1.digest(b"").to_sri()]);
        package.needed_by[0].paths.reverse();
    }
    let reversed = subjects().into_iter().rev().collect();
    assert_eq!(Manifest::build(shuffled, reversed).unwrap().to_json(), good().to_json());

    for (path, list) in [
        ("/subject", "entries"),
        ("/predicate/inputs", "inputs"),
        ("/predicate/trust", "trust"),
        ("/predicate/packages", "packages"),
        ("/predicate/packages/0/integrity", "integrity"),
        ("/predicate/packages/0/neededBy/0/paths", "paths"),
        ("/predicate/outOfScope", "outOfScope"),
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
    assert_eq!(item(double("/predicate/packages")), "@a/b 1.0.0");
    assert!(matches!(
        double("/predicate/packages/0/neededBy"),
        ManifestError::Duplicate { list: "neededBy", .. }
    ));
    assert!(matches!(
        double("/predicate/trust/1/roles"),
        ManifestError::Duplicate { list: "roles", .. }
    ));
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
    listed.push(subject("npm/@a/b/1.0.0/more.json"));
    let unused = ManifestError::Unused("npm/@a/b/1.0.0/more.json".into());
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
        let error = with(path, json!(entry));
        assert!(matches!(error, ManifestError::Folder { .. }), "{path}: {error}");
    };
    folder("/predicate/packages/0/artifact", "npm/@a/b/1.0.1/package.tgz");
    folder("/predicate/packages/0/artifact", "npm/@a/b/1.0.0/sub/package.tgz");
    folder("/predicate/packages/0/artifact", "npm/@a/b/1.0.0/");
    folder("/predicate/packages/0/record", "trust/public-good/metadata/1.root.json");
    folder("/predicate/packages/1/record", "npm/@a/b/1.0.0/record.json");
    assert_eq!(
        with("/predicate/packages/0/record", json!("npm/@a/b/1.0.0/package.tgz")),
        ManifestError::UsedTwice("npm/@a/b/1.0.0/package.tgz".into())
    );
}

#[test]
fn packages_are_what_they_say() {
    assert!(matches!(
        with("/predicate/packages/0/purl", json!("pkg:npm/@a/b@1.0.0")),
        ManifestError::Purl { .. }
    ));
    assert!(matches!(
        with("/predicate/packages/0/version", json!("1.0.1")),
        ManifestError::Purl { .. }
    ));
    assert!(matches!(with("/predicate/packages/0/name", json!(".")), ManifestError::Package(_)));
    assert!(matches!(
        with("/predicate/packages/0/neededBy/0/input", json!("inputs/3/c.json")),
        ManifestError::NoSuchInput { .. }
    ));
    assert!(matches!(
        with("/predicate/outOfScope/1/input", json!("inputs/3/c.json")),
        ManifestError::NoSuchInput { .. }
    ));
    assert!(matches!(
        with("/predicate/packages/0/neededBy/0/paths", json!([])),
        ManifestError::NoPath(_)
    ));
}
