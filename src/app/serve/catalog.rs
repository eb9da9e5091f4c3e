//! What is served: every package of the archives, by name and version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use url::Url;

use super::ServeError;
use crate::{
    adapters::{
        archive::ArchiveError,
        install::{self, InstallError, versions_within},
        serve::{Asked, Bytes, ChangedArchive, Reply, ServedEntry},
    },
    app::{report::JudgedPackage, verify::VerifiedArchive},
    core::{
        archive::manifest::Package,
        limits,
        npm::{
            integrity::IntegrityRefusal,
            packument::{self, ABBREVIATED, Form, RecordExtract, ServedVersion, Unreadable},
            route::{LATEST, Route},
        },
        package::{Origin, PackageId, Purl, digest::Digest},
        verdict::{Claim, Facts},
    },
};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const TARBALL: &str = "application/octet-stream";

/// All packages that are served.
pub(super) struct Catalog {
    archives: Vec<VerifiedArchive>,
    items: Vec<CatalogItem>,
    /// The packages of registries, by name, then by version: places in `items`.
    names: BTreeMap<String, BTreeMap<String, usize>>,
    /// Tarballs by their digests, and by the paths of the addresses that lockfiles have: of registries in a
    /// folder of their host, and of tarballs that no registry gives. `None` where two packages have one path.
    paths: BTreeMap<String, Option<usize>>,
    keys: Vec<serde_json::Value>,
    /// Pages for people, by their paths.
    pages: BTreeMap<String, Bytes>,
}

/// A package, and where its parts are.
struct CatalogItem {
    purl: Purl,
    archive: usize,
    artifact: String,
    record: Option<String>,
    attestations: Option<String>,
    /// SHA-512 of its tarball.
    digest: Digest,
    /// The predicate type of its verified provenance.
    provenance: Option<String>,
}

impl Catalog {
    /// Lists the packages of archives.
    ///
    /// # Errors
    /// [`ServeError::TwoContents`].
    pub fn new(archives: Vec<VerifiedArchive>) -> Result<Self, ServeError> {
        let mut catalog = Self {
            archives: Vec::new(),
            items: Vec::new(),
            names: BTreeMap::new(),
            paths: BTreeMap::new(),
            keys: Vec::new(),
            pages: BTreeMap::new(),
        };
        for (number, archive) in archives.iter().enumerate() {
            let mut judged: BTreeMap<&Purl, &JudgedPackage> = BTreeMap::new();
            judged.extend(archive.report().packages.iter().map(|judged| (&judged.purl, judged)));
            for (purl, package) in archive.archive().manifest().packages() {
                if let Some(judged) = judged.get(purl)
                    && let Some(item) = CatalogItem::new(number, purl, package, judged)
                {
                    let address = package.artifact.as_ref().and_then(|part| part.url.as_deref());
                    catalog.add(item, address, &archives)?;
                }
            }
            for key in archive.npm_keys() {
                if !catalog.keys.contains(key) {
                    catalog.keys.push(key.clone());
                }
            }
        }
        catalog.archives = archives;
        Ok(catalog)
    }

    /// Adds a package that was collected from an address. Only what a registry gives has a place among the
    /// versions of a name: any other tarball can call itself what it likes.
    fn add(
        &mut self,
        item: CatalogItem,
        address: Option<&str>,
        archives: &[VerifiedArchive],
    ) -> Result<(), ServeError> {
        let (place, id) = (self.items.len(), item.purl.id());
        let mut paths: Vec<String> = address.and_then(path).into_iter().collect();
        let known = match item.purl.origin() {
            Origin::Registry(_) => {
                let versions = self.names.entry(id.name().to_owned()).or_default();
                *versions.entry(id.version().to_owned()).or_insert(place)
            }
            origin => {
                if let Origin::Url(url) = origin {
                    paths.extend(path(url));
                }
                let by_digest = self.paths.entry(by_digest(&item.digest)).or_insert(Some(place));
                by_digest.unwrap_or(place)
            }
        };
        match self.items.get(known) {
            None => self.items.push(item),
            Some(known) if known.digest == item.digest => {}
            Some(known) => {
                let of = |item: &CatalogItem| {
                    let file = archives.get(item.archive).map(|archive| archive.archive().path());
                    (item.purl.clone(), file.unwrap_or("".as_ref()).to_owned())
                };
                return Err(ServeError::TwoContents(Box::new([of(known), of(&item)])));
            }
        }
        let digest = |place: usize| self.items.get(place).map(|item| &item.digest);
        for path in paths {
            let other = self.paths.entry(path).or_insert(Some(known));
            if other.and_then(digest) != digest(known) {
                *other = None;
            }
        }
        Ok(())
    }

