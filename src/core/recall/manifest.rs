//! The manifest of a recall: an in-toto Statement v1 whose subjects are the entries of the file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PackageName;
use crate::core::{
    archive::{
        entry_name,
        manifest::{
            CarriedTrust, Listing, ManifestError, Subject, Tool, Uses, check_subjects, check_trust,
            check_version, exact_time, sorted, statement,
        },
    },
    json::{self, objects_only},
    limits,
    time::Time,
};

/// The predicate type of a recall of version 1.
pub const RECALL_TYPE: &str = "urn:sealift:recall:v1";

/// The folder of a recall that holds the advisories.
pub const ADVISORIES: &str = "advisories/";

/// The entry that holds the advisory of this id.
pub fn advisory_entry(id: &str) -> String {
    format!("{ADVISORIES}{}.json", entry_name::encode(id))
}

objects_only!(both RecallPredicate, AdvisoryOrigin);

/// What was asked for, from where, with which trust: the predicate of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct RecallPredicate {
    /// 1.
    pub format_version: u32,
    /// Name and version of the program that sealed.
    pub tool: Tool,
    /// When it was sealed.
    pub sealed_at: String,
    /// The names that were asked for, as package URLs without version, sorted. Of any other name the
    /// recall says nothing. The list is cut at [`limits::RECALL_NAMES`] plus one.
    #[serde(deserialize_with = "json::few::<_, _, { limits::RECALL_NAMES }>")]
    pub names: Vec<String>,
    /// Where the advisories are from.
    pub advisories: AdvisoryOrigin,
    /// The trust material, an instance each.
    pub trust: Vec<CarriedTrust>,
}

/// Where the advisories of a recall are from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct AdvisoryOrigin {
    /// The folder, file or address, as it was named.
    pub from: String,
    /// How many records of any kind were read there.
    pub records: u64,
    /// How many files there could not be read as records.
    pub unreadable: u64,
}

/// A manifest of a recall that holds together. [`Recall::parse`](Listing::parse) and [`Recall::build`]
/// make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    subjects: Vec<Subject>,
    predicate: RecallPredicate,
    names: BTreeSet<PackageName>,
    sealed_at: Time,
}

impl Recall {
    /// Builds a manifest, with every list in its order.
    ///
    /// # Errors
    /// As [`Recall::parse`](Listing::parse): what is built can be read.
    pub fn build(
        mut predicate: RecallPredicate,
        mut subjects: Vec<Subject>,
    ) -> Result<Self, ManifestError> {
        subjects.sort_by(|a, b| a.name.cmp(&b.name));
        predicate.names.sort();
        // It is checked before it is written, for exact errors. Then it is read, as the other side reads it.
        Self::parse(&Self::checked(subjects, predicate)?.to_json())
    }

    fn checked(subjects: Vec<Subject>, predicate: RecallPredicate) -> Result<Self, ManifestError> {
        check_version(predicate.format_version)?;
        check_subjects(&subjects)?;
        let sealed_at = exact_time("sealedAt", &predicate.sealed_at)?;
        if predicate.names.len() > limits::RECALL_NAMES {
            return Err(ManifestError::TooManyNames(predicate.names.len()));
        }
        sorted("names", &predicate.names, String::as_str)?;
        let name = |text: &String| {
            PackageName::parse(text).ok_or_else(|| ManifestError::Purl(text.clone()))
        };
        let names = predicate.names.iter().map(name).collect::<Result<_, _>>()?;
        let mut uses = Uses::new(&subjects);
        let advisories = uses.claim_folder(ADVISORIES);
        if advisories.len() > limits::RECALL_ADVISORIES {
            return Err(ManifestError::TooManyAdvisories(advisories.len()));
        }
        check_trust(&predicate.trust, sealed_at, &mut uses)?;
        uses.finish()?;
        Ok(Self { subjects, predicate, names, sealed_at })
    }

    /// The predicate as written.
    pub fn predicate(&self) -> &RecallPredicate {
        &self.predicate
    }

    /// Whether the recall asked about a name.
    pub fn asked(&self, name: &PackageName) -> bool {
        self.names.contains(name)
    }

    /// The names that it asked about.
    pub fn names(&self) -> &BTreeSet<PackageName> {
        &self.names
    }

    /// The entries that hold advisories.
    pub fn advisories(&self) -> impl Iterator<Item = &Subject> {
        self.subjects.iter().filter(|subject| subject.name.starts_with(ADVISORIES))
    }
}

impl Listing for Recall {
    fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let (subjects, predicate) = statement::parse(bytes, RECALL_TYPE)?;
        Self::checked(subjects, predicate)
    }

    fn to_json(&self) -> Vec<u8> {
        statement::to_json(&self.subjects, RECALL_TYPE, &self.predicate)
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn trust(&self) -> &[CarriedTrust] {
        &self.predicate.trust
    }

    fn sealed_at(&self) -> Time {
        self.sealed_at
    }
}

#[cfg(test)]
mod tests;
