//! The report as it is stored: format 1, which `man/sealift-report.5` specifies. It is made from a
//! [`Report`](super::report::Report), and read again to be rendered. Fields may be added, never changed.
//!
//! All times are RFC 3339 in UTC. Texts may quote what is not trusted: escape them before they are shown.

mod found;
mod made;
mod named;
mod opened;
mod outputs;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    found::{StoredClaim, StoredDenial, StoredEntry, StoredPackage, StoredUnrecognized},
    named::ByName,
    opened::{
        OpenedReport, PAYLOAD_TYPE, ReportError, ReportOrigin, may_be_report, open, open_found,
        parse,
    },
    outputs::{Outputs, Render, Reporting, render},
};
use super::report::Verdict;

/// The `schema` of format 1.
pub const SCHEMA: &str = "sealift-report/1";

/// What a verification found, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredReport {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program that verified.
    pub tool: StoredTool,
    /// The verdict on the whole.
    pub verdict: Verdict,
    /// The reference time.
    pub at: String,
    /// Whether that time was given, in place of the clock's.
    pub at_given: bool,
    /// What was demanded.
    pub policy: StoredPolicy,
    /// How many packages each rule selects.
    pub rule_uses: Vec<RuleUse>,
    /// How often each exception is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exception_uses: Vec<ExceptionUse>,
    /// The archive.
    pub archive: StoredArchive,
    /// The trust material, an instance each.
    pub trust: Vec<StoredTrust>,
    /// How many packages and claims.
    pub summary: ReportSummary,
    /// What is older than its limit.
    pub past_limits: Vec<PastLimit>,
    /// The lockfiles in the archive.
    pub inputs: Vec<StoredInput>,
    /// This build's lockfiles.
    pub lockfiles: Vec<StoredLockfile>,
    /// Every package that there are bytes of.
    pub packages: Vec<StoredPackage>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A policy, with its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPolicy {
    /// The policy itself: what the digest is over.
    #[serde(flatten)]
    pub demands: Map<String, Value>,
    /// SHA-256 over the policy.
    pub digest: Sha256,
    /// The files that it was read from.
    pub files: Vec<StoredFile>,
}

impl StoredPolicy {
    /// The rules, with the keys of `[[rule]]`.
    pub fn rules(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.objects("rules")
    }

    /// The exceptions, with the keys of `[[exception]]`.
    pub fn exceptions(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.objects("exceptions")
    }

    /// Whose seals count: `name`, `keys` and, where they have an end, `until`.
    pub fn signers(&self) -> impl Iterator<Item = &Map<String, Value>> {
        self.objects("signers")
    }

    /// Whether every tarball was listed.
    pub fn deep(&self) -> bool {
        self.demands.get("deep").and_then(Value::as_bool).unwrap_or_default()
    }

    /// How many signers must have sealed.
    pub fn threshold(&self) -> u64 {
        self.demands.get("threshold").and_then(Value::as_u64).unwrap_or(1)
    }

    fn objects(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        let list = self.demands.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_object)
    }
}

/// A SHA-256, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sha256 {
    /// The digits.
    pub sha256: String,
}

/// A file with its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredFile {
    /// The file, as it was given.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// One who has sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredSigner {
    /// The name.
    pub name: String,
    /// The fingerprints of the keys.
    pub keys: Vec<String>,
}

/// How many packages a rule selects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleUse {
    /// Its number, from 1.
    pub number: usize,
    /// How many packages.
    pub packages: usize,
}

/// How often an exception is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionUse {
    /// Its number, from 1.
    pub number: usize,
    /// `used`, `unused`, `expired` or `not-yet`.
    pub state: String,
    /// How often.
    pub uses: usize,
    /// Days until it ends; negative once it has expired.
    pub days_left: i64,
}

/// The archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredArchive {
    /// The file, as it was given.
    pub file: String,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: String,
    /// When it was sealed.
    pub sealed_at: String,
    /// How long before the reference time that was.
    pub age_seconds: i64,
    /// The program that sealed it.
    pub tool: StoredTool,
    /// Those who have sealed it.
    pub signers: Vec<StoredSigner>,
    /// How many entries, with the envelope.
    pub entries: usize,
    /// How many bytes.
    pub bytes: u64,
}

/// Trust material of one instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredTrust {
    /// The Sigstore instance.
    pub instance: String,
    /// `archive`, `store`, `embedded` or `files`.
    pub source: String,
    /// The version of the TUF root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<u64>,
    /// The version of the TUF timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<u64>,
    /// When the first of the metadata expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When it was last checked against its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_at: Option<String>,
    /// When it was published, where it is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
    /// When the registry's keys were last checked, where the last update did not get them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys_checked_at: Option<String>,
    /// The age of the oldest part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// The identities that must sign the registries' publish attestations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishers: Vec<StoredPublisher>,
    /// What in it cannot be used, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<String>,
}

/// The identity that must sign a registry's publish attestations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPublisher {
    /// The registry.
    pub registry: String,
    /// Who issues the identity (OIDC).
    pub issuer: String,
    /// The identity.
    pub identity: String,
}

/// How many packages and claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportSummary {
    /// How many packages.
    pub packages: usize,
    /// How many of them are verified.
    pub verified: usize,
    /// How many are not.
    pub refused: usize,
    /// For each claim, how many packages have which status.
    pub claims: ByName<ClaimCounts>,
}

/// How many packages have which status of a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimCounts {
    /// Verified.
    pub verified: usize,
    /// Without evidence.
    pub absent: usize,
    /// Verified, and not understood.
    pub unrecognized: usize,
    /// Refused.
    pub refused: usize,
}

/// Something that is older than its limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastLimit {
    /// `archive` or `trust`.
    pub what: String,
    /// How old it is.
    pub age_seconds: i64,
    /// How old it may be.
    pub limit_seconds: i64,
}

/// A lockfile in the archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredInput {
    /// The entry of the archive that holds it.
    pub entry: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its format.
    pub format: String,
    /// The version of that format; empty where the format has none.
    pub format_version: String,
    /// How many entries have each disposition that any has.
    pub dispositions: ByName<usize>,
    /// Its entries.
    pub entries: Vec<StoredEntry>,
}

/// A lockfile of this build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredLockfile {
    /// The file, as it was given.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its format.
    pub format: String,
    /// The version of that format.
    pub format_version: String,
    /// `same bytes`, `same entries` or `subset`.
    pub relation: String,
    /// The archive's lockfile that it equals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// How many entries have each disposition that any has.
    pub dispositions: ByName<usize>,
    /// Its entries, where it equals none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<Vec<StoredEntry>>,
    /// The lines of its entries, where it has the same entries in other bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<usize>>,
}
