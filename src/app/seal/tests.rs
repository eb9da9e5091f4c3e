//! A second ecosystem is sealed and verified by the same code: nothing here, in the archive, the
//! manifest or the report knows it.

#![allow(clippy::disallowed_methods)] // a test writes files

use std::fs;

use super::assembly::Assembly;
use crate::{
    adapters::{
        archive, files, keys, registry::AnsweredRequest, registry::Collected,
        registry::CollectedTarball,
    },
    app::{
        Clock,
        collect::CollectedPackage,
        inputs, report,
        trust::{self, Store, carriage},
        verify::{self, Demands, Terms},
    },
    core::{
        archive::manifest::Manifest,
        ecosystems,
        package::{
            PackageId,
            digest::{Algorithm, Integrity},
        },
        policy::Policy,
        text::Untrusted,
        time,
        toy::TOY,
        verdict::Claim,
    },
};

const ADDRESS: &str = "https://toys.test/train/7";

/// Seals a toy whose bytes are these, for a lockfile that expects others or the same; then verifies it.
fn verified(bytes: &str, expected: &str) -> verify::Examined {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let at = time::parse("2026-11-23T04:00:00Z").unwrap();
    let digest = |bytes: &str| Algorithm::Sha256.digest(bytes.as_bytes());
    fs::write(path("toy.txt"), bytes).unwrap();
    let integrity = Integrity::of(digest(expected));
    fs::write(path("toy.lock"), format!("toy 1\ntrain 7 {integrity} {ADDRESS}\n")).unwrap();

    let id = PackageId::new(TOY, "train", "7").unwrap();
    let registry = "https://toys.test".to_owned();
    let request = AnsweredRequest { url: ADDRESS.to_owned(), status: 200, answered_at: at };
    let collected = Collected {
        id,
        registry: Some(registry),
        artifact: Some(CollectedTarball {
            path: path("toy.txt"),
            digest: digest(bytes),
            size: bytes.len() as u64,
        }),
        record: None,
        attestations: None,
        artifact_request: Some(request.clone()),
        record_request: Some(AnsweredRequest { status: 404, ..request }),
        attestations_request: None,
    };
    let purl = ecosystems::parse_purl("pkg:toy/train@7").unwrap();
    let inputs = inputs::read(&[path("toy.lock")]).unwrap();
    let carriage = carriage::nothing("public-good");
    let assembly = Assembly::new(inputs, vec![CollectedPackage { purl, collected }], &carriage, at);
    let manifest = Manifest::build(assembly.predicate, assembly.subjects).unwrap();
    keys::generate(&path("key"), keys::KeyAlgorithm::Ed25519).unwrap();
    let key = keys::load_private(&path("key")).unwrap().key;
    let file = archive::seal(&path("toys.sealift"), &manifest, &[key], |subject| {
        assembly.contents.get(&subject.name)
    });
    files::persist(file.unwrap(), &path("toys.sealift")).unwrap();

    let options = verify::Options {
        archive: path("toys.sealift"),
        terms: Terms {
            keys: vec![keys::public_path(&path("key"))],
            threshold: 1,
            demands: Demands {
                policies: vec![],
                policy: Policy { deep: true, ..Policy::requiring([Claim::Integrity], []) },
                lockfiles: vec![path("toy.lock")],
            },
            trust: trust::Options::of("public-good", Store::Own(path("trust"))),
        },
    };
    verify::verify(&options, &Clock::new(at)).unwrap()
}

#[test]
fn a_second_ecosystem_is_sealed_and_verified() {
    let toy = "train 7\na train";
    let report = verified(toy, toy).admit().unwrap().into_report();
    assert_eq!(report.verdict(), report::Verdict::Verified);
    assert_eq!(report.held[0].to_string(), "pkg:toy/train@7");
    assert_eq!(report.inputs[0].lockfile.format.name, "toy.lock");
    assert_eq!(report.packages[0].verdict.claims.len(), 1);
}

#[test]
fn a_second_ecosystem_is_refused_by_its_own_rules() {
    let report = verified("train 7\na bomb", "train 7\na train").admit().unwrap_err();
    let refusals: Vec<_> = report.packages[0].verdict.refusals().collect();
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].1.code, "other-toy", "{}", Untrusted(&refusals[0].1.detail));
    let report = verified("car 7\na car", "car 7\na car").admit().unwrap_err();
    let (_, refusal) = report.packages[0].verdict.refusals().next().unwrap();
    assert_eq!(refusal.code, "tarball-of-other-package");
}
