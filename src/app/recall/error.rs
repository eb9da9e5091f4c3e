//! Why a recall was not applied, or not sealed.

use std::path::PathBuf;

#[cfg(feature = "network")]
use crate::{
    adapters::{
        advisories::{self, SourceError},
        files::FileError,
    },
    app::{archive::WriteError, keys::KeyError, seal::SealError},
    core::{archive::manifest::ManifestError, limits},
};
use crate::{
    app::{archive::OpenError, store::FindError, trust::BasisError, verify::VerifyError},
    core::time::{self, Time},
};

/// Why a recall was not applied.
#[derive(Debug, thiserror::Error)]
pub enum RecallError {
    /// The recall was refused, or could not be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An advisory in it is not one that a recall carries.
    #[error("the advisory {entry:?} of the recall cannot be used: {reason}")]
    Advisory {
        /// Its entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A newer recall was applied here.
    #[error(
        "{} was sealed at {}, and a recall of {} was applied here already",
        path.display(),
        time::format(*sealed_at),
        time::format(*newest)
    )]
    Older {
        /// The recall.
        path: PathBuf,
        /// When it was sealed.
        sealed_at: Time,
        /// When the newest one was sealed.
        newest: Time,
    },
    /// It carries trust of other instances than the one that judges.
    #[error("the recall carries trust material of {}, but not of {instance}", carried.join(", "))]
    OtherInstance {
        /// What it carries.
        carried: Vec<String>,
        /// The instance that judges.
        instance: String,
    },
    /// A trust store would keep a time in the future.
    #[error("--at is in the future")]
    Future,
    /// The demands cannot be used.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The recall's trust, or this machine's, cannot be used.
    #[error(transparent)]
    Basis(#[from] BasisError),
    /// The archives were not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A lockfile belongs to one build.
    #[error("--lockfile belongs to one build, but a recall judges the archives of many builds")]
    Lockfile,
}

impl RecallError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(error) if error.code() == Some("too-few-signers") => {
                "a recall needs the seals that an archive needs, and `recall fetch` seals with one key: \
                 name the keys that may seal recalls with --recall-key, of which one suffices"
            }
            Self::Open(error) => return error.hint(),
            Self::Verify(error) => return error.hint(),
            Self::Basis(error) => return error.hint(),
            Self::Find(error) => return error.hint(),
            Self::Advisory { .. } => "the recall was sealed with this error; ask for a new recall",
            Self::Older { .. } => {
                "apply the newer one; for packages that it does not ask about, run `sealift recall \
                 fetch` anew on the connected side"
            }
            Self::OtherInstance { .. } => "name the instance with --instance, as at the fetch",
            Self::Future => {
                "the trust store keeps the time of each recall; leave out --at, or choose a time that has passed"
            }
            Self::Lockfile => "leave it out; `sealift bundle verify` compares one archive with it",
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Open(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::Basis(error) => error.code(),
            Self::Advisory { .. } => Some("recall-advisory"),
            Self::Older { .. } => Some("recall-older"),
            Self::OtherInstance { .. } => Some("recall-other-instance"),
            Self::Find(error) => error.code(),
            Self::Future | Self::Lockfile => None,
        }
    }

    /// Whether the recall was examined and refused, or could not be applied at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Open(error) => error.is_refusal(),
            Self::Basis(error) => error.is_refusal(),
            Self::Advisory { .. } | Self::Older { .. } => true,
            Self::OtherInstance { .. }
            | Self::Future
            | Self::Verify(_)
            | Self::Find(_)
            | Self::Lockfile => false,
        }
    }
}

