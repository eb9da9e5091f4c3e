//! Steps 4 and 5: judges each attestation, then all attestations of one claim together.

use super::{AttestationRefusal, IntegrityRefusal, SignatureRefusal, response::Attestation};
use crate::core::{
    npm::publish,
    package::{
        digest::{Algorithm, Digest},
        evidence::Evidence,
    },
    sigstore::{
        attestation::{self, Artifact, BundleFacts, BundleRefusal, ExpectedSigner},
        bundle::Bundle,
        certificate::Claims,
        statement::AttestedStatement,
    },
    slsa::{self, NoFacts},
    text::bounded,
    time::Time,
    trust::{KeyUsage, NpmKeys, Trust},
    verdict::{
        Absence, CertificateIdentity, Outcome, ProvenanceFacts, PublishFacts, Publisher, Refusal,
        Unrecognized,
    },
};

/// What becomes of an attestation that is not refused.
pub(super) enum AttestationResult<F> {
    /// It verified.
    Facts(F),
    /// It verified, and is of a kind that is not understood.
    Unrecognized(Box<Unrecognized>),
    /// No keys are known that could verify it.
    NoKeys(Absence),
}

/// The outcome of a claim, and those of its attestations that were not understood.
pub(super) struct Claimed<F> {
    pub outcome: Outcome<F>,
    pub beside: Vec<Unrecognized>,
}

impl<F> From<Outcome<F>> for Claimed<F> {
    fn from(outcome: Outcome<F>) -> Self {
        Self { outcome, beside: Vec::new() }
    }
}

