//! Which registry answers for a package, and where its bytes come from: two questions.
//!
//! The *expected* registry is the one whose keys and names verification holds the evidence to.
//! The *source* is where the requests go. A mirror (`--registry`, or `registry=` in `.npmrc`)
//! changes the source of public packages and nothing else:
//!
//! | the lockfile's `resolved` | expected | source |
//! | --- | --- | --- |
//! | any, of a scope with a registry in `.npmrc`, unless at a third host | the scope's | the scope's; a `resolved` at its host as it is |
//! | missing, or at a host that stands for what is configured: the public registry by any of its names, unless `replace-registry-host=` says otherwise | the public registry | the mirror, path kept |
//! | below either mirror: written while that was in use | the public registry | the mirror, path kept |
//! | at the public registry, which stands for itself (`never`) | the public registry | the public registry |
//! | elsewhere, `BASE/NAME/-/FILE` | `BASE` | `BASE`, whatever the mirror |
//! | elsewhere, any other form | the public registry | the mirror; the tarball from `resolved` |
//!
//! The last two are bound to a record: the tarball must have the record's digest.
//!
//! Entries of one package may give several addresses. What counts is whether the expected
//! registries differ. Where all entries have one strong hash, the bytes decide, and the public
//! registry is the expected one if it is among them.

use std::collections::BTreeSet;

use url::Url;

use super::{
    Collectable, Conflict, RegistryConfig, config::Base, credentials::Credentials, expected,
};
use crate::core::{addresses::is_public, npm::address::forms, package::PackageId};

/// Where one package comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageRoute {
    /// The registry whose keys and names are expected.
    pub expected: Base,
    /// The registry that is asked.
    pub source: Base,
    /// The tarball, where the lockfile says it.
    pub tarball: Option<Url>,
    /// Whether the lockfile says something else: its host could not be reached.
    pub is_replacement: bool,
    /// Whether only the lockfile names the expected registry, and no configuration does.
    pub by_lockfile: bool,
}

impl RegistryConfig {
    /// The ways to get a package, the best one first. The next one is tried where a host cannot be
    /// reached.
    ///
    /// # Errors
    /// [`Conflict`] when entries get it from registries that differ.
    pub(super) fn routes(&self, item: &Collectable) -> Result<Vec<PackageRoute>, Conflict> {
        let mut routes: Vec<PackageRoute> = match item.resolved.as_slice() {
            [] => vec![self.route(&item.id, None)],
            some => some.iter().map(|url| self.route(&item.id, Some(url))).collect(),
        };
        let registries: BTreeSet<_> = routes.iter().map(|route| route.expected.name()).collect();
        if registries.len() > 1 {
            let public = self.public.name();
            if !expected::is_one_strong(&item.integrity) || !registries.contains(&public) {
                let (id, registries) = (item.id.clone(), registries.into_iter().collect());
                return Err(Conflict { id, registries });
            }
            routes.retain(|route| route.expected == self.public);
        }
        // What the source itself has goes before what lies elsewhere.
        routes.sort_by_key(PackageRoute::leads_elsewhere);
        routes.dedup();
        if expected::is_pinned(&item.integrity) {
            routes.extend(self.replacement(&item.id, &routes));
        }
        Ok(routes)
    }

    /// Where bytes that a hash pins can come from instead: the same name and version of the public
    /// registry. Not for a scope that has a registry of its own, nor from a host that is tried
    /// already.
    fn replacement(&self, id: &PackageId, routes: &[PackageRoute]) -> Option<PackageRoute> {
        let scope = id.scope().and_then(|scope| self.scopes.get(scope));
        if scope.is_some_and(|scope| !is_public(&scope.0)) {
            return None;
        }
        let (expected, source) = (self.public.clone(), self.public_source(scope));
        let is_tried = |route: &PackageRoute| route.source == source && !route.leads_elsewhere();
        if routes.iter().any(is_tried) {
            return None;
        }
        let (is_replacement, by_lockfile) = (true, false);
        Some(PackageRoute { expected, source, tarball: None, is_replacement, by_lockfile })
    }

