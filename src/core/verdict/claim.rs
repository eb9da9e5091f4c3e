//! The claims: each is one thing said of a package.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::core::text::named;

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

impl Serialize for Claim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Claim {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        named("claim", &text, &Self::ALL, Self::name).map_err(D::Error::custom)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
