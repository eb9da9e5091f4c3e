//! What becomes of an entry.

use super::EntryDenial;
use crate::core::package::digest::Algorithm;

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// It is a package of the archive.
    Collected,
    /// It is in the tarball of a package of the archive.
    Bundled,
    /// It is part of the project.
    Local,
    /// Nothing can vouch for it.
    Foreign,
    /// The expected registry has no such package, and installing goes on without it.
    Unavailable,
    /// Nothing is installed for it.
    Placeholder,
}

impl Disposition {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Collected,
        Self::Bundled,
        Self::Local,
        Self::Foreign,
        Self::Unavailable,
        Self::Placeholder,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collected => "collected",
            Self::Bundled => "bundled",
            Self::Local => "local",
            Self::Foreign => "foreign",
            Self::Unavailable => "unavailable",
            Self::Placeholder => "placeholder",
        }
    }
}

/// What binds an entry to the bytes of its package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// The lockfile's hash.
    Hash(Algorithm),
    /// The registry's verified signature over name, version and hash.
    Signature {
        /// Whether the lockfile gives a hash, of SHA-1 alone.
        weak: bool,
    },
}

/// What became of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryOutcome {
    /// What becomes of it.
    pub disposition: Disposition,
    /// The package of the archive that it is, or that bundles it: a place in the list that was given.
    pub package: Option<usize>,
    /// What binds it to that package's bytes.
    pub pin: Option<Binding>,
    /// Whether the lockfile gives another address than the package's. The bytes are the same.
    pub other_address: bool,
    /// Why it is denied, if it is.
    pub denial: Option<EntryDenial>,
    /// The exception that excuses it, by its number in the policy, and from what.
    pub excused: Option<(usize, EntryDenial)>,
}

impl EntryOutcome {
    /// Whether it is excused, and the archive carries nothing for it.
    pub fn is_not_carried(&self) -> bool {
        self.disposition == Disposition::Foreign && self.excused.is_some() && self.package.is_none()
    }

    pub(super) fn of(disposition: Disposition) -> Self {
        Self {
            disposition,
            package: None,
            pin: None,
            other_address: false,
            denial: None,
            excused: None,
        }
    }

    pub(super) fn denied(disposition: Disposition, denial: EntryDenial) -> Self {
        Self { denial: Some(denial), ..Self::of(disposition) }
    }
}
