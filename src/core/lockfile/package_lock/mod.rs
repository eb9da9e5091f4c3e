//! npm's `package-lock.json` and `npm-shrinkwrap.json`, `lockfileVersion` 1 to 4, whatever their name.
//!
//! What npm would download is to be collected, whatever else an entry says of itself: the rules
//! follow Arborist, npm's own reader (`shrinkwrap.js`, `node.js`), and where that leaves a choice,
//! collecting one package too many is preferred to leaving one out.

mod classify;
mod edges;
mod json;
mod packages;
pub mod secrets;
mod sections;
mod v1;

use super::{Entry, Kind, Lockfile, LockfileError, check_objects, objects};

/// Reads a lockfile. The content says what it is; of the name it only counts whether it is
/// `npm-shrinkwrap.json`.
///
/// # Errors
/// When anything in it cannot be understood for certain.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Lockfile, LockfileError> {
    let kind = Kind::of(file_name);
    // Editors on Windows write a byte order mark, and npm skips it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(LockfileError::Empty);
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0) {
        return Err(LockfileError::NotUtf8);
    }
    // A conflict marker of a merge may come first: then it is JSON that is broken.
    if !matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'<')) {
        return Err(LockfileError::UnknownFormat(other_format(bytes)));
    }
    // An entry of a few bytes takes some hundred in memory.
    check_objects(objects(bytes))?;
    let head: json::Head<'_> = json::read(bytes)?;
    let version = head.version()?;
    let raw = match version {
        // npm 7 and later would read `packages`, npm 6 `dependencies`: two files in one.
        1 if head.packages.is_some() => return Err(LockfileError::PackagesInVersion1),
        1 => v1::entries(bytes)?,
        _ if head.packages.is_none() => return Err(LockfileError::NoPackages(version)),
        _ => packages::entries(bytes)?,
    };
    let entries = classify::classify(raw)?;
    // npm 6 reads this section of a file of any version.
    if version != 1 && head.dependencies.is_some() {
        sections::require_agreement(&entries, &classify::classify(v1::entries(bytes)?)?)?;
    }
    Ok(Lockfile { kind, version, entries })
}

/// Reads the `npm-shrinkwrap.json` in a package's tarball. Those of npm 2 to 4 have no
/// `lockfileVersion`, and npm reads them as version 1.
///
/// # Errors
/// As [`parse`].
pub fn parse_shrinkwrap(bytes: &[u8]) -> Result<Vec<Entry>, LockfileError> {
    match parse(Kind::NpmShrinkwrap.file_name(), bytes) {
        Err(LockfileError::OldShrinkwrap) => classify::classify(v1::entries(bytes)?),
        parsed => parsed.map(|lockfile| lockfile.entries),
    }
}

/// What a file that is not a JSON object looks like.
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
