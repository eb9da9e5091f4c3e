//! Both renderings of one report, side by side in one snapshot each.

use chrono::TimeDelta;
use serde_json::json;

use super::Human;
use crate::app::{
    report::{
        ArchiveFacts, CarriedLockfile, Given, JudgedPackage, MaterialSource, Past, Relation,
        Report, SealedBy, TrustFacts, Verdict as Whole,
    },
    stored::StoredReport,
};
use crate::core::{
    addresses::NPM_REGISTRY,
    archive::{key::SigningKey, manifest::Tool},
    lockfile::{
        self, Foreign, Lockfile,
        coverage::{self, Binding, Disposition, EntryOutcome},
    },
    package::{Origin, PackageId, Purl, digest::Algorithm},
    policy::{self, Denial, Judge, Policy, Reaction, Signer},
    time::{self, Time},
    trust::{AnchorKind, SetAside},
    verdict::{
        Absence, CertificateIdentity, Claim, Facts, IntegrityFacts, Logged, NoAttestations,
        OtherSignature, Outcome, PackageVerdict, ProvenanceFacts, PublishFacts, Publisher, Refusal,
        RegistrySignatureFacts, TimeSource, Unrecognized, Weakness,
    },
};

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn plain(name: &str, version: &str) -> PackageVerdict {
    PackageVerdict {
        package: PackageId::npm(name, version).unwrap(),
        claims: [
            (
                Claim::Integrity,
                Outcome::Verified(IntegrityFacts { lockfile: Some(Algorithm::Sha512) }.into()),
            ),
            (Claim::RegistrySignature, Outcome::Absent(Absence::NoSignatures)),
            (
                Claim::PublishAttestation,
                Outcome::Absent(Absence::NoAttestations(NoAttestations::NotFound)),
            ),
            (Claim::Provenance, Outcome::Absent(Absence::NoAttestations(NoAttestations::NotFound))),
        ]
        .into(),
        published: None,
        unexamined: vec![],
        unrecognized_beside: vec![],
    }
}

fn proven(name: &str, version: &str) -> PackageVerdict {
    let signed_at = at("2024-05-16T20:00:00Z");
    let mut verdict = plain(name, version);
    let signature = RegistrySignatureFacts {
        keyid: "SHA256:key".into(),
        time: signed_at,
        time_source: TimeSource::RegistryUnsigned,
        retired: true,
        others: vec![OtherSignature {
            keyid: "SHA256:old".into(),
            reason: "the key had expired".into(),
        }],
    };
    let publish = PublishFacts {
        publisher: Publisher::Key { keyid: "SHA256:key".into() },
        signed_at,
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: vec![],
    };
    let provenance = ProvenanceFacts {
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
        owner: Some("https://github.example/acme".into()),
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
    };
    verdict.claims.extend([
        (Claim::RegistrySignature, Outcome::Verified(signature.into())),
        (Claim::PublishAttestation, Outcome::Verified(publish.into())),
        (Claim::Provenance, Outcome::Verified(provenance.into())),
    ]);
    verdict
}

fn with(mut verdict: PackageVerdict, claim: Claim, outcome: Outcome<Facts>) -> PackageVerdict {
    verdict.claims.insert(claim, outcome);
    verdict
}

fn requires(claims: impl IntoIterator<Item = Claim>) -> Policy {
    let signer = Signer::of(SigningKey::ed25519(&[7; 32]).public());
    Policy { signers: vec![signer], ..Policy::requiring(claims, []) }
}

fn lock(paths: &[&str]) -> Lockfile {
    let entries: Vec<_> =
        paths.iter().map(|path| format!(r#""{path}": {{"version": "1.0.0"}}"#)).collect();
    let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{}}}}}"#, entries.join(","));
    lockfile::parse(text.as_bytes()).unwrap()
}

fn outcome(package: usize) -> EntryOutcome {
    EntryOutcome {
        disposition: Disposition::Collected,
        package: Some(package),
        pin: Some(Binding::Hash(Algorithm::Sha512)),
        other_address: false,
        denial: None,
        excused: None,
    }
}

fn purl(verdict: &PackageVerdict) -> Purl {
    Purl::new(verdict.package.clone(), Origin::Registry(NPM_REGISTRY.into()))
}

