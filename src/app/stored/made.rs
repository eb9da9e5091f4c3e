//! A stored report, made from what was found.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;
use serde_json::{Map, Value};

use super::*;
use crate::{
    app::report::{
        ArchiveFacts, CarriedLockfile, Given, JudgedPackage, MaterialSource, Past, Relation,
        Report, TrustFacts, dispositions,
    },
    core::{
        lockfile::{
            Entry, Lockfile,
            coverage::{Binding, EntryOutcome},
        },
        package::digest::Algorithm,
        policy::{Denial, Exception, Excused},
        text::bounded,
        time::{self, Time},
        verdict::{Facts, Outcome},
    },
};

impl StoredReport {
    /// The report of a verification.
    pub fn of(report: &Report) -> Self {
        let (at, good) = (report.at, report.good());
        let claims = report.counts().into_iter().map(|(claim, counts)| {
            let crate::app::report::StatusCounts { verified, absent, refused, unrecognized } =
                counts;
            (claim.name(), ClaimCounts { verified, absent, unrecognized, refused })
        });
        Self {
            schema: SCHEMA.into(),
            tool: StoredTool {
                name: env!("CARGO_PKG_NAME").into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            verdict: report.verdict(),
            at: time::format(at),
            at_given: report.at_given,
            policy: StoredPolicy::of(report),
            rule_uses: (1..)
                .zip(report.rule_uses())
                .map(|(number, packages)| RuleUse { number, packages })
                .collect(),
            exception_uses: exception_uses(report),
            archive: StoredArchive::of(&report.archive, at),
            trust: report.trust.iter().map(|trust| StoredTrust::of(trust, at)).collect(),
            summary: ReportSummary {
                packages: report.packages.len(),
                verified: good,
                refused: report.packages.len() - good,
                claims: claims.collect(),
            },
            past_limits: report.past_limits.iter().map(PastLimit::of).collect(),
            inputs: report.inputs.iter().map(|input| StoredInput::of(report, input)).collect(),
            lockfiles: report
                .lockfiles
                .iter()
                .map(|given| StoredLockfile::of(report, given))
                .collect(),
            packages: report.packages.par_iter().map(StoredPackage::of).collect(),
        }
    }
}

impl StoredPolicy {
    fn of(report: &Report) -> Self {
        let files = report.policy_sources.iter().map(|source| StoredFile {
            file: bounded(&source.file),
            sha256: source.sha256.to_hex(),
        });
        Self {
            demands: object(&report.policy),
            digest: Sha256 { sha256: report.policy.digest() },
            files: files.collect(),
        }
    }
}

fn exception_uses(report: &Report) -> Vec<ExceptionUse> {
    let uses = report.exception_uses();
    let exceptions = (1..).zip(report.policy.exceptions.iter().zip(uses));
    let state = |exception: &Exception, uses| match uses {
        0 if exception.is_expired(report.at) => "expired",
        0 if !exception.holds(report.at) => "not-yet",
        0 => "unused",
        _ => "used",
    };
    exceptions
        .map(|(number, (exception, uses))| ExceptionUse {
            number,
            state: state(exception, uses).into(),
            uses,
            days_left: exception.days_left(report.at),
        })
        .collect()
}

impl StoredArchive {
    /// The archive, at a reference time.
    pub fn of(archive: &ArchiveFacts, at: Time) -> Self {
        let signers = archive
            .signers
            .iter()
            .map(|signer| StoredSigner { name: bounded(&signer.name), keys: signer.keys.clone() });
        Self {
            file: bounded(&archive.file),
            sha256: archive.sha256.to_hex(),
            sealed_at: time::format(archive.sealed_at),
            age_seconds: (at - archive.sealed_at).num_seconds(),
            tool: StoredTool {
                name: bounded(&archive.tool.name),
                version: bounded(&archive.tool.version),
            },
            signers: signers.collect(),
            entries: archive.entries,
            bytes: archive.bytes,
        }
    }
}

impl StoredTrust {
    /// Trust material, at a reference time.
    pub fn of(trust: &TrustFacts, at: Time) -> Self {
        // What is built in was published at a time, and nobody has checked it since.
        let embedded = trust.source == MaterialSource::Embedded;
        let checked = trust.checked_at.map(time::format);
        let publishers = trust.publishers.iter().map(|(registry, identity)| StoredPublisher {
            registry: registry.clone(),
            issuer: identity.issuer.clone(),
            identity: identity.san.clone(),
        });
        Self {
            instance: trust.instance.clone(),
            source: trust.source.name().into(),
            root: trust.root,
            timestamp: trust.timestamp,
            expires: trust.expires.map(time::format),
            checked_at: checked.clone().filter(|_| !embedded),
            published_at: checked.filter(|_| embedded),
            keys_checked_at: trust.keys_checked_at.map(time::format),
            age_seconds: trust.age(at).map(|age| age.num_seconds()),
            publishers: publishers.collect(),
            set_aside: trust.set_aside.iter().map(|one| format!("{one}: {}", one.why)).collect(),
        }
    }
}

impl PastLimit {
    fn of(past: &Past) -> Self {
        Self {
            what: past.what.into(),
            age_seconds: past.age.num_seconds(),
            limit_seconds: past.max.num_seconds(),
        }
    }
}

impl StoredInput {
    fn of(report: &Report, input: &CarriedLockfile) -> Self {
        Self {
            entry: bounded(&input.entry),
            sha256: input.sha256.to_hex(),
            format: input.lockfile.format.name.into(),
            format_version: bounded(&input.lockfile.version),
            dispositions: numbers(&input.outcomes),
            entries: entries(report, &input.lockfile, &input.outcomes),
        }
    }
}

impl StoredLockfile {
    fn of(report: &Report, given: &Given) -> Self {
        let (is_subset, is_rewritten) = match given.relation {
            Relation::Subset => (true, false),
            Relation::SameEntries(_) => (false, true),
            Relation::SameBytes(_) => (false, false),
        };
        let lines = || given.lockfile.entries.iter().map(|entry| entry.line).collect();
        Self {
            file: bounded(&given.file),
            sha256: given.sha256.to_hex(),
            format: given.lockfile.format.name.into(),
            format_version: bounded(&given.lockfile.version),
            relation: given.relation.name().into(),
            input: given.relation.input().map(bounded),
            dispositions: numbers(&given.outcomes),
            entries: is_subset.then(|| entries(report, &given.lockfile, &given.outcomes)),
            lines: is_rewritten.then(lines),
        }
    }
}

/// How many entries have each disposition that any has.
fn numbers(outcomes: &[EntryOutcome]) -> ByName<usize> {
    let numbers = dispositions(outcomes).filter(|(_, number)| *number > 0);
    numbers.map(|(disposition, number)| (disposition.name(), number)).collect()
}

fn entries(report: &Report, lockfile: &Lockfile, outcomes: &[EntryOutcome]) -> Vec<StoredEntry> {
    let entries = lockfile.entries.iter().zip(outcomes);
    entries.map(|(entry, outcome)| StoredEntry::of(report, entry, outcome)).collect()
}

impl StoredEntry {
    /// An entry of one of the report's lockfiles.
    pub fn of(report: &Report, entry: &Entry, outcome: &EntryOutcome) -> Self {
        let (pinned_by, weak) = match outcome.pin {
            None => (None, false),
            Some(Binding::Hash(algorithm)) => (Some(algorithm.name()), false),
            Some(Binding::Signature { weak }) => (Some("signature"), weak),
        };
        let package = outcome.package.and_then(|at| report.held.get(at));
        Self {
            path: bounded(&entry.path),
            line: entry.line,
            optional: entry.optional,
            disposition: outcome.disposition.name().into(),
            package: package.map(ToString::to_string),
            pinned_by: pinned_by.map(Into::into),
            hash: weak.then(|| Algorithm::Sha1.name().into()),
            other_address: outcome.other_address,
            denied: outcome.denial.as_ref().map(|denial| StoredDenial {
                detail: Some(bounded(&denial.to_string())),
                ..StoredDenial::by_code(denial.code())
            }),
            excused: outcome.excused.as_ref().map(|(number, denial)| StoredDenial {
                exception: Some(number.saturating_add(1)),
                ..StoredDenial::by_code(denial.code())
            }),
        }
    }
}

impl StoredDenial {
    fn by_code(code: &str) -> Self {
        Self { code: code.into(), claim: None, detail: None, exception: None }
    }

