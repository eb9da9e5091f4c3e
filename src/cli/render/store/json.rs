//! A folder of archives, as JSON. `man/sealift-report.5` specifies it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    app::{
        Worst,
        report::Verdict,
        store::{ArchiveSummary, IndexAnswer, Indexed, JudgedArchive, StoreJudgment},
    },
    core::{
        store::ReportRow,
        text::{Message, bounded},
        time,
    },
};

/// What became of all archives.
pub fn judged(judgment: &StoreJudgment) -> Value {
    json!({
        "schema": "sealift-verify-store/1",
        "tool": tool(),
        "verdict": verdict(judgment),
        "at": time::format(judgment.clock.at),
        "atGiven": judgment.clock.at_given,
        "folder": bounded(&judgment.folder.display().to_string()),
        "policy": policy(judgment),
        "summary": summary(judgment),
        "archives": judgment.archives.iter().map(archive).collect::<Vec<_>>(),
        "unread": judgment.unread.iter().map(|(name, why)| json!({
            "file": bounded(name), "message": Message(why).to_string(),
        })).collect::<Vec<_>>(),
        "recalls": judgment.recalls.iter().map(|recall| bounded(recall)).collect::<Vec<_>>(),
        "notFollowed": judgment.links.iter().map(|link| bounded(link)).collect::<Vec<_>>(),
    })
}

/// An index that was written.
pub fn indexed(indexed: &Indexed) -> Value {
    let mut value = judged(&indexed.judgment);
    if let Value::Object(map) = &mut value {
        map.insert("schema".into(), "sealift-index-store/1".into());
        map.insert("index".into(), bounded(&indexed.file.display().to_string()).into());
        map.insert("rows".into(), indexed.rows.into());
        let unusable = indexed.unusable();
        if unusable > 0 && indexed.worst() == Worst::Unchecked {
            map.insert("verdict".into(), "unchecked".into());
        }
        if let Some(Value::Object(summary)) = map.get_mut("summary") {
            summary.insert("reports".into(), indexed.reports.len().into());
            summary.insert("unusable".into(), unusable.into());
        }
        let reports = indexed.reports.iter().map(report).collect::<Vec<_>>();
        map.insert("reports".into(), reports.into());
    }
    value
}

/// What an index answers.
pub fn answer(answer: &IndexAnswer) -> Value {
    let IndexAnswer { file, text, query, head, packages, outdated, .. } = answer;
    let IndexAnswer { archives, reports, hits, report_hits, unexamined, unusable, .. } = answer;
    json!({
        "schema": "sealift-where/1",
        "tool": tool(),
        "query": bounded(text),
        "kind": query.kind(),
        "index": {
            "file": bounded(&file.display().to_string()),
            "at": head.at,
            "policy": {"sha256": head.policy},
        },
        "summary": {
            "archives": archives,
            "reports": reports,
            "found": hits.len(),
            "foundInReports": report_hits.len(),
            "unexamined": unexamined.len(),
            "unusable": unusable.len(),
            "outdated": outdated.len(),
        },
        "packages": packages.iter().map(|(number, row, columns)| {
            let mut value = found(row, columns);
            if let Value::Object(map) = &mut value {
                map.insert("package".into(), (*number).into());
            }
            value
        }).collect::<Vec<_>>(),
        "archives": hits.iter().map(|hit| found(&hit.archive, &hit.columns)).collect::<Vec<_>>(),
        "reports": report_hits.iter().map(|hit| found(&hit.report, &hit.columns)).collect::<Vec<_>>(),
        "unexamined": unexamined,
        "unusable": unusable,
        "outdated": outdated.iter().map(|one| json!({
            "archive": bounded(&one.name), "change": one.change.name(),
        })).collect::<Vec<_>>(),
    })
}

/// A row, with the columns in which it is found.
fn found(row: &impl Serialize, columns: &[&'static str]) -> Value {
    let mut value = serde_json::to_value(row).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("foundIn".into(), columns.into());
    }
    value
}

fn tool() -> Value {
    json!({"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")})
}

/// A stored report. The index has all of its row.
fn report(row: &ReportRow) -> Value {
    json!({
        "report": bounded(&row.report),
        "source": row.source,
        "verdict": row.verdict,
        "at": row.at,
        "archive": row.archive.as_deref().map(bounded),
        "code": row.code,
        "message": row.message.as_deref().map(|message| Message(message).to_string()),
    })
}

/// The worst that there is; nothing, where no archive was judged.
fn verdict(judgment: &StoreJudgment) -> Option<&'static str> {
    Some(match judgment.unchecked() {
        _ if judgment.count(Verdict::Refused) > 0 => Verdict::Refused.name(),
        0 if judgment.archives.is_empty() => return None,
        0 if judgment.count(Verdict::Stale) > 0 => Verdict::Stale.name(),
        0 => Verdict::Verified.name(),
        _ => "unchecked",
    })
}

fn policy(judgment: &StoreJudgment) -> Value {
    let mut value = serde_json::to_value(&judgment.policy).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("digest".into(), json!({"sha256": judgment.policy.digest()}));
        let files = judgment
            .sources
            .iter()
            .map(|source| json!({"file": bounded(&source.file), "sha256": source.sha256.to_hex()}));
        map.insert("files".into(), files.collect());
    }
    value
}

fn summary(judgment: &StoreJudgment) -> Value {
    json!({
        "archives": judgment.archives.len(),
        "verified": judgment.count(Verdict::Verified),
        "stale": judgment.count(Verdict::Stale),
        "refused": judgment.count(Verdict::Refused),
        "unchecked": judgment.unchecked(),
        "recalls": judgment.recalls.len(),
    })
}

fn archive(archive: &JudgedArchive) -> Value {
    let found = match &archive.outcome {
        Ok(summary) => examined(summary),
        Err(error) => json!({
            "code": error.code,
            "message": Message(&error.message).to_string(),
            "hint": error.hint,
        }),
    };
    let verdict = archive.verdict().map_or("unchecked", Verdict::name);
    let mut value = json!({"archive": bounded(&archive.name), "verdict": verdict});
    if let (Value::Object(map), Value::Object(found)) = (&mut value, found) {
        map.extend(found.into_iter().filter(|(_, value)| !value.is_null()));
    }
    value
}

fn examined(summary: &ArchiveSummary) -> Value {
    json!({
        "sha256": summary.sha256.to_hex(),
        "sealedAt": time::format(summary.sealed_at),
        "signers": summary.signers.iter().map(|signer| json!({
            "name": bounded(&signer.name), "keys": signer.keys,
        })).collect::<Vec<_>>(),
        "packages": summary.packages,
        "packagesRefused": summary.packages_refused,
        "entriesDenied": summary.entries_denied,
        "pastLimits": summary.past_limits.iter().map(|past| json!({
            "what": past.what,
            "ageSeconds": past.age.num_seconds(),
            "limitSeconds": past.max.num_seconds(),
        })).collect::<Vec<_>>(),
        "denied": summary.denied.iter().map(|denied| json!({
            "what": bounded(&denied.what),
            "code": denied.code,
            "detail": bounded(&denied.detail),
        })).collect::<Vec<_>>(),
        "moreDenied": summary.more_denied,
    })
}
