//! SARIF.

use std::collections::BTreeSet;

use sealift::app::stored::StoredReport;
use serde_json::{Value, json};

use super::{Schema, is_refused, json, rendered, reports};

const SCHEMA: &str = include_str!("../data/schemas/sarif-schema-2.1.0.json");

fn schema() -> Schema {
    Schema::new(SCHEMA, &[])
}

fn results(report: &StoredReport) -> Vec<Value> {
    let mut log = json(report, "sarif");
    serde_json::from_value(log["runs"][0]["results"].take()).unwrap()
}

fn of_level<'a>(results: &'a [Value], level: &str) -> Vec<&'a Value> {
    results.iter().filter(|result| result["level"] == level).collect()
}

#[test]
fn every_report_is_valid() {
    let schema = schema();
    for (name, report) in reports::all() {
        let log = json(&report, "sarif");
        assert_eq!(schema.faults(&log), None, "{name}");
        assert!(log["runs"][0]["tool"]["driver"]["rules"].is_array(), "{name}");
        assert!(log["$schema"].is_string());
    }
}

#[test]
fn the_schema_finds_faults() {
    let mut log = json(&reports::report("refused"), "sarif");
    log["runs"][0]["results"][0]["level"] = json!("bad");
    assert!(schema().faults(&log).is_some());
}

#[test]
fn a_refused_report_has_an_error_and_no_other_has_one() {
    for (name, report) in reports::all() {
        let results = results(&report);
        assert_eq!(!of_level(&results, "error").is_empty(), is_refused(&report), "{name}");
        for result in &results {
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["region"]["startLine"].as_u64() >= Some(1), "{name}: {result}");
            assert!(place["artifactLocation"]["uri"].is_string(), "{name}: {result}");
        }
    }
}

#[test]
fn a_denied_package_points_at_the_lines_that_ask_for_it() {
    let mut report = reports::report("refused");
    let purl = report.packages[1].purl.clone();
    let entries = [
        reports::entry("node_modules/other", 3, Some("pkg:npm/other@1.0.0")),
        reports::entry("node_modules/evil", 7, Some(&purl)),
        reports::entry("node_modules/a/node_modules/evil", 19, Some(&purl)),
    ];
    report.lockfiles[0].entries = Some(entries.into());
    report.lockfiles[0].file = "./apps/my web/package-lock.json".into();
    report.inputs[0].entries.clear();
    let results = results(&report);
    let refused = results.iter().find(|result| result["ruleId"] == "refused").unwrap();
    let places: Vec<_> = refused["locations"].as_array().unwrap().iter().collect();
    let place = |line| {
        json!({ "physicalLocation": {
            "artifactLocation": { "uri": "apps/my%20web/package-lock.json" },
            "region": { "startLine": line },
        } })
    };
    assert_eq!(places, [&place(7), &place(19)]);
    let text = refused["message"]["text"].as_str().unwrap();
    assert!(text.starts_with("pkg:npm/evil@6.6.6: the provenance does not verify: "), "{text}");
    let rules = json(&report, "sarif")["runs"][0]["tool"]["driver"]["rules"].clone();
    let number = usize::try_from(refused["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(rules[number]["id"], "refused");
    assert_eq!(rules[number]["shortDescription"]["text"], "Evidence is there and does not verify.");
    assert!(rules[number]["help"]["text"].as_str().unwrap().contains("sealift-report(5)"));
}

#[test]
fn an_entry_of_a_lockfile_with_the_same_bytes_is_at_the_lockfile_of_this_build() {
    let mut report = reports::report("refused");
    let input = report.inputs[0].entry.clone();
    report.inputs[0].entries[0].denied = Some(reports::denial("ambiguous", "several fit"));
    report.inputs[0].entries[0].line = 12;
    report.lockfiles[0].entries = None;
    report.lockfiles[0].input = Some(input.clone());
    let text = rendered(&report, "sarif");
    assert!(!text.contains(&input), "the archive's name of it is not a file of the project");
    let results = results(&report);
    let denied = results.iter().find(|result| result["ruleId"] == "ambiguous").unwrap();
    assert_eq!(denied["locations"][0]["physicalLocation"]["region"]["startLine"], 12);
    // The same entries in other bytes stand on other lines.
    report.lockfiles[0].lines = Some(vec![70, 80]);
    let results = self::results(&report);
    let denied = results.iter().find(|result| result["ruleId"] == "ambiguous").unwrap();
    assert_eq!(denied["locations"][0]["physicalLocation"]["region"]["startLine"], 70);
}

#[test]
fn of_many_findings_five_thousand_are_listed_and_the_rest_is_counted() {
    let report = reports::many(30_000);
    let text = rendered(&report, "sarif");
    assert!(text.len() < 10_000_000, "GitHub takes 10 MB, with gzip");
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema().faults(&log), None);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5_000);
    let last = &results[4_999];
    assert_eq!(last["ruleId"], "more-findings");
    assert_eq!(last["level"], "error");
    let says = "25001 more findings are in the report: 25001 no-rule";
    assert_eq!(last["message"]["text"], says);
    let exact = json(&reports::many(5_000), "sarif");
    let exact = exact["runs"][0]["results"].as_array().unwrap();
    assert_eq!(exact.len(), 5_000);
    assert!(exact.iter().all(|result| result["ruleId"] == "no-rule"));
}

