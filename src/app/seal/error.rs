//! Why there is no archive.

use std::path::PathBuf;

use crate::{
    adapters::{archive::WriteError, files::FileError},
    app::{
        archive::OpenError, collect::CollectionError, inputs::InputError, keys::KeyError,
        report::Report, supply::SupplyError, trust::BasisError, verify::VerifyError,
    },
    core::archive::manifest::ManifestError,
};

/// Why no archive was written.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The lockfiles cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// What was supplied cannot be used.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// All that the lockfiles ask for is of git, and nothing was supplied.
    #[error("the lockfiles ask for git dependencies only, and none is supplied")]
    NothingToCarry,
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key that signs cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The archive would replace what it is made from.
    #[error("the archive would replace {}, which it is made from", .0.display())]
    ReplacesInput(PathBuf),
    /// Nobody could verify the archive before its seal.
    #[error("SOURCE_DATE_EPOCH or --at is in the future")]
    Future,
    /// There was no Sigstore then.
    #[error("SOURCE_DATE_EPOCH or --at is before June 2021")]
    TooEarly,
    /// There is no trust material.
    #[error(transparent)]
    Basis(#[from] BasisError),
    /// The packages could not be collected.
    #[error(transparent)]
    Collection(#[from] CollectionError),
    /// The collected packages do not make a valid manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The archive could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The archive that was written does not verify.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Evidence that the registry served does not verify, as the report says.
    #[error("evidence that came with a package does not verify")]
    InvalidEvidence(Box<Report>),
}

impl SealError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Input(error) => return error.hint(),
            Self::Supply(error) => return error.hint(),
            Self::NothingToCarry => {
                "pack each yourself, and give it with --supply ADDRESS=FILE: sealift runs no git"
            }
            Self::File(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::Basis(error) => return error.hint(),
            Self::Collection(error) => return error.hint(),
            Self::Manifest(_) => return None,
            Self::Write(error) => return error.hint(),
            Self::Verify(error) => return error.hint(),
            Self::ReplacesInput(_) => "name another file with --output",
            Self::Future => {
                "an archive cannot be verified before the time of its seal; choose a time that has passed"
            }
            Self::TooEarly => "Sigstore's first root is of that time, and no archive can be older",
            Self::InvalidEvidence(_) => {
                "no archive was written; find out why the registry serves it first"
            }
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Basis(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Verify(error) => error.code(),
            _ => None,
        }
    }

    /// Whether something that was fetched is not what it should be.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Basis(error) => error.is_refusal(),
            Self::Collection(error) => error.is_refusal(),
            Self::Verify(error) => error.is_refusal(),
            Self::InvalidEvidence(_) => true,
            _ => false,
        }
    }
}

impl From<OpenError> for SealError {
    fn from(error: OpenError) -> Self {
        Self::Verify(error.into())
    }
}
