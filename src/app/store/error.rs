//! Why a store was not judged, indexed or searched.

use std::path::PathBuf;

use super::FindError;
use crate::{
    adapters::{files::FileError, keys::KeyError},
    app::verify::VerifyError,
    core::{
        limits,
        store::{FILE, QueryError, RowError},
    },
};

/// Why a store was not judged, indexed or searched.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveStoreError {
    /// The index cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The archives were not found.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A key that may sign reports cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The demands cannot be used.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A build's lockfile was given for many archives.
    #[error("a lockfile belongs to one build, but {} is a folder of archives", .0.display())]
    Lockfile(PathBuf),
    /// A statement or a report in a file was asked for, about many archives.
    #[error("statements and reports in files are about one archive, and {} is a folder of archives", .0.display())]
    OneArchive(PathBuf),
    /// The policy demands a build's lockfile.
    #[error("the policy demands a build's lockfile, and {} is a folder of archives", .0.display())]
    LockfileRequired(PathBuf),
    /// There is no index.
    #[error("{}: there is no index ({FILE})", .0.display())]
    NoIndex(PathBuf),
    /// A line of the index is not a row.
    #[error("{}: line {line}: {error}", path.display())]
    Row {
        /// The index.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        error: RowError,
    },
    /// A line of the index is longer than any row.
    #[error("{}: line {line}: it has more than {max} bytes", path.display(), max = limits::STORE_LINE_BYTES)]
    Line {
        /// The index.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// Rows are missing, are there twice, or contradict each other.
    #[error("{}: line {line}: {why}", path.display())]
    Broken {
        /// The index.
        path: PathBuf,
        /// The line at which it shows, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// The query asks for nothing.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl ArchiveStoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let anew = |path: &PathBuf| {
            let folder = path.parent().unwrap_or(path);
            format!("write it anew with `sealift bundle index {}`", folder.display())
        };
        Some(match self {
            Self::File(error) => return error.hint(),
            Self::Verify(error) => return error.hint(),
            Self::Find(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::Lockfile(_) => "leave --lockfile out, or verify the archive of that build".into(),
            Self::OneArchive(_) => "verify the archive that they are about; --format json prints the verdicts on all".into(),
            Self::LockfileRequired(_) => {
                "verify each archive with the lockfile of its build, or use a policy without \
                 `lockfile = \"required\"`"
                    .into()
            }
            Self::NoIndex(folder) => format!("make it with `sealift bundle index {}`", folder.display()),
            Self::Row { path, .. } | Self::Line { path, .. } | Self::Broken { path, .. } => anew(path),
            Self::Query(_) => {
                "ask for pkg:npm/left-pad@1.3.0, npm:left-pad or left-pad@1.3.0; for the address of a \
                 repository or a workflow, with https://; or for a key, SHA256:…"
                    .into()
            }
        })
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Find(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::NoIndex(_) => Some("no-index"),
            Self::Row { .. } | Self::Line { .. } | Self::Broken { .. } => Some("malformed-index"),
            Self::Query(_) => Some("malformed-query"),
            Self::Lockfile(_) | Self::LockfileRequired(_) => Some("lockfile-of-store"),
            Self::OneArchive(_) => Some("one-archive"),
            Self::File(_) => None,
        }
    }
}
