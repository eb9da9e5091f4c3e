//! What was verified, as declarations: sealift is the assessor; each claim of a package that is verified or
//! refused is a claim; its facts are the evidence. What is absent is not claimed.

use serde::Serialize;
use serde_json::{Value, json};

use super::{super::basis::vouched, Each, component::archive, reference};
use crate::{
    app::{
        report::Verdict,
        stored::{ReportOrigin, StoredClaim, StoredReport},
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
/// The claim about the archive.
const VERDICT: &str = "archive-verdict";

/// The member `declarations`.
pub(super) fn of(report: &StoredReport, source: &ReportOrigin) -> impl Serialize {
    let tool = format!("{} {}", bounded(&report.tool.name), bounded(&report.tool.version));
    let map = Claim::ALL.into_iter().map(|claim| conformance(report, claim));
    let map: Vec<_> = map.chain([conformance_of_archive(report)]).collect();
    Declarations {
        assessors: json!([{
            "bom-ref": ASSESSOR,
            "thirdParty": false,
            "organization": { "name": tool },
        }]),
        attestations: json!([{
            "summary": format!("what sealift verified; the report is {}", vouched(source)),
            "assessor": ASSESSOR,
            "map": map,
        }]),
        claims: Each(|| found(report).filter_map(claim).chain([claim_of_archive(report)])),
        evidence: Each(|| found(report).filter_map(facts)),
        targets: json!({ "components": [archive(report, TARGET)] }),
    }
}

#[derive(Serialize)]
struct Declarations<C, E> {
    assessors: Value,
    attestations: Value,
    claims: C,
    evidence: E,
    targets: Value,
}

/// What was found of a claim of a package.
struct Found<'a> {
    number: usize,
    claim: Claim,
    found: &'a StoredClaim,
}

impl Found<'_> {
    fn name(&self) -> String {
        format!("{}-{}", reference(self.number), self.claim)
    }

    fn evidence(&self) -> String {
        format!("{}-evidence", self.name())
    }
}

fn found(report: &StoredReport) -> impl Iterator<Item = Found<'_>> {
    (1..).zip(&report.packages).flat_map(|(number, package)| {
        Claim::ALL.into_iter().filter_map(move |claim| {
            let found = package.claims.get(claim.name())?;
            Some(Found { number, claim, found })
        })
    })
}

/// The claim that something is verified, or that it is refused.
fn claim(found: Found<'_>) -> Option<Value> {
    let (name, target) = (found.name(), reference(found.number));
    match found.found.status {
        Status::Verified => Some(json!({
            "bom-ref": name,
            "target": target,
            "predicate": predicate(found.claim),
            "evidence": [found.evidence()],
        })),
        Status::Refused => Some(json!({
            "bom-ref": name,
            "target": target,
            "predicate": format!("The evidence for {} does not verify.", found.claim),
            "reasoning": found.found.text("detail").map(bounded),
        })),
        Status::Absent | Status::Unrecognized => None,
    }
}

/// The claim about the archive.
fn claim_of_archive(report: &StoredReport) -> Value {
    json!({
        "bom-ref": VERDICT,
        "target": TARGET,
        "predicate": format!("The verdict on the archive is {}.", report.verdict.name()),
    })
}

/// How many packages a claim is verified for.
fn conformance(report: &StoredReport, claim: Claim) -> Value {
    let of = |status: Status| -> Vec<String> {
        let found = found(report).filter(|it| it.claim == claim && it.found.status == status);
        found.map(|it| it.name()).collect()
    };
    let (claims, against, all) = (of(Status::Verified), of(Status::Refused), report.packages.len());
    let rationale = format!("verified for {} of {all} packages", claims.len());
    json!({
        "requirement": requirement(claim.name()),
        "conformance": { "score": share(claims.len(), all), "rationale": rationale },
        "claims": claims,
        "counterClaims": against,
    })
}

fn conformance_of_archive(report: &StoredReport) -> Value {
    // Stale is not what the policy asks for.
    let (score, place) = match report.verdict {
        Verdict::Verified => (1, "claims"),
        Verdict::Stale | Verdict::Refused => (0, "counterClaims"),
    };
    let rationale = format!("the verdict is {}", report.verdict.name());
    json!({
        "requirement": requirement("verdict"),
        "conformance": { "score": score, "rationale": rationale },
        place: [VERDICT],
    })
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
fn facts(found: Found<'_>) -> Option<Value> {
    if found.found.status != Status::Verified {
        return None;
    }
    let signed_at = found.found.text("signedAt").and_then(time::parse);
    let content = Value::from(found.found.found.clone()).to_string();
    Some(json!({
        "bom-ref": found.evidence(),
        "propertyName": format!("sealift:claim:{}", found.claim),
        "data": [{
            "name": "facts",
            "contents": { "attachment": { "contentType": "application/json", "content": content } },
        }],
        "created": signed_at.map(time::format),
    }))
}

/// What the claims are held against: the claims themselves, and the policy.
pub(super) fn standard(report: &StoredReport) -> Value {
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
