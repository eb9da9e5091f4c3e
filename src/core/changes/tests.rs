use super::*;
use crate::core::{
    builder::Who,
    package::{Origin, PackageId, digest::Algorithm},
    verdict::{
        Absence, Facts, Logged, NoAttestations, Outcome, ProvenanceFacts, Refusal, TimeSource,
    },
};

/// A package of which provenance is the one claim.
struct One {
    purl: Purl,
    verdict: PackageVerdict,
    digest: Digest,
}

impl One {
    fn new(version: &str, bytes: &str, provenance: Outcome<Facts>) -> Self {
        let package = PackageId::npm("a", version).unwrap();
        Self {
            purl: Purl::new(package.clone(), Origin::Registry("https://r.example".into())),
            verdict: PackageVerdict {
                published: None,
                package,
                claims: [(Claim::Provenance, provenance)].into(),
                unexamined: vec![],
                unrecognized_beside: vec![],
            },
            digest: Algorithm::Sha512.digest(bytes.as_bytes()),
        }
    }

    fn built(facts: ProvenanceFacts) -> Self {
        Self::new("1.0.0", "", Outcome::Verified(facts.into()))
    }

    fn seen(&self) -> ComparedPackage<'_> {
        ComparedPackage { purl: &self.purl, verdict: &self.verdict, digest: &self.digest }
    }
}

fn facts() -> ProvenanceFacts {
    ProvenanceFacts {
        owner: Some("https://github.com/acme".into()),
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        source_repository: "https://github.com/acme/a".into(),
        commit: "46e7056f".into(),
        git_ref: Some("refs/tags/v1.0.0".into()),
        workflow: "https://github.com/acme/a/.github/workflows/x.yml@refs/tags/v1.0.0".into(),
        build_config: Some(
            "https://github.com/acme/a/.github/workflows/x.yml@refs/tags/v1.0.0".into(),
        ),
        stated_builder: "b".into(),
        stated_build_type: "t".into(),
        issuer: "https://token.actions.githubusercontent.com".into(),
        repository_id: Some("1".into()),
        owner_id: Some("2".into()),
        runner: Some("github-hosted".into()),
        trigger: Some("push".into()),
        run: None,
        signed_at: chrono::DateTime::UNIX_EPOCH,
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: vec![],
    }
}

fn absent() -> Outcome<Facts> {
    Outcome::Absent(Absence::NoAttestations(NoAttestations::NotFound))
}

/// What is different of who built it.
fn identity(before: ProvenanceFacts, after: ProvenanceFacts) -> Vec<Who> {
    let (before, after) = (One::built(before), One::built(after));
    let changes = Changes::new(&[before.seen()], &[after.seen()]);
    changes.changed.iter().flat_map(|it| &it.identity).map(|it| it.who).collect()
}

/// As [`identity`], from the facts above.
fn changed(change: impl FnOnce(&mut ProvenanceFacts)) -> Vec<Who> {
    let mut after = facts();
    change(&mut after);
    identity(facts(), after)
}

#[test]
fn another_release_of_the_same_workflow_is_no_change() {
    let found = changed(|facts| {
        facts.commit = "other".into();
        facts.git_ref = Some("refs/heads/main".into());
        facts.workflow = facts.workflow.replace("refs/tags/v1.0.0", "refs/heads/a@b");
        facts.build_config = Some(facts.workflow.clone());
        facts.trigger = Some("release".into());
        facts.run = Some("https://github.com/acme/a/actions/runs/1".into());
    });
    assert_eq!(found, []);
}

#[test]
fn each_part_of_the_identity_is_compared() {
    assert_eq!(changed(|facts| facts.owner_id = Some("3".into())), [Who::OwnerId]);
    assert_eq!(changed(|facts| facts.runner = Some("self-hosted".into())), [Who::Runner]);
    let workflow = |facts: &mut ProvenanceFacts| {
        facts.workflow = facts.workflow.replace("x.yml", "y.yml");
    };
    assert_eq!(changed(workflow), [Who::Workflow]);
    let started = |facts: &mut ProvenanceFacts| {
        facts.build_config = facts.build_config.take().map(|it| it.replace("x.yml", "y.yml"));
    };
    assert_eq!(changed(started), [Who::WorkflowFile]);
    assert_eq!(changed(|facts| facts.issuer = "https://gitlab.com".into()), [Who::Issuer]);
}

#[test]
fn a_repository_that_was_renamed_is_the_same_one() {
    let renamed = changed(|facts| {
        facts.source_repository = "https://github.com/new/name".into();
        facts.workflow = facts.workflow.replace("acme/a", "new/name");
        facts.build_config = Some(facts.workflow.clone());
    });
    assert_eq!(renamed, []);
}

