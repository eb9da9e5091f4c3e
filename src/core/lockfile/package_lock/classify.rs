//! What each entry asks for, by the same rules for all versions.

use std::collections::HashMap;

use url::Url;

use super::edges;
use crate::core::addresses;
use crate::core::lockfile::package_lock::PackageLockError;
use crate::core::lockfile::{Ask, Bundled, Entry, Foreign, Local, Place, Requirement, Source};
use crate::core::npm::{
    NPM,
    address::{self, Spec},
};
use crate::core::package::PackageId;
use crate::core::package::digest::Integrity;

/// An entry as the file has it, in the form of version 3.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Raw {
    pub(super) path: String,
    /// The real name, where it differs from the folder's.
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) resolved: Option<String>,
    pub(super) integrity: Option<String>,
    pub(super) link: bool,
    pub(super) in_bundle: bool,
    /// The packages that it says its tarball holds.
    pub(super) bundles: Vec<String>,
    /// What it depends on: names, and what npm takes for each (a range, or an address).
    pub(super) edges: Vec<(String, String)>,
    pub(super) optional: bool,
    pub(super) peer: bool,
    pub(super) dev: bool,
    /// Whether npm reads the shrinkwrap in its tarball.
    pub(super) shrinkwrap: bool,
    /// The path of the patch that npm 12 applies.
    pub(super) patch: Option<String>,
    /// The line of its key.
    pub(super) line: usize,
}

/// Accounts for every entry.
pub(super) fn classify(raw: Vec<Raw>) -> Result<Vec<Entry>, PackageLockError> {
    let mut entries = HashMap::with_capacity(raw.len());
    for entry in &raw {
        if !is_normal(&entry.path) {
            return Err(PackageLockError::Path(entry.path.clone()));
        }
        if entries.insert(entry.path.as_str(), entry).is_some() {
            return Err(PackageLockError::Duplicate(entry.path.clone()));
        }
    }
    let bundlers = edges::bundlers(&raw, &entries);
    let mut classified = raw
        .iter()
        .map(|entry| {
            let bundler = bundlers.get(entry.path.as_str()).copied();
            Ok(Entry {
                path: entry.path.clone(),
                line: entry.line,
                optional: entry.optional,
                shrinkwrap: entry.shrinkwrap,
                dev: entry.dev,
                asks: ask(entry, bundler)?,
            })
        })
        .collect::<Result<Vec<_>, PackageLockError>>()?;
    edges::mark_rerouted(&raw, &mut classified);
    Ok(classified)
}

fn ask(entry: &Raw, bundler: Option<&Raw>) -> Result<Ask, PackageLockError> {
    if entry.path.is_empty() {
        return Ok(Ask::Folder(Local::Root));
    }
    if entry.link {
        return link(entry);
    }
    if leaves_project(&entry.path) {
        return Ok(Ask::Foreign(Foreign::Outside { path: entry.path.clone() }));
    }
    let Some(folder_name) = installed_name(&entry.path) else { return folder(entry) };
    let alone = alone(entry, folder_name)?;
    // npm 12 patches what is bundled, too: it is not what the tarball holds.
    if entry.patch.is_some() {
        return Ok(alone);
    }
    // npm does not write an address or a hash for what is bundled.
    let bare = entry.resolved.is_none() && entry.integrity.is_none();
    let Some(parent) = bundler.filter(|_| entry.in_bundle && bare) else { return Ok(alone) };
    // What the tarball of a registry's package does not hold, npm gets elsewhere; a git dependency is
    // foreign as a whole.
    let alone = match is_git(parent) {
        true => Ask::Foreign(Foreign::Within { parent: parent.path.clone() }),
        false => alone,
    };
    Ok(Ask::Bundled(Bundled {
        parent: parent.path.clone(),
        id: entry.version.as_deref().and_then(|version| {
            PackageId::npm(entry.name.as_deref().unwrap_or(folder_name), version).ok()
        }),
        alone: Box::new(alone),
    }))
}

/// A link to a folder, which has an entry of its own.
fn link(entry: &Raw) -> Result<Ask, PackageLockError> {
    let target = match entry.resolved.as_deref() {
        Some(text) => match Spec::of(text) {
            Some(Spec::Folder(path)) => path,
            // Without `file:`, a path of one segment looks like nothing else.
            None | Some(Spec::Git { .. }) if !text.contains(':') => text.to_owned(),
            _ => return Err(PackageLockError::Link(entry.path.clone())),
        },
        None => return Err(PackageLockError::Link(entry.path.clone())),
    };
    Ok(inside(&target, Local::Link))
}

/// An entry outside of `node_modules`: npm installs nothing there, and reads what is there.
fn folder(entry: &Raw) -> Result<Ask, PackageLockError> {
    match (&entry.integrity, &entry.resolved) {
        (None, None) => Ok(Ask::Folder(Local::Folder)),
        _ => Err(PackageLockError::Folder(entry.path.clone())),
    }
}

fn inside(path: &str, local: Local) -> Ask {
    if leaves_project(path) {
        Ask::Foreign(Foreign::Outside { path: path.to_owned() })
    } else {
        Ask::Folder(local)
    }
}

