//! Rows are read as they are written, and queries find what they name.

use super::*;

fn row() -> PackageRow {
    let some = |text: &str| Some(text.to_owned());
    PackageRow {
        purl: "pkg:npm/%40acme/a@1.0.0?repository_url=https://r.example".into(),
        ecosystem: "npm".into(),
        name: "@acme/a".into(),
        version: "1.0.0".into(),
        verdict: "refused".into(),
        denied: vec!["refused".into()],
        registry_keyid: some("SHA256:one"),
        source_repository: some("https://github.com/acme/a"),
        owner: some("https://github.com/acme"),
        workflow: some("https://github.com/shared/.github/workflows/w.yml@refs/heads/main"),
        publish_identity: some("https://registry.example/publisher"),
        other_signers: vec!["https://gitlab.example/acme/b//.gitlab-ci.yml@refs/tags/v1".into()],
        other_keyids: vec!["SHA256:two".into()],
        refused: vec![RefusedClaim {
            claim: "publish-attestation".into(),
            code: "unknown-key".into(),
            detail: "key SHA256:three is not among the registry's keys, \"https://x.example/y\""
                .into(),
        }],
        ..PackageRow::default()
    }
}

fn columns(query: &str) -> Vec<&'static str> {
    Query::parse(query).unwrap().columns(&row())
}

#[test]
fn rows_are_read_as_they_are_written() {
    let head = IndexHead { schema: SCHEMA.into(), files: 2, ..IndexHead::default() };
    let archive = ArchiveRow { archive: "a\n\".sealift".into(), ..ArchiveRow::default() };
    let report = ReportRow { source: Some(RowSource::SignedReport), ..ReportRow::default() };
    for row in [
        IndexRow::Head(head),
        IndexRow::Package(7, Box::new(row())),
        IndexRow::Archive(archive),
        IndexRow::Recall(RecallRow::default()),
        IndexRow::Report(report),
    ] {
        let line = row.line();
        assert!(!line.contains('\n'));
        assert_eq!(IndexRow::parse(line.as_bytes()), Ok(row));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(value["kind"].is_string(), "{line}");
        for cut in 0..line.len() {
            assert!(IndexRow::parse(&line.as_bytes()[..cut]).is_err(), "{cut}");
        }
    }
    let line = IndexRow::Package(7, Box::new(row())).line();
    assert_eq!(line, package_line(7, &row().text()));
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value.as_object().unwrap().len(), 33, "all columns, those without a value too");
}

#[test]
fn rejects_lines_that_are_not_rows() {
    let line = IndexRow::Package(7, Box::new(row())).line();
    for other in [
        line.replacen("\"purl\"", "\"other\"", 1),
        line.replacen(":7,", ":-7,", 1),
        line.replacen(":7,", ":4294967296,", 1),
        line.replacen("\"denied\":[\"refused\"]", "\"denied\":\"refused\"", 1),
        line.replacen("\"name\"", "\"name\":\"\",\"name\"", 1),
        format!("{line} {{}}"),
        format!(" {line}"),
    ] {
        assert!(IndexRow::parse(other.as_bytes()).is_err(), "{other}");
    }
    assert!(IndexRow::parse(b"\xff").is_err());
}

#[test]
fn packages_are_found_by_every_name_that_people_give_them() {
    for query in [
        "pkg:npm/%40acme/a@1.0.0?repository_url=https://r.example",
        "pkg:npm/%40acme/a@1.0.0",
        "pkg:npm/%40acme/a",
        "npm:@acme/a@1.0.0",
        "npm:@acme/a",
        "@acme/a@1.0.0",
        "@acme/a",
    ] {
        assert_eq!(columns(query), ["purl"], "{query}");
    }
    let none: [&str; 0] = [];
    for query in [
        "pkg:npm/%40acme/a@1.0.0?repository_url=https://other.example",
        "pkg:npm/a@1.0.0",
        "a",
        "@acme/a@1.0.1",
        "npm:@acme/ab",
    ] {
        assert_eq!(columns(query), none, "{query}");
    }
}

