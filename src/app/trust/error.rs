//! Why there is no trust material, or a trust store was not changed.

use std::{convert::Infallible, path::PathBuf};

#[cfg(feature = "network")]
use crate::adapters::network::NetworkError;
use crate::{
    adapters::{
        files::FileError,
        tuf::{RefreshError, TrustStoreError},
    },
    app::archive::OpenError,
    core::{
        limits,
        time::{self, Time},
        trust::{TrustError, instance::InstanceError},
        tuf::{MetadataError, UpdateError},
    },
};

/// Why there is no trust material to judge by, or a trust store could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum BasisError {
    /// The trust store could not be read or written.
    #[error(transparent)]
    Store(#[from] TrustStoreError),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An archive was refused, or could not be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// No instance can have that name.
    #[error(transparent)]
    Name(InstanceError),
    /// The trust material cannot be used.
    #[error(transparent)]
    Material(#[from] TrustError),
    /// The files that the user pinned cannot be used.
    #[error(transparent)]
    PinnedFiles(TrustError),
    /// A publisher was named wrongly.
    #[error(transparent)]
    Publisher(TrustError),
    /// A trust store that was named is not there.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// No trust material is known.
    #[error("there is no trust material for {0}")]
    NoMaterial(String),
    /// The repository has no trust material.
    #[error("{0} publishes no trusted_root.json")]
    NoTrustedRoot(String),
    /// The trust store holds nothing.
    #[error("the trust store holds nothing of {0}")]
    NothingHeld(String),
    /// An unfinished update here has seen newer TUF metadata than the archive's.
    #[error("the archive's trust is older than what this machine has seen: {0}")]
    Older(MetadataError),
    /// The archive's TUF metadata and the store's cannot both be right.
    #[error("the archive's trust contradicts this machine's: {0}")]
    Contradicts(MetadataError),
    /// The clock was wrong at the last check, so the time of that check says nothing about age.
    #[error(
        "the trust store's last check of {instance} was at {}, which is in the future",
        time::format(*checked)
    )]
    CheckedLater {
        /// The instance.
        instance: String,
        /// When it was checked last.
        checked: Time,
    },
    /// The archive carries TUF metadata without the time of its check.
    #[error("the archive does not say when its trust was checked")]
    Unchecked,
    /// The archive's TUF metadata is refused.
    #[error("the archive's trust for {instance}: {error}")]
    Carried {
        /// The instance.
        instance: String,
        /// Why.
        error: MetadataError,
    },
    /// The archive carries more files than a repository can need.
    #[error("the archive carries {number} files of {instance}, more than {}", limits::STORE_FILES)]
    TooManyFiles {
        /// The instance.
        instance: String,
        /// How many.
        number: usize,
    },
    /// An entry of the archive has a name that no file of a repository has.
    #[error("{0} is not the name of a file in a TUF repository")]
    EntryName(String),
    /// The archive carries nothing of an instance.
    #[error("{} carries no TUF metadata of {instance}", archive.display())]
    NotInArchive {
        /// The archive.
        archive: PathBuf,
        /// The instance.
        instance: String,
    },
    /// The archive carries nothing to import.
    #[error("{} carries no TUF metadata{}", archive.display(), of(instance.as_deref()))]
    NothingToImport {
        /// The archive.
        archive: PathBuf,
        /// The instance that was asked for.
        instance: Option<String>,
    },
    /// The archive does not carry this instance.
    #[error("the archive carries no TUF metadata of {0}")]
    NotCarried(String),
    /// The store would say that it was checked at a time in the future.
    #[error("--at is in the future")]
    FutureCheck,
    /// A file is not a root that its own keys signed.
    #[error("{}: {error}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// Why.
        error: MetadataError,
    },
    /// Not an address that a repository can have.
    #[cfg(feature = "network")]
    #[error("{0:?} is not an address of a TUF repository")]
    Repository(String),
    /// The store could not be refreshed before the seal.
    #[cfg(feature = "network")]
    #[error("cannot refresh the trust root: {0}")]
    NotFresh(Box<RefreshError<NetworkError>>),
    /// The store could not be updated from the repository.
    #[cfg(feature = "network")]
    #[error("{instance}: {error}")]
    NotRefreshed {
        /// The instance.
        instance: String,
        /// Why.
        error: Box<RefreshError<NetworkError>>,
    },
    /// The store could not be updated from an archive.
    #[error("{instance}: {error}")]
    NotImported {
        /// The instance.
        instance: String,
        /// Why.
        error: Box<RefreshError<Infallible>>,
    },
}

