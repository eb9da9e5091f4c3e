//! The JSON report, version 1. `man/sealift-report.5` specifies it: fields may be added, never
//! changed.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::app::report::{
    Judged, MaterialSource, Past, Report, TrustFacts, Verdict as Whole, dispositions,
};
use crate::core::{
    lockfile::{
        Entry, Lockfile,
        coverage::{EntryOutcome, Pin},
    },
    policy::{Denial, Exception, Excused},
    text::bounded,
    time::{self, Time},
    verdict::{Claim, Facts, Outcome},
};

/// The report as one JSON document.
pub fn to_json(report: &Report) -> Value {
    let at = report.at;
    let good = report.good();
    some(json!({
        "schema": "sealift-report/1",
        "tool": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "verdict": report.verdict().name(),
        "at": time::format(at),
        "atGiven": report.at_given,
        "policy": policy(report),
        "ruleUses": uses(report.rule_uses(), "packages"),
        "exceptionUses": list(exceptions(report)),
        "archive": archive(report),
        "trust": report.trust.iter().map(|one| trust(one, at)).collect::<Vec<_>>(),
        "summary": {
            "packages": report.packages.len(),
            "verified": good,
            "refused": report.packages.len() - good,
            "claims": report.counts().into_iter().map(|(claim, counts)| (claim.name().to_owned(), json!({
                "verified": counts.verified, "absent": counts.absent,
                "unrecognized": counts.unrecognized, "refused": counts.refused,
            }))).collect::<Map<_, _>>(),
        },
        "pastLimits": report.past_limits.iter().map(past_limit).collect::<Vec<_>>(),
        "inputs": report.inputs.iter().map(|input| some(json!({
            "entry": bounded(&input.entry),
            "sha256": input.sha256.to_hex(),
            "format": input.lockfile.format.name,
            "formatVersion": bounded(&input.lockfile.version),
            "dispositions": numbers(&input.outcomes),
            "entries": entries(report, &input.lockfile, &input.outcomes),
        }))).collect::<Vec<_>>(),
        "lockfiles": report.lockfiles.iter().map(|given| some(json!({
            "file": bounded(&given.file),
            "sha256": given.sha256.to_hex(),
            "format": given.lockfile.format.name,
            "formatVersion": bounded(&given.lockfile.version),
            "relation": given.relation.name(),
            "input": given.relation.input().map(bounded),
            "dispositions": numbers(&given.outcomes),
            "entries": match given.relation.input() {
                Some(_) => Value::Null,
                None => entries(report, &given.lockfile, &given.outcomes),
            },
        }))).collect::<Vec<_>>(),
        "packages": report.packages.par_iter().map(package).collect::<Vec<_>>(),
    }))
}

fn past_limit(past: &Past) -> Value {
    json!({
        "what": past.what,
        "ageSeconds": past.age.num_seconds(),
        "limitSeconds": past.max.num_seconds(),
    })
}

fn policy(report: &Report) -> Value {
    let mut value = serde_json::to_value(&report.policy).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("digest".into(), json!({"sha256": report.policy.digest()}));
        let files = report
            .policy_sources
            .iter()
            .map(|source| json!({"file": bounded(&source.file), "sha256": source.sha256.to_hex()}));
        map.insert("files".into(), files.collect());
    }
    value
}

/// How often each of a list is used, by its number from 1.
fn uses(uses: Vec<usize>, what: &str) -> Value {
    let uses = (1_usize..).zip(uses);
    uses.map(|(number, uses)| json!({"number": number, what: uses})).collect()
}

fn exceptions(report: &Report) -> Vec<Value> {
    let uses = report.exception_uses();
    let exceptions = (1_usize..).zip(report.policy.exceptions.iter().zip(uses));
    let state = |exception: &Exception, uses| match uses {
        0 if exception.is_expired(report.at) => "expired",
        0 if !exception.holds(report.at) => "not-yet",
        0 => "unused",
        _ => "used",
    };
    exceptions
        .map(|(number, (exception, uses))| {
            json!({
                "number": number,
                "state": state(exception, uses),
                "uses": uses,
                "daysLeft": exception.days_left(report.at),
            })
        })
        .collect()
}

pub(super) fn archive(report: &Report) -> Value {
    let archive = &report.archive;
    json!({
        "file": bounded(&archive.file),
        "sha256": archive.sha256.to_hex(),
        "sealedAt": time::format(archive.sealed_at),
        "ageSeconds": (report.at - archive.sealed_at).num_seconds(),
        "tool": {
            "name": bounded(&archive.tool.name), "version": bounded(&archive.tool.version),
        },
        "signers": archive.signers.iter().map(|signer| json!({
            "name": bounded(&signer.name), "keys": signer.keys,
        })).collect::<Vec<_>>(),
        "entries": archive.entries,
        "bytes": archive.bytes,
    })
}

