//! npm's `package-lock.json` and `npm-shrinkwrap.json`, `lockfileVersion` 1 to 4, whatever their name.
//!
//! Everything that npm would download must be collected, whatever an entry says of itself. The rules
//! follow Arborist, npm's own reader (`shrinkwrap.js`, `node.js`). Where Arborist leaves a choice, one
//! package too many is better than one too few.

mod classify;
mod edges;
mod error;
mod json;
mod packages;
mod repository;
#[cfg(feature = "serve")]
mod rewrite;
mod secrets;
mod sections;
mod v1;

#[cfg(feature = "serve")]
pub use self::rewrite::ProjectDependency;
#[cfg(feature = "serve")]
pub(crate) use self::rewrite::{Redirect, rewrite};
pub use self::{error::PackageLockError, secrets::MalformedStrings};
use super::{Entry, LockfileError, format::Format};
use crate::core::npm::NPM;

/// `package-lock.json`, and `npm-shrinkwrap.json`: npm up to version 11 prefers the latter where both
/// are there, npm 12 does not read it.
pub(crate) static FORMAT: Format = Format {
    name: "package-lock.json",
    ecosystem: NPM,
    file_names: &["package-lock.json", "npm-shrinkwrap.json"],
    note: |file_name| match file_name {
        "npm-shrinkwrap.json" => "npm 12 does not read it",
        _ => "",
    },
    addresses_from: Some("yarn.lock"),
    // A conflict marker of a merge may come first. Then the file is broken JSON.
    is_format: |bytes| matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'<')),
    parse: |bytes| {
        let (version, entries) = parse(bytes)?;
        Ok((version.to_string(), entries))
    },
    parse_inner: |bytes| Ok(parse_shrinkwrap(bytes)?),
    strip,
};

/// Reads a lockfile: `lockfileVersion`, and its entries.
fn parse(bytes: &[u8]) -> Result<(u32, Vec<Entry>), PackageLockError> {
    let head: json::LockfileHead<'_> = json::read(bytes)?;
    let version = head.version()?;
    let raw = match version {
        // npm 7 and later would read `packages`, npm 6 `dependencies`: two files in one.
        1 if head.packages.is_some() => return Err(PackageLockError::PackagesInVersion1),
        1 => v1::entries(bytes)?,
        _ if head.packages.is_none() => return Err(PackageLockError::NoPackages(version)),
        _ => packages::entries(bytes)?,
    };
    let entries = classify::classify(raw)?;
    // npm 6 reads this section of a file of any version.
    if version != 1 && head.dependencies.is_some() {
        sections::require_agreement(&entries, &classify::classify(v1::entries(bytes)?)?)?;
    }
    Ok((version, entries))
}

/// Reads the `npm-shrinkwrap.json` in a package's tarball. Those of npm 2 to 4 have no
/// `lockfileVersion`, and npm reads them as version 1.
fn parse_shrinkwrap(bytes: &[u8]) -> Result<Vec<Entry>, PackageLockError> {
    match parse(bytes) {
        Err(PackageLockError::OldShrinkwrap) => classify::classify(v1::entries(bytes)?),
        parsed => parsed.map(|(_, entries)| entries),
    }
}

fn strip(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, LockfileError> {
    let found = secrets::find(bytes).map_err(PackageLockError::from)?;
    Ok((!found.is_empty()).then(|| (secrets::strip(bytes, &found), found.len())))
}

#[cfg(test)]
mod tests;
