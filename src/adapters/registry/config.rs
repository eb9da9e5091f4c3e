//! Which registry answers for a package, and where its bytes come from: two questions.
//!
//! The *expected* registry is the one whose keys and names verification holds the evidence to.
//! The *source* is where the requests go. A mirror (`--registry`, or `registry=` in `.npmrc`)
//! changes the source of public packages and nothing else:
//!
//! | the lockfile's `resolved` | expected | source |
//! | --- | --- | --- |
//! | any, of a scope with a registry in `.npmrc`, unless at a third host | the scope's | the scope's; a `resolved` at its host as it is |
//! | missing, or at the public registry's host, by any of its names | the public registry | the mirror, path kept |
//! | below either mirror: written while that was in use | the public registry | the mirror, path kept |
//! | elsewhere, `BASE/NAME/-/FILE` | `BASE` | `BASE`, whatever the mirror |
//! | elsewhere, any other form | the public registry | the mirror; the tarball from `resolved` |
//!
//! The last two are bound to a record: the tarball must have the record's digest.

use std::collections::BTreeMap;

use url::Url;

use super::{credentials::Credentials, npmrc::Npmrc};
use crate::{
    adapters::network::Secret,
    core::{
        addresses::{self, NPM_REGISTRY, NPM_REGISTRY_HOST, YARN_REGISTRY_HOST},
        package::PackageId,
    },
};

/// A registry's address that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{of} is not an http or https address")]
pub struct ConfigError {
    /// Where it was given. The address itself may hold a password.
    of: String,
}

/// The registries to ask, and with which credentials.
#[derive(Debug, Clone)]
pub struct RegistryConfig {
    public: Base,
    /// Where public packages come from.
    mirror: Base,
    /// `registry=` of `.npmrc`, whose addresses in a lockfile stand for public packages.
    default: Option<Base>,
    scopes: BTreeMap<String, Base>,
    /// Whether the mirror was asked for in particular, not only by default.
    overridden: bool,
    credentials: Credentials,
}

/// Where one package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    /// The registry whose keys and names are expected.
    pub expected: Base,
    /// The registry that is asked.
    pub source: Base,
    /// The tarball, where the lockfile says it.
    pub tarball: Option<Url>,
}

