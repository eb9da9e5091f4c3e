//! The names that a repository publishes its files under (§3, consistent snapshots §6.2).

use crate::core::{limits, percent};

/// The folder that target files are published in.
pub(super) const TARGETS: &str = "targets/";

/// Bytes that a published file of this name may have.
pub(crate) fn limit(name: &str) -> u64 {
    match name {
        "timestamp.json" => limits::TIMESTAMP_BYTES,
        root if root_version(root).is_some() => limits::ROOT_BYTES,
        target if target.starts_with(TARGETS) => limits::TARGET_BYTES,
        _ => limits::METADATA_BYTES,
    }
}

/// `7.root.json`.
pub(super) fn root(version: u64) -> String {
    format!("{version}.root.json")
}

/// The metadata file of a role: with its version in front under consistent snapshots.
pub(super) fn metadata(role: &str, version: u64, consistent: bool) -> String {
    let role = quote(role);
    if consistent { format!("{version}.{role}.json") } else { format!("{role}.json") }
}

/// The file of a target: with its hash in front of the last segment under consistent snapshots.
pub(super) fn target(path: &str, hash: Option<&str>) -> String {
    match (hash, path.rsplit_once('/')) {
        (None, _) => path.to_owned(),
        (Some(hash), Some((folder, name))) => format!("{folder}/{hash}.{name}"),
        (Some(hash), None) => format!("{hash}.{path}"),
    }
}

/// The version in a name of the form `7.root.json`.
pub(super) fn root_version(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".root.json")?;
    let plain = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    plain.then(|| digits.parse().ok()).flatten()
}

/// Percent-encodes all but RFC 3986's unreserved characters, so that no role's name means
/// anything to a path or an address.
fn quote(role: &str) -> String {
    percent::encode(role, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

/// Whether a target's path stays below the folder of targets, on any system.
pub(super) fn is_relative(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !path.contains(['\\', ':', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_published() {
        assert_eq!(metadata("registry.npmjs.org", 8, true), "8.registry.npmjs.org.json");
        assert_eq!(metadata("../a b", 1, true), "1...%2Fa%20b.json");
        assert_eq!(metadata("targets", 3, false), "targets.json");
        assert_eq!(target("a/b/keys.json", Some("00ff")), "a/b/00ff.keys.json");
        assert_eq!(target("keys.json", Some("00ff")), "00ff.keys.json");
        assert_eq!(target("a/keys.json", None), "a/keys.json");
    }

    #[test]
    fn root_versions_have_one_form() {
        assert_eq!(root_version("12.root.json"), Some(12));
        for name in ["012.root.json", "root.json", ".root.json", "+1.root.json", "1.targets.json"] {
            assert_eq!(root_version(name), None, "{name}");
        }
    }

    #[test]
    fn targets_stay_in_their_folder() {
        assert!(is_relative("registry.npmjs.org/keys.json"));
        for path in ["../x", "/x", "a//b", "a/./b", "a\\..\\b", "c:x", ""] {
            assert!(!is_relative(path), "{path}");
        }
    }
}
