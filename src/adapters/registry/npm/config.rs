//! The registries that are configured, and their addresses.

use std::collections::BTreeMap;

use url::Url;

use super::{
    credentials::Credentials,
    npmrc::{Npmrc, Replaced},
};
use crate::{
    adapters::network::Secret,
    core::{
        addresses::{self, NPM_REGISTRY, is_public},
        npm::{address::escape, packument::tarball_path},
        package::PackageId,
    },
};

/// A registry's address that cannot be used. If it were ignored, another registry would be asked for its
/// packages. `of` says where it was given; the address itself may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not an address.
    #[error("{of} is not an http or https address")]
    Address {
        /// Which one.
        of: String,
    },
    /// A variable that is not set.
    #[error("{of} names an environment variable that is not set")]
    Variable {
        /// Which one.
        of: String,
    },
    /// A variable, in a file that may name none.
    #[error("{of} names an environment variable")]
    ProjectVariable {
        /// Which one.
        of: String,
    },
}

impl ConfigError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::ProjectVariable { .. } => Some(
                "the author of this file could send the variable's value to any host: if you trust \
                 them, give --trust-project-npmrc",
            ),
            _ => None,
        }
    }
}

/// The registries to ask, and with which credentials.
#[derive(Debug, Clone)]
pub struct RegistryConfig {
    pub(super) public: Base,
    /// Where public packages come from.
    pub(super) mirror: Base,
    /// `registry=` of `.npmrc`, whose addresses in a lockfile stand for public packages.
    pub(super) default: Option<Base>,
    pub(super) scopes: BTreeMap<String, Base>,
    /// Whether `--registry` names the mirror, and not only a default.
    pub(super) overridden: bool,
    /// Which addresses in a lockfile stand for what is configured.
    pub(super) replaced: Replaced,
    credentials: Credentials,
}

impl RegistryConfig {
    /// From the `.npmrc` files, and from `--registry`, which goes before their default registry.
    ///
    /// # Errors
    /// When an address is not one.
    pub fn new(npmrc: &Npmrc, registry: Option<&str>) -> Result<Self, ConfigError> {
        if let Some(error) = &npmrc.refused {
            return Err(error.clone());
        }
        let mut credentials = npmrc.credentials.clone();
        let mut base = |address: &str, of: &str| {
            Base::parse(address, &mut credentials)
                .ok_or_else(|| ConfigError::Address { of: of.to_owned() })
        };
        let public = base(NPM_REGISTRY, "the public registry")?;
        let default = match &npmrc.registry {
            Some(address) => Some(base(address.reveal(), "registry= in .npmrc")?),
            None => None,
        };
        let mut scopes = BTreeMap::new();
        for (scope, address) in &npmrc.scopes {
            let of = format!("{scope}:registry= in .npmrc");
            scopes.insert(scope.clone(), base(address.reveal(), &of)?);
        }
        let mirror = match registry {
            Some(address) => Some(base(address, "--registry")?),
            None => None,
        };
        let overridden = mirror.is_some();
        let mirror = mirror.or_else(|| default.clone()).unwrap_or_else(|| public.clone());
        let replaced = npmrc.replaced.clone();
        Ok(Self { public, mirror, default, scopes, overridden, replaced, credentials })
    }

    /// The value of `Authorization` for an address.
    pub(super) fn authorization(&self, url: &Url) -> Option<Secret> {
        self.credentials.authorization(url)
    }

    /// Whether a registry is configured at the host of an address.
    pub(super) fn is_configured(&self, url: &Url) -> bool {
        let bases = [&self.public, &self.mirror].into_iter().chain(&self.default);
        bases.chain(self.scopes.values()).any(|base| base.0.host() == url.host())
    }
}

/// A registry's address: no userinfo, query or fragment, and a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(pub(super) Url);

