//! The JSON report, version 1. `man/sealift-report.5` specifies it: fields may be added, never
//! changed.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde_json::{Map, Value, json};

use crate::app::report::{Judged, Report, Trust, TrustSource, Verdict as Whole, dispositions};
use crate::core::{
    lockfile::{
        Entry, Lockfile,
        coverage::{Outcome, Pin},
    },
    policy::{Denial, weaknesses},
    text::bounded,
    time::{self, Time},
    verdict::{
        Claim, IntegrityFacts, Logged, ProvenanceFacts, PublishFacts, Publisher,
        RegistrySignatureFacts, TimestampSetAside, Unrecognized, Verdict,
    },
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
        "pastLimits": report.past_limits.iter().map(|past| json!({
            "what": past.what,
            "ageSeconds": past.age.num_seconds(),
            "limitSeconds": past.max.num_seconds(),
        })).collect::<Vec<_>>(),
        "inputs": report.inputs.iter().map(|input| some(json!({
            "entry": bounded(&input.entry),
            "sha256": input.sha256.to_hex(),
            "lockfileVersion": input.lockfile.version,
            "dispositions": numbers(&input.outcomes),
            "entries": entries(report, &input.lockfile, &input.outcomes),
        }))).collect::<Vec<_>>(),
        "lockfiles": report.lockfiles.iter().map(|given| some(json!({
            "file": bounded(&given.file),
            "sha256": given.sha256.to_hex(),
            "lockfileVersion": given.lockfile.version,
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

fn policy(report: &Report) -> Value {
    let policy = &report.policy;
    some(json!({
        "require": policy.required().map(Claim::name).collect::<Vec<_>>(),
        "deny": policy.deny.iter().map(|weakness| weakness.name()).collect::<Vec<_>>(),
        "keys": report.keys,
        "threshold": report.threshold,
        "maxAgeSeconds": policy.max_age.map(|age| age.num_seconds()),
        "maxTrustAgeSeconds": policy.max_trust_age.map(|age| age.num_seconds()),
        "pastLimit": policy.past_limit.name(),
        "deep": report.deep,
    }))
}

fn archive(report: &Report) -> Value {
    let archive = &report.archive;
    json!({
        "file": bounded(&archive.file),
        "sha256": archive.sha256.to_hex(),
        "sealedAt": time::format(archive.sealed_at),
        "ageSeconds": (report.at - archive.sealed_at).num_seconds(),
        "tool": {
            "name": bounded(&archive.tool.name), "version": bounded(&archive.tool.version),
        },
        "signers": archive.signers,
        "entries": archive.entries,
        "bytes": archive.bytes,
    })
}

fn trust(trust: &Trust, at: Time) -> Value {
    // What is built in was published at a time, and nobody has checked it since.
    let embedded = trust.source == TrustSource::Embedded;
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
fn numbers(outcomes: &[Outcome]) -> Map<String, Value> {
    dispositions(outcomes)
        .filter(|(_, number)| *number > 0)
        .map(|(disposition, number)| (disposition.name().to_owned(), json!(number)))
        .collect()
}

fn entries(report: &Report, lockfile: &Lockfile, outcomes: &[Outcome]) -> Value {
    let entries = lockfile.entries.iter().zip(outcomes);
    entries.map(|(one, outcome)| entry(report, one, outcome)).collect()
}

fn entry(report: &Report, entry: &Entry, outcome: &Outcome) -> Value {
    let (pin, weak) = match outcome.pin {
        None => (None, None),
        Some(Pin::Hash(algorithm)) => (Some(algorithm.name()), None),
        Some(Pin::Signature { weak }) => (Some("signature"), weak.then_some("sha1")),
    };
    let package = outcome.package.and_then(|at| report.purls.get(at));
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
    }))
}

fn package(judged: &Judged) -> Value {
    let Judged { purl, verdict, sha512, denials } = judged;
    let denied: Vec<_> = denials.iter().map(denial).collect();
    let whole = if denials.is_empty() { Whole::Verified } else { Whole::Refused };
    let weak: Vec<_> = weaknesses(verdict).iter().map(|weakness| weakness.name()).collect();
    some(json!({
        "purl": purl.to_string(),
        "registry": purl.origin().registry().map(bounded),
        "sha512": sha512.to_hex(),
        "verdict": whole.name(),
        "denied": list(denied),
        "weak": list(weak),
        "unexamined": list(verdict.unexamined.iter().map(|kind| bounded(kind)).collect()),
        "unrecognized": list(verdict.unrecognized_beside.iter().map(|(claim, found)| {
            some(json!({"claim": claim.name(), "found": unrecognized(found)}))
        }).collect()),
        "claims": {
            Claim::Integrity.name(): claim(&verdict.integrity, integrity),
            Claim::RegistrySignature.name(): claim(&verdict.registry_signature, registry_signature),
            Claim::PublishAttestation.name(): claim(&verdict.publish_attestation, publish),
            Claim::Provenance.name(): claim(&verdict.provenance, provenance),
        },
    }))
}

fn denial(denial: &Denial) -> Value {
    match denial {
        Denial::Refused(claim) => json!({"code": "refused", "claim": claim.name()}),
        Denial::Missing(claim) => json!({"code": "missing", "claim": claim.name()}),
        Denial::Weak(weakness) => json!({"code": weakness.name()}),
        Denial::Unneeded => json!({"code": "unneeded"}),
    }
}

/// A list, or nothing in place of an empty one.
fn list<T: Into<Value>>(items: Vec<T>) -> Value {
    if items.is_empty() { Value::Null } else { items.into() }
}

fn claim<F>(verdict: &Verdict<F>, facts: impl Fn(&F) -> Value) -> Value {
    let found = match verdict {
        Verdict::Verified(found) => facts(found),
        Verdict::Absent(absence) => {
            json!({"reason": absence.code(), "detail": bounded(&absence.to_string())})
        }
        Verdict::Refused(refusal) => {
            json!({"reason": refusal.code, "detail": bounded(&refusal.detail)})
        }
        Verdict::Unrecognized(found) => unrecognized(found),
    };
    let mut value = json!({"status": verdict.status().name()});
    if let (Value::Object(map), Value::Object(found)) = (&mut value, found) {
        map.extend(found);
    }
    some(value)
}

fn integrity(facts: &IntegrityFacts) -> Value {
    json!({
        "algorithm": facts.lockfile.map(|algorithm| algorithm.name()),
        "weak": facts.lockfile.filter(|algorithm| algorithm.is_weak()).map(|_| true),
    })
}

fn registry_signature(facts: &RegistrySignatureFacts) -> Value {
    let others: Vec<_> = facts
        .others
        .iter()
        .map(|(keyid, reason)| json!({"keyid": bounded(keyid), "reason": bounded(reason)}))
        .collect();
    json!({
        "keyid": facts.keyid,
        "time": time::format(facts.time),
        "timeSource": facts.time_source.name(),
        "retired": facts.retired.then_some(true),
        "otherSignatures": if others.is_empty() { Value::Null } else { json!(others) },
    })
}

fn unrecognized(found: &Unrecognized) -> Value {
    let text = |text: &Option<String>| text.as_deref().map(bounded);
    some(json!({
        "reason": found.code,
        "detail": bounded(&found.detail),
        "predicateType": bounded(&found.predicate_type),
        "signer": bounded(&found.signer),
        "issuer": text(&found.issuer),
        "statedBuildType": text(&found.stated_build_type),
        "statedBuilder": text(&found.stated_builder),
        "signedAt": time::format(found.signed_at),
        "timeSource": found.time_source.name(),
        "logged": logged(found.logged),
    }))
}

fn publish(facts: &PublishFacts) -> Value {
    let (keyid, identity) = match &facts.publisher {
        Publisher::Key(keyid) => (Some(keyid), None),
        Publisher::Identity(identity) => (None, Some(identity)),
    };
    json!({
        "keyid": keyid,
        "identity": identity.map(|identity| bounded(&identity.san)),
        "issuer": identity.map(|identity| bounded(&identity.issuer)),
        "signedAt": time::format(facts.signed_at),
        "timeSource": facts.time_source.name(),
        "logged": logged(facts.logged),
        "timestampsSetAside": timestamps(&facts.timestamps_set_aside),
    })
}

fn timestamps(set_aside: &[TimestampSetAside]) -> Value {
    if set_aside.is_empty() {
        return Value::Null;
    }
    let one = |other: &TimestampSetAside| json!({"position": other.position, "reason": bounded(&other.why)});
    set_aside.iter().map(one).collect()
}

fn logged(logged: Logged) -> Value {
    json!({"promise": logged.promise, "proof": logged.proof})
}

fn provenance(facts: &ProvenanceFacts) -> Value {
    let text = |text: &Option<String>| text.as_deref().map(bounded);
    json!({
        "predicateType": facts.predicate_type,
        "sourceRepository": bounded(&facts.source_repository),
        "commit": bounded(&facts.commit),
        "ref": text(&facts.git_ref),
        "workflow": bounded(&facts.workflow),
        "workflowFile": text(&facts.build_config),
        "statedBuilder": bounded(&facts.stated_builder),
        "statedBuildType": bounded(&facts.stated_build_type),
        "issuer": bounded(&facts.issuer),
        "repositoryId": text(&facts.repository_id),
        "ownerId": text(&facts.owner_id),
        "runner": text(&facts.runner),
        "trigger": text(&facts.trigger),
        "run": text(&facts.run),
        "signedAt": time::format(facts.signed_at),
        "timeSource": facts.time_source.name(),
        "logged": logged(facts.logged),
        "timestampsSetAside": timestamps(&facts.timestamps_set_aside),
    })
}

/// Without the members that are null.
fn some(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    value
}
