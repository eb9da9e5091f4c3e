//! Lists the files in a package's tarball that decide what is installed: its own `package.json`, the
//! packages that it bundles, its shrinkwrap, and what runs when it is installed.
//!
//! The reader follows node-tar, which npm uses: it cuts off the first component of a path, takes the last
//! of two files with one name, and ignores links. Where readers of tar differ, the tarball is refused as
//! ambiguous. What another reader would write outside the package's folder is refused too, though npm
//! skips it. Nothing is extracted.

mod headers;
mod inside;
mod scripts;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use self::headers::{Headers, TarMember};
use crate::core::{
    json::objects_only,
    limits,
    package::contents::{Contents, NameAndVersion},
};

objects_only!(Names);

/// Why a tarball cannot be listed. May quote it: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TarballError {
    /// Not a gzip file of a tar file, or one that ends too early.
    #[error("the tarball cannot be read: {0}")]
    Unreadable(String),
    /// Readers differ in what this form means.
    #[error("the tarball is ambiguous: {0}")]
    Ambiguous(String),
    /// An entry that would be written outside the package's folder, or is not a file, folder or link.
    #[error("the tarball reaches outside its package: {0}")]
    Escapes(String),
    /// Larger than [`limits::TARBALL_CONTENT_BYTES`] or [`limits::TARBALL_FILES`].
    #[error("the tarball has {0}")]
    TooLarge(String),
    /// No `package.json` in the first folder.
    #[error("the tarball has no package.json")]
    NoManifest,
    /// A `package.json` that cannot be read.
    #[error("{path} in the tarball is malformed: {detail}")]
    Manifest {
        /// Which one, from the package's folder.
        path: String,
        /// What is wrong.
        detail: String,
    },
}

impl TarballError {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "tarball-unreadable",
            Self::Ambiguous(_) => "tarball-ambiguous",
            Self::Escapes(_) => "tarball-escapes",
            Self::TooLarge(_) => "tarball-too-large",
            Self::NoManifest | Self::Manifest { .. } => "tarball-manifest",
        }
    }
}

/// Lists a tarball.
///
/// # Errors
/// [`TarballError`].
pub fn list(tarball: impl Read) -> Result<Contents, TarballError> {
    let Files { files, gyp } = files(tarball)?;
    contents(files, &gyp)
}

/// What a tarball says of its own package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// The text of its `package.json`, which is JSON of an object, as npm reads it: without a byte order
    /// mark, and with U+FFFD in place of what is not UTF-8.
    pub manifest: String,
    /// Whether something of its own runs when it is installed.
    pub has_install_script: bool,
    /// Whether it has an `npm-shrinkwrap.json`.
    pub has_shrinkwrap: bool,
}

/// Reads what a tarball says of its own package.
///
/// # Errors
/// [`TarballError`], as for [`list`].
pub(crate) fn own(tarball: impl Read) -> Result<Own, TarballError> {
    let Files { mut files, gyp } = files(tarball)?;
    let (path, manifest) = files.remove(MANIFEST).ok_or(TarballError::NoManifest)?;
    if path != MANIFEST {
        return Err(TarballError::NoManifest);
    }
    let scripts = scripts::of_install(&path, &manifest, gyp.contains(""))?;
    Ok(Own {
        manifest: String::from_utf8_lossy(without_mark(&manifest)).into_owned(),
        has_install_script: !scripts.is_empty(),
        has_shrinkwrap: files.get(SHRINKWRAP).is_some_and(|(path, _)| path == SHRINKWRAP),
    })
}

/// The files that count.
struct Files {
    /// Path and bytes, by the path in lower case.
    files: BTreeMap<String, (String, Vec<u8>)>,
    /// The folders with a `binding.gyp`.
    gyp: BTreeSet<String>,
}

