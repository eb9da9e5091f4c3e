//! What an ecosystem decides: which digest it signs, what its artifacts hold, and how the evidence for a
//! package is judged. [`ecosystems`](crate::core::ecosystems) lists the ecosystems.

use std::io::Read;

use url::Url;

use crate::core::{
    package::{
        Origin, PackageId,
        contents::Contents,
        digest::{Algorithm, Integrity},
        ecosystem::Ecosystem,
        evidence::Evidence,
    },
    text::bounded,
    time::Time,
    trust::Trust,
    verdict::{Absence, Claim, Facts, Outcome, PackageVerdict, Refusal},
};

/// The rules of one ecosystem.
#[derive(Debug)]
pub struct Rules {
    /// Whose rules they are.
    pub ecosystem: Ecosystem,
    /// The file name of an artifact in an archive.
    pub artifact: &'static str,
    /// The algorithm of the digest that its evidence signs. An archive lists artifacts by it.
    pub signed: Algorithm,
    /// The algorithms that an artifact must be hashed with, so that everything can be compared: what
    /// is signed, and the strongest that each lockfile and the registry's record give.
    pub algorithms: fn(expected: &[Integrity], record: Option<&[u8]>) -> Vec<Algorithm>,
    /// Lists an artifact.
    pub list: fn(&mut dyn Read) -> Result<Contents, Refusal>,
    /// Judges all claims of a package at a reference time.
    pub judge: fn(&Trust, &Evidence<'_>, Time) -> PackageVerdict,
    /// Whether an address is where a registry has the artifact of a version.
    pub is_own_address: fn(&Url, registry: &str, &PackageId) -> bool,
}

impl Rules {
    /// Lists the artifact of a package.
    ///
    /// # Errors
    /// When it cannot be listed, or says that it is another package.
    pub fn list_package(
        &self,
        id: &PackageId,
        artifact: &mut dyn Read,
    ) -> Result<Contents, Refusal> {
        let contents = (self.list)(artifact)?;
        match other_name(id, &contents) {
            Some(refusal) => Err(refusal),
            None => Ok(contents),
        }
    }

    /// Judges all claims of a package from an origin at a reference time, with what its artifact says
    /// of itself where it was listed.
    pub fn examine(
        &self,
        trust: &Trust,
        origin: &Origin,
        evidence: &Evidence<'_>,
        contents: Option<&Result<Contents, Refusal>>,
        at: Time,
    ) -> PackageVerdict {
        let mut verdict = (self.judge)(trust, evidence, at);
        require_pinned(&mut verdict);
        if matches!(origin, Origin::Supplied(_))
            && verdict.claims.get(&Claim::Integrity) == Some(&Outcome::Absent(Absence::NoRegistry))
        {
            verdict.claims.insert(Claim::Integrity, Outcome::Absent(Absence::Supplied));
        }
        let refusal = match contents {
            Some(Err(refusal)) => Some(refusal.clone()),
            Some(Ok(contents)) => other_name(evidence.package, contents),
            None => None,
        };
        if let Some(refusal) = refusal {
            verdict.claims.insert(Claim::Integrity, Outcome::Refused(refusal));
        }
        verdict
    }
}

/// If the lockfile has no hash of SHA-256 or stronger, the registry's signature must bind the bytes to name
/// and version. Without both, integrity is absent.
fn require_pinned(verdict: &mut PackageVerdict) {
    let Some(Facts::Integrity(facts)) = verdict.facts(Claim::Integrity) else { return };
    let is_hashed = facts.lockfile.is_some_and(|algorithm| !algorithm.is_weak());
    if !is_hashed && !verdict.is_verified(Claim::RegistrySignature) {
        verdict.claims.insert(Claim::Integrity, Outcome::Absent(Absence::Unpinned));
    }
}

/// An artifact that says that it is another package is not this one.
fn other_name(id: &PackageId, contents: &Contents) -> Option<Refusal> {
    if contents.own.is_package(id) {
        return None;
    }
    let found = format!(
        "{}@{}",
        contents.own.name.as_deref().unwrap_or("(no name)"),
        contents.own.version.as_deref().unwrap_or("(no version)")
    );
    let detail = format!("the tarball says that it is {found:?}, not {id}");
    Some(Refusal { code: "tarball-of-other-package", detail: bounded(&detail) })
}