fn of(instance: Option<&str>) -> String {
    instance.map(|name| format!(" of {name}")).unwrap_or_default()
}

impl BasisError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Open(error) => error.hint(),
            Self::Contradicts(error) => error.hint(),
            Self::Carried { error, .. } => carried_hint(error),
            #[cfg(feature = "network")]
            Self::NotFresh(error) if matches!(**error, RefreshError::Clock { .. }) => error.hint(),
            #[cfg(feature = "network")]
            Self::NotRefreshed { error, .. } => self.own_hint().or_else(|| error.hint()),
            Self::NotImported { error, .. } => self.own_hint().or_else(|| error.hint()),
            _ => self.own_hint(),
        }
    }

    /// What to do about it, where the error that it is made of does not say.
    fn own_hint(&self) -> Option<String> {
        let hint = match self {
            Self::PinnedFiles(_) => {
                "--trusted-root takes Sigstore's trusted_root.json, --npm-keys npm's keys.json"
            }
            Self::Publisher(_) => "--publisher takes REGISTRY ISSUER IDENTITY",
            Self::NoFolder(_) => {
                "--trust-dir names a trust store that refresh, import or pin has made"
            }
            Self::NoMaterial(_) | Self::NothingHeld(_) => {
                "on the connected side, sealift trust refresh; behind the gap, sealift trust import"
            }
            Self::Older(_) => {
                "carry a newer archive across, or finish the refresh that was interrupted"
            }
            Self::CheckedLater { .. } => {
                "set the clock of this machine; if it is right and was wrong then, sealift trust \
                 refresh --reset-check or, behind the gap, sealift trust import --reset-check takes \
                 that back"
            }
            Self::NothingToImport { .. } => {
                "on the connected side, seal without --no-refresh, or after sealift trust refresh"
            }
            Self::FutureCheck => {
                "the trust store records the time of each check; leave out --at, or choose a time that has passed"
            }
            #[cfg(feature = "network")]
            Self::NotFresh(_) => {
                "--no-refresh seals with the trust at hand; the archive then says how old it is"
            }
            #[cfg(feature = "network")]
            Self::NotRefreshed { error, .. } if is_unavailable(error) => {
                "what the store holds stays; --mirror asks another address"
            }
            Self::NotImported { error, .. } if is_rollback(error) => {
                "this machine has seen newer, which stays; verify judges by that. To go on, carry an \
                 archive sealed since"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Open(error) => error.code(),
            Self::Older(_) => Some("trust-older"),
            Self::Contradicts(_) => Some("trust-contradicts"),
            Self::Unchecked => Some("manifest-trust-source"),
            Self::Carried { .. } => Some("trust-metadata"),
            Self::TooManyFiles { .. } => Some("trust-too-many-files"),
            Self::EntryName(_) => Some("trust-file-name"),
            _ => None,
        }
    }

    /// Whether something was examined and refused, or could not be examined at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Open(error) => error.is_refusal(),
            Self::Older(_)
            | Self::Contradicts(_)
            | Self::Unchecked
            | Self::Carried { .. }
            | Self::TooManyFiles { .. }
            | Self::EntryName(_)
            | Self::NotCarried(_) => true,
            #[cfg(feature = "network")]
            Self::NotRefreshed { error, .. } => {
                matches!(**error, RefreshError::Update(UpdateError::Refused(_)))
            }
            Self::NotImported { error, .. } => {
                matches!(**error, RefreshError::Update(UpdateError::Refused(_)))
            }
            _ => false,
        }
    }
}

#[cfg(feature = "network")]
fn is_unavailable(error: &RefreshError<NetworkError>) -> bool {
    matches!(error, RefreshError::Update(UpdateError::Unavailable { .. }))
}

fn is_rollback(error: &RefreshError<Infallible>) -> bool {
    matches!(
        error,
        RefreshError::Update(UpdateError::Refused(
            MetadataError::Rollback { .. } | MetadataError::Removed { .. }
        ))
    )
}

/// What to do about carried metadata that is refused: nothing on this side serves it.
fn carried_hint(error: &MetadataError) -> Option<String> {
    match error {
        MetadataError::Expired { .. } => Some(
            "its metadata had expired when it was sealed: on the connected side, run sealift trust \
             refresh and seal again"
                .to_owned(),
        ),
        MetadataError::NoPinnedRoot { .. } | MetadataError::RootMissing { .. } => Some(
            "update sealift on this side, or seal again with a store that has the roots between"
                .to_owned(),
        ),
        other => other.hint(),
    }
}
