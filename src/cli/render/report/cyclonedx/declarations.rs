//! What was verified, as declarations: sealift is the assessor; each claim of a package that is verified or
//! refused is a claim; its facts are the evidence. What is absent is not claimed.

use serde_json::{Map, Value, json};

use super::{ARCHIVE, component::archive, reference};
use crate::{
    app::{
        report::Verdict,
        stored::{StoredClaim, StoredReport},
    },
    core::{
        text::bounded,
        time,
        verdict::{Claim, Status},
    },
};

/// The archive as a target. A reference names one thing.
const TARGET: &str = "target-archive";
const ASSESSOR: &str = "assessor";

/// The members `declarations` and `definitions`.
pub(super) fn members(report: &StoredReport) -> Map<String, Value> {
    let mut list = List::default();
    for (number, package) in (1..).zip(&report.packages) {
        for claim in Claim::ALL {
            if let Some(found) = package.claims.get(claim.name()) {
                list.add(&reference(number), claim, found);
            }
        }
    }
    let of_claims = Claim::ALL.into_iter().map(|claim| list.of_claim(report, claim));
    let mut map: Vec<_> = of_claims.collect();
    map.push(list.verdict(report));
    let tool = format!("{} {}", bounded(&report.tool.name), bounded(&report.tool.version));
    let declarations = json!({
        "assessors": [{
            "bom-ref": ASSESSOR,
            "thirdParty": false,
            "organization": { "name": tool },
        }],
        "attestations": [{
            "summary": "what sealift verified of the packages in the archive",
            "assessor": ASSESSOR,
            "map": map,
        }],
        "claims": list.claims,
        "evidence": list.evidence,
        "targets": { "components": [archive(report, TARGET)] },
    });
    let mut members = Map::new();
    members.insert("declarations".to_owned(), declarations);
    members.insert("definitions".to_owned(), json!({ "standards": [standard(report)] }));
    members
}

#[derive(Default)]
struct List {
    claims: Vec<Value>,
    evidence: Vec<Value>,
    /// The references of the claims that hold, and of those that are refused.
    holding: Vec<(Claim, String)>,
    refused: Vec<(Claim, String)>,
}

impl List {
    fn add(&mut self, target: &str, claim: Claim, found: &StoredClaim) {
        let name = format!("{target}-{claim}");
        match found.status {
            Status::Verified => {
                let evidence = format!("{name}-evidence");
                self.claims.push(json!({
                    "bom-ref": name,
                    "target": target,
                    "predicate": predicate(claim),
                    "evidence": [evidence],
                }));
                self.evidence.push(facts(&evidence, claim, found));
                self.holding.push((claim, name));
            }
            Status::Refused => {
                self.claims.push(json!({
                    "bom-ref": name,
                    "target": target,
                    "predicate": format!("The evidence for {claim} does not verify."),
                    "reasoning": found.text("detail").map(bounded),
                }));
                self.refused.push((claim, name));
            }
            Status::Absent | Status::Unrecognized => {}
        }
    }

    /// How many packages a claim is verified for.
    fn of_claim(&self, report: &StoredReport, claim: Claim) -> Value {
        let of = |list: &[(Claim, String)]| -> Vec<String> {
            list.iter().filter(|(of, _)| *of == claim).map(|(_, name)| name.clone()).collect()
        };
        let (claims, against) = (of(&self.holding), of(&self.refused));
        let all = report.packages.len();
        let rationale = format!("verified for {} of {all} packages", claims.len());
        json!({
            "requirement": requirement(claim.name()),
            "conformance": { "score": share(claims.len(), all), "rationale": rationale },
            "claims": claims,
            "counterClaims": against,
        })
    }

    /// The verdict on the archive.
    fn verdict(&mut self, report: &StoredReport) -> Value {
        let word = report.verdict.name();
        let name = format!("{ARCHIVE}-verdict");
        self.claims.push(json!({
            "bom-ref": name,
            "target": TARGET,
            "predicate": format!("The verdict on the archive is {word}."),
        }));
        // Stale is not what the policy asks for.
        let (score, place) = match report.verdict {
            Verdict::Verified => (1, "claims"),
            Verdict::Stale | Verdict::Refused => (0, "counterClaims"),
        };
        json!({
            "requirement": requirement("verdict"),
            "conformance": { "score": score, "rationale": format!("the verdict is {word}") },
            place: [name],
        })
    }
}

fn requirement(name: &str) -> String {
    format!("requirement-{name}")
}

fn share(part: usize, all: usize) -> f64 {
    // Numbers of packages are far below what a float counts exactly.
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// What a verified claim says.
fn predicate(claim: Claim) -> &'static str {
    match claim {
        Claim::Integrity => {
            "The bytes are those that the lockfiles and the registry's record name."
        }
        Claim::RegistrySignature => "The registry signed the name, the version and the bytes.",
        Claim::PublishAttestation => "The registry attested that it published these bytes.",
        Claim::Provenance => "The build attested which source and which commit the bytes are from.",
    }
}

/// The facts of a verified claim, as the report has them.
fn facts(reference: &str, claim: Claim, found: &StoredClaim) -> Value {
    let signed_at = found.text("signedAt").and_then(time::parse);
    let content = Value::from(found.found.clone()).to_string();
    json!({
        "bom-ref": reference,
        "propertyName": format!("sealift:claim:{claim}"),
        "data": [{
            "name": "facts",
            "contents": { "attachment": { "contentType": "application/json", "content": content } },
        }],
        "created": signed_at.map(time::format),
    })
}

/// What the claims are held against: the claims themselves, and the policy.
fn standard(report: &StoredReport) -> Value {
    let claims = Claim::ALL.into_iter().map(|claim| (claim.name(), predicate(claim)));
    let verdict = ("verdict", "The policy accepts the archive, and nothing is past its limit.");
    let requirements = claims.chain([verdict]).map(
        |(name, text)| json!({ "bom-ref": requirement(name), "identifier": name, "text": text }),
    );
    json!({
        "bom-ref": "policy",
        "name": "the policy of this verification",
        "version": bounded(&report.policy.digest.sha256),
        "requirements": requirements.collect::<Vec<_>>(),
    })
}
