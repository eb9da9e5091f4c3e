//! Versions 2 and 3: `packages`, keyed by install path.

use serde::Deserialize;

use super::LockfileError;
use super::classify::Raw;
use super::json::{self, Bundles, Pairs, Text};

#[derive(Deserialize)]
struct Document {
    packages: Pairs<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    version: Text,
    #[serde(default)]
    resolved: Text,
    #[serde(default)]
    integrity: Text,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    in_bundle: bool,
    #[serde(default)]
    bundle_dependencies: Bundles,
}

/// The entries of `packages`.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Raw>, LockfileError> {
    let document: Document = json::read(bytes)?;
    let raw = document.packages.0.into_iter().map(|(path, package)| Raw {
        path,
        name: package.name.0,
        version: package.version.0,
        resolved: package.resolved.0,
        integrity: package.integrity.0,
        link: package.link,
        in_bundle: package.in_bundle,
        bundles: package.bundle_dependencies.0,
    });
    Ok(raw.collect())
}