/// Each attestation must verify: one that does not refuses the claim. All that are understood must
/// agree, and the first one gives the facts. If none is understood, the claim is unrecognized.
pub(super) fn all<F>(
    found: Vec<&Attestation<'_>>,
    none: Outcome<F>,
    verify: impl Fn(&Attestation<'_>) -> Result<AttestationResult<F>, Refusal>,
    differ: impl Fn(&F, &F) -> Option<&'static str>,
) -> Claimed<F> {
    let mut first: Option<F> = None;
    let mut beside = Vec::new();
    let mut absence = None;
    for attestation in found {
        let facts = match verify(attestation) {
            Err(why) => return Outcome::Refused(why).into(),
            Ok(AttestationResult::Facts(facts)) => facts,
            Ok(AttestationResult::Unrecognized(other)) => {
                beside.push(*other);
                continue;
            }
            Ok(AttestationResult::NoKeys(why)) => {
                absence = Some(why);
                continue;
            }
        };
        match &first {
            None => first = Some(facts),
            Some(first) => {
                if let Some(what) = differ(first, &facts) {
                    return Outcome::Refused(AttestationRefusal::Contradiction(what).into()).into();
                }
            }
        }
    }
    let outcome = match (first, absence) {
        (Some(facts), _) => Outcome::Verified(facts),
        (None, _) if !beside.is_empty() => Outcome::Unrecognized(beside.remove(0)),
        (None, Some(absence)) => Outcome::Absent(absence),
        (None, None) => none,
    };
    Claimed { outcome, beside }
}

/// Step 4: key and usage, or identity; signature, log, subject, predicate. The key's window is judged
/// by the time of signing that the log or a timestamp authority vouches for; without one, the
/// attestation is refused.
pub(super) fn published(
    trust: &Trust,
    evidence: &Evidence<'_>,
    registry: &str,
    attestation: &Attestation<'_>,
    at: Time,
) -> Result<AttestationResult<PublishFacts>, Refusal> {
    let bundle = attestation.bundle()?;
    let Some(keyid) = bundle.key_hint() else {
        return published_by_certificate(trust, evidence, registry, attestation, &bundle, at);
    };
    match trust.npm_keys(registry) {
        Some(keys) => published_by_key((trust, keys), evidence, registry, attestation, &bundle, at),
        None if trust.knows_npm_key(keyid) => {
            let (keyid, registry) = (keyid.to_owned(), registry.to_owned());
            Err(SignatureRefusal::OtherRegistry { keyid, registry }.into())
        }
        // This registry signs by identity, so no key can be its own.
        None if trust.publisher(registry).is_some() => {
            Err(SignatureRefusal::UnknownKey(keyid.to_owned()).into())
        }
        None => Ok(AttestationResult::NoKeys(Absence::NoKeysForRegistry(registry.to_owned()))),
    }
}

fn published_by_key(
    (trust, keys): (&Trust, &NpmKeys),
    evidence: &Evidence<'_>,
    registry: &str,
    attestation: &Attestation<'_>,
    bundle: &Bundle,
    at: Time,
) -> Result<AttestationResult<PublishFacts>, Refusal> {
    let keyid = bundle.key_hint().unwrap_or_default();
    if !keys.knows(keyid) {
        return Err(SignatureRefusal::of_unknown(keys, keyid).into());
    }
    let usage = KeyUsage::Attestations;
    let mut usable = keys.find(keyid, usage).peekable();
    let Some(first) = usable.peek() else {
        return Err(SignatureRefusal::WrongUsage { keyid: keyid.to_owned(), usage }.into());
    };
    let signer = ExpectedSigner::Key { spki: first.spki(), keyid: Some(keyid) };
    let artifact = Artifact::Digest(signed(evidence)?);
    let facts = attestation::parsed(trust, bundle, artifact, signer, at)?;
    let (time, time_source) = (facts.signed_at, facts.time_source);
    let signed_by = first.spki().clone();
    if !usable.any(|key| *key.spki() == signed_by && key.window().contains(time)) {
        let keyid = keyid.to_owned();
        return Err(SignatureRefusal::NotValidThen { keyid, time, time_source }.into());
    }
    let statement = attestation.statement(&facts, evidence)?;
    publish::check(statement.predicate(), evidence.package, registry)?;
    Ok(AttestationResult::Facts(publish_facts(Publisher::Key { keyid: keyid.to_owned() }, &facts)))
}

/// A certificate says who signed, but not for which registry. Only an identity that is configured for the
/// registry says that. Without one, the attestation verifies and is unrecognized.
fn published_by_certificate(
    trust: &Trust,
    evidence: &Evidence<'_>,
    registry: &str,
    attestation: &Attestation<'_>,
    bundle: &Bundle,
    at: Time,
) -> Result<AttestationResult<PublishFacts>, Refusal> {
    let expected = trust.publisher(registry);
    let signer = match expected {
        Some(CertificateIdentity { san, issuer }) => ExpectedSigner::Identity { san, issuer },
        None => ExpectedSigner::AnyIdentityUnsafe,
    };
    let artifact = Artifact::Digest(signed(evidence)?);
    let facts = attestation::parsed(trust, bundle, artifact, signer, at)?;
    let statement = attestation.statement(&facts, evidence)?;
    publish::check(statement.predicate(), evidence.package, registry)?;
    let claims = facts.claims.as_ref().ok_or_else(key_for_certificate)?;
    Ok(match expected {
        Some(identity) => {
            AttestationResult::Facts(publish_facts(Publisher::Identity(identity.clone()), &facts))
        }
        None => unrecognized(
            (
                publish::UnrecognizedPublish::Keyless.code(),
                publish::UnrecognizedPublish::Keyless.to_string(),
            ),
            &facts,
            claims,
            statement,
            (None, None),
        ),
    })
}

fn publish_facts(publisher: Publisher, facts: &BundleFacts) -> PublishFacts {
    PublishFacts {
        publisher,
        signed_at: facts.signed_at,
        time_source: facts.time_source,
        logged: facts.logged,
        timestamps_set_aside: facts.timestamps_set_aside.clone(),
    }
}

fn key_for_certificate() -> BundleRefusal {
    BundleRefusal::OtherKeyMaterial { found: "key", expected: "certificate" }
}

fn unrecognized<F>(
    (code, detail): (&'static str, String),
    facts: &BundleFacts,
    claims: &Claims,
    statement: &AttestedStatement,
    (stated_build_type, stated_builder): (Option<String>, Option<String>),
) -> AttestationResult<F> {
    AttestationResult::Unrecognized(Box::new(Unrecognized {
        code,
        detail: bounded(&detail),
        predicate_type: statement.predicate_type().to_owned(),
        signer: claims.san.clone(),
        issuer: claims.issuer.clone(),
        stated_build_type,
        stated_builder,
        signed_at: facts.signed_at,
        time_source: facts.time_source,
        logged: facts.logged,
    }))
}

/// What the certificate says of a build. The run is left out: two runs of one workflow may attest the
/// same build.
pub(super) fn certified(facts: &ProvenanceFacts) -> [(&'static str, Option<&str>); 11] {
    [
        ("source repository", Some(&facts.source_repository)),
        ("commit", Some(&facts.commit)),
        ("ref", facts.git_ref.as_deref()),
        ("signer", Some(&facts.workflow)),
        ("workflow", facts.build_config.as_deref()),
        ("event", facts.trigger.as_deref()),
        ("issuer", Some(&facts.issuer)),
        ("repository id", facts.repository_id.as_deref()),
        ("owner", facts.owner.as_deref()),
        ("owner id", facts.owner_id.as_deref()),
        ("runner", facts.runner.as_deref()),
    ]
}

/// Step 5: certificate, SCT, log, signature, subject, claims, predicate.
pub(super) fn built(
    trust: &Trust,
    evidence: &Evidence<'_>,
    attestation: &Attestation<'_>,
    at: Time,
) -> Result<AttestationResult<ProvenanceFacts>, Refusal> {
    let bundle = attestation.bundle()?;
    // Any identity may sign. slsa::check compares the predicate with the certificate; the policy says
    // who may.
    let signer = ExpectedSigner::AnyIdentityUnsafe;
    let artifact = Artifact::Digest(signed(evidence)?);
    let facts = attestation::parsed(trust, &bundle, artifact, signer, at)?;
    let statement = attestation.statement(&facts, evidence)?;
    let claims = facts.claims.as_ref().ok_or_else(key_for_certificate)?;
    match slsa::check(statement.predicate_type(), statement.predicate(), claims) {
        Ok(source) => {
            let predicate_type = statement.predicate_type().to_owned();
            Ok(AttestationResult::Facts(provenance_facts(predicate_type, source, claims, &facts)))
        }
        Err(NoFacts::Refused(why)) => Err(why.into()),
        Err(NoFacts::NotUnderstood(what)) => {
            let why = (what.code(), what.to_string());
            Ok(unrecognized(why, &facts, claims, statement, what.stated()))
        }
    }
}

fn provenance_facts(
    predicate_type: String,
    source: slsa::BuildSource,
    claims: &Claims,
    facts: &BundleFacts,
) -> ProvenanceFacts {
    ProvenanceFacts {
        predicate_type,
        stated_build_type: source.stated_build_type,
        source_repository: source.repository,
        commit: source.commit,
        git_ref: source.git_ref,
        workflow: claims.san.clone(),
        build_config: claims.build_config.clone(),
        trigger: claims.trigger.clone(),
        stated_builder: source.stated_builder,
        issuer: source.issuer,
        repository_id: claims.repository_id.clone(),
        owner: claims.owner.clone(),
        owner_id: claims.owner_id.clone(),
        runner: claims.runner.clone(),
        run: claims.run.clone(),
        signed_at: facts.signed_at,
        time_source: facts.time_source,
        logged: facts.logged,
        timestamps_set_aside: facts.timestamps_set_aside.clone(),
    }
}

impl Attestation<'_> {
    fn bundle(&self) -> Result<Bundle, Refusal> {
        Bundle::parse(self.bundle.get().as_bytes())
            .map_err(|malformed| BundleRefusal::from(malformed).into())
    }

    /// The statement, after a check that it is of the announced kind and about this package.
    fn statement<'f>(
        &self,
        facts: &'f BundleFacts,
        evidence: &Evidence<'_>,
    ) -> Result<&'f AttestedStatement, Refusal> {
        let statement = facts.statement.as_ref().ok_or(AttestationRefusal::NoStatement)?;
        if statement.predicate_type() != self.predicate_type {
            return Err(AttestationRefusal::OtherPredicate {
                announced: self.predicate_type.clone(),
                found: statement.predicate_type().to_owned(),
            }
            .into());
        }
        let own = signed(evidence)?;
        let others = evidence.artifact.iter().filter(|digest| *digest != own);
        let digests: Vec<Digest> = std::iter::once(own).chain(others).cloned().collect();
        statement.require_subject(&evidence.package.purl(), &digests)?;
        Ok(statement)
    }
}

/// The digest that npm's statements name.
fn signed<'a>(evidence: &Evidence<'a>) -> Result<&'a Digest, Refusal> {
    let mut digests = evidence.artifact.iter();
    digests
        .find(|digest| digest.algorithm() == Algorithm::Sha512)
        .ok_or_else(|| IntegrityRefusal::NotComputed(Algorithm::Sha512).into())
}
