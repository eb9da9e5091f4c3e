//! The package URL: name, version and origin.

use std::fmt;

use super::{PackageId, ecosystem::Ecosystem};
use crate::core::{addresses, limits, percent};

/// Where a package is from: what its purl has beside name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A registry, by the one form of its address ([`addresses::registry`]): the expected one, whose
    /// keys and names count.
    Registry(String),
    /// A tarball at an address that is not a registry's, without credentials, query and fragment.
    Url(String),
    /// A tarball among the project's files, by its path from the project's folder.
    File(String),
    /// A tarball that a person packed for a git dependency, by the address that lockfiles have.
    Supplied(String),
}

impl Origin {
    /// The expected registry, where there is one.
    pub fn registry(&self) -> Option<&str> {
        match self {
            Self::Registry(address) => Some(address),
            Self::Url(_) | Self::File(_) | Self::Supplied(_) => None,
        }
    }
}

/// A package: name, version and origin. Its text is the package URL (purl-spec): a package that is
/// not from the public registry has `repository_url`, `download_url`, `file_name` or `vcs_url`.
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

    /// Parses a purl of an ecosystem, in the one form that [`Purl`] displays. `None` for anything
    /// else.
    pub fn parse(ecosystem: Ecosystem, text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pkg:")?.strip_prefix(ecosystem.purl_type())?;
        let rest = rest.strip_prefix('/')?;
        let (path, qualifier) = match rest.split_once('?') {
            Some((path, qualifier)) => (path, Some(qualifier)),
            None => (rest, None),
        };
        let (name, version) = path.rsplit_once('@')?;
        let (name, version) = (percent::decode(name)?, percent::decode(version)?);
        let id = PackageId::new(ecosystem, &name, &version).ok()?;
        let origin = match qualifier.map(|qualifier| qualifier.split_once('=')) {
            None => Origin::Registry(ecosystem.naming().public_registry.to_owned()),
            Some(Some(("repository_url", value))) => Origin::Registry(percent::decode(value)?),
            Some(Some(("download_url", value))) => Origin::Url(percent::decode(value)?),
            Some(Some(("file_name", value))) => Origin::File(percent::decode(value)?),
            Some(Some(("vcs_url", value))) => Origin::Supplied(percent::decode(value)?),
            Some(_) => return None,
        };
        let known = match &origin {
            Origin::Registry(address) => addresses::is_registry(address),
            Origin::Url(address) => addresses::is_plain(address),
            Origin::File(path) => !path.is_empty() && path.len() <= limits::INSTALL_PATH_BYTES,
            Origin::Supplied(address) => addresses::is_repository(address),
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

    /// Whether it is from the registry that a purl without qualifier means.
    pub fn is_public(&self) -> bool {
        self.origin.registry() == Some(self.id.ecosystem().naming().public_registry)
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id.purl())?;
        let (name, value) = match &self.origin {
            Origin::Registry(_) if self.is_public() => return Ok(()),
            Origin::Registry(address) => ("repository_url", address),
            Origin::Url(address) => ("download_url", address),
            Origin::File(path) => ("file_name", path),
            Origin::Supplied(address) => ("vcs_url", address),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/:".contains(&b);
        write!(f, "?{name}={}", percent::encode(value, plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ecosystems::parse_purl;

    const TOOL: &str =
        "pkg:npm/tool@1.0.0?vcs_url=git%2Bssh://git%40git.example/acme/tool.git%23v1";

    #[test]
    fn a_supplied_tarball_has_one_form() {
        let purl = parse_purl(TOOL).unwrap();
        let address = "git+ssh://git@git.example/acme/tool.git#v1";
        assert_eq!(purl.origin(), &Origin::Supplied(address.into()));
        assert_eq!((purl.origin().registry(), purl.is_public()), (None, false));
        assert_eq!(purl.to_string(), TOOL);
        assert_eq!(parse_purl(&TOOL.replace("%2B", "+")), None);
        assert_eq!(parse_purl(&TOOL.replace("//", "%2F%2F")), None);
    }

    #[test]
    fn rejects_an_address_with_a_secret_a_control_character_or_no_end() {
        let long = "a/".repeat(usize::try_from(limits::URL_BYTES).unwrap());
        let bad = ["", "git", "git+ssh://git:hush@git.example/a", "git+https://t@git.example/a"];
        let bad = bad.into_iter().chain(["a/ b", "a/\n", "a/\u{202e}b", "git@ü.example:a", &long]);
        for address in bad {
            let id = PackageId::npm("tool", "1.0.0").unwrap();
            let text = Purl::new(id, Origin::Supplied(address.into())).to_string();
            assert_eq!(parse_purl(&text), None, "{address:?}");
        }
        let id = PackageId::npm("tool", "1.0.0").unwrap();
        let purl = Purl::new(id, Origin::Supplied(long[..long.len() / 2].into()));
        assert_eq!(parse_purl(&purl.to_string()), Some(purl));
    }
}
