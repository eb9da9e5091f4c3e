use serde_json::{Value, json};

use super::*;

fn parse(record: &Value) -> Advisory {
    Advisory::parse(record.to_string().as_bytes()).unwrap()
}

fn concerns(affected: Value, name: &str, version: &str) -> bool {
    let record = json!({"id": "MAL-2026-1", "affected": [affected]});
    parse(&record).concerns(&PackageId::npm(name, version).unwrap())
}

#[test]
fn reads_a_record_as_the_public_database_has_it() {
    let record = parse(&json!({
        "schema_version": "1.5.0",
        "id": "MAL-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "published": "2026-01-02T03:04:05Z",
        "aliases": ["GHSA-xxxx-yyyy-zzzz"],
        "summary": "Malicious code in @acme/tool (npm)",
        "details": "\n---\n_-= Per source details. Do not edit below this line.=-_",
        "severity": null,
        "affected": [{
            "package": {"ecosystem": "npm", "name": "@acme/tool", "purl": "pkg:npm/%40acme/tool"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "2.0.0"}, {"fixed": "2.0.2"}]}],
            "versions": ["1.4.7"],
            "database_specific": {"cwes": [{"cweId": "CWE-506"}]},
        }],
        "credits": [],
        "database_specific": {"malicious-packages-origins": [{"source": "ghsa-malware"}]},
    }));
    assert_eq!(record.id, "MAL-2026-1");
    assert_eq!(record.summary, "Malicious code in @acme/tool (npm)");
    assert!(record.counts());
    let names: Vec<_> = record.names().map(ToString::to_string).collect();
    assert_eq!(names, ["pkg:npm/%40acme/tool"]);
    for (version, expected) in
        [("1.4.7", true), ("1.4.8", false), ("2.0.0", true), ("2.0.1", true), ("2.0.2", false)]
    {
        let id = PackageId::npm("@acme/tool", version).unwrap();
        assert_eq!(record.concerns(&id), expected, "{version}");
    }
}

