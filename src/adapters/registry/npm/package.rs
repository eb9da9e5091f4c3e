//! One package: its tarball, and what the registry says of it.

use std::path::Path;

use url::Url;

use super::{
    AnsweredRequest, CollectError, Collectable, Collected, RecordError,
    answers::{PackumentListing, Run, Tarball},
    cache, config,
    expected::{self, ExpectedDigests},
    packument::{self, ListedVersion},
    route::PackageRoute,
};
use crate::{adapters::network::Address, core::npm::Dist};

impl Run<'_> {
    /// A package of a registry.
    ///
    /// An absence counts only where the expected registry itself has answered so. What a mirror
    /// lacks is not asked for elsewhere: whoever names a mirror does not want to go past it.
    pub async fn collect_package(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        listing: &PackumentListing,
    ) -> Result<Collected, CollectError> {
        let result = self.collect_once(item, route, listing).await;
        result.map_err(|error| match item.optional && !route.may_deny() {
            true if route.by_lockfile => error.by_lockfile(),
            true => error.in_mirror(&route.expected.name()),
            false => error,
        })
    }

    async fn collect_once(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        listing: &PackumentListing,
    ) -> Result<Collected, CollectError> {
        let mut collected = Collected::new(item, Some(route.expected.name()));
        match listing.version(item.id.version()) {
            (request, Some(version)) => {
                self.with_record(item, route, version, request, &mut collected).await?;
            }
            (request, None) => {
                self.without_record(item, route, request, &mut collected).await?;
            }
        }
        Ok(collected)
    }

    /// Step by step, since each needs the one before: the tarball's address and digest are in
    /// the record, and so is whether there are attestations to ask for.
    async fn with_record(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        version: &ListedVersion,
        request: &AnsweredRequest,
        collected: &mut Collected,
    ) -> Result<(), CollectError> {
        let bad_record = |error: RecordError| CollectError::Record {
            address: Address::of_text(&request.url),
            error,
        };
        let bad_dist = |detail: String| bad_record(RecordError::Dist(detail));
        let dist = Dist::read(&version.manifest).map_err(bad_dist)?;
        collected.record = Some(packument::record(&item.id, version).map_err(bad_record)?);
        collected.record_request = Some(request.clone());

        let expected =
            ExpectedDigests::new(&item.integrity, dist.expected().map_err(bad_dist)?.as_ref());
        if expected.is_empty() {
            return Err(CollectError::NoDigest);
        }
        let named = || config::rebase(&route.source, dist.tarball.as_deref()?);
        let address =
            route.tarball.clone().or_else(named).or_else(|| route.source.tarball(&item.id));
        let address = address.ok_or_else(|| no_address(route))?;
        if !self.artifact(item, route, &address, &expected, collected).await? {
            return Ok(());
        }
        if dist.announces_attestations() {
            self.attested(item, route, collected).await?;
        }
        Ok(())
    }

    /// What the registry does not list, and may still serve. Nothing but the lockfile's hash says
    /// then which bytes they must be; and nothing says that there are no attestations.
    async fn without_record(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        request: &AnsweredRequest,
        collected: &mut Collected,
    ) -> Result<(), CollectError> {
        collected.record_request = Some(request.clone());
        let pinned = expected::is_pinned(&item.integrity);
        let missing = request.status != 200;
        if !pinned && missing && item.optional && route.may_deny() {
            return Ok(());
        }
        let gone = || match missing {
            true => CollectError::NotInRegistry { address: Address::of_text(&request.url) },
            false => CollectError::NotListed {
                address: Address::of_text(&request.url),
                version: item.id.version().to_owned(),
                pinned,
            },
        };
        if !pinned && (missing || !item.optional) {
            return Err(gone());
        }
        let address = route.tarball.clone().or_else(|| route.source.tarball(&item.id));
        let address = address.ok_or_else(|| no_address(route))?;
        let expected = ExpectedDigests::new(&item.integrity, None);
        match self.artifact(item, route, &address, &expected, collected).await {
            Ok(true) if pinned => self.attested(item, route, collected).await,
            Ok(false) => Ok(()),
            Ok(true) => Err(gone()),
            Err(CollectError::Status { status: 404 | 410, .. }) => Err(gone()),
            Err(error) => Err(error),
        }
    }

    /// The tarball, if there is one: that the expected registry has none makes an optional package
    /// unavailable.
    async fn artifact(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        address: &Url,
        expected: &ExpectedDigests,
        collected: &mut Collected,
    ) -> Result<bool, CollectError> {
        match self.tarball(address, expected).await? {
            Tarball::Here(artifact, request) => {
                collected.artifact = Some(artifact);
                collected.artifact_request = Some(request);
                Ok(true)
            }
            Tarball::Absent(request)
                if item.optional && !route.by_lockfile && route.expected.has(address) =>
            {
                collected.artifact_request = Some(request);
                Ok(false)
            }
            Tarball::Absent(request) => {
                Err(CollectError::Status { address: Address::of(address), status: request.status })
            }
        }
    }

    async fn attested(
        &self,
        item: &Collectable,
        route: &PackageRoute,
        collected: &mut Collected,
    ) -> Result<(), CollectError> {
        let address = route.source.attestations(&item.id).ok_or_else(|| no_address(route))?;
        let (attestations, request) = self.attestations(&address).await?;
        collected.attestations = attestations;
        collected.attestations_request = Some(request);
        Ok(())
    }

    /// A tarball at an address that is not a registry's.
    pub async fn collect_url(
        &self,
        item: &Collectable,
        url: &Url,
    ) -> Result<Collected, CollectError> {
        let expected = ExpectedDigests::new(&item.integrity, None);
        if expected.is_empty() {
            return Err(CollectError::NoDigest);
        }
        match self.tarball(url, &expected).await? {
            Tarball::Here(artifact, request) => Ok(Collected {
                artifact: Some(artifact),
                artifact_request: Some(request),
                ..Collected::new(item, None)
            }),
            Tarball::Absent(request) => {
                let (address, status) = (Address::of(url), request.status);
                Err(CollectError::Status { address, status })
            }
        }
    }

    /// A tarball of the project.
    pub fn collect_file(&self, item: &Collectable, path: &Path) -> Result<Collected, CollectError> {
        let expected = ExpectedDigests::new(&item.integrity, None);
        if expected.is_empty() {
            return Err(CollectError::NoDigest);
        }
        let artifact = cache::examine(path, &expected)
            .map_err(|error| error.at(&path.display().to_string()))?;
        Ok(Collected { artifact: Some(artifact), ..Collected::new(item, None) })
    }
}

impl Collected {
    /// Nothing is known yet.
    fn new(item: &Collectable, registry: Option<String>) -> Self {
        Self {
            id: item.id.clone(),
            registry,
            artifact: None,
            record: None,
            attestations: None,
            artifact_request: None,
            record_request: None,
            attestations_request: None,
        }
    }
}

fn no_address(route: &PackageRoute) -> CollectError {
    CollectError::Address { registry: route.source.name() }
}
