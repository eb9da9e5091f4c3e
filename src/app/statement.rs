//! Writes statements: bare, or in a DSSE envelope that a key signs.
//!
//! A statement never replaces a file. So it replaces no input, and no statement of an earlier run stays
//! under the name of a run that failed.

use std::{
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::{
    keys::{self, KeyError},
    news::Listener,
};
use crate::{
    adapters::files::{self, FileError},
    core::{
        archive::{
            dsse::{self, EnvelopeError},
            key::SigningKey,
        },
        statement::Statement,
    },
};

/// The payload type of an in-toto statement.
pub use crate::core::archive::dsse::PAYLOAD_TYPE;

/// Why no statement was written.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The file cannot be written, or is there already.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Standard output has the result of the command.
    #[error("a statement cannot be written to standard output, which has the result")]
    StandardOutput,
    /// Two statements would be one file.
    #[error("two statements cannot be written to one file, {}", .0.display())]
    SameFile(PathBuf),
}

impl StatementError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(FileError::Exists(_)) => {
                "a statement never replaces a file: name another file, or remove that one"
            }
            Self::File(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::Envelope(_) => return None,
            Self::StandardOutput => "name a file, which must not be there yet",
            Self::SameFile(_) => "name another file for one of them",
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.code(),
            Self::Envelope(error) => Some(error.code()),
            Self::File(_) | Self::StandardOutput | Self::SameFile(_) => None,
        }
    }
}

/// Signs a payload of any type. Returns the JSON of the DSSE envelope.
///
/// # Errors
/// When the system gives no randomness, which ECDSA needs.
pub fn sign(
    payload_type: &'static str,
    payload: &[u8],
    key: &SigningKey,
) -> Result<Vec<u8>, StatementError> {
    Ok(dsse::sign(payload_type, payload, key)?)
}

/// Writes statements. What can be checked before the work begins, was.
#[derive(Debug)]
pub struct Writer {
    key: Option<SigningKey>,
}

impl Writer {
    /// Reads the key, and finds out whether each of the files can be written.
    ///
    /// # Errors
    /// When the key cannot be used, or a file is there already or cannot be written.
    pub fn prepare(
        files: &[&Path],
        key: Option<&Path>,
        listener: &mut dyn Listener,
    ) -> Result<Self, StatementError> {
        for (at, file) in files.iter().enumerate() {
            if file.as_os_str() == "-" {
                return Err(StatementError::StandardOutput);
            }
            if files::is_there(file) {
                return Err(FileError::Exists(file.to_path_buf()).into());
            }
            drop(files::temporary(file)?);
            if files.iter().take(at).any(|other| files::is_same_place(file, other)) {
                return Err(StatementError::SameFile(file.to_path_buf()));
            }
        }
        Ok(Self { key: key.map(|key| keys::signing(key, listener)).transpose()? })
    }

    /// Fills a file with statements, each on a line of its own. It has no name yet.
    ///
    /// # Errors
    /// When a statement cannot be signed, or the file cannot be written.
    pub fn fill<P: Serialize>(
        &self,
        file: &Path,
        statements: impl IntoIterator<Item = Statement<P>>,
    ) -> Result<Filled, StatementError> {
        let failed = |error| FileError::io("write", file, error);
        let temporary = files::temporary(file)?;
        let mut out = BufWriter::new(temporary.as_file());
        for statement in statements {
            let bare = statement.to_json();
            let line = match &self.key {
                Some(key) => sign(PAYLOAD_TYPE, &bare, key)?,
                None => bare,
            };
            out.write_all(&line).and_then(|()| out.write_all(b"\n")).map_err(failed)?;
        }
        out.flush().map_err(failed)?;
        drop(out);
        Ok(Filled { temporary, file: file.to_owned() })
    }
}

/// A file that was filled and has no name yet. If it is dropped, it is removed.
#[derive(Debug)]
pub struct Filled {
    temporary: NamedTempFile,
    file: PathBuf,
}

impl Filled {
    /// Gives the file its name.
    ///
    /// # Errors
    /// When something has this name by now, or the system refuses.
    pub fn keep(self) -> Result<(), StatementError> {
        Ok(files::persist_new(self.temporary, &self.file)?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)] // a test reads files

    use super::*;
    use crate::app::Silent;

    #[test]
    fn a_file_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        let writer = Writer::prepare(&[&file], None, &mut Silent).unwrap();
        let statement = || [Statement::about(vec![], "urn:x", 1)];
        let filled = writer.fill(&file, statement()).unwrap();
        std::fs::write(&file, "mine").unwrap();
        let kept = filled.keep();
        assert!(matches!(kept, Err(StatementError::File(FileError::Exists(_)))), "{kept:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        std::fs::remove_file(&file).unwrap();
        drop(writer.fill(&file, statement()).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
