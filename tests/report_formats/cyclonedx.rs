//! CycloneDX.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Schema, json, reports};

const SCHEMA: &str = include_str!("../data/schemas/bom-1.6.SNAPSHOT.schema.json");
const OTHERS: [(&str, &str); 2] = [
    (
        "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
        include_str!("../data/schemas/spdx.SNAPSHOT.schema.json"),
    ),
    (
        "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
        include_str!("../data/schemas/jsf-0.82.SNAPSHOT.schema.json"),
    ),
];

fn schema() -> Schema {
    Schema::new(SCHEMA, &OTHERS)
}

/// All values of a member, at any depth.
fn values<'a>(value: &'a Value, member: &str) -> Vec<&'a Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(|item| values(item, member)).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match name == member {
                true => vec![value],
                false => values(value, member),
            })
            .collect(),
        _ => vec![],
    }
}

fn texts<'a>(value: &'a Value, member: &str) -> Vec<&'a str> {
    let each = |value: &'a Value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        other => Vec::from_iter(other.as_str()),
    };
    values(value, member).into_iter().flat_map(each).collect()
}

#[test]
fn every_report_is_valid() {
    let schema = schema();
    for (name, report) in reports::all() {
        assert_eq!(schema.faults(&json(&report, "cyclonedx")), None, "{name}");
    }
}

#[test]
fn the_schema_finds_faults() {
    let mut bom = json(&reports::report("verified"), "cyclonedx");
    bom["components"][0]["hashes"][0]["content"] = json!("zz");
    assert!(schema().faults(&bom).is_some());
}

#[test]
fn every_reference_is_to_one_thing_in_the_file() {
    for (name, report) in reports::all() {
        let bom = json(&report, "cyclonedx");
        let names = texts(&bom, "bom-ref");
        let unique: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len(), "{name}");
        let declarations = &bom["declarations"];
        for member in ["target", "assessor", "requirement", "claims", "counterClaims"] {
            for reference in texts(&declarations["attestations"], member) {
                assert!(unique.contains(reference), "{name}: {reference}");
            }
        }
        for member in ["target", "evidence"] {
            for reference in texts(&declarations["claims"], member) {
                assert!(unique.contains(reference), "{name}: {reference}");
            }
        }
    }
}

#[test]
fn a_component_has_what_the_report_says_of_the_package() {
    let report = reports::report("verified");
    let bom = json(&report, "cyclonedx");
    let widget = &bom["components"][1];
    assert_eq!(widget["group"], "@acme");
    assert_eq!(widget["name"], "widget");
    assert_eq!(widget["version"], "2.0.0");
    assert_eq!(widget["purl"], report.packages[1].purl);
    assert_eq!(widget["scope"], "required");
    assert_eq!(widget["hashes"][0]["alg"], "SHA-512");
    assert_eq!(widget["hashes"][0]["content"], report.packages[1].sha512.clone().unwrap());
    let kinds = texts(&widget["externalReferences"], "type");
    assert_eq!(kinds, ["distribution", "vcs", "evidence"]);
    let source = &widget["externalReferences"][1];
    assert_eq!(source["url"], "https://github.example/acme/widget");
    let comment = "by verified provenance; commit 46e7056ff9912ebfee5298d94024895a9fea76c0";
    assert_eq!(source["comment"], comment);
    let evidence = &widget["externalReferences"][2];
    assert_eq!(evidence["url"], "app.sealift");
    assert_eq!(evidence["hashes"][0]["content"], report.archive.sha256);
    assert_eq!(bom["metadata"]["timestamp"], report.at);
    assert_eq!(bom["metadata"]["tools"]["components"][0]["name"], "sealift");
    assert_eq!(bom["metadata"]["component"]["hashes"][0]["content"], report.archive.sha256);
    // Without provenance nobody says which source it is from.
    let kinds = texts(&bom["components"][0]["externalReferences"], "type");
    assert_eq!(kinds, ["distribution", "evidence"]);
}

#[test]
fn a_package_that_is_optional_for_all_is_optional() {
    let mut report = reports::report("verified");
    for entry in &mut report.inputs[0].entries {
        entry.optional = true;
    }
    assert_eq!(json(&report, "cyclonedx")["components"][0]["scope"], "optional");
    report.inputs[0].entries.clear();
    assert_eq!(json(&report, "cyclonedx")["components"][0].get("scope"), None);
}

