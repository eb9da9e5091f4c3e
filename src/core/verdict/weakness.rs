//! Weaknesses of evidence that verifies. A policy can deny each.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::core::text::named;

/// A weakness of evidence that verifies. A policy can deny it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// A registry signature whose time nobody signed, by a key whose window has ended.
    RetiredKey,
    /// An entry whose only hash is SHA-1.
    Sha1,
    /// An entry without a hash that counts, bound to its bytes by the registry's signature.
    PinnedBySignature,
    /// Logged with a promise of the log, and no proof of inclusion.
    PromiseOnly,
    /// Built on a machine that is not the build platform's own.
    SelfHosted,
    /// An optional entry that the expected registry does not have.
    Unavailable,
}

impl Weakness {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RetiredKey,
        Self::Sha1,
        Self::PinnedBySignature,
        Self::PromiseOnly,
        Self::SelfHosted,
        Self::Unavailable,
    ];

    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::RetiredKey => "retired-key",
            Self::Sha1 => "sha1",
            Self::PinnedBySignature => "pinned-by-signature",
            Self::PromiseOnly => "promise-only",
            Self::SelfHosted => "self-hosted",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Serialize for Weakness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Weakness {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        named("weakness", &text, &Self::ALL, Self::name).map_err(D::Error::custom)
    }
}