#[test]
fn counts_what_is_malicious_and_not_withdrawn() {
    let origins = json!({"malicious-packages-origins": [{"source": "x"}]});
    for (record, expected) in [
        (json!({"id": "MAL-2026-1"}), true),
        (json!({"id": "GHSA-aaaa-bbbb-cccc"}), false),
        (json!({"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["MAL-2026-1"]}), false),
        (json!({"id": "GHSA-aaaa-bbbb-cccc", "database_specific": origins}), true),
        (json!({"id": "GHSA-aaaa-bbbb-cccc", "database_specific": {"severity": "HIGH"}}), false),
        (json!({"id": "GHSA-aaaa-bbbb-cccc", "database_specific": null}), false),
        (json!({"id": "MAL-2026-1", "withdrawn": "2026-01-02T03:04:05Z"}), false),
        (json!({"id": "MAL-2026-1", "withdrawn": "2026-01-02T03:04:05.678+01:00"}), false),
        (json!({"id": "MAL-2026-1", "withdrawn": null}), true),
        // What is not a time withdraws nothing.
        (json!({"id": "MAL-2026-1", "withdrawn": ""}), true),
        (json!({"id": "MAL-2026-1", "withdrawn": "no"}), true),
        (json!({"id": "MAL-2026-1", "withdrawn": "2026-01-02"}), true),
        (json!({"id": "MAL-2026-1", "withdrawn": "2026-01-02 03:04:05Z"}), true),
        (json!({"id": "MAL-2026-1", "withdrawn": false}), true),
        (json!({"id": "MAL-2026-1", "withdrawn": ["2026-01-02T03:04:05Z"]}), true),
        (json!({"id": "mal-2026-1"}), false),
    ] {
        assert_eq!(parse(&record).counts(), expected, "{record}");
    }
}

#[test]
fn concerns_packages_by_their_exact_names() {
    let all = json!([{"type": "SEMVER", "events": [{"introduced": "0"}]}]);
    let of = |ecosystem: &str, name: &str| json!({"package": {"ecosystem": ecosystem, "name": name}, "ranges": all});
    assert!(concerns(of("npm", "tool"), "tool", "1.0.0"));
    assert!(concerns(of("npm", "@acme/tool"), "@acme/tool", "1.0.0"));
    for (ecosystem, name) in [
        ("PyPI", "tool"),
        ("Go", "tool"),
        ("npm", "Tool"),
        ("npm", "tools"),
        ("npm", "@acme/tool"),
        ("npm", "../tool"),
        ("toy", "tool"),
    ] {
        assert!(!concerns(of(ecosystem, name), "tool", "1.0.0"), "{ecosystem} {name}");
    }
    assert!(!concerns(json!({"versions": ["1.0.0"]}), "tool", "1.0.0"), "no package");
}

#[test]
fn concerns_the_versions_of_any_list_and_any_range() {
    let package = json!({"ecosystem": "npm", "name": "a"});
    let semver = |introduced: &str, fixed: &str| json!({"type": "SEMVER", "events": [{"introduced": introduced}, {"fixed": fixed}]});
    let of = |more: Value| {
        let mut affected = json!({"package": package});
        affected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        affected
    };
    for (more, version, expected) in [
        (json!({"versions": ["1.0.0", "1.0.2"]}), "1.0.2", true),
        (json!({"versions": ["1.0.0", "1.0.2"]}), "1.0.1", false),
        (json!({"versions": ["1.0.0"]}), "1.0.0-rc.1", false),
        (json!({"versions": null, "ranges": [semver("1.0.0", "2.0.0")]}), "1.5.0", true),
        (json!({"ranges": [semver("1.0.0", "2.0.0"), semver("3.0.0", "4.0.0")]}), "3.5.0", true),
        (json!({"ranges": [semver("1.0.0", "2.0.0"), semver("3.0.0", "4.0.0")]}), "2.5.0", false),
        (json!({"ranges": [semver("1.0.0", "2.0.0")], "versions": ["9.0.0"]}), "9.0.0", true),
        // Two events in one object, as in records of the first version of the schema.
        (
            json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0", "fixed": "2.0.0"}]}]}),
            "2.0.0",
            false,
        ),
        (
            json!({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.0.0"}]}]}),
            "1.0.0",
            true,
        ),
        // Commits say nothing of versions; without anything else all are meant.
        (
            json!({"ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}], "versions": ["2.0.0"]}),
            "1.0.0",
            false,
        ),
        (
            json!({"ranges": [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]}),
            "1.0.0",
            true,
        ),
        (json!({}), "1.0.0", true),
        (
            json!({"ranges": [{"type": "OTHER", "events": []}], "versions": ["2.0.0"]}),
            "1.0.0",
            true,
        ),
        // Ranges that do not say where they start.
        (json!({"ranges": [{"type": "SEMVER", "events": null}]}), "1.0.0", true),
        (json!({"ranges": [{"type": "SEMVER"}], "versions": ["2.0.0"]}), "1.0.0", true),
        (json!({"ranges": [{"type": "SEMVER", "events": []}]}), "1.0.0", true),
        (json!({"ranges": [{"type": "SEMVER", "events": [{"fixed": "1.0.0"}]}]}), "2.0.0", true),
        (
            json!({"ranges": [{"type": "SEMVER", "events": [{"last_affected": "1.0.0"}]}]}),
            "2.0.0",
            true,
        ),
        // Events that say nothing that is known, beside others.
        (
            json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "5.0.0"}, {}]}]}),
            "1.0.0",
            true,
        ),
        (
            json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "5.0.0"}, {"Introduced": "0"}]}]}),
            "1.0.0",
            true,
        ),
        (json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": null}]}]}), "1.0.0", true),
        (
            json!({"ranges": [{"type": "SEMVER", "events": [{"introduced": "5.0.0", "note": "x"}]}]}),
            "1.0.0",
            false,
        ),
    ] {
        assert_eq!(concerns(of(more.clone()), "a", version), expected, "{more} {version}");
    }
}

