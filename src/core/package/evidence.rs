//! Evidence: what speaks for one package.

use super::{
    PackageId,
    digest::{Digest, Integrity},
};

/// Everything that speaks for one package.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Which package it is expected to be.
    pub package: &'a PackageId,
    /// The base address of the registry whose keys and names are expected; `None` for an artifact
    /// from an address or a file, for which no registry speaks.
    pub registry: Option<&'a str>,
    /// What the lockfiles say of its bytes.
    pub expected: &'a [Integrity],
    /// The digests of its bytes: those of [`Rules::algorithms`](crate::core::rules::Rules::algorithms)
    /// at least.
    pub artifact: &'a [Digest],
    /// The registry's record of this version.
    pub record: Answer<'a>,
    /// The registry's attestation response.
    pub attestations: Answer<'a>,
}

/// What the registry answered when it was asked for a record or for attestations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// These bytes.
    Given(&'a [u8]),
    /// That it has none (404 or 410).
    NotFound,
    /// A list of the package's versions, without this one. Of records only.
    NotListed,
    /// It was not asked.
    NotAsked,
}

impl<'a> Answer<'a> {
    /// The bytes, if there are any.
    pub fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Given(bytes) => Some(bytes),
            Self::NotFound | Self::NotListed | Self::NotAsked => None,
        }
    }
}
