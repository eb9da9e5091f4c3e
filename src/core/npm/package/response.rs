//! The registry's attestation response, and why it is refused.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Nothing, RecordOutcome};
use crate::core::{
    json::{self, objects_only},
    limits,
    npm::publish,
    package::evidence::Answer,
    sigstore::bundle::Bundle,
    slsa,
    text::bounded,
};

objects_only!(AttestationResponse<'a>, Attestation<'a>);

/// Why an attestation response, or an attestation in it, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationRefusal {
    /// The response cannot be read.
    #[error("malformed attestation response: {0}")]
    MalformedResponse(String),
    /// More values than allowed.
    #[error("the response has {0} values, more than {max}", max = limits::EVIDENCE_VALUES)]
    TooManyValues(usize),
    /// More attestations than allowed.
    #[error("the response has {0} attestations, more than {max}", max = limits::ATTESTATIONS)]
    TooMany(usize),
    /// The response announces another predicate than the statement has.
    #[error("the response announces the predicate {announced:?}, but the statement has {found:?}")]
    OtherPredicate {
        /// The response's word.
        announced: String,
        /// The statement's.
        found: String,
    },
    /// The content is not a statement.
    #[error("the attestation is a plain signature, and a statement is expected")]
    NoStatement,
    /// Two attestations of one kind that say different things.
    #[error("two attestations of this kind have a different {0}")]
    Contradiction(&'static str),
}

impl AttestationRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedResponse(_) => "malformed-response",
            Self::TooManyValues(_) => "too-many-values",
            Self::TooMany(_) => "too-many-attestations",
            Self::OtherPredicate { .. } => "predicate-type-mismatch",
            Self::NoStatement => "not-a-statement",
            Self::Contradiction(_) => "contradicting-attestations",
        }
    }
}

/// Why the response has no attestations to judge.
pub(super) enum Unusable {
    Nothing(Nothing),
    Refused(AttestationRefusal),
}

/// The registry's attestation response. Nobody signs its own fields, so unknown ones are ignored. In the
/// bundles they are refused.
#[derive(Deserialize)]
#[serde(remote = "Self")]
pub(super) struct AttestationResponse<'a> {
    #[serde(borrow)]
    attestations: Vec<Attestation<'a>>,
    /// The type of provenance that the record announces, where we do not know it.
    #[serde(skip)]
    announced: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub(super) struct Attestation<'a> {
    pub predicate_type: String,
    #[serde(borrow)]
    pub bundle: &'a RawValue,
    /// What the statement itself says, where the response announces something unknown.
    #[serde(skip)]
    signed_type: Option<String>,
}

impl Attestation<'_> {
    /// Which claim it is about. The response's word alone does not keep an attestation of a known
    /// kind from being judged; that it is another's is then what it is refused for.
    fn kind(&self) -> &str {
        self.signed_type.as_deref().unwrap_or(&self.predicate_type)
    }

    fn peek(&self) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Statement {
            predicate_type: String,
        }
        let bundle = Bundle::parse(self.bundle.get().as_bytes()).ok()?;
        let statement: Statement =
            serde_json::from_slice(bundle.envelope()?.payload.as_bytes()).ok()?;
        Some(statement.predicate_type).filter(|kind| is_known(kind))
    }
}

fn is_known(kind: &str) -> bool {
    kind == publish::PREDICATE_TYPE || slsa::PREDICATE_TYPES.contains(&kind)
}

impl<'a> AttestationResponse<'a> {
    /// Reads a response; what stands for one that is missing follows from the answer and the record.
    pub fn read(answer: Answer<'a>, record: &RecordOutcome) -> Result<Self, Unusable> {
        if let Some(nothing) = Nothing::of(answer, record) {
            return Err(Unusable::Nothing(nothing));
        }
        let bytes = answer.bytes().unwrap_or_default();
        let mut response = Self::parse(bytes).map_err(Unusable::Refused)?;
        if response.attestations.is_empty() {
            return Err(Unusable::Nothing(Nothing::listed(record.given())));
        }
        let announced = record.given().and_then(|record| record.announced_provenance.clone());
        response.announced = announced.filter(|kind| !is_known(kind));
        Ok(response)
    }

    fn parse(bytes: &'a [u8]) -> Result<Self, AttestationRefusal> {
        let values = json::values(bytes);
        if values > limits::EVIDENCE_VALUES {
            return Err(AttestationRefusal::TooManyValues(values));
        }
        let mut response: Self = serde_json::from_slice(bytes)
            .map_err(|error| AttestationRefusal::MalformedResponse(error.to_string()))?;
        let count = response.attestations.len();
        if count > limits::ATTESTATIONS {
            return Err(AttestationRefusal::TooMany(count));
        }
        for attestation in &mut response.attestations {
            if !is_known(&attestation.predicate_type) {
                attestation.signed_type = attestation.peek();
            }
        }
        Ok(response)
    }

    /// The attestations of certain kinds.
    pub fn of_kinds(&self, wanted: impl Fn(&str) -> bool) -> Vec<&Attestation<'a>> {
        self.attestations.iter().filter(|attestation| wanted(attestation.kind())).collect()
    }

    /// Whether an attestation of this kind is provenance: of a type that is known, or of the one
    /// that the registry's record calls provenance.
    pub fn is_provenance(&self, kind: &str) -> bool {
        slsa::PREDICATE_TYPES.contains(&kind) || self.announced.as_deref() == Some(kind)
    }

    pub fn unexamined(&self) -> Vec<String> {
        self.attestations
            .iter()
            .map(Attestation::kind)
            .filter(|kind| !is_known(kind) && !self.is_provenance(kind))
            .map(bounded)
            .collect()
    }
}