#[test]
fn a_name_that_was_registered_again_is_another_repository() {
    assert_eq!(changed(|facts| facts.repository_id = Some("9".into())), [Who::RepositoryId]);
}

#[test]
fn another_repository_is_seen_by_name_where_a_certificate_has_no_id() {
    let move_to = |facts: &mut ProvenanceFacts| {
        facts.repository_id = None;
        facts.source_repository = "https://github.com/evil/a".into();
        facts.workflow = facts.workflow.replace("acme", "evil");
        facts.build_config = None;
    };
    assert_eq!(changed(move_to), [Who::Repository, Who::Workflow]);
    let old = ProvenanceFacts {
        repository_id: None,
        owner_id: None,
        runner: None,
        build_config: None,
        ..facts()
    };
    assert_eq!(identity(old.clone(), facts()), [], "a certificate of 2023, then one of today");
    assert_eq!(identity(facts(), old), []);
}

#[test]
fn ids_of_two_issuers_are_not_compared() {
    let found = changed(|facts| {
        facts.issuer = "https://gitlab.com".into();
        facts.owner_id = Some("9".into());
        facts.source_repository = "https://gitlab.com/acme/a".into();
    });
    assert_eq!(found, [Who::Issuer, Who::Repository]);
}

#[test]
fn a_workflow_of_another_repository_is_compared_as_a_whole() {
    let shared = "https://github.com/shared/flows/.github/workflows/x.yml@refs/tags/v";
    let with = |workflow: &str| ProvenanceFacts { workflow: workflow.into(), ..facts() };
    assert_eq!(identity(with(&format!("{shared}1")), with(&format!("{shared}2"))), []);
    let other = shared.replace("shared", "evil");
    assert_eq!(identity(with(shared), with(&other)), [Who::Workflow]);
    // Another one whose address starts as the repository's does.
    let longer = facts().workflow.replace("acme/a/", "acme/ab/");
    assert_eq!(identity(facts(), with(&longer)), [Who::Workflow]);
}

#[test]
fn claims_are_lost_gained_and_refused() {
    let refused = || {
        let detail = String::new();
        Outcome::Refused(Refusal { code: "invalid-signature", detail })
    };
    let verified = || Outcome::Verified(facts().into());
    let claims = |from, to| {
        let (before, after) = (One::new("1.0.0", "", from), One::new("1.0.0", "", to));
        let changes = Changes::new(&[before.seen()], &[after.seen()]).changed;
        changes.first().map(|change| {
            let claim = change.claims[0];
            (claim.is_lost(), claim.is_gained(), claim.to)
        })
    };
    assert_eq!(claims(verified(), verified()), None);
    assert_eq!(claims(verified(), absent()), Some((true, false, Status::Absent)));
    assert_eq!(claims(verified(), refused()), Some((true, false, Status::Refused)));
    assert_eq!(claims(absent(), verified()), Some((false, true, Status::Verified)));
    assert_eq!(claims(absent(), refused()), Some((false, false, Status::Refused)));
    assert_eq!(claims(refused(), absent()), None);
}

#[test]
fn kinds_are_by_version_and_bytes() {
    let kind = |old: Option<(&str, &str)>, (version, bytes): (&str, &str)| {
        let old: Vec<One> = old.into_iter().map(|(v, b)| One::new(v, b, absent())).collect();
        let old: Vec<_> = old.iter().map(One::seen).collect();
        let new = One::new(version, bytes, absent());
        Changes::new(&old, &[new.seen()]).changed.first().map(|change| change.kind)
    };
    assert_eq!(kind(Some(("1.0.0", "x")), ("1.0.0", "x")), None);
    assert_eq!(kind(Some(("1.0.0", "x")), ("1.0.0", "y")), Some(ChangeKind::Replaced));
    assert_eq!(kind(Some(("1.0.0", "x")), ("1.0.1", "x")), Some(ChangeKind::Updated));
    assert_eq!(kind(None, ("1.0.0", "x")), Some(ChangeKind::Added));
    let (same, mut moved) = (One::built(facts()), One::built(facts()));
    moved.purl = Purl::new(moved.verdict.package.clone(), Origin::File("a.tgz".into()));
    let changes = Changes::new(&[same.seen()], &[moved.seen()]);
    assert_eq!(
        (changes.changed[0].kind, changes.changed[0].identity[0].who),
        (ChangeKind::Kept, Who::Registry)
    );
}
