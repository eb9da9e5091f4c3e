//! Verification of an npm package: all evidence for it, in the order of its six steps.
//!
//! Steps 1 and 2 are in [`super::integrity`], 3 in [`super::registry_signature`], 4 and 5 in
//! `claims` over [`super::attestation`]; step 6, the policy, is judged over the verdict. What
//! missing evidence comes to is in `answer`. A step that fails never keeps the others from being
//! judged.

mod answer;
mod claims;
mod response;

use self::{
    answer::Recorded,
    claims::{Outcome, all, built, certified, published},
    response::Response,
};
pub use self::{
    answer::{Answer, Missing},
    response::AttestationRefusal,
};
use super::{
    integrity::{self, IntegrityRefusal},
    publish,
    registry_signature::{self, SignatureRefusal},
};
use crate::core::{
    package::{
        PackageId,
        digest::{Algorithm, Digest, Integrity},
    },
    text::bounded,
    time::Time,
    trust::Trust,
    verdict::{
        Absence, Claim, IntegrityFacts, PackageVerdict, ProvenanceFacts, PublishFacts, Refusal,
        RegistrySignatureFacts, TimeSource, Verdict,
    },
};
use crate::core::{sigstore::attestation::BundleRefusal, slsa};

/// Everything that speaks for one package.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Which package it is expected to be.
    pub package: &'a PackageId,
    /// The base address of the registry whose keys and names are expected; `None` for a tarball
    /// from an address or a file, for which no registry speaks.
    pub registry: Option<&'a str>,
    /// What the lockfiles say of its bytes.
    pub expected: &'a [Integrity],
    /// The digests of its bytes: those of [`integrity::algorithms`] at least.
    pub tarball: &'a [Digest],
    /// The registry's record of this version (`registry.json`).
    pub record: Answer<'a>,
    /// The registry's attestation response.
    pub attestations: Answer<'a>,
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
    Missing,
    SignatureRefusal,
    slsa::ProvenanceRefusal,
    publish::PublishRefusal,
    crate::core::sigstore::statement::StatementError
);

/// Judges all four claims of a package at the reference time `at`.
pub fn package(trust: &Trust, evidence: &Evidence<'_>, at: Time) -> PackageVerdict {
    // 1. the tarball's bytes are those of the lockfile
    let lockfile = integrity::lockfile(evidence.expected, evidence.tarball);
    // 2. the record is of this package, and of these bytes
    let record = Recorded::read(evidence.record, evidence.package, evidence.tarball);
    // 4. before 3, which is judged by the time that the log vouches for
    let response = Response::read(evidence.attestations, &record);
    let publish = publish_claim(trust, evidence, &response, at);
    // 3. the registry signed name, version and integrity
    let logged = publish.verdict.facts().map(|facts| (facts.signed_at, facts.time_source));
    let registry_signature = signature_claim(trust, evidence, &record, logged, at);
    // 5. a build attested where it came from
    let provenance = provenance_claim(trust, evidence, &record, &response, at);
    let beside = |claim| move |found| (claim, found);
    PackageVerdict {
        package: evidence.package.clone(),
        integrity: integrity_claim(lockfile, &record, evidence),
        registry_signature,
        publish_attestation: publish.verdict,
        provenance: provenance.verdict,
        unexamined: response.map(|response| response.unexamined()).unwrap_or_default(),
        unrecognized_beside: (publish.beside.into_iter().map(beside(Claim::PublishAttestation)))
            .chain(provenance.beside.into_iter().map(beside(Claim::Provenance)))
            .collect(),
    }
}

fn integrity_claim(
    lockfile: Result<Option<Algorithm>, IntegrityRefusal>,
    record: &Recorded,
    evidence: &Evidence<'_>,
) -> Verdict<IntegrityFacts> {
    match (lockfile, record) {
        (Err(why), _) => Verdict::Refused(why.into()),
        (Ok(_), Recorded::Refused(why)) => Verdict::Refused(why.clone().into()),
        (Ok(Some(algorithm)), _) => Verdict::Verified(IntegrityFacts { lockfile: Some(algorithm) }),
        (Ok(None), Recorded::Given(_)) => Verdict::Verified(IntegrityFacts { lockfile: None }),
        (Ok(None), _) if evidence.registry.is_none() => Verdict::Absent(Absence::NoRegistry),
        (Ok(None), Recorded::Absent(absence)) => Verdict::Absent(absence.clone()),
        (Ok(None), Recorded::NotShown) => Verdict::Refused(Missing::NotShown.into()),
    }
}