fn report(packages: Vec<PackageVerdict>, policy: &Policy) -> Report {
    let paths: Vec<_> =
        packages.iter().map(|verdict| format!("node_modules/{}", verdict.package.name())).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    Report {
        at: at("2026-11-23T05:00:00Z"),
        at_given: false,
        policy: policy.clone(),
        policy_sources: vec![],
        archive: ArchiveFacts {
            file: "app.sealift".into(),
            sha256: Algorithm::Sha256.digest(b"app.sealift"),
            sealed_at: at("2026-11-23T04:00:00Z"),
            tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
            signers: policy.signers.iter().map(sealed_by).collect(),
            entries: 41,
            bytes: 1_234_567,
        },
        trust: vec![TrustFacts {
            instance: "public-good".into(),
            source: MaterialSource::Archive,
            root: Some(15),
            timestamp: Some(762),
            expires: Some(at("2026-11-25T04:00:00Z")),
            checked_at: Some(at("2026-11-23T04:00:00Z")),
            keys_checked_at: None,
            set_aside: vec![],
            publishers: vec![],
        }],
        inputs: vec![CarriedLockfile {
            entry: "inputs/1/package-lock.json".into(),
            sha256: Algorithm::Sha256.digest(b"package-lock.json"),
            lockfile: lock(&paths),
            outcomes: (0..packages.len()).map(outcome).collect(),
        }],
        lockfiles: vec![],
        held: packages.iter().map(purl).collect(),
        packages: packages.into_iter().map(|verdict| judged(policy, verdict)).collect(),
        past_limits: vec![],
    }
}

fn sealed_by(signer: &Signer) -> SealedBy {
    SealedBy { name: signer.name.clone(), keys: vec![signer.name.clone()] }
}

fn judged(policy: &Policy, verdict: PackageVerdict) -> JudgedPackage {
    let (purl, digest) = (purl(&verdict), Algorithm::Sha512.digest(b""));
    let collected = at("2026-11-23T04:00:00Z");
    let judge = Judge::new(policy, at("2026-11-23T05:00:00Z"));
    let (subject, found) = (&purl, &verdict);
    let judgment = judge.package(policy::PackageToJudge {
        purl: subject,
        verdict: found,
        digest: &digest,
        collected,
    });
    let weak = judge.weaknesses(&purl, &verdict, &digest);
    JudgedPackage { purl, digest, judgment, weak, verdict }
}

fn both(name: &str, report: &Report) {
    let human = anstream::adapter::strip_str(&Human::new(report).to_string()).to_string();
    let stored = StoredReport::of(report);
    let json = serde_json::to_string_pretty(&stored).unwrap();
    assert_eq!(serde_json::from_str::<StoredReport>(&json).unwrap(), stored);
    let demands = serde_json::to_vec(&stored.policy.demands).unwrap();
    assert_eq!(Algorithm::Sha256.digest(&demands).to_hex(), stored.policy.digest.sha256);
    insta::with_settings!({snapshot_path => "../../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("report-{name}"), format!("{human}\n---\n\n{json}"));
    });
    for line in human.lines() {
        assert!(line.chars().count() <= 80, "over 80 columns: {line}");
    }
    let first = anstream::adapter::strip_str(&Human::new(report).first_line()).to_string();
    assert_eq!(human.lines().next(), Some(first.as_str()));
}

/// A report with every claim verified.
pub(super) fn verified_report() -> Report {
    report(vec![plain("left-pad", "1.3.0"), proven("@acme/widget", "2.0.0")], &requires([]))
}

#[test]
fn verified() {
    let report = verified_report();
    assert_eq!(report.verdict(), Whole::Verified);
    both("verified", &report);
}

/// A report with most of what one can have.
pub(super) fn refused_report() -> Report {
    let refusal = Refusal {
        code: "subject-digest",
        detail: "the statement is about another tarball\u{1b}[2J".into(),
    };
    let forged = with(plain("evil", "6.6.6"), Claim::Provenance, Outcome::Refused(refusal));
    let mut report =
        report(vec![plain("left-pad", "1.3.0"), forged], &requires([Claim::RegistrySignature]));
    let address = "git+ssh://git@git.example/y.git".into();
    let git = Foreign::Git { address, commit: None, name: None, version: None };
    report.lockfiles.push(Given {
        file: "package-lock.json".into(),
        sha256: Algorithm::Sha256.digest(b"another"),
        lockfile: lock(&["node_modules/gone", "node_modules/y"]),
        outcomes: vec![
            EntryOutcome {
                package: None,
                pin: None,
                denial: Some(coverage::EntryDenial::NotHeld { wanted: "gone@1.0.0".into() }),
                ..outcome(0)
            },
            EntryOutcome {
                disposition: Disposition::Foreign,
                package: None,
                pin: None,
                denial: Some(coverage::EntryDenial::Foreign(Box::new(git))),
                ..outcome(0)
            },
        ],
        relation: Relation::Subset,
    });
    report.packages[0].judgment.denials.push(Denial::Unneeded);
    report
}