#[test]
fn an_entry_without_bytes_is_not_a_component() {
    let verified = json(&reports::report("verified"), "cyclonedx");
    assert_eq!(verified["compositions"][0]["aggregate"], "complete");
    let bom = json(&reports::excused(), "cyclonedx");
    assert_eq!(bom["components"].as_array().unwrap().len(), 2);
    let text = bom["components"].to_string() + &bom["declarations"].to_string();
    for path in ["outside", "fsevents", "packages/app"] {
        assert!(!text.contains(path), "{path}");
    }
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
    let properties = bom["metadata"]["properties"].as_array().unwrap();
    for (name, value) in [("not-carried", "1"), ("unavailable", "1"), ("denied", "0")] {
        let property = json!({ "name": format!("sealift:entries:{name}"), "value": value });
        assert!(properties.contains(&property), "{property}");
    }
}

fn conformance(bom: &Value, requirement: &str) -> (Value, Vec<String>, Vec<String>) {
    let map = bom["declarations"]["attestations"][0]["map"].as_array().unwrap();
    let name = format!("requirement-{requirement}");
    let one = map.iter().find(|one| one["requirement"] == name.as_str()).unwrap();
    let of =
        |member| texts(&json!({ "it": one[member] }), "it").into_iter().map(Into::into).collect();
    (one["conformance"]["score"].clone(), of("claims"), of("counterClaims"))
}

#[test]
fn what_is_verified_is_claimed_and_what_is_refused_is_a_counter_claim() {
    let verified = json(&reports::report("verified"), "cyclonedx");
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let provenance = conformance(&verified, "provenance");
    assert_eq!(provenance, (json!(0.5), list(&["package-2-provenance"]), vec![]));
    let verdict = conformance(&verified, "verdict");
    assert_eq!(verdict, (json!(1), list(&["archive-verdict"]), vec![]));
    let claims = verified["declarations"]["claims"].as_array().unwrap();
    let claim = claims.iter().find(|it| it["bom-ref"] == "package-2-provenance").unwrap();
    assert_eq!(claim["target"], "package-2");
    let evidence = verified["declarations"]["evidence"].as_array().unwrap();
    let facts = evidence.iter().find(|it| it["bom-ref"] == claim["evidence"][0]).unwrap();
    assert_eq!(facts["created"], "2024-05-16T20:00:00Z");
    let facts = facts["data"][0]["contents"]["attachment"]["content"].as_str().unwrap();
    let facts: Value = serde_json::from_str(facts).unwrap();
    assert_eq!(facts["sourceRepository"], "https://github.example/acme/widget");
    let refused = json(&reports::report("refused"), "cyclonedx");
    let provenance = conformance(&refused, "provenance");
    assert_eq!(provenance, (json!(0.0), vec![], list(&["package-2-provenance"])));
    for name in ["refused", "stale", "stale-denied"] {
        let bom = json(&reports::report(name), "cyclonedx");
        let verdict = conformance(&bom, "verdict");
        assert_eq!(verdict, (json!(0), vec![], list(&["archive-verdict"])), "{name}");
    }
}

#[test]
fn only_an_address_of_the_web_is_a_reference() {
    let mut report = reports::report("verified");
    let known = serde_json::to_string(&report.packages[1].claims).unwrap();
    for address in
        ["javascript:alert(1)", "data:text/html,x", "https://user:secret@host.example/", "x"]
    {
        let claims = known.replace("https://github.example/acme/widget\"", &format!("{address}\""));
        report.packages[1].claims = serde_json::from_str(&claims).unwrap();
        let bom = json(&report, "cyclonedx");
        let kinds = texts(&bom["components"][1]["externalReferences"], "type");
        assert_eq!(kinds, ["distribution", "evidence"], "{address}");
    }
}

#[test]
fn the_serial_number_is_of_the_report() {
    let serial = |report| json(&report, "cyclonedx")["serialNumber"].clone();
    let mut report = reports::report("verified");
    report.archive.sha256 = "0".repeat(64);
    assert_ne!(serial(report), serial(reports::report("verified")));
}
