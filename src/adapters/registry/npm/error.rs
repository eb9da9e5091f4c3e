//! Why packages could not be collected, and what to do about it.

use std::{fmt, sync::Arc};

use super::{ExpectedBy, Mismatch, RecordError};
use crate::{
    adapters::{
        files::FileError,
        network::{Address, NetworkError, RequestFailure, TOKEN_HINT},
    },
    core::{
        package::PackageId,
        time::{self, Time},
    },
};

/// Why one package was not collected.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CollectError {
    /// 404 or 410 for the packument, and no tarball that a hash pins.
    #[error("{address}: not in the registry")]
    NotInRegistry {
        /// The packument's address.
        address: Address,
    },
    /// A mirror lacks an optional package, which only the expected registry can call unavailable.
    #[error("{missing}, which is a mirror")]
    NotInMirror {
        /// What the mirror lacks.
        missing: Box<CollectError>,
        /// The expected registry.
        expected: String,
    },
    /// A registry lacks an optional package, and nothing but the lockfile names that registry.
    #[error("{missing}, which only the lockfile names")]
    NotWhereSaid {
        /// What the registry lacks.
        missing: Box<CollectError>,
    },
    /// The packument does not list the version, and no strong hash pins a tarball.
    #[error("{address}: the registry does not list version {version}")]
    NotListed {
        /// The packument's address.
        address: Address,
        /// The version.
        version: String,
        /// Whether the lockfile has a hash of SHA-256 or stronger.
        pinned: bool,
    },
    /// 403 for anything; 404 or 410 for a tarball.
    #[error("{address}: status {status}")]
    Status {
        /// What was asked for.
        address: Address,
        /// The answer.
        status: u16,
    },
    /// The network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The registry's record is unusable.
    #[error("{address}: {error}")]
    Record {
        /// The packument's address.
        address: Address,
        /// Why.
        error: RecordError,
    },
    /// The tarball is another one.
    #[error("{place}: {mismatch}")]
    Mismatch {
        /// The tarball's address or path.
        place: String,
        /// Which digest.
        mismatch: Mismatch,
    },
    /// No digest is known, so any bytes would pass.
    #[error("neither the lockfile nor the registry says which digest the tarball has")]
    NoDigest,
    /// Name and version do not make an address below the registry's.
    #[error("name and version do not make an address below {registry}")]
    Address {
        /// The registry.
        registry: String,
    },
    /// The answer came after the time that the archive must have been collected by.
    #[error(
        "{address}: the answer is of {}, which is after {}",
        time::format(*answered_at),
        time::format(*not_after)
    )]
    TooLate {
        /// What was asked for.
        address: Address,
        /// When it was first answered.
        answered_at: Time,
        /// The latest time that was allowed.
        not_after: Time,
    },
    /// The cache, or a tarball of the project, could not be read or written.
    #[error(transparent)]
    File(Arc<FileError>),
}

