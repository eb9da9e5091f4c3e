//! The cache of npm: tarballs by their digests (cacache, `content-v2`), and an index of what a registry
//! would have answered (`index-v5`, in the form of make-fetch-happen), for lockfiles whose entries have
//! no address.

use std::collections::{BTreeMap, BTreeSet};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde_json::json;

use super::{InstallError, Item, NewFolder};
use crate::{
    adapters::archive::SignedArchive,
    core::{
        npm::{
            packument,
            tarball::{self, TarballError},
        },
        package::digest::{Algorithm, Digest},
        time::Time,
    },
};

/// What npm accepts as a packument: the abbreviated form, and the full one, which it asks for where it
/// judges the age of a release. An entry answers only the request that accepts the same.
const ACCEPTS: [&str; 2] = [
    "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
    "application/json",
];

/// Writes the cache. Its index is of this time.
///
/// # Errors
/// [`InstallError`]; [`InstallError::SameName`] where two packages have one address.
pub fn write(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    items: &[Item<'_>],
    at: Time,
) -> Result<(), InstallError> {
    let tarballs: BTreeMap<&Digest, &Item<'_>> =
        items.iter().map(|item| (item.digest, item)).collect();
    let tarballs: Vec<_> = tarballs.into_values().collect();
    tarballs.par_iter().try_for_each(|item| content(folder, archive, item))?;
    let mut index = Index { at, buckets: BTreeMap::new() };
    for (address, item) in addresses(items)? {
        let answer =
            Answer { digest: item.digest, size: item.size, of: "application/octet-stream" };
        index.add(&address, None, &answer);
    }
    let packuments = packuments(archive, items)?;
    // Two registries may answer alike.
    let mut written = BTreeSet::new();
    for (address, bytes) in &packuments {
        let digest = Algorithm::Sha512.digest(bytes);
        let answer = Answer { digest: &digest, size: bytes.len() as u64, of: "application/json" };
        for accept in ACCEPTS {
            index.add(address, Some(accept), &answer);
        }
        if written.insert(digest.clone()) {
            folder.write(&content_path(&digest), bytes)?;
        }
    }
    index.buckets.iter().try_for_each(|(path, lines)| folder.write(path, lines.as_bytes()))
}

/// A tarball under its digest, and under those of weaker algorithms that lockfiles ask for it by.
fn content(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    item: &Item<'_>,
) -> Result<(), InstallError> {
    folder.copy(&content_path(item.digest), archive, item.entry)?;
    let others: Vec<_> = item.algorithms.iter().copied().collect();
    let others: Vec<_> =
        others.into_iter().filter(|other| *other != item.digest.algorithm()).collect();
    if others.is_empty() {
        return Ok(());
    }
    let digests = archive.hash(item.entry, &others)?;
    digests.iter().try_for_each(|digest| folder.copy(&content_path(digest), archive, item.entry))
}

fn content_path(digest: &Digest) -> String {
    format!("_cacache/content-v2/{}/{}", digest.algorithm().name(), in_folders(&digest.to_hex()))
}

/// A hash as cacache splits it into folders.
fn in_folders(hex: &str) -> String {
    let part = |range| hex.get(range).unwrap_or_default();
    format!("{}/{}/{}", part(0..2), part(2..4), part(4..hex.len()))
}

/// The tarballs by the addresses that they are asked for by.
fn addresses<'i, 'a>(
    items: &'i [Item<'a>],
) -> Result<BTreeMap<String, &'i Item<'a>>, InstallError> {
    let mut all: BTreeMap<String, &Item<'_>> = BTreeMap::new();
    for item in items {
        for address in &item.addresses {
            match all.insert(address.clone(), item) {
                Some(other) if other.digest != item.digest => {
                    let (one, other) = (other.purl.to_string(), item.purl.to_string());
                    return Err(InstallError::SameName { one, other, name: address.clone() });
                }
                _ => {}
            }
        }
    }
    Ok(all)
}

/// The packuments of all packages of registries, by their addresses. A version in them is built from the
/// tarball's own `package.json`.
fn packuments(
    archive: &SignedArchive,
    items: &[Item<'_>],
) -> Result<BTreeMap<String, Vec<u8>>, InstallError> {
    let versions = items.par_iter().filter_map(|item| {
        let registry = item.purl.origin().registry()?;
        Some(version(archive, item).map(|version| (item, registry, version)))
    });
    let versions: Vec<_> = versions.collect::<Result<_, InstallError>>()?;
    let mut all: BTreeMap<String, (&str, Vec<packument::Version>)> = BTreeMap::new();
    for (item, registry, version) in versions {
        let address = packument::address(registry, item.purl.id());
        all.entry(address).or_insert((registry, Vec::new())).1.push(version);
    }
    let whole = all.into_iter().map(|(address, (registry, versions))| {
        let document = packument::packument(&versions, registry, packument::Form::Full);
        Ok((address, document?))
    });
    whole.collect()
}

/// A version, by its tarball's own `package.json`.
fn version(archive: &SignedArchive, item: &Item<'_>) -> Result<packument::Version, InstallError> {
    let (mut digests, own) =
        archive.look(item.entry, &[Algorithm::Sha1], |reader| tarball::own(reader))?;
    let unusable = |error| InstallError::Tarball { entry: item.entry.to_owned(), error };
    let own = own.map_err(unusable)?;
    let missing = || unusable(TarballError::Unreadable("its SHA-1 was not computed".to_owned()));
    let sha1 = digests.pop().ok_or_else(missing)?;
    Ok(packument::Version {
        id: item.purl.id().clone(),
        own,
        sha512: item.digest.clone(),
        sha1,
        recorded: packument::Recorded::default(),
        attested: None,
    })
}

/// What the cache answers.
struct Answer<'a> {
    digest: &'a Digest,
    size: u64,
    of: &'a str,
}

/// The index: files of lines.
struct Index {
    at: Time,
    buckets: BTreeMap<String, String>,
}

impl Index {
    fn add(&mut self, address: &str, accept: Option<&str>, answer: &Answer<'_>) {
        let key = format!("make-fetch-happen:request-cache:{address}");
        let hash = Algorithm::Sha256.digest(key.as_bytes()).to_hex();
        let headers = accept.map_or_else(|| json!({}), |accept| json!({ "accept": accept }));
        let time = self.at.timestamp_millis();
        let line = json!({
            "key": key,
            "integrity": answer.digest.to_sri(),
            "time": time,
            "size": answer.size,
            "metadata": {
                "time": time,
                "url": address,
                "reqHeaders": headers,
                "resHeaders": { "content-type": answer.of },
                "options": { "compress": true },
            },
        });
        let line = line.to_string();
        let bucket = self.buckets.entry(format!("_cacache/index-v5/{}", in_folders(&hash)));
        let checksum = Algorithm::Sha1.digest(line.as_bytes()).to_hex();
        bucket.or_default().push_str(&format!("\n{checksum}\t{line}"));
    }
}