    /// Shows a page for people at a path.
    pub fn show(&mut self, path: String, html: String) {
        self.pages.insert(path, html.into());
    }

    pub fn archives(&self) -> &[VerifiedArchive] {
        &self.archives
    }

    /// Every tarball: its archive, its entry, its package and SHA-512.
    pub fn tarballs(&self) -> impl Iterator<Item = (usize, &str, &Purl, &Digest)> {
        let items = self.items.iter();
        items.map(|item| (item.archive, item.artifact.as_str(), &item.purl, &item.digest))
    }

    pub fn packages(&self) -> usize {
        self.items.len()
    }

    pub fn scopes(&self) -> BTreeSet<String> {
        let scopes = self.items.iter().filter_map(|item| item.purl.id().scope());
        scopes.map(str::to_owned).collect()
    }

    fn find(&self, id: &PackageId) -> Option<&CatalogItem> {
        self.items.get(*self.names.get(id.name())?.get(id.version())?)
    }

    /// The versions of a name.
    fn versions(&self, name: &str) -> Vec<&CatalogItem> {
        let places = self.names.get(name).into_iter().flat_map(BTreeMap::values);
        places.filter_map(|place| self.items.get(*place)).collect()
    }

    fn entry(&self, item: &CatalogItem, name: &str, media: &'static str) -> Option<ServedEntry> {
        let archive = self.archives.get(item.archive)?.archive();
        let subject = archive.manifest().subject(name)?;
        Some(ServedEntry {
            archive: item.archive,
            name: name.to_owned(),
            digest: subject.digest.to_hex(),
            size: subject.size,
            media,
        })
    }

    fn tarball(&self, item: &CatalogItem) -> Reply {
        let entry = self.entry(item, &item.artifact, TARBALL);
        entry.map_or_else(|| not_sealed(item.purl.id()), Reply::Entry)
    }

    fn attestations(&self, id: &PackageId) -> Reply {
        let Some(item) = self.find(id) else { return not_sealed(id) };
        let name = item.attestations.as_deref();
        let entry = name.and_then(|name| self.entry(item, name, JSON));
        entry.map_or_else(
            || Reply::NotFound(format!("there are no attestations of {id} in the archive")),
            Reply::Entry,
        )
    }

    /// The package at a path that no route of a registry has.
    fn at(&self, path: &str) -> Reply {
        match self.paths.get(path) {
            Some(Some(place)) => match self.items.get(*place) {
                Some(item) => self.tarball(item),
                None => not_sealed(&path),
            },
            Some(None) => {
                Reply::NotFound("two sealed packages have this path, on different hosts".to_owned())
            }
            None => Reply::NotFound("this registry serves nothing of that kind".to_owned()),
        }
    }

    fn packument(&self, name: &str, asked: &Asked) -> Result<Reply, ChangedArchive> {
        let items = self.versions(name);
        if items.is_empty() {
            return Ok(not_sealed(&name));
        }
        let (form, media) = match asked.abbreviated {
            true => (Form::Abbreviated, ABBREVIATED),
            false => (Form::Full, JSON),
        };
        let mut last = None;
        let versions = items.into_iter().map(|item| {
            last = Some(item);
            self.version(item)
        });
        let made = versions_within(versions)
            .and_then(|versions| Ok(packument::packument(&versions, &asked.base, form)?));
        self.made(made, last, media)
    }

    fn one_version(
        &self,
        name: &str,
        version: &str,
        asked: &Asked,
    ) -> Result<Reply, ChangedArchive> {
        let items = self.versions(name);
        let latest = || packument::latest(items.iter().map(|item| item.purl.id()));
        let version = match version {
            LATEST => latest().map_or(LATEST, PackageId::version),
            version => version,
        };
        let Some(item) = items.iter().find(|item| item.purl.id().version() == version) else {
            return Ok(not_sealed(&format_args!("{name}@{version}")));
        };
        let made = self.version(item).and_then(|version| Ok(version.document(&asked.base)?));
        self.made(made, Some(item), JSON)
    }

