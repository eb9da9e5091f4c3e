//! Upgrades: what is refused, and what raises nothing.

mod form;

use std::collections::BTreeMap;

use super::*;
use crate::core::{
    addresses::NPM_REGISTRY,
    builder::Who,
    package::digest::Algorithm,
    time,
    verdict::{Absence, Facts, IntegrityFacts, Logged, Outcome, TimeSource},
};

/// A version of a package, with what was verified of it.
#[derive(Clone)]
struct Version {
    purl: Purl,
    verdict: PackageVerdict,
    digest: Digest,
}

/// Provenance as GitHub's certificates of today have it.
fn build() -> ProvenanceFacts {
    ProvenanceFacts {
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        source_repository: "https://git.test/acme/widgets".into(),
        commit: "46e7056ff9912ebfee5298d94024895a9fea76c0".into(),
        git_ref: Some("refs/tags/v1.0.0".into()),
        workflow: "https://git.test/acme/widgets/.github/workflows/release.yml@refs/tags/v1.0.0"
            .into(),
        build_config: None,
        stated_builder: "https://runner.test/github-hosted".into(),
        stated_build_type: "https://types.test/workflow/v1".into(),
        issuer: "https://issuer.test".into(),
        repository_id: Some("1001".into()),
        owner: Some("https://git.test/acme".into()),
        owner_id: Some("77".into()),
        runner: Some("github-hosted".into()),
        trigger: Some("push".into()),
        run: Some("https://git.test/acme/widgets/actions/runs/1".into()),
        signed_at: time::parse("2026-01-02T03:04:05Z").unwrap(),
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: Vec::new(),
    }
}

/// As [`build`], by a certificate of early 2023: no ids, no owner, no trigger.
fn legacy() -> ProvenanceFacts {
    let (repository_id, owner, owner_id) = (None, None, None);
    ProvenanceFacts { repository_id, owner, owner_id, trigger: None, runner: None, ..build() }
}

/// As [`build`], on GitLab.
fn gitlab() -> ProvenanceFacts {
    ProvenanceFacts {
        source_repository: "https://lab.test/acme/tools/widgets".into(),
        workflow: "https://lab.test/acme/tools/widgets//.gitlab-ci.yml@refs/tags/v1.0.0".into(),
        issuer: "https://lab.test".into(),
        owner: Some("https://lab.test/acme/tools".into()),
        ..build()
    }
}

/// As [`build`], signed by a reusable workflow of another repository.
fn reusable() -> ProvenanceFacts {
    let workflow = "https://git.test/shared/ci/.github/workflows/build.yml@refs/tags/v2";
    ProvenanceFacts { workflow: workflow.into(), ..build() }
}

fn version(version: &str, provenance: Option<ProvenanceFacts>) -> Version {
    named("widgets", version, provenance, Origin::Registry(NPM_REGISTRY.into()))
}

fn named(
    name: &str,
    version: &str,
    provenance: Option<ProvenanceFacts>,
    origin: Origin,
) -> Version {
    let package = PackageId::npm(name, version).unwrap();
    let integrity = Facts::Integrity(IntegrityFacts { lockfile: Some(Algorithm::Sha512) });
    let provenance = match provenance {
        Some(facts) => Outcome::Verified(facts.into()),
        None => Outcome::Absent(Absence::NotListed),
    };
    let claims = BTreeMap::from([
        (Claim::Integrity, Outcome::Verified(integrity)),
        (Claim::Provenance, provenance),
    ]);
    let verdict = PackageVerdict {
        package: package.clone(),
        claims,
        published: None,
        unexamined: Vec::new(),
        unrecognized_beside: Vec::new(),
    };
    let digest = Algorithm::Sha512.digest(package.to_string().as_bytes());
    Version { purl: Purl::new(package, origin), verdict, digest }
}

fn of<'a>(versions: impl IntoIterator<Item = &'a Version>) -> Identities {
    let versions = versions.into_iter();
    Identities::of(versions.map(|one| (&one.purl, &one.verdict, &one.digest)))
}

fn codes(known: &Identities, version: &Version) -> Vec<&'static str> {
    let denials = known.judge(&version.purl, &version.verdict, &version.digest);
    denials.iter().map(Denial::code).collect()
}

