//! SARIF 2.1.0, for code scanning: a result for each finding, at the line of the lockfile that asks for it.
//!
//! GitHub refuses more than 25,000 results or 10 MB (with gzip), and shows 5,000 results. So no more are
//! listed, and one more result counts the rest.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use serde_json::{Value, json};

use super::{
    basis::{Exceptions, basis, lockfiles, says, uri, vouched},
    codes::{self, CODES, MORE},
    findings::{FileLine, Finding, Level, What, findings},
    tally::capital,
};
use crate::{
    app::{
        json::compact,
        stored::{ReportOrigin, StoredReport},
    },
    core::{
        addresses::SARIF_SCHEMA,
        package::digest::Algorithm,
        text::{Message, Untrusted, bounded},
    },
};

/// Results, with the one that counts the rest.
const RESULTS: usize = 5_000;

/// Bytes of all results, before gzip: hostile texts may not shrink.
const RESULTS_BYTES: usize = 9_000_000;

/// Files that are listed with their digests. A run names a handful.
const FILES: usize = 1_000;

pub(super) fn sarif(report: &StoredReport, source: &ReportOrigin) -> String {
    let mut run = Run::new(report);
    let found = findings(report);
    let (listed, rest) = found.split_at(run.add(&found));
    if let Some(first) = rest.first() {
        let places = listed.first().unwrap_or(first).places.clone();
        run.push(&more(rest, first.level, places));
    }
    compact(&json!({
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": Untrusted(&report.tool.name).to_string(),
                "version": Untrusted(&report.tool.version).to_string(),
                "rules": run.rules,
            } },
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": [{
                    "level": "note",
                    "message": { "text": format!("The report is {}.", vouched(source)) },
                }],
            }],
            "artifacts": files(report),
            "results": run.results,
            "properties": basis(report, source).into_iter().collect::<BTreeMap<_, _>>(),
        }],
    }))
}

/// The results, and the rules that they name.
struct Run<'a> {
    exceptions: Exceptions<'a>,
    results: Vec<Value>,
    rules: Vec<Value>,
    /// Where in `rules` a code is.
    numbers: HashMap<String, usize>,
    /// How many results have a fingerprint.
    fingerprints: HashMap<String, usize>,
}

impl<'a> Run<'a> {
    fn new(report: &'a StoredReport) -> Self {
        Self {
            exceptions: Exceptions::of(report),
            results: Vec::new(),
            rules: Vec::new(),
            numbers: HashMap::new(),
            fingerprints: HashMap::new(),
        }
    }

