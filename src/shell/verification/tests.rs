//! What is refused is not admitted, whatever the refusal is about.

use chrono::TimeDelta;

use super::*;
use crate::{
    adapters::{archive as file, files},
    core::{
        key::SigningKey,
        manifest::{Manifest, Predicate, Tool},
        policy::Denial,
        verdict::{Absence, Claim, IntegrityFacts, Refusal, Verdict},
    },
};

fn at() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

/// The smallest of archives, as its own signer reads it.
fn archive() -> SignedArchive {
    let predicate = Predicate {
        format_version: manifest::FORMAT_VERSION,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: time::format(at()),
        inputs: vec![],
        trust: vec![],
        packages: vec![],
        out_of_scope: vec![],
        collection: vec![],
    };
    let manifest = Manifest::build(predicate, vec![]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sealift");
    let key = SigningKey::from_bytes(&[1; 32]);
    let temporary = file::seal(&path, &manifest, std::slice::from_ref(&key), |_| None).unwrap();
    files::persist(temporary, &path).unwrap();
    open(&path, &[PublicKey::from(&key)], 1).unwrap()
}

/// A package without any evidence but its hash.
fn package() -> PackageVerdict {
    PackageVerdict {
        package: PackageId::new("a", "1.0.0").unwrap(),
        integrity: Verdict::Verified(IntegrityFacts { lockfile: None }),
        registry_signature: Verdict::Absent(Absence::NoSignatures),
        publish_attestation: Verdict::Absent(Absence::NoRegistry),
        provenance: Verdict::Absent(Absence::NoRegistry),
        unexamined: vec![],
        unrecognized_beside: vec![],
    }
}

fn refused<F>() -> Verdict<F> {
    Verdict::Refused(Refusal { code: "any", detail: String::new() })
}

/// A report over these packages, by this policy, in which all else is good.
fn report(policy: &Policy, packages: Vec<PackageVerdict>) -> Report {
    let judged = |verdict: PackageVerdict| {
        let denials = policy.judge(&verdict);
        Judged { verdict, registry: "https://r.example".into(), denials }
    };
    Report {
        at: at(),
        archive: report::Archive {
            file: "app.sealift".into(),
            sealed_at: at(),
            signers: vec![],
            entries: 1,
            bytes: 0,
            inputs: 0,
        },
        trust: vec![report::Trust {
            instance: "public-good".into(),
            source: report::TrustSource::Archive,
            root: None,
            timestamp: None,
            expires: Some(at() + TimeDelta::seconds(1)),
            checked_at: None,
            keys_checked_at: None,
        }],
        packages: packages.into_iter().map(judged).collect(),
        out_of_scope: vec![],
        lockfile: None,
        denied_age: None,
    }
}

fn admits(report: Report) -> bool {
    let at = report.at;
    match (Examined { archive: archive(), report }).admit() {
        Ok(verified) => verified.report().at == at && verified.archive().size() > 0,
        Err(report) => {
            assert_eq!(report.verdict(), report::Verdict::Refused);
            false
        }
    }
}

#[test]
fn what_is_good_is_admitted_stale_or_not() {
    let policy = Policy::require([]);
    assert!(admits(report(&policy, vec![])));
    assert!(admits(report(&policy, vec![package()])));
    let mut stale = report(&policy, vec![package()]);
    stale.trust[0].expires = Some(at());
    assert_eq!(stale.verdict(), report::Verdict::Stale);
    assert!(admits(stale));
    let mut covered = report(&policy, vec![package()]);
    covered.lockfile = Some(LockfileCheck::default());
    assert!(admits(covered));
}

#[test]
fn no_refused_claim_of_any_package_is_admitted() {
    let refusals: [fn() -> PackageVerdict; 4] = [
        || PackageVerdict { integrity: refused(), ..package() },
        || PackageVerdict { registry_signature: refused(), ..package() },
        || PackageVerdict { publish_attestation: refused(), ..package() },
        || PackageVerdict { provenance: refused(), ..package() },
    ];
    for (claim, bad) in Claim::ALL.into_iter().zip(refusals) {
        let policy = Policy::require([]);
        assert_eq!(policy.judge(&bad()), [Denial::Refused(claim)]);
        for packages in [vec![bad()], vec![bad(), package()], vec![package(), bad()]] {
            assert!(!admits(report(&policy, packages)), "{claim}");
        }
    }
}

#[test]
fn no_package_without_a_required_claim_is_admitted() {
    for claim in [Claim::RegistrySignature, Claim::PublishAttestation, Claim::Provenance] {
        assert!(!admits(report(&Policy::require([claim]), vec![package()])), "{claim}");
    }
    let unknown = PackageVerdict { integrity: Verdict::Absent(Absence::NoRecord), ..package() };
    assert!(!admits(report(&Policy::require([]), vec![unknown])), "integrity is always required");
}

#[test]
fn neither_denied_age_nor_an_uncovered_lockfile_is_admitted() {
    let policy = Policy::require([]);
    let mut old = report(&policy, vec![package()]);
    old.denied_age = Some(TimeDelta::days(31));
    assert!(!admits(old));
    let mut uncovered = report(&policy, vec![package()]);
    uncovered.lockfile = Some(LockfileCheck {
        uncovered: vec![lockfile::Uncovered::Missing(PackageId::new("b", "1.0.0").unwrap())],
        ..LockfileCheck::default()
    });
    uncovered.trust[0].expires = Some(at());
    assert!(!admits(uncovered), "stale, and refused");
}