#[test]
fn long_texts_make_the_list_shorter_and_the_file_no_larger() {
    let mut report = reports::many(5_000);
    for package in &mut report.packages {
        package.denied[0].detail = Some("日\u{202e}".repeat(500));
    }
    let text = rendered(&report, "sarif");
    assert!(text.len() < 10_000_000, "{}", text.len());
    let results = results(&report);
    assert!(results.len() < 5_000);
    assert_eq!(results.last().unwrap()["ruleId"], "more-findings");
}

#[test]
fn the_worst_findings_come_first() {
    let mut report = reports::many(6_000);
    report.packages[0].warned = std::mem::take(&mut report.packages[0].denied);
    let results = results(&report);
    assert!(results.iter().all(|result| result["level"] == "error"));
}

#[test]
fn what_is_excused_is_suppressed_and_the_reason_is_given() {
    let results = results(&reports::excused());
    assert_eq!(of_level(&results, "error"), [] as [&Value; 0]);
    let warned: Vec<_> = of_level(&results, "warning").iter().map(|it| &it["ruleId"]).collect();
    assert_eq!(warned, ["retired-key"]);
    let notes = of_level(&results, "note");
    let found: Vec<_> = notes.iter().map(|it| (&it["ruleId"], &it["suppressions"])).collect();
    let suppressed =
        |why: &str| json!([{ "kind": "external", "status": "accepted", "justification": why }]);
    assert_eq!(
        found,
        [
            (
                &json!("missing-provenance"),
                &suppressed("exception 1, until 2027-02-01: reviewed by hand")
            ),
            (&json!("foreign"), &suppressed("exception 2, until 2027-03-01: ours")),
            (&json!("unavailable"), &json!([])),
        ]
    );
}

#[test]
fn quoted_text_is_neither_a_link_nor_a_placeholder() {
    let results = results(&reports::hostile());
    let text = results[0]["message"]["text"].as_str().unwrap();
    let plain = text.replace("\\\\", "").replace("\\[", "").replace("\\]", "");
    let plain = plain.replace("{{", "").replace("}}", "");
    assert!(!plain.contains(['{', '}', '[', ']', '\\']), "{plain}");
    assert!(text.contains("\\[link\\](https://evil.example)"), "{text}");
}

#[test]
fn a_fingerprint_stays_when_lines_and_wording_change() {
    let fingerprints = |report: &StoredReport| -> Vec<Value> {
        results(report).iter().map(|it| it["partialFingerprints"].clone()).collect()
    };
    let mut report = reports::report("refused");
    let before = fingerprints(&report);
    let unique: BTreeSet<_> = before.iter().map(Value::to_string).collect();
    assert_eq!(unique.len(), before.len());
    for entry in report.lockfiles[0].entries.as_mut().unwrap() {
        entry.line += 100;
        entry.denied.as_mut().unwrap().detail = Some("said otherwise".into());
    }
    assert_eq!(fingerprints(&report), before);
    report.packages[0].purl = "pkg:npm/left-pad@1.3.1".into();
    assert_ne!(fingerprints(&report), before);
}

#[test]
fn what_is_refused_without_a_reason_is_an_error() {
    let results = results(&reports::without_a_reason());
    let errors: Vec<_> =
        of_level(&results, "error").iter().map(|it| &it["message"]["text"]).collect();
    let package = "the report says that the package is refused, and not why";
    assert_eq!(errors, [&json!(format!("pkg:npm/%40acme/widget@2.0.0: {package}"))]);
    let mut report = reports::without_a_reason();
    report.packages.truncate(1);
    let results = self::results(&report);
    let archive = "the report says that the archive is refused, and not why";
    assert_eq!(of_level(&results, "error")[0]["message"]["text"], archive);
}
