//! A TUF repository in a folder, laid out as published: metadata at the top, `targets/` below.
#![allow(clippy::disallowed_methods)] // reads the files of a repository

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use crate::{
    adapters::files::{self, FileError},
    core::tuf::Repository,
};

/// A repository in a folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The repository in `path`.
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    fn read(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, FileError> {
        match files::read(&self.path.join(name), max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Repository for Folder {
    type Error = FileError;

    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, FileError> {
        self.read(name, max)
    }

    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, FileError> {
        self.read(&format!("targets/{path}"), max)
    }
}
