//! What becomes of each entry, by the same rules for all versions.

use std::collections::HashMap;

use super::address::{self, Source};
use super::{Disposition, Entry, Local, LockfileError, Reason, Wanted};
use crate::core::digest::Integrity;
use crate::core::package::PackageId;

/// An entry as the file has it, in the form of version 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) path: String,
    /// The real name, where it differs from the folder's.
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) resolved: Option<String>,
    pub(super) integrity: Option<String>,
    pub(super) link: bool,
    pub(super) in_bundle: bool,
    /// Whether its own tarball may hold other packages.
    pub(super) bundles: bool,
}

/// Accounts for every entry.
pub(super) fn classify(raw: Vec<Raw>) -> Result<Vec<Entry>, LockfileError> {
    let mut entries = HashMap::with_capacity(raw.len());
    for entry in &raw {
        if entries.insert(entry.path.as_str(), entry).is_some() {
            return Err(LockfileError::Duplicate(entry.path.clone()));
        }
    }
    raw.iter()
        .map(|entry| {
            let disposition = disposition(entry, &entries)?;
            Ok(Entry { path: entry.path.clone(), disposition })
        })
        .collect()
}

fn disposition(entry: &Raw, entries: &HashMap<&str, &Raw>) -> Result<Disposition, LockfileError> {
    if entry.path.is_empty() {
        return Ok(Disposition::Local(Local::Root));
    }
    if entry.link {
        return Ok(Disposition::Local(Local::Link));
    }
    // npm installs nothing outside of a `node_modules` folder, whatever the entry says.
    let Some(folder_name) = installed_name(&entry.path) else {
        return Ok(Disposition::Local(Local::Folder));
    };
    if let Some(parent) = bundler(entry, entries) {
        return Ok(Disposition::Bundled { parent: parent.to_owned() });
    }
    let name = entry.name.as_deref().unwrap_or(folder_name);
    let source = match &entry.resolved {
        None => None,
        Some(text) => {
            Some(Source::of(text).ok_or_else(|| LockfileError::Resolved(entry.path.clone()))?)
        }
    };
    let url = match source {
        None => None,
        Some(Source::Git { commit }) => {
            return Ok(Disposition::OutOfScope(Reason::Git { commit }));
        }
        Some(Source::Folder(_)) => return Ok(Disposition::Local(Local::Copy)),
        Some(Source::LocalTarball(path)) => {
            return Ok(Disposition::OutOfScope(Reason::LocalTarball { path }));
        }
        Some(Source::Remote(url)) => Some(url),
    };
    let id = match (&entry.version, &url) {
        (Some(version), _) => Some(package(entry, name, version)?),
        // Version 1 has the address in place of the version, and no real name beside it.
        (None, Some(url)) => address::registry_tarball(url).map(|(_, id)| id),
        (None, None) => return Err(LockfileError::NoVersion(entry.path.clone())),
    };
    match (id, url) {
        (Some(id), url) if url.as_ref().is_none_or(|url| address::is_registrys(url, &id)) => {
            let integrity = integrity(entry)?;
            Ok(Disposition::Collect(Wanted { id, integrity, resolved: url }))
        }
        (_, Some(url)) => {
            let url = address::anonymous(&url).into();
            Ok(Disposition::OutOfScope(Reason::RemoteTarball { url }))
        }
        (_, None) => Err(LockfileError::NoVersion(entry.path.clone())),
    }
}

/// The name that the path gives a package: what follows its last `node_modules`. `None` where
/// that is not the end of the path, or there is none: a folder of the project.
fn installed_name(path: &str) -> Option<&str> {
    let name = match path.rsplit_once("/node_modules/") {
        Some((_, name)) => name,
        None => path.strip_prefix("node_modules/")?,
    };
    let slashes = name.bytes().filter(|byte| *byte == b'/').count();
    (slashes == usize::from(name.starts_with('@'))).then_some(name)
}

/// The path of the entry whose tarball holds this one.
///
/// The mark `inBundle` alone is no proof. npm also writes it on what the project's own package (or
/// a workspace's) bundles, and downloads those; and one who edits a lockfile could set it to keep
/// a package from being collected. So it counts only where the nearest ancestor that is not
/// itself bundled is an installed package that says that it bundles.
fn bundler<'a>(entry: &Raw, entries: &HashMap<&str, &'a Raw>) -> Option<&'a str> {
    if !entry.in_bundle {
        return None;
    }
    let mut path = entry.path.as_str();
    let parent = loop {
        let (folder, _) = path.rsplit_once("/node_modules/")?;
        let parent = *entries.get(folder)?;
        if !parent.in_bundle {
            break parent;
        }
        path = folder;
    };
    let installed = installed_name(&parent.path).is_some() && !parent.link;
    (installed && parent.bundles).then_some(parent.path.as_str())
}

fn package(entry: &Raw, name: &str, version: &str) -> Result<PackageId, LockfileError> {
    PackageId::new(name, version)
        .map_err(|error| LockfileError::Package { entry: entry.path.clone(), error })
}

fn integrity(entry: &Raw) -> Result<Option<Integrity>, LockfileError> {
    let parsed = entry.integrity.as_deref().map(Integrity::parse).transpose();
    parsed.map_err(|error| LockfileError::Integrity { entry: entry.path.clone(), error })
}
