//! Versions 2 to 4: `packages`, keyed by install path. Version 4 adds the patches of npm 12.

use serde::Deserialize;

use super::PackageLockError;
use super::classify::{Raw, installed_name};
use super::json::{self, Bundles, JsonText, Lines, NoInnerKeys, Object, Specs, Truthy};
use crate::core::json::objects_only;
use crate::core::limits::INSTALL_PATH_BYTES;

objects_only!(Document<'a>, Package, Patched);

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Document<'a> {
    #[serde(borrow)]
    packages: Object<'a, Package, INSTALL_PATH_BYTES>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    name: JsonText,
    #[serde(default)]
    version: JsonText,
    #[serde(default)]
    resolved: JsonText,
    #[serde(default)]
    integrity: JsonText,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    bundle_dependencies: Bundles,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    peer: bool,
    #[serde(default)]
    has_shrinkwrap: Truthy,
    #[serde(default)]
    dependencies: Specs,
    #[serde(default)]
    optional_dependencies: Specs,
    #[serde(default)]
    peer_dependencies: Specs,
    #[serde(default)]
    dev_dependencies: Specs,
    #[serde(default)]
    patched: Option<Patched>,
    #[serde(flatten)]
    _rest: NoInnerKeys,
}

/// A patch that npm 12 applies after it has unpacked the tarball.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Patched {
    path: String,
}

/// The entries of `packages`.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Raw>, PackageLockError> {
    let document: Document<'_> = json::read(bytes)?;
    let mut lines = Lines::new(bytes);
    let packages = document.packages.0.into_iter();
    Ok(packages
        .map(|(key, package)| Raw { line: lines.of(&key), ..entry(key.name, package) })
        .collect())
}

fn entry(path: String, package: Package) -> Raw {
    let of_project = installed_name(&path).is_none();
    let mut edges = package.dependencies.0;
    edges.extend(package.optional_dependencies.0);
    let bundles = match package.bundle_dependencies {
        Bundles::None => Vec::new(),
        Bundles::All => edges.iter().map(|(name, _)| name.clone()).collect(),
        Bundles::Names(names) => names,
    };
    edges.extend(package.peer_dependencies.0);
    // npm does not read the development dependencies of installed packages.
    if of_project {
        edges.extend(package.dev_dependencies.0);
    }
    Raw {
        path,
        name: package.name.0,
        version: package.version.0,
        resolved: package.resolved.0,
        integrity: package.integrity.0,
        link: package.link,
        in_bundle: package.in_bundle,
        bundles,
        edges,
        optional: package.optional,
        dev: package.dev,
        peer: package.peer,
        shrinkwrap: package.has_shrinkwrap.0,
        patch: package.patched.map(|patched| patched.path),
        line: 0,
    }
}