    /// Where public packages come from.
    fn public_source(&self, scope: Option<&Base>) -> Base {
        match scope.filter(|scope| is_public(&scope.0) && !self.overridden) {
            Some(public) => public.clone(),
            None => self.mirror.clone(),
        }
    }

    /// Where a package comes from by one address, by the table above.
    fn route(&self, id: &PackageId, resolved: Option<&Url>) -> PackageRoute {
        let resolved = resolved.filter(|url| matches!(url.scheme(), "http" | "https"));
        let stands_for = resolved.is_none_or(|url| self.replaced.includes(url, is_public(url)));
        let scope = id.scope().and_then(|scope| self.scopes.get(scope));
        if let Some(scope) = scope.filter(|scope| !is_public(&scope.0)) {
            match resolved {
                None => return PackageRoute::own(scope.clone(), None),
                Some(url) if url.origin() == scope.0.origin() => {
                    return PackageRoute::own(scope.clone(), Some(url.clone()));
                }
                Some(url) if stands_for => {
                    return PackageRoute::own(scope.clone(), below(scope, id, url));
                }
                Some(_) => {}
            }
        }
        let (expected, source) = (self.public.clone(), self.public_source(scope));
        let route = |source: Base, tarball| PackageRoute {
            expected: expected.clone(),
            source,
            tarball,
            is_replacement: false,
            by_lockfile: false,
        };
        let Some(url) = resolved else { return route(source, None) };
        if let Some(path) =
            std::iter::once(&self.mirror).chain(&self.default).find_map(|base| path_in(base, url))
        {
            let tarball = source.graft(&path);
            return route(source, tarball);
        }
        if stands_for {
            let tarball = below(&source, id, url);
            return route(source, tarball);
        }
        if is_public(url) {
            return route(self.public.clone(), Some(url.clone()));
        }
        match base_of(id, url) {
            Some((base, _)) => {
                PackageRoute { by_lockfile: true, ..PackageRoute::own(base, Some(url.clone())) }
            }
            None => route(source, Some(url.clone())),
        }
    }
}

impl PackageRoute {
    /// A registry that is both asked and expected.
    fn own(base: Base, tarball: Option<Url>) -> Self {
        let (expected, source) = (base.clone(), base);
        Self { expected, source, tarball, is_replacement: false, by_lockfile: false }
    }

    /// Whether the registry that is asked may say that there is no such package: it is the expected
    /// one, and not by a lockfile's word alone.
    pub fn may_deny(&self) -> bool {
        self.source == self.expected && !self.by_lockfile
    }

    /// Whether the tarball is not at the registry that is asked.
    fn leads_elsewhere(&self) -> bool {
        self.tarball.as_ref().is_some_and(|url| url.origin() != self.source.0.origin())
    }
}

/// The same tarball at the registry that an address stands for. The path is kept of addresses at
/// the public registry; of others the registry says where it has the tarball, unless it is at the
/// usual place.
fn below(base: &Base, id: &PackageId, url: &Url) -> Option<Url> {
    if is_public(url) {
        return base.graft(url.path());
    }
    let (_, file) = base_of(id, url)?;
    base.graft(&format!("{}/-/{file}", id.name()))
}

/// The path of an address below a registry.
fn path_in(base: &Base, url: &Url) -> Option<String> {
    let rest = url.as_str().strip_prefix(base.0.as_str())?;
    Some(rest.split(['?', '#']).next().unwrap_or(rest).to_owned())
}

/// `BASE` and `FILE` of an address `BASE/NAME/-/FILE`.
fn base_of(id: &PackageId, url: &Url) -> Option<(Base, String)> {
    let (folder, file) = url.path().rsplit_once("/-/")?;
    if file.is_empty() {
        return None;
    }
    let base = forms(id.name())
        .into_iter()
        .flat_map(|name| [name.replacen('@', "%40", 1), name])
        .find_map(|name| folder.strip_suffix(&name)?.strip_suffix('/'))?;
    let mut root = url.clone();
    root.set_path(&format!("{base}/"));
    // A lockfile's userinfo is not a credential of ours: it is dropped.
    Some((Base::parse(root.as_str(), &mut Credentials::default())?, file.to_owned()))
}

#[cfg(test)]
mod tests;
