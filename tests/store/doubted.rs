//! Stored reports that say more than anybody vouches for, or that cannot be used.

use serde_json::json;

use super::{
    reports::{report, scene},
    *,
};

/// The rows of the reports in the index.
fn report_rows(store: &Store) -> Vec<Value> {
    let text = String::from_utf8(store.world.read("archives/sealift-index.ndjson")).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row["kind"] == "report").collect()
}

#[test]
fn a_forged_signature_of_a_key_that_is_named_makes_a_report_unusable() {
    let store = scene();
    fs::remove_file(store.world.path("archives/kept.txt")).unwrap();
    report(&store, "a", "signed.json", "--report-key second.key");
    let signed = String::from_utf8(store.world.read("archives/signed.json")).unwrap();
    let at = signed.find("\"sig\":\"").unwrap() + 7;
    let other = if &signed[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &signed[..at], &signed[at + 1..]);
    store.world.write("archives/signed.json", forged);
    let index = |more: &str| {
        store.index(more);
        let row = report_rows(&store).remove(0);
        (row["code"].clone(), row["source"].clone())
    };
    assert_eq!(index("--report-signer second.key.pub"), (json!("report-signature"), json!(null)));
    let both = "--report-signer release.key.pub --report-signer second.key.pub";
    assert_eq!(index(both), (json!("report-signature"), json!(null)));
    // Nobody asked about that key.
    assert_eq!(index("--report-signer release.key.pub").1, "unverified-report");
    assert_eq!(index("").1, "unverified-report");
}

#[test]
fn where_says_of_a_report_that_it_says_so_and_who_signed_it() {
    let store = scene();
    let first = || {
        store.index("--report-signer second.key.pub");
        let run = store.world.sealift("bundle where plain archives").done();
        assert!(run.stdout.contains("\n  the report says verified: pkg:npm/plain@2.0.0"), "{run}");
        assert!(!run.stdout.contains("\n  verified"), "{run}");
        let first = run.stdout.lines().next().unwrap().to_owned();
        first.split_once("and in ").unwrap().1.to_owned()
    };
    report(&store, "a", "signed.json", "--report-key second.key");
    report(&store, "a", "unverified.json", "--report-key release.key");
    fs::remove_file(store.path("a")).unwrap();
    assert_eq!(first(), "3 of 3 stored reports (1 signed, 1 not verified, 1 unsigned)");
    fs::remove_file(store.world.path("archives/signed.json")).unwrap();
    assert_eq!(first(), "2 of 2 stored reports (1 not verified, 1 unsigned)");
    fs::remove_file(store.world.path("archives/kept.txt")).unwrap();
    assert_eq!(first(), "1 of 1 stored report (not verified)");
}

#[test]
fn a_report_that_cannot_be_used_is_unchecked_in_the_index_and_in_each_answer() {
    let store = scene();
    fs::remove_file(store.path("a")).unwrap();
    store.world.write("archives/cut.json", "{\"schema\":\"sealift-report/1\",");
    let run = store.index("-q").failed();
    let first = "indexed: 1 archive with 1 package, and 1 stored report, in 4 rows, 1 stored report \
                 not used; verified: 1 of 1 archive\n";
    assert_eq!(run.stdout, first);
    let indexed = store.index("--format json").failed().json();
    assert_eq!(indexed["verdict"], "unchecked");
    assert_eq!(indexed["summary"]["unusable"], 1);
    store.find("b").failed();
    // The archives alone are as they were.
    store.verify("").done();
    fs::remove_file(store.world.path("archives/cut.json")).unwrap();
    let indexed = store.index("--format json").done().json();
    assert_eq!(
        (&indexed["verdict"], &indexed["summary"]["unusable"]),
        (&json!("verified"), &json!(0))
    );
    store.find("b").done();
}

#[test]
fn a_report_with_a_key_twice_cannot_be_used() {
    let store = scene();
    let good: Value = serde_json::from_slice(&store.world.read("archives/kept.txt")).unwrap();
    let good = good.to_string();
    let good = good.replacen("\"schema\":\"sealift-report/1\",", "", 1);
    let good = good.replacen('{', "{\"schema\":\"sealift-report/1\",", 1);
    for (name, from, to) in [
        ("policy", "\"policy\":{", "\"policy\":{\"deep\":false,\"deep\":true,"),
        ("claim", "\"status\":\"verified\"", "\"keyid\":1,\"keyid\":2,\"status\":\"verified\""),
    ] {
        assert!(good.contains(from), "{name}");
        store.world.write("archives/kept.txt", good.replacen(from, to, 1));
        store.index("").refused();
        let row = report_rows(&store).remove(0);
        assert_eq!(row["code"], "report-file", "{name}: {row}");
        assert!(row["message"].as_str().unwrap().contains("is there twice"), "{name}: {row}");
    }
}

#[test]
fn a_report_with_more_packages_than_an_archive_has_cannot_be_used() {
    let store = scene();
    let mut good: Value = serde_json::from_slice(&store.world.read("archives/kept.txt")).unwrap();
    let package =
        json!({"purl": "pkg:npm/a@1.0.0", "verdict": "verified", "rules": [], "claims": {}});
    good["packages"] = json!(vec![package; sealift::core::limits::FOUND_REPORT_PACKAGES + 1]);
    good.as_object_mut().unwrap().remove("schema");
    let text = good.to_string().replacen('{', "{\"schema\":\"sealift-report/1\",", 1);
    store.world.write("archives/kept.txt", text);
    store.index("").refused();
    let row = report_rows(&store).remove(0);
    assert!(row["message"].as_str().unwrap().contains("packages"), "{row}");
    assert_eq!(row["code"], "report-file");
}
