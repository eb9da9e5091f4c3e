//! What is served: every package of the archives, by name and version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use url::Url;

use super::ServeError;
use crate::{
    adapters::{
        archive::{ArchiveError, SignedArchive},
        serve::{Answer, Asked, Changed, Entry},
    },
    app::{report::Judged, verify::VerifiedArchive},
    core::{
        archive::manifest::Package,
        limits,
        npm::{
            packument::{self, ABBREVIATED, Form, Recorded, Version},
            route::{LATEST, Route},
            tarball,
        },
        package::{
            Origin, PackageId, Purl,
            digest::{Algorithm, Digest},
        },
        verdict::{Claim, Facts},
    },
};

const JSON: &str = "application/json";
const TARBALL: &str = "application/octet-stream";

/// All packages that are served.
pub(super) struct Catalog {
    archives: Vec<VerifiedArchive>,
    /// By name, then by version.
    names: BTreeMap<String, BTreeMap<String, Item>>,
    /// By the paths of the addresses that lockfiles have: of registries in a folder of their host, and
    /// of tarballs that no registry gives. `None` where two packages have one path.
    paths: BTreeMap<String, Option<PackageId>>,
    keys: Vec<serde_json::Value>,
}

/// A version of a package, and where its parts are.
struct Item {
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
            names: BTreeMap::new(),
            paths: BTreeMap::new(),
            keys: Vec::new(),
        };
        for (number, archive) in archives.iter().enumerate() {
            let mut judged: BTreeMap<&Purl, &Judged> = BTreeMap::new();
            judged.extend(archive.report().packages.iter().map(|judged| (&judged.purl, judged)));
            for (purl, package) in archive.archive().manifest().packages() {
                if let Some(judged) = judged.get(purl)
                    && let Some(item) = Item::new(number, purl, package, judged)
                {
                    catalog.add(item, package, &archives)?;
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

    fn add(
        &mut self,
        item: Item,
        package: &Package,
        archives: &[VerifiedArchive],
    ) -> Result<(), ServeError> {
        let id = item.purl.id().clone();
        let urls = [package.artifact.as_ref().and_then(|part| part.url.as_deref()), item.url()];
        for path in urls.into_iter().flatten().filter_map(path) {
            let known = self.paths.entry(path).or_insert_with(|| Some(id.clone()));
            if known.as_ref() != Some(&id) {
                *known = None;
            }
        }
        let versions = self.names.entry(id.name().to_owned()).or_default();
        match versions.get(id.version()) {
            None => drop(versions.insert(id.version().to_owned(), item)),
            Some(known) if known.digest == item.digest => {}
            Some(known) => {
                let of = |item: &Item| {
                    let file = archives.get(item.archive).map(|archive| archive.archive().path());
                    (item.purl.clone(), file.unwrap_or("".as_ref()).to_owned())
                };
                return Err(ServeError::TwoContents(Box::new([of(known), of(&item)])));
            }
        }
        Ok(())
    }

    pub fn archives(&self) -> &[VerifiedArchive] {
        &self.archives
    }

    /// Every tarball: its archive, its entry, its package and SHA-512.
    pub fn tarballs(&self) -> impl Iterator<Item = (usize, &str, &Purl, &Digest)> {
        let items = self.names.values().flat_map(BTreeMap::values);
        items.map(|item| (item.archive, item.artifact.as_str(), &item.purl, &item.digest))
    }

    pub fn packages(&self) -> usize {
        self.names.values().map(BTreeMap::len).sum()
    }

    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.names.values().filter_map(|all| all.values().next()?.purl.id().scope());
        scopes.collect::<BTreeSet<_>>().into_iter()
    }

    fn find(&self, id: &PackageId) -> Option<&Item> {
        self.names.get(id.name())?.get(id.version())
    }

    fn entry(&self, item: &Item, name: &str, media: &'static str) -> Option<Entry> {
        let archive = self.archives.get(item.archive)?.archive();
        let subject = archive.manifest().subject(name)?;
        Some(Entry {
            archive: item.archive,
            name: name.to_owned(),
            digest: subject.digest.to_hex(),
            size: subject.size,
            media,
        })
    }

    fn tarball(&self, id: &PackageId) -> Answer {
        let entry = self.find(id).and_then(|item| self.entry(item, &item.artifact, TARBALL));
        entry.map_or_else(|| not_sealed(id), Answer::Entry)
    }

    fn attestations(&self, id: &PackageId) -> Answer {
        let Some(item) = self.find(id) else { return not_sealed(id) };
        let name = item.attestations.as_deref();
        let entry = name.and_then(|name| self.entry(item, name, JSON));
        entry.map_or_else(
            || Answer::NotFound(format!("there are no attestations of {id} in the archive")),
            Answer::Entry,
        )
    }

    /// The package at a path that no route of a registry has.
    fn at(&self, path: &str) -> Answer {
        match self.paths.get(path) {
            Some(Some(id)) => self.tarball(id),
            Some(None) => Answer::NotFound(
                "two sealed packages have this path, on different hosts".to_owned(),
            ),
            None => Answer::NotFound("this registry serves nothing of that kind".to_owned()),
        }
    }

    fn packument(&self, name: &str, asked: &Asked) -> Result<Answer, Changed> {
        let Some(items) = self.names.get(name) else { return Ok(not_sealed(&name)) };
        let mut versions = Vec::new();
        let mut size = 0_usize;
        for item in items.values() {
            match self.version(item)? {
                Ok(version) => {
                    size = size.saturating_add(version.size());
                    versions.push(version);
                }
                Err(answer) => return Ok(answer),
            }
            if size > limits::SERVED_DOCUMENTS_BYTES {
                let what = format!("the document of {name} is too large");
                return Ok(Answer::TooLarge(what));
            }
        }
        let (form, media) = match asked.abbreviated {
            true => (Form::Abbreviated, ABBREVIATED),
            false => (Form::Full, JSON),
        };
        Ok(document(packument::packument(&versions, &asked.base, form), media))
    }

    fn one_version(&self, name: &str, version: &str, asked: &Asked) -> Result<Answer, Changed> {
        let items = self.names.get(name);
        let item = items.and_then(|items| match version {
            LATEST => {
                let ids = items.values().map(|item| item.purl.id());
                items.get(packument::latest(ids)?.version())
            }
            _ => items.get(version),
        });
        let Some(item) = item else { return Ok(not_sealed(&format_args!("{name}@{version}"))) };
        Ok(match self.version(item)? {
            Ok(version) => document(version.document(&asked.base), JSON),
            Err(answer) => answer,
        })
    }

    /// A version, from bytes that are compared with the manifest now.
    fn version(&self, item: &Item) -> Result<Result<Version, Answer>, Changed> {
        let failed = |archive: &SignedArchive, error: ArchiveError| Changed {
            archive: archive.path().to_owned(),
            error,
        };
        let Some(archive) = self.archives.get(item.archive).map(VerifiedArchive::archive) else {
            return Ok(Err(not_sealed(item.purl.id())));
        };
        let algorithms = [Algorithm::Sha512, Algorithm::Sha1];
        let looked = archive.look(&item.artifact, &algorithms, |reader| tarball::own(reader));
        let (digests, own) = looked.map_err(|error| failed(archive, error))?;
        let record = item.record.as_ref().map(|name| archive.read(name, limits::RECORD_BYTES));
        let record = record.transpose().map_err(|error| failed(archive, error))?;
        let ([sha512, sha1], Ok(own)) = (digests.as_slice(), own) else {
            let what = format!("the tarball of {} cannot be read", item.purl.id());
            return Ok(Err(Answer::TooLarge(what)));
        };
        Ok(Ok(Version {
            id: item.purl.id().clone(),
            own,
            sha512: sha512.clone(),
            sha1: sha1.clone(),
            recorded: record.as_deref().map(Recorded::read).unwrap_or_default(),
            attested: item
                .attestations
                .is_some()
                .then(|| item.provenance.clone().unwrap_or_default()),
        }))
    }
}

impl Item {
    fn new(archive: usize, purl: &Purl, package: &Package, judged: &Judged) -> Option<Self> {
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

    /// The address that a lockfile has for it, where no registry gives it.
    fn url(&self) -> Option<&str> {
        match self.purl.origin() {
            Origin::Url(url) => Some(url),
            _ => None,
        }
    }
}

/// The path of an address, if no route means it.
fn path(address: &str) -> Option<String> {
    let path = Url::parse(address).ok()?.path().to_owned();
    Route::parse(&path).is_none().then_some(path)
}

fn not_sealed(what: &dyn std::fmt::Display) -> Answer {
    Answer::NotFound(format!("{what} is not sealed in the archive"))
}

fn document(made: Result<Vec<u8>, packument::Unreadable>, media: &'static str) -> Answer {
    match made {
        Ok(bytes) => Answer::Document { bytes, media },
        Err(error) => Answer::TooLarge(error.to_string()),
    }
}

fn constant(value: &serde_json::Value) -> Answer {
    Answer::Document { bytes: value.to_string().into_bytes(), media: JSON }
}

impl Catalog {
    /// Says what to answer.
    ///
    /// # Errors
    /// When an archive is not what was verified any more.
    pub fn answer(&self, asked: &Asked) -> Result<Answer, Changed> {
        Ok(match &asked.route {
            None => self.at(&asked.path),
            Some(Route::Packument(name)) => return self.packument(name, asked),
            Some(Route::Version(name, version)) => return self.one_version(name, version, asked),
            Some(Route::Tarball(id)) => self.tarball(id),
            Some(Route::Attestations(id)) => self.attestations(id),
            Some(Route::Keys) => constant(&json!({ "keys": self.keys })),
            Some(Route::Ping | Route::Advisories) => constant(&json!({})),
            Some(Route::Whoami) => Answer::NoUser,
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
