//! The collection itself: packument, tarball, attestations, for each package on its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::{
    Artifact, Cache, CollectError, Collected, Collection, Conflicts, Item, Options, Progress,
    RecordError, RegistryConfig, Request as Logged,
    cache::{Document, KeepError, Kept},
    config::{self, Route},
    expected::Expected,
    packument::{self, Dist, Version},
};
use crate::{
    adapters::network::{Address, Answer, Network, Request},
    core::{limits, package::PackageId, time::Time},
};

/// What became of one package.
type Outcome = (PackageId, Result<Collected, CollectError>);

/// Collects packages. One package's failure stops no other.
///
/// # Errors
/// [`Conflicts`], before anything is asked for, when entries get a package from registries that
/// differ.
pub fn collect(
    network: &Network,
    config: &RegistryConfig,
    cache: &Cache,
    items: &[Item],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Collection, Conflicts> {
    progress.total(items.len());
    let run = Run {
        network,
        config,
        cache,
        progress,
        time: options.now,
        slots: Semaphore::new(limits::IN_FLIGHT),
    };
    let mut outcomes = network.wait(run.all(items));
    outcomes.sort_by(|(one, _), (two, _)| one.cmp(two));
    Ok(Collection { outcomes, unreachable: Vec::new() })
}

struct Run<'a> {
    network: &'a Network,
    config: &'a RegistryConfig,
    cache: &'a Cache,
    progress: &'a dyn Progress,
    time: Time,
    slots: Semaphore,
}

/// The versions of one packument that are wanted, with the packument's request.
type Versions = (BTreeMap<String, Version>, Logged);

