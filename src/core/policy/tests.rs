//! A table of policies, evidence, and what follows; and what a policy must not be.

use super::{Denial, Judge, Judged, Judgment, Policy, PolicyFile, Reaction, weaknesses};
use crate::core::{
    addresses::NPM_REGISTRY,
    package::{
        Origin, PackageId, Purl,
        digest::{Algorithm, Digest},
    },
    time::{self, Time},
    verdict::{
        Absence, Claim, Facts, IntegrityFacts, Logged, NoAttestations, Outcome, PackageVerdict,
        ProvenanceFacts, PublishFacts, Publisher, Refusal, RegistrySignatureFacts, TimeSource,
        Unrecognized,
    },
};

mod entries;
mod exceptions;
mod mistakes;

pub(super) const NOW: &str = "2026-11-28T12:00:00Z";

pub(super) fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// A package and what was found of it.
#[derive(Clone)]
pub(super) struct Found {
    pub purl: Purl,
    pub verdict: PackageVerdict,
    collected: Time,
}

pub(super) fn digest() -> Digest {
    Algorithm::Sha512.digest(b"tarball")
}

/// A package that the registry signed, without attestations.
pub(super) fn signed(name: &str, version: &str) -> Found {
    let none = || Outcome::Absent(Absence::NoAttestations(NoAttestations::NotFound));
    let signature = RegistrySignatureFacts {
        keyid: "SHA256:key".into(),
        time: at("2026-01-01T00:00:00Z"),
        time_source: TimeSource::RegistryUnsigned,
        retired: false,
        others: vec![],
    };
    let package = PackageId::npm(name, version).unwrap();
    Found {
        purl: Purl::new(package.clone(), Origin::Registry(NPM_REGISTRY.into())),
        verdict: PackageVerdict {
            package,
            claims: [
                (Claim::Integrity, Outcome::Verified(IntegrityFacts { lockfile: None }.into())),
                (Claim::RegistrySignature, Outcome::Verified(signature.into())),
                (Claim::PublishAttestation, none()),
                (Claim::Provenance, none()),
            ]
            .into(),
            published: Some(at("2026-01-01T00:00:00Z")),
            unexamined: vec![],
            unrecognized_beside: vec![],
        },
        collected: at("2026-11-01T00:00:00Z"),
    }
}

/// Provenance of a build in `acme/widget`.
pub(super) fn build() -> ProvenanceFacts {
    ProvenanceFacts {
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        source_repository: "https://github.com/acme/widget".into(),
        commit: "46e7056ff9912ebfee5298d94024895a9fea76c0".into(),
        git_ref: Some("refs/tags/v2.0.0".into()),
        workflow: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v2.0.0"
            .into(),
        build_config: None,
        stated_builder: "https://github.com/actions/runner/github-hosted".into(),
        stated_build_type: "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
            .into(),
        issuer: "https://token.actions.githubusercontent.com".into(),
        repository_id: Some("1001".into()),
        owner: Some("https://github.com/acme".into()),
        owner_id: Some("77".into()),
        runner: Some("github-hosted".into()),
        trigger: Some("release".into()),
        run: None,
        signed_at: at("2026-10-30T00:00:00Z"),
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: vec![],
    }
}

pub(super) fn built(name: &str, version: &str, change: impl Fn(&mut ProvenanceFacts)) -> Found {
    let mut facts = build();
    change(&mut facts);
    let publish = PublishFacts {
        publisher: Publisher::Key { keyid: "SHA256:key".into() },
        signed_at: facts.signed_at,
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
        timestamps_set_aside: vec![],
    };
    let found = signed(name, version);
    let found = with(found, Claim::PublishAttestation, Outcome::Verified(publish.into()));
    with(found, Claim::Provenance, Outcome::Verified(facts.into()))
}

/// `@acme/widget@2.0.0`, built where it is said to be.
fn widget() -> Found {
    built("@acme/widget", "2.0.0", |_| {})
}

fn changed(change: impl Fn(&mut ProvenanceFacts)) -> Found {
    built("@acme/widget", "2.0.0", change)
}

