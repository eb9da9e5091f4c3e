//! Digests, and the Subresource Integrity strings that lockfiles and registries give them in.
//!
//! This module does not decide which algorithm is good enough: verification and its report do.

use std::fmt;

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A hash algorithm, weakest first, so that the order is the order of strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-1, 20 bytes: all that old lockfiles carry. Weak.
    Sha1,
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-384, 48 bytes.
    Sha384,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// The name in SRI strings and in-toto digest sets.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Bytes in a digest of this algorithm.
    pub fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// Whether collisions are known.
    pub fn is_weak(self) -> bool {
        self == Self::Sha1
    }

    /// The digest of `bytes`.
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A digest: an algorithm and as many bytes as it makes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

impl Digest {
    /// From raw bytes; `None` if their number does not fit the algorithm.
    pub fn new(algorithm: Algorithm, bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == algorithm.size()).then_some(Self { algorithm, bytes })
    }

    /// From lower-case hex, the form of in-toto digest sets; `None` for anything else.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Option<Self> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        Self::new(algorithm, hex::decode(text).ok()?)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The raw bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Lower-case hex.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// The SRI form, `sha512-…`.
    pub fn to_sri(&self) -> String {
        format!("{}-{}", self.algorithm, STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm, self.to_hex())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_sri())
    }
}

/// An SRI string that holds no hash we can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrityError {
    /// Not `ALGORITHM-BASE64`, or the base64 is not of a digest's length.
    #[error("malformed hash {0:?} in integrity")]
    Malformed(String),
    /// Only unknown algorithms, or nothing at all.
    #[error("integrity {0:?} has no hash of a known algorithm")]
    NoKnownAlgorithm(String),
}

/// What a lockfile or registry record expects of a tarball: one hash or more.
///
/// Subresource Integrity (W3C), as `ssri` reads it, but strict: unknown algorithms are
/// passed over, a malformed hash of a known one refuses the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integrity(Vec<Digest>);

impl Integrity {
    /// Parses an SRI string. Options after `?` are allowed and ignored, as the specification says.
    ///
    /// # Errors
    /// When a known algorithm's hash is malformed, or no known algorithm is there.
    pub fn parse(text: &str) -> Result<Self, IntegrityError> {
        let mut digests = Vec::new();
        for item in text.split_ascii_whitespace() {
            let malformed = || IntegrityError::Malformed(item.to_owned());
            let (name, rest) = item.split_once('-').ok_or_else(malformed)?;
            let Some(algorithm) = Algorithm::from_name(name) else { continue };
            let encoded = rest.split('?').next().unwrap_or(rest);
            let bytes = STANDARD.decode(encoded).map_err(|_| malformed())?;
            let digest = Digest::new(algorithm, bytes).ok_or_else(malformed)?;
            digests.push(digest);
        }
        if digests.is_empty() {
            return Err(IntegrityError::NoKnownAlgorithm(text.to_owned()));
        }
        digests.sort();
        digests.dedup();
        Ok(Self(digests))
    }

    /// From one digest.
    pub fn of(digest: Digest) -> Self {
        Self(vec![digest])
    }

    /// The strongest algorithm among the hashes: the only one that counts.
    pub fn algorithm(&self) -> Algorithm {
        self.0.iter().map(Digest::algorithm).max().unwrap_or(Algorithm::Sha1)
    }

    /// The hashes of the strongest algorithm. Each of them must match.
    pub fn strongest(&self) -> impl Iterator<Item = &Digest> {
        let algorithm = self.algorithm();
        self.0.iter().filter(move |digest| digest.algorithm == algorithm)
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digest) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{digest}")?;
        }
        Ok(())
    }
}

/// A digest in the making, for bytes that come in pieces.
#[derive(Clone)]
pub(crate) struct Hasher {
    algorithm: Algorithm,
    context: digest::Context,
}

impl Hasher {
    /// Starts a digest.
    pub fn new(algorithm: Algorithm) -> Self {
        let context = digest::Context::new(match algorithm {
            Algorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::Sha256 => &digest::SHA256,
            Algorithm::Sha384 => &digest::SHA384,
            Algorithm::Sha512 => &digest::SHA512,
        });
        Self { algorithm, context }
    }

    /// Takes in the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Takes in a part of a list: its length first, so that no two lists give the same bytes.
    pub fn part(&mut self, bytes: &[u8]) {
        self.update(&(bytes.len() as u64).to_le_bytes());
        self.update(bytes);
    }

    /// The digest of all pieces.
    pub fn finish(self) -> Digest {
        Digest { algorithm: self.algorithm, bytes: self.context.finish().as_ref().to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_algorithm_counts_and_all_its_hashes() {
        let one = Algorithm::Sha512.digest(b"one");
        let two = Algorithm::Sha512.digest(b"two");
        let old = Algorithm::Sha1.digest(b"one");
        let integrity = Integrity::parse(&format!("{old} {two} md5-abc {one}?opt")).unwrap();
        assert_eq!(integrity.algorithm(), Algorithm::Sha512);
        let mut expected = vec![&one, &two];
        expected.sort();
        assert_eq!(integrity.strongest().collect::<Vec<_>>(), expected);
        let written = format!("{old} {} {}", expected[0], expected[1]);
        assert_eq!(integrity.to_string(), written);
        let twice = Integrity::parse(&format!("{one} {one}")).unwrap();
        assert_eq!(twice, Integrity::of(one));
    }

    #[test]
    fn collisions_are_known_of_sha1_alone() {
        let all = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];
        assert_eq!(all.map(Algorithm::is_weak), [true, false, false, false]);
    }

    #[test]
    fn malformed_hashes_are_refused() {
        assert_eq!(
            Integrity::parse("sha512-AAAA"),
            Err(IntegrityError::Malformed("sha512-AAAA".into()))
        );
        assert_eq!(Integrity::parse("sha512"), Err(IntegrityError::Malformed("sha512".into())));
        assert_eq!(
            Integrity::parse("md5-abcd"),
            Err(IntegrityError::NoKnownAlgorithm("md5-abcd".into()))
        );
        assert_eq!(Integrity::parse(""), Err(IntegrityError::NoKnownAlgorithm(String::new())));
    }

    /// FIPS 180's examples.
    #[test]
    fn digests_are_those_of_the_standard() {
        for (algorithm, expected) in [
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                Algorithm::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
                 8086072ba1e7cc2358baeca134c825a7",
            ),
            (
                Algorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            let digest = algorithm.digest(b"abc");
            assert_eq!(digest.to_hex(), expected, "{algorithm}");
            assert_eq!(format!("{digest:?}"), format!("{algorithm}:{expected}"));
        }
    }

    #[test]
    fn parts_that_are_cut_elsewhere_hash_otherwise() {
        let digest = |parts: &[&str]| {
            let mut hasher = Hasher::new(Algorithm::Sha256);
            parts.iter().for_each(|part| hasher.part(part.as_bytes()));
            hasher.finish()
        };
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
        assert_ne!(digest(&["ab", ""]), digest(&["ab"]));
        assert_eq!(digest(&["ab", "c"]), digest(&["ab", "c"]));
    }

    #[test]
    fn pieces_hash_like_the_whole() {
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512]
        {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"se");
            hasher.update(b"alift");
            let digest = hasher.finish();
            assert_eq!(digest, algorithm.digest(b"sealift"));
            assert_eq!(Digest::from_hex(algorithm, &digest.to_hex()), Some(digest.clone()));
            assert_eq!(Digest::from_hex(algorithm, &digest.to_hex().to_uppercase()), None);
        }
    }
}