impl Run<'_> {
    async fn all(&self, items: &[Item]) -> Vec<Outcome> {
        // By the packument's address: a name is asked for once, not once a version.
        let mut names: BTreeMap<Option<Url>, Vec<(&Item, Route)>> = BTreeMap::new();
        for item in items {
            let route = self.config.route(&item.id, item.resolved.first());
            names.entry(route.source.packument(item.id.name())).or_default().push((item, route));
        }
        let mut running: FuturesUnordered<_> =
            names.into_iter().map(|(address, wanted)| self.name(address, wanted)).collect();
        let mut outcomes = Vec::new();
        while let Some(some) = running.next().await {
            outcomes.extend(some);
        }
        outcomes
    }

    /// All wanted versions of one name.
    async fn name(&self, address: Option<Url>, wanted: Vec<(&Item, Route)>) -> Vec<Outcome> {
        let ids: BTreeSet<_> = wanted.iter().map(|(item, _)| item.id.version()).collect();
        let versions = match &address {
            Some(address) => self.packument(address, &ids).await.map(|found| (found, address)),
            None => Err(CollectError::Address {
                registry: wanted.first().map(|(_, route)| route.source.name()).unwrap_or_default(),
            }),
        };
        let mut running: FuturesUnordered<_> =
            wanted.iter().map(|(item, route)| self.package(item, route, &versions)).collect();
        let mut outcomes = Vec::new();
        while let Some(outcome) = running.next().await {
            self.progress.done(&outcome.0);
            outcomes.push(outcome);
        }
        outcomes
    }

    async fn package(
        &self,
        item: &Item,
        route: &Route,
        versions: &Result<(Versions, &Url), CollectError>,
    ) -> Outcome {
        let result = match versions {
            Ok(((versions, request), address)) => {
                let record = |error| CollectError::Record { address: Address::of(address), error };
                match versions.get(item.id.version()) {
                    Some(version) => self.version(item, route, version, request, record).await,
                    None => Err(record(RecordError::NoSuchVersion)),
                }
            }
            Err(error) => Err(error.clone()),
        };
        (item.id.clone(), result)
    }

    /// Step by step, since each needs the one before: the tarball's address and digest are in
    /// the record, and so is whether there are attestations to ask for.
    async fn version(
        &self,
        item: &Item,
        route: &Route,
        version: &Version,
        asked: &Logged,
        bad_record: impl Fn(RecordError) -> CollectError,
    ) -> Result<Collected, CollectError> {
        let id = &item.id;
        let dist = Dist::read(&version.manifest).map_err(&bad_record)?;
        let record = packument::record(id, version).map_err(&bad_record)?;

        let expected = Expected::new(&item.integrity, dist.integrity.as_ref());
        if expected.is_empty() {
            return Err(CollectError::NoDigest);
        }
        let named = || config::rebase(&route.source, dist.tarball.as_deref()?);
        let address = route.tarball.clone().or_else(named).or_else(|| route.source.tarball(id));
        let address = address.ok_or_else(|| self.no_address(route))?;
        let Kept { path, size, sha512 } = self.tarball(&address, &expected).await?;
        let artifact_request = Some(self.log(&address, 200));

        let (mut attestations, mut attestations_request) = (None, None);
        if dist.attested {
            let address = route.source.attestations(id).ok_or_else(|| self.no_address(route))?;
            attestations = self.attestations(&address).await?;
            let status = if attestations.is_some() { 200 } else { 404 };
            attestations_request = Some(self.log(&address, status));
        }
        Ok(Collected {
            id: id.clone(),
            registry: Some(route.expected.name()),
            artifact: Some(Artifact { path, sha512, size }),
            record: Some(record),
            attestations,
            artifact_request,
            record_request: Some(asked.clone()),
            attestations_request,
        })
    }

    /// The full packument, of which the cache keeps the versions that were wanted so far.
    async fn packument(
        &self,
        address: &Url,
        wanted: &BTreeSet<&str>,
    ) -> Result<Versions, CollectError> {
        let max = limits::PACKUMENT_BYTES;
        let cached = self.cache.response(address.as_str(), max).and_then(|document| {
            let versions: BTreeMap<String, Version> =
                serde_json::from_slice(&document.body).ok()?;
            // One that lacks a version must be fetched whole; asking with its tag would bring 304.
            let complete = wanted.iter().all(|version| versions.contains_key(*version));
            complete.then_some((document.etag, versions))
        });
        let etag = cached.as_ref().map(|(etag, _)| etag.as_str());
        let mut body = Vec::new();
        let answer = self.document(address, etag, max, &mut body).await?;
        let request = self.log(address, 200);
        match (answer.status, cached) {
            (304, Some((_, versions))) => return Ok((versions, request)),
            (200, _) => {}
            (404, _) => {
                return Err(CollectError::NotInRegistry { address: Address::of(address) });
            }
            (status, _) => {
                return Err(CollectError::Status { address: Address::of(address), status });
            }
        }
        let wanted: Vec<&str> = wanted.iter().copied().collect();
        let versions = packument::read(&body, &wanted)
            .map_err(|error| CollectError::Record { address: Address::of(address), error })?;
        if let (Some(etag), Ok(body)) = (answer.etag, serde_json::to_vec(&versions)) {
            self.cache.keep_response(address.as_str(), &Document { etag, body })?;
        }
        Ok((versions, request))
    }

    async fn tarball(&self, address: &Url, expected: &Expected) -> Result<Kept, CollectError> {
        if let Some(kept) = self.cache.tarball(address.as_str(), expected) {
            return Ok(kept);
        }
        // Before the file is made: a lockfile has more packages than a process may have files.
        let _slot = self.slot().await;
        let mut download = self.cache.begin(expected, self.progress)?;
        let request = Request {
            authorize: &|url| self.config.authorization(url),
            ..Request::new(address, limits::TARBALL_BYTES)
        };
        let answer = self.network.fetch(&request, &mut download).await?;
        if answer.status != 200 {
            let (address, status) = (Address::of(address), answer.status);
            return Err(CollectError::Status { address, status });
        }
        self.cache.keep(address.as_str(), download).map_err(|error| match error {
            KeepError::Mismatch(mismatch) => {
                CollectError::Mismatch { place: Address::of(address).as_str().into(), mismatch }
            }
            KeepError::File(error) => CollectError::File(Arc::new(error)),
        })
    }

    /// `None` where the registry says 404.
    async fn attestations(&self, address: &Url) -> Result<Option<Vec<u8>>, CollectError> {
        let max = limits::ATTESTATIONS_BYTES;
        let cached = self.cache.response(address.as_str(), max);
        let etag = cached.as_ref().map(|document| document.etag.as_str());
        let mut body = Vec::new();
        let answer = self.document(address, etag, max, &mut body).await?;
        match (answer.status, cached) {
            (304, Some(document)) => Ok(Some(document.body)),
            (200, _) => {
                let Some(etag) = answer.etag else { return Ok(Some(body)) };
                let document = Document { etag, body };
                self.cache.keep_response(address.as_str(), &document)?;
                Ok(Some(document.body))
            }
            (404, _) => Ok(None),
            (status, _) => Err(CollectError::Status { address: Address::of(address), status }),
        }
    }

    /// A JSON document, which may be compressed on the way.
    async fn document(
        &self,
        address: &Url,
        etag: Option<&str>,
        max: u64,
        body: &mut Vec<u8>,
    ) -> Result<Answer, CollectError> {
        let request = Request {
            accept: "application/json",
            gzip: true,
            etag,
            authorize: &|url| self.config.authorization(url),
            ..Request::new(address, max)
        };
        let _slot = self.slot().await;
        Ok(self.network.fetch(&request, body).await?)
    }

    /// Waits for one of the slots. The semaphore is never closed.
    async fn slot(&self) -> Option<SemaphorePermit<'_>> {
        self.slots.acquire().await.ok()
    }

    fn log(&self, address: &Url, status: u16) -> Logged {
        let url = Address::of(address).as_str().to_owned();
        Logged { url, status, answered_at: self.time }
    }

    fn no_address(&self, route: &Route) -> CollectError {
        CollectError::Address { registry: route.source.name() }
    }
}
