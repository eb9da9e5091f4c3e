//! A file that could not be read or written.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{OTHER_USER, WRITABLE};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted: `read`, `write`, …
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Larger than anything of its kind.
    #[error("{} is larger than {max} bytes", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit, in bytes.
        max: u64,
    },
    /// A folder with more in it than anything of its kind.
    #[error("{} holds more than {max} files", path.display())]
    TooMany {
        /// The path.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// A file or folder that somebody else can change.
    #[error("{} {why}", path.display())]
    NotOurs {
        /// The path.
        path: PathBuf,
        /// Why: `belongs to another user`, …
        why: &'static str,
    },
    /// There is a file already, and it is not ours to overwrite.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
}

impl FileError {
    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotOurs { path, why: OTHER_USER } => Some(format!(
                "make it yours with `chown`, or use a copy: {} decides what is signed and trusted",
                path.display()
            )),
            Self::NotOurs { path, why: WRITABLE } => Some(format!("chmod go-w {}", path.display())),
            _ => None,
        }
    }

    /// Wraps what the system said.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}
