//! Verification of an npm package: all evidence for it, in the order of its six steps.
//!
//! Steps 1 and 2 are in [`super::integrity`], 3 in [`super::registry_signature`], 4 and 5 here
//! over [`super::attestation`]; step 6, the policy, is judged over the verdict. A step that fails
//! never keeps the others from being judged.

mod response;

pub use self::response::AttestationRefusal;
use self::response::{Absent, Attestation, Response, select};
use super::{
    attestation::{self, Artifact, BundleFacts, BundleRefusal, Signer},
    bundle::Bundle,
    integrity::{self, IntegrityRefusal, Record},
    provenance, publish,
    registry_signature::{self, SignatureRefusal},
};
use crate::core::{
    digest::{Algorithm, Digest, Integrity},
    package::PackageId,
    statement::Statement,
    text::bounded,
    time::Time,
    trust::{KeyUsage, NpmKeys, Trust},
    verdict::{
        Absence, IntegrityFacts, PackageVerdict, ProvenanceFacts, PublishFacts, Refusal,
        RegistrySignatureFacts, TimeSource, Verdict,
    },
};

/// Everything that speaks for one package.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Which package it is expected to be.
    pub package: &'a PackageId,
    /// The base address of the registry whose keys and names are expected.
    pub registry: &'a str,
    /// What the lockfiles say of its bytes.
    pub expected: &'a [Integrity],
    /// The digests of its bytes: those of [`integrity::algorithms`] at least.
    pub tarball: &'a [Digest],
    /// The registry's record of this version (`registry.json`); `None` if it could not be had.
    pub record: Option<&'a [u8]>,
    /// The registry's attestation response; `None` if it answered that there is none.
    pub attestations: Option<&'a [u8]>,
}

/// Every family of refusals becomes the one that reports carry.
macro_rules! into_refusal {
    ($($family:ty),+) => {$(
        impl From<$family> for Refusal {
            fn from(why: $family) -> Self {
                // Which may quote megabytes.
                Self { code: why.code(), detail: bounded(&why.to_string()) }
            }
        }
    )+};
}
into_refusal!(
    AttestationRefusal,
    BundleRefusal,
    IntegrityRefusal,
    SignatureRefusal,
    provenance::ProvenanceRefusal,
    publish::PublishRefusal,
    crate::core::statement::StatementError
);

/// Judges all four claims of a package at the reference time `at`.
pub fn package(trust: &Trust, evidence: &Evidence<'_>, at: Time) -> PackageVerdict {
    // 1. the tarball's bytes are those of the lockfile
    let lockfile = integrity::lockfile(evidence.expected, evidence.tarball);
    // 2. the record is of this package, and of these bytes
    let record =
        evidence.record.map(|bytes| integrity::record(bytes, evidence.package, evidence.tarball));
    // 4. before 3, which is judged by the time that the log vouches for
    let absence = match &record {
        Some(Ok(record)) if record.announces_attestations => Absence::NotServed,
        _ => Absence::NoAttestations,
    };
    let response = Response::parse(evidence.attestations, absence);
    let publish_attestation = publish_claim(trust, evidence, &response, at);
    // 3. the registry signed name, version and integrity
    let logged = publish_attestation.facts().map(|facts| (facts.signed_at, facts.time_source));
    let registry_signature = signature_claim(trust, evidence, record.as_ref(), logged, at);
    // 5. a build attested where it came from
    let none = match &record {
        Some(Ok(record)) if record.announces_provenance => Absence::NotServed,
        _ => Absence::NoSuchPredicate,
    };
    let provenance = provenance_claim(trust, evidence, &response, none, at);
    PackageVerdict {
        package: evidence.package.clone(),
        integrity: integrity_claim(lockfile, record.as_ref()),
        registry_signature,
        publish_attestation,
        provenance,
        unexamined: response.map(|response| response.unexamined()).unwrap_or_default(),
    }
}

fn integrity_claim(
    lockfile: Result<Option<Algorithm>, IntegrityRefusal>,
    record: Option<&Result<Record, IntegrityRefusal>>,
) -> Verdict<IntegrityFacts> {
    match (lockfile, record) {
        (Err(why), _) => Verdict::Refused(why.into()),
        (Ok(_), Some(Err(why))) => Verdict::Refused(why.clone().into()),
        (Ok(None), None) => Verdict::Absent(Absence::NoRecord),
        (Ok(lockfile), _) => Verdict::Verified(IntegrityFacts { lockfile }),
    }
}