    fn of(denial: &Denial) -> Self {
        Self {
            claim: denial.claim().map(|claim| claim.name().into()),
            detail: Some(bounded(&denial.to_string())),
            ..Self::by_code(denial.code())
        }
    }
}

impl StoredPackage {
    /// A package, as it was judged.
    pub fn of(judged: &JudgedPackage) -> Self {
        let JudgedPackage { purl, verdict, digest, judgment, weak } = judged;
        let excused = judgment.excused.iter().map(|Excused { denial, exception }| StoredDenial {
            exception: Some(exception.saturating_add(1)),
            ..StoredDenial::of(denial)
        });
        let beside = verdict.unrecognized_beside.iter().map(|(claim, found)| StoredUnrecognized {
            claim: claim.name().into(),
            found: facts(found),
        });
        let claims = verdict.claims.iter().map(|(claim, outcome)| {
            (claim.name(), StoredClaim { status: outcome.status(), found: found(outcome) })
        });
        let hex = |algorithm| (digest.algorithm() == algorithm).then(|| digest.to_hex());
        Self {
            purl: purl.to_string(),
            registry: purl.origin().registry().map(bounded),
            sha256: hex(Algorithm::Sha256),
            sha512: hex(Algorithm::Sha512),
            verdict: if judged.is_good() { Verdict::Verified } else { Verdict::Refused },
            published: verdict.published.map(time::format),
            rules: judgment.rules.iter().map(|number| number.saturating_add(1)).collect(),
            denied: judgment.denials.iter().map(StoredDenial::of).collect(),
            excused: excused.collect(),
            warned: judgment.warned.iter().map(StoredDenial::of).collect(),
            weak: weak.iter().map(|weakness| weakness.name().into()).collect(),
            unexamined: verdict.unexamined.iter().map(|kind| bounded(kind)).collect(),
            unrecognized: beside.collect(),
            claims: claims.collect(),
        }
    }
}

/// The facts of an outcome, or the reason for it.
fn found(outcome: &Outcome<Facts>) -> Map<String, Value> {
    match outcome {
        Outcome::Verified(found) => facts(found),
        Outcome::Absent(absence) => reason(absence.code(), &absence.to_string()),
        Outcome::Refused(refusal) => reason(refusal.code, &refusal.detail),
        Outcome::Unrecognized(found) => facts(found),
    }
}

fn reason(code: &str, detail: &str) -> Map<String, Value> {
    let members = [("reason", code.to_owned()), ("detail", bounded(detail))];
    members.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect()
}

/// The members of facts. Every text in them is bounded: evidence may quote megabytes.
fn facts(facts: &impl Serialize) -> Map<String, Value> {
    let mut members = object(facts);
    members.values_mut().for_each(bound);
    members
}

fn bound(value: &mut Value) {
    match value {
        Value::String(text) => *text = bounded(text),
        Value::Array(items) => items.iter_mut().for_each(bound),
        Value::Object(map) => map.values_mut().for_each(bound),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The members of what is an object in JSON.
fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
