//! Versions 2 and 3: `packages`, keyed by install path.

use serde::Deserialize;

use super::LockfileError;
use super::classify::Raw;
use super::json::{self, Bundles, Pairs, Text};
use crate::core::json::objects_only;
use crate::core::limits::INSTALL_PATH_BYTES;

objects_only!(Document, Package);

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Document {
    packages: Pairs<Package, INSTALL_PATH_BYTES>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_as_long_as_the_limit() {
        let path = |size: usize| {
            let text = format!(r#"{{"packages": {{"{}": {{}}}}}}"#, "a".repeat(size));
            entries(text.as_bytes()).map(|raw| raw.len())
        };
        assert_eq!(path(INSTALL_PATH_BYTES), Ok(1));
        assert!(matches!(
            path(INSTALL_PATH_BYTES + 1),
            Err(LockfileError::Malformed { detail, .. }) if detail == "a key of 4097 bytes, more than 4096"
        ));
    }
}
