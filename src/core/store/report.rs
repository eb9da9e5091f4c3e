//! The row of a stored report: what a file says of an archive, and whether anybody has signed that.

use serde::{Deserialize, Serialize};

use crate::core::json;

/// Looks at the JSON of a stored report before it is parsed: how many values it has, and whether an object in it has a
/// key twice, of which one would silently win.
///
/// # Errors
/// What is wrong.
pub fn check_json(report: &[u8], max: usize) -> Result<(), String> {
    if json::values(report) > max {
        return Err(format!("it has more than {max} values"));
    }
    match json::repeated_key(report) {
        Some(key) => Err(format!("the key {key} is there twice")),
        None => Ok(()),
    }
}

/// Who says what a row has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowSource {
    /// An archive, which was judged when the index was made.
    #[default]
    Archive,
    /// A stored report that a given key has signed.
    SignedReport,
    /// A stored report in an envelope, whose signatures no given key verifies.
    UnverifiedReport,
    /// A stored report that nobody has signed.
    UnsignedReport,
}

/// A stored report. All columns are in every row; `None` is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportRow {
    /// Its path from the folder.
    pub report: String,
    /// Its size before it was read.
    pub bytes: u64,
    /// The time of its last change before it was read; empty where the system did not say.
    pub modified: String,
    /// Who says what it says; `None` where it cannot be used.
    pub source: Option<RowSource>,
    /// The given keys that have signed it.
    pub report_keys: Vec<String>,
    /// The code of the failure, where it cannot be used and the failure has one.
    pub code: Option<String>,
    /// Why it cannot be used.
    pub message: Option<String>,
    /// The time that it was judged by, as it says.
    pub at: Option<String>,
    /// SHA-256 of the policy, as it says.
    pub policy: Option<String>,
    /// The verdict at that time, as it says.
    pub verdict: Option<String>,
    /// The archive's file, as it says.
    pub file: Option<String>,
    /// SHA-256 of the archive, as it says.
    pub sha256: Option<String>,
    /// When the archive was sealed, as it says.
    pub sealed_at: Option<String>,
    /// The names of the signers who have sealed the archive, as it says.
    pub signers: Vec<String>,
    /// The fingerprints of their keys, as it says.
    pub keys: Vec<String>,
    /// How many packages are refused, as it says.
    pub packages_refused: usize,
    /// The path of the archive of that SHA-256, where it is in the folder and was judged. That row has the packages.
    pub archive: Option<String>,
    /// The numbers of the packages, where the archive is not in the folder.
    pub packages: Vec<u32>,
}
