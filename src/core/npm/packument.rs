//! What a registry would answer about sealed versions. It is built from the tarballs' own `package.json`
//! files: the registry signs only name, version and integrity, so that the rest of its record is its free
//! word.

use serde_json::{Map, Value, json};

use super::address;
use crate::core::package::{PackageId, digest::Digest};

/// The fields that npm's abbreviated form of a version has, but for those that follow from others.
const FIELDS: [&str; 16] = [
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bin",
    "directories",
    "engines",
    "os",
    "cpu",
    "libc",
    "funding",
    "license",
];

/// The address of a package's record on a registry.
pub fn address(registry: &str, id: &PackageId) -> String {
    format!("{registry}/{}", address::escape(id.name()))
}

/// The address of a tarball on a registry, as npm's own and most others write it.
pub fn tarball_address(registry: &str, id: &PackageId) -> String {
    let base = id.name().rsplit('/').next().unwrap_or_default();
    format!("{registry}/{}/-/{base}-{}.tgz", id.name(), id.version())
}

/// A version, by the fields of its tarball's `package.json`. Name, version and hash are those that were
/// verified, whatever that file says.
pub fn version(
    mut manifest: Map<String, Value>,
    registry: &str,
    id: &PackageId,
    digest: &Digest,
) -> Value {
    let mut version = Map::new();
    version.insert("name".into(), id.name().into());
    version.insert("version".into(), id.version().into());
    for field in FIELDS {
        if let Some(value) = manifest.remove(field) {
            version.insert(field.into(), value);
        }
    }
    let runs = |name| manifest.get("scripts").is_some_and(|scripts| scripts.get(name).is_some());
    if ["preinstall", "install", "postinstall"].into_iter().any(runs) {
        version.insert("hasInstallScript".into(), true.into());
    }
    let tarball = tarball_address(registry, id);
    version.insert("dist".into(), json!({"integrity": digest.to_sri(), "tarball": tarball}));
    version.into()
}

/// All sealed versions of one package. `latest` is the highest release among them, or the highest
/// version where there is no release.
pub fn packument(mut versions: Vec<(&PackageId, Value)>) -> Value {
    versions.sort_by(|(one, _), (other, _)| one.version_order(other));
    let is_release =
        |id: &&PackageId| !id.version().split('+').next().is_some_and(|v| v.contains('-'));
    let ids = || versions.iter().rev().map(|(id, _)| *id);
    let latest = ids().find(is_release).or_else(|| ids().next());
    let name = latest.map(PackageId::name);
    let latest = latest.map(PackageId::version);
    let versions = versions.iter().map(|(id, version)| (id.version().to_owned(), version.clone()));
    let versions: Map<String, Value> = versions.collect();
    json!({"name": name, "dist-tags": {"latest": latest}, "versions": versions})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::package::digest::Algorithm;

    #[test]
    fn a_version_has_the_verified_name_and_hash_whatever_its_file_says() {
        let manifest = json!({
            "name": "evil", "version": "9.9.9", "dist": {"tarball": "https://evil.example"},
            "_resolved": "x", "dependencies": {"b": "1"}, "scripts": {"install": "x"},
        });
        let id = PackageId::npm("@s/a", "1.0.0").unwrap();
        let digest = Algorithm::Sha512.digest(b"");
        let Value::Object(manifest) = manifest else { panic!("an object") };
        let expected = json!({
            "name": "@s/a", "version": "1.0.0", "dependencies": {"b": "1"},
            "hasInstallScript": true,
            "dist": {"integrity": digest.to_sri(), "tarball": "https://r.example/@s/a/-/a-1.0.0.tgz"},
        });
        assert_eq!(version(manifest, "https://r.example", &id, &digest), expected);
        assert_eq!(address("https://r.example", &id), "https://r.example/@s%2fa");
    }

    #[test]
    fn latest_is_the_highest_release() {
        let id = |version| PackageId::npm("a", version).unwrap();
        let ids = ["1.10.0", "2.0.0-rc.1", "1.9.0+x-y"].map(id);
        let all = |ids: &[PackageId]| {
            packument(ids.iter().map(|id| (id, json!({}))).collect())["dist-tags"]["latest"].clone()
        };
        assert_eq!(all(&ids), "1.10.0");
        assert_eq!(all(&ids[1..2]), "2.0.0-rc.1");
    }
}