fn files(tarball: impl Read) -> Result<Files, TarballError> {
    let inflated =
        Bounded { inner: MultiGzDecoder::new(tarball), left: limits::TARBALL_CONTENT_BYTES };
    let mut files: BTreeMap<String, (String, Vec<u8>)> = BTreeMap::new();
    let mut gyp = BTreeSet::new();
    let mut held = 0_usize;
    Headers::new(inflated).each(|TarMember { path, bytes }| {
        held = held.saturating_add(path.len()).saturating_add(bytes.len());
        if held > limits::TARBALL_MANIFESTS_BYTES {
            return Err(TarballError::TooLarge(format!(
                "more than {} bytes in the package.json files of what it bundles",
                limits::TARBALL_MANIFESTS_BYTES
            )));
        }
        if let Some(folder) = path.strip_suffix(scripts::GYP) {
            gyp.insert(folder.trim_end_matches('/').to_owned());
            return Ok(());
        }
        // On file systems that ignore case, one of the two would replace the other.
        match files.insert(path.to_lowercase(), (path.clone(), bytes)) {
            Some((other, _)) if other != path => {
                Err(TarballError::Ambiguous(format!("{other:?} and {path:?} differ by case")))
            }
            _ => Ok(()),
        }
    })?;
    Ok(Files { files, gyp })
}

/// A reader with a limit: one byte more is an error and not the end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!("more than {} bytes", limits::TARBALL_CONTENT_BYTES))
        })?;
        Ok(read)
    }
}

fn contents(
    files: BTreeMap<String, (String, Vec<u8>)>,
    gyp: &BTreeSet<String>,
) -> Result<Contents, TarballError> {
    let mut contents = Contents::default();
    let mut own = None;
    let mut package_lock = None;
    for (lower, (path, bytes)) in files {
        if path.ends_with(MANIFEST) {
            let folder = lower.trim_end_matches(MANIFEST).trim_end_matches('/');
            let has_gyp = gyp.contains(folder);
            contents.install_scripts.extend(scripts::of_install(&path, &bytes, has_gyp)?);
        }
        if path == SHRINKWRAP {
            contents.shrinkwrap = Some(bytes);
        } else if path == PACKAGE_LOCK {
            package_lock = Some(bytes);
        } else if path == MANIFEST {
            own = Some(named(&path, &bytes)?);
        } else if let Some(folder) = path.strip_suffix("/package.json") {
            contents.bundled.insert(folder.to_owned(), named(&path, &bytes)?);
        }
    }
    contents.install_scripts.sort_by(|one, other| one.folder.cmp(&other.folder));
    contents.shrinkwrap = contents.shrinkwrap.or(package_lock);
    contents.own = own.ok_or(TarballError::NoManifest)?;
    Ok(contents)
}

const MANIFEST: &str = "package.json";
const SHRINKWRAP: &str = "npm-shrinkwrap.json";
const PACKAGE_LOCK: &str = "package-lock.json";

/// The fields of a `package.json` that are read.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Names {
    #[serde(default)]
    name: Option<Value>,
    #[serde(default)]
    version: Option<Value>,
}

fn named(path: &str, bytes: &[u8]) -> Result<NameAndVersion, TarballError> {
    let own: Names = read(path, bytes)?;
    let text = |value: Option<Value>| value?.as_str().map(str::to_owned);
    Ok(NameAndVersion { name: text(own.name), version: text(own.version) })
}

/// Reads a `package.json`.
fn read<'a, T: Deserialize<'a>>(path: &str, bytes: &'a [u8]) -> Result<T, TarballError> {
    serde_json::from_slice(without_mark(bytes)).map_err(|error| TarballError::Manifest {
        path: path.to_owned(),
        detail: error.to_string(),
    })
}

/// Without a byte order mark, which npm skips.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Whether a path decides what is installed: a lockfile, or the `package.json` of the
/// package or of one below `node_modules`.
fn counts(path: &str) -> bool {
    if path == SHRINKWRAP || path == PACKAGE_LOCK {
        return true;
    }
    let Some(mut folder) = path.strip_suffix(MANIFEST) else { return false };
    while let Some(rest) = folder.strip_prefix("node_modules/") {
        let parts = if rest.starts_with('@') { 2 } else { 1 };
        match rest.split_inclusive('/').nth(parts - 1) {
            Some(last) if last.ends_with('/') => {
                let name: usize = rest.split_inclusive('/').take(parts).map(str::len).sum();
                folder = rest.get(name..).unwrap_or_default();
            }
            _ => return false,
        }
    }
    folder.is_empty()
}

#[cfg(test)]
mod tests;