/// With one field changed.
fn with(mut facts: ProvenanceFacts, change: impl FnOnce(&mut ProvenanceFacts)) -> ProvenanceFacts {
    change(&mut facts);
    facts
}

/// The next version, of another builder.
fn changed(change: impl FnOnce(&mut ProvenanceFacts)) -> Version {
    version("1.0.1", Some(with(build(), change)))
}

#[test]
fn what_changed_is_refused_and_named() {
    let known = of([&version("1.0.0", Some(build()))]);
    for (what, version) in [
        (Who::Issuer, changed(|facts| facts.issuer = "https://other.test".into())),
        (Who::RepositoryId, changed(|facts| facts.repository_id = Some("1002".into()))),
        (Who::OwnerId, changed(|facts| facts.owner_id = Some("78".into()))),
        (
            Who::Workflow,
            changed(|facts| facts.workflow = facts.workflow.replace("release", "fork")),
        ),
        // Renamed, with the same id, and signed by another's workflow.
        (
            Who::Workflow,
            changed(|facts| facts.source_repository = "https://git.test/acme/gadgets".into()),
        ),
        // What is not there on one side is compared by name.
        (
            Who::Repository,
            changed(|facts| {
                facts.repository_id = None;
                facts.source_repository = "https://git.test/acme/widgets2".into();
            }),
        ),
        (
            Who::Owner,
            changed(|facts| {
                facts.owner_id = None;
                facts.owner = Some("https://git.test/evil".into());
            }),
        ),
        (
            Who::Owner,
            changed(|facts| {
                (facts.owner, facts.owner_id) = (None, None);
                facts.source_repository = "https://git.test/evil/widgets".into();
                facts.workflow = facts.workflow.replace("acme", "evil");
            }),
        ),
        (Who::Issuer, version("1.0.1", Some(gitlab()))),
    ] {
        let denials = known.judge(&version.purl, &version.verdict, &version.digest);
        let [Denial::IdentityChanged(change)] = &*denials else { panic!("{what:?}: {denials:?}") };
        assert_eq!(change.who, what);
    }
}

#[test]
fn certificates_without_ids_are_compared_by_name() {
    let known = of([&version("1.0.0", Some(legacy()))]);
    for (what, change) in [
        (Who::Repository, "https://git.test/acme/widgets2"),
        (Who::Repository, "https://git.test/evil/widgets"),
    ] {
        let facts = with(legacy(), |facts| facts.source_repository = change.into());
        let version = version("1.0.1", Some(facts));
        let denials = known.judge(&version.purl, &version.verdict, &version.digest);
        assert!(
            matches!(&*denials, [Denial::IdentityChanged(change)] if change.who == what),
            "{denials:?}"
        );
    }
}

/// The signer is in neither repository, so that the new name of one explains nothing.
#[test]
fn another_reusable_workflow_is_refused_after_a_rename_too() {
    let known = of([&version("1.0.0", Some(reusable()))]);
    let renamed = |facts: &mut ProvenanceFacts| {
        facts.source_repository = "https://git.test/acme/gadgets".into();
    };
    assert_eq!(codes(&known, &version("1.0.1", Some(with(reusable(), renamed)))), [""; 0]);
    let other = with(reusable(), |facts| {
        renamed(facts);
        facts.workflow = "https://git.test/evil/ci/.github/workflows/build.yml@refs/tags/v2".into();
    });
    assert_eq!(codes(&known, &version("1.0.1", Some(other))), ["identity-changed"]);
}

#[test]
fn lost_evidence_other_bytes_and_unknown_lines_are_refused() {
    let first = version("1.0.0", Some(build()));
    let known = of([&first]);
    assert_eq!(codes(&known, &version("1.0.1", None)), ["evidence-lost"]);
    assert_eq!(codes(&known, &version("1.0.0", None)), ["evidence-lost"]);
    let other = Version { digest: Algorithm::Sha512.digest(b"other"), ..first.clone() };
    assert_eq!(codes(&known, &other), ["bytes-changed"]);
    assert_eq!(codes(&known, &version("2.0.0", None)), ["identity-unknown"]);
    assert_eq!(codes(&known, &version("0.1.0", None)), ["identity-unknown"]);
    // Another name, another place, another builder of a new line.
    let public = || Origin::Registry(NPM_REGISTRY.into());
    let name = named("widgets2", "1.0.0", Some(build()), public());
    assert_eq!(codes(&known, &name), ["identity-unknown"]);
    let place = Origin::Registry("https://npm.acme.test".into());
    let place = named("widgets", "1.0.0", Some(build()), place);
    assert_eq!(codes(&known, &place), ["identity-unknown"]);
    let fork = with(build(), |facts| facts.owner_id = Some("78".into()));
    assert_eq!(codes(&known, &version("2.0.0", Some(fork))), ["identity-unknown"]);
}