/// Why no recall was sealed.
#[cfg(feature = "network")]
#[derive(Debug, thiserror::Error)]
pub enum RecallFetchError {
    /// Neither an archive nor a file of package URLs names a package.
    #[error("nothing names a package to ask about")]
    NoNames,
    /// More than [`limits::RECALL_NAMES`].
    #[error("{0} names are asked about, more than {max}", max = limits::RECALL_NAMES)]
    TooManyNames(usize),
    /// A line is not a package URL.
    #[error("{}: line {line} is not a package URL of a package that is known", path.display())]
    Purl {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// No key says whose archives are read.
    #[error("no public key says who sealed the archives")]
    NoSealer,
    /// The source has no record.
    #[error("{0} holds no OSV record")]
    NoRecords(String),
    /// Two records contradict each other.
    #[error("{from} holds two different records of the id {id}")]
    TwoRecords {
        /// The source.
        from: String,
        /// Their id.
        id: String,
    },
    /// More advisories than a recall carries.
    #[error(
        "more than {} advisories, or {} bytes of them, concern the packages",
        limits::RECALL_ADVISORIES,
        limits::RECALL_CONTENT_BYTES
    )]
    TooMuch,
    /// The text starts like an address, and is not a valid one.
    #[error("--advisories is not an address")]
    NotAnAddress,
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An archive cannot be used.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The archives were not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The time or the output of the seal is refused.
    #[error(transparent)]
    Seal(#[from] Box<SealError>),
    /// There is no trust material.
    #[error(transparent)]
    Basis(#[from] BasisError),
    /// What was collected does not make a valid manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The recall could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The recall that was written cannot be read.
    #[error(transparent)]
    Recall(#[from] Box<RecallError>),
}

#[cfg(feature = "network")]
impl RecallFetchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoNames => {
                "name archives, folders of archives, or with --purls a file of package URLs, one a line"
            }
            Self::TooManyNames(_) | Self::TooMuch => {
                "fetch several recalls, each for some of the archives"
            }
            Self::Purl { .. } => "write it as pkg:npm/left-pad or pkg:npm/left-pad@1.3.0",
            Self::NoSealer => "use --signed-by with the public key of who sealed the archives",
            Self::NoRecords(_) | Self::NotAnAddress => advisories::HINT,
            Self::TwoRecords { .. } => "keep one of them",
            Self::Source(error) => return error.hint(),
            Self::Verify(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::File(error) => return error.hint(),
            Self::Find(error) => return error.hint(),
            Self::Seal(error) => return error.hint(),
            Self::Basis(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Recall(error) => return error.hint(),
            Self::Manifest(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Seal(error) => error.code(),
            Self::Basis(error) => error.code(),
            Self::Recall(error) => error.code(),
            Self::Find(error) => error.code(),
            Self::TwoRecords { .. } => Some("advisory-twice"),
            Self::NoNames
            | Self::TooManyNames(_)
            | Self::Purl { .. }
            | Self::NoSealer
            | Self::NotAnAddress
            | Self::NoRecords(_)
            | Self::TooMuch
            | Self::Source(_)
            | Self::File(_)
            | Self::Manifest(_)
            | Self::Write(_) => None,
        }
    }

    /// Whether something that was read is not what it should be.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Verify(error) => error.is_refusal(),
            Self::Seal(error) => error.is_refusal(),
            Self::Basis(error) => error.is_refusal(),
            Self::Recall(error) => error.is_refusal(),
            Self::NoNames
            | Self::TooManyNames(_)
            | Self::Purl { .. }
            | Self::NoSealer
            | Self::NotAnAddress
            | Self::NoRecords(_)
            | Self::TwoRecords { .. }
            | Self::TooMuch
            | Self::Source(_)
            | Self::Key(_)
            | Self::File(_)
            | Self::Find(_)
            | Self::Manifest(_)
            | Self::Write(_) => false,
        }
    }
}

#[cfg(feature = "network")]
impl From<OpenError> for RecallFetchError {
    fn from(error: OpenError) -> Self {
        Self::Verify(error.into())
    }
}

#[cfg(feature = "network")]
impl From<SealError> for RecallFetchError {
    fn from(error: SealError) -> Self {
        Self::Seal(Box::new(error))
    }
}

#[cfg(feature = "network")]
impl From<RecallError> for RecallFetchError {
    fn from(error: RecallError) -> Self {
        Self::Recall(Box::new(error))
    }
}
