//! The archive's manifest: an in-toto Statement v1 whose subjects are the archive's entries.
//!
//! This is what gets signed. It says what the archive holds, and where each byte came from. The format
//! is specified in `man/sealift-archive.5`.
//!
//! A [`Manifest`] holds together: all names it uses are entries, and all entries are used.
//! `adapters/archive` finds out whether the archive holds those entries. The rules of each
//! ecosystem judge the evidence in them ([`crate::core::rules`]).

mod check;
mod error;
mod predicate;
pub(in crate::core) mod statement;

pub use error::ManifestError;
pub use predicate::{CarriedTrust, Package, Part, Predicate, Tool, TrustSource};

pub(in crate::core) use check::{
    Uses, check_subjects, check_trust, check_version, exact_time, sorted,
};

use crate::core::{
    package::{Purl, digest::Digest},
    time::Time,
};

/// The type of an in-toto statement, version 1.
pub(crate) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The predicate type of an archive of version 1.
pub(crate) const PREDICATE_TYPE: &str = "urn:sealift:archive:v1";

/// The version of the format that this code reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// What a signed file says of itself: the statement in its envelope. An archive has a [`Manifest`].
pub trait Listing: Sized {
    /// Parses the signed payload.
    ///
    /// # Errors
    /// [`ManifestError`] names the first rule that it breaks.
    fn parse(bytes: &[u8]) -> Result<Self, ManifestError>;

    /// The statement, in its one form.
    fn to_json(&self) -> Vec<u8>;

    /// All entries of the file but the envelope, sorted by name.
    fn subjects(&self) -> &[Subject];

    /// The trust material, an instance each.
    fn trust(&self) -> &[CarriedTrust];

    /// When the file was sealed.
    fn sealed_at(&self) -> Time;

    /// The entries that carry the TUF repository of an instance, `trust/INSTANCE/…`.
    fn trust_entries(&self, instance: &str) -> impl Iterator<Item = &Subject> {
        let folder = format!("trust/{instance}/");
        self.subjects().iter().filter(move |subject| subject.name.starts_with(&folder))
    }
}

/// One entry of the archive, as the manifest lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The entry's name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its digest: of an artifact by the algorithm that its ecosystem signs, of everything else SHA-256.
    pub digest: Digest,
}

/// A manifest that holds together. [`Manifest::parse`] and [`Manifest::build`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    subjects: Vec<Subject>,
    predicate: Predicate,
    /// The purl of each package, in the predicate's order.
    purls: Vec<Purl>,
    sealed_at: Time,
}

impl Manifest {
    /// Parses the signed payload.
    ///
    /// # Errors
    /// [`ManifestError`] names the first rule that it breaks.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let (subjects, predicate) = statement::parse(bytes, PREDICATE_TYPE)?;
        Self::checked(subjects, predicate)
    }

    /// Builds a manifest. It sorts every list whose order has no meaning, so that the same
    /// content gives the same bytes.
    ///
    /// # Errors
    /// As [`Manifest::parse`]: what is built can be read.
    pub fn build(
        mut predicate: Predicate,
        mut subjects: Vec<Subject>,
    ) -> Result<Self, ManifestError> {
        subjects.sort_by(|a, b| a.name.cmp(&b.name));
        predicate.sort();
        // It is checked before it is written, for exact errors. Then it is read, as the other side reads it.
        Self::parse(&Self::checked(subjects, predicate)?.to_json())
    }

    fn checked(subjects: Vec<Subject>, predicate: Predicate) -> Result<Self, ManifestError> {
        let (purls, sealed_at) = check::all(&subjects, &predicate)?;
        Ok(Self { subjects, predicate, purls, sealed_at })
    }

    /// The statement as JSON, without white space, fields in the order of the specification.
    pub fn to_json(&self) -> Vec<u8> {
        statement::to_json(&self.subjects, PREDICATE_TYPE, &self.predicate)
    }

    /// All entries of the archive but the envelope, sorted by name.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The entry of that name.
    pub fn subject(&self, name: &str) -> Option<&Subject> {
        self.subjects.get(position(&self.subjects, name)?)
    }

    /// The predicate as written.
    pub fn predicate(&self) -> &Predicate {
        &self.predicate
    }

    /// When the archive was sealed.
    pub fn sealed_at(&self) -> Time {
        self.sealed_at
    }

    /// The packages, sorted by purl.
    pub fn packages(&self) -> impl ExactSizeIterator<Item = (&Purl, &Package)> {
        self.purls.iter().zip(&self.predicate.packages)
    }
}

impl Listing for Manifest {
    fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        Self::parse(bytes)
    }

    fn to_json(&self) -> Vec<u8> {
        self.to_json()
    }

    fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    fn trust(&self) -> &[CarriedTrust] {
        &self.predicate.trust
    }

    fn sealed_at(&self) -> Time {
        self.sealed_at
    }
}

fn position(subjects: &[Subject], name: &str) -> Option<usize> {
    subjects.binary_search_by(|subject| subject.name.as_str().cmp(name)).ok()
}

impl Predicate {
    /// Puts every list into the order that a manifest has it in.
    pub(crate) fn sort(&mut self) {
        self.inputs.sort();
        self.trust.sort_by(|a, b| a.instance.cmp(&b.instance));
        self.packages.sort_by(|a, b| a.purl.cmp(&b.purl));
    }
}

#[cfg(test)]
mod tests;