pub(super) fn trust(trust: &TrustFacts, at: Time) -> Value {
    // What is built in was published at a time, and nobody has checked it since.
    let embedded = trust.source == MaterialSource::Embedded;
    let checked = trust.checked_at.map(time::format);
    some(json!({
        "instance": trust.instance,
        "source": trust.source.name(),
        "root": trust.root,
        "timestamp": trust.timestamp,
        "expires": trust.expires.map(time::format),
        "checkedAt": checked.clone().filter(|_| !embedded),
        "publishedAt": checked.filter(|_| embedded),
        "keysCheckedAt": trust.keys_checked_at.map(time::format),
        "ageSeconds": trust.age(at).map(|age| age.num_seconds()),
        "publishers": list(trust.publishers.iter().map(|(registry, identity)| json!({
            "registry": registry, "issuer": identity.issuer, "identity": identity.san,
        })).collect::<Vec<_>>()),
        "setAside": list(trust.set_aside.iter().map(|item| format!("{item}: {}", item.why)).collect::<Vec<_>>()),
    }))
}

/// How many entries have each disposition.
fn numbers(outcomes: &[EntryOutcome]) -> Map<String, Value> {
    dispositions(outcomes)
        .filter(|(_, number)| *number > 0)
        .map(|(disposition, number)| (disposition.name().to_owned(), json!(number)))
        .collect()
}

fn entries(report: &Report, lockfile: &Lockfile, outcomes: &[EntryOutcome]) -> Value {
    let entries = lockfile.entries.iter().zip(outcomes);
    entries.map(|(one, outcome)| entry(report, one, outcome)).collect()
}

pub(super) fn entry(report: &Report, entry: &Entry, outcome: &EntryOutcome) -> Value {
    let (pin, weak) = match outcome.pin {
        None => (None, None),
        Some(Pin::Hash(algorithm)) => (Some(algorithm.name()), None),
        Some(Pin::Signature { weak }) => (Some("signature"), weak.then_some("sha1")),
    };
    let package = outcome.package.and_then(|at| report.held.get(at)).map(ToString::to_string);
    some(json!({
        "path": bounded(&entry.path),
        "disposition": outcome.disposition.name(),
        "package": package,
        "pinnedBy": pin,
        "hash": weak,
        "otherAddress": outcome.other_address.then_some(true),
        "denied": outcome.denial.as_ref().map(|denial| json!({
            "code": denial.code(), "detail": bounded(&denial.to_string()),
        })),
        "excused": outcome.excused.as_ref().map(|(number, denial)| json!({
            "code": denial.code(), "exception": number.saturating_add(1),
        })),
    }))
}

pub(super) fn package(judged: &Judged) -> Value {
    let Judged { purl, verdict, digest, judgment, weak } = judged;
    let denied: Vec<_> = judgment.denials.iter().map(denial).collect();
    let warned: Vec<_> = judgment.warned.iter().map(denial).collect();
    let whole = if judged.is_good() { Whole::Verified } else { Whole::Refused };
    let weak: Vec<_> = weak.iter().map(|weakness| weakness.name()).collect();
    let excused: Vec<_> = judgment
        .excused
        .iter()
        .map(|Excused { denial: one, exception }| {
            let mut value = denial(one);
            if let Value::Object(map) = &mut value {
                map.insert("exception".into(), exception.saturating_add(1).into());
            }
            value
        })
        .collect();
    let rules: Vec<_> = judgment.rules.iter().map(|number| number.saturating_add(1)).collect();
    some(json!({
        "purl": purl.to_string(),
        "registry": purl.origin().registry().map(bounded),
        digest.algorithm().name(): digest.to_hex(),
        "verdict": whole.name(),
        "rules": rules,
        "denied": list(denied),
        "excused": list(excused),
        "warned": list(warned),
        "weak": list(weak),
        "unexamined": list(verdict.unexamined.iter().map(|kind| bounded(kind)).collect()),
        "unrecognized": list(verdict.unrecognized_beside.iter().map(|(claim, found)| {
            some(json!({"claim": claim.name(), "found": fields(found)}))
        }).collect()),
        "claims": verdict.claims.iter().map(|(name, outcome)| {
            (name.name().to_owned(), claim(outcome))
        }).collect::<Map<_, _>>(),
    }))
}

fn denial(denial: &Denial) -> Value {
    some(json!({
        "code": denial.code(),
        "claim": denial.claim().map(Claim::name),
        "detail": bounded(&denial.to_string()),
    }))
}

/// A list, or nothing in place of an empty one.
fn list<T: Into<Value>>(items: Vec<T>) -> Value {
    if items.is_empty() { Value::Null } else { items.into() }
}

/// An outcome, with the fields of its facts.
fn claim(outcome: &Outcome<Facts>) -> Value {
    let found = match outcome {
        Outcome::Verified(facts) => fields(facts),
        Outcome::Absent(absence) => {
            json!({"reason": absence.code(), "detail": bounded(&absence.to_string())})
        }
        Outcome::Refused(refusal) => {
            json!({"reason": refusal.code, "detail": bounded(&refusal.detail)})
        }
        Outcome::Unrecognized(found) => fields(found),
    };
    let mut value = json!({"status": outcome.status().name()});
    if let (Value::Object(map), Value::Object(found)) = (&mut value, found) {
        map.extend(found);
    }
    value
}

/// The fields of facts. Every text in them is bounded: evidence may quote megabytes.
fn fields(facts: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(facts).unwrap_or_default();
    bound(&mut value);
    value
}

fn bound(value: &mut Value) {
    match value {
        Value::String(text) => *text = bounded(text),
        Value::Array(items) => items.iter_mut().for_each(bound),
        Value::Object(map) => map.values_mut().for_each(bound),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Without the members that are null.
fn some(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    value
}
