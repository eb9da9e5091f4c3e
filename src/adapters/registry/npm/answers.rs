//! The answers of a registry, each with its request. They come from the cache if the registry confirms
//! them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    AnsweredRequest, Cache, CollectError, CollectedTarball, Progress, RegistryConfig,
    cache::{Document, KeepError},
    expected::ExpectedDigests,
    packument::{self, ListedVersion},
};
use crate::{
    adapters::network::{self, Address, AnswerHead, Hosts, Network, Sink},
    core::{
        limits,
        time::{self, Time},
    },
};

/// One collection.
pub(super) struct Run<'a> {
    pub network: &'a Network,
    pub config: &'a RegistryConfig,
    pub cache: &'a Cache,
    pub progress: &'a dyn Progress,
    pub hosts: &'a Hosts,
    /// When the answers of this run come, to the second.
    pub now: Time,
    pub not_after: Option<Time>,
}

/// What a packument says of the wanted versions.
pub(super) struct PackumentListing {
    /// How it was asked for. With status 404 or 410 the registry has no packument.
    request: AnsweredRequest,
    /// Each with the time since when the registry says so.
    versions: BTreeMap<String, (AnsweredRequest, Option<ListedVersion>)>,
}

impl PackumentListing {
    /// What it says of one version.
    pub fn version(&self, version: &str) -> (&AnsweredRequest, Option<&ListedVersion>) {
        match self.versions.get(version) {
            Some((request, version)) => (request, version.as_ref()),
            None => (&self.request, None),
        }
    }
}

/// The answer at a tarball's address.
pub(super) enum Tarball {
    Here(CollectedTarball, AnsweredRequest),
    Absent(AnsweredRequest),
}

/// One version in the cache, listed or not.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    answered_at: Time,
    version: Option<ListedVersion>,
}

