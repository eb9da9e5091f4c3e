//! An npm package's name, version and the forms they take: purl, and place in the archive.

use std::fmt;

use crate::core::{entry_name, limits};

/// Why a name or a version is not one that npm can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// Not a package name.
    #[error("{0:?} is not an npm package name")]
    Name(String),
    /// Not a version.
    #[error("{0:?} is not a version")]
    Version(String),
}

/// An npm package of one version.
///
/// Names keep their case: the registry holds `JSONStream` and `jsonstream`, two packages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId {
    name: String,
    version: String,
}

impl PackageId {
    /// Checks name and version.
    ///
    /// Accepts the legacy names that the registry still serves (upper case, `~'!()*`), and any
    /// version of semver's characters; refuses what could mean something to a path or an address.
    ///
    /// # Errors
    /// [`PackageError`] says which of the two is not acceptable.
    pub fn new(name: &str, version: &str) -> Result<Self, PackageError> {
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~'!()*".contains(&b))
        };
        let good = match name.strip_prefix('@') {
            Some(scoped) => {
                scoped.split_once('/').is_some_and(|(scope, name)| part(scope) && part(name))
            }
            None => part(name),
        };
        if !good || name.len() > limits::PACKAGE_NAME_BYTES {
            return Err(PackageError::Name(name.to_owned()));
        }
        let good = version.bytes().next().is_some_and(|b| b.is_ascii_digit())
            && version.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+".contains(&b));
        if !good || version.len() > limits::VERSION_BYTES {
            return Err(PackageError::Version(version.to_owned()));
        }
        Ok(Self { name: name.to_owned(), version: version.to_owned() })
    }

    /// The name, with its scope: `@scope/name`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scope with its `@`, if there is one.
    pub fn scope(&self) -> Option<&str> {
        self.name.starts_with('@').then(|| self.name.split('/').next()).flatten()
    }

    /// The version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The package URL, in the form that npm's attestations have as their subject: the `@` of a
    /// scope is encoded, the case is kept. (purl-spec, type `npm`.)
    pub fn purl(&self) -> String {
        let name = encode(&self.name, |b| b.is_ascii_alphanumeric() || b"-_.~/!'()*".contains(&b));
        let version = encode(&self.version, |b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
        format!("pkg:npm/{name}@{version}")
    }

    /// The folder of this package in the archive, `npm/NAME/VERSION`, encoded so that no file
    /// system confuses packages ([`entry_name`]).
    pub fn folder(&self) -> String {
        format!("npm/{}/{}", entry_name::encode(&self.name), entry_name::encode(&self.version))
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

fn encode(text: &str, plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_are_npms() {
        let scoped = PackageId::new("@laurentsimon/provenance-npm-test", "1.0.5").unwrap();
        assert_eq!(scoped.purl(), "pkg:npm/%40laurentsimon/provenance-npm-test@1.0.5");
        assert_eq!(scoped.scope(), Some("@laurentsimon"));
        assert_eq!(
            PackageId::new("JSONStream", "1.3.5").unwrap().purl(),
            "pkg:npm/JSONStream@1.3.5"
        );
    }

    #[test]
    fn names_and_versions_are_as_long_as_their_limits() {
        let name = |bytes| "a".repeat(bytes);
        let scoped = |bytes| format!("@s/{}", "a".repeat(bytes - 3));
        for name in [name, scoped] {
            let most = limits::PACKAGE_NAME_BYTES;
            assert_eq!(PackageId::new(&name(most), "1.0.0").unwrap().name().len(), most);
            let refused = Err(PackageError::Name(name(most + 1)));
            assert_eq!(PackageId::new(&name(most + 1), "1.0.0"), refused);
        }
        let version = |bytes| format!("1.0.0-{}", "a".repeat(bytes - 6));
        let most = limits::VERSION_BYTES;
        assert_eq!(PackageId::new("a", &version(most)).unwrap().version().len(), most);
        let refused = Err(PackageError::Version(version(most + 1)));
        assert_eq!(PackageId::new("a", &version(most + 1)), refused);
    }

    #[test]
    fn the_longest_package_has_entries() {
        // Nothing but characters that are encoded.
        let name = format!("@S/{}", "A".repeat(limits::PACKAGE_NAME_BYTES - 3));
        let version = format!("1{}", "A".repeat(limits::VERSION_BYTES - 1));
        let folder = PackageId::new(&name, &version).unwrap().folder();
        let entry = format!("{folder}/attestations.json");
        assert_eq!(entry_name::parse(entry.as_bytes()), Ok(entry.as_str()));
    }

    #[test]
    fn folders_differ_where_names_differ_by_case() {
        assert_eq!(
            PackageId::new("JSONStream", "1.3.5").unwrap().folder(),
            "npm/%4a%53%4f%4e%53tream/1.3.5"
        );
        assert_eq!(PackageId::new("@a/b", "1.0.0+x").unwrap().folder(), "npm/@a/b/1.0.0+x");
    }

    #[test]
    fn names_that_mean_something_to_a_path_are_refused() {
        for name in
            ["", ".", "..", "a/b", "@a", "@a/", "@/b", "@a/..", "a\\b", "a b", "é", "a%2fb", ".x"]
        {
            assert_eq!(
                PackageId::new(name, "1.0.0"),
                Err(PackageError::Name(name.into())),
                "{name}"
            );
        }
        for version in ["", "v1", "../1", "1/2", "latest", "1 || 2"] {
            assert_eq!(
                PackageId::new("a", version),
                Err(PackageError::Version(version.into())),
                "{version}"
            );
        }
    }
}
