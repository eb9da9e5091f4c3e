use super::*;
use crate::core::package::digest::Algorithm;

const BASE: &str = "http://127.0.0.1:4873";

fn version(name: &str, version: &str, manifest: &str) -> ServedVersion {
    ServedVersion {
        id: PackageId::npm(name, version).unwrap(),
        own: Own {
            manifest: manifest.to_owned(),
            has_install_script: false,
            has_shrinkwrap: false,
        },
        sha512: Algorithm::Sha512.digest(b"x"),
        sha1: Algorithm::Sha1.digest(b"x"),
        recorded: RecordExtract::default(),
        attested: None,
    }
}

fn document(versions: &[ServedVersion], form: Form) -> Value {
    serde_json::from_slice(&packument(versions, BASE, form).unwrap()).unwrap()
}

#[test]
fn a_version_is_described_by_its_own_tarball() {
    let manifest = r#"{"name": " @s/a ", "version": "v1.0.0", "bin": "cli.js", "readme": "r",
        "bundledDependencies": true, "dependencies": {"b": "^1.0.0"}, "dist": {"tarball": "evil"},
        "_resolved": "evil", "__proto__": {"x": 1}, "hasInstallScript": true, "deprecated": "no",
        "optionalDependencies": {"c": "*"}, "peerDependenciesMeta": {"d": {"optional": true}},
        "engines": {"node": ">=1"}, "os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]}"#;
    let full = document(&[version("@s/a", "1.0.0", manifest)], Form::Full);
    let one = &full["versions"]["1.0.0"];
    assert_eq!((&one["name"], &one["version"]), (&json!("@s/a"), &json!("1.0.0")));
    assert_eq!(one["bin"], json!({"a": "cli.js"}));
    assert_eq!(one["bundleDependencies"], json!(["b"]));
    assert_eq!(one["dist"]["tarball"], "http://127.0.0.1:4873/@s/a/-/a-1.0.0.tgz");
    assert_eq!(one["dist"]["integrity"], Algorithm::Sha512.digest(b"x").to_sri());
    assert_eq!(one["_id"], "@s/a@1.0.0");
    assert_eq!(one["readme"], "r");
    for gone in ["_resolved", "__proto__", "hasInstallScript", "deprecated", "bundledDependencies"]
    {
        assert!(one.get(gone).is_none(), "{gone}");
    }
    let short = document(&[version("@s/a", "1.0.0", manifest)], Form::Abbreviated);
    let mut keys: Vec<_> =
        short["versions"]["1.0.0"].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = [
        "bin",
        "bundleDependencies",
        "cpu",
        "dependencies",
        "dist",
        "engines",
        "libc",
        "name",
        "optionalDependencies",
        "os",
        "peerDependenciesMeta",
        "version",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn scripts_and_shrinkwraps_are_told_as_the_tarball_has_them() {
    let mut one = version("a", "1.0.0", "{}");
    (one.own.has_install_script, one.own.has_shrinkwrap) = (true, true);
    for form in [Form::Full, Form::Abbreviated] {
        let document = document(&[one.clone()], form);
        let document = &document["versions"]["1.0.0"];
        assert_eq!(
            (&document["hasInstallScript"], &document["_hasShrinkwrap"]),
            (&json!(true), &json!(true))
        );
    }
}

#[test]
fn signatures_and_times_are_the_records_and_say_so() {
    let record = br#"{"name": "a", "version": "1.0.0", "time": "2026-01-02T03:04:05Z", "manifest":
        {"name": "a", "version": "1.0.0", "dependencies": {"evil": "*"},
         "dist": {"signatures": [{"keyid": "k", "sig": "s"}], "tarball": "evil"}}}"#;
    let mut one = version("a", "1.0.0", "{}");
    one.recorded = RecordExtract::read(record).unwrap();
    one.attested = Some("https://slsa.dev/provenance/v1".into());
    let full = document(&[one.clone()], Form::Full);
    let published = json!("2026-01-02T03:04:05Z");
    assert_eq!(
        full["time"],
        json!({"1.0.0": published, "created": published, "modified": published})
    );
    assert_eq!(full["_fromRecord"], json!(["dist.signatures", "time"]));
    let dist = &full["versions"]["1.0.0"]["dist"];
    assert_eq!(dist["signatures"], json!([{"keyid": "k", "sig": "s"}]));
    let url = "http://127.0.0.1:4873/-/npm/v1/attestations/a@1.0.0";
    let provenance = json!({"predicateType": "https://slsa.dev/provenance/v1"});
    assert_eq!(dist["attestations"], json!({"url": url, "provenance": provenance}));
    assert!(!full.to_string().contains("evil"));
    assert_eq!(document(&[one], Form::Abbreviated)["modified"], published);
}

#[test]
fn latest_is_the_highest_release() {
    for (versions, expected) in [
        (vec!["1.10.0", "1.9.0", "2.0.0-rc.1"], "1.10.0"),
        (vec!["2.0.0-rc.1", "2.0.0-rc.10"], "2.0.0-rc.10"),
        (vec!["01.0.0", "0.0.1"], "0.0.1"),
    ] {
        let all: Vec<_> = versions.iter().map(|text| version("a", text, "{}")).collect();
        assert_eq!(document(&all, Form::Full)["dist-tags"]["latest"], expected);
    }
}

#[test]
fn fields_in_any_form_are_passed_on_or_left_out_without_a_panic() {
    for (manifest, field, expected) in [
        (r#"{"bin": {"x": "y"}}"#, "bin", json!({"x": "y"})),
        (r#"{"bundleDependencies": ["b"]}"#, "bundleDependencies", json!(["b"])),
        (r#"{"bundleDependencies": false}"#, "bundleDependencies", Value::Null),
        (r#"{"bundleDependencies": 3}"#, "bundleDependencies", Value::Null),
        (r#"{"bundleDependencies": true}"#, "bundleDependencies", json!([])),
        (r#"{"os": ["a"], "o\u0073": ["b"]}"#, "os", json!(["b"])),
    ] {
        let document = document(&[version("a", "1.0.0", manifest)], Form::Abbreviated);
        assert_eq!(
            document["versions"]["1.0.0"].get(field).unwrap_or(&Value::Null),
            &expected,
            "{manifest}"
        );
    }
}

#[test]
fn rejects_a_manifest_that_is_no_object() {
    for manifest in ["", "[]", "1", "{", "\u{feff}{}"] {
        let refused = packument(&[version("a", "1.0.0", manifest)], BASE, Form::Full);
        assert_eq!(refused.unwrap_err().id.name(), "a", "{manifest}");
    }
}