/// As certificates of early 2023 are: names, and no ids.
fn legacy(change: impl Fn(&mut ProvenanceFacts)) -> Found {
    changed(|facts| {
        facts.repository_id = None;
        facts.owner_id = None;
        facts.runner = None;
        change(facts);
    })
}

fn gitlab() -> Found {
    changed(|facts| {
        facts.issuer = "https://gitlab.com".into();
        facts.source_repository = "https://gitlab.com/acme/widget".into();
        facts.owner = Some("https://gitlab.com/acme".into());
        facts.workflow = "https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/tags/v2.0.0".into();
        facts.repository_id = Some("51236".into());
        facts.owner_id = Some("9001".into());
        facts.runner = Some("gitlab-hosted".into());
    })
}

/// Built by a reusable workflow: that signs, and not the repository's own.
fn reusable() -> Found {
    changed(|facts| {
        facts.workflow =
            "https://github.com/acme/workflows/.github/workflows/npm.yml@refs/heads/main".into();
        facts.build_config = Some(
            "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v2.0.0".into(),
        );
    })
}

pub(super) fn with(mut found: Found, claim: Claim, outcome: Outcome<Facts>) -> Found {
    found.verdict.claims.insert(claim, outcome);
    found
}

fn refused(found: Found, claim: Claim) -> Found {
    let refusal = Refusal { code: "invalid-signature", detail: String::new() };
    with(found, claim, Outcome::Refused(refusal))
}

fn unrecognized(found: Found) -> Found {
    let what = Unrecognized {
        code: "unknown-build-type",
        detail: String::new(),
        predicate_type: "https://slsa.dev/provenance/v1".into(),
        signer: "https://builder.example".into(),
        issuer: None,
        stated_build_type: None,
        stated_builder: None,
        signed_at: at("2026-10-30T00:00:00Z"),
        time_source: TimeSource::TransparencyLog,
        logged: Logged { promise: true, proof: true },
    };
    with(found, Claim::Provenance, Outcome::Unrecognized(what))
}

fn unsigned(found: Found) -> Found {
    with(found, Claim::RegistrySignature, Outcome::Absent(Absence::NoSignatures))
}

fn unpinned(found: Found) -> Found {
    with(unsigned(found), Claim::Integrity, Outcome::Absent(Absence::Unpinned))
}

fn from(mut found: Found, origin: Origin) -> Found {
    found.purl = Purl::new(found.purl.id().clone(), origin);
    found
}

fn retired(mut found: Found) -> Found {
    if let Some(Outcome::Verified(Facts::RegistrySignature(facts))) =
        found.verdict.claims.get_mut(&Claim::RegistrySignature)
    {
        facts.retired = true;
    }
    found
}

fn published(mut found: Found, time: Option<&str>) -> Found {
    found.verdict.published = time.map(at);
    found
}

pub(super) fn policy(text: &str) -> Policy {
    let file = PolicyFile::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    file.resolve(vec![], None)
}

pub(super) fn judge(policy: &Policy, found: &Found) -> Judgment {
    let Found { purl, verdict, collected } = found;
    let package = Judged { purl, verdict, digest: &digest(), collected: *collected };
    Judge::new(policy, at(NOW)).package(package)
}

fn codes(denials: &[Denial]) -> Vec<&'static str> {
    denials.iter().map(Denial::code).collect()
}

/// The case, the rules, what was found, and the codes that deny it.
type Case = (&'static str, &'static str, Found, &'static [&'static str]);

#[track_caller]
fn hold(cases: Vec<Case>) {
    for (case, text, found, expected) in cases {
        let judgment = judge(&policy(text), &found);
        assert_eq!(codes(&judgment.denials), expected, "{case}");
    }
}

const REPOSITORY: &str = r#"
[[rule]]
packages = ["npm:@acme/*"]
repository = ["https://github.com/acme/widget"]
"#;

const IDS: &str = r#"
[[rule]]
packages = ["npm:@acme/*"]
repository = ["https://github.com/acme/widget"]
repository-id = [1001]
owner-id = [77]
"#;

