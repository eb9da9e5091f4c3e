//! Who signed the attestations of the packages: a list that the lines for a third party read.

use crate::{
    app::stored::{StoredClaim, StoredReport},
    core::{
        npm::publish::PREDICATE_TYPE as PUBLISH,
        verdict::{Claim, Status},
    },
};

/// Bytes of the longest line: the page cuts what is much longer.
const LINE_BYTES: usize = 2000;

/// A line for each attestation that a log has taken in: package, type of the statement, issuer and identity.
/// Where a key signed, `key` and its id stand for the last two. The shell reads the lines: a text that is not
/// made of visible ASCII characters has no place in them, and no line is longer than the page shows. Also how
/// many attestations are left out for that.
pub(super) fn signers(report: &StoredReport) -> (String, usize) {
    let (mut lines, mut left_out) = (String::new(), 0);
    for package in &report.packages {
        for claim in [Claim::PublishAttestation, Claim::Provenance] {
            let found = package.claims.get(claim.name()).filter(|found| is_logged(found));
            let signed = found.and_then(|found| signed(claim, found));
            let Some([kind, issuer, signer]) = signed else { continue };
            let fields = [&package.purl, kind, issuer, signer];
            let line = fields.join(" ");
            if fields.iter().all(|field| is_plain(field)) && line.len() <= LINE_BYTES {
                lines += &line;
                lines.push('\n');
            } else {
                left_out += 1;
            }
        }
    }
    (lines, left_out)
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        app::stored::ReportOrigin,
        cli::render::{report::page::html, tests::verified_report},
    };

    const ATTESTED: &str = "pkg:npm/%40acme/widget@2.0.0";
    const ISSUER: &str = "https://token.actions.githubusercontent.example";
    const WORKFLOW: &str =
        "https://github.example/acme/widget/.github/workflows/release.yml@refs/heads/main";

    /// A report, after a change of the package that has attestations.
    fn changed(change: impl FnOnce(&mut Value)) -> StoredReport {
        let mut report = json!(StoredReport::of(&verified_report()));
        change(&mut report["packages"][1]["claims"]);
        serde_json::from_value(report).unwrap()
    }

    fn provenance() -> String {
        format!("{ATTESTED} https://slsa.dev/provenance/v1 {ISSUER} {WORKFLOW}\n")
    }

    #[test]
    fn lists_who_signed_each_attestation() {
        let by_key = format!("{ATTESTED} {PUBLISH} key SHA256:key\n");
        assert_eq!(signers(&changed(|_| ())), (by_key + &provenance(), 0));
        let report = changed(|claims| {
            let publish = claims["publish-attestation"].as_object_mut().unwrap();
            publish.remove("keyid");
            publish.extend([("issuer".into(), json!("i")), ("identity".into(), json!("who"))]);
        });
        let listed = format!("{ATTESTED} {PUBLISH} i who\n{}", provenance());
        assert_eq!(signers(&report), (listed, 0));
    }

    #[test]
    fn leaves_out_what_no_log_has_and_what_did_not_verify() {
        let logged = json!({"promise": false, "proof": false});
        let report = changed(|claims| claims["publish-attestation"]["logged"] = logged);
        assert_eq!(signers(&report), (provenance(), 0));
        let report = changed(|claims| claims["publish-attestation"]["status"] = json!("refused"));
        assert_eq!(signers(&report), (provenance(), 0));
    }

    #[test]
    fn leaves_out_what_could_be_more_than_a_line_of_the_list() {
        for bad in ["", "a b", "a\nEND\nrm x", "a\tb", "\u{e9}", "\u{202e}", "a\r", "a\0"] {
            for field in ["workflow", "issuer", "predicateType"] {
                let report = changed(|claims| claims["provenance"][field] = json!(bad));
                let listed = signers(&report);
                let expected = format!("{ATTESTED} {PUBLISH} key SHA256:key\n");
                assert_eq!(listed, (expected, 1), "{bad:?}");
            }
        }
    }

    #[test]
    fn the_page_has_the_lines_only_where_the_archive_carries_trust_and_attestations() {
        let title = "<h3>Did the signers that this page names sign the attestations in it?</h3>";
        let page = |report: &StoredReport| html(report, &ReportOrigin::Unsigned);
        assert!(page(&changed(|_| ())).contains(title));
        assert!(!page(&changed(|claims| *claims = json!({}))).contains(title));
        let mut report = changed(|_| ());
        report.trust[0].source = "embedded".to_owned();
        assert!(!page(&report).contains(title));
    }
}
