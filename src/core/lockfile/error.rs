//! Why a lockfile is refused.

use super::{format::Format, package_lock::PackageLockError};
use crate::core::limits;

/// Why a lockfile is refused. May quote the file: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockfileError {
    /// Its format is not known. The value says what the file looks like.
    #[error("not a lockfile of a known format{}", .0.map(|found| format!(", but {found}")).unwrap_or_default())]
    UnknownFormat(Option<&'static str>),
    /// Text in UTF-16, as a redirect of PowerShell writes it, or no text at all.
    #[error("lockfile is not text in UTF-8")]
    NotUtf8,
    /// Nothing in it.
    #[error("lockfile is empty")]
    Empty,
    /// More than [`limits::LOCKFILE_OBJECTS`].
    #[error("lockfile has {0} objects, more than {max}", max = limits::LOCKFILE_OBJECTS)]
    TooManyObjects(usize),
    /// A `package-lock.json` that cannot be understood for certain.
    #[error(transparent)]
    PackageLock(#[from] PackageLockError),
}

impl LockfileError {
    /// What to do about it, on the side where the lockfile is made.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFormat(_) => {
                let names: Vec<_> = Format::all_file_names().collect();
                Some(format!(
                    "{} are read; yarn.lock, pnpm-lock.yaml and bun.lock are not yet",
                    names.join(" and ")
                ))
            }
            Self::NotUtf8 => Some(
                "PowerShell's > writes UTF-16; let the package manager write the file".to_owned(),
            ),
            Self::PackageLock(error) => error.hint().map(str::to_owned),
            Self::Empty | Self::TooManyObjects(_) => None,
        }
    }
}