    /// Adds as many findings as there is room for, and returns their number.
    fn add(&mut self, found: &[Finding<'_>]) -> usize {
        let room = if found.len() > RESULTS { RESULTS.saturating_sub(1) } else { RESULTS };
        let mut bytes = 0_usize;
        for (number, finding) in found.iter().enumerate().take(room) {
            let result = self.result(finding);
            bytes = bytes.saturating_add(result.to_string().len());
            if bytes > RESULTS_BYTES {
                return number;
            }
            self.results.push(result);
        }
        found.len().min(room)
    }

    fn push(&mut self, finding: &Finding<'_>) {
        let result = self.result(finding);
        self.results.push(result);
    }

    fn result(&mut self, finding: &Finding<'_>) -> Value {
        let code = Untrusted(finding.code).to_string();
        let number = self.rule(&code);
        let (text, excuse) = match &finding.what {
            What::Denial(denial, reason) => (says(denial, *reason), None),
            What::Excused(denial, reason) => {
                (says(denial, *reason), Some(self.exceptions.excuse(denial)))
            }
            What::Text(text) => (text.clone(), None),
        };
        let suppressions: Vec<_> = excuse
            .iter()
            .map(|why| {
                let why = Message(why).to_string();
                json!({ "kind": "external", "status": "accepted", "justification": why })
            })
            .collect();
        json!({
            "ruleId": code,
            "ruleIndex": number,
            "level": level(finding.level),
            "message": { "text": message(finding.subject, &text, excuse.as_deref()) },
            "locations": finding.places.iter().map(location).collect::<Vec<_>>(),
            "partialFingerprints": { "primaryLocationLineHash": self.fingerprint(finding) },
            // Either all results have this member, or none has it.
            "suppressions": suppressions,
            "properties": {
                "subject": Message(finding.subject).to_string(),
                "claim": finding.claim.map(|claim| Untrusted(claim).to_string()),
            },
        })
    }

    /// The number of the rule for a code.
    fn rule(&mut self, code: &str) -> usize {
        if let Some(number) = self.numbers.get(code) {
            return *number;
        }
        let number = self.rules.len();
        self.numbers.insert(code.to_owned(), number);
        let (says, help) = (format!("{}.", capital(codes::says(code))), help(code));
        self.rules.push(json!({
            "id": code,
            "shortDescription": { "text": says },
            "fullDescription": { "text": says },
            "help": { "text": help },
            "properties": { "tags": ["security", "supply-chain"] },
        }));
        number
    }

    /// What a finding is about, without its line and its wording: the same in the next run. GitHub reads
    /// the fingerprint of this name, and expects a number behind it that tells equal ones apart.
    fn fingerprint(&mut self, finding: &Finding<'_>) -> String {
        let about = [finding.code, finding.claim.unwrap_or_default(), finding.subject];
        let about = about.map(bounded).join("\0");
        let digest = Algorithm::Sha256.digest(about.as_bytes()).to_hex();
        let uses = self.fingerprints.entry(digest.clone()).or_default();
        *uses = uses.saturating_add(1);
        format!("{digest}:{uses}")
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn help(code: &str) -> String {
    let known = CODES.iter().any(|(known, _)| *known == code);
    let page = "sealift-report(5), under CODES OF PACKAGES and CODES OF ENTRIES";
    match known {
        true => format!("The manual explains the code: {page}."),
        false => "A newer version of sealift explains the code.".to_owned(),
    }
}

fn message(subject: &str, text: &str, excuse: Option<&str>) -> String {
    let text = Message(text);
    let text = match subject {
        "" => text.to_string(),
        subject => format!("{}: {text}", Message(subject)),
    };
    let text = match excuse {
        Some(why) => format!("{text} ({})", Message(why)),
        None => text,
    };
    plain(&text)
}

/// A text without links and placeholders (SARIF, 3.11.5 and 3.11.6): evidence may quote such.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '{' | '}' => plain.push(character),
            '[' | ']' | '\\' => plain.push('\\'),
            _ => {}
        }
        plain.push(character);
    }
    plain
}

fn location(place: &FileLine<'_>) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(place.file) },
        "region": { "startLine": place.line.max(1) },
    } })
}

/// The finding that counts those that are not listed.
fn more<'a>(rest: &[Finding<'_>], level: Level, places: Rc<[FileLine<'a>]>) -> Finding<'a> {
    let mut codes = BTreeMap::<_, usize>::new();
    for finding in rest {
        let number = codes.entry(finding.code).or_default();
        *number = number.saturating_add(1);
    }
    let counts: Vec<_> = codes.iter().map(|(code, number)| format!("{number} {code}")).collect();
    let detail = format!("{} more findings are in the report: {}", rest.len(), counts.join(", "));
    let what = What::Text(detail);
    Finding { level, code: MORE, claim: None, subject: "", what, places }
}

/// The archive and the lockfiles, with their digests.
fn files(report: &StoredReport) -> Vec<Value> {
    let lockfiles = lockfiles(report);
    let archive = (report.archive.file.as_str(), report.archive.sha256.as_str());
    let files = lockfiles.iter().map(|lockfile| (lockfile.file, lockfile.sha256));
    std::iter::once(archive)
        .chain(files)
        .take(FILES)
        .map(|(file, sha256)| {
            json!({
                "location": { "uri": uri(file) },
                "hashes": { "sha-256": Untrusted(sha256).to_string() },
            })
        })
        .collect()
}
