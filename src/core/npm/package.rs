//! Verification of an npm package, in six steps. The first five are judged here.
//!
//! Steps 1 and 2 are in [`super::integrity`], 3 in [`super::registry_signature`], 4 and 5 in
//! `attestations`, over [`sigstore`](crate::core::sigstore). Step 4 runs before step 3, which needs the
//! time that step 4 finds. Step 6 is the policy ([`crate::core::policy`]). `answer` says what missing
//! evidence means. A step that fails never stops the others.

mod answer;
mod attestations;
mod response;

pub use self::{answer::Missing, response::AttestationRefusal};
use std::collections::BTreeMap;

use self::{
    answer::RecordOutcome,
    attestations::{Claimed, all, built, certified, published},
    response::AttestationResponse,
};
use super::{
    integrity::{self, IntegrityRefusal},
    publish,
    registry_signature::{self, SignatureRefusal},
};
use crate::core::{
    package::{digest::Algorithm, evidence::Evidence},
    text::bounded,
    time::Time,
    trust::Trust,
    verdict::{
        Absence, Claim, IntegrityFacts, Outcome, PackageVerdict, ProvenanceFacts, PublishFacts,
        Refusal, RegistrySignatureFacts, TimeSource,
    },
};
use crate::core::{sigstore::attestation::BundleRefusal, slsa};

/// Every family of refusals becomes the one that reports carry.
macro_rules! into_refusal {
    ($($family:ty),+) => {$(
        impl From<$family> for Refusal {
            fn from(why: $family) -> Self {
                // The error may quote megabytes.
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
    let lockfile = integrity::lockfile(evidence.expected, evidence.artifact);
    // 2. the record is of this package, and of these bytes
    let record = RecordOutcome::read(evidence.record, evidence.package, evidence.artifact);
    // 4. before 3, which is judged by the time that the log vouches for
    let response = AttestationResponse::read(evidence.attestations, &record);
    let publish = publish_claim(trust, evidence, &response, at);
    // 3. the registry signed name, version and integrity
    let logged = publish.outcome.facts().map(|facts| (facts.signed_at, facts.time_source));
    let registry_signature = signature_claim(trust, evidence, &record, logged, at);
    // 5. a build attested where it came from
    let provenance = provenance_claim(trust, evidence, &record, &response, at);
    let beside = |claim| move |found| (claim, found);
    PackageVerdict {
        package: evidence.package.clone(),
        published: record.given().and_then(|record| record.published),
        claims: BTreeMap::from([
            (Claim::Integrity, integrity_claim(lockfile, &record, evidence).into_facts()),
            (Claim::RegistrySignature, registry_signature.into_facts()),
            (Claim::PublishAttestation, publish.outcome.into_facts()),
            (Claim::Provenance, provenance.outcome.into_facts()),
        ]),
        unexamined: response.map(|response| response.unexamined()).unwrap_or_default(),
        unrecognized_beside: (publish.beside.into_iter().map(beside(Claim::PublishAttestation)))
            .chain(provenance.beside.into_iter().map(beside(Claim::Provenance)))
            .collect(),
    }
}

fn integrity_claim(
    lockfile: Result<Option<Algorithm>, IntegrityRefusal>,
    record: &RecordOutcome,
    evidence: &Evidence<'_>,
) -> Outcome<IntegrityFacts> {
    match (lockfile, record) {
        (Err(why), _) => Outcome::Refused(why.into()),
        (Ok(_), RecordOutcome::Refused(why)) => Outcome::Refused(why.clone().into()),
        (Ok(Some(algorithm)), _) => Outcome::Verified(IntegrityFacts { lockfile: Some(algorithm) }),
        (Ok(None), RecordOutcome::Given(_)) => Outcome::Verified(IntegrityFacts { lockfile: None }),
        (Ok(None), _) if evidence.registry.is_none() => Outcome::Absent(Absence::NoRegistry),
        (Ok(None), RecordOutcome::Absent(absence)) => Outcome::Absent(absence.clone()),
        (Ok(None), RecordOutcome::NotShown) => Outcome::Refused(Missing::NotShown.into()),
    }
}

fn signature_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    record: &RecordOutcome,
    logged: Option<(Time, TimeSource)>,
    at: Time,
) -> Outcome<RegistrySignatureFacts> {
    let Some(registry) = evidence.registry else {
        return answer::without_registry(evidence.record, evidence.attestations);
    };
    let record = match record {
        RecordOutcome::Absent(absence) => return Outcome::Absent(absence.clone()),
        RecordOutcome::NotShown => return Outcome::Refused(Missing::NotShown.into()),
        RecordOutcome::Refused(why) => return Outcome::Refused(why.clone().into()),
        RecordOutcome::Given(record) => record,
    };
    if record.signatures.is_empty() {
        return Outcome::Absent(Absence::NoSignatures);
    }
    // Signatures are over the integrity: without it none can verify.
    let Some(integrity) = &record.integrity else {
        return Outcome::Refused(IntegrityRefusal::NoIntegrity.into());
    };
    let Some(keys) = trust.npm_keys(registry) else {
        let mut keyids = record.signatures.iter().map(|signature| &signature.keyid);
        // A key of another registry shows that the package is not from the expected one.
        let registry = registry.to_owned();
        return match keyids.find(|keyid| trust.knows_npm_key(keyid)) {
            Some(keyid) => {
                let keyid = keyid.clone();
                Outcome::Refused(SignatureRefusal::OtherRegistry { keyid, registry }.into())
            }
            None => Outcome::Absent(Absence::NoKeysForRegistry(registry)),
        };
    };
    let judged_by = registry_signature::judged_by(logged, record.published, at);
    match registry_signature::check(record, integrity, evidence.package, keys, judged_by, at) {
        Ok(facts) => Outcome::Verified(facts),
        Err(why) => Outcome::Refused(why.into()),
    }
}

fn publish_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    response: &Result<AttestationResponse<'_>, response::Unusable>,
    at: Time,
) -> Claimed<PublishFacts> {
    let Some(registry) = evidence.registry else {
        return answer::without_registry(evidence.record, evidence.attestations).into();
    };
    let response = match response {
        Ok(response) => response,
        Err(response::Unusable::Nothing(nothing)) => return nothing.of_publish().into(),
        Err(response::Unusable::Refused(why)) => {
            return Outcome::Refused(why.clone().into()).into();
        }
    };
    all(
        response.of_kinds(|kind| kind == publish::PREDICATE_TYPE),
        Outcome::Absent(Absence::NoSuchPredicate),
        |attestation| published(trust, evidence, registry, attestation, at),
        |first, other| (first.signed_at != other.signed_at).then_some("time of signing"),
    )
}

fn provenance_claim(
    trust: &Trust,
    evidence: &Evidence<'_>,
    record: &RecordOutcome,
    response: &Result<AttestationResponse<'_>, response::Unusable>,
    at: Time,
) -> Claimed<ProvenanceFacts> {
    if evidence.registry.is_none() {
        return answer::without_registry(evidence.record, evidence.attestations).into();
    }
    let response = match response {
        Ok(response) => response,
        Err(response::Unusable::Nothing(nothing)) => return nothing.of_provenance().into(),
        Err(response::Unusable::Refused(why)) => {
            return Outcome::Refused(why.clone().into()).into();
        }
    };
    let announced = record.given().and_then(|record| record.announced_provenance.as_deref());
    let none = match announced {
        Some(_) => Outcome::Refused(Missing::Provenance.into()),
        None => Outcome::Absent(Absence::NoSuchPredicate),
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
