//! What `recall apply` found, for programs.

use serde_json::{Map, Value, json};

use super::failure;
use crate::{
    app::recall::{Applied, CheckedArchive, RecallState},
    core::{
        text::{Message, bounded},
        time,
    },
};

/// One object, `sealift-recall/1`.
pub(super) fn applied(applied: &Applied) -> Value {
    let recall = &applied.recall;
    json!({
        "schema": "sealift-recall/1",
        "tool": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "state": applied.state().name(),
        "at": time::format(applied.at),
        "recall": {
            "file": bounded(&recall.file),
            "sha256": recall.sha256.to_hex(),
            "sealedAt": time::format(recall.sealed_at),
            "signers": recall.signers,
            "names": recall.names,
            "advisories": recall.advisories,
            "from": bounded(&recall.from),
            "records": recall.records,
            "unreadable": recall.unreadable,
            "carriesTrust": recall.carries_trust,
            "broughtTrust": recall.brought_trust,
        },
        "summary": {
            "archives": applied.archives.len(),
            "affected": applied.count(RecallState::Affected),
            "refused": applied.count(RecallState::Refused),
            "unchecked": applied.count(RecallState::Unchecked),
            "clear": applied.count(RecallState::Clear),
            "notAsked": applied.not_asked().len(),
            "recalls": applied.recalls.len(),
        },
        "archives": applied.archives.iter().map(archive).collect::<Vec<_>>(),
        "unread": applied.unread.iter().map(|(file, why)| json!({
            "file": bounded(file), "message": Message(why).to_string(),
        })).collect::<Vec<_>>(),
        "recalls": applied.recalls.iter().map(|recall| bounded(recall)).collect::<Vec<_>>(),
        "links": applied.links.iter().map(|link| bounded(link)).collect::<Vec<_>>(),
    })
}

fn archive(judged: &CheckedArchive) -> Value {
    let mut members = Map::new();
    members.insert("file".into(), bounded(&judged.file).into());
    members.insert("state".into(), judged.state().name().into());
    let more = match &judged.outcome {
        Ok(outcome) => json!({
            "sha256": outcome.sha256.to_hex(),
            "verdict": outcome.verdict.name(),
            "affected": outcome.affected.iter().map(|affected| some(json!({
                "package": bounded(&affected.package),
                "bundledAt": affected.bundled.as_deref().map(bounded),
                "advisory": bounded(&affected.advisory),
                "summary": bounded(&affected.summary),
            }))).collect::<Vec<_>>(),
            "pastLimits": outcome.past_limits,
            "denied": outcome.denied.iter().map(|denied| json!({
                "what": bounded(&denied.what), "code": denied.code, "detail": bounded(&denied.detail),
            })).collect::<Vec<_>>(),
            "moreDenied": outcome.more_denied,
            "notAsked": outcome.not_asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Err(error) => {
            let (code, message, hint) = failure(error);
            some(json!({
                "code": code,
                "message": Message(&message).to_string(),
                "hint": hint.map(|hint| Message(&hint).to_string()),
            }))
        }
    };
    if let Value::Object(more) = more {
        members.extend(more);
    }
    members.into()
}

/// Without the members that are null.
fn some(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| !value.is_null());
    }
    value
}
