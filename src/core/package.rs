//! An npm package's name and version, where it is from, and the forms these take: purl, and place
//! in the archive.

pub mod digest;

use std::fmt;

use crate::core::{
    addresses::{self, NPM_REGISTRY},
    archive::entry_name,
    limits,
    package::digest::Algorithm,
    percent,
};

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

    /// The package URL of this version on the public registry, in the form that npm's attestations
    /// have as their subject: the `@` of a scope is encoded, the case is kept. (purl-spec, type
    /// `npm`.)
    pub fn purl(&self) -> String {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/!'()*".contains(&b);
        let name = percent::encode(&self.name, plain);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
        let version = percent::encode(&self.version, plain);
        format!("{TYPE}{name}@{version}")
    }

    /// The folder of this version in the archive, `npm/NAME/VERSION`, encoded so that no file
    /// system confuses packages ([`entry_name`]).
    fn folder(&self) -> String {
        format!("npm/{}/{}", entry_name::encode(&self.name), entry_name::encode(&self.version))
    }
}

/// How the purl of an npm package begins.
const TYPE: &str = "pkg:npm/";

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// Where a package is from: what its purl has beside name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A registry, by the one form of its address ([`addresses::registry`]): the expected one, whose
    /// keys and names count.
    Registry(String),
    /// A tarball at an address that is no registry's, without credentials, query and fragment.
    Url(String),
    /// A tarball among the project's files, by its path from the project's folder.
    File(String),
}

impl Origin {
    /// The expected registry, where there is one.
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Registry(address) => Some(address),
            Self::Url(_) | Self::File(_) => None,
        }
    }
}

/// A package: name, version and origin. Its text is the package URL (purl-spec): a package that is
/// not from the public registry has `repository_url`, `download_url` or `file_name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    id: PackageId,
    origin: Origin,
}

impl Purl {
    /// The purl of a version from an origin.
    pub fn new(id: PackageId, origin: Origin) -> Self {
        Self { id, origin }
    }

    /// Parses a purl in the one form that [`Purl`] displays. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(TYPE)?;
        let (path, qualifier) = match rest.split_once('?') {
            Some((path, qualifier)) => (path, Some(qualifier)),
            None => (rest, None),
        };
        let (name, version) = path.rsplit_once('@')?;
        let id = PackageId::new(&percent::decode(name)?, &percent::decode(version)?).ok()?;
        let origin = match qualifier.map(|qualifier| qualifier.split_once('=')) {
            None => Origin::Registry(NPM_REGISTRY.to_owned()),
            Some(Some(("repository_url", value))) => Origin::Registry(percent::decode(value)?),
            Some(Some(("download_url", value))) => Origin::Url(percent::decode(value)?),
            Some(Some(("file_name", value))) => Origin::File(percent::decode(value)?),
            Some(_) => return None,
        };
        let known = match &origin {
            Origin::Registry(address) => {
                addresses::parse(address).is_some()
                    && addresses::registry(address).as_ref() == Some(address)
            }
            Origin::Url(address) => addresses::is_plain(address),
            Origin::File(path) => !path.is_empty() && path.len() <= limits::INSTALL_PATH_BYTES,
        };
        Some(Self { id, origin }).filter(|purl| known && purl.to_string() == text)
    }

    /// Name and version.
    pub fn id(&self) -> &PackageId {
        &self.id
    }

    /// Where it is from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its folder in the archive: `npm/NAME/VERSION`, and below that one named by the first 16
    /// hexadecimal digits of the purl's SHA-256 where it is not from the public registry.
    pub fn folder(&self) -> String {
        let folder = self.id.folder();
        match &self.origin {
            Origin::Registry(address) if address == NPM_REGISTRY => folder,
            _ => {
                let digest = Algorithm::Sha256.digest(self.to_string().as_bytes()).to_hex();
                format!("{folder}/{}", digest.get(..16).unwrap_or(&digest))
            }
        }
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id.purl())?;
        let (name, value) = match &self.origin {
            Origin::Registry(address) if address == NPM_REGISTRY => return Ok(()),
            Origin::Registry(address) => ("repository_url", address),
            Origin::Url(address) => ("download_url", address),
            Origin::File(path) => ("file_name", path),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/:".contains(&b);
        write!(f, "?{name}={}", percent::encode(value, plain))
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

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
        let id = PackageId::new(&name, &version).unwrap();
        let folder = Purl::new(id, Origin::File("a.tgz".into())).folder();
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

    #[test]
    fn purls_say_where_a_package_is_from() {
        let id = || PackageId::new("@acme/a", "1.0.0+b").unwrap();
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
            assert_eq!(Purl::parse(text), Some(purl));
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
            assert_eq!(Purl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn folders_differ_where_origins_differ() {
        let folder = |text: &str| Purl::parse(text).unwrap().folder();
        let other = folder("pkg:npm/a@1.0.0?repository_url=https://npm.example");
        assert_eq!(folder("pkg:npm/a@1.0.0"), "npm/a/1.0.0");
        assert_eq!(other.len(), "npm/a/1.0.0/".len() + 16);
        assert_ne!(other, folder("pkg:npm/a@1.0.0?download_url=https://npm.example/a"));
    }
}
