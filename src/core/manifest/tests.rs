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
fn lockfiles_are_numbered() {
    for other in [
        "input/1/a.json",
        "inputs/a.json",
        "inputs//a.json",
        "inputs/0/a.json",
        "inputs/01/a.json",
        "inputs/-1/a.json",
        "inputs/x/a.json",
        "inputs/%31/a.json",
        "inputs/1/b/a.json",
        "npm/@a/b/1.0.0/record.json",
    ] {
        let error = with("/predicate/inputs/0/entry", json!(other));
        assert_eq!(error, ManifestError::Input(other.into()));
    }
}

#[test]
fn trust_is_what_its_source_says() {
    let source = |instance: &str| ManifestError::TrustSource(instance.into());
    // Carried, and nobody says when it was checked; not carried, and with roles.
    let error = edited(|value| {
        value["predicate"]["trust"][1].as_object_mut().unwrap().remove("refreshedAt");
    });
    assert_eq!(error, source("public-good"));
    let roles = good().predicate().trust[1].roles.clone();
    let error = edited(|value| value["predicate"]["trust"][0]["roles"] = json!(roles));
    assert_eq!(error, source("github"));
    // One form for "none", and one for a source.
    for (pointer, value) in [
        ("/predicate/trust/1/roles", json!([])),
        ("/predicate/trust/1/source", json!({"tuf": null})),
        ("/predicate/trust/1/source", json!("TUF")),
        ("/predicate/trust/1/source", json!(null)),
    ] {
        let error = with(pointer, value);
        assert!(matches!(error, ManifestError::Json(_)), "{pointer}: {error}");
    }
}

#[test]
fn nothing_is_from_after_the_seal() {
    let good = good();
    let (sealed, later) = (good.sealed_at(), good.sealed_at() + chrono::Duration::seconds(1));
    let written = |time| json!(crate::core::time::format(time));
    for (field, pointer) in [
        ("refreshedAt", "/predicate/trust/0/refreshedAt"),
        ("refreshedAt", "/predicate/trust/1/refreshedAt"),
        ("collection", "/predicate/collection/0/time"),
    ] {
        let mut value: Value = serde_json::from_slice(&good.to_json()).unwrap();
        *value.pointer_mut(pointer).unwrap() = written(sealed);
        assert!(Manifest::parse(value.to_string().as_bytes()).is_ok(), "{pointer}");
        let refused = ManifestError::AfterSeal { field, time: later };
        assert_eq!(with(pointer, written(later)), refused);
    }
}