fn signature_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    record: Option<&Result<Record, IntegrityRefusal>>,
    logged: Option<(Time, TimeSource)>,
    at: Time,
) -> Verdict<RegistrySignatureFacts> {
    let record = match record {
        None => return Verdict::Absent(Absence::NoRecord),
        Some(Err(why)) => return Verdict::Refused(why.clone().into()),
        Some(Ok(record)) => record,
    };
    if record.signatures.is_empty() {
        return Verdict::Absent(Absence::NoSignatures);
    }
    // Signatures are over the integrity: without it they cannot be, whatever they are.
    let Some(integrity) = &record.integrity else {
        return Verdict::Refused(IntegrityRefusal::NoIntegrity.into());
    };
    let Some(keys) = trust.npm_keys(evidence.registry) else {
        let keyids = record.signatures.iter().map(|signature| signature.keyid.as_str());
        return no_keys(trust, evidence, keyids);
    };
    let judged_by = registry_signature::judged_by(logged, record.published, at);
    match registry_signature::check(record, integrity, evidence.package, keys, judged_by, at) {
        Ok(facts) => Verdict::Verified(facts),
        Err(why) => Verdict::Refused(why.into()),
    }
}

/// Without keys for the registry, its word cannot be checked, and there is as good as none. But a
/// key of another registry says that the package is not from where it is said to be, and what it
/// signed must not go unchecked for that.
fn no_keys<'a, F>(
    trust: &Trust,
    evidence: &Evidence<'_>,
    mut keyids: impl Iterator<Item = &'a str>,
) -> Verdict<F> {
    let registry = evidence.registry.to_owned();
    match keyids.find(|keyid| trust.knows_npm_key(keyid)) {
        Some(keyid) => {
            let keyid = keyid.to_owned();
            Verdict::Refused(SignatureRefusal::OtherRegistry { keyid, registry }.into())
        }
        None => Verdict::Absent(Absence::NoKeysForRegistry(registry)),
    }
}

fn publish_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    response: &Result<Response<'_>, Absent>,
    at: Time,
) -> Verdict<PublishFacts> {
    let found = match select(response, &[publish::PREDICATE_TYPE]) {
        Ok(found) => found,
        Err(verdict) => return verdict,
    };
    let Some(keys) = trust.npm_keys(evidence.registry) else {
        let keyid = |one: &&Attestation<'_>| {
            let bundle = one.bundle()?;
            bundle.key_hint().map(str::to_owned).ok_or_else(|| certificate_for_key().into())
        };
        return match found.iter().map(keyid).collect::<Result<Vec<String>, Refusal>>() {
            Err(why) => Verdict::Refused(why),
            Ok(keyids) if keyids.is_empty() => Verdict::Absent(Absence::NoSuchPredicate),
            Ok(keyids) => no_keys(trust, evidence, keyids.iter().map(String::as_str)),
        };
    };
    all(
        found,
        Absence::NoSuchPredicate,
        |attestation| published(trust, keys, evidence, attestation, at),
        |first, other| (first.signed_at != other.signed_at).then_some("time of signing"),
    )
}

fn certificate_for_key() -> BundleRefusal {
    BundleRefusal::OtherKeyMaterial { found: "certificate", expected: "key" }
}

/// Step 4: key and usage, signature, log, subject, predicate.
fn published(
    trust: &Trust,
    keys: &NpmKeys,
    evidence: &Evidence<'_>,
    attestation: &Attestation<'_>,
    at: Time,
) -> Result<PublishFacts, Refusal> {
    let bundle = attestation.bundle()?;
    let keyid = bundle.key_hint().ok_or_else(certificate_for_key)?;
    if !keys.knows(keyid) {
        return Err(SignatureRefusal::UnknownKey(keyid.to_owned()).into());
    }
    let usage = KeyUsage::Attestations;
    let mut usable = keys.find(keyid, usage).peekable();
    let Some(first) = usable.peek() else {
        return Err(SignatureRefusal::WrongUsage { keyid: keyid.to_owned(), usage }.into());
    };
    let signer = Signer::Key { spki: first.spki(), keyid: Some(keyid) };
    let facts =
        attestation::parsed(trust, &bundle, Artifact::Digest(evidence.signed()?), signer, at)?;
    let (time, time_source) = (facts.signed_at, facts.time_source);
    let signed_by = first.spki().clone();
    if !usable.any(|key| *key.spki() == signed_by && key.window().contains(time)) {
        let keyid = keyid.to_owned();
        return Err(SignatureRefusal::NotValidThen { keyid, time, time_source }.into());
    }
    let statement = attestation.statement(&facts, evidence)?;
    publish::check(statement.predicate(), evidence.package, evidence.registry)?;
    Ok(PublishFacts {
        keyid: keyid.to_owned(),
        signed_at: facts.signed_at,
        time_source: facts.time_source,
        logged: facts.logged,
    })
}

fn provenance_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    response: &Result<Response<'_>, Absent>,
    none: Absence,
    at: Time,
) -> Verdict<ProvenanceFacts> {
    let found = match select(response, &provenance::PREDICATE_TYPES) {
        Ok(found) => found,
        Err(verdict) => return verdict,
    };
    all(
        found,
        none,
        |attestation| built(trust, evidence, attestation, at),
        |first, other| {
            let mut pairs = certified(first).into_iter().zip(certified(other));
            pairs.find(|(first, other)| first != other).map(|((name, _), _)| name)
        },
    )
}

