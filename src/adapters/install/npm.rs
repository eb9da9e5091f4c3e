//! The cache of npm: tarballs by their digests (cacache, `content-v2`), and an index of what a registry
//! would have answered (`index-v5`, in the form of make-fetch-happen), for lockfiles whose entries have
//! no address.

use std::collections::{BTreeMap, BTreeSet};

use rayon::iter::{IntoParallelIterator as _, IntoParallelRefIterator as _, ParallelIterator as _};
use serde_json::json;

use super::{InstallError, Installable, NewFolder, version, versions_within};
use crate::{
    adapters::archive::SignedArchive,
    core::{
        npm::packument::{self, Form, packument},
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
    items: &[Installable<'_>],
    at: Time,
) -> Result<(), InstallError> {
    // Several packages may be one tarball, which lockfiles ask for by several hashes.
    let mut tarballs: BTreeMap<&Digest, (&str, BTreeSet<Algorithm>)> = BTreeMap::new();
    for item in items {
        let (_, algorithms) = tarballs.entry(item.digest).or_insert((item.entry, [].into()));
        algorithms.extend(&item.algorithms);
    }
    tarballs.par_iter().try_for_each(|(digest, (entry, algorithms))| {
        content(folder, archive, entry, digest, algorithms)
    })?;
    let mut index = Index { at, buckets: BTreeMap::new() };
    for (address, item) in addresses(items)? {
        let answer =
            CacheAnswer { digest: item.digest, size: item.size, of: "application/octet-stream" };
        index.add(&address, None, &answer);
    }
    for (address, (digest, size)) in packuments(folder, archive, items)? {
        let answer = CacheAnswer { digest: &digest, size, of: "application/json" };
        for accept in ACCEPTS {
            index.add(&address, Some(accept), &answer);
        }
    }
    index.buckets.iter().try_for_each(|(path, lines)| folder.write(path, lines.as_bytes()))
}

/// A tarball under its digest, and under those of weaker algorithms that lockfiles ask for it by.
fn content(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    entry: &str,
    digest: &Digest,
    algorithms: &BTreeSet<Algorithm>,
) -> Result<(), InstallError> {
    folder.copy(&content_path(digest), archive, entry)?;
    let others = algorithms.iter().copied().filter(|other| *other != digest.algorithm());
    let others: Vec<_> = others.collect();
    if others.is_empty() {
        return Ok(());
    }
    let digests = archive.hash(entry, &others)?;
    digests.iter().try_for_each(|digest| folder.copy(&content_path(digest), archive, entry))
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
    items: &'i [Installable<'a>],
) -> Result<BTreeMap<String, &'i Installable<'a>>, InstallError> {
    let mut all: BTreeMap<String, &Installable<'_>> = BTreeMap::new();
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

/// Writes the packuments of all packages of registries; their digests and sizes, by their addresses. A
/// version in them is built from the tarball's own `package.json`.
fn packuments(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    items: &[Installable<'_>],
) -> Result<BTreeMap<String, (Digest, u64)>, InstallError> {
    let mut names: BTreeMap<String, (&str, Vec<&Installable<'_>>)> = BTreeMap::new();
    for item in items {
        if let Some(registry) = item.purl.origin().registry() {
            let address = packument::address(registry, item.purl.id());
            names.entry(address).or_insert((registry, Vec::new())).1.push(item);
        }
    }
    let written = names.into_par_iter().map(|(address, (registry, items))| {
        let versions =
            items.iter().map(|item| version(archive, item.purl.id(), item.entry, item.digest));
        let bytes = packument(&versions_within(versions)?, registry, Form::Full)?;
        let digest = Algorithm::Sha512.digest(&bytes);
        folder.write(&content_path(&digest), &bytes)?;
        Ok((address, (digest, bytes.len() as u64)))
    });
    written.collect()
}

/// What the cache answers.
struct CacheAnswer<'a> {
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
    fn add(&mut self, address: &str, accept: Option<&str>, answer: &CacheAnswer<'_>) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::package::{Origin, PackageId, Purl};

    #[test]
    fn two_contents_are_not_written_under_one_address() {
        let url = "https://files.example/a.tgz";
        let purls = ["a", "b"].map(|name| {
            Purl::new(PackageId::npm(name, "1.0.0").unwrap(), Origin::Url(url.to_owned()))
        });
        let [one, other] = [b"one", b"two"].map(|bytes| Algorithm::Sha512.digest(bytes));
        let item = |purl, digest| Installable {
            purl,
            entry: "package.tgz",
            digest,
            size: 3,
            addresses: [url.to_owned()].into(),
            algorithms: [].into(),
        };
        let both = [item(&purls[0], &one), item(&purls[1], &other)];
        let refused = addresses(&both);
        assert!(
            matches!(&refused, Err(InstallError::SameName { name, .. }) if name == url),
            "{refused:?}"
        );
        let same = [item(&purls[0], &one), item(&purls[1], &one)];
        assert_eq!(addresses(&same).unwrap().len(), 1);
    }
}
