//! What the registry answered, and what follows from it if evidence is missing.
//!
//! Nobody can prove that a registry has no evidence for a package. The sealer says so, and signs the request
//! and the answer. Evidence is absent only if an answer shows it. If the registry's record announces
//! evidence that is missing, somebody withheld it.

use super::integrity::{self, IntegrityRefusal, RegistryRecord};
use crate::core::{
    package::{PackageId, digest::Digest, evidence::Answer},
    verdict::{Absence, NoAttestations, Outcome, Refusal},
};

/// Why missing evidence is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The record announces attestations, and the archive has none.
    #[error("the registry's record announces attestations, and the registry gave none")]
    Attestations,
    /// The record announces provenance, and the registry gives no attestation.
    #[error("the registry's record announces provenance, and the registry gave none")]
    Provenance,
    /// It is not shown that the registry has none.
    #[error("the registry was not asked, so nothing shows that it has none")]
    NotShown,
    /// A registry's evidence for a package that is from no registry.
    #[error("the tarball is not from a registry, but a registry's evidence came with it")]
    NoRegistry,
}

impl Missing {
    /// A stable code for reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Attestations => "attestations-withheld",
            Self::Provenance => "provenance-withheld",
            Self::NotShown => "absence-not-shown",
            Self::NoRegistry => "evidence-without-registry",
        }
    }
}

/// The registry's record, or what became of it.
pub(super) enum RecordOutcome {
    /// It is of this package, and of these bytes.
    Given(RegistryRecord),
    /// It is malformed, or of another package or other bytes.
    Refused(IntegrityRefusal),
    /// The registry has none.
    Absent(Absence),
    /// It is not shown that the registry has none.
    NotShown,
}

impl RecordOutcome {
    pub fn read(answer: Answer<'_>, package: &PackageId, tarball: &[Digest]) -> Self {
        match answer {
            Answer::Given(bytes) => match integrity::record(bytes, package, tarball) {
                Ok(record) => Self::Given(record),
                Err(why) => Self::Refused(why),
            },
            Answer::NotFound => Self::Absent(Absence::NoRecord),
            Answer::NotListed => Self::Absent(Absence::NotListed),
            Answer::NotAsked => Self::NotShown,
        }
    }

    /// The record, if it is what it must be.
    pub fn given(&self) -> Option<&RegistryRecord> {
        match self {
            Self::Given(record) => Some(record),
            _ => None,
        }
    }
}

/// Why there are no attestations at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Nothing {
    /// The registry has none.
    Absent(Absence),
    /// The record announces some.
    Withheld {
        /// Provenance among them.
        provenance: bool,
    },
    /// It is not shown that the registry has none.
    NotShown,
}

impl Nothing {
    /// Judges a response without attestations; `None` where there are bytes to be read.
    pub fn of(answer: Answer<'_>, record: &RecordOutcome) -> Option<Self> {
        let absence = match answer {
            Answer::Given(_) => return None,
            Answer::NotFound => Some(NoAttestations::NotFound),
            Answer::NotListed | Answer::NotAsked => None,
        };
        Some(match (absence, record.given()) {
            (_, Some(record)) if record.announces_attestations => Self::withheld(record),
            (Some(how), _) => Self::Absent(Absence::NoAttestations(how)),
            (None, Some(_)) => Self::Absent(Absence::NoAttestations(NoAttestations::NotAnnounced)),
            (None, None) => Self::NotShown,
        })
    }

    /// Judges a response that is an empty list.
    pub fn listed(record: Option<&RegistryRecord>) -> Self {
        match record {
            Some(record) if record.announces_attestations => Self::withheld(record),
            _ => Self::Absent(Absence::NoAttestations(NoAttestations::EmptyList)),
        }
    }

    fn withheld(record: &RegistryRecord) -> Self {
        Self::Withheld { provenance: record.announced_provenance.is_some() }
    }

    /// The outcome of the publish attestation's claim.
    pub fn of_publish<F>(&self) -> Outcome<F> {
        match self {
            Self::Absent(absence) => Outcome::Absent(absence.clone()),
            Self::Withheld { .. } => Outcome::Refused(Missing::Attestations.into()),
            Self::NotShown => Outcome::Refused(Missing::NotShown.into()),
        }
    }

    /// The outcome of the provenance's claim.
    pub fn of_provenance<F>(&self) -> Outcome<F> {
        match self {
            Self::Withheld { provenance: true } => Outcome::Refused(Missing::Provenance.into()),
            other => other.of_publish(),
        }
    }
}

/// The outcome of a registry's claims, for a tarball that is from no registry.
pub(super) fn without_registry<F>(record: Answer<'_>, attestations: Answer<'_>) -> Outcome<F> {
    match (record, attestations) {
        (Answer::Given(_), _) | (_, Answer::Given(_)) => {
            Outcome::Refused(Refusal::from(Missing::NoRegistry))
        }
        _ => Outcome::Absent(Absence::NoRegistry),
    }
}
