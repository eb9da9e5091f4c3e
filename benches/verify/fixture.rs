//! An archive like a real one: packages of the public npm registry's sizes, each with a registry
//! signature, a publish attestation and a provenance, all signed by a Sigstore of our own.

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use chrono::Duration;
use sealift::{
    adapters::{
        archive::{self, Content},
        keys,
    },
    core::{
        addresses::NPM_REGISTRY,
        archive::{
            key::PublicKey,
            manifest::{self, Manifest, Part, Predicate, Subject, Tool, TrustSource},
        },
        package::{
            Origin, PackageId, Purl,
            digest::{Algorithm, Digest},
        },
        time,
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::sigstore::{Build, Options, Sigstore, attestations_response, statement};

/// The reference time of everything.
pub const NOW: &str = "2026-11-01T00:00:00Z";

const LOCKFILE: &str = "inputs/1/package-lock.json";

/// An archive and what went into it.
pub struct Fixture {
    /// Holds the archive, the keys and the trust material.
    pub folder: TempDir,
    pub archive: PathBuf,
    /// Bytes of the archive.
    pub size: u64,
    pub public: PublicKey,
    pub trusted_root: String,
    pub packages: Vec<Package>,
}

/// One package and its evidence.
pub struct Package {
    pub name: String,
    pub tarball: Vec<u8>,
    pub sha512: Digest,
    pub record: Vec<u8>,
    pub attestations: Vec<u8>,
    /// The provenance alone.
    pub provenance: Vec<u8>,
    /// Bytes of the log entries in base64: provenance, publish attestation.
    pub entries: (usize, usize),
    /// Bytes of the signed statements.
    pub statements: (usize, usize),
}

const VERSION: &str = "1.2.3";

impl Fixture {
    pub fn new(packages: usize) -> Self {
        let now = time::parse(NOW).unwrap();
        let sigstore = Sigstore::new(now - Duration::days(30));
        let packages: Vec<_> = (0..packages).map(|n| Package::new(&sigstore, n, size(n))).collect();

        let folder = tempfile::tempdir().unwrap();
        let file = |name| folder.path().join(name);
        let trusted_root = sigstore.trusted_root_json();
        fs::write(file("trusted_root.json"), &trusted_root).unwrap();
        fs::write(file("keys.json"), sigstore.npm_keys_json()).unwrap();
        let public = keys::generate(&file("key"), keys::KeyAlgorithm::Ed25519).unwrap();
        let key = keys::load_private(&file("key")).unwrap().key;

        let (manifest, contents) = assemble(&packages.iter().collect::<Vec<_>>());
        let archive = file("archive.sealift");
        let sealed =
            archive::seal(&archive, &manifest, &[key], |subject| contents.get(&subject.name));
        sealed.unwrap().persist(&archive).unwrap();
        let size = fs::metadata(&archive).unwrap().len();
        Self { archive, size, public, trusted_root, packages, folder }
    }

    pub fn tarball_bytes(&self) -> u64 {
        self.packages.iter().map(|package| package.tarball.len() as u64).sum()
    }
}

impl Package {
    /// With a tarball of that many bytes.
    pub fn new(sigstore: &Sigstore, number: usize, bytes: usize) -> Self {
        let name = format!("@acme/package-{number:04}");
        let tarball = noise(number as u64, bytes);
        let sha512 = Algorithm::Sha512.digest(&tarball);
        let at = time::parse(NOW).unwrap() - Duration::days(1) + Duration::seconds(number as i64);
        let options = Options::default();
        let subject = testkit::sigstore::Subject::npm(&name, VERSION, &sha512.to_hex());
        let provenance =
            sigstore.provenance(&Build::github("acme/packages"), &subject, at, &options);
        let publish = sigstore.publish_attestation(
            &name,
            VERSION,
            &sha512.to_hex(),
            NPM_REGISTRY,
            at,
            &options,
        );
        let sizes =
            |bundle: &Value, pointer| bundle.pointer(pointer).unwrap().as_str().unwrap().len();
        let entry = "/verificationMaterial/tlogEntries/0/canonicalizedBody";
        let payload = "/dsseEnvelope/payload";
        Self {
            record: record(sigstore, &name, &sha512, &tarball),
            provenance: provenance.to_string().into_bytes(),
            entries: (sizes(&provenance, entry), sizes(&publish, entry)),
            statements: (sizes(&provenance, payload) * 3 / 4, sizes(&publish, payload) * 3 / 4),
            attestations: attestations_response(&[
                (statement::PUBLISH_V01, publish),
                (statement::PROVENANCE_V1, provenance),
            ])
            .to_string()
            .into_bytes(),
            name,
            tarball,
            sha512,
        }
    }
}

/// 20 KiB on average: most tarballs are small, and a few are not.
fn size(number: usize) -> usize {
    match number % 20 {
        0 => 120 << 10,
        small @ 1..10 => (small + 1) << 10,
        larger => (larger + 2) << 10,
    }
}

/// Bytes that do not repeat (xorshift).
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

/// The registry's record, with as many fields as usual.
fn record(sigstore: &Sigstore, name: &str, sha512: &Digest, tarball: &[u8]) -> Vec<u8> {
    let integrity = sha512.to_sri();
    let dependencies: serde_json::Map<String, Value> =
        (0..12).map(|n| (format!("dependency-{n}"), json!("^1.0.0"))).collect();
    let scripts: serde_json::Map<String, Value> =
        (0..8).map(|n| (format!("task:{n}"), json!("node --test --experimental x"))).collect();
    json!({
        "name": name,
        "version": VERSION,
        "time": "2026-10-31T00:00:00.000Z",
        "manifest": {
            "name": name,
            "version": VERSION,
            "description": "A package, as good as any other",
            "license": "MIT",
            "main": "index.js",
            "repository": {"type": "git", "url": "git+https://github.com/acme/packages.git"},
            "scripts": scripts,
            "dependencies": dependencies.clone(),
            "devDependencies": dependencies,
            "dist": {
                "integrity": integrity,
                "shasum": Algorithm::Sha1.digest(tarball).to_hex(),
                "tarball": address(name),
                "fileCount": 30,
                "unpackedSize": 100_000,
                "signatures": [sigstore.registry_signature(name, VERSION, &integrity)],
            },
        },
    })
    .to_string()
    .into_bytes()
}

fn address(name: &str) -> String {
    let base = name.rsplit('/').next().unwrap_or(name);
    format!("{NPM_REGISTRY}/{name}/-/{base}-{VERSION}.tgz")
}

fn lockfile(packages: &[&Package]) -> Vec<u8> {
    let root = ("".to_owned(), json!({"name": "project", "version": "1.0.0"}));
    let entries = packages.iter().map(|package| {
        let entry = json!({
            "version": VERSION,
            "resolved": address(&package.name),
            "integrity": package.sha512.to_sri(),
        });
        (format!("node_modules/{}", package.name), entry)
    });
    let packages: serde_json::Map<String, Value> = std::iter::once(root).chain(entries).collect();
    json!({"name": "project", "version": "1.0.0", "lockfileVersion": 3, "packages": packages})
        .to_string()
        .into_bytes()
}

/// The manifest and the entries of an archive of these packages.
pub fn assemble(packages: &[&Package]) -> (Manifest, BTreeMap<String, Content>) {
    let bytes = lockfile(packages);
    let mut contents = BTreeMap::from([(LOCKFILE.to_owned(), bytes)]);
    let mut listed = Vec::new();
    for package in packages {
        let id = PackageId::npm(&package.name, VERSION).unwrap();
        let purl = Purl::new(id, Origin::Registry(NPM_REGISTRY.into()));
        let mut add = |name: &str, bytes: &[u8]| {
            let entry =
                format!("{}/{name}", sealift::core::archive::entry_name::package_folder(&purl));
            contents.insert(entry.clone(), bytes.to_vec());
            Some(Part {
                entry: Some(entry),
                url: Some(address(&package.name)),
                status: Some(200),
                answered_at: Some(NOW.into()),
            })
        };
        listed.push(manifest::Package {
            purl: purl.to_string(),
            registry: Some(NPM_REGISTRY.into()),
            artifact: add("package.tgz", &package.tarball),
            record: add("registry.json", &package.record),
            attestations: add("attestations.json", &package.attestations),
        });
    }
    listed.sort_by(|a, b| a.purl.cmp(&b.purl));
    let subjects = contents.iter().map(|(name, bytes)| {
        let tarball = name.ends_with(".tgz");
        let algorithm = if tarball { Algorithm::Sha512 } else { Algorithm::Sha256 };
        Subject { name: name.clone(), size: bytes.len() as u64, digest: algorithm.digest(bytes) }
    });
    let predicate = Predicate {
        format_version: manifest::FORMAT_VERSION,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: NOW.into(),
        inputs: vec![LOCKFILE.into()],
        trust: vec![manifest::CarriedTrust {
            instance: "public-good".into(),
            source: TrustSource::Files,
            refreshed_at: None,
        }],
        packages: listed,
    };
    let manifest = Manifest::build(predicate, subjects.collect()).unwrap();
    (manifest, contents.into_iter().map(|(name, bytes)| (name, Content::Bytes(bytes))).collect())
}

/// This program again, as the command itself, so that its memory can be asked for at the end.
pub fn child() -> ExitCode {
    let code = sealift::cli::main();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM:")) {
        eprintln!("{peak}");
    }
    code
}