#[test]
fn a_policy_says_which_packages_it_is_about() {
    hold(vec![
        ("a rule without packages is about all", "[[rule]]", widget(), &[]),
        ("a scope", "[[rule]]\npackages = [\"npm:@acme/*\"]", widget(), &[]),
        ("a name", "[[rule]]\npackages = [\"npm:@acme/widget\"]", widget(), &[]),
        ("a version", "[[rule]]\npackages = [\"npm:@acme/widget@2.0.0\"]", widget(), &[]),
        (
            "another version",
            "[[rule]]\npackages = [\"npm:@acme/widget@2.0.1\"]",
            widget(),
            &["no-rule"],
        ),
        ("one segment misses scopes", "[[rule]]\npackages = [\"npm:*\"]", widget(), &["no-rule"]),
        (
            "no prefix of a name",
            "[[rule]]\npackages = [\"npm:left\"]",
            signed("left-pad", "1.3.0"),
            &["no-rule"],
        ),
        (
            "another scope",
            "[[rule]]\npackages = [\"npm:@acme/*\"]",
            signed("@acme2/a", "1.0.0"),
            &["no-rule"],
        ),
        ("except opens nothing", "[[rule]]\nexcept = [\"npm:@acme/*\"]", widget(), &["no-rule"]),
        (
            "a rule that matches nothing",
            "[[rule]]\npackages = [\"npm:@acme/widgets\"]",
            widget(),
            &["no-rule"],
        ),
        (
            "all rules that select count",
            "[[rule]]\n[[rule]]\npackages = [\"npm:left-pad\"]\nclaims = [\"provenance\"]",
            signed("left-pad", "1.3.0"),
            &["missing-provenance"],
        ),
        (
            "an excepted rule does not count",
            "[[rule]]\n[[rule]]\nexcept = [\"npm:left-pad\"]\nclaims = [\"provenance\"]",
            signed("left-pad", "1.3.0"),
            &[],
        ),
    ]);
}

#[test]
fn claims_are_demanded_and_what_is_refused_is_denied_in_any_case() {
    let provenance = "[[rule]]\nclaims = [\"provenance\"]";
    let signature = "[[rule]]\nclaims = [\"registry-signature\"]";
    let publish = "[[rule]]\nclaims = [\"publish-attestation\"]";
    hold(vec![
        ("there", provenance, widget(), &[]),
        ("absent", provenance, signed("a", "1.0.0"), &["missing-provenance"]),
        ("unrecognized", provenance, unrecognized(widget()), &["unrecognized"]),
        ("unrecognized and not demanded", signature, unrecognized(widget()), &[]),
        ("no signature", signature, unsigned(widget()), &["missing-registry-signature"]),
        ("no publish attestation", publish, signed("a", "1.0.0"), &["missing-publish-attestation"]),
        ("unpinned", "[[rule]]", unpinned(widget()), &["unpinned"]),
        (
            "refused though not demanded",
            "[[rule]]",
            refused(widget(), Claim::Provenance),
            &["refused"],
        ),
        (
            "refused and demanded is said once",
            provenance,
            refused(widget(), Claim::Provenance),
            &["refused"],
        ),
        (
            "two refused",
            "[[rule]]",
            refused(refused(widget(), Claim::Provenance), Claim::Integrity),
            &["refused", "refused"],
        ),
    ]);
}

