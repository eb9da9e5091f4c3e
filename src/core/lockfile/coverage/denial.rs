//! Why an entry is denied.

use crate::core::{lockfile::Foreign, package::digest::Integrity, verdict::Weakness};

/// Why an entry is denied. May quote the lockfile: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryDenial {
    /// Nothing can vouch for it.
    #[error("{0}")]
    Foreign(Box<Foreign>),
    /// The archive has no such package.
    #[error("{wanted} is not in the archive")]
    NotHeld {
        /// What the entry asks for.
        wanted: String,
    },
    /// The archive has it with other bytes.
    #[error("the lockfile expects {expected} of {wanted}, the archive has other bytes")]
    Hash {
        /// What the entry asks for.
        wanted: String,
        /// What the lockfile expects.
        expected: Integrity,
    },
    /// Several packages of the archive fit.
    #[error("several packages of the archive fit {wanted}")]
    Ambiguous {
        /// What the entry asks for.
        wanted: String,
    },
    /// Nothing binds the entry to bytes.
    #[error("{wanted} has {} in the lockfile, and no verified signature of its registry", if *.weak { "only a SHA-1 hash" } else { "no hash" })]
    Unpinned {
        /// What the entry asks for.
        wanted: String,
        /// Whether there is a hash, of SHA-1 alone.
        weak: bool,
    },
    /// No hash, and an address that is not the package's.
    #[error(
        "the lockfile gives no hash for {wanted}, and the archive has it from another address than {address}"
    )]
    Address {
        /// What the entry asks for.
        wanted: String,
        /// The address.
        address: String,
    },
    /// The registry has no such package, and installing does not go on without it.
    #[error("the registry answered that it does not have {wanted}, and the lockfile needs it")]
    Unavailable {
        /// What the entry asks for.
        wanted: String,
    },
    /// The package that bundles it is denied, or its tarball could not be listed.
    #[error("{parent} bundles it, and is denied or could not be listed")]
    Parent {
        /// That package's entry.
        parent: String,
    },
    /// The shrinkwrap in its tarball asks for what the lockfile does not have below this path.
    #[error("the shrinkwrap in its tarball asks for {path}: {detail}")]
    Shrinkwrap {
        /// The path in the shrinkwrap.
        path: String,
        /// How the lockfile differs.
        detail: String,
    },
    /// The policy denies it, although nothing is wrong with it.
    #[error("the policy denies {}", .0.name())]
    Weak(Weakness),
}

impl EntryDenial {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Foreign(_) => "foreign",
            Self::NotHeld { .. } => "not-in-archive",
            Self::Hash { .. } => "hash-differs",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Unpinned { .. } => "unpinned",
            Self::Address { .. } => "address-differs",
            Self::Unavailable { .. } => "unavailable-required",
            Self::Parent { .. } => "parent-denied",
            Self::Shrinkwrap { .. } => "shrinkwrap-differs",
            Self::Weak(weakness) => weakness.name(),
        }
    }
}