impl CollectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Network(error) => return error.hint(),
            Self::NotInRegistry { .. } => {
                "if it is in a private registry, name that with @scope:registry= in .npmrc"
            }
            Self::NotInMirror { expected, .. } => {
                return Some(format!(
                    "the package is optional: collect without the mirror, so that {expected} itself \
                     can say whether it is unavailable"
                ));
            }
            Self::NotWhereSaid { .. } => {
                "the package is optional, and only a configured registry can say that it is \
                 unavailable: name this one with @scope:registry= in .npmrc, or write the lockfile \
                 anew with the registry that you use"
            }
            Self::NotListed { pinned: false, .. } => {
                "the registry may still serve the tarball, but without a hash of SHA-256 or \
                 stronger in the lockfile nothing says which bytes it must have"
            }
            Self::Status { status: 403, .. } => TOKEN_HINT,
            Self::Mismatch { mismatch, .. } if mismatch.by == ExpectedBy::Lockfile => {
                "the registry serves other bytes than the lockfile was made with: find out why \
                 before you trust either"
            }
            Self::TooLate { .. } => {
                "an archive cannot be older than the answers in it: leave SOURCE_DATE_EPOCH out, \
                 or set it to a later time"
            }
            Self::NoDigest
            | Self::NotListed { .. }
            | Self::Status { .. }
            | Self::Record { .. }
            | Self::Mismatch { .. }
            | Self::Address { .. }
            | Self::File(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// Of an error that is an absence: the mirror said so, not the expected registry.
    pub(super) fn in_mirror(self, expected: &str) -> Self {
        if !self.is_absence() {
            return self;
        }
        Self::NotInMirror { missing: Box::new(self), expected: expected.to_owned() }
    }

    /// Of an error that is an absence: a registry said so that only the lockfile names.
    pub(super) fn by_lockfile(self) -> Self {
        if !self.is_absence() {
            return self;
        }
        Self::NotWhereSaid { missing: Box::new(self) }
    }

    /// Whether a registry answered that it has no such package.
    pub(super) fn is_absence(&self) -> bool {
        matches!(
            self,
            Self::NotInRegistry { .. }
                | Self::NotInMirror { .. }
                | Self::NotWhereSaid { .. }
                | Self::NotListed { .. }
                | Self::Status { status: 404 | 410, .. }
        )
    }

    /// The host, if the reason is that it cannot be reached. [`Unreachable`] reports it once for all its
    /// packages.
    pub fn unreachable_host(&self) -> Option<&str> {
        match self {
            Self::Network(NetworkError::Unreachable { host, .. }) => Some(host),
            _ => None,
        }
    }
}

impl From<FileError> for CollectError {
    fn from(error: FileError) -> Self {
        Self::File(Arc::new(error))
    }
}

/// One package that entries get from registries that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which package.
    pub id: PackageId,
    /// The expected registries, sorted.
    pub registries: Vec<String>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} comes from {}", self.id, self.registries.join(" and from "))
    }
}

/// All packages that entries get from different registries: it is not clear which one counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lockfile gets {} from registries that differ", packages(.0.len()))]
pub struct Conflicts(pub Vec<Conflict>);

impl Conflicts {
    /// What to do about it.
    pub const HINT: &str = "have all entries of a package resolved from one registry; if one is a \
                            mirror, name it with registry= or replace-registry-host= in .npmrc";
}

/// A host that was given up, and what that means for the packages there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// `HOST:PORT`.
    pub host: String,
    /// Why.
    pub failure: RequestFailure,
    /// Packages that could not be collected because of it.
    pub failed: usize,
    /// Packages that a hash pins, and that were collected from the public registry instead.
    pub replaced: usize,
}

impl Unreachable {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let (host, failure) = (self.host.clone(), self.failure.clone());
        NetworkError::Unreachable { host, failure }.hint()
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, failure, failed, replaced } = self;
        write!(f, "{host} cannot be reached ({failure}): ")?;
        match (failed, replaced) {
            (failed, 0) => write!(f, "{}", packages(*failed)),
            (0, replaced) => write!(f, "{}, taken from the public registry", packages(*replaced)),
            (failed, replaced) => write!(
                f,
                "{}, and {} taken from the public registry",
                packages(*failed),
                packages(*replaced)
            ),
        }
    }
}

/// `1,318 packages`.
fn packages(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let noun = if count == 1 { "package" } else { "packages" };
    format!("{text} {noun}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreachable_host_is_one_line() {
        let text = |failed, replaced| {
            let (host, failure) = ("mirror.example:443".into(), RequestFailure::Refused);
            Unreachable { host, failure, failed, replaced }.to_string()
        };
        let start = "mirror.example:443 cannot be reached (connection refused): ";
        assert_eq!(text(1318, 0), format!("{start}1,318 packages"));
        assert_eq!(text(1, 0), format!("{start}1 package"));
        assert_eq!(text(0, 12), format!("{start}12 packages, taken from the public registry"));
        assert_eq!(
            text(1_234_567, 100),
            format!("{start}1,234,567 packages, and 100 packages taken from the public registry")
        );
    }
}
