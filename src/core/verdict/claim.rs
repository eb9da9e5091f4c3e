//! The claims: each is one thing said of a package.

use std::fmt;

/// One thing said of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// The tarball is the one that the lockfile and the registry record name.
    Integrity,
    /// The registry signed name, version and integrity.
    RegistrySignature,
    /// The registry attested that it published this tarball under this name.
    PublishAttestation,
    /// A build attested where the tarball came from (SLSA provenance).
    Provenance,
}

impl Claim {
    /// All four, in the order of verification.
    pub const ALL: [Self; 4] =
        [Self::Integrity, Self::RegistrySignature, Self::PublishAttestation, Self::Provenance];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integrity => "integrity",
            Self::RegistrySignature => "registry-signature",
            Self::PublishAttestation => "publish-attestation",
            Self::Provenance => "provenance",
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
