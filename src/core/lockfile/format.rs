//! The formats of lockfiles that sealift reads. A new one is a file beside [`package_lock`], and a line
//! here.

use std::fmt;

use super::{Entry, Lockfile, LockfileError, check_objects, objects, package_lock};
use crate::core::package::ecosystem::Ecosystem;

/// A format of lockfiles.
pub struct Format {
    /// What reports call it: the name that its package manager gives such a file.
    pub name: &'static str,
    /// The ecosystem of the packages that it asks for.
    pub ecosystem: Ecosystem,
    /// The names of the files that its package manager reads. Those that lie beside each other count
    /// together.
    pub file_names: &'static [&'static str],
    /// What a reader of a report must know of a file of this name; empty for most.
    pub note: fn(file_name: &str) -> &'static str,
    /// A file beside it that its package manager takes addresses from, for entries without one.
    pub addresses_from: Option<&'static str>,
    /// Whether a text looks like this format.
    pub is_format: fn(&[u8]) -> bool,
    /// Reads a lockfile: the version of its format, and its entries.
    pub parse: fn(&[u8]) -> Result<Parsed, LockfileError>,
    /// Reads the lockfile in an artifact, which its package manager installs from as well.
    pub parse_inner: fn(&[u8]) -> Result<Vec<Entry>, LockfileError>,
    /// Takes credentials and queries out of addresses. Returns the bytes without them and how many
    /// there were; `None` where there were none.
    pub strip: fn(&[u8]) -> Result<Option<Stripped>, LockfileError>,
}

/// The version of a lockfile's format, and its entries.
pub type Parsed = (String, Vec<Entry>);

/// The bytes of a lockfile without its secrets, and how many those were.
pub type Stripped = (Vec<u8>, usize);

/// All of them. The first that a text looks like is the one that reads it.
static ALL: &[&Format] = &[
    #[cfg(test)]
    &crate::core::toy::LOCKFILE,
    &package_lock::FORMAT,
];

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Format {
    /// The file names of all formats.
    pub(super) fn all_file_names() -> impl Iterator<Item = &'static str> {
        ALL.iter().flat_map(|format| format.file_names.iter().copied())
    }
}

/// Reads a lockfile. The content says what it is, whatever its name.
///
/// # Errors
/// When anything in it cannot be understood for certain.
pub fn parse(bytes: &[u8]) -> Result<Lockfile, LockfileError> {
    // Editors on Windows write a byte order mark, and package managers skip it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(LockfileError::Empty);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0) {
        return Err(LockfileError::NotUtf8);
    }
    let format = ALL.iter().find(|format| (format.is_format)(bytes));
    let format = format.ok_or_else(|| LockfileError::UnknownFormat(other_format(bytes)))?;
    // An entry of a few bytes takes some hundred in memory.
    check_objects(objects(bytes))?;
    let (version, entries) = (format.parse)(bytes)?;
    Ok(Lockfile { format, version, entries })
}

/// What a file of an unknown format looks like.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let has = |text: &str| bytes.windows(text.len()).take(4096).any(|at| at == text.as_bytes());
    [
        ("# yarn lockfile v1", "a yarn.lock of Yarn 1"),
        ("__metadata:", "a yarn.lock of Yarn 2 or later"),
        ("lockfileVersion:", "a pnpm-lock.yaml"),
    ]
    .into_iter()
    .find_map(|(mark, name)| has(mark).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ecosystems::rules;

    #[test]
    fn every_format_is_of_an_ecosystem_with_rules() {
        for format in ALL {
            assert_eq!(rules(format.ecosystem).ecosystem, format.ecosystem, "{}", format.name);
        }
    }
}
