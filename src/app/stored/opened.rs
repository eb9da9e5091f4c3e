//! Reads a stored report from a file: bare, or in a DSSE envelope that somebody has signed.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{SCHEMA, StoredReport};
use crate::{
    adapters::files::{self, FileError},
    app::{
        keys::{self, KeyError},
        outputs::OutputError,
        statement::StatementWriteError,
    },
    core::{
        archive::{
            dsse::{self, Envelope, EnvelopeError},
            key::PublicKey,
        },
        limits,
        store::check_json,
    },
};

/// The payload type of a report.
pub const PAYLOAD_TYPE: &str = "application/vnd.sealift.report+json";

/// A report, and where it comes from.
#[derive(Debug)]
pub struct OpenedReport {
    /// The report.
    pub report: StoredReport,
    /// Where it comes from.
    pub origin: ReportOrigin,
}

/// Where a report comes from, and so who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportOrigin {
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
pub fn open(file: &Path, keys: &[PathBuf]) -> Result<OpenedReport, ReportError> {
    let keys = keys::load_all_public(keys)?;
    let bytes = files::read_input(file, limits::SIGNED_REPORT_BYTES)?;
    let content = ReportContent::parse(&bytes, file)?;
    let origin = match &content {
        ReportContent::Bare(..) if !keys.is_empty() => {
            return Err(ReportError::Unsigned(file.to_owned()));
        }
        ReportContent::Bare(..) => ReportOrigin::Unsigned,
        ReportContent::Envelope(envelope) if keys.is_empty() => unchecked(envelope),
        ReportContent::Envelope(envelope) => {
            let verified = envelope.verify(&keys, 1).map_err(|why| {
                let file = file.to_owned();
                ReportError::Signature { file, why }
            })?;
            ReportOrigin::Signed { keys: verified.into_signers() }
        }
    };
    Ok(OpenedReport { report: content.report(file, limits::REPORT_VALUES)?, origin })
}

/// Reads a report that lies in a folder, signed or not. If one of the keys has signed it, that is noted.
///
/// # Errors
/// As [`parse`], and when the file cannot be read.
pub fn open_found(file: &Path, keys: &[PublicKey]) -> Result<OpenedReport, ReportError> {
    parse(&files::read_unlinked(file, limits::SIGNED_REPORT_BYTES)?, file, keys)
}

/// Parses a report of a folder, signed or not. If one of the keys has signed it, that is noted. `file` is named in
/// errors.
///
/// # Errors
/// When it is not a report, or names one of the keys as a signer and that key did not sign it.
pub fn parse(bytes: &[u8], file: &Path, keys: &[PublicKey]) -> Result<OpenedReport, ReportError> {
    let content = ReportContent::parse(bytes, file)?;
    let origin = match &content {
        ReportContent::Bare(..) => ReportOrigin::Unsigned,
        ReportContent::Envelope(envelope) => match envelope.verify(keys, 1) {
            Ok(verified) => ReportOrigin::Signed { keys: verified.into_signers() },
            Err(why @ EnvelopeError::Signature(_)) => {
                return Err(ReportError::Signature { file: file.to_owned(), why });
            }
            Err(_) => unchecked(envelope),
        },
    };
    Ok(OpenedReport { report: content.report(file, limits::FOUND_REPORT_VALUES)?, origin })
}

/// Whether a file starts as a stored report does: with its schema, or with the payload type of its envelope. One
/// that cannot be read may be one.
pub fn may_be_report(file: &Path) -> bool {
    match files::read_start(file, limits::REPORT_START_BYTES) {
        Ok(start) => starts_as_report(&start),
        Err(error) => !error.is_not_found(),
    }
}

fn starts_as_report(start: &[u8]) -> bool {
    let dense: Vec<u8> = start.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bare = br#"{"schema":"sealift-report/"#;
    dense.starts_with(bare) || dense.starts_with(dsse::head(PAYLOAD_TYPE).as_bytes())
}

/// A signed file without a key to verify it with.
fn unchecked(envelope: &Envelope) -> ReportOrigin {
    ReportOrigin::Unchecked { claimed: envelope.claimed_keyids().map(str::to_owned).collect() }
}

/// What a file holds.
enum ReportContent<'a> {
    /// The report, and the schema that it gives.
    Bare(&'a [u8], Option<String>),
    /// An envelope, whose payload it is.
    Envelope(Envelope),
}

impl<'a> ReportContent<'a> {
    fn parse(bytes: &'a [u8], file: &Path) -> Result<Self, ReportError> {
        let bytes = bytes.trim_ascii();
        let FirstLook { schema, payload_type } = FirstLook::at(bytes, file)?;
        match payload_type.as_deref() {
            None => Ok(Self::Bare(bytes, schema)),
            Some(PAYLOAD_TYPE) => {
                let envelope = Envelope::parse_of(PAYLOAD_TYPE, bytes);
                let envelope = envelope.map_err(|why| {
                    let file = file.to_owned();
                    ReportError::Envelope { file, why }
                })?;
                Ok(Self::Envelope(envelope))
            }
            Some(other) => {
                let why = format!("it is an envelope with a payload of the type {other:?}");
                Err(ReportError::NotAReport { file: file.to_owned(), why })
            }
        }
    }

    /// The report, once its signature has been looked at.
    fn report(self, file: &Path, values: usize) -> Result<StoredReport, ReportError> {
        let bytes = match &self {
            Self::Bare(bytes, _) => bytes,
            Self::Envelope(envelope) => envelope.payload_unverified(),
        };
        let refused = |why| ReportError::NotAReport { file: file.to_owned(), why };
        if bytes.len() as u64 > limits::REPORT_BYTES {
            let (path, max) = (file.to_owned(), limits::REPORT_BYTES);
            return Err(FileError::TooLarge { path, max }.into());
        }
        check_json(bytes, values).map_err(refused)?;
        let schema = match &self {
            Self::Bare(_, schema) => schema.clone(),
            Self::Envelope(_) => FirstLook::at(bytes, file)?.schema,
        };
        match schema.as_deref() {
            Some(SCHEMA) => {}
            Some(other) => {
                return Err(refused(format!("its schema is {other:?}, and not {SCHEMA:?}")));
            }
            None => return Err(refused("it has no schema".to_owned())),
        }
        serde_json::from_slice(bytes).map_err(|error| refused(error.to_string()))
    }
}

/// What tells a report from an envelope, and from all else.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FirstLook {
    schema: Option<String>,
    payload_type: Option<String>,
}

impl FirstLook {
    fn at(bytes: &[u8], file: &Path) -> Result<Self, ReportError> {
        serde_json::from_slice(bytes).map_err(|error| ReportError::NotAReport {
            file: file.to_owned(),
            why: error.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_known_by_its_first_member() {
        for text in [
            r#"{"schema":"sealift-report/1","tool":"#,
            " {\n  \"schema\": \"sealift-report/2\"",
            r#"{"payloadType":"application/vnd.sealift.report+json","payload":"aaaa"#,
        ] {
            assert!(starts_as_report(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "{}",
            r#"["schema":"sealift-report/1"]"#,
            r#"{"a":1,"schema":"sealift-report/1"}"#,
            r#"{"schema":"sealift-verify-store/1"}"#,
            r#"{"payloadType":"application/vnd.in-toto+json","payload":"#,
            r#"{"kind":"index","schema":"sealift-index/1"}"#,
        ] {
            assert!(!starts_as_report(text.as_bytes()), "{text}");
        }
    }
}
