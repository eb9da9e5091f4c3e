//! JUnit XML.
#![cfg(target_os = "linux")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::{is_refused, rendered, reports};

/// What the schema says against a document.
fn faults(document: &str) -> Option<String> {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/schemas/junit-10.xsd");
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--huge", "--schema", schema, "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(document.as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(said)
}

/// How often some text is in a document.
fn count(document: &str, text: &str) -> usize {
    document.matches(text).count()
}

#[test]
fn every_report_is_valid() {
    if !testkit::tools::are_here(&["xmllint"]) {
        return;
    }
    for (name, report) in reports::all() {
        let document = rendered(&report, "junit");
        assert_eq!(faults(&document), None, "{name}: {document}");
    }
    assert_eq!(faults(&rendered(&reports::many(30_000), "junit")), None);
}

#[test]
fn the_schema_finds_faults() {
    if !testkit::tools::are_here(&["xmllint"]) {
        return;
    }
    let document = rendered(&reports::report("refused"), "junit");
    assert!(faults(&document.replacen(r#" tests=""#, r#" test=""#, 3)).is_some());
    assert!(faults(&document.replace("</testcase>", "\u{1b}</testcase>")).is_some());
}

#[test]
fn a_refused_report_has_a_failure_and_no_other_has_one() {
    for (name, report) in reports::all() {
        let document = rendered(&report, "junit");
        let failures = count(&document, "<failure ");
        assert_eq!(failures > 0, is_refused(&report), "{name}: {document}");
        let total = format!(
            r#"<testsuites name="sealift" tests="{}" failures="{failures}""#,
            count(&document, "<testcase ")
        );
        assert!(document.contains(&total), "{name}: {total}: {document}");
    }
}

#[test]
fn a_failure_has_the_code_and_every_reason() {
    let document = rendered(&reports::report("refused"), "junit");
    let failure = r#"<testcase name="pkg:npm/evil@6.6.6" classname="sealift.packages">
      <failure type="refused" message="refused: the provenance does not verify: the statement is about another tarball\u{1b}[2J">refused: the provenance does not verify: the statement is about another tarball\u{1b}[2J
missing-registry-signature: registry-signature is demanded, and absent</failure>"#;
    assert!(document.contains(failure), "{document}");
    let entry = r#"<testcase name="node_modules/gone" classname="sealift.package-lock_json">
      <failure type="not-in-archive" message="not-in-archive: gone@1.0.0 is not in the archive">not-in-archive: gone@1.0.0 is not in the archive
package-lock.json:1</failure>"#;
    assert!(document.contains(entry), "{document}");
    assert!(document.contains("denied: 2 of 2 packages, 2 lockfile entries; 0 limits passed"));
}

#[test]
fn what_nobody_verified_is_skipped() {
    let document = rendered(&reports::excused(), "junit");
    for skipped in [
        r#"<testcase name="pkg:npm/left-pad@1.3.0" classname="sealift.packages">
      <skipped message="missing-provenance: provenance is demanded, and absent (exception 1, until 2027-02-01: reviewed by hand)"/>"#,
        r#"<testcase name="../outside" classname="sealift.inputs/1/package-lock_json">
      <skipped message="foreign: it comes from git, from outside the project or from a person, and no registry vouches for it (exception 2, until 2027-03-01: ours)"/>"#,
        r#"<testcase name="node_modules/fsevents" classname="sealift.inputs/1/package-lock_json">
      <skipped message="the registry does not have the package, and the entry is optional"/>"#,
        r#"<testcase name="pkg:npm/%40acme/widget@2.0.0" classname="sealift.packages">
      <system-out>retired-key: the policy warns of retired-key</system-out>"#,
    ] {
        assert!(document.contains(skipped), "{skipped}: {document}");
    }
    assert_eq!(count(&document, "<skipped "), 3);
    let stale = rendered(&reports::report("stale"), "junit");
    assert_eq!(count(&stale, "<skipped "), 2, "the verdict and the limit: {stale}");
}

#[test]
fn of_many_reasons_for_one_package_the_first_are_listed() {
    let mut report = reports::report("refused");
    report.packages[0].denied = vec![reports::denial("no-rule", "no rule selects it"); 30];
    let document = rendered(&report, "junit");
    assert_eq!(count(&document, "no-rule: no rule selects it"), 21, "the message, and 20 lines");
    assert!(document.contains("and 10 more</failure>"), "{document}");
}