#[test]
fn what_was_asked_has_an_address_and_a_status() {
    for status in [0, 99, 600, 65_535] {
        let error = with("/predicate/collection/0/status", json!(status));
        assert_eq!(error, ManifestError::Status(status));
    }
    for address in [
        r"https:\\r.example\a",
        "https://r.example/a\tb",
        "https://r.example/a b",
        "https://r.example",
        "https://@r.example/",
        "https://:@r.example/",
        "HTTPS://r.example/",
        "https://r.example:443/",
        "https://r.example/a/../b",
        "https://%72.example/",
    ] {
        let error = with("/predicate/collection/0/url", json!(address));
        assert!(matches!(error, ManifestError::Address(_)), "{address}: {error}");
    }
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

#[test]
fn what_is_an_object_is_not_written_as_a_list() {
    for path in [
        "",
        "/predicate",
        "/predicate/tool",
        "/predicate/inputs/0",
        "/predicate/trust/0",
        "/predicate/trust/1/roles/0",
        "/predicate/packages/0",
        "/predicate/packages/0/neededBy/0",
        "/predicate/outOfScope/0",
        "/predicate/collection/0",
        "/subject/0",
        "/subject/0/digest",
        "/subject/0/annotations",
    ] {
        let error = edited(|value| {
            let object = value.pointer_mut(path).unwrap_or_else(|| panic!("{path}"));
            let fields = object.as_object().unwrap_or_else(|| panic!("{path}"));
            *object = fields.values().cloned().collect();
        });
        let ManifestError::Json(said) = error else { panic!("{path}: {error}") };
        assert!(said.contains("invalid type: sequence, expected an object"), "{path}: {said}");
    }
}

#[test]
fn a_digest_that_is_not_there_is_left_out() {
    let null = edited(|value| value["subject"][0]["digest"]["sha512"] = Value::Null);
    assert!(matches!(&null, ManifestError::Json(said) if said.contains("null")), "{null}");
}

#[test]
fn texts_are_as_long_as_the_limit() {
    let most = limits::MANIFEST_TEXT_BYTES;
    let of = |bytes: usize| {
        let mut predicate = predicate();
        predicate.tool.name = "x".repeat(bytes);
        Manifest::build(predicate, subjects())
    };
    assert_eq!(of(most).unwrap().predicate().tool.name.len(), most);
    assert_eq!(of(most + 1), Err(ManifestError::Text(most + 1)));
}

#[test]
fn addresses_are_ascii_and_as_long_as_the_limit() {
    let most = usize::try_from(limits::URL_BYTES).unwrap();
    let long = |bytes: usize| format!("https://r.example/{}", "a".repeat(bytes - 18));
    let mut longest = predicate();
    longest.packages[0].registry = long(most);
    longest.collection[0].url = long(most);
    assert!(Manifest::build(longest, subjects()).is_ok());
    for path in ["/predicate/packages/0/registry", "/predicate/collection/0/url"] {
        for text in [long(most + 1), "https://b\u{fc}cher.example/a".to_owned()] {
            assert_eq!(with(path, json!(text)), ManifestError::Address(text));
        }
    }
}

/// Before the list is at its end, or empty texts would take ten times the memory of their JSON.
#[test]
fn hashes_and_paths_are_checked_as_they_are_read() {
    let said = |path: &str, text: &str| match with(path, json!([text])) {
        ManifestError::Json(said) => said,
        other => panic!("{other}"),
    };
    for text in ["", "sha1-x", "md5-1B2M2Y8AsgTpgAmY7PhCfg=="] {
        let said = said("/predicate/packages/0/integrity", text);
        assert!(said.starts_with(&format!("{text:?} among the hashes at line 1")), "{said}");
    }
    let path = |length: usize| format!("node_modules/{}", "a".repeat(length - 13));
    let most = limits::INSTALL_PATH_BYTES;
    for text in ["", "a", "node_modules", &path(most + 1)] {
        let said = said("/predicate/packages/0/neededBy/0/paths", text);
        assert!(said.contains("among the install paths at line 1"), "{said}");
        assert!(said.len() < 700);
    }
    let mut longest = predicate();
    longest.packages[0].needed_by[0].paths = vec![path(most)];
    let manifest = Manifest::build(longest, subjects()).unwrap();
    assert_eq!(Manifest::parse(&manifest.to_json()), Ok(manifest));
}

#[test]
fn times_addresses_and_instances_have_their_form() {
    for text in
        ["", "yesterday", "2026-11-23", "2026-11-23T05:00:00+01:00", "2026-11-23T04:00:00.5Z"]
    {
        assert!(matches!(
            with("/predicate/sealedAt", json!(text)),
            ManifestError::Time { field: "sealedAt", .. }
        ));
    }
    for (path, field) in [
        ("/predicate/trust/1/roles/0/expires", "expires"),
        ("/predicate/trust/0/refreshedAt", "refreshedAt"),
        ("/predicate/collection/0/time", "collection"),
    ] {
        let error = with(path, json!("never"));
        assert!(matches!(error, ManifestError::Time { field: found, .. } if found == field));
    }
    for url in [
        "registry.example",
        "ftp://registry.example",
        "https://user:secret@registry.example/",
        "https://token@registry.example/",
        "https://registry.example/?token=secret",
        "https://registry.example/#secret",
    ] {
        for path in ["/predicate/packages/0/registry", "/predicate/collection/0/url"] {
            let error = with(path, json!(url));
            assert!(matches!(error, ManifestError::Address(_)), "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    let shown = with("/predicate/collection/0/url", json!("https://u:secret@r.example/a?token=b"));
    assert_eq!(shown, ManifestError::Address("…@r.example/a".into()));
    let shown = with("/predicate/collection/0/url", json!("ftp://r.example/a"));
    assert_eq!(shown, ManifestError::Address("ftp://r.example/a".into()));
    for instance in ["", "..", "a/b", "Public", "con"] {
        assert_eq!(
            with("/predicate/trust/0/instance", json!(instance)),
            ManifestError::Instance(instance.into())
        );
    }
}

#[test]
fn entries_are_as_many_as_the_limit() {
    let built = |entries: usize| {
        let subject = |n: usize| Subject {
            name: format!("trust/public-good/{n:06}"),
            size: 0,
            digest: Algorithm::Sha256.digest(b""),
        };
        let predicate =
            Predicate { packages: vec![], inputs: vec![], out_of_scope: vec![], ..predicate() };
        Manifest::build(predicate, (0..entries).map(subject).collect())
    };
    let max = limits::ARCHIVE_ENTRIES;
    assert_eq!(built(max).unwrap().subjects().len(), max);
    let refused = built(max + 1).unwrap_err();
    assert_eq!(refused, ManifestError::TooManyEntries(max + 1));
    assert_eq!(refused.code(), "manifest-too-many-entries");
}
