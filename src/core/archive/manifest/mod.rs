//! The archive's manifest: an in-toto Statement v1 whose subjects are the archive's entries.
//!
//! This is what gets signed. It says what the archive holds, and where each byte came from. The format
//! is specified in `man/sealift-archive.5`.
//!
//! A [`Manifest`] holds together: all names it uses are entries, and all entries are used.
//! [`crate::adapters::archive`] finds out whether the archive holds those entries. The rules of each
//! ecosystem judge the evidence in them ([`crate::core::rules`]).

mod check;
mod error;
mod predicate;

use serde::{Deserialize, Serialize};

pub use error::ManifestError;
pub use predicate::{CarriedTrust, Package, Part, Predicate, Tool, TrustSource};

use predicate::present;

use crate::core::{
    json::{self, objects_only},
    limits,
    package::{
        Purl,
        digest::{Algorithm, Digest},
    },
    time::Time,
};

/// The type of an in-toto statement, version 1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The predicate type of an archive of version 1.
pub const PREDICATE_TYPE: &str = "urn:sealift:archive:v1";

/// The version of the format that this code reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// One entry of the archive, as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The entry's name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest: of an artifact by the algorithm that its ecosystem signs, of everything else SHA-256.
    pub digest: Digest,
}

/// A manifest that holds together. [`Manifest::parse`] and [`Manifest::build`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    subjects: Vec<Subject>,
    predicate: Predicate,
    /// The purl of each package, in the predicate's order.
    purls: Vec<Purl>,
    sealed_at: Time,
}

impl Manifest {
    /// Parses the signed payload.
    ///
    /// # Errors
    /// [`ManifestError`] names the first rule that it breaks.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let longest = json::longest_text(bytes);
        if longest > limits::MANIFEST_TEXT_BYTES {
            return Err(ManifestError::Text(longest));
        }
        let statement: Statement = serde_json::from_slice(bytes).map_err(|error| {
            // A later version has other fields. The error names the version, not the new field.
            match serde_json::from_slice::<Head>(bytes) {
                Ok(head) if head.predicate_type != PREDICATE_TYPE => {
                    ManifestError::PredicateType(head.predicate_type)
                }
                _ => ManifestError::Json(error.to_string()),
            }
        })?;
        if statement.kind != STATEMENT_TYPE {
            return Err(ManifestError::StatementType(statement.kind));
        }
        if statement.predicate_type != PREDICATE_TYPE {
            return Err(ManifestError::PredicateType(statement.predicate_type));
        }
        let subjects =
            statement.subject.into_iter().map(Listed::parse).collect::<Result<_, _>>()?;
        Self::checked(subjects, statement.predicate)
    }

    /// Builds a manifest. It sorts every list whose order has no meaning, so that the same
    /// content gives the same bytes.
    ///
    /// # Errors
    /// As [`Manifest::parse`]: what is built can be read.
    pub fn build(
        mut predicate: Predicate,
        mut subjects: Vec<Subject>,
    ) -> Result<Self, ManifestError> {
        subjects.sort_by(|a, b| a.name.cmp(&b.name));
        predicate.sort();
        // It is checked before it is written, for exact errors. Then it is read, as the other side reads it.
        Self::parse(&Self::checked(subjects, predicate)?.to_json())
    }

    fn checked(subjects: Vec<Subject>, predicate: Predicate) -> Result<Self, ManifestError> {
        let (purls, sealed_at) = check::all(&subjects, &predicate)?;
        Ok(Self { subjects, predicate, purls, sealed_at })
    }

    /// The statement as JSON, without white space, fields in the order of the specification.
    pub fn to_json(&self) -> Vec<u8> {
        let statement = Statement {
            kind: STATEMENT_TYPE.to_owned(),
            subject: self.subjects.iter().map(Listed::of).collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate: self.predicate.clone(),
        };
        // Strings, numbers and lists: there is nothing in it that serialising could refuse.
        serde_json::to_vec(&statement).unwrap_or_default()
    }

    /// All entries of the archive but the envelope, sorted by name.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The entry of that name.
    pub fn subject(&self, name: &str) -> Option<&Subject> {
        self.subjects.get(position(&self.subjects, name)?)
    }

    /// The predicate as written.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// When the archive was sealed.
    pub fn sealed_at(&self) -> Time {
        self.sealed_at
    }

    /// The packages, sorted by purl.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = (&Purl, &Package)> {
        self.purls.iter().zip(&self.predicate.packages)
    }

    /// The entries that carry the TUF repository of an instance, `trust/INSTANCE/…`.
    pub fn trust_entries(&self, instance: &str) -> impl Iterator<Item = &Subject> {
        let folder = format!("trust/{instance}/");
        self.subjects.iter().filter(move |subject| subject.name.starts_with(&folder))
    }
}

fn position(subjects: &[Subject], name: &str) -> Option<usize> {
    subjects.binary_search_by(|subject| subject.name.as_str().cmp(name)).ok()
}

impl Predicate {
    /// Puts every list into the order that a manifest has it in.
    pub(crate) fn sort(&mut self) {
        self.inputs.sort();
        self.trust.sort_by(|a, b| a.instance.cmp(&b.instance));
        self.packages.sort_by(|a, b| a.purl.cmp(&b.purl));
    }
}

objects_only!(both Statement, Listed, DigestSet, Annotations);
objects_only!(Head);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Listed>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

/// The field that says the version of a statement.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Head {
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

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

#[cfg(test)]
mod tests;
