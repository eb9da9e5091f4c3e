//! Who signed the attestations of the packages: a list that the lines for a third party read.

use std::fmt::Write as _;

use crate::{
    app::stored::{StoredClaim, StoredReport},
    core::{
        npm::publish::PREDICATE_TYPE as PUBLISH,
        verdict::{Claim, Status},
    },
};

/// A line for each attestation that a log has taken in: package, type of the statement, issuer and identity.
/// Where a key signed, `key` and its id stand for the last two. The shell reads the lines: a text that is not
/// made of visible ASCII characters has no place in them.
pub(super) fn signers(report: &StoredReport) -> String {
    let mut lines = String::new();
    for package in &report.packages {
        for claim in [Claim::PublishAttestation, Claim::Provenance] {
            let found = package.claims.get(claim.name()).filter(|found| is_logged(found));
            let signed = found.and_then(|found| signed(claim, found));
            let Some([kind, issuer, signer]) = signed else { continue };
            let fields = [&package.purl, kind, issuer, signer];
            if fields.iter().all(|field| is_plain(field)) {
                // Writing to a String does not fail.
                let _ = writeln!(lines, "{}", fields.join(" "));
            }
        }
    }
    lines
}

/// The type of a statement, and who signed it.
fn signed(claim: Claim, found: &StoredClaim) -> Option<[&str; 3]> {
    if claim == Claim::Provenance {
        let [kind, issuer, workflow] = ["predicateType", "issuer", "workflow"];
        return Some([found.text(kind)?, found.text(issuer)?, found.text(workflow)?]);
    }
    match found.text("keyid") {
        Some(keyid) => Some([PUBLISH, "key", keyid]),
        None => Some([PUBLISH, found.text("issuer")?, found.text("identity")?]),
    }
}

/// Whether it verified, and a log has taken it in: cosign asks for that.
fn is_logged(claim: &StoredClaim) -> bool {
    let logged = claim.found.get("logged").and_then(|logged| logged.as_object());
    let given = |logged: &serde_json::Map<_, _>| logged.values().any(|it| *it == true);
    claim.status == Status::Verified && logged.is_some_and(given)
}

fn is_plain(field: &str) -> bool {
    !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_graphic())
}
