//! Why a folder was not written.

use std::path::PathBuf;

use crate::{
    adapters::{archive::ArchiveError, files::FileError},
    core::{
        limits,
        npm::{packument::Unreadable, tarball::TarballError},
        text::Untrusted,
    },
};

/// Why a folder was not written. Nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Something is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The archive is not the one that was verified any more, or cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A tarball cannot be listed.
    #[error("{entry}: {}", Untrusted(&error.to_string()))]
    Tarball {
        /// The archive's entry.
        entry: String,
        /// Why.
        error: TarballError,
    },
    /// A tarball's own `package.json` cannot be read.
    #[error(transparent)]
    Manifest(#[from] Unreadable),
    /// The versions of one name have more than one document can describe.
    #[error("the package.json files of all versions of {} have more than {} bytes", Untrusted(.0), limits::DOCUMENT_BYTES)]
    TooLarge(String),
    /// Two packages would have one file.
    #[error("{one} and {other} need the same name: {}", Untrusted(name))]
    SameName {
        /// One package.
        one: String,
        /// The other.
        other: String,
        /// The file, or the address that both are asked for by.
        name: String,
    },
    /// No file can have this name.
    #[error("{} cannot be the name of a file", Untrusted(.0))]
    Name(String),
    /// It was told to stop.
    #[error("interrupted")]
    Interrupted,
}

impl InstallError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Exists(_) => "nothing is overwritten: name another folder, or remove this one",
            Self::File(error) => return error.hint(),
            Self::Archive(error) => return error.hint(),
            Self::SameName { .. } => "seal the two packages into separate archives",
            Self::TooLarge(_) => "seal its versions into separate archives",
            Self::Tarball { .. } | Self::Manifest(_) => {
                "seal the archive again, without this package"
            }
            Self::Name(_) => "`--for files` writes it under another name",
            Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Exists(_) => Some("folder-exists"),
            Self::Archive(error) => Some(error.code()),
            Self::Tarball { error, .. } => Some(error.code()),
            Self::SameName { .. } => Some("same-name"),
            Self::TooLarge(_) => Some("packument-too-large"),
            Self::Name(_) => Some("file-name"),
            Self::Interrupted => Some("interrupted"),
            Self::Manifest(error) => Some(error.code()),
            Self::File(_) => None,
        }
    }

    /// Whether something was examined and refused, or could not be done.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Archive(error) => error.is_refusal(),
            Self::Tarball { .. } | Self::Manifest(_) => true,
            _ => false,
        }
    }
}