#[test]
fn who_built_a_package_is_equal_or_an_explicit_glob() {
    let rule = |text: &'static str| text;
    hold(vec![
        ("the repository", REPOSITORY, widget(), &[]),
        (
            "a fork under the victim's name",
            REPOSITORY,
            changed(|facts| facts.source_repository = "https://github.com/mallory/widget".into()),
            &["unexpected-repository"],
        ),
        (
            "a longer name",
            REPOSITORY,
            changed(|facts| facts.source_repository = "https://github.com/acme/widget-evil".into()),
            &["unexpected-repository"],
        ),
        (
            "another host",
            REPOSITORY,
            changed(|facts| {
                facts.source_repository = "https://github.com.evil.example/acme/widget".into()
            }),
            &["unexpected-repository"],
        ),
        (
            "without provenance nobody built it",
            REPOSITORY,
            signed("@acme/a", "1.0.0"),
            &["missing-provenance"],
        ),
        (
            "unrecognized provenance names nobody",
            REPOSITORY,
            unrecognized(widget()),
            &["unrecognized"],
        ),
        (
            "a glob over repositories",
            rule("[[rule]]\nrepository = [\"https://github.com/acme/*\"]"),
            widget(),
            &[],
        ),
        (
            "one segment is not two",
            rule("[[rule]]\nrepository = [\"https://github.com/*\"]"),
            widget(),
            &["unexpected-repository"],
        ),
        (
            "one of several",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/a/b\", \"https://github.com/acme/widget\"]",
            ),
            widget(),
            &[],
        ),
        ("ids", IDS, widget(), &[]),
        (
            "a repository that was registered again",
            IDS,
            changed(|facts| facts.repository_id = Some("2002".into())),
            &["unexpected-repository-id"],
        ),
        (
            "an owner that was registered again",
            IDS,
            changed(|facts| facts.owner_id = Some("78".into())),
            &["unexpected-owner-id"],
        ),
        ("a certificate of 2023: the name decides", IDS, legacy(|_| {}), &[]),
        (
            "a certificate of 2023 with another name",
            IDS,
            legacy(|facts| facts.source_repository = "https://github.com/mallory/widget".into()),
            &["unexpected-repository"],
        ),
        (
            "a certificate of 2023 and ids alone",
            rule(
                "[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]\nrepository-id = [1001]",
            ),
            legacy(|_| {}),
            &["unexpected-repository-id"],
        ),
        (
            "an owner's id where the owner is named",
            rule("[[rule]]\nowner = [\"https://github.com/acme\"]\nowner-id = [77]"),
            legacy(|_| {}),
            &[],
        ),
        (
            "an id that is no number",
            rule(
                "[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]\nowner-id = [77]",
            ),
            changed(|facts| facts.owner_id = Some("077".into())),
            &["unexpected-owner-id"],
        ),
        ("the owner", rule("[[rule]]\nowner = [\"https://github.com/acme\"]"), widget(), &[]),
        (
            "another owner",
            rule("[[rule]]\nowner = [\"https://github.com/acm\"]"),
            widget(),
            &["unexpected-owner"],
        ),
        (
            "an owner that no claim names",
            rule("[[rule]]\nowner = [\"https://github.com/acme\"]"),
            changed(|facts| facts.owner = None),
            &["unexpected-owner"],
        ),
        (
            "the workflow without its ref",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml\"]",
            ),
            widget(),
            &[],
        ),
        (
            "the workflow of any tag",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/*\"]",
            ),
            widget(),
            &[],
        ),
        (
            "the workflow of a branch",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/*\"]",
            ),
            widget(),
            &["unexpected-workflow"],
        ),
        (
            "another workflow of the repository",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml\"]",
            ),
            changed(|facts| {
                facts.workflow =
                    "https://github.com/acme/widget/.github/workflows/evil.yml@refs/tags/v2".into()
            }),
            &["unexpected-workflow"],
        ),
        (
            "an e-mail address has no ref",
            rule("[[rule]]\nworkflow = [\"release\"]"),
            changed(|facts| facts.workflow = "release@evil.example".into()),
            &["unexpected-workflow"],
        ),
        (
            "a reusable workflow signs for itself",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/acme/widget\"]\nworkflow = [\"https://github.com/acme/workflows/.github/workflows/npm.yml\"]",
            ),
            reusable(),
            &[],
        ),
        (
            "a reusable workflow is not the repository's own",
            rule("[[rule]]\nworkflow = [\"https://github.com/acme/widget/**\"]"),
            reusable(),
            &["unexpected-workflow"],
        ),
        (
            "GitLab",
            rule(
                "[[rule]]\nissuer = [\"https://gitlab.com\"]\nrepository = [\"https://gitlab.com/acme/widget\"]\nrunner = [\"gitlab-hosted\"]",
            ),
            gitlab(),
            &[],
        ),
        (
            "GitLab's namesake of a GitHub repository",
            REPOSITORY,
            gitlab(),
            &["unexpected-repository"],
        ),
        (
            "another issuer",
            rule("[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]"),
            gitlab(),
            &["unexpected-issuer"],
        ),
        (
            "an issuer that starts so",
            rule("[[rule]]\nissuer = [\"https://gitlab.com\"]"),
            changed(|facts| facts.issuer = "https://gitlab.com.evil.example".into()),
            &["unexpected-issuer"],
        ),
        ("tags", rule("[[rule]]\nref = [\"refs/tags/**\"]"), widget(), &[]),
        (
            "a branch where tags are expected",
            rule("[[rule]]\nref = [\"refs/tags/**\"]"),
            changed(|facts| facts.git_ref = Some("refs/heads/main".into())),
            &["unexpected-ref"],
        ),
        (
            "no ref at all",
            rule("[[rule]]\nref = [\"**\"]"),
            changed(|facts| facts.git_ref = None),
            &["unexpected-ref"],
        ),
        ("the trigger", rule("[[rule]]\ntrigger = [\"release\", \"push\"]"), widget(), &[]),
        (
            "a pull request",
            rule("[[rule]]\ntrigger = [\"release\", \"push\"]"),
            changed(|facts| facts.trigger = Some("pull_request_target".into())),
            &["unexpected-trigger"],
        ),
        (
            "the runner",
            rule("[[rule]]\nrunner = [\"github-hosted\"]"),
            changed(|facts| facts.runner = Some("self-hosted".into())),
            &["unexpected-runner"],
        ),
        (
            "the builder",
            rule("[[rule]]\nbuilder = [\"https://github.com/actions/runner/github-hosted\"]"),
            widget(),
            &[],
        ),
        (
            "another builder",
            rule("[[rule]]\nbuilder = [\"https://github.com/actions/runner\"]"),
            widget(),
            &["unexpected-builder"],
        ),
        (
            "the build type",
            rule("[[rule]]\nbuild-type = [\"https://slsa-framework.github.io/**\"]"),
            widget(),
            &[],
        ),
        (
            "another build type",
            rule("[[rule]]\nbuild-type = [\"https://b.example\"]"),
            widget(),
            &["unexpected-build-type"],
        ),
        (
            "each fault is named",
            IDS,
            changed(|facts| {
                facts.source_repository = "https://github.com/mallory/widget".into();
                facts.repository_id = Some("2002".into());
            }),
            &["unexpected-repository", "unexpected-repository-id"],
        ),
        (
            "two rules must both hold",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/acme/widget\"]\n[[rule]]\nrepository = [\"https://github.com/a/b\"]",
            ),
            widget(),
            &["unexpected-repository"],
        ),
    ]);
}

#[test]
fn private_scopes_stay_where_they_are_from() {
    let scope =
        "[[rule]]\npackages = [\"npm:@bank/*\"]\nregistry = [\"https://npm.bank.example/\"]";
    let bank = || signed("@bank/core", "1.0.0");
    let registry = |address: &str| Origin::Registry(address.into());
    let public = "[[rule]]\nregistry = [\"public\"]";
    hold(vec![
        ("from the bank", scope, from(bank(), registry("https://npm.bank.example")), &[]),
        ("from the public registry", scope, bank(), &["unexpected-registry"]),
        (
            "from a host that starts so",
            scope,
            from(bank(), registry("https://npm.bank.example.evil.example")),
            &["unexpected-registry"],
        ),
        (
            "from a path below",
            scope,
            from(bank(), registry("https://npm.bank.example/evil")),
            &["unexpected-registry"],
        ),
        ("the public registry", public, widget(), &[]),
        (
            "another than the public one",
            public,
            from(widget(), registry("https://npm.bank.example")),
            &["unexpected-registry"],
        ),
        (
            "a file",
            "[[rule]]\nregistry = [\"file\"]",
            from(bank(), Origin::File("a.tgz".into())),
            &[],
        ),
        (
            "a file where a registry is expected",
            public,
            from(bank(), Origin::File("a.tgz".into())),
            &["unexpected-registry"],
        ),
        (
            "a tarball's address",
            "[[rule]]\nregistry = [\"https://files.example/acme/**\"]",
            from(bank(), Origin::Url("https://files.example/acme/a.tgz".into())),
            &[],
        ),
        (
            "another tarball's address",
            "[[rule]]\nregistry = [\"https://files.example/acme/**\"]",
            from(bank(), Origin::Url("https://files.example/evil/a.tgz".into())),
            &["unexpected-registry"],
        ),
    ]);
}

#[test]
fn age_is_judged_when_it_was_collected() {
    let rule = "[[rule]]\nminimum-age = \"3d\"";
    let verified = |time: &str| {
        let time = at(time);
        changed(move |facts| facts.signed_at = time)
    };
    let unsigned = |time| published(signed("a", "1.0.0"), time);
    hold(vec![
        ("old enough by a verified time", rule, verified("2026-10-29T00:00:00Z"), &[]),
        ("to the second", rule, verified("2026-10-29T00:00:01Z"), &["minimum-age"]),
        (
            "old by now, young when collected",
            rule,
            verified("2026-10-31T00:00:00Z"),
            &["minimum-age"],
        ),
        (
            "a verified time before the registry's word",
            rule,
            published(verified("2026-10-31T00:00:00Z"), Some("2020-01-01T00:00:00Z")),
            &["minimum-age"],
        ),
        ("old enough by the registry's word", rule, unsigned(Some("2026-01-01T00:00:00Z")), &[]),
        (
            "young by the registry's word",
            rule,
            unsigned(Some("2026-10-31T00:00:00Z")),
            &["minimum-age"],
        ),
        ("nobody says", rule, unsigned(None), &["minimum-age"]),
        (
            "published after it was collected",
            rule,
            unsigned(Some("2026-11-02T00:00:00Z")),
            &["minimum-age"],
        ),
    ]);
    let Denial::TooYoung { published, .. } =
        &judge(&policy(rule), &unsigned(Some("2026-10-31T00:00:00Z"))).denials[0]
    else {
        panic!()
    };
    assert_eq!(*published, Some((at("2026-10-31T00:00:00Z"), false)), "it says whose word that is");
}

#[test]
fn weaknesses_are_denied_where_a_rule_says_so() {
    let promise = || changed(|facts| facts.logged = Logged { promise: true, proof: false });
    let own = || changed(|facts| facts.runner = Some("self-hosted".into()));
    hold(vec![
        (
            "a retired key",
            "[[rule]]\ndeny = [\"retired-key\"]",
            retired(signed("a", "1.0.0")),
            &["retired-key"],
        ),
        ("a retired key that no rule denies", "[[rule]]", retired(signed("a", "1.0.0")), &[]),
        (
            "a promise without a proof",
            "[[rule]]\ndeny = [\"promise-only\"]",
            promise(),
            &["promise-only"],
        ),
        ("a machine of their own", "[[rule]]\ndeny = [\"self-hosted\"]", own(), &["self-hosted"]),
        (
            "another rule's packages",
            "[[rule]]\n[[rule]]\npackages = [\"npm:a\"]\ndeny = [\"self-hosted\"]",
            own(),
            &[],
        ),
    ]);
    assert_eq!(weaknesses(&own().verdict).len(), 1);
}

#[test]
fn policies_add_up_and_the_stricter_limit_counts() {
    let mut one =
        policy("[archive]\nthreshold = 1\nmax-age = \"30d\"\npast-limit = \"warn\"\n[[rule]]");
    one.add(policy("[archive]\nthreshold = 2\nmax-age = \"7d\"\nmax-trust-age = \"9d\"\nlockfile = \"required\"\nours = [\"../b\"]\n[[rule]]\nclaims = [\"provenance\"]"));
    assert_eq!((one.seals(), one.rules.len(), one.lockfile_required), (2, 2, true));
    assert_eq!(one.max_age, Some(chrono::TimeDelta::days(7)));
    assert_eq!(one.max_trust_age, Some(chrono::TimeDelta::days(9)));
    assert_eq!(one.past_limit, Some(Reaction::Deny), "the other one has a limit that denies");
    one.add(policy("[archive]\npast-limit = \"warn\""));
    assert_eq!(one.past_limit, Some(Reaction::Deny));
    assert_eq!(codes(&judge(&one, &signed("a", "1.0.0")).denials), ["missing-provenance"]);
}
