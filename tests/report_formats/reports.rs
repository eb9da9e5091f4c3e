//! Reports to render: those of the snapshots, and reports that are changed to be hostile, large or empty.

use sealift::app::stored::{StoredDenial, StoredEntry, StoredPackage, StoredReport};
use serde_json::{Value, json};

const SNAPSHOTS: [(&str, &str); 6] = [
    ("verified", include_str!("../../snapshots/report-verified.snap")),
    ("refused", include_str!("../../snapshots/report-refused.snap")),
    ("weak", include_str!("../../snapshots/report-weak.snap")),
    ("stale", include_str!("../../snapshots/report-stale.snap")),
    ("stale-denied", include_str!("../../snapshots/report-stale-denied.snap")),
    ("unrecognized", include_str!("../../snapshots/report-unrecognized.snap")),
];

/// The report of a snapshot, which has the text for people first.
pub fn report(name: &str) -> StoredReport {
    let (_, text) = SNAPSHOTS.iter().find(|(known, _)| *known == name).unwrap();
    let (_, report) = text.rsplit_once("\n---\n\n").unwrap();
    serde_json::from_str(report).unwrap()
}

/// All of them by name.
pub fn all() -> Vec<(String, StoredReport)> {
    let named = |(name, _): &(&str, _)| ((*name).to_owned(), report(name));
    let mut all: Vec<_> = SNAPSHOTS.iter().map(named).collect();
    all.push(("hostile".into(), hostile()));
    all.push(("excused".into(), excused()));
    all.push(("empty".into(), empty()));
    all.push(("without a reason".into(), without_a_reason()));
    all
}

pub fn denial(code: &str, detail: &str) -> StoredDenial {
    let (code, detail) = (code.into(), Some(detail.into()));
    StoredDenial { code, claim: None, detail, exception: None }
}

pub fn entry(path: &str, line: usize, package: Option<&str>) -> StoredEntry {
    let disposition = "collected";
    let entry =
        json!({ "path": path, "line": line, "disposition": disposition, "package": package });
    serde_json::from_value(entry).unwrap()
}

pub const HOSTILE: &str = "</failure>]]><![CDATA[&lt;\"' {0} {{1}} [link](https://evil.example) \\ \
    \u{1b}[2J\u{7f}\u{0}\u{9b}\r\n\t \u{202e}gpj\u{200b}\u{feff} \u{fffe}\u{ffff} \u{e0041} 日本 \u{10ffff}";

/// A report whose every text is hostile. Nothing of it verifies; it is rendered all the same.
pub fn hostile() -> StoredReport {
    fn spoil(value: &mut Value) {
        match value {
            Value::String(text) => *text = format!("{text}{HOSTILE}"),
            Value::Array(items) => items.iter_mut().for_each(spoil),
            Value::Object(members) => members
                .iter_mut()
                .filter(|(name, _)| !["verdict", "status", "schema"].contains(&name.as_str()))
                .for_each(|(_, value)| spoil(value)),
            _ => {}
        }
    }
    let mut text = serde_json::to_value(report("refused")).unwrap();
    spoil(&mut text);
    let mut report: StoredReport = serde_json::from_value(text).unwrap();
    let mut longest = denial("code", &"<&日\u{202e}".repeat(50_000));
    longest.code = "x".repeat(5_000);
    report.packages[0].denied.push(longest);
    report.packages[0].purl = "not a purl".into();
    report.lockfiles[0].file = format!("a:b/../{HOSTILE}#?%zz.json");
    report.lockfiles[0].entries.as_mut().unwrap()[0].line = 0;
    report
}

/// What is excused, only warned of, or not to be had.
pub fn excused() -> StoredReport {
    let mut report = report("verified");
    let exceptions = json!([
        { "packages": ["left-pad@1.3.0"], "code": "missing-provenance", "reason": "reviewed by hand",
          "added": "2026-11-01", "expires": "2027-02-01" },
        { "entry": "../outside", "code": "foreign", "reason": "ours", "added": "2026-11-01",
          "expires": "2027-03-01" },
    ]);
    report.policy.demands.insert("exceptions".into(), exceptions);
    let by = |number, code: &str| StoredDenial {
        exception: Some(number),
        ..denial(code, "provenance is demanded, and absent")
    };
    report.packages[0].excused.push(by(1, "missing-provenance"));
    report.packages[1].warned.push(denial("retired-key", "the policy warns of retired-key"));
    let entries = &mut report.inputs[0].entries;
    let excused = Some(StoredDenial { detail: None, ..by(2, "foreign") });
    let foreign = |it| StoredEntry { disposition: "foreign".into(), ..it };
    entries.push(foreign(StoredEntry { excused, ..entry("../outside", 40, None) }));
    let unavailable = entry("node_modules/fsevents", 41, None);
    entries.push(StoredEntry { disposition: "unavailable".into(), optional: true, ..unavailable });
    let local = entry("packages/app", 42, None);
    entries.push(StoredEntry { disposition: "local".into(), ..local });
    report
}

/// An archive without anything: it is refused.
pub fn empty() -> StoredReport {
    let mut report = report("refused");
    report.packages.clear();
    report.inputs.clear();
    report.lockfiles.clear();
    report
}

/// A report that contradicts itself.
pub fn without_a_reason() -> StoredReport {
    let refused = report("refused").verdict;
    let mut report = StoredReport { verdict: refused, ..report("verified") };
    report.packages[1].verdict = refused;
    report
}

/// A report with that many denied packages, each with an entry.
pub fn many(number: usize) -> StoredReport {
    let mut report = report("refused");
    let one: StoredPackage = report.packages[0].clone();
    let claims = std::iter::empty().collect();
    let one =
        StoredPackage { claims, denied: vec![denial("no-rule", "no rule selects it")], ..one };
    let purl = |at: usize| format!("pkg:npm/p{at}@1.0.0");
    report.packages =
        (0..number).map(|at| StoredPackage { purl: purl(at), ..one.clone() }).collect();
    report.lockfiles.clear();
    let path = |at| format!("node_modules/p{at}");
    report.inputs[0].entries =
        (0..number).map(|at| entry(&path(at), at + 4, Some(&purl(at)))).collect();
    report
}
