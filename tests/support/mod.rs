//! A small valid archive with made-up packages, and the keys that sign it.
#![allow(dead_code)] // each test uses what it needs of it

pub mod hostile;
pub mod raw_zip;

use std::{collections::BTreeMap, path::Path};

use sealift::{
    adapters::{
        archive::{Archive, Content, SignedArchive, seal},
        files,
    },
    core::{
        archive::{
            key::{PublicKey, SigningKey},
            manifest::{
                CarriedTrust, Manifest, Package, Part, Predicate, Subject, Tool, TrustSource,
            },
        },
        ecosystems::parse_purl,
        package::digest::Algorithm,
    },
};

/// A key made of one byte.
pub fn key(seed: u8) -> SigningKey {
    SigningKey::ed25519(&[seed; 32])
}

/// The public half of [`key`].
pub fn public(seed: u8) -> PublicKey {
    PublicKey::from(&key(seed))
}

/// The bytes of each entry but the envelope, by name.
pub fn contents() -> BTreeMap<String, Vec<u8>> {
    let tarball: Vec<u8> = (0..600_u32).map(|n| (n * 7 % 251) as u8).collect();
    [
        ("inputs/1/package-lock.json", b"{\"lockfileVersion\":3}".to_vec()),
        ("npm/%63on/1.0.0/package.tgz", b"tarball of con".to_vec()),
        ("npm/@acme/tool/2.0.0/attestations.json", b"{\"attestations\":[]}".to_vec()),
        ("npm/@acme/tool/2.0.0/package.tgz", tarball),
        ("npm/@acme/tool/2.0.0/record.json", b"{\"name\":\"@acme/tool\"}".to_vec()),
        ("trust/public-good/metadata/root_history/1.root.json", b"{\"signed\":{}}".to_vec()),
        ("trust/public-good/metadata/timestamp.json", Vec::new()),
    ]
    .into_iter()
    .map(|(name, bytes)| (name.to_owned(), bytes))
    .collect()
}

/// The subjects of some contents: SHA-512 for tarballs, SHA-256 for the rest.
pub fn subjects(contents: &BTreeMap<String, Vec<u8>>) -> Vec<Subject> {
    contents
        .iter()
        .map(|(name, bytes)| {
            let tarball = name.ends_with("package.tgz");
            let algorithm = if tarball { Algorithm::Sha512 } else { Algorithm::Sha256 };
            Subject {
                name: name.clone(),
                size: bytes.len() as u64,
                digest: algorithm.digest(bytes),
            }
        })
        .collect()
}

/// What fits [`contents`].
pub fn predicate() -> Predicate {
    let part = |entry: Option<String>, status: u16| Part {
        entry,
        url: Some("https://registry.npmjs.org/any".to_owned()),
        status: Some(status),
        answered_at: Some("2026-11-23T03:59:30Z".to_owned()),
    };
    let package = |purl: &str| {
        let purl = parse_purl(purl).unwrap();
        Package {
            purl: purl.to_string(),
            registry: purl.origin().registry().map(str::to_owned),
            artifact: Some(part(
                Some(format!(
                    "{}/package.tgz",
                    sealift::core::archive::entry_name::package_folder(&purl)
                )),
                200,
            )),
            record: Some(part(None, 404)),
            attestations: Some(part(None, 404)),
        }
    };
    let mut tool = package("pkg:npm/%40acme/tool@2.0.0");
    tool.record = Some(part(Some("npm/@acme/tool/2.0.0/record.json".to_owned()), 200));
    tool.attestations = Some(part(Some("npm/@acme/tool/2.0.0/attestations.json".to_owned()), 200));
    Predicate {
        format_version: 1,
        tool: Tool { name: "sealift".to_owned(), version: "0.1.0".to_owned() },
        sealed_at: "2026-11-23T04:00:00Z".to_owned(),
        inputs: vec!["inputs/1/package-lock.json".to_owned()],
        packages: vec![tool, package("pkg:npm/con@1.0.0")],
        trust: vec![CarriedTrust {
            instance: "public-good".to_owned(),
            source: TrustSource::Tuf,
            refreshed_at: Some("2026-11-23T03:59:00Z".to_owned()),
        }],
    }
}

/// The manifest over [`contents`].
pub fn manifest() -> Manifest {
    Manifest::build(predicate(), subjects(&contents())).unwrap()
}

/// Contents to seal.
pub fn given(contents: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Content> {
    contents.into_iter().map(|(name, bytes)| (name, Content::Bytes(bytes))).collect()
}

/// Seals [`contents`], signed by these keys.
pub fn write(path: &Path, seeds: &[u8]) {
    let content = given(contents());
    let keys: Vec<_> = seeds.iter().map(|seed| key(*seed)).collect();
    let file = seal(path, &manifest(), &keys, |subject| content.get(&subject.name)).unwrap();
    files::persist(file, path).unwrap();
}

/// Opens an archive that this key has signed.
pub fn open(path: &Path, seed: u8) -> SignedArchive {
    Archive::open(path).unwrap().verify_signatures(&[public(seed)], 1).unwrap()
}
