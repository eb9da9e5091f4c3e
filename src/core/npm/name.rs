//! Names and versions of npm packages.

use std::cmp::Ordering;

use semver::Version;

use crate::core::{
    addresses::NPM_REGISTRY,
    package::{
        PackageError, PackageId,
        ecosystem::{Ecosystem, Naming},
    },
};

/// npm, as an ecosystem.
pub(crate) const NPM: Ecosystem = Ecosystem::new(&Naming {
    purl_type: "npm",
    public_registry: NPM_REGISTRY,
    is_name,
    is_version,
    is_same_version,
    is_ordered,
    order,
    release_line,
});

impl PackageId {
    /// An npm package.
    ///
    /// Accepts the legacy names that the registry still serves (upper case, `~'!()*`), and any version
    /// of semver's characters. Refuses characters with a meaning in paths or addresses.
    /// Names keep their case: the registry holds `JSONStream` and `jsonstream`, two packages.
    ///
    /// # Errors
    /// [`PackageError`] says which of the two is not acceptable.
    pub fn npm(name: &str, version: &str) -> Result<Self, PackageError> {
        Self::new(NPM, name, version)
    }
}

/// A name without its scope.
pub(super) fn without_scope(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a registry calls the tarball of a package.
pub(super) fn file(id: &PackageId) -> String {
    format!("{}-{}.tgz", without_scope(id.name()), id.version())
}

fn is_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~'!()*".contains(&b))
    };
    match name.strip_prefix('@') {
        Some(scoped) => {
            scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name))
        }
        None => part(name),
    }
}

fn is_version(version: &str) -> bool {
    version.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+".contains(&b))
}

/// Versions are compared as npm writes them in its registry: without space, `v` or `=` in front, and
/// without build metadata.
fn is_same_version(one: &str, other: &str) -> bool {
    let clean = |text: &str| {
        let text = text.trim().trim_start_matches(['=', 'v', ' ']);
        text.split('+').next().unwrap_or(text).to_owned()
    };
    clean(one) == clean(other)
}

/// Whether it is a semantic version, the whole of it.
fn is_ordered(version: &str) -> bool {
    Version::parse(version).is_ok()
}

/// The order of semantic versions (semver.org, section 11). Other texts come before them, in the order of
/// their characters.
fn order(one: &str, other: &str) -> Ordering {
    match (Version::parse(one), Version::parse(other)) {
        (Ok(one), Ok(other)) => one.cmp_precedence(&other),
        (Ok(_), Err(_)) => Ordering::Greater,
        (Err(_), Ok(_)) => Ordering::Less,
        (Err(_), Err(_)) => one.cmp(other),
    }
}

