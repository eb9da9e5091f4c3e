//! What a stored report says of each entry and each package.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ByName;
use crate::{app::report::Verdict, core::verdict::Status};

/// A lockfile entry, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredEntry {
    /// Its path; empty for the project itself.
    pub path: String,
    /// The line of the lockfile on which it begins, from 1.
    pub line: usize,
    /// Whether installing goes on without it where it cannot be had.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What becomes of it.
    pub disposition: String,
    /// The purl of the package that it is, or that bundles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// What binds it to the package's bytes: an algorithm, or `signature`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_by: Option<String>,
    /// `sha1`, where a signature pins it and that is its only hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether the lockfile gives another address than the package's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_address: bool,
    /// Why it is denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<StoredDenial>,
    /// What it would be denied for, were there no exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<StoredDenial>,
}

/// A reason to refuse, whether it is excused or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredDenial {
    /// A stable code.
    pub code: String,
    /// The claim that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// For a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The number of the exception that excuses it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<usize>,
}

/// A package, and what was found of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPackage {
    /// The purl.
    pub purl: String,
    /// The registry whose keys and names were expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// SHA-256 of its bytes in hexadecimal, where that is what its ecosystem signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// SHA-512 of its bytes in hexadecimal, where that is what its ecosystem signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha512: Option<String>,
    /// `verified` or `refused`.
    pub verdict: Verdict,
    /// When its version was published, as the registry's record says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The rules that select it, from 1.
    pub rules: Vec<usize>,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<StoredDenial>,
    /// What is excused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excused: Vec<StoredDenial>,
    /// What the policy only warns of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warned: Vec<StoredDenial>,
    /// What verifies and is weak.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weak: Vec<String>,
    /// Predicate types that no claim is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexamined: Vec<String>,
    /// What verifies and is not understood, beside what is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecognized: Vec<StoredUnrecognized>,
    /// What became of each claim, in the order of verification.
    pub claims: ByName<StoredClaim>,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredClaim {
    /// What became of it.
    pub status: Status,
    /// The facts, or the reason.
    #[serde(flatten)]
    pub found: Map<String, Value>,
}

impl StoredClaim {
    /// A fact that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.found.get(name)?.as_str()
    }
}

/// An attestation that verifies and is not understood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredUnrecognized {
    /// The claim that it would be for.
    pub claim: String,
    /// What was found.
    pub found: Map<String, Value>,
}
