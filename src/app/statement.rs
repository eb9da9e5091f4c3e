//! Writes statements: bare, or in a DSSE envelope that a key signs.

use std::path::Path;

use serde::Serialize;

use super::{
    keys::{self, KeyError},
    news::Listener,
    outputs::{Filled, OutputError},
};
use crate::core::{
    archive::{
        dsse::{self, EnvelopeError},
        key::SigningKey,
    },
    statement::Statement,
};

/// The payload type of an in-toto statement.
pub use crate::core::archive::dsse::PAYLOAD_TYPE;

/// Why no statement was written.
#[derive(Debug, thiserror::Error)]
pub enum StatementWriteError {
    /// The file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl StatementWriteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Output(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Envelope(_) => None,
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Key(error) => error.code(),
            Self::Envelope(error) => Some(error.code()),
            Self::Output(_) => None,
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
) -> Result<Vec<u8>, StatementWriteError> {
    Ok(dsse::sign(payload_type, payload, key)?)
}

/// Writes statements.
#[derive(Debug)]
pub struct Writer {
    key: Option<SigningKey>,
}

impl Writer {
    /// Reads the key.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn new(
        key: Option<&Path>,
        listener: &mut dyn Listener,
    ) -> Result<Self, StatementWriteError> {
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
    ) -> Result<Filled, StatementWriteError> {
        Filled::with(
            file,
            statements.into_iter().map(|statement| {
                let bare = statement.to_json();
                let mut line = match &self.key {
                    Some(key) => sign(PAYLOAD_TYPE, &bare, key)?,
                    None => bare,
                };
                line.push(b'\n');
                Ok(line)
            }),
        )
    }
}
