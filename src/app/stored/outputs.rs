//! Writes reports into files.
//!
//! A report never replaces a file. So it replaces no input, and no report of an earlier run stays under the
//! name of a run that failed.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use super::{PAYLOAD_TYPE, ReportError};
use crate::{
    adapters::files::{self, FileError},
    app::{keys, news::Listener, statement},
    core::archive::key::SigningKey,
};

/// Files that reports will be written to. What can be checked before the work begins, was.
#[derive(Debug)]
pub struct Outputs {
    files: Vec<PathBuf>,
    key: Option<SigningKey>,
}

impl Outputs {
    /// Reads the key, and finds out whether each of the files can be written.
    ///
    /// # Errors
    /// When the key cannot be used, or a file is there already or cannot be written.
    pub fn prepare(
        files: Vec<PathBuf>,
        key: Option<&Path>,
        listener: &mut dyn Listener,
    ) -> Result<Self, ReportError> {
        for (at, file) in files.iter().enumerate() {
            if file.as_os_str() == "-" {
                return Err(ReportError::StandardOutput);
            }
            if files::is_there(file) {
                return Err(FileError::Exists(file.clone()).into());
            }
            drop(files::temporary(file)?);
            if files.iter().take(at).any(|other| files::is_same_place(file, other)) {
                return Err(ReportError::SameFile(file.clone()));
            }
        }
        let key = key.map(|key| keys::signing(key, listener)).transpose()?;
        Ok(Self { files, key })
    }

    /// The JSON of a report: in an envelope, if there is a key.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn sign(&self, json: Vec<u8>) -> Result<Vec<u8>, ReportError> {
        let Some(key) = &self.key else { return Ok(json) };
        let mut envelope = statement::sign(PAYLOAD_TYPE, &json, key)?;
        envelope.push(b'\n');
        Ok(envelope)
    }

    /// Writes every file, or none.
    ///
    /// # Errors
    /// When one cannot be written, or is there by now.
    pub fn write(&self, contents: &[Vec<u8>]) -> Result<(), ReportError> {
        let mut ready = Vec::new();
        for (file, bytes) in self.files.iter().zip(contents) {
            let mut temporary = files::temporary(file)?;
            let written = temporary.write_all(bytes);
            written.map_err(|source| FileError::io("write", file, source))?;
            ready.push((temporary, file));
        }
        let mut written = Vec::new();
        for (temporary, file) in ready {
            if let Err(error) = files::persist_new(temporary, file) {
                written.into_iter().for_each(files::remove);
                return Err(error.into());
            }
            written.push(file);
        }
        Ok(())
    }
}