/// What `^` keeps to (npm's `semver`), but for versions of `0.0`, which are one line. What is not a version
/// of semver has a line of its own.
fn release_line(version: &str) -> String {
    match Version::parse(version) {
        Ok(Version { major: 0, minor, .. }) => format!("0.{minor}"),
        Ok(Version { major, .. }) => major.to_string(),
        Err(_) => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;
    use crate::core::{
        archive::entry_name::{self, package_folder},
        ecosystems::parse_purl,
        limits,
        package::{Origin, Purl},
    };

    #[test]
    fn purls_are_npms() {
        let scoped = PackageId::npm("@laurentsimon/provenance-npm-test", "1.0.5").unwrap();
        assert_eq!(scoped.purl(), "pkg:npm/%40laurentsimon/provenance-npm-test@1.0.5");
        assert_eq!(scoped.scope(), Some("@laurentsimon"));
        assert_eq!(
            PackageId::npm("JSONStream", "1.3.5").unwrap().purl(),
            "pkg:npm/JSONStream@1.3.5"
        );
    }

    #[test]
    fn versions_are_ordered_by_semver() {
        let mut versions = ["2.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1", "01.0.0", "2.0.0-rc.1x"];
        versions.sort_by(|one, other| order(one, other));
        let expected = ["01.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0-rc.1x", "2.0.0"];
        assert_eq!(versions, expected);
        assert_eq!(order("1.0.0", "1.0.0"), Ordering::Equal);
    }

    #[test]
    fn a_release_line_is_the_first_number_that_is_not_0() {
        let lines = ["1.2.3", "10.0.0-rc.1", "0.3.4", "0.0.7", "01.2.3"].map(release_line);
        assert_eq!(lines, ["1", "10", "0.3", "0.0", "01.2.3"]);
    }

    #[test]
    fn names_and_versions_are_as_long_as_their_limits() {
        let name = |bytes| "a".repeat(bytes);
        let scoped = |bytes| format!("@s/{}", "a".repeat(bytes - 3));
        for name in [name, scoped] {
            let most = limits::PACKAGE_NAME_BYTES;
            assert_eq!(PackageId::npm(&name(most), "1.0.0").unwrap().name().len(), most);
            let refused = Err(PackageError::Name(name(most + 1), NPM));
            assert_eq!(PackageId::npm(&name(most + 1), "1.0.0"), refused);
        }
        let version = |bytes| format!("1.0.0-{}", "a".repeat(bytes - 6));
        let most = limits::VERSION_BYTES;
        assert_eq!(PackageId::npm("a", &version(most)).unwrap().version().len(), most);
        let refused = Err(PackageError::Version(version(most + 1)));
        assert_eq!(PackageId::npm("a", &version(most + 1)), refused);
    }

    #[test]
    fn versions_have_an_order_and_a_release_line() {
        for (lower, higher) in [
            ("1.2.3", "1.10.0"),
            ("1.0.0-rc.2", "1.0.0-rc.10"),
            ("1.0.0-rc.1", "1.0.0"),
            ("0.9.9", "1.0.0-0"),
            ("1.0", "0.0.1"),
        ] {
            assert_eq!(order(lower, higher), Ordering::Less, "{lower} {higher}");
            assert_eq!(order(higher, lower), Ordering::Greater, "{lower} {higher}");
        }
        assert_eq!(order("1.0.0+a", "1.0.0+b"), Ordering::Equal);
        for (version, line) in
            [("1.2.3", "1"), ("0.4.1", "0.4"), ("0.0.7", "0.0"), ("2.0.0-rc.1", "2"), ("1", "1")]
        {
            assert_eq!(release_line(version), line);
        }
    }

    #[test]
    fn the_longest_package_has_entries() {
        // Nothing but characters that are encoded.
        let name = format!("@S/{}", "A".repeat(limits::PACKAGE_NAME_BYTES - 3));
        let version = format!("1{}", "A".repeat(limits::VERSION_BYTES - 1));
        let id = PackageId::npm(&name, &version).unwrap();
        let folder = package_folder(&Purl::new(id, Origin::File("a.tgz".into())));
        let entry = format!("{folder}/attestations.json");
        assert_eq!(entry_name::parse(entry.as_bytes()), Ok(entry.as_str()));
    }

    #[test]
    fn the_longest_purl_fits_into_a_manifest() {
        let id = PackageId::npm(&"a".repeat(limits::PACKAGE_NAME_BYTES), "1.0.0").unwrap();
        let most = usize::try_from(limits::URL_BYTES).unwrap();
        let start = "https://files.example/";
        let address = format!("{start}{}", "@".repeat(most - start.len()));
        let purl = Purl::new(id, Origin::Url(address)).to_string();
        assert!(parse_purl(&purl).is_some());
        assert!(
            purl.len() > 2 * most && purl.len() <= limits::MANIFEST_TEXT_BYTES,
            "{}",
            purl.len()
        );
    }

    #[test]
    fn folders_differ_where_names_differ_by_case() {
        let folder = |text| package_folder(&parse_purl(text).unwrap());
        assert_eq!(folder("pkg:npm/JSONStream@1.3.5"), "npm/%4a%53%4f%4e%53tream/1.3.5");
        assert_eq!(folder("pkg:npm/%40a/b@1.0.0%2Bx"), "npm/@a/b/1.0.0+x");
    }

    #[test]
    fn names_that_mean_something_to_a_path_are_refused() {
        for name in
            ["", ".", "..", "a/b", "@a", "@a/", "@/b", "@a/..", "a\\b", "a b", "é", "a%2fb", ".x"]
        {
            assert_eq!(
                PackageId::npm(name, "1.0.0"),
                Err(PackageError::Name(name.into(), NPM)),
                "{name}"
            );
        }
        for version in ["", "v1", "../1", "1/2", "latest", "1 || 2"] {
            assert_eq!(
                PackageId::npm("a", version),
                Err(PackageError::Version(version.into())),
                "{version}"
            );
        }
    }

    #[test]
    fn purls_say_where_a_package_is_from() {
        let id = || PackageId::npm("@acme/a", "1.0.0+b").unwrap();
        for (origin, text) in [
            (Origin::Registry(NPM_REGISTRY.into()), "pkg:npm/%40acme/a@1.0.0%2Bb"),
            (
                Origin::Registry("https://npm.acme.example/r".into()),
                "pkg:npm/%40acme/a@1.0.0%2Bb?repository_url=https://npm.acme.example/r",
            ),
            (
                Origin::Url("https://files.example/a%20b.tgz".into()),
                "pkg:npm/%40acme/a@1.0.0%2Bb?download_url=https://files.example/a%2520b.tgz",
            ),
            (
                Origin::File("lib/ä.tgz".into()),
                "pkg:npm/%40acme/a@1.0.0%2Bb?file_name=lib/%C3%A4.tgz",
            ),
        ] {
            let purl = Purl::new(id(), origin);
            assert_eq!(purl.to_string(), text);
            assert_eq!(parse_purl(text), Some(purl));
            assert_eq!(packageurl::PackageUrl::from_str(text).unwrap().name(), "a");
        }
    }

    #[test]
    fn rejects_purls_in_another_form() {
        for text in [
            "",
            "pkg:npm/a",
            "pkg:npm/a@",
            "pkg:pypi/a@1.0.0",
            "pkg:npm/@acme/a@1.0.0",
            "pkg:npm/a@1.0.0#sub",
            "pkg:npm/a@1.0.0?",
            "pkg:npm/a@1.0.0?repository_url=https://registry.npmjs.org",
            "pkg:npm/a@1.0.0?repository_url=https://npm.example/",
            "pkg:npm/a@1.0.0?repository_url=ftp://npm.example",
            "pkg:npm/a@1.0.0?repository_url=https://u:p%40npm.example",
            "pkg:npm/a@1.0.0?download_url=https://files.example/a%3Fb",
            "pkg:npm/a@1.0.0?file_name=",
            "pkg:npm/a@1.0.0?file_name=%2e",
            "pkg:npm/a@1.0.0?vcs_url=git",
            "pkg:npm/a@1.0.0?file_name=a&file_name=b",
        ] {
            assert_eq!(parse_purl(text), None, "{text}");
        }
    }

    #[test]
    fn folders_differ_where_origins_differ() {
        let folder = |text: &str| package_folder(&parse_purl(text).unwrap());
        let other = folder("pkg:npm/a@1.0.0?repository_url=https://npm.example");
        assert_eq!(folder("pkg:npm/a@1.0.0"), "npm/a/1.0.0");
        assert_eq!(other.len(), "npm/a/1.0.0/".len() + 16);
        assert_ne!(other, folder("pkg:npm/a@1.0.0?download_url=https://npm.example/a"));
    }
}