#[test]
fn rejects_what_is_not_a_record() {
    let deep = format!(r#"{{"id":"MAL-1","affected":[{{"package":{}"#, "[".repeat(200));
    let nested = format!(r#"{{"id":"MAL-1","x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    for (bytes, code) in [
        ("", "advisory-json"),
        ("[]", "advisory-json"),
        (r#"["MAL-1"]"#, "advisory-json"),
        ("{}", "advisory-json"),
        (r#"{"id":1}"#, "advisory-json"),
        (r#"{"id":"MAL-1"}{"#, "advisory-json"),
        (r#"{"id":"MAL-1","id":"MAL-2"}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":{}}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":[[]]}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":[{"package":"npm"}]}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":[{"versions":"1.0.0"}]}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":[{"versions":[1]}]}"#, "advisory-json"),
        (r#"{"id":"MAL-1","affected":[{"ranges":[{"events":[]}]}]}"#, "advisory-json"),
        (r#"{"id":"GHSA-1","database_specific":[]}"#, "advisory-json"),
        (&deep, "advisory-json"),
        (r#"{"id":""}"#, "advisory-id"),
        (r#"{"id":"MAL/1"}"#, "advisory-id"),
        (r#"{"id":"MAL 1"}"#, "advisory-id"),
        (r#"{"id":"MÄL-1"}"#, "advisory-id"),
    ] {
        let found = Advisory::parse(bytes.as_bytes()).map_err(|error| error.code());
        assert_eq!(found, Err(code), "{bytes}");
    }
    // What is passed over may nest.
    assert!(Advisory::parse(nested.as_bytes()).is_ok());
}

#[test]
fn members_that_decide_nothing_may_have_any_form() {
    let nested = "[".repeat(200) + &"]".repeat(200);
    for more in [
        r#""summary":7"#,
        r#""summary":["Malicious code"]"#,
        r#""summary":"\ud800""#,
        &format!(r#""summary":{nested}"#),
        &format!(r#""withdrawn":{nested}"#),
        r#""database_specific":[]"#,
        r#""details":{},"severity":1,"modified":[]"#,
    ] {
        let record = Advisory::parse(format!(r#"{{"id":"MAL-1",{more}}}"#).as_bytes());
        let record = record.unwrap_or_else(|error| panic!("{more}: {error}"));
        assert!(record.counts() && record.summary.is_empty(), "{more}");
    }
}

#[test]
fn an_id_is_as_long_as_the_limit() {
    let with =
        |length: usize| Advisory::parse(json!({"id": "M".repeat(length)}).to_string().as_bytes());
    assert!(with(limits::ADVISORY_ID_BYTES).is_ok());
    let long = with(limits::ADVISORY_ID_BYTES + 1).unwrap_err();
    assert_eq!(long.code(), "advisory-id");
}

#[test]
fn a_record_is_as_large_as_the_limits() {
    let with = |versions: usize| {
        let mut text =
            r#"{"id":"MAL-1","affected":[{"package":{"ecosystem":"npm","name":"a"},"#.to_owned();
        text.push_str(r#""versions":["#);
        text.push_str(&vec![r#""1""#; versions].join(","));
        text.push_str("]}]}");
        text
    };
    let others = json::values(with(0).as_bytes());
    let most = limits::ADVISORY_VALUES - others + 1;
    assert!(Advisory::parse(with(most).as_bytes()).is_ok());
    let error = Advisory::parse(with(most + 1).as_bytes()).unwrap_err();
    assert_eq!(error, AdvisoryError::Values(limits::ADVISORY_VALUES + 1));
    assert_eq!(error.code(), "advisory-values");

    let max = usize::try_from(limits::ADVISORY_BYTES).unwrap();
    let mut bytes = br#"{"id":"MAL-1"}"#.to_vec();
    bytes.resize(max, b' ');
    assert!(Advisory::parse(&bytes).is_ok());
    bytes.push(b' ');
    assert_eq!(Advisory::parse(&bytes).unwrap_err().code(), "advisory-size");
}

#[test]
fn evaluates_thousands_of_ranges_and_events() {
    let event = |number: usize| json!({"introduced": format!("{number}.0.0")});
    let events: Vec<_> = (1..30_000).map(event).collect();
    let range = json!({"type": "SEMVER", "events": events});
    let ranges: Vec<_> = (0..5_000)
        .map(|number| {
            json!({"type": "SEMVER", "events": [
                {"introduced": format!("{number}.0.1")}, {"fixed": format!("{number}.0.2")},
            ]})
        })
        .chain([range])
        .collect();
    let affected = json!({"package": {"ecosystem": "npm", "name": "a"}, "ranges": ranges});
    assert!(!concerns(affected.clone(), "a", "0.0.0"));
    assert!(concerns(affected, "a", "4999.0.1"));
}