/// An older version may lack what a later one has.
#[test]
fn a_version_is_compared_with_those_before_it() {
    let known = of([&version("1.2.0", None), &version("1.3.0", Some(build()))]);
    assert_eq!(codes(&known, &version("1.1.0", None)), [""; 0]);
    assert_eq!(codes(&known, &version("1.2.1", None)), [""; 0]);
    assert_eq!(codes(&known, &version("1.10.0", None)), ["evidence-lost"]);
}

#[test]
fn honest_upgrades_raise_nothing() {
    let rename = |facts: &mut ProvenanceFacts| {
        facts.source_repository = "https://git.test/acme/gadgets".into();
        facts.workflow = facts.workflow.replace("widgets", "gadgets");
    };
    let transfer = |facts: &mut ProvenanceFacts| {
        // The organisation has another name, and the same id.
        facts.owner = Some("https://git.test/acme-corp".into());
        facts.source_repository = "https://git.test/acme-corp/widgets".into();
        facts.workflow = facts.workflow.replace("/acme/", "/acme-corp/");
    };
    let v02 = |facts: &mut ProvenanceFacts| {
        facts.predicate_type = "https://slsa.dev/provenance/v0.2".into();
        facts.stated_builder = "https://runner.test".into();
        facts.stated_build_type = "https://types.test/gha/v2".into();
    };
    type Upgraded = (&'static str, Option<ProvenanceFacts>);
    let upgrades: Vec<(&str, Upgraded, Upgraded)> = vec![
        ("the same", ("1.0.0", Some(build())), ("1.0.0", Some(build()))),
        ("a patch", ("1.0.0", Some(build())), ("1.0.1", Some(build()))),
        ("a minor version", ("1.0.0", Some(build())), ("1.1.0", Some(build()))),
        ("a prerelease", ("1.0.0", Some(build())), ("1.1.0-beta.1", Some(build()))),
        ("from a prerelease", ("1.1.0-beta.1", Some(build())), ("1.1.0", Some(build()))),
        ("a patch before 1.0", ("0.3.1", Some(build())), ("0.3.2", Some(build()))),
        ("a minor version before 1.0", ("0.3.1", Some(build())), ("0.4.0", Some(build()))),
        ("a new major version", ("1.0.0", Some(build())), ("2.0.0", Some(build()))),
        ("a downgrade", ("1.2.0", Some(build())), ("1.1.0", Some(build()))),
        (
            "another ref",
            ("1.0.0", Some(build())),
            (
                "1.0.1",
                Some(with(build(), |facts| {
                    facts.git_ref = Some("refs/heads/main".into());
                    facts.workflow = facts.workflow.replace("tags/v1.0.0", "heads/main");
                })),
            ),
        ),
        (
            "another commit and run",
            ("1.0.0", Some(build())),
            (
                "1.0.1",
                Some(with(build(), |facts| {
                    facts.commit = "0".repeat(40);
                    facts.run = Some("https://git.test/acme/widgets/actions/runs/2".into());
                })),
            ),
        ),
        (
            "another trigger",
            ("1.0.0", Some(build())),
            ("1.0.1", Some(with(build(), |facts| facts.trigger = Some("release".into())))),
        ),
        (
            "another runner",
            ("1.0.0", Some(build())),
            ("1.0.1", Some(with(build(), |facts| facts.runner = Some("self-hosted".into())))),
        ),
        ("a renamed repository", ("1.0.0", Some(build())), ("1.0.1", Some(with(build(), rename)))),
        ("a renamed owner", ("1.0.0", Some(build())), ("1.0.1", Some(with(build(), transfer)))),
        (
            "a renamed repository of a reusable workflow",
            ("1.0.0", Some(reusable())),
            (
                "1.0.1",
                Some(with(reusable(), |facts| {
                    facts.source_repository = "https://git.test/acme/gadgets".into();
                })),
            ),
        ),
        ("provenance is new", ("1.0.0", None), ("1.0.1", Some(build()))),
        ("never any provenance", ("1.0.0", None), ("1.0.1", None)),
        (
            "newer provenance, another builder text",
            ("1.0.0", Some(with(build(), v02))),
            ("1.0.1", Some(build())),
        ),
        ("ids are new", ("1.0.0", Some(legacy())), ("1.0.1", Some(build()))),
        ("two legacy certificates", ("1.0.0", Some(legacy())), ("1.0.1", Some(legacy()))),
        ("GitLab", ("1.0.0", Some(gitlab())), ("1.0.1", Some(gitlab()))),
        (
            "GitLab, a renamed project",
            ("1.0.0", Some(gitlab())),
            (
                "1.0.1",
                Some(with(gitlab(), |facts| {
                    facts.source_repository = "https://lab.test/acme/tools/gadgets".into();
                    facts.workflow = facts.workflow.replace("widgets", "gadgets");
                })),
            ),
        ),
        (
            "an id that is not a number",
            ("1.0.0", Some(with(build(), |facts| facts.owner_id = Some("acme".into())))),
            ("1.0.1", Some(with(build(), |facts| facts.owner_id = Some("acme".into())))),
        ),
    ];
    assert!(upgrades.len() >= 20);
    for (what, (before, old), (after, new)) in upgrades {
        let known = of([&version(before, old)]);
        assert_eq!(codes(&known, &version(after, new.clone())), [""; 0], "{what}");
        // What is written and read again judges the same.
        let read = Identities::parse(known.to_string().as_bytes()).unwrap();
        assert_eq!(codes(&read, &version(after, new)), [""; 0], "{what}, read");
    }
}

#[test]
fn an_update_keeps_the_builder_where_evidence_is_lost() {
    let fork = with(build(), |facts| facts.repository_id = Some("1002".into()));
    let known = of([&version("1.0.0", Some(build()))]);
    let lost = known.updated(of([&version("1.0.1", None)]));
    assert_eq!(codes(&lost, &version("1.0.2", None)), [""; 0]);
    assert_eq!(codes(&lost, &version("1.0.2", Some(fork.clone()))), ["identity-changed"]);
    // Another builder that was accepted takes the place of the first.
    let replaced = lost.updated(of([&version("1.0.2", Some(fork.clone()))]));
    assert_eq!(codes(&replaced, &version("1.0.3", Some(fork))), [""; 0]);
    assert_eq!(codes(&replaced, &version("1.0.3", Some(build()))), ["identity-changed"]);
    // Versions without a builder stay known.
    let bytes = Algorithm::Sha512.digest(b"other");
    let other = Version { digest: bytes, ..version("1.0.1", None) };
    assert_eq!(codes(&replaced, &other), ["bytes-changed"]);
}

#[test]
fn changes_name_builders_claims_and_versions() {
    let before = of([&version("1.0.0", Some(build())), &version("3.0.0", None)]);
    let fork = with(build(), |facts| facts.repository_id = Some("1002".into()));
    let found = of([
        &version("1.0.1", Some(fork)),
        &version("2.0.0", None),
        &version("3.0.1", Some(build())),
    ]);
    let now = before.clone().updated(found);
    let changes = IdentityChanges::between(&before, &now);
    let changes: Vec<_> = changes.0.into_iter().map(|(line, change)| (line.line, change)).collect();
    let text = |text: &str| vec![text.to_owned()];
    let id = IdentityChange { who: Who::RepositoryId, from: "1001".into(), to: "1002".into() };
    let changed = LineChange {
        builders: vec![id],
        added: text("1.0.1"),
        removed: text("1.0.0"),
        ..LineChange::default()
    };
    let new = LineChange { is_new: true, added: text("2.0.0"), ..LineChange::default() };
    let gained = LineChange {
        gained: vec![Claim::Provenance],
        added: text("3.0.1"),
        ..LineChange::default()
    };
    let expected = [("1", changed), ("2", new), ("3", gained)];
    assert_eq!(changes, expected.map(|(line, change)| (line.to_owned(), change)));
    assert!(IdentityChanges::between(&now, &now).is_empty());
    // The same again changes nothing.
    assert_eq!(now.clone().updated(now.clone()), now);
}
