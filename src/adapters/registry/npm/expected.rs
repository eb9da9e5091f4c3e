//! Compares a tarball's digests, while it is fetched, with what the lockfile and the registry's record
//! expect. [`core::npm::integrity`](crate::core::npm::integrity) compares them again at every verification.

use std::{collections::BTreeSet, fmt};

use crate::core::package::digest::{Algorithm, Digest, Hasher, Integrity};

/// Who expects a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedBy {
    /// The lockfile's `integrity`.
    Lockfile,
    /// `dist.integrity` of the registry's record.
    Record,
}

impl fmt::Display for ExpectedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lockfile => "the lockfile",
            Self::Record => "the registry's record",
        })
    }
}

/// A tarball that is not the expected one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{by} expects {expected}, the tarball has {found}")]
pub struct Mismatch {
    /// Who expects it.
    pub by: ExpectedBy,
    /// What is expected.
    pub expected: Digest,
    /// What was found.
    pub found: Digest,
}

/// Whether a hash without known collisions says which bytes a tarball must have.
pub(super) fn is_pinned(integrity: &[Integrity]) -> bool {
    integrity.iter().any(|one| !one.algorithm().is_weak())
}

/// Whether all give the same hashes, without known collisions.
pub(super) fn is_one_strong(integrity: &[Integrity]) -> bool {
    let Some((first, rest)) = integrity.split_first() else { return false };
    !first.algorithm().is_weak() && rest.iter().all(|one| one.strongest().eq(first.strongest()))
}

/// All that is expected of one tarball.
#[derive(Debug, Clone)]
pub(super) struct ExpectedDigests(Vec<(ExpectedBy, Digest)>);

impl ExpectedDigests {
    /// Of each integrity, every hash of the strongest algorithm.
    pub fn new(lockfile: &[Integrity], record: Option<&Integrity>) -> Self {
        let lockfile = lockfile.iter().map(|integrity| (ExpectedBy::Lockfile, integrity));
        let record = record.into_iter().map(|integrity| (ExpectedBy::Record, integrity));
        Self(
            lockfile
                .chain(record)
                .flat_map(|(by, integrity)| integrity.strongest().map(move |one| (by, one.clone())))
                .collect(),
        )
    }

    /// Whether nothing is expected, so that any bytes would do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hashers for SHA-512 and for every other algorithm asked for.
    pub fn sums(&self) -> Sums {
        let others: BTreeSet<_> = self.0.iter().map(|(_, digest)| digest.algorithm()).collect();
        let others = others.into_iter().filter(|algorithm| *algorithm != Algorithm::Sha512);
        Sums { sha512: Hasher::new(Algorithm::Sha512), others: others.map(Hasher::new).collect() }
    }

    /// Compares the digests found with each expected one.
    ///
    /// # Errors
    /// [`Mismatch`] for the first that differs.
    pub fn check(&self, found: &TarballDigests) -> Result<(), Mismatch> {
        for (by, expected) in &self.0 {
            let same = |found: &&Digest| found.algorithm() == expected.algorithm();
            for found in found.others.iter().chain([&found.sha512]).filter(same) {
                if found != expected {
                    let (expected, found) = (expected.clone(), found.clone());
                    return Err(Mismatch { by: *by, expected, found });
                }
            }
        }
        Ok(())
    }
}

/// Digests in the making.
pub(super) struct Sums {
    sha512: Hasher,
    others: Vec<Hasher>,
}

/// The digests of a tarball.
#[derive(Debug)]
pub(super) struct TarballDigests {
    pub sha512: Digest,
    others: Vec<Digest>,
}

impl Sums {
    /// Hashes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        for hasher in self.others.iter_mut().chain([&mut self.sha512]) {
            hasher.update(bytes);
        }
    }

    /// The digests of all pieces.
    pub fn finish(self) -> TarballDigests {
        let others = self.others.into_iter().map(Hasher::finish).collect();
        TarballDigests { sha512: self.sha512.finish(), others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expected: &ExpectedDigests, bytes: &[u8]) -> TarballDigests {
        let mut sums = expected.sums();
        sums.update(bytes);
        sums.finish()
    }

    #[test]
    fn every_strongest_hash_of_every_source_counts() {
        let good = Algorithm::Sha512.digest(b"good");
        let bad = Algorithm::Sha512.digest(b"bad");
        let weak = Integrity::parse(&format!("{}", Algorithm::Sha1.digest(b"bad"))).unwrap();
        let both = Integrity::parse(&format!("{good} {bad}")).unwrap();
        let (good, bad) = (Integrity::of(good), Integrity::of(bad));
        let check = |lockfile: &[Integrity], record| {
            let expected = ExpectedDigests::new(lockfile, record);
            expected.check(&found(&expected, b"good")).map_err(|mismatch| mismatch.by)
        };
        assert_eq!(check(std::slice::from_ref(&good), Some(&good)), Ok(()));
        assert_eq!(check(std::slice::from_ref(&both), Some(&good)), Err(ExpectedBy::Lockfile));
        assert_eq!(check(std::slice::from_ref(&good), Some(&bad)), Err(ExpectedBy::Record));
        assert_eq!(check(&[good.clone(), weak], Some(&good)), Err(ExpectedBy::Lockfile));
    }

    #[test]
    fn nothing_expected_is_known_as_such() {
        assert!(ExpectedDigests::new(&[], None).is_empty());
    }

    #[test]
    fn a_strong_hash_pins_and_a_weak_one_does_not() {
        let of = |algorithm: Algorithm, bytes: &[u8]| Integrity::of(algorithm.digest(bytes));
        let (weak, strong) = (of(Algorithm::Sha1, b"x"), of(Algorithm::Sha512, b"x"));
        assert!(is_pinned(&[weak.clone(), strong.clone()]));
        assert!(!is_pinned(std::slice::from_ref(&weak)) && !is_pinned(&[]));
        assert!(is_one_strong(&[strong.clone(), strong.clone()]));
        let both = Integrity::parse(&format!("{weak} {strong}")).unwrap();
        assert!(is_one_strong(&[strong.clone(), both]), "the strongest counts");
        for differ in [
            vec![],
            vec![weak.clone()],
            vec![strong.clone(), weak],
            vec![strong.clone(), of(Algorithm::Sha512, b"y")],
            vec![strong, of(Algorithm::Sha256, b"x")],
        ] {
            assert!(!is_one_strong(&differ), "{differ:?}");
        }
    }
}
