//! `sealift-diff/1`, as `man/sealift-report.5` specifies it.

use serde_json::{Value, json};

use crate::{
    app::{
        compare::{Comparison, Scripts},
        report::Report,
        stored::{StoredArchive, StoredTrust},
    },
    cli::render::trust::anchor_json,
    core::{changes::Change, text::bounded, time, trust::Anchor, verdict::Claim},
};

/// The comparison as one JSON document.
pub(super) fn document(comparison: &Comparison) -> Value {
    let Comparison { old, new, changes, anchors, .. } = comparison;
    let counts = comparison.counts();
    let all = |anchors: &[Anchor]| anchors.iter().map(anchor_json).collect::<Vec<_>>();
    let gone = changes.removed.iter().filter_map(|at| old.packages.get(*at));
    json!({
        "schema": "sealift-diff/1",
        "tool": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "at": time::format(new.at),
        "atGiven": new.at_given,
        "differs": comparison.differs(),
        "summary": {
            "added": counts.added,
            "removed": counts.removed,
            "updated": counts.updated,
            "replaced": counts.replaced,
            "kept": counts.kept,
            "evidenceLost": counts.lost,
            "evidenceGained": counts.gained,
            "identityChanged": counts.built,
            "registryChanged": counts.moved,
            "installScripts": counts.scripts,
            "refused": counts.refused,
        },
        "old": side(old),
        "new": side(new),
        "changed": comparison.changed().map(|(it, scripts)| changed(comparison, it, scripts)).collect::<Vec<_>>(),
        "removed": gone.map(|package| package.purl.to_string()).collect::<Vec<_>>(),
        "trust": {
            "differs": comparison.trust_differs(),
            "added": all(&anchors.added),
            "changed": all(&anchors.changed),
            "removed": all(&anchors.removed),
        },
    })
}

/// One of the two archives.
fn side(report: &Report) -> Value {
    let refused = report.packages.iter().flat_map(|package| {
        package.verdict.refusals().map(|(claim, why)| {
            json!({
                "purl": package.purl.to_string(),
                "claim": claim.name(),
                "reason": why.code,
                "detail": bounded(&why.detail),
            })
        })
    });
    json!({
        "archive": StoredArchive::of(&report.archive, report.at),
        "packages": report.packages.len(),
        "refused": refused.collect::<Vec<_>>(),
        "trust": report.trust.iter().map(|one| StoredTrust::of(one, report.at)).collect::<Vec<_>>(),
    })
}

fn changed(comparison: &Comparison, change: &Change, scripts: &Scripts) -> Value {
    let after = comparison.new.packages.get(change.new);
    let before = change.old.and_then(|at| comparison.old.packages.get(at));
    let is_verified = |claim: &Claim| after.is_some_and(|it| it.verdict.is_verified(*claim));
    json!({
        "purl": after.map(|package| package.purl.to_string()),
        "before": before.map(|package| package.purl.to_string()),
        "change": change.kind.name(),
        "digest": after.map(|package| package.digest.to_string()),
        "digestBefore": before.map(|package| package.digest.to_string()),
        "sourceRepository": after.and_then(|it| it.verdict.provenance()).map(|it| bounded(&it.source_repository)),
        "verified": Claim::ALL.iter().filter(|claim| is_verified(claim)).map(|claim| claim.name()).collect::<Vec<_>>(),
        "claims": change.claims.iter().map(|it| json!({
            "claim": it.claim.name(), "from": it.from.name(), "to": it.to.name(),
        })).collect::<Vec<_>>(),
        "identity": change.identity.iter().map(|it| json!({
            "what": it.who.name(), "from": bounded(&it.from), "to": bounded(&it.to),
        })).collect::<Vec<_>>(),
        "installScripts": scripts.as_ref().ok().map(|all| all.iter().map(|it| json!({
            "folder": bounded(&it.script.folder),
            "name": it.script.name,
            "command": it.script.command,
            "sha256": it.script.sha256.to_hex(),
            "before": it.before,
        })).collect::<Vec<_>>()),
        "notListed": scripts.as_ref().err().map(|why| json!({
            "reason": why.code, "detail": bounded(&why.detail),
        })),
    })
}
