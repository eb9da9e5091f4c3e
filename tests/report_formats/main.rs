//! Reports as SARIF, JUnit and CycloneDX: valid by the published schemas, the same bytes each time, and with
//! all that a report rests on.
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod cyclonedx;
mod junit;
mod reports;
mod sarif;
#[cfg(feature = "network")]
#[path = "../world/mod.rs"]
mod world;

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use sealift::{
    app::{report::Verdict, stored::StoredReport},
    core::text::misleads,
};
use serde_json::Value;

/// What `sealift report` makes of a report.
#[track_caller]
fn rendered(report: &StoredReport, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    let home = tempfile::tempdir().unwrap();
    command.env("SEALIFT_HOME", home.path()).args(["report", "-", "--to", format]);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = pipes.spawn().unwrap();
    let text = serde_json::to_vec(report).unwrap();
    running.stdin.take().unwrap().write_all(&text).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn json(report: &StoredReport, format: &str) -> Value {
    serde_json::from_str(&rendered(report, format)).unwrap()
}

/// A published schema.
struct Schema {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    /// A schema with those that it refers to, by their addresses.
    fn new(text: &str, others: &[(&str, &str)]) -> Self {
        let mut compiler = boon::Compiler::new();
        compiler.enable_format_assertions();
        let mut schemas = boon::Schemas::new();
        let name = "http://schema.example/it";
        for (name, text) in others.iter().chain([&(name, text)]) {
            compiler.add_resource(name, serde_json::from_str(text).unwrap()).unwrap();
        }
        let index = compiler.compile(name, &mut schemas).unwrap();
        Self { schemas, index }
    }

    /// What the schema says against a value.
    fn faults(&self, value: &Value) -> Option<String> {
        self.schemas.validate(value, self.index).err().map(|error| format!("{error:#}"))
    }
}

fn is_refused(report: &StoredReport) -> bool {
    report.verdict == Verdict::Refused
}

const FORMATS: [&str; 3] = ["sarif", "junit", "cyclonedx"];

#[test]
fn each_format_names_archive_policy_time_and_program() {
    for (name, report) in reports::all().iter().filter(|(name, _)| name != "hostile") {
        for format in FORMATS {
            let text = rendered(report, format);
            let program = format!("{} {}", report.tool.name, report.tool.version);
            for (property, value) in [
                ("sealift:archive:sha256", &report.archive.sha256),
                ("sealift:policy:sha256", &report.policy.digest.sha256),
                ("sealift:at", &report.at),
                ("sealift:program", &program),
                ("sealift:verdict", &report.verdict.name().to_owned()),
                ("sealift:report", &"not signed".to_owned()),
            ] {
                let forms = [
                    format!(r#""{property}":"{value}""#),
                    format!(r#"name="{property}" value="{value}""#),
                    format!(r#"{{"name":"{property}","value":"{value}"}}"#),
                ];
                let found = forms.iter().any(|form| text.contains(form));
                assert!(found, "{name} as {format} lacks {property}: {text}");
            }
            assert!(text.contains("he report is not signed"), "{name} as {format}: {text}");
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for (name, report) in reports::all() {
        for format in FORMATS {
            let (one, other) = (rendered(&report, format), rendered(&report, format));
            assert_eq!(one, other, "{name} as {format}");
        }
    }
}

#[test]
fn nothing_in_a_rendered_report_steers_a_terminal_or_misleads() {
    for (name, report) in reports::all() {
        for format in FORMATS {
            let text = rendered(&report, format);
            let found = text.chars().find(|it| misleads(*it) && *it != '\n');
            assert_eq!(found, None, "{name} as {format}");
        }
    }
}

/// From a lockfile to the line in it: all formats by one verification.
#[cfg(feature = "network")]
#[test]
fn a_verification_writes_all_formats_and_points_at_the_line_of_the_lockfile() {
    use world::{NOW, Package, TRUST, World};

    let world = World::new();
    let (signed, unsigned) = (Package::new("a", "1.0.0"), Package::new("b", "2.0.0"));
    world.fetched([&signed.signed(&world.sigstore), &unsigned]).done();
    let formats = "--report sarif=a.sarif --report junit=a.xml --report cyclonedx=a.cdx.json";
    let verify = "bundle verify app.sealift --key release.key.pub --lockfile package-lock.json";
    let demand = "--require registry-signature";
    world.sealift(&format!("{verify} {TRUST} --at {NOW} {demand} {formats}")).refused();
    let log: Value = serde_json::from_slice(&world.read("a.sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results[0]["ruleId"], "missing-registry-signature");
    assert!(pointed_at(&world, results).contains("\"node_modules/b\":"));
    assert_eq!(log["runs"][0]["properties"]["sealift:report"], "made by this verification");
    let junit = String::from_utf8(world.read("a.xml")).unwrap();
    assert!(junit.contains(r#"tests="6" failures="2""#), "{junit}");
    let bom: Value = serde_json::from_slice(&world.read("a.cdx.json")).unwrap();
    assert_eq!(bom["components"].as_array().unwrap().len(), 2);
}

/// The line that the only result points at.
#[cfg(feature = "network")]
fn pointed_at(world: &world::World, results: &[Value]) -> String {
    assert_eq!(results.len(), 1, "{results:?}");
    let place = &results[0]["locations"][0]["physicalLocation"];
    let lockfile = world.read(place["artifactLocation"]["uri"].as_str().unwrap());
    let line = usize::try_from(place["region"]["startLine"].as_u64().unwrap()).unwrap();
    String::from_utf8(lockfile).unwrap().lines().nth(line - 1).unwrap().to_owned()
}

#[cfg(feature = "network")]
#[test]
fn the_lines_are_those_of_this_builds_lockfile_where_the_archives_has_others() {
    use world::{NOW, Package, TRUST, World};

    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0"), &Package::new("b", "2.0.0")]).done();
    let lockfile = String::from_utf8(world.read("package-lock.json")).unwrap();
    world.write("app/package-lock.json", lockfile.replace('{', "{\n\n"));
    let verify = "bundle verify app.sealift --key release.key.pub --require registry-signature";
    let one = "--lockfile app/package-lock.json --report sarif=b.sarif --format json";
    let report = world.sealift(&format!("{verify} {TRUST} --at {NOW} {one}")).refused().json();
    assert_eq!(report["lockfiles"][0]["relation"], "same entries");
    assert_eq!(report["lockfiles"][0].get("entries"), None);
    let log: Value = serde_json::from_slice(&world.read("b.sarif")).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    for (result, name) in results.iter().zip(["a", "b"]) {
        let line = pointed_at(&world, std::slice::from_ref(result));
        assert!(line.contains(&format!("\"node_modules/{name}\":")), "{line}: {result}");
    }
    assert_eq!(results.len(), 2);
}