    /// A version, from bytes that are compared with the manifest now.
    fn version(&self, item: &CatalogItem) -> Result<ServedVersion, InstallError> {
        let missing = || ArchiveError::NoSuchEntry(item.artifact.clone());
        let archive = self.archives.get(item.archive).ok_or_else(missing)?.archive();
        let record = item.record.as_ref().map(|name| archive.read(name, limits::RECORD_BYTES));
        let record = record.transpose()?.as_deref().map(RecordExtract::read).transpose();
        let unreadable = |error: IntegrityRefusal| Unreadable {
            id: item.purl.id().clone(),
            detail: error.to_string(),
        };
        let recorded = record.map_err(unreadable)?.unwrap_or_default();
        let attested = item.attestations.as_ref().map(|_| item.provenance.clone());
        Ok(ServedVersion {
            recorded,
            attested: attested.map(Option::unwrap_or_default),
            ..install::version(archive, item.purl.id(), &item.artifact, &item.digest)?
        })
    }

    /// The answer that has this document, or says why it could not be made. `last` is the package that was
    /// read last for it.
    fn made(
        &self,
        document: Result<Vec<u8>, InstallError>,
        last: Option<&CatalogItem>,
        media: &'static str,
    ) -> Result<Reply, ChangedArchive> {
        match document {
            Ok(bytes) => Ok(Reply::Document { bytes: bytes.into(), media }),
            Err(InstallError::Archive(error)) => {
                let archive = last.and_then(|item| self.archives.get(item.archive));
                let path = archive.map(|archive| archive.archive().path().to_owned());
                Err(ChangedArchive { archive: path.unwrap_or_default(), error })
            }
            Err(error) => Ok(Reply::Failed(error.to_string())),
        }
    }
}

impl CatalogItem {
    fn new(archive: usize, purl: &Purl, package: &Package, judged: &JudgedPackage) -> Option<Self> {
        let entry =
            |part: &Option<crate::core::archive::manifest::Part>| part.as_ref()?.entry.clone();
        let provenance = match judged.verdict.facts(Claim::Provenance) {
            Some(Facts::Provenance(facts)) => Some(facts.predicate_type.clone()),
            _ => None,
        };
        Some(Self {
            purl: purl.clone(),
            archive,
            artifact: entry(&package.artifact)?,
            record: entry(&package.record),
            attestations: entry(&package.attestations),
            digest: judged.digest.clone(),
            provenance,
        })
    }
}

/// Where a tarball is that no registry gives.
pub(super) fn by_digest(digest: &Digest) -> String {
    format!("/-/sealift/{}.tgz", digest.to_hex())
}

/// The path of an address, if no route means it.
fn path(address: &str) -> Option<String> {
    let path = Url::parse(address).ok()?.path().to_owned();
    Route::parse(&path).is_none().then_some(path)
}

fn not_sealed(what: &dyn std::fmt::Display) -> Reply {
    Reply::NotFound(format!("{what} is not sealed in the archive"))
}

fn constant(value: &serde_json::Value) -> Reply {
    Reply::Document { bytes: value.to_string().into(), media: JSON }
}

impl Catalog {
    /// Says what to answer.
    ///
    /// # Errors
    /// When an archive is not what was verified any more.
    pub fn answer(&self, asked: &Asked) -> Result<Reply, ChangedArchive> {
        Ok(match &asked.route {
            None => match self.pages.get(&asked.path) {
                Some(page) => Reply::Document { bytes: page.clone(), media: HTML },
                None => self.at(&asked.path),
            },
            Some(Route::Packument(name)) => return self.packument(name, asked),
            Some(Route::Version(name, version)) => return self.one_version(name, version, asked),
            Some(Route::Tarball(id)) => match self.find(id) {
                Some(item) => self.tarball(item),
                None => not_sealed(id),
            },
            Some(Route::Attestations(id)) => self.attestations(id),
            Some(Route::Keys) => constant(&json!({ "keys": self.keys })),
            Some(Route::Ping | Route::Advisories) => constant(&json!({})),
            Some(Route::Whoami) => Reply::NoUser,
            // What npm 6 understands as an answer without a finding.
            Some(Route::Audit) => constant(&json!({
                "actions": [],
                "advisories": {},
                "muted": [],
                "metadata": {
                    "vulnerabilities":
                        {"info": 0, "low": 0, "moderate": 0, "high": 0, "critical": 0},
                    "dependencies": 0, "devDependencies": 0, "optionalDependencies": 0,
                    "totalDependencies": 0
                }
            })),
        })
    }
}
