//! What is refused is not admitted, whatever the refusal is about.

use chrono::TimeDelta;

use super::*;
use crate::{
    adapters::{archive as file, files},
    app::archive as opened,
    core::{
        addresses::NPM_REGISTRY,
        archive::{
            key::SigningKey,
            manifest::{self, Manifest, Predicate, Tool},
        },
        lockfile::{
            self, Foreign,
            coverage::{self, Disposition, EntryOutcome},
        },
        package::{Origin, PackageId, Purl, digest::Algorithm},
        policy::{self, Denial, Judge, Judgment, Reaction, Signer},
        time::{self, Time},
        verdict::{Absence, Claim, Facts, IntegrityFacts, Outcome, PackageVerdict, Refusal},
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
    };
    let manifest = Manifest::build(predicate, vec![]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sealift");
    let key = SigningKey::ed25519(&[1; 32]);
    let temporary = file::seal(&path, &manifest, std::slice::from_ref(&key), |_| None).unwrap();
    files::persist(temporary, &path).unwrap();
    opened::open(&path, &[Signer::of(PublicKey::from(&key))], 1).unwrap()
}

/// A package without any evidence but its hash.
fn package() -> PackageVerdict {
    PackageVerdict {
        package: PackageId::npm("a", "1.0.0").unwrap(),
        claims: [
            (Claim::Integrity, Outcome::Verified(IntegrityFacts { lockfile: None }.into())),
            (Claim::RegistrySignature, Outcome::Absent(Absence::NoSignatures)),
            (Claim::PublishAttestation, Outcome::Absent(Absence::NoRegistry)),
            (Claim::Provenance, Outcome::Absent(Absence::NoRegistry)),
        ]
        .into(),
        published: None,
        unexamined: vec![],
        unrecognized_beside: vec![],
    }
}

/// That package, with another outcome of one claim.
fn with(claim: Claim, outcome: Outcome<Facts>) -> PackageVerdict {
    let mut verdict = package();
    verdict.claims.insert(claim, outcome);
    verdict
}

/// A policy that demands nothing beyond what always holds.
fn demands_nothing() -> Policy {
    Policy::requiring([], [])
}

fn judge(policy: &Policy, purl: &Purl, verdict: &PackageVerdict) -> Judgment {
    let digest = &Algorithm::Sha512.digest(b"");
    let package = policy::PackageToJudge { purl, verdict, digest, collected: at() };
    Judge::new(policy, at()).package(package)
}

/// A report over these packages, by this policy, in which all else is good.
fn report(policy: &Policy, packages: Vec<PackageVerdict>) -> Report {
    let judged = |verdict: PackageVerdict| {
        let digest = Algorithm::Sha512.digest(b"");
        let purl = Purl::new(verdict.package.clone(), Origin::Registry(NPM_REGISTRY.into()));
        let judgment = judge(policy, &purl, &verdict);
        JudgedPackage { purl, verdict, digest, judgment, weak: vec![] }
    };
    Report {
        at: at(),
        at_given: false,
        policy: policy.clone(),
        policy_sources: vec![],
        archive: report::ArchiveFacts {
            file: "app.sealift".into(),
            sha256: Algorithm::Sha256.digest(b""),
            sealed_at: at(),
            tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
            signers: vec![],
            entries: 1,
            bytes: 0,
        },
        trust: vec![report::TrustFacts {
            instance: "public-good".into(),
            source: report::MaterialSource::Archive,
            root: None,
            timestamp: None,
            expires: Some(at() + TimeDelta::seconds(1)),
            checked_at: None,
            keys_checked_at: None,
            set_aside: vec![],
            publishers: vec![],
        }],
        inputs: vec![],
        lockfiles: vec![],
        held: vec![],
        packages: packages.into_iter().map(judged).collect(),
        past_limits: vec![],
    }
}

/// This build's lockfile with one entry, of which this became.
fn given(denial: Option<coverage::EntryDenial>) -> Given {
    let text = br#"{"lockfileVersion": 3, "packages": {"node_modules/a": {"version": "1.0.0"}}}"#;
    Given {
        file: "package-lock.json".into(),
        sha256: Algorithm::Sha256.digest(text),
        lockfile: lockfile::parse(text).unwrap(),
        outcomes: vec![EntryOutcome {
            disposition: Disposition::Collected,
            package: Some(0),
            pin: None,
            other_address: false,
            denial,
            excused: None,
        }],
        relation: report::Relation::Subset,
    }
}

fn admits(report: Report) -> bool {
    let at = report.at;
    match (Examined { archive: archive(), report, npm_keys: Vec::new() }).admit() {
        Ok(verified) => verified.report().at == at && verified.archive().size() > 0,
        Err(report) => {
            assert_eq!(report.verdict(), report::Verdict::Refused);
            false
        }
    }
}

/// A limit that is passed by a day.
fn past() -> Past {
    Past { what: "trust", age: TimeDelta::days(31), max: TimeDelta::days(30) }
}

#[test]
fn admits_what_is_good_stale_or_not() {
    let policy = Policy { past_limit: Some(Reaction::Warn), ..demands_nothing() };
    assert!(admits(report(&policy, vec![package()])));
    let mut stale = report(&policy, vec![package()]);
    stale.past_limits.push(past());
    assert_eq!(stale.verdict(), report::Verdict::Stale);
    assert!(admits(stale));
    let mut covered = report(&policy, vec![package()]);
    covered.lockfiles.push(given(None));
    assert!(admits(covered));
}

#[test]
fn does_not_admit_an_archive_without_a_package() {
    assert!(!admits(report(&demands_nothing(), vec![])));
}

#[test]
fn no_refused_claim_of_any_package_is_admitted() {
    for claim in Claim::ALL {
        let bad = || with(claim, Outcome::Refused(Refusal { code: "any", detail: String::new() }));
        let policy = demands_nothing();
        let purl = Purl::new(bad().package, Origin::Registry(NPM_REGISTRY.into()));
        assert_eq!(judge(&policy, &purl, &bad()).denials, [Denial::Refused(claim)]);
        for packages in [vec![bad()], vec![bad(), package()], vec![package(), bad()]] {
            assert!(!admits(report(&policy, packages)), "{claim}");
        }
    }
}

#[test]
fn no_package_without_a_required_claim_is_admitted() {
    for claim in [Claim::RegistrySignature, Claim::PublishAttestation, Claim::Provenance] {
        assert!(!admits(report(&Policy::requiring([claim], []), vec![package()])), "{claim}");
    }
    let unknown = with(Claim::Integrity, Outcome::Absent(Absence::NoRecord));
    assert!(!admits(report(&demands_nothing(), vec![unknown])), "integrity is always required");
}

#[test]
fn does_not_admit_what_is_past_its_limit_or_not_covered() {
    let policy = demands_nothing();
    let mut old = report(&policy, vec![package()]);
    old.past_limits.push(past());
    assert!(!admits(old));
    let outside = Foreign::Outside { path: "../b".into() };
    for denial in [
        coverage::EntryDenial::NotHeld { wanted: "b@1.0.0".into() },
        coverage::EntryDenial::Foreign(Box::new(outside)),
    ] {
        let mut uncovered = report(&policy, vec![package()]);
        uncovered.lockfiles.push(given(Some(denial)));
        assert!(!admits(uncovered));
    }
}

#[test]
fn does_not_admit_a_package_that_nothing_asks_for() {
    let mut unneeded = report(&demands_nothing(), vec![package()]);
    unneeded.packages[0].judgment.denials.push(Denial::Unneeded);
    assert!(!admits(unneeded));
}