#[test]
fn addresses_find_themselves_and_what_is_below_them() {
    let shared = "https://github.com/shared/.github/workflows/w.yml";
    for (query, expected) in [
        ("https://github.com/acme/a", &["sourceRepository"][..]),
        ("https://github.com/acme/a//", &["sourceRepository"]),
        ("https://github.com/acme", &["sourceRepository", "owner"]),
        ("https://github.com", &["sourceRepository", "owner", "workflow"]),
        (shared, &["workflow"]),
        (&format!("{shared}@refs/heads/main"), &["workflow"]),
        (&format!("{shared}@refs/heads"), &["workflow"]),
        ("https://registry.example/publisher", &["publishIdentity"]),
        ("https://gitlab.example/acme/b", &["otherSigners"]),
        ("https://x.example", &["refused"]),
        ("https://github.com/acme/a/b", &[]),
        ("https://github.com/acme/", &["sourceRepository", "owner"]),
        ("https://github.com/ac", &[]),
        ("https://github.co", &[]),
        ("http://github.com/acme", &[]),
    ] {
        assert_eq!(columns(query), expected, "{query}");
    }
}

#[test]
fn keys_are_found_in_packages_and_archives() {
    for (query, expected) in [
        ("SHA256:one", &["registryKeyid"][..]),
        ("SHA256:two", &["otherKeyids"]),
        ("SHA256:three", &["refused"]),
        ("SHA256:thre", &[]),
        ("SHA256:on", &[]),
    ] {
        assert_eq!(columns(query), expected, "{query}");
    }
    let archive = ArchiveRow {
        keys: vec!["SHA256:a".into()],
        claimed_keys: vec!["SHA256:b".into()],
        ..ArchiveRow::default()
    };
    let found = |query: &str| Query::parse(query).unwrap().archive_columns(&archive);
    assert_eq!(found("SHA256:a"), ["keys"]);
    assert_eq!(found("SHA256:b"), ["claimedKeys"]);
    assert!(found("SHA256:c").is_empty() && found("a").is_empty());
}

#[test]
fn keys_are_found_in_reports() {
    let mut report = ReportRow {
        keys: vec!["SHA256:a".into()],
        report_keys: vec!["SHA256:b".into()],
        ..ReportRow::default()
    };
    let found =
        |report: &ReportRow, query: &str| Query::parse(query).unwrap().report_columns(report);
    assert_eq!(found(&report, "SHA256:a"), ["keys"]);
    assert_eq!(found(&report, "SHA256:b"), ["reportKeys"]);
    assert!(found(&report, "SHA256:c").is_empty() && found(&report, "a").is_empty());
    // The archive's own row says who has sealed it.
    report.archive = Some("a.sealift".into());
    assert!(found(&report, "SHA256:a").is_empty());
    assert_eq!(found(&report, "SHA256:b"), ["reportKeys"]);
}

#[test]
fn sources_have_the_names_that_the_page_gives() {
    let name = |source: RowSource| serde_json::to_value(source).unwrap();
    assert_eq!(name(RowSource::Archive), "archive");
    assert_eq!(name(RowSource::SignedReport), "signed-report");
    assert_eq!(name(RowSource::UnverifiedReport), "unverified-report");
    assert_eq!(name(RowSource::UnsignedReport), "unsigned-report");
}

#[test]
fn rejects_what_asks_for_nothing() {
    for query in [
        "",
        " ",
        "pkg:",
        "pkg:npm/",
        "pkg:pypi/a@1.0.0",
        "pkg:npm/a@latest",
        "npm:",
        "npm:a@^1",
        "pypi:a",
        "@acme",
        "a b",
        "https://",
        "https:///",
        "ht tps://a",
        "a@",
        "://a/b",
    ] {
        let error = Query::parse(query).unwrap_err().to_string();
        assert_eq!(error, format!("{query:?} is not a package, an address or a key"));
    }
    let hex = "0123456789abcdefABCDEF0123456789".repeat(2);
    assert_eq!(Query::parse(&hex), Ok(Query::Key(hex.to_lowercase())));
}
