//! What is asked of an index: a package, an address that evidence names, or a key.

use super::{ArchiveRow, PackageRow, ReportRow};
use crate::core::{
    ecosystems,
    package::{PackageId, Purl, ecosystem::Ecosystem},
};

/// A text that asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a package, an address or a key")]
pub struct QueryError(String);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// One package from one origin.
    Purl(Purl),
    /// Packages of a name, wherever they are from: of one version, or of all.
    Package {
        /// The ecosystem, where it is named.
        ecosystem: Option<Ecosystem>,
        /// The name.
        name: String,
        /// The version.
        version: Option<String>,
    },
    /// What is at an address or below it: a repository, an owner, a workflow or another identity.
    Address(String),
    /// A key: of a registry, or of a signer of archives.
    Key(String),
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// When it is no package, address or key.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        if text.starts_with("pkg:") {
            return purl(text).ok_or_else(|| QueryError(text.to_owned()));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            let address = text.trim_end_matches('/');
            let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
            let is_address = !scheme.is_empty() && scheme.bytes().all(is_scheme);
            return match is_address && !rest.trim_matches('/').is_empty() {
                true => Ok(Self::Address(address.to_owned())),
                false => Err(QueryError(text.to_owned())),
            };
        }
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.starts_with("SHA256:") {
            return Ok(Self::Key(text.to_owned()));
        }
        if text.len() == 64 && is_hex(text) {
            return Ok(Self::Key(text.to_ascii_lowercase()));
        }
        package(text).ok_or_else(|| QueryError(text.to_owned()))
    }

    /// What kind of thing is asked for, as results name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Purl(_) | Self::Package { .. } => "package",
            Self::Address(_) => "address",
            Self::Key(_) => "key",
        }
    }

    /// The columns of a package's row in which it is found; empty if it is not.
    pub fn columns(&self, row: &PackageRow) -> Vec<&'static str> {
        match self {
            Self::Purl(purl) if purl.to_string() == row.purl => vec!["purl"],
            Self::Package { ecosystem, name, version }
                if *name == row.name
                    && version.as_ref().is_none_or(|version| *version == row.version)
                    && ecosystem.is_none_or(|one| one.to_string() == row.ecosystem) =>
            {
                vec!["purl"]
            }
            Self::Purl(_) | Self::Package { .. } => Vec::new(),
            Self::Address(address) => by_address(address, row),
            Self::Key(key) => by_key(key, row),
        }
    }

    /// The columns of an archive's row in which it is found: of keys alone.
    pub fn archive_columns(&self, row: &ArchiveRow) -> Vec<&'static str> {
        let Self::Key(key) = self else { return Vec::new() };
        let columns = [("keys", &row.keys), ("claimedKeys", &row.claimed_keys)];
        columns.into_iter().filter(|(_, keys)| keys.contains(key)).map(|(name, _)| name).collect()
    }

    /// The columns of a report's row in which it is found: of keys alone. Where the archive is in the folder, its own
    /// row says who has sealed it.
    pub fn report_columns(&self, row: &ReportRow) -> Vec<&'static str> {
        let Self::Key(key) = self else { return Vec::new() };
        let mut found = Vec::new();
        if row.archive.is_none() && row.keys.contains(key) {
            found.push("keys");
        }
        if row.report_keys.contains(key) {
            found.push("reportKeys");
        }
        found
    }
}

/// A purl with its origin, or one without qualifier, and perhaps without version.
fn purl(text: &str) -> Option<Query> {
    if let Some(purl) = ecosystems::parse_purl(text) {
        return Some(match text.contains('?') {
            true => Query::Purl(purl),
            false => named(purl.id(), true),
        });
    }
    // Without a version: any will do to read the name.
    let purl = ecosystems::parse_purl(&format!("{text}@0.0.0"))?;
    Some(named(purl.id(), false))
}

fn named(id: &PackageId, versioned: bool) -> Query {
    Query::Package {
        ecosystem: Some(id.ecosystem()),
        name: id.name().to_owned(),
        version: versioned.then(|| id.version().to_owned()),
    }
}

/// A package as policies and `bundle why` name it: with or without its ecosystem and its version.
fn package(text: &str) -> Option<Query> {
    let (ecosystem, bare) = match text.split_once(':') {
        Some((name, bare)) => (Some(ecosystems::named(name)?), bare),
        None => (None, text),
    };
    // A scope starts with an `@` as well.
    let (name, version) = match bare.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (name, Some(version)),
        _ => (bare, None),
    };
    let is_name =
        |ecosystem: Ecosystem| PackageId::new(ecosystem, name, version.unwrap_or("0.0.0")).is_ok();
    let known = match ecosystem {
        Some(ecosystem) => is_name(ecosystem),
        None => ecosystems::all().any(is_name),
    };
    known.then(|| Query::Package {
        ecosystem,
        name: name.to_owned(),
        version: version.map(str::to_owned),
    })
}

/// The columns that name the address, or something below it.
fn by_address(address: &str, row: &PackageRow) -> Vec<&'static str> {
    let columns = [
        ("sourceRepository", &row.source_repository),
        ("owner", &row.owner),
        ("workflow", &row.workflow),
        ("workflowFile", &row.workflow_file),
        ("publishIdentity", &row.publish_identity),
    ];
    let columns = columns.into_iter();
    let mut found: Vec<_> = columns
        .filter(|(_, text)| text.as_deref().is_some_and(|text| is_below(text, address)))
        .map(|(name, _)| name)
        .collect();
    if row.other_signers.iter().any(|signer| is_below(signer, address)) {
        found.push("otherSigners");
    }
    if row.refused.iter().any(|reason| names(&reason.detail, |word| is_below(word, address))) {
        found.push("refused");
    }
    found
}

/// The columns that name the key.
fn by_key(key: &str, row: &PackageRow) -> Vec<&'static str> {
    let columns = [("registryKeyid", &row.registry_keyid), ("publishKeyid", &row.publish_keyid)];
    let columns = columns.into_iter();
    let mut found: Vec<_> =
        columns.filter(|(_, keyid)| keyid.as_deref() == Some(key)).map(|(name, _)| name).collect();
    if row.other_keyids.iter().any(|keyid| keyid == key) {
        found.push("otherKeyids");
    }
    if row.refused.iter().any(|reason| names(&reason.detail, |word| word == key)) {
        found.push("refused");
    }
    found
}

/// Whether a text is an address, or continues it after the end of a segment. A workflow's ref follows an `@`.
/// Case does not count: hosts of repositories ignore it, and what is found too much does less harm than what
/// is not found.
fn is_below(text: &str, address: &str) -> bool {
    let (start, rest) = match text.split_at_checked(address.len()) {
        Some(parts) => parts,
        None => return false,
    };
    start.eq_ignore_ascii_case(address) && (rest.is_empty() || rest.starts_with(['/', '@']))
}

/// Whether a message has a word like that.
fn names(detail: &str, is: impl Fn(&str) -> bool) -> bool {
    let around = |c: char| matches!(c, '"' | '\'' | ',' | ';' | '(' | ')');
    detail.split_whitespace().any(|word| is(word.trim_matches(around)))
}