/// What the certificate says of a build, but for the run: whoever runs a workflow again builds the
/// same.
fn certified(facts: &ProvenanceFacts) -> [(&'static str, Option<&str>); 10] {
    [
        ("source repository", Some(&facts.source_repository)),
        ("commit", Some(&facts.commit)),
        ("ref", facts.git_ref.as_deref()),
        ("signer", Some(&facts.workflow)),
        ("workflow", facts.build_config.as_deref()),
        ("event", facts.trigger.as_deref()),
        ("issuer", Some(&facts.issuer)),
        ("repository id", facts.repository_id.as_deref()),
        ("owner id", facts.owner_id.as_deref()),
        ("runner", facts.runner.as_deref()),
    ]
}

/// Step 5: certificate, SCT, log, signature, subject, claims, predicate.
fn built(
    trust: &Trust,
    evidence: &Evidence<'_>,
    attestation: &Attestation<'_>,
    at: Time,
) -> Result<ProvenanceFacts, Refusal> {
    let bundle = attestation.bundle()?;
    // Whoever it was: the predicate is held against the claims, and both against the policy.
    let signer = Signer::AnyIdentityUnsafe;
    let facts =
        attestation::parsed(trust, &bundle, Artifact::Digest(evidence.signed()?), signer, at)?;
    let statement = attestation.statement(&facts, evidence)?;
    let claims = facts
        .claims
        .as_ref()
        .ok_or(BundleRefusal::OtherKeyMaterial { found: "key", expected: "certificate" })?;
    let source = provenance::check(statement.predicate_type(), statement.predicate(), claims)?;
    Ok(ProvenanceFacts {
        predicate_type: statement.predicate_type().to_owned(),
        build_type: source.build_type,
        source_repository: source.repository,
        commit: source.commit,
        git_ref: source.git_ref,
        workflow: claims.san.clone(),
        build_config: claims.build_config.clone(),
        trigger: claims.trigger.clone(),
        builder: Some(source.builder),
        issuer: source.issuer,
        repository_id: claims.repository_id.clone(),
        owner_id: claims.owner_id.clone(),
        runner: claims.runner.clone(),
        run: claims.run.clone(),
        signed_at: facts.signed_at,
        time_source: facts.time_source,
        logged: facts.logged,
    })
}

/// Evidence that is there and does not verify refuses, so of several attestations of one kind
/// each must verify, and all must say the same. The facts are those of the first; `none` says why
/// there is none.
fn all<F>(
    found: Vec<&Attestation<'_>>,
    none: Absence,
    verify: impl Fn(&Attestation<'_>) -> Result<F, Refusal>,
    differ: impl Fn(&F, &F) -> Option<&'static str>,
) -> Verdict<F> {
    let mut first: Option<F> = None;
    for attestation in found {
        let facts = match verify(attestation) {
            Ok(facts) => facts,
            Err(why) => return Verdict::Refused(why),
        };
        match &first {
            None => first = Some(facts),
            Some(first) => {
                if let Some(what) = differ(first, &facts) {
                    return Verdict::Refused(AttestationRefusal::Contradiction(what).into());
                }
            }
        }
    }
    first.map_or(Verdict::Absent(none), Verdict::Verified)
}

impl Attestation<'_> {
    fn bundle(&self) -> Result<Bundle, Refusal> {
        Bundle::parse(self.bundle.get().as_bytes())
            .map_err(|malformed| BundleRefusal::from(malformed).into())
    }

    /// The statement, once it is known to be of the announced kind and about this package.
    fn statement<'f>(
        &self,
        facts: &'f BundleFacts,
        evidence: &Evidence<'_>,
    ) -> Result<&'f Statement, Refusal> {
        let statement = facts.statement.as_ref().ok_or(AttestationRefusal::NoStatement)?;
        if statement.predicate_type() != self.predicate_type {
            return Err(AttestationRefusal::OtherPredicate {
                announced: self.predicate_type.clone(),
                found: statement.predicate_type().to_owned(),
            }
            .into());
        }
        let signed = evidence.signed()?;
        let others = evidence.tarball.iter().filter(|digest| *digest != signed);
        let digests: Vec<Digest> = std::iter::once(signed).chain(others).cloned().collect();
        statement.require_subject(&evidence.package.purl(), &digests)?;
        Ok(statement)
    }
}

impl Evidence<'_> {
    /// The digest that npm's statements name.
    fn signed(&self) -> Result<&Digest, Refusal> {
        self.tarball
            .iter()
            .find(|digest| digest.algorithm() == Algorithm::Sha512)
            .ok_or(IntegrityRefusal::NotComputed(Algorithm::Sha512).into())
    }
}

#[cfg(test)]
mod tests;
