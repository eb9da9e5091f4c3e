//! Whatever packages there are, they meet the rules that are written for them.

use std::collections::BTreeMap;

use super::*;
use crate::core::{
    addresses::NPM_REGISTRY,
    package::{PackageId, digest::Algorithm},
    policy::{Judge, PackageToJudge, PolicyFile},
    time,
    verdict::{
        Absence, Facts, IntegrityFacts, Logged, Outcome, ProvenanceFacts, RegistrySignatureFacts,
        TimeSource,
    },
};

const AT: &str = "2026-03-01T00:00:00Z";
const OWN: &str = "https://npm.acme.test";

/// Name, version, where it is from, whether its registry signed it, and who built it: owner and ids.
type Row = (&'static str, &'static str, &'static str, bool, Option<Built>);
type Built = (&'static str, Option<&'static str>, Option<&'static str>);

fn origin(text: &str) -> Origin {
    match text {
        "public" => Origin::Registry(NPM_REGISTRY.into()),
        "file" => Origin::File("vendor/a.tgz".into()),
        url if url.ends_with(".tgz") => Origin::Url(url.into()),
        registry => Origin::Registry(registry.into()),
    }
}

fn provenance((repository, owner, owner_id): Built) -> ProvenanceFacts {
    ProvenanceFacts {
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        source_repository: repository.into(),
        commit: "0".repeat(40),
        git_ref: None,
        workflow: format!("{repository}/.github/workflows/release.yml@refs/heads/main"),
        build_config: None,
        stated_builder: "https://runner.test".into(),
        stated_build_type: "https://types.test".into(),
        issuer: "https://issuer.test".into(),
        repository_id: None,
        owner: owner.map(str::to_owned),
        owner_id: owner_id.map(str::to_owned),
        runner: None,
        trigger: None,
        run: None,
        signed_at: time::parse(AT).unwrap(),
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: Vec::new(),
    }
}

fn package((name, version, from, signed, built): Row) -> (Purl, PackageVerdict) {
    let id = PackageId::npm(name, version).unwrap();
    let integrity = IntegrityFacts { lockfile: Some(Algorithm::Sha512) };
    let signature = RegistrySignatureFacts {
        keyid: "key".into(),
        time: time::parse(AT).unwrap(),
        time_source: TimeSource::ReferenceTime,
        retired: false,
        others: Vec::new(),
    };
    let absent = || Outcome::Absent(Absence::NoSignatures);
    let signature = if signed { Outcome::Verified(signature).into_facts() } else { absent() };
    let built = built.map(|built| Outcome::Verified(Facts::from(provenance(built))));
    let claims = BTreeMap::from([
        (Claim::Integrity, Outcome::Verified(integrity).into_facts()),
        (Claim::RegistrySignature, signature),
        (Claim::PublishAttestation, absent()),
        (Claim::Provenance, built.unwrap_or_else(absent)),
    ]);
    let verdict = PackageVerdict {
        package: id.clone(),
        claims,
        published: None,
        unexamined: Vec::new(),
        unrecognized_beside: Vec::new(),
    };
    (Purl::new(id, origin(from)), verdict)
}

/// The rules for these packages, and what they deny of others.
fn rules(rows: &[Row], others: &[Row]) -> (String, Vec<Vec<&'static str>>) {
    let packages: Vec<_> = rows.iter().map(|row| package(*row)).collect();
    let text = met_by(&packages.iter().map(|(purl, one)| (purl, one)).collect::<Vec<_>>()).unwrap();
    let file = PolicyFile::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let policy = file.resolve(Vec::new(), None);
    let judge = Judge::new(&policy, time::parse(AT).unwrap());
    let codes = |(purl, verdict): &(Purl, PackageVerdict)| {
        let (digest, collected) = (Algorithm::Sha512.digest(b""), time::parse(AT).unwrap());
        let judgment = judge.package(PackageToJudge { purl, verdict, digest: &digest, collected });
        judgment.denials.iter().map(|denial| denial.code()).collect::<Vec<_>>()
    };
    for package in &packages {
        assert_eq!(codes(package), [""; 0], "{}\n{text}", package.0);
    }
    let others = others.iter().map(|row| codes(&package(*row))).collect();
    (text, others)
}

const ACME: Option<Built> =
    Some(("https://git.test/acme/a", Some("https://git.test/acme"), Some("7")));
const EVIL: Option<Built> =
    Some(("https://git.test/evil/a", Some("https://git.test/evil"), Some("6")));
/// Of early 2023.
const LEGACY: Option<Built> = Some(("https://git.test/acme/a", None, None));

#[test]
fn packages_of_every_kind_meet_their_rules_and_others_do_not() {
    for (rows, others) in [
        // All have everything.
        (
            vec![("a", "1.0.0", "public", true, ACME)],
            vec![
                (("a", "1.0.1", "public", true, ACME), vec![]),
                (
                    ("a", "1.0.1", "public", true, EVIL),
                    vec!["unexpected-owner", "unexpected-owner-id"],
                ),
                (("a", "1.0.1", OWN, true, ACME), vec!["unexpected-registry"]),
                (("b", "1.0.0", "public", true, None), vec!["missing-provenance"]),
            ],
        ),
        // Nobody has anything.
        (
            vec![("a", "1.0.0", "public", false, None), ("@s/a", "1.0.0", "public", false, None)],
            vec![(("@s/b", "1.0.0", OWN, false, None), vec!["unexpected-registry"])],
        ),
        // A scope in two places, a name in two places, a tarball's address, a file.
        (
            vec![
                ("@s/a", "1.0.0", "public", true, None),
                ("@s/b", "1.0.0", OWN, false, None),
                ("@own/a", "1.0.0", OWN, true, None),
                ("@own/b", "1.0.0", OWN, true, ACME),
                ("c", "1.0.0", "public", true, None),
                ("c", "2.0.0", OWN, false, None),
                ("d", "1.0.0", "https://files.test/d.tgz", false, None),
                ("e", "1.0.0", "file", false, None),
            ],
            vec![
                (("@own/new", "1.0.0", OWN, true, None), vec![]),
                (("@own/new", "1.0.0", "public", true, None), vec!["unexpected-registry"]),
                (("@s/b", "1.0.0", "public", true, None), vec!["unexpected-registry"]),
                (("@s/a", "1.0.0", OWN, true, None), vec!["unexpected-registry"]),
                (
                    ("c", "3.0.0", "https://files.test/c.tgz", false, None),
                    vec!["unexpected-registry"],
                ),
                (
                    ("d", "1.0.0", "https://files.test/e.tgz", false, None),
                    vec!["unexpected-registry"],
                ),
                (("e", "1.0.1", "file", false, None), vec![]),
                (("f", "1.0.0", "public", false, None), vec!["missing-registry-signature"]),
            ],
        ),
        // One name, built by two owners, by nobody, and by a certificate that names no owner.
        (
            vec![
                ("a", "1.0.0", "public", true, ACME),
                ("a", "2.0.0", "public", true, EVIL),
                ("a", "0.1.0", "public", true, None),
                ("b", "1.0.0", "public", true, LEGACY),
            ],
            vec![
                (
                    ("a", "1.0.0", "public", true, EVIL),
                    vec!["unexpected-owner", "unexpected-owner-id"],
                ),
                (("b", "1.0.1", "public", true, EVIL), vec!["unexpected-repository"]),
                (("b", "1.0.1", "public", true, None), vec!["missing-provenance"]),
            ],
        ),
    ] {
        let (other_rows, expected): (Vec<_>, Vec<_>) = others.into_iter().unzip();
        let (text, found) = rules(&rows, &other_rows);
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn what_a_rule_would_read_as_a_wildcard_is_refused() {
    let evil = Some(("https://git.test/a", Some("https://git.test/*"), None));
    for row in [
        ("a*", "1.0.0", "public", true, None),
        ("a", "1.0.0", "https://files.test/*.tgz", true, None),
        ("a", "1.0.0", "public", true, evil),
    ] {
        let (purl, verdict) = package(row);
        let error = met_by(&[(&purl, &verdict)]).unwrap_err();
        assert!(error.contains('*'), "{error}");
    }
}

#[test]
fn texts_are_quoted() {
    let built = Some(("https://git.test/a", Some("\"]\n[[exception]]\u{202e}"), Some("1")));
    let (text, _) = rules(&[("a", "1.0.0", "public", true, built)], &[]);
    assert!(text.contains(r#"owner = ["\"]\U0000000A[[exception]]\U0000202E"]"#), "{text}");
}
