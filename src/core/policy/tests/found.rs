//! Packages and what was found of them, for the tables.

use crate::core::policy::{Denial, Judge, Judgment, PackageToJudge, Policy, PolicyFile};
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

pub const NOW: &str = "2026-11-28T12:00:00Z";

pub fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

/// A package and what was found of it.
#[derive(Clone)]
pub struct Sample {
    pub purl: Purl,
    pub verdict: PackageVerdict,
    pub collected: Time,
}

pub fn digest() -> Digest {
    Algorithm::Sha512.digest(b"tarball")
}

/// A package that the registry signed, without attestations.
pub fn signed(name: &str, version: &str) -> Sample {
    let none = || Outcome::Absent(Absence::NoAttestations(NoAttestations::NotFound));
    let signature = RegistrySignatureFacts {
        keyid: "SHA256:key".into(),
        time: at("2026-01-01T00:00:00Z"),
        time_source: TimeSource::RegistryUnsigned,
        retired: false,
        others: vec![],
    };
    let package = PackageId::npm(name, version).unwrap();
    Sample {
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
pub fn build() -> ProvenanceFacts {
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

pub fn built(name: &str, version: &str, change: impl Fn(&mut ProvenanceFacts)) -> Sample {
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

/// `@acme/widget@2.0.0`, built by the repository that its policy names.
pub fn widget() -> Sample {
    built("@acme/widget", "2.0.0", |_| {})
}

pub fn changed(change: impl Fn(&mut ProvenanceFacts)) -> Sample {
    built("@acme/widget", "2.0.0", change)
}

/// As certificates of early 2023 are: names, and no ids.
pub fn legacy(change: impl Fn(&mut ProvenanceFacts)) -> Sample {
    changed(|facts| {
        facts.repository_id = None;
        facts.owner_id = None;
        facts.runner = None;
        change(facts);
    })
}

pub fn gitlab() -> Sample {
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
pub fn reusable() -> Sample {
    changed(|facts| {
        facts.workflow =
            "https://github.com/acme/workflows/.github/workflows/npm.yml@refs/heads/main".into();
        facts.build_config = Some(
            "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v2.0.0".into(),
        );
    })
}

pub fn with(mut found: Sample, claim: Claim, outcome: Outcome<Facts>) -> Sample {
    found.verdict.claims.insert(claim, outcome);
    found
}

pub fn refused(found: Sample, claim: Claim) -> Sample {
    let refusal = Refusal { code: "invalid-signature", detail: String::new() };
    with(found, claim, Outcome::Refused(refusal))
}

pub fn unrecognized(found: Sample) -> Sample {
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

pub fn unsigned(found: Sample) -> Sample {
    with(found, Claim::RegistrySignature, Outcome::Absent(Absence::NoSignatures))
}

pub fn unpinned(found: Sample) -> Sample {
    with(unsigned(found), Claim::Integrity, Outcome::Absent(Absence::Unpinned))
}

pub fn from(mut found: Sample, origin: Origin) -> Sample {
    found.purl = Purl::new(found.purl.id().clone(), origin);
    found
}

pub fn retired(mut found: Sample) -> Sample {
    if let Some(Outcome::Verified(Facts::RegistrySignature(facts))) =
        found.verdict.claims.get_mut(&Claim::RegistrySignature)
    {
        facts.retired = true;
    }
    found
}

pub fn published(mut found: Sample, time: Option<&str>) -> Sample {
    found.verdict.published = time.map(at);
    found
}

pub fn policy(text: &str) -> Policy {
    let file = PolicyFile::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    file.resolve(vec![], None)
}

pub fn judge(policy: &Policy, found: &Sample) -> Judgment {
    let Sample { purl, verdict, collected } = found;
    let package = PackageToJudge { purl, verdict, digest: &digest(), collected: *collected };
    Judge::new(policy, at(NOW)).package(package)
}

pub fn codes(denials: &[Denial]) -> Vec<&'static str> {
    denials.iter().map(Denial::code).collect()
}