#[test]
fn refused() {
    let report = refused_report();
    assert_eq!(report.verdict(), Whole::Refused);
    assert_eq!(
        report.packages[1].judgment.denials.first(),
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
    let alone = with(plain("a", "1.0.0"), Claim::Provenance, Outcome::Unrecognized(found.clone()));
    let beside = PackageVerdict {
        unrecognized_beside: vec![(Claim::Provenance, found)],
        ..proven("b", "1.0.0")
    };
    let demands = requires([Claim::Provenance]);
    let report = report(vec![alone, beside], &demands);
    assert_eq!(report.verdict(), Whole::Refused);
    assert_eq!(report.packages[0].judgment.denials, [Denial::Unrecognized(Claim::Provenance)]);
    assert!(report.packages[1].is_good());
    both("unrecognized", &report);
}

#[test]
fn past_a_limit() {
    let (age, max) = (TimeDelta::days(38), TimeDelta::days(30));
    let past = Past { what: "trust", age, max };
    let policy =
        Policy { max_trust_age: Some(max), past_limit: Some(Reaction::Warn), ..requires([]) };
    let mut report = report(vec![plain("left-pad", "1.3.0")], &policy);
    report.at = at("2027-01-01T00:00:00Z");
    assert_eq!(report.verdict(), Whole::Verified, "without a limit nothing is stale");
    report.past_limits.push(past);
    assert_eq!(report.verdict(), Whole::Stale);
    both("stale", &report);
    report.policy.past_limit = Some(Reaction::Deny);
    assert_eq!(report.verdict(), Whole::Refused);
    both("stale-denied", &report);
}

#[test]
fn weak_and_without_tuf() {
    let mut report = report(
        vec![proven("retired", "0.0.1"), proven("sha1", "0.0.1"), proven("unhashed", "0.0.1")],
        &requires([]),
    );
    report.at_given = true;
    report.inputs[0].outcomes[1].pin = Some(Binding::Signature { weak: true });
    report.inputs[0].outcomes[2].pin = Some(Binding::Signature { weak: false });
    report.trust = vec![TrustFacts {
        instance: "public-good".into(),
        source: MaterialSource::Files,
        root: None,
        timestamp: None,
        expires: None,
        checked_at: None,
        keys_checked_at: None,
        set_aside: vec![SetAside {
            kind: AnchorKind::TransparencyLog,
            position: 2,
            name: Some("https://log.example".into()),
            id: None,
            why: "a key of a kind that is not understood".into(),
        }],
        publishers: vec![(
            "https://registry.example".into(),
            CertificateIdentity {
                san: "https://ci.example/publish".into(),
                issuer: "https://ci.example".into(),
            },
        )],
    }];
    both("weak", &report);
}

/// Two verifications that differ in any demand give different reports.
#[test]
fn reports_differ_where_demands_differ() {
    let days = |days| Some(TimeDelta::days(days));
    let mut seen = std::collections::BTreeSet::new();
    for policy in [
        requires([]),
        requires([Claim::RegistrySignature]),
        requires([Claim::Provenance]),
        Policy::requiring([Claim::Integrity], [Weakness::Sha1]),
        Policy { max_age: days(1), ..requires([]) },
        Policy { max_age: days(2), ..requires([]) },
        Policy { max_trust_age: days(1), ..requires([]) },
        Policy { past_limit: Some(Reaction::Warn), ..requires([]) },
    ] {
        let report = report(vec![proven("a", "1.0.0")], &policy);
        assert!(seen.insert(json!(StoredReport::of(&report)).to_string()), "{policy:?}");
    }
    let base = || report(vec![proven("a", "1.0.0")], &requires([]));
    let changes: [fn(&mut Report); 5] = [
        |report| report.policy.deep = true,
        |report| report.at_given = true,
        |report| report.policy.threshold = 2,
        |report| report.policy.signers.clear(),
        |report| report.archive.sha256 = Algorithm::Sha256.digest(b"other"),
    ];
    for change in changes {
        let mut report = base();
        change(&mut report);
        assert!(seen.insert(json!(StoredReport::of(&report)).to_string()));
    }
}

#[test]
fn built_in_trust_is_published_and_not_checked() {
    let mut report = report(vec![plain("a", "1.0.0")], &requires([]));
    report.trust[0].source = MaterialSource::Embedded;
    let human = Human::new(&report).to_string();
    assert!(human.contains("not checked since"), "{human}");
    let stored = json!(StoredReport::of(&report));
    let trust = &stored["trust"][0];
    assert_eq!(trust["publishedAt"], "2026-11-23T04:00:00Z");
    assert!(trust.get("checkedAt").is_none());
}
