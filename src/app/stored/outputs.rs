//! Writes reports into files.

use std::path::{Path, PathBuf};

use super::{PAYLOAD_TYPE, ReportError};
use crate::{
    app::{
        keys,
        news::Listener,
        outputs::{self, Filled},
        statement,
    },
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
        outputs::check(files.iter().map(PathBuf::as_path))?;
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

    /// Fills the files. They have no names yet.
    ///
    /// # Errors
    /// When one cannot be written.
    pub fn fill(&self, contents: Vec<Vec<u8>>) -> Result<Vec<Filled>, ReportError> {
        let files = self.files.iter().zip(contents);
        files.map(|(file, bytes)| Filled::with(file, [Ok(bytes)])).collect()
    }
}
