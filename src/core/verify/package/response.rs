//! The registry's attestation response, and what it may be refused for.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::core::{
    limits,
    verdict::{Absence, Verdict},
    verify::{provenance, publish},
};

/// Why an attestation response, or an attestation in it, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationRefusal {
    /// The response cannot be read.
    #[error("malformed attestation response: {0}")]
    MalformedResponse(String),
    /// More attestations than allowed.
    #[error("{0} attestations, more than {max}", max = limits::ATTESTATIONS)]
    TooMany(usize),
    /// The response announces another predicate than the statement has.
    #[error("announced as {announced:?}, but the statement's predicate is {found:?}")]
    OtherPredicate {
        /// The response's word.
        announced: String,
        /// The statement's.
        found: String,
    },
    /// The content is no statement.
    #[error("a plain signature, where a statement is expected")]
    NoStatement,
    /// A publish attestation that names no key.
    #[error("the publish attestation names no key")]
    NoKey,
    /// The tarball's SHA-512, which npm's statements name, was not computed.
    #[error("the tarball's sha512 digest was not computed")]
    NoDigest,
    /// Two attestations of one kind that say different things.
    #[error("two attestations of this kind, which differ in their {0}")]
    Contradiction(&'static str),
}

impl AttestationRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MalformedResponse(_) => "malformed-response",
            Self::TooMany(_) => "too-many-attestations",
            Self::OtherPredicate { .. } => "predicate-type-mismatch",
            Self::NoStatement => "not-a-statement",
            Self::NoKey => "wrong-key-material",
            Self::NoDigest => "digest-not-computed",
            Self::Contradiction(_) => "contradicting-attestations",
        }
    }
}

/// Why there is nothing to look at.
pub(super) enum Absent {
    Known(Absence),
    Refused(AttestationRefusal),
}

/// The attestations of certain kinds, or the verdict for lack of them.
pub(super) fn select<'r, F>(
    response: &'r Result<Response<'r>, Absent>,
    kinds: &[&str],
) -> Result<Vec<&'r Attestation<'r>>, Verdict<F>> {
    match response {
        Err(Absent::Known(absence)) => Err(Verdict::Absent(absence.clone())),
        Err(Absent::Refused(why)) => Err(Verdict::Refused(why.clone().into())),
        Ok(response) => Ok(response
            .attestations
            .iter()
            .filter(|attestation| kinds.contains(&attestation.predicate_type.as_str()))
            .collect()),
    }
}

/// The registry's attestation response. Its own words are not signed, so unknown fields in it
/// are passed over; in the bundles they are not.
#[derive(Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub attestations: Vec<Attestation<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attestation<'a> {
    pub predicate_type: String,
    #[serde(borrow)]
    pub bundle: &'a RawValue,
}

impl<'a> Response<'a> {
    /// Parses a response; `absence` is what to say if there is none, or an empty one.
    pub fn parse(bytes: Option<&'a [u8]>, absence: Absence) -> Result<Self, Absent> {
        let Some(bytes) = bytes else { return Err(Absent::Known(absence)) };
        let response: Self = serde_json::from_slice(bytes).map_err(|error| {
            Absent::Refused(AttestationRefusal::MalformedResponse(error.to_string()))
        })?;
        let count = response.attestations.len();
        if count > limits::ATTESTATIONS {
            return Err(Absent::Refused(AttestationRefusal::TooMany(count)));
        }
        if count == 0 {
            return Err(Absent::Known(absence));
        }
        Ok(response)
    }

    pub fn unexamined(&self) -> Vec<String> {
        self.attestations
            .iter()
            .map(|attestation| attestation.predicate_type.as_str())
            .filter(|kind| {
                *kind != publish::PREDICATE_TYPE && !provenance::PREDICATE_TYPES.contains(kind)
            })
            .map(str::to_owned)
            .collect()
    }
}
