//! Why there is no evidence for a claim, and how that is known.

use std::fmt;

/// Why there is no evidence for a claim. Each rests on what the registry answered; that it
/// answered so is the word of the sealer, who signed the record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// The registry's record carries no signature.
    NoSignatures,
    /// The registry has no attestations for this version.
    NoAttestations(NoAttestations),
    /// There are attestations, but none of this claim's predicate type.
    NoSuchPredicate,
    /// The registry answered that it has no such package (404 or 410).
    NoRecord,
    /// The registry has the package, but does not list this version.
    NotListed,
    /// No keys are known for the registry that this package came from.
    NoKeysForRegistry(String),
    /// The tarball is from an address or a file: no registry speaks for it.
    NoRegistry,
    /// Of integrity: no entry gives a hash of SHA-256 or stronger, and no signature of the registry
    /// verified.
    Unpinned,
    /// Of integrity: a person supplied the tarball for a git dependency, of which a lockfile gives no
    /// hash that counts.
    Supplied,
}

/// How it is known that a registry has no attestations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoAttestations {
    /// It answered 404 or 410 when asked for them.
    NotFound,
    /// It answered with an empty list.
    EmptyList,
    /// Its record of the version announces none.
    NotAnnounced,
}

impl Absence {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSignatures => "no-signatures",
            Self::NoAttestations(_) => "no-attestations",
            Self::NoSuchPredicate => "no-such-predicate",
            Self::NoRecord => "no-record",
            Self::NotListed => "version-not-listed",
            Self::NoKeysForRegistry(_) => "no-keys-for-registry",
            Self::NoRegistry => "no-registry",
            Self::Unpinned => "unpinned",
            Self::Supplied => "supplied",
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSignatures => "the record that the sealer received has no signature",
            Self::NoAttestations(NoAttestations::NotFound) => {
                "the registry answered the sealer's request for attestations with 404 or 410"
            }
            Self::NoAttestations(NoAttestations::EmptyList) => {
                "the registry's list of attestations that the sealer received is empty"
            }
            Self::NoAttestations(NoAttestations::NotAnnounced) => {
                "the record that the sealer received announces no attestations"
            }
            Self::NoSuchPredicate => {
                "the response that the sealer received has no attestation of this kind"
            }
            Self::NoRecord => {
                "the registry answered the sealer's request for the package with 404 or 410"
            }
            Self::NotListed => "the list that the sealer received lacks this version",
            Self::NoKeysForRegistry(registry) => {
                return write!(f, "no keys are known for {registry}");
            }
            Self::NoRegistry => "the tarball is not from a registry",
            Self::Supplied => "a person supplied it; the lockfile gives no hash that counts",
            Self::Unpinned => "the lockfile has no strong hash, and the registry did not sign",
        })
    }
}
