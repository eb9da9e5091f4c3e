//! What an archive is made of, to be put together otherwise: by who has no key, and by a sealer who
//! is careless or malicious.

use std::{collections::BTreeMap, fs, path::Path};

use sealift::{
    adapters::{
        archive::{self, Archive, Content, SignedArchive},
        files,
    },
    core::{
        archive::{
            entry_name,
            key::{PublicKey, SigningKey},
            manifest::{Manifest, Predicate, Subject},
        },
        ecosystems::parse_purl,
        package::{PackageId, Purl, digest::Algorithm},
    },
};

use super::{Package, raw_zip};

#[derive(Clone)]
pub struct Parts {
    /// All entries but the envelope.
    pub entries: BTreeMap<String, Vec<u8>>,
    pub predicate: Predicate,
    pub envelope: Vec<u8>,
}

impl Parts {
    pub fn of(path: &Path, key: &SigningKey) -> Self {
        let archive = Archive::open(path).unwrap();
        let archive = archive.verify_signatures::<Manifest>(&[PublicKey::from(key)], 1).unwrap();
        let subjects = archive.manifest().subjects().iter();
        Self {
            entries: subjects.map(|subject| entry(&archive, &subject.name)).collect(),
            predicate: archive.manifest().predicate().clone(),
            envelope: archive.envelope().to_json(),
        }
    }

    /// Writes the entries as they are now, under the envelope as it was: what anyone can do.
    pub fn write(&self, path: &Path) {
        let mut zip = raw_zip::Zip::default();
        let envelope = (entry_name::ENVELOPE, &self.envelope);
        for (name, bytes) in
            self.entries.iter().map(|(name, bytes)| (name.as_str(), bytes)).chain([envelope])
        {
            zip.entries.push(raw_zip::Entry::new(name, bytes));
        }
        fs::write(path, zip.bytes()).unwrap();
    }

    /// Seals the entries and the predicate as they are now.
    pub fn seal(&self, path: &Path, keys: &[SigningKey]) {
        let contents: BTreeMap<_, _> = self
            .entries
            .iter()
            .map(|(name, bytes)| (name.clone(), Content::Bytes(bytes.clone())))
            .collect();
        let subjects = self.entries.iter().map(|(name, bytes)| {
            let tarball = name.ends_with("/package.tgz");
            let algorithm = if tarball { Algorithm::Sha512 } else { Algorithm::Sha256 };
            let (name, size) = (name.clone(), bytes.len() as u64);
            Subject { name, size, digest: algorithm.digest(bytes) }
        });
        let manifest = Manifest::build(self.predicate.clone(), subjects.collect()).unwrap();
        let file =
            archive::seal(path, &manifest, keys, |subject| contents.get(&subject.name)).unwrap();
        files::persist(file, path).unwrap();
    }

    /// The bytes of a package's entry: `package.tgz`, `registry.json` or `attestations.json`.
    pub fn of_package(&mut self, package: &Package, file: &str) -> &mut Vec<u8> {
        let name = format!("npm/{}/{}/{file}", package.name, package.version);
        self.entries.get_mut(&name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// What the manifest says of a package.
    pub fn listed(&mut self, package: &Package) -> &mut sealift::core::archive::manifest::Package {
        let id = PackageId::npm(&package.name, &package.version).unwrap();
        let mut packages = self.predicate.packages.iter_mut();
        packages.find(|listed| *parse_purl(&listed.purl).unwrap().id() == id).unwrap()
    }
}

fn entry(archive: &SignedArchive, name: &str) -> (String, Vec<u8>) {
    (name.to_owned(), archive.read(name, u64::MAX).unwrap())
}
