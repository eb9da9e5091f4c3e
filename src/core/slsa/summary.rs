//! SLSA's verification summary (VSA), version 1.1 of the specification: what a verification found of one
//! artifact. It is made here and never read.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::core::{
    statement::{Resource, Statement},
    time::{self, Time},
    verdict::{Claim, Status},
};

/// The type of the predicate.
pub(crate) const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// Names the program that verified. Who ran it, the signature says.
const VERIFIER: &str = "urn:sealift:verifier";

const SLSA_VERSION: &str = "1.1";

/// What a verification found of one artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationSummary {
    /// The artifact.
    pub subject: Resource,
    /// What it is verified as.
    pub resource_uri: String,
    /// The time that everything was judged by.
    pub at: Time,
    /// Whether that time was given, in place of the clock's.
    pub at_given: bool,
    /// The policy.
    pub policy: Resource,
    /// All evidence that was judged.
    pub inputs: Vec<Resource>,
    /// Whether it met the policy, and nothing is older than its limit.
    pub passed: bool,
    /// The verdict, as reports name it.
    pub verdict: &'static str,
    /// What became of each claim: of a package.
    pub claims: BTreeMap<Claim, Status>,
}

/// The predicate, with its members in the order of the specification. Members of our own have names that
/// are URIs, as the specification says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SummaryPredicate {
    verifier: Verifier,
    time_verified: String,
    resource_uri: String,
    policy: Resource,
    input_attestations: Vec<Resource>,
    verification_result: &'static str,
    verified_levels: [&'static str; 1],
    slsa_version: &'static str,
    #[serde(rename = "urn:sealift:verdict")]
    verdict: &'static str,
    #[serde(rename = "urn:sealift:at-given")]
    at_given: bool,
    #[serde(rename = "urn:sealift:claims", skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<&'static str, &'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Verifier {
    id: &'static str,
    version: BTreeMap<&'static str, &'static str>,
}

impl From<VerificationSummary> for Statement<SummaryPredicate> {
    fn from(summary: VerificationSummary) -> Self {
        let version = BTreeMap::from([(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))]);
        let claims = summary.claims.into_iter();
        // A level of SLSA's build track is what somebody trusts a builder to. No policy of sealift says that,
        // so no level is evaluated.
        let (result, level) = match summary.passed {
            true => ("PASSED", "SLSA_BUILD_LEVEL_UNEVALUATED"),
            false => ("FAILED", "FAILED"),
        };
        let predicate = SummaryPredicate {
            verifier: Verifier { id: VERIFIER, version },
            time_verified: time::format(summary.at),
            resource_uri: summary.resource_uri,
            policy: summary.policy,
            input_attestations: summary.inputs,
            verification_result: result,
            verified_levels: [level],
            slsa_version: SLSA_VERSION,
            verdict: summary.verdict,
            at_given: summary.at_given,
            claims: claims.map(|(claim, status)| (claim.name(), status.name())).collect(),
        };
        Self::about(vec![summary.subject], PREDICATE_TYPE, predicate)
    }
}