impl Base {
    pub(super) fn parse(text: &str, credentials: &mut Credentials) -> Option<Self> {
        let mut url = Url::parse(text.trim()).ok()?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return None;
        }
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        url.set_query(None);
        url.set_fragment(None);
        credentials.take(&mut url);
        Some(Self(url))
    }

    /// The address without the slash at its end, the form that the manifest has it in.
    pub fn name(&self) -> String {
        let text = self.0.as_str();
        addresses::registry(text).unwrap_or_else(|| text.trim_end_matches('/').to_owned())
    }

    /// `GET {registry}/{name}`.
    pub fn packument(&self, name: &str) -> Option<Url> {
        self.graft(&escape(name))
    }

    /// `GET {registry}/-/npm/v1/attestations/{name}@{version}`.
    pub fn attestations(&self, id: &PackageId) -> Option<Url> {
        self.graft(&format!("-/npm/v1/attestations/{}@{}", escape(id.name()), id.version()))
    }

    /// `{registry}/{name}/-/{basename}-{version}.tgz`, where every npm registry has it unless its
    /// record says otherwise.
    pub fn tarball(&self, id: &PackageId) -> Option<Url> {
        self.graft(tarball_path(id).trim_start_matches('/'))
    }

    /// Whether an address is this registry's.
    pub fn has(&self, url: &Url) -> bool {
        url.origin() == self.0.origin() && url.path().starts_with(self.0.path())
    }

    /// This registry's address with `path` below it.
    pub fn graft(&self, path: &str) -> Option<Url> {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{}", self.0.path(), path.trim_start_matches('/')));
        // Dots in the path must not climb out of the registry.
        url.path().starts_with(self.0.path()).then_some(url)
    }
}

/// Where the record says the tarball is. An address on the public registry's host means the same
/// path below whatever registry is asked.
pub(super) fn rebase(source: &Base, tarball: &str) -> Option<Url> {
    let url = addresses::parse(tarball)?;
    match url.scheme() {
        "http" | "https" if is_public(&url) => source.graft(url.path()),
        "http" | "https" => Some(url),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_address_is_as_long_as_the_limit() {
        let source = Base::parse("https://r.example/", &mut Credentials::default()).unwrap();
        let long =
            |bytes: u64| format!("https://files.example/{}", "a".repeat(bytes as usize - 22));
        let most = crate::core::limits::URL_BYTES;
        assert_eq!(rebase(&source, &long(most)).unwrap().as_str(), long(most));
        assert_eq!(rebase(&source, &long(most + 1)), None);
        assert_eq!(rebase(&source, "https://%66iles.example/a.tgz"), None);
    }

    #[test]
    fn addresses_are_npms() {
        let base = Base::parse("https://r.example/npm", &mut Credentials::default()).unwrap();
        let id = PackageId::npm("@a/b", "1.0.0+x").unwrap();
        let text = |url: Option<Url>| url.unwrap().to_string();
        assert_eq!(text(base.packument("@a/b")), "https://r.example/npm/@a%2fb");
        assert_eq!(
            text(base.attestations(&id)),
            "https://r.example/npm/-/npm/v1/attestations/@a%2fb@1.0.0+x"
        );
        assert_eq!(text(base.tarball(&id)), "https://r.example/npm/@a/b/-/b-1.0.0+x.tgz");
        assert_eq!(base.graft("/../x"), None);
    }

    #[test]
    fn the_records_tarball_is_rebased_from_the_public_host_only() {
        let base = Base::parse("https://r.example/npm", &mut Credentials::default()).unwrap();
        let text = |tarball| rebase(&base, tarball).map(String::from);
        assert_eq!(
            text("https://registry.npmjs.org/a/-/a-1.tgz").as_deref(),
            Some("https://r.example/npm/a/-/a-1.tgz")
        );
        assert_eq!(text("https://cdn.example/a.tgz").as_deref(), Some("https://cdn.example/a.tgz"));
        assert_eq!(text("file:///etc/passwd"), None);
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        let npmrc = Npmrc::default();
        for address in ["file:///x", "hush", "ftp://me:hush@a.example"] {
            let error = RegistryConfig::new(&npmrc, Some(address)).unwrap_err();
            assert_eq!(error.to_string(), "--registry is not an http or https address");
        }
    }

    #[test]
    fn a_host_is_configured_by_any_registry_there() {
        let npmrc = "registry=https://mirror.example/npm\n@a:registry=http://127.0.0.1:4873";
        let npmrc = Npmrc::parse(npmrc, &|_| None);
        let config = RegistryConfig::new(&npmrc, Some("https://asked.example")).unwrap();
        let is_configured = |url| config.is_configured(&Url::parse(url).unwrap());
        for url in [
            "https://mirror.example/a",
            "http://127.0.0.1:80/",
            "https://asked.example/",
            "https://registry.npmjs.org/a",
        ] {
            assert!(is_configured(url), "{url}");
        }
        for url in ["http://localhost:4873/", "https://a.mirror.example/", "http://127.0.0.2/"] {
            assert!(!is_configured(url), "{url}");
        }
    }
}
