//! The index of a store: what was verified of many archives, a row a line. `man/sealift-index.5` specifies it.
//!
//! A package whose evidence several archives share has one row: the rows of the archives name it by its
//! number. Rows are plain JSON, for other tools as well. Does not read files.

mod package;
mod query;
mod report;

use serde::{Deserialize, Serialize};

pub use self::{
    package::{PackageRow, RefusedClaim},
    query::{Query, QueryError},
    report::{ReportRow, RowSource, check_json},
};

/// The version of the index.
pub const SCHEMA: &str = "sealift-index/1";

/// The name of an index, in the folder of the archives.
pub const FILE: &str = "sealift-index.ndjson";

/// The first row: what the index is of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexHead {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that made it.
    pub tool: String,
    /// The time that everything was judged by.
    pub at: String,
    /// SHA-256 of the policy, in hex.
    pub policy: String,
    /// How many rows of archives, recalls and reports follow.
    pub files: usize,
    /// Files and folders that could not be looked at, so that archives in them are missing.
    pub unread: Vec<String>,
}

/// An archive, after the rows of its packages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveRow {
    /// Its path from the folder.
    pub archive: String,
    /// Its size before it was judged.
    pub bytes: u64,
    /// The time of its last change before it was judged; empty where the system did not say.
    pub modified: String,
    /// `verified`, `stale`, `refused`, or `unchecked` where it could not be examined.
    pub verdict: String,
    /// The code of the failure, where it was not examined to the end and the failure has one.
    pub code: Option<String>,
    /// The failure, where it was not examined to the end.
    pub message: Option<String>,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// When it was sealed.
    pub sealed_at: Option<String>,
    /// The names of the signers who have sealed it.
    pub signers: Vec<String>,
    /// The fingerprints of their keys.
    pub keys: Vec<String>,
    /// The keys that a refused seal names. Nothing was verified with them.
    pub claimed_keys: Vec<String>,
    /// How many packages are refused.
    pub packages_refused: usize,
    /// How many entries of its lockfiles are denied.
    pub entries_denied: usize,
    /// The numbers of its packages, in the order of its manifest.
    pub packages: Vec<u32>,
}

/// A recall that lies among the archives. It holds no package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecallRow {
    /// Its path from the folder.
    pub recall: String,
    /// Its size.
    pub bytes: u64,
    /// The time of its last change; empty where the system did not say.
    pub modified: String,
}

/// A row of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexRow {
    /// The first.
    Head(IndexHead),
    /// A package.
    Package(u32, Box<PackageRow>),
    /// An archive.
    Archive(ArchiveRow),
    /// A recall.
    Recall(RecallRow),
    /// A stored report.
    Report(ReportRow),
}

/// A line that is not a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a row of an index: {0}")]
pub struct RowError(String);

/// How each kind of row starts.
const HEAD: &str = r#"{"kind":"index","#;
const PACKAGE: &str = r#"{"kind":"package","package":"#;
const ARCHIVE: &str = r#"{"kind":"archive","#;
const RECALL: &str = r#"{"kind":"recall","#;
const REPORT: &str = r#"{"kind":"report","#;

impl IndexRow {
    /// Reads a line, in the form that [`IndexRow::line`] writes.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn parse(line: &[u8]) -> Result<Self, RowError> {
        let text = std::str::from_utf8(line).map_err(|error| RowError(error.to_string()))?;
        if let Some(rest) = text.strip_prefix(PACKAGE) {
            let (number, rest) =
                rest.split_once(',').ok_or_else(|| RowError("it ends after the number".into()))?;
            let number =
                number.parse().map_err(|_| RowError("its number is not a number".into()))?;
            return Ok(Self::Package(number, Box::new(members(rest)?)));
        }
        if let Some(rest) = text.strip_prefix(ARCHIVE) {
            return Ok(Self::Archive(members(rest)?));
        }
        if let Some(rest) = text.strip_prefix(RECALL) {
            return Ok(Self::Recall(members(rest)?));
        }
        if let Some(rest) = text.strip_prefix(REPORT) {
            return Ok(Self::Report(members(rest)?));
        }
        match text.strip_prefix(HEAD) {
            Some(rest) => Ok(Self::Head(members(rest)?)),
            None => Err(RowError("it starts otherwise".into())),
        }
    }

    /// The row as a line, without its end.
    pub fn line(&self) -> String {
        match self {
            Self::Head(head) => format!("{HEAD}{}", after(head)),
            Self::Package(number, package) => package_line(*number, &after(&**package)),
            Self::Archive(archive) => format!("{ARCHIVE}{}", after(archive)),
            Self::Recall(recall) => format!("{RECALL}{}", after(recall)),
            Self::Report(report) => format!("{REPORT}{}", after(report)),
        }
    }
}

/// The line of a package by its number and its [text](PackageRow::text).
pub fn package_line(number: u32, text: &str) -> String {
    format!("{PACKAGE}{number},{text}")
}

/// Reads members without the brace in front of them.
fn members<T: for<'de> Deserialize<'de>>(rest: &str) -> Result<T, RowError> {
    serde_json::from_str(&format!("{{{rest}")).map_err(|error| RowError(error.to_string()))
}

/// An object without its first brace. There is nothing in a row that serialising could refuse.
fn after(row: &impl Serialize) -> String {
    let text = serde_json::to_string(row).unwrap_or_default();
    text.get(1..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
