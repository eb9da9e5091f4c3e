//! Reads advisories from where they are published: a folder of files, a ZIP file of them, or the
//! address of such a file.
//!
//! Hands on the bytes of each. Which of them are advisories, and whom they concern, is not decided here.

mod download;
mod folder;
mod zip;

use std::path::{Path, PathBuf};

use url::Url;

use super::{
    files::FileError,
    network::{Network, NetworkError},
};
use crate::core::limits;

/// What to do where there are no advisories.
pub const HINT: &str =
    "--advisories takes a folder of OSV records, a ZIP file of them, or the address of such a file";

/// Where advisories are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdvisorySource {
    /// A folder, with all folders below it.
    Folder(PathBuf),
    /// A ZIP file.
    Zip(PathBuf),
    /// The address of a ZIP file.
    Address(Url),
}

/// One file of a source: its name there, and its bytes, or why it is not read.
pub struct AdvisoryFile<'a> {
    /// The name.
    pub name: &'a str,
    /// The bytes.
    pub bytes: Result<Vec<u8>, String>,
}

/// Why a source was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The system said no.
    #[error(transparent)]
    File(#[from] FileError),
    /// The address could not be had.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Nothing is at the address.
    #[error("{address} answers with status {status}")]
    NotThere {
        /// The address, without credentials.
        address: String,
        /// The status.
        status: u16,
    },
    /// Not a ZIP file that can be read.
    #[error("{from} is not a ZIP file of advisories: {reason}")]
    Zip {
        /// The file or the address.
        from: String,
        /// What is wrong.
        reason: String,
    },
    /// More than a source can have.
    #[error("{from} has more than {max} {what}")]
    TooMuch {
        /// The folder, file or address.
        from: String,
        /// Of what.
        what: &'static str,
        /// The limit.
        max: u64,
    },
}

impl SourceError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::NotThere { .. } | Self::Zip { .. } => Some(HINT.to_owned()),
            Self::Network(_) | Self::TooMuch { .. } => None,
        }
    }
}

impl AdvisorySource {
    /// Hands on every file of the source whose name ends in `.json`, and every symbolic link. A download goes through a
    /// temporary file beside `output`.
    ///
    /// # Errors
    /// When the source cannot be read to its end, or `take` fails.
    pub fn read<E: From<SourceError>>(
        &self,
        network: &Network,
        output: &Path,
        take: &mut dyn FnMut(AdvisoryFile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Folder(folder) => folder::read(folder, take),
            Self::Zip(path) => {
                let (mut file, _) =
                    super::files::open_regular(path, true).map_err(SourceError::File)?;
                zip::read(&mut file, &path.display().to_string(), take)
            }
            Self::Address(url) => {
                let from = crate::core::addresses::anonymous(url).to_string();
                let temporary = download::download(network, url, output)?;
                let mut file = temporary
                    .reopen()
                    .map_err(|error| FileError::io("read", temporary.path(), error))
                    .map_err(SourceError::File)?;
                zip::read(&mut file, &from, take)
            }
        }
    }
}

/// Whether a file is looked at.
fn is_record(name: &str) -> bool {
    let end = name.len().saturating_sub(ENDING.len());
    name.as_bytes().get(end..).is_some_and(|end| end.eq_ignore_ascii_case(ENDING.as_bytes()))
}

/// How the names of records end, in upper or lower case.
const ENDING: &str = ".json";

/// How much a source has had so far.
struct Totals<'a> {
    from: &'a str,
    records: usize,
    bytes: u64,
}

impl<'a> Totals<'a> {
    fn new(from: &'a str) -> Self {
        Self { from, records: 0, bytes: 0 }
    }

    fn add(&mut self, bytes: u64) -> Result<(), SourceError> {
        self.records = self.records.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        let max = limits::SOURCE_ADVISORIES;
        if self.records > max {
            return Err(too_much(self.from, "files", max as u64));
        }
        if self.bytes > limits::SOURCE_CONTENT_BYTES {
            return Err(too_much(self.from, "bytes", limits::SOURCE_CONTENT_BYTES));
        }
        Ok(())
    }
}

fn too_much(from: &str, what: &'static str, max: u64) -> SourceError {
    SourceError::TooMuch { from: from.to_owned(), what, max }
}

/// Why a file is not read that is larger than any advisory.
fn too_large() -> String {
    format!("it is larger than {} bytes", limits::ADVISORY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_too_much(totals: &mut Totals<'_>, bytes: u64, what: &str, max: u64) {
        let error = totals.add(bytes).unwrap_err();
        let expected = format!("osv has more than {max} {what}");
        assert!(
            matches!(error, SourceError::TooMuch { .. }) && error.to_string() == expected,
            "{error}"
        );
    }

    #[test]
    fn rejects_a_source_with_more_files_or_bytes_than_the_limit() {
        let mut totals = Totals::new("osv");
        for _ in 0..limits::SOURCE_ADVISORIES {
            totals.add(0).unwrap();
        }
        assert_too_much(&mut totals, 0, "files", limits::SOURCE_ADVISORIES as u64);
        let mut totals = Totals::new("osv");
        totals.add(limits::SOURCE_CONTENT_BYTES).unwrap();
        assert_too_much(&mut totals, 1, "bytes", limits::SOURCE_CONTENT_BYTES);
    }
}