impl RegistryConfig {
    /// From the `.npmrc` files, and from `--registry`, which goes before their default registry.
    ///
    /// # Errors
    /// When an address is not one.
    pub fn new(npmrc: &Npmrc, registry: Option<&str>) -> Result<Self, ConfigError> {
        let mut credentials = npmrc.credentials.clone();
        let mut base = |address: &str, of: &str| {
            Base::parse(address, &mut credentials).ok_or(ConfigError { of: of.to_owned() })
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
        Ok(Self { public, mirror, default, scopes, overridden, credentials })
    }

    /// The value of `Authorization` for an address.
    pub(super) fn authorization(&self, url: &Url) -> Option<Secret> {
        self.credentials.authorization(url)
    }

    /// Where a package comes from, by the table above.
    pub(super) fn route(&self, id: &PackageId, resolved: Option<&Url>) -> Route {
        let resolved = resolved.filter(|url| matches!(url.scheme(), "http" | "https"));
        let at_public = resolved.is_none_or(is_public);
        let scope = id.scope().and_then(|scope| self.scopes.get(scope));
        if let Some(scope) = scope.filter(|scope| !is_public(&scope.0)) {
            match resolved {
                Some(url) if !at_public && url.origin() == scope.0.origin() => {
                    return Route::own(scope.clone(), Some(url.clone()));
                }
                Some(url) if at_public => {
                    return Route::own(scope.clone(), scope.graft(url.path()));
                }
                None => return Route::own(scope.clone(), None),
                Some(_) => {}
            }
        }
        let expected = self.public.clone();
        let source = match scope.filter(|scope| is_public(&scope.0) && !self.overridden) {
            Some(public) => public.clone(),
            None => self.mirror.clone(),
        };
        let Some(url) = resolved else { return Route { expected, source, tarball: None } };
        if at_public {
            let tarball = source.graft(url.path());
            return Route { expected, source, tarball };
        }
        let below = |base: &Base| {
            let rest = url.as_str().strip_prefix(base.0.as_str())?;
            Some(rest.split(['?', '#']).next().unwrap_or(rest).to_owned())
        };
        if let Some(path) = std::iter::once(&self.mirror).chain(&self.default).find_map(below) {
            let tarball = source.graft(&path);
            return Route { expected, source, tarball };
        }
        match base_of(id, url) {
            Some(base) => Route::own(base, Some(url.clone())),
            None => Route { expected, source, tarball: Some(url.clone()) },
        }
    }
}

impl Route {
    /// A registry that is both asked and expected.
    fn own(base: Base, tarball: Option<Url>) -> Self {
        Self { expected: base.clone(), source: base, tarball }
    }
}

/// A registry's address: no userinfo, query or fragment, and a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base(Url);

impl Base {
    fn parse(text: &str, credentials: &mut Credentials) -> Option<Self> {
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
        self.0.as_str().trim_end_matches('/').to_owned()
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
        let basename = id.name().rsplit('/').next().unwrap_or(id.name());
        self.graft(&format!("{}/-/{basename}-{}.tgz", id.name(), id.version()))
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

fn is_public(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == NPM_REGISTRY_HOST || host == YARN_REGISTRY_HOST)
}

/// `BASE` of an address `BASE/NAME/-/FILE`.
fn base_of(id: &PackageId, url: &Url) -> Option<Base> {
    let (folder, file) = url.path().rsplit_once("/-/")?;
    if file.is_empty() {
        return None;
    }
    let encoded = id.name().replacen('/', "%2f", 1);
    let base = [id.name().to_owned(), encoded.replace("%2f", "%2F"), encoded]
        .into_iter()
        .flat_map(|name| [name.replacen('@', "%40", 1), name])
        .find_map(|name| folder.strip_suffix(&name)?.strip_suffix('/'))?;
    let mut root = url.clone();
    root.set_path(&format!("{base}/"));
    // A lockfile's userinfo is no credential of ours: it is dropped.
    Base::parse(root.as_str(), &mut Credentials::default())
}

/// A name as npm has it in the path of a packument: the slash of a scope is escaped, the `@` is not.
fn escape(name: &str) -> String {
    name.replacen('/', "%2f", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NPMRC: &str = "registry=https://mirror.example/npm
@acme:registry=https://npm.acme.example/
                         @open:registry=https://registry.npmjs.org/
";

    fn config(npmrc: &str, registry: Option<&str>) -> RegistryConfig {
        RegistryConfig::new(&Npmrc::parse(npmrc, &|_| None), registry).unwrap()
    }

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

    /// Expected registry, source and tarball of a package.
    fn route(
        config: &RegistryConfig,
        name: &str,
        resolved: Option<&str>,
    ) -> (String, String, Option<String>) {
        let id = PackageId::new(name, "1.0.0").unwrap();
        let resolved = resolved.map(|text| Url::parse(text).unwrap());
        let Route { expected, source, tarball } = config.route(&id, resolved.as_ref());
        (expected.name(), source.name(), tarball.map(String::from))
    }

    fn is(
        found: (String, String, Option<String>),
        expected: &str,
        source: &str,
        tarball: Option<&str>,
    ) {
        assert_eq!(found, (expected.into(), source.into(), tarball.map(str::to_owned)));
    }

    #[test]
    fn without_settings_everything_is_public() {
        let config = config("", None);
        is(route(&config, "a", None), NPM_REGISTRY, NPM_REGISTRY, None);
        let tarball = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
        is(route(&config, "a", Some(tarball)), NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
    }

    /// As npm and yarn have it: one registry, and locks of either name.
    #[test]
    fn yarns_name_of_the_public_registry_is_public() {
        let tarball = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
        let found =
            route(&config("", None), "a", Some(&tarball.replace("npmjs.org", "yarnpkg.com")));
        is(found, NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
    }

    #[test]
    fn a_mirror_changes_the_source_only() {
        let mirror = "https://mirror.example/npm";
        let rebased = "https://mirror.example/npm/a/-/a-1.0.0.tgz";
        let by_default = config(NPMRC, None);
        for resolved in ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", rebased] {
            is(route(&by_default, "a", Some(resolved)), NPM_REGISTRY, mirror, Some(rebased));
        }
        let asked = config(NPMRC, Some("http://127.0.0.1:4873"));
        let local = "http://127.0.0.1:4873/a/-/a-1.0.0.tgz";
        for resolved in ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", rebased, local] {
            let found = route(&asked, "a", Some(resolved));
            is(found, NPM_REGISTRY, "http://127.0.0.1:4873", Some(local));
        }
    }

    #[test]
    fn a_scope_keeps_its_registry() {
        let own = "https://npm.acme.example";
        let config = config(NPMRC, Some("http://127.0.0.1:4873"));
        is(route(&config, "@acme/a", None), own, own, None);
        let elsewhere = "https://npm.acme.example/download/@acme/a/1.0.0/0123";
        is(route(&config, "@acme/a", Some(elsewhere)), own, own, Some(elsewhere));
        let public = "https://registry.npmjs.org/@acme/a/-/a-1.0.0.tgz";
        let rebased = "https://npm.acme.example/@acme/a/-/a-1.0.0.tgz";
        is(route(&config, "@acme/a", Some(public)), own, own, Some(rebased));
    }

    #[test]
    fn a_scope_can_be_at_the_public_registry_beside_a_mirror() {
        let found = route(&config(NPMRC, None), "@open/a", None);
        is(found, NPM_REGISTRY, NPM_REGISTRY, None);
        let asked = config(NPMRC, Some("http://127.0.0.1:4873"));
        is(route(&asked, "@open/a", None), NPM_REGISTRY, "http://127.0.0.1:4873", None);
    }

    #[test]
    fn another_host_is_its_own_registry() {
        let config = config(NPMRC, Some("http://127.0.0.1:4873"));
        for tarball in [
            "https://other.example/npm/@b/a/-/a-1.0.0.tgz",
            "https://other.example/npm/@b%2fa/-/a-1.0.0.tgz",
            "https://other.example/npm/%40b%2Fa/-/a-1.0.0.tgz",
        ] {
            let base = "https://other.example/npm";
            is(route(&config, "@b/a", Some(tarball)), base, base, Some(tarball));
        }
    }

    #[test]
    fn a_tarball_without_a_registry_is_bound_to_the_public_record() {
        let config = config("", None);
        for tarball in [
            "https://other.example/a.tgz",
            "https://other.example/b/-/a-1.0.0.tgz",
            "https://other.example/ba/-/a-1.0.0.tgz",
        ] {
            is(route(&config, "a", Some(tarball)), NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
        }
    }

    #[test]
    fn addresses_are_npms() {
        let base = Base::parse("https://r.example/npm", &mut Credentials::default()).unwrap();
        let id = PackageId::new("@a/b", "1.0.0+x").unwrap();
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
}
