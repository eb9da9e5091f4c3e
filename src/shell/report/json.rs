//! The JSON report, version 1. `man/sealift-report.5` specifies it: fields may be added, never
//! changed.

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde_json::{Map, Value, json};

use super::{Judged, Report, Verdict as Whole};
use crate::core::{
    lockfile::Uncovered,
    policy::Denial,
    text::bounded,
    time,
    verdict::{
        Claim, IntegrityFacts, Logged, ProvenanceFacts, PublishFacts, RegistrySignatureFacts,
        Verdict,
    },
};

/// Nobody has checked what is built in; its time is that of its publication.
fn is_built_in(trust: &super::Trust) -> bool {
    trust.source == super::TrustSource::Embedded
}

/// The report as one JSON document.
pub fn to_json(report: &Report) -> Value {
    let at = report.at;
    let good = report.good();
    some(json!({
        "schema": "sealift-report/1",
        "verdict": report.verdict().name(),
        "at": time::format(at),
        "archive": {
            "file": bounded(&report.archive.file),
            "sealedAt": time::format(report.archive.sealed_at),
            "ageSeconds": (at - report.archive.sealed_at).num_seconds(),
            "signers": report.archive.signers,
            "entries": report.archive.entries,
            "bytes": report.archive.bytes,
        },
        "trust": report.trust.iter().map(|trust| some(json!({
            "instance": trust.instance,
            "source": trust.source.name(),
            "root": trust.root,
            "timestamp": trust.timestamp,
            "expires": trust.expires.map(time::format),
            "checkedAt": trust.checked_at.filter(|_| !is_built_in(trust)).map(time::format),
            "publishedAt": trust.checked_at.filter(|_| is_built_in(trust)).map(time::format),
            "keysCheckedAt": trust.keys_checked_at.map(time::format),
            "ageSeconds": trust.age(at).map(|age| age.num_seconds()),
            "stale": trust.is_stale(at),
        }))).collect::<Vec<_>>(),
        "summary": {
            "packages": report.packages.len(),
            "verified": good,
            "refused": report.packages.len() - good,
            "claims": report.counts().into_iter().map(|(claim, counts)| (claim.name().to_owned(), json!({
                "verified": counts.verified, "absent": counts.absent, "refused": counts.refused,
            }))).collect::<Map<_, _>>(),
        },
        "packages": report.packages.par_iter().map(package).collect::<Vec<_>>(),
        "outOfScope": report.out_of_scope.iter().map(|(entry, reason)| json!({
            "entry": bounded(entry), "reason": bounded(reason),
        })).collect::<Vec<_>>(),
        "lockfile": report.lockfile.as_ref().map(|lockfile| json!({
            "files": lockfile.files,
            "packages": lockfile.packages,
            "uncovered": lockfile.uncovered.iter().map(uncovered).collect::<Vec<_>>(),
        })),
        "deniedTrustAgeSeconds": report.denied_age.map(|age| age.num_seconds()),
    }))
}

fn uncovered(uncovered: &Uncovered) -> Value {
    let (member, what) = match uncovered {
        Uncovered::Missing(id) | Uncovered::HashDiffers { id, .. } => ("purl", id.purl()),
        Uncovered::OutOfScope { path, .. } => ("entry", path.clone()),
    };
    json!({member: bounded(&what), "reason": bounded(&uncovered.to_string())})
}

fn package(Judged { verdict, registry, denials }: &Judged) -> Value {
    let missing: Vec<_> = denials
        .iter()
        .filter_map(|denial| match denial {
            Denial::Missing(claim) => Some(claim.name()),
            Denial::Refused(_) => None,
        })
        .collect();
    let whole = if denials.is_empty() { Whole::Verified } else { Whole::Refused };
    some(json!({
        "purl": verdict.package.purl(),
        "registry": bounded(registry),
        "verdict": whole.name(),
        "unexamined": if verdict.unexamined.is_empty() { Value::Null } else {
            verdict.unexamined.iter().map(|kind| bounded(kind)).collect()
        },
        "missing": if missing.is_empty() { Value::Null } else { json!(missing) },
        "claims": {
            Claim::Integrity.name(): claim(&verdict.integrity, integrity),
            Claim::RegistrySignature.name(): claim(&verdict.registry_signature, registry_signature),
            Claim::PublishAttestation.name(): claim(&verdict.publish_attestation, publish),
            Claim::Provenance.name(): claim(&verdict.provenance, provenance),
        },
    }))
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
        "otherSignatures": if others.is_empty() { Value::Null } else { json!(others) },
    })
}

fn publish(facts: &PublishFacts) -> Value {
    json!({
        "keyid": facts.keyid,
        "signedAt": time::format(facts.signed_at),
        "timeSource": facts.time_source.name(),
        "logged": logged(facts.logged),
    })
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
        "builder": text(&facts.builder),
        "buildType": bounded(&facts.build_type),
        "issuer": bounded(&facts.issuer),
        "repositoryId": text(&facts.repository_id),
        "ownerId": text(&facts.owner_id),
        "runner": text(&facts.runner),
        "trigger": text(&facts.trigger),
        "run": text(&facts.run),
        "signedAt": time::format(facts.signed_at),
        "timeSource": facts.time_source.name(),
        "logged": logged(facts.logged),
    })
}

/// Without the members that are null.
fn some(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    value
}
