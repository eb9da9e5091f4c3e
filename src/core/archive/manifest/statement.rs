//! The in-toto statement of a signed file: its entries, and a predicate.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{ManifestError, STATEMENT_TYPE, Subject, predicate::present};
use crate::core::{
    json::{self, objects_only},
    limits,
    package::digest::{Algorithm, Digest},
};

/// Parses a statement of this predicate type.
pub(in crate::core) fn parse<P: DeserializeOwned>(
    bytes: &[u8],
    predicate_type: &str,
) -> Result<(Vec<Subject>, P), ManifestError> {
    let longest = json::longest_text(bytes);
    if longest > limits::MANIFEST_TEXT_BYTES {
        return Err(ManifestError::Text(longest));
    }
    // The derived type would also accept a list of the fields' values.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let said = "invalid type: sequence, expected an object";
        return Err(ManifestError::Json(said.to_owned()));
    }
    let statement: Statement<P> = serde_json::from_slice(bytes).map_err(|error| {
        // A later version has other fields. The error names the version, not the new field.
        match serde_json::from_slice::<Head>(bytes) {
            Ok(head) if head.predicate_type != predicate_type => {
                ManifestError::PredicateType(head.predicate_type)
            }
            _ => ManifestError::Json(error.to_string()),
        }
    })?;
    if statement.kind != STATEMENT_TYPE {
        return Err(ManifestError::StatementType(statement.kind));
    }
    if statement.predicate_type != predicate_type {
        return Err(ManifestError::PredicateType(statement.predicate_type));
    }
    let subjects = statement.subject.into_iter().map(Listed::parse).collect::<Result<_, _>>()?;
    Ok((subjects, statement.predicate))
}

/// A statement as JSON, without white space, fields in the order of the specification.
pub(in crate::core) fn to_json(
    subjects: &[Subject],
    predicate_type: &str,
    predicate: &impl Serialize,
) -> Vec<u8> {
    let statement = Statement {
        kind: STATEMENT_TYPE.to_owned(),
        subject: subjects.iter().map(Listed::of).collect(),
        predicate_type: predicate_type.to_owned(),
        predicate,
    };
    // Strings, numbers and lists: there is nothing in it that serialising could refuse.
    serde_json::to_vec(&statement).unwrap_or_default()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement<P> {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Listed>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: P,
}

/// The field that says the version of a statement.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

objects_only!(both Listed, DigestSet, Annotations);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Listed {
    name: String,
    digest: DigestSet,
    annotations: Annotations,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct DigestSet {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    sha512: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Annotations {
    size: u64,
}

impl Listed {
    fn parse(self) -> Result<Subject, ManifestError> {
        let digest = match (&self.digest.sha256, &self.digest.sha512) {
            (Some(hex), None) => Digest::from_hex(Algorithm::Sha256, hex),
            (None, Some(hex)) => Digest::from_hex(Algorithm::Sha512, hex),
            _ => None,
        };
        match digest {
            Some(digest) => Ok(Subject { name: self.name, size: self.annotations.size, digest }),
            None => Err(ManifestError::Digest(self.name)),
        }
    }

    fn of(subject: &Subject) -> Self {
        let hex =
            |algorithm| (subject.digest.algorithm() == algorithm).then(|| subject.digest.to_hex());
        Self {
            name: subject.name.clone(),
            digest: DigestSet { sha256: hex(Algorithm::Sha256), sha512: hex(Algorithm::Sha512) },
            annotations: Annotations { size: subject.size },
        }
    }
}