impl Run<'_> {
    /// The full packument, of which the cache keeps the versions that were wanted so far.
    pub async fn listing(
        &self,
        address: &Url,
        wanted: &BTreeSet<&str>,
    ) -> Result<PackumentListing, CollectError> {
        let max = limits::PACKUMENT_BYTES;
        let cached = self.cache.response(address.as_str(), max);
        let known = cached.as_ref().and_then(known).unwrap_or_default();
        // A copy that lacks a version must be fetched whole; a request with its tag would get 304.
        let complete = wanted.iter().all(|version| known.contains_key(*version));
        let etag = cached.as_ref().filter(|_| complete).and_then(|cached| cached.etag.as_deref());
        let mut body = self.cache.spool();
        let answer = self.document(address, etag, max, &mut body).await?;
        let known = match answer.status {
            304 => known,
            200 => self.keep_versions(address, answer, &body.read()?, known, wanted)?,
            status => {
                let request = self.absent(address, status, cached)?;
                return Ok(PackumentListing { request, versions: BTreeMap::new() });
            }
        };
        let mut versions = BTreeMap::new();
        for version in wanted {
            let Some(Known { answered_at, version: found }) = known.get(*version) else { continue };
            let request = self.log(address, 200, *answered_at)?;
            versions.insert((*version).to_owned(), (request, found.clone()));
        }
        let url = Address::of(address).as_str().to_owned();
        Ok(PackumentListing {
            request: AnsweredRequest { url, status: 200, answered_at: self.now },
            versions,
        })
    }

    /// Keeps what a packument says of the versions that are wanted, or were. What has not changed
    /// keeps its time, though other versions were published.
    fn keep_versions(
        &self,
        address: &Url,
        answer: AnswerHead,
        body: &[u8],
        mut known: BTreeMap<String, Known>,
        wanted: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Known>, CollectError> {
        let all: BTreeSet<String> =
            wanted.iter().map(|one| (*one).to_owned()).chain(known.keys().cloned()).collect();
        let names: Vec<&str> = all.iter().map(String::as_str).collect();
        let mut found = packument::read(body, &names)
            .map_err(|error| CollectError::Record { address: Address::of(address), error })?;
        for name in &all {
            let version = found.remove(name);
            if known.get(name).is_none_or(|known| known.version != version) {
                known.insert(name.clone(), Known { answered_at: self.now, version });
            }
        }
        if let Ok(body) = serde_json::to_vec(&known) {
            let (status, answered_at, etag) = (200, self.now, answer.etag);
            let document = Document { status, answered_at, etag, body };
            self.cache.keep_response(address.as_str(), &document)?;
        }
        Ok(known)
    }

    /// The tarball at an address, if the registry has one. It is the expected one, or an error.
    pub async fn tarball(
        &self,
        address: &Url,
        expected: &ExpectedDigests,
    ) -> Result<Tarball, CollectError> {
        if let Some(kept) = self.cache.tarball(address.as_str(), expected) {
            let request = self.log(address, 200, kept.answered_at)?;
            return Ok(Tarball::Here(kept.artifact, request));
        }
        let mut download = self.cache.begin(expected, self.progress);
        let request = network::Request {
            authorize: &|url| self.config.authorization(url),
            is_configured: Some(&|url| self.config.is_configured(url)),
            hosts: Some(self.hosts),
            ..network::Request::new(address, limits::TARBALL_BYTES)
        };
        let answer = self.network.fetch(&request, &mut download).await?;
        if answer.status != 200 {
            let cached = self.cache.response(address.as_str(), limits::INDEX_BYTES);
            return Ok(Tarball::Absent(self.absent(address, answer.status, cached)?));
        }
        let kept = self
            .cache
            .keep(address.as_str(), self.now, download)
            .map_err(|error| error.at(Address::of(address).as_str()))?;
        Ok(Tarball::Here(kept.artifact, self.log(address, 200, kept.answered_at)?))
    }

    /// The attestation response of an address, if there is one.
    pub async fn attestations(
        &self,
        address: &Url,
    ) -> Result<(Option<Vec<u8>>, AnsweredRequest), CollectError> {
        let max = limits::ATTESTATIONS_BYTES;
        let cached = self.cache.response(address.as_str(), max);
        let etag = cached.as_ref().and_then(|cached| cached.etag.as_deref());
        let mut body = Vec::new();
        let answer = self.document(address, etag, max, &mut body).await?;
        let document = match (answer.status, cached) {
            (304, Some(cached)) => cached,
            (200, cached) => {
                let same = cached.as_ref().filter(|cached| cached.status == 200);
                let same = same.filter(|cached| cached.body == body);
                let answered_at = same.map_or(self.now, |cached| cached.answered_at);
                let document = Document { status: 200, answered_at, etag: answer.etag, body };
                if cached.as_ref() != Some(&document) {
                    self.cache.keep_response(address.as_str(), &document)?;
                }
                document
            }
            (status, cached) => return Ok((None, self.absent(address, status, cached)?)),
        };
        let request = self.log(address, 200, document.answered_at)?;
        Ok((Some(document.body), request))
    }

    /// A JSON document, which may be compressed on the way.
    async fn document(
        &self,
        address: &Url,
        etag: Option<&str>,
        max: u64,
        body: &mut dyn Sink,
    ) -> Result<AnswerHead, CollectError> {
        let request = network::Request {
            accept: "application/json",
            gzip: true,
            etag,
            authorize: &|url| self.config.authorization(url),
            is_configured: Some(&|url| self.config.is_configured(url)),
            hosts: Some(self.hosts),
            ..network::Request::new(address, max)
        };
        Ok(self.network.fetch(&request, body).await?)
    }

    /// 404 or 410, which the cache keeps too: an absence is as old as its first answer.
    fn absent(
        &self,
        address: &Url,
        status: u16,
        cached: Option<Document>,
    ) -> Result<AnsweredRequest, CollectError> {
        if !matches!(status, 404 | 410) {
            return Err(CollectError::Status { address: Address::of(address), status });
        }
        let answered_at = match cached.filter(|cached| cached.status == status) {
            Some(cached) => cached.answered_at,
            None => {
                let (answered_at, etag, body) = (self.now, None, Vec::new());
                let document = Document { status, answered_at, etag, body };
                self.cache.keep_response(address.as_str(), &document)?;
                answered_at
            }
        };
        self.log(address, status, answered_at)
    }

    fn log(
        &self,
        address: &Url,
        status: u16,
        answered_at: Time,
    ) -> Result<AnsweredRequest, CollectError> {
        let address = Address::of(address);
        match self.not_after.map(time::to_second) {
            Some(not_after) if answered_at > not_after => {
                Err(CollectError::TooLate { address, answered_at, not_after })
            }
            _ => Ok(AnsweredRequest { url: address.as_str().to_owned(), status, answered_at }),
        }
    }
}

/// The versions of a cached packument.
fn known(document: &Document) -> Option<BTreeMap<String, Known>> {
    if document.status == 200 { serde_json::from_slice(&document.body).ok() } else { None }
}

impl KeepError {
    /// Says of which tarball.
    pub(super) fn at(self, place: &str) -> CollectError {
        match self {
            Self::Mismatch(mismatch) => {
                CollectError::Mismatch { place: place.to_owned(), mismatch }
            }
            Self::File(error) => CollectError::File(Arc::new(error)),
        }
    }
}