fn signature_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    record: &Recorded,
    logged: Option<(Time, TimeSource)>,
    at: Time,
) -> Verdict<RegistrySignatureFacts> {
    let Some(registry) = evidence.registry else {
        return answer::without_registry(evidence.record, evidence.attestations);
    };
    let record = match record {
        Recorded::Absent(absence) => return Verdict::Absent(absence.clone()),
        Recorded::NotShown => return Verdict::Refused(Missing::NotShown.into()),
        Recorded::Refused(why) => return Verdict::Refused(why.clone().into()),
        Recorded::Given(record) => record,
    };
    if record.signatures.is_empty() {
        return Verdict::Absent(Absence::NoSignatures);
    }
    // Signatures are over the integrity: without it they cannot be, whatever they are.
    let Some(integrity) = &record.integrity else {
        return Verdict::Refused(IntegrityRefusal::NoIntegrity.into());
    };
    let Some(keys) = trust.npm_keys(registry) else {
        let mut keyids = record.signatures.iter().map(|signature| &signature.keyid);
        // A key of another registry says that the package is not from where it is said to be.
        let registry = registry.to_owned();
        return match keyids.find(|keyid| trust.knows_npm_key(keyid)) {
            Some(keyid) => {
                let keyid = keyid.clone();
                Verdict::Refused(SignatureRefusal::OtherRegistry { keyid, registry }.into())
            }
            None => Verdict::Absent(Absence::NoKeysForRegistry(registry)),
        };
    };
    let judged_by = registry_signature::judged_by(logged, record.published, at);
    match registry_signature::check(record, integrity, evidence.package, keys, judged_by, at) {
        Ok(facts) => Verdict::Verified(facts),
        Err(why) => Verdict::Refused(why.into()),
    }
}

fn publish_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    response: &Result<Response<'_>, response::Unusable>,
    at: Time,
) -> Outcome<PublishFacts> {
    let Some(registry) = evidence.registry else {
        return answer::without_registry(evidence.record, evidence.attestations).into();
    };
    let response = match response {
        Ok(response) => response,
        Err(response::Unusable::Nothing(nothing)) => return nothing.of_publish().into(),
        Err(response::Unusable::Refused(why)) => {
            return Verdict::Refused(why.clone().into()).into();
        }
    };
    all(
        response.of_kinds(|kind| kind == publish::PREDICATE_TYPE),
        Verdict::Absent(Absence::NoSuchPredicate),
        |attestation| published(trust, evidence, registry, attestation, at),
        |first, other| (first.signed_at != other.signed_at).then_some("time of signing"),
    )
}

fn provenance_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    record: &Recorded,
    response: &Result<Response<'_>, response::Unusable>,
    at: Time,
) -> Outcome<ProvenanceFacts> {
    if evidence.registry.is_none() {
        return answer::without_registry(evidence.record, evidence.attestations).into();
    }
    let response = match response {
        Ok(response) => response,
        Err(response::Unusable::Nothing(nothing)) => return nothing.of_provenance().into(),
        Err(response::Unusable::Refused(why)) => {
            return Verdict::Refused(why.clone().into()).into();
        }
    };
    let announced = record.given().and_then(|record| record.announced_provenance.as_deref());
    let none = match announced {
        Some(_) => Verdict::Refused(Missing::Provenance.into()),
        None => Verdict::Absent(Absence::NoSuchPredicate),
    };
    all(
        response.of_kinds(|kind| response.is_provenance(kind)),
        none,
        |attestation| built(trust, evidence, attestation, at),
        |first, other| {
            let mut pairs = certified(first).into_iter().zip(certified(other));
            pairs.find(|(first, other)| first != other).map(|((name, _), _)| name)
        },
    )
}

#[cfg(test)]
mod tests;
