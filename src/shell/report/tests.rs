//! Both renderings of one report, side by side in one snapshot each.

use chrono::TimeDelta;

use super::{
    Archive, Human, Judged, LockfileCheck, Report, Trust, TrustSource, Verdict as Whole, to_json,
};
use crate::core::{
    addresses::NPM_REGISTRY,
    digest::Algorithm,
    lockfile::Uncovered,
    package::PackageId,
    policy::{Denial, Policy},
    time::{self, Time},
    verdict::{
        Absence, Claim, IntegrityFacts, Logged, NoAttestations, PackageVerdict, ProvenanceFacts,
        PublishFacts, Publisher, Refusal, RegistrySignatureFacts, TimeSource, Unrecognized,
        Verdict,
    },
};

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn plain(name: &str, version: &str) -> PackageVerdict {
    PackageVerdict {
        package: PackageId::new(name, version).unwrap(),
        integrity: Verdict::Verified(IntegrityFacts { lockfile: Some(Algorithm::Sha512) }),
        registry_signature: Verdict::Absent(Absence::NoSignatures),
        publish_attestation: Verdict::Absent(Absence::NoAttestations(NoAttestations::NotFound)),
        provenance: Verdict::Absent(Absence::NoAttestations(NoAttestations::NotFound)),
        unexamined: vec![],
        unrecognized_beside: vec![],
    }
}

fn proven(name: &str, version: &str) -> PackageVerdict {
    let signed_at = at("2024-05-16T20:00:00Z");
    PackageVerdict {
        registry_signature: Verdict::Verified(RegistrySignatureFacts {
            keyid: "SHA256:key".into(),
            time: signed_at,
            time_source: TimeSource::RegistryUnsigned,
            retired: true,
            others: vec![("SHA256:old".into(), "the key had expired".into())],
        }),
        publish_attestation: Verdict::Verified(PublishFacts {
            publisher: Publisher::Key("SHA256:key".into()),
            signed_at,
            time_source: TimeSource::TransparencyLog,
            logged: Logged { promise: true, proof: true },
            timestamps_set_aside: vec![],
        }),
        provenance: Verdict::Verified(ProvenanceFacts {
            predicate_type: "https://slsa.dev/provenance/v1".into(),
            source_repository: "https://github.example/acme/widget".into(),
            commit: "46e7056ff9912ebfee5298d94024895a9fea76c0".into(),
            git_ref: Some("refs/heads/main".into()),
            workflow:
                "https://github.example/acme/widget/.github/workflows/release.yml@refs/heads/main"
                    .into(),
            stated_builder: "https://github.example/actions/runner/github-hosted".into(),
            issuer: "https://token.actions.githubusercontent.example".into(),
            repository_id: Some("495574555".into()),
            owner_id: Some("71096353".into()),
            runner: Some("github-hosted".into()),
            run: None,
            stated_build_type: "https://build.example/workflow/v1".into(),
            build_config: None,
            trigger: Some("push".into()),
            signed_at,
            time_source: TimeSource::TransparencyLog,
            logged: Logged { promise: true, proof: true },
            timestamps_set_aside: vec![],
        }),
        ..plain(name, version)
    }
}

fn report(packages: Vec<PackageVerdict>, policy: &Policy) -> Report {
    Report {
        at: at("2026-11-23T05:00:00Z"),
        archive: Archive {
            file: "app.sealift".into(),
            sealed_at: at("2026-11-23T04:00:00Z"),
            signers: vec!["SHA256:q1w2e3".into()],
            entries: 41,
            bytes: 1_234_567,
            inputs: 1,
        },
        trust: vec![Trust {
            instance: "public-good".into(),
            source: TrustSource::Archive,
            root: Some(15),
            timestamp: Some(762),
            expires: Some(at("2026-11-25T04:00:00Z")),
            checked_at: Some(at("2026-11-23T04:00:00Z")),
        }],
        packages: packages
            .into_iter()
            .map(|verdict| {
                let denials = policy.judge(&verdict);
                Judged { verdict, registry: NPM_REGISTRY.into(), denials }
            })
            .collect(),
        out_of_scope: vec![],
        lockfile: None,
        denied_age: None,
    }
}

