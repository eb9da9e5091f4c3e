//! The predicate of the manifest: what was collected, from where, with which trust.
//!
//! These are the fields as they are written. A [`super::Manifest`] has been checked.

use serde::{Deserialize, Deserializer, Serialize};

use crate::core::{
    json::{self, objects_only},
    limits,
    text::bounded,
};

objects_only!(both Predicate, Tool, CarriedTrust, Package, Part);

/// What was collected, from where, with which trust: the predicate of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// 1.
    pub format_version: u32,
    /// Name and version of the program that sealed.
    pub tool: Tool,
    /// When it was sealed.
    pub sealed_at: String,
    /// The entries that hold the lockfiles, `inputs/N/FILE`. The list is cut at
    /// [`limits::ARCHIVE_ENTRIES`] plus one. A longer list is refused: one of its names is not an entry.
    #[serde(deserialize_with = "json::few::<_, _, { limits::ARCHIVE_ENTRIES }>")]
    pub inputs: Vec<String>,
    /// The packages, sorted by purl.
    pub packages: Vec<Package>,
    /// The trust material, an instance each.
    pub trust: Vec<CarriedTrust>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// `sealift`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The trust material of one Sigstore instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct CarriedTrust {
    /// `public-good`, `github`, `staging`, or a private one's name.
    pub instance: String,
    /// How it came: carried as a TUF repository under `trust/INSTANCE/`, or not carried.
    pub source: TrustSource,
    /// When the carried metadata was last checked against its repository: the time at which it is
    /// replayed. Only where it is carried.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub refreshed_at: Option<String>,
}

/// Where the trust material of a seal came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "String")] // as derived, `{"tuf": null}` would be one too
pub enum TrustSource {
    /// A TUF repository, carried in the archive.
    Tuf,
    /// What the sealing program has built in; not carried.
    Embedded,
    /// Files that the user pinned; not carried.
    Files,
}

impl TryFrom<String> for TrustSource {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.as_str() {
            "tuf" => Ok(Self::Tuf),
            "embedded" => Ok(Self::Embedded),
            "files" => Ok(Self::Files),
            _ => Err(format!("unknown source {:?}", bounded(&text))),
        }
    }
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// The package URL.
    pub purl: String,
    /// The registry whose keys and names are expected. A tarball that no registry gives has none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// Its bytes. Left out where the record's answer shows that there are none.
    #[serde(default, deserialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub artifact: Option<Part>,
    /// The registry's record of this version.
    #[serde(default, deserialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub record: Option<Part>,
    /// The registry's attestation response. Left out where it was not asked for, because the record
    /// announces none.
    #[serde(default, deserialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub attestations: Option<Part>,
}

/// One of the three things that are collected of a package: the entry that holds it, and the request
/// that brought it, or that brought the answer that the registry has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// The entry; left out where the registry has none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The address that was asked for, without credentials, query and fragment. Left out, with the
    /// next two, for a file of the project or one that was supplied.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The HTTP status of the answer.
    #[serde(default, deserialize_with = "number", skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When the registry answered.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<String>,
}

/// A field that may be left out, but is not `null` where it is there: one form for one meaning.
pub(super) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    u16::deserialize(deserializer).map(Some)
}

fn part<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Part>, D::Error> {
    <Part as Deserialize>::deserialize(deserializer).map(Some)
}
