//! The predicate of the manifest: what was collected, from where, with which trust.
//!
//! These are the fields as they are written; [`super::Manifest`] is what has been checked.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, SeqAccess, Visitor},
};

use crate::core::{digest::Integrity, json::objects_only, limits, text::bounded};

objects_only!(both Predicate, Tool, Input, Trust, Role, Package, Need, OutOfScope, Request);

/// What was collected, from where, with which trust: the predicate of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicate {
    /// 1.
    pub format_version: u32,
    /// Name and version of the program that sealed.
    pub tool: Tool,
    /// When it was sealed, RFC 3339 in UTC: the reference time of the carried trust metadata.
    pub sealed_at: String,
    /// The lockfiles.
    pub inputs: Vec<Input>,
    /// The trust material, an instance each.
    pub trust: Vec<Trust>,
    /// The packages, sorted by name and version.
    pub packages: Vec<Package>,
    /// Lockfile entries that were not collected, and why.
    pub out_of_scope: Vec<OutOfScope>,
    /// Every request of the collection, so that "no attestation" is something the signers vouch for.
    pub collection: Vec<Request>,
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

/// A lockfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Input {
    /// The entry that holds it, `inputs/…`.
    pub entry: String,
    /// `package-lock` or `npm-shrinkwrap`.
    pub kind: String,
    /// `lockfileVersion`.
    pub lockfile_version: u32,
}

/// The trust material of one Sigstore instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Trust {
    /// `public-good`, `github`, `staging`, or a private one's name.
    pub instance: String,
    /// How it came: carried as a TUF repository under `trust/INSTANCE/`, or not carried.
    pub source: TrustSource,
    /// The roles with their versions and expiries; empty where TUF was not involved.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// When the metadata was last checked against the repository, RFC 3339; `None` where never.
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

/// One role of a TUF repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// `root`, `timestamp`, `snapshot`, `targets` or a delegated role.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Its expiry, RFC 3339.
    pub expires: String,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// The package URL.
    pub purl: String,
    /// The npm name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The registry whose keys and names are expected, an address without credentials.
    pub registry: String,
    /// The entry that holds the tarball.
    pub artifact: String,
    /// The entry that holds the registry's record of this version.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The entry that holds the attestation response.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub attestations: Option<String>,
    /// The SRI strings that the lockfiles give, each once, sorted. Empty if none gives any.
    #[serde(deserialize_with = "hashes")]
    pub integrity: Vec<String>,
    /// Which lockfile entries need it.
    pub needed_by: Vec<Need>,
}

/// Places in a lockfile that need a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Need {
    /// The entry of the lockfile, as in [`Input::entry`].
    pub input: String,
    /// Install paths in it, `node_modules/…`.
    #[serde(deserialize_with = "install_paths")]
    pub paths: Vec<String>,
}

/// A lockfile entry that was not collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct OutOfScope {
    /// The entry of the lockfile, as in [`Input::entry`].
    pub input: String,
    /// The install path in it.
    pub entry: String,
    /// Why.
    pub reason: String,
}

/// One request of the collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// The address, without credentials, query or fragment.
    pub url: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// When it was answered, RFC 3339.
    pub time: String,
}

/// A field that may be left out, but is not `null` where it is there: one form for one meaning.
pub(super) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A list that may be left out, but has something in it where it is there.
fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Role>, D::Error> {
    match Vec::deserialize(deserializer)? {
        list if list.is_empty() => Err(D::Error::custom("an empty list of roles")),
        list => Ok(list),
    }
}

fn hashes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    texts(deserializer, "hashes", |text| Integrity::parse(text).is_ok())
}

fn install_paths<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let is_path =
        |text: &str| text.contains("node_modules/") && text.len() <= limits::INSTALL_PATH_BYTES;
    texts(deserializer, "install paths", is_path)
}

/// A list of texts, each checked as it is read. A manifest may be parsed before anybody's signature
/// on it is known, and a list of empty texts would take ten times the memory of its JSON.
fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
    is_one: fn(&str) -> bool,
) -> Result<Vec<String>, D::Error> {
    struct Texts(&'static str, fn(&str) -> bool);

    impl<'de> Visitor<'de> for Texts {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of {}", self.0)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
            let mut texts = Vec::new();
            while let Some(text) = list.next_element::<String>()? {
                if !self.1(&text) {
                    let text = bounded(&text);
                    return Err(A::Error::custom(format!("{text:?} among the {}", self.0)));
                }
                texts.push(text);
            }
            Ok(texts)
        }
    }

    deserializer.deserialize_seq(Texts(what, is_one))
}
