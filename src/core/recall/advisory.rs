//! An advisory: one record in the OSV format, of which this reads what says whom it concerns.
//!
//! The bytes are carried as received; nothing is written from what was read.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    PackageName,
    range::{self, Event, EventKind},
};
use crate::core::{
    json::{self, objects_only},
    limits,
    package::PackageId,
    time,
};

/// Why a record is not an advisory that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvisoryError {
    /// Not the JSON of an OSV record.
    #[error("it is not an OSV record: {0}")]
    Json(String),
    /// More than [`limits::ADVISORY_BYTES`].
    #[error("it has {0} bytes, more than {max}", max = limits::ADVISORY_BYTES)]
    Size(u64),
    /// More than [`limits::ADVISORY_VALUES`].
    #[error("it has {0} values, more than {max}", max = limits::ADVISORY_VALUES)]
    Values(usize),
    /// Empty, too long, or not of the characters of an id.
    #[error("its id {0:?} is not one of OSV")]
    Id(String),
}

impl AdvisoryError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "advisory-json",
            Self::Size(_) => "advisory-size",
            Self::Values(_) => "advisory-values",
            Self::Id(_) => "advisory-id",
        }
    }
}

/// One record: which versions of which packages it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Its id, such as `MAL-2026-1`.
    pub id: String,
    /// What it says in one line; empty if it says nothing.
    pub summary: String,
    is_malicious: bool,
    is_withdrawn: bool,
    affected: Vec<AffectedName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct AffectedName {
    name: PackageName,
    versions: Vec<String>,
    ranges: Vec<Vec<Event>>,
    /// No version is named, or a range is of a type or a form that nobody here can evaluate.
    is_unclear: bool,
}

impl Advisory {
    /// Parses a record. Members that this program has no use for are passed over, and those that decide
    /// nothing may have any form.
    ///
    /// # Errors
    /// [`AdvisoryError`] says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, AdvisoryError> {
        let size = bytes.len() as u64;
        if size > limits::ADVISORY_BYTES {
            return Err(AdvisoryError::Size(size));
        }
        let values = json::values(bytes);
        if values > limits::ADVISORY_VALUES {
            return Err(AdvisoryError::Values(values));
        }
        let record: OsvRecord = serde_json::from_slice(bytes)
            .map_err(|error| AdvisoryError::Json(error.to_string()))?;
        if !is_id(&record.id) {
            return Err(AdvisoryError::Id(record.id));
        }
        let is_malicious = record.id.starts_with("MAL-") || has_origins(record.database_specific)?;
        Ok(Self {
            is_malicious,
            is_withdrawn: text(record.withdrawn).is_some_and(|text| time::parse(&text).is_some()),
            summary: text(record.summary).unwrap_or_default(),
            affected: record.affected.into_iter().filter_map(AffectedName::of).collect(),
            id: record.id,
        })
    }

    /// Whether it counts in a recall: it is about malicious packages and was not withdrawn.
    pub fn counts(&self) -> bool {
        self.is_malicious && !self.is_withdrawn
    }

    /// The packages that it names, of ecosystems that are known.
    pub fn names(&self) -> impl Iterator<Item = &PackageName> {
        self.affected.iter().map(|affected| &affected.name)
    }

    /// Whether it concerns this version of a package, from whatever registry that is.
    pub fn concerns(&self, id: &PackageId) -> bool {
        let name = PackageName::of(id);
        self.affected.iter().any(|affected| affected.name == name && affected.holds(id))
    }
}

impl AffectedName {
    /// What a record says of one package. `None` without a package, or where no package that is known
    /// can have that name.
    fn of(record: RecordAffected) -> Option<Self> {
        let package = record.package?;
        let name = PackageName::of_advisory(&package.ecosystem, &package.name)?;
        let mut affected =
            Self { name, versions: record.versions, ranges: Vec::new(), is_unclear: false };
        for range in record.ranges {
            match range.kind.as_str() {
                "SEMVER" | "ECOSYSTEM" => {
                    let events: Option<Vec<_>> =
                        range.events.into_iter().map(RecordEvent::events).collect();
                    match events {
                        Some(events) => affected.ranges.push(events.concat()),
                        None => affected.is_unclear = true,
                    }
                }
                // Commits: versions are listed beside them.
                "GIT" => {}
                _ => affected.is_unclear = true,
            }
        }
        // Without a version, all of them are meant.
        affected.is_unclear |= affected.versions.is_empty() && affected.ranges.is_empty();
        Some(affected)
    }

    fn holds(&self, id: &PackageId) -> bool {
        self.is_unclear
            || self.versions.iter().any(|version| version == id.version())
            || self.ranges.iter().any(|events| range::includes(id, events))
    }
}

/// Whether a text can be an id, such as `MAL-2026-1`: of letters, digits and `-._:+`. An id is shown in a terminal and
/// names an entry.
fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:+".contains(&byte);
    (1..=limits::ADVISORY_ID_BYTES).contains(&id.len()) && id.bytes().all(plain)
}

objects_only!(OsvRecord, Specific, RecordAffected, RecordPackage, RecordRange, RecordEvent);

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct OsvRecord {
    id: String,
    // These three may have any form: a wrong form must not stop the record from naming its packages.
    #[serde(default)]
    summary: Option<Box<RawValue>>,
    #[serde(default)]
    withdrawn: Option<Box<RawValue>>,
    #[serde(default)]
    database_specific: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "list")]
    affected: Vec<RecordAffected>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Specific {
    #[serde(default, rename = "malicious-packages-origins")]
    origins: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct RecordAffected {
    #[serde(default)]
    package: Option<RecordPackage>,
    #[serde(default, deserialize_with = "list")]
    ranges: Vec<RecordRange>,
    #[serde(default, deserialize_with = "list")]
    versions: Vec<String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct RecordPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct RecordRange {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "list")]
    events: Vec<RecordEvent>,
}

/// An event has one of these; records of earlier versions of the schema have several.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct RecordEvent {
    #[serde(default)]
    introduced: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    last_affected: Option<String>,
    #[serde(default)]
    limit: Option<String>,
}

impl RecordEvent {
    /// The events in it. `None` if it has no event that this program knows: then nobody can say which versions the
    /// range holds.
    fn events(self) -> Option<Vec<Event>> {
        let Self { introduced, fixed, last_affected, limit } = self;
        let events = [
            (EventKind::Introduced, introduced),
            (EventKind::Fixed, fixed),
            (EventKind::LastAffected, last_affected),
            (EventKind::Limit, limit),
        ];
        let events = events.into_iter().filter_map(|(kind, version)| Some((kind, version?)));
        Some(events.collect()).filter(|events: &Vec<_>| !events.is_empty())
    }
}

/// The text of a member, unless it is something else.
fn text(member: Option<Box<RawValue>>) -> Option<String> {
    serde_json::from_str(member?.get()).ok()
}

/// Whether a record lists where it was found that a package is malicious.
fn has_origins(specific: Option<Box<RawValue>>) -> Result<bool, AdvisoryError> {
    let Some(specific) = specific else { return Ok(false) };
    let specific: Option<Specific> = serde_json::from_str(specific.get())
        .map_err(|error| AdvisoryError::Json(error.to_string()))?;
    Ok(specific.is_some_and(|specific| specific.origins.is_some()))
}

/// A list, or `null`, which some writers put for an empty one. The values of a record are counted before.
fn list<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    json: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(json)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