fn both(name: &str, report: &Report) {
    let human = anstream::adapter::strip_str(&Human::new(report, false).to_string()).to_string();
    let json = serde_json::to_string_pretty(&to_json(report)).unwrap();
    insta::with_settings!({snapshot_path => "../../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("report-{name}"), format!("{human}\n---\n\n{json}"));
    });
    for line in human.lines() {
        assert!(line.chars().count() <= 80, "over 80 columns: {line}");
    }
}

#[test]
fn verified() {
    let report = report(
        vec![plain("left-pad", "1.3.0"), proven("@acme/widget", "2.0.0")],
        &Policy::require([]),
    );
    assert_eq!(report.verdict(), Whole::Verified);
    both("verified", &report);
}

#[test]
fn refused() {
    let forged = PackageVerdict {
        provenance: Verdict::Refused(Refusal {
            code: "subject-digest",
            detail: "the statement is about another tarball\u{1b}[2J".into(),
        }),
        ..plain("evil", "6.6.6")
    };
    let mut report = report(
        vec![plain("left-pad", "1.3.0"), forged],
        &Policy::require([Claim::RegistrySignature]),
    );
    report.lockfile = Some(LockfileCheck {
        files: vec!["package-lock.json".into()],
        packages: 3,
        uncovered: vec![
            Uncovered::Missing(PackageId::new("gone", "1.0.0").unwrap()),
            Uncovered::OutOfScope {
                path: "node_modules/y".into(),
                reason: "git dependency, no commit given".into(),
            },
        ],
    });
    report.out_of_scope = vec![("node_modules/x".into(), "git dependency".into())];
    assert_eq!(report.verdict(), Whole::Refused);
    assert_eq!(
        report.packages[1].denials.first(),
        Some(&Denial::Missing(Claim::RegistrySignature))
    );
    both("refused", &report);
}

#[test]
fn unrecognized() {
    let found = Unrecognized {
        code: "unknown-build-type",
        detail: "unknown build type \"https://b.example/v9\"".into(),
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        signer: "https://builder.example/acme".into(),
        issuer: Some("https://issuer.example".into()),
        stated_build_type: Some("https://b.example/v9".into()),
        stated_builder: None,
        signed_at: at("2024-05-16T20:00:00Z"),
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
    };
    let alone =
        PackageVerdict { provenance: Verdict::Unrecognized(found.clone()), ..plain("a", "1.0.0") };
    let beside = PackageVerdict {
        unrecognized_beside: vec![(Claim::Provenance, found)],
        ..proven("b", "1.0.0")
    };
    let demands = Policy::require([Claim::Provenance]);
    let report = report(vec![alone, beside], &demands);
    assert_eq!(report.verdict(), Whole::Refused);
    assert_eq!(report.packages[0].denials, [Denial::Missing(Claim::Provenance)]);
    assert!(report.packages[1].is_good());
    both("unrecognized", &report);
}

#[test]
fn stale() {
    let mut report = report(vec![plain("left-pad", "1.3.0")], &Policy::require([]));
    report.at = at("2027-01-01T00:00:00Z");
    assert_eq!(report.verdict(), Whole::Stale);
    both("stale", &report);
    report.denied_age = Some(TimeDelta::days(38));
    assert_eq!(report.verdict(), Whole::Refused);
    both("stale-denied", &report);
}

#[test]
fn weak_and_without_tuf() {
    let mut old = plain("ancient", "0.0.1");
    old.integrity = Verdict::Verified(IntegrityFacts { lockfile: Some(Algorithm::Sha1) });
    let mut report = report(vec![old], &Policy::require([]));
    report.trust = vec![Trust {
        instance: "public-good".into(),
        source: TrustSource::Files,
        root: None,
        timestamp: None,
        expires: None,
        checked_at: None,
    }];
    both("weak", &report);
}