/// Whether a path leads out of the project's folder, by its text.
pub(super) fn leaves_project(path: &str) -> bool {
    let mut depth = 0_i64;
    let rooted = path.starts_with(['/', '~', '\\']) || path.get(1..2) == Some(":");
    rooted
        || path.split(['/', '\\']).any(|segment| {
            depth += match segment {
                ".." => -1,
                "" | "." => 0,
                _ => 1,
            };
            depth < 0
        })
}

/// What an entry asks for that no other package's tarball holds.
fn alone(entry: &Raw, folder_name: &str) -> Result<Ask, PackageLockError> {
    let ask = match spec(entry)? {
        None => match &entry.version {
            Some(version) => {
                let name = entry.name.as_deref().unwrap_or(folder_name);
                let id = package(entry, name, version)?;
                wanted(entry, Source::Version { id, address: None })?
            }
            None if entry.integrity.is_none() && (entry.optional || entry.peer) => Ask::Nothing,
            None => return Err(PackageLockError::NoVersion(entry.path.clone())),
        },
        Some(Spec::Remote(url)) => remote(entry, folder_name, &url)?,
        Some(Spec::Git { address, commit }) => git(entry, folder_name, address, commit),
        Some(Spec::Folder(path)) => inside(&path, Local::Copy),
        Some(Spec::LocalTarball(path)) if leaves_project(&path) => {
            Ask::Foreign(Foreign::Outside { path })
        }
        Some(Spec::LocalTarball(path)) => tarball(entry, Place::File(path))?,
    };
    Ok(match (ask, &entry.patch) {
        (Ask::Package(wanted), Some(patch)) => {
            Ask::Foreign(Foreign::Patched { patch: patch.clone(), wanted: Some(wanted) })
        }
        (Ask::Foreign(Foreign::Git { .. }), Some(patch)) => {
            Ask::Foreign(Foreign::Patched { patch: patch.clone(), wanted: None })
        }
        (ask, _) => ask,
    })
}

/// Version 1 has the address in place of the version, and a folder that may be an alias.
fn git(entry: &Raw, folder_name: &str, address: String, commit: Option<String>) -> Ask {
    let version = entry.version.clone();
    let folder_name = version.as_ref().map(|_| folder_name.to_owned());
    let name = entry.name.clone().or(folder_name);
    Ask::Foreign(Foreign::Git { address, commit, name, version })
}

/// npm downloads from the address, and only then looks at name and version: where they do not
/// agree, it is not this package that would be installed.
fn remote(entry: &Raw, folder_name: &str, url: &Url) -> Result<Ask, PackageLockError> {
    let address = addresses::anonymous(url);
    let named = address::registry_tarball(url);
    let id = match (&entry.version, &entry.name) {
        // Version 1 has the address in place of the version, and no real name beside it.
        (None, _) => named,
        (Some(version), Some(name)) => Some(package(entry, name, version)?),
        // Without a name, npm takes the folder's for an alias where the address has another.
        (Some(version), None) => match named {
            Some(named) if named.version() == version => Some(named),
            _ => Some(package(entry, folder_name, version)?),
        },
    };
    match id {
        Some(id) if address::is_registrys(&address, &id) => {
            wanted(entry, Source::Version { id, address: Some(address) })
        }
        _ => tarball(entry, Place::Url(address)),
    }
}

fn tarball(entry: &Raw, place: Place) -> Result<Ask, PackageLockError> {
    let (name, version) = (entry.name.clone(), entry.version.clone());
    wanted(entry, Source::Tarball { ecosystem: NPM, place, name, version })
}

fn wanted(entry: &Raw, source: Source) -> Result<Ask, PackageLockError> {
    let integrity = entry.integrity.as_deref().map(Integrity::parse).transpose();
    let integrity = integrity
        .map_err(|error| PackageLockError::Integrity { entry: entry.path.clone(), error })?;
    Ok(Ask::Package(Requirement { source, integrity }))
}

/// Whether a path is written in the one way that npm writes it. npm would resolve any other, so
/// that `node_modules/a/../b` is installed as `b`, and what we took for a folder were a package.
fn is_normal(path: &str) -> bool {
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    let mut below = segments.skip_while(|segment| *segment == "..");
    let plain = |segment: &str| !matches!(segment, "" | "." | "..");
    path.is_empty() || (!path.contains('\\') && below.all(plain))
}

/// The name that the path gives a package: what follows its last `node_modules`. `None` where
/// more follows than a name, or no name follows: a folder of the project.
pub(super) fn installed_name(path: &str) -> Option<&str> {
    let name = match path.rsplit_once("/node_modules/") {
        Some((_, name)) => name,
        None => path.strip_prefix("node_modules/")?,
    };
    let unscoped = match name.split_once('/') {
        Some((scope, rest)) if scope.starts_with('@') => rest,
        _ => name,
    };
    (!unscoped.contains('/')).then_some(name)
}

fn is_git(entry: &Raw) -> bool {
    matches!(entry.resolved.as_deref().and_then(Spec::of), Some(Spec::Git { .. }))
}

fn package(entry: &Raw, name: &str, version: &str) -> Result<PackageId, PackageLockError> {
    PackageId::npm(name, version)
        .map_err(|error| PackageLockError::Package { entry: entry.path.clone(), error })
}

fn spec(entry: &Raw) -> Result<Option<Spec>, PackageLockError> {
    let Some(text) = &entry.resolved else { return Ok(None) };
    Spec::of(text).map(Some).ok_or_else(|| PackageLockError::Resolved(entry.path.clone()))
}

#[cfg(test)]
mod tests;
