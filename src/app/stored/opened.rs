//! Reads a stored report from a file: bare, or in a DSSE envelope that somebody has signed.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{SCHEMA, StoredReport};
use crate::{
    adapters::{
        files::{self, FileError},
        keys::{self, KeyError},
    },
    app::{outputs::OutputError, statement::StatementWriteError},
    core::{
        archive::dsse::{Envelope, EnvelopeError},
        limits,
    },
};

/// The payload type of a report.
pub const PAYLOAD_TYPE: &str = "application/vnd.sealift.report+json";

/// A report, and where it comes from.
#[derive(Debug)]
pub struct Opened {
    /// The report.
    pub report: StoredReport,
    /// Where it comes from.
    pub source: Source,
}

/// Where a report comes from, and so who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The verification of this run.
    Verification,
    /// The verification with which `bundle serve` began.
    Serving,
    /// A file that nobody has signed.
    Unsigned,
    /// A signed file. No key was given, so that the signatures were not verified.
    Unchecked {
        /// Who is said to have signed: fingerprints.
        claimed: Vec<String>,
    },
    /// A signed file, and these keys have signed it.
    Signed {
        /// Their fingerprints.
        keys: Vec<String>,
    },
}

/// Why a report was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is not JSON, or has not what a report has.
    #[error("{} is not a report of sealift: {why}", file.display())]
    NotAReport {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It is an envelope in another form than sealift writes.
    #[error("{}: {why}", file.display())]
    Envelope {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: EnvelopeError,
    },
    /// A key was given, and nobody has signed.
    #[error("nobody has signed the report {}", .0.display())]
    Unsigned(PathBuf),
    /// None of the given keys has signed it.
    #[error("{}: no given key has signed the report: {why}", file.display())]
    Signature {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: EnvelopeError,
    },
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] StatementWriteError),
    /// A key was given, and no report that it signs is asked for.
    #[error("--report-key signs the JSON report alone")]
    KeyWithoutJson,
    /// It cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl ReportError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Output(error) => return error.hint(),
            Self::File(error) => return error.hint(),
            Self::Key(error) => return error.hint(),
            Self::Sign(error) => return error.hint(),
            Self::NotAReport { .. } | Self::Envelope { .. } => {
                "`sealift bundle verify --report json=FILE` writes a report"
            }
            Self::KeyWithoutJson => "add --report json=FILE",
            Self::Unsigned(_) => {
                "without --key it is rendered, and says at the top that nobody has signed it"
            }
            Self::Signature { .. } => {
                "give the public key of who signed it; without --key it is rendered, and says at the top \
                 that its signature was not verified"
            }
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::File(_) | Self::Output(_) | Self::KeyWithoutJson => None,
            Self::Key(error) => error.code(),
            Self::Sign(error) => error.code(),
            Self::NotAReport { .. } | Self::Envelope { .. } => Some("report-file"),
            Self::Unsigned(_) => Some("report-unsigned"),
            Self::Signature { .. } => Some("report-signature"),
        }
    }

    /// Whether a signature was examined and refused, or the report could not be read or written.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Unsigned(_) | Self::Signature { .. })
    }
}

/// Reads a report from a file, or from standard input where that is `-`. If keys are given, one of them must
/// have signed it.
///
/// # Errors
/// When the file or a key cannot be read, it is not a report, or none of the keys has signed it.
pub fn open(file: &Path, keys: &[PathBuf]) -> Result<Opened, ReportError> {
    let keys = keys.iter().map(|key| keys::load_public(key)).collect::<Result<Vec<_>, _>>()?;
    let bytes = files::read_input(file, limits::SIGNED_REPORT_BYTES)?;
    let (named, bytes) = (file, bytes.trim_ascii());
    let file = || named.to_owned();
    let refused = |why: String| ReportError::NotAReport { file: file(), why };
    let Kind { schema, payload_type } =
        serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))?;
    let Some(payload_type) = payload_type else {
        if !keys.is_empty() {
            return Err(ReportError::Unsigned(file()));
        }
        return Ok(Opened { report: report(bytes, schema, named)?, source: Source::Unsigned });
    };
    if payload_type != PAYLOAD_TYPE {
        return Err(refused(format!(
            "it is an envelope with a payload of the type {payload_type:?}"
        )));
    }
    let envelope = Envelope::parse_of(PAYLOAD_TYPE, bytes)
        .map_err(|why| ReportError::Envelope { file: file(), why })?;
    let source = if keys.is_empty() {
        Source::Unchecked { claimed: envelope.claimed_keyids().map(str::to_owned).collect() }
    } else {
        let verified = envelope.verify(&keys, 1);
        let verified = verified.map_err(|why| ReportError::Signature { file: file(), why })?;
        Source::Signed { keys: verified.into_signers() }
    };
    let payload = envelope.payload_unverified();
    let kind: Kind = serde_json::from_slice(payload).map_err(|error| refused(error.to_string()))?;
    Ok(Opened { report: report(payload, kind.schema, named)?, source })
}

/// What tells a report from an envelope, and from all else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    schema: Option<String>,
    payload_type: Option<String>,
}

fn report(bytes: &[u8], schema: Option<String>, file: &Path) -> Result<StoredReport, ReportError> {
    let refused = |why| ReportError::NotAReport { file: file.to_owned(), why };
    if bytes.len() as u64 > limits::REPORT_BYTES {
        let (path, max) = (file.to_owned(), limits::REPORT_BYTES);
        return Err(FileError::TooLarge { path, max }.into());
    }
    match schema.as_deref() {
        Some(SCHEMA) => {}
        Some(other) => return Err(refused(format!("its schema is {other:?}, and not {SCHEMA:?}"))),
        None => return Err(refused("it has no schema".to_owned())),
    }
    serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))
}
