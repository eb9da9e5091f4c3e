//! The archive file: strict reader, deterministic writer.
//!
//! A ZIP that any `unzip` opens, of which the reader accepts one form only
//! (`man/sealift-archive.5`). The writer uses the `zip` crate and the reader a parser of its own,
//! so that each checks the other.
//!
//! [`Archive::open`] → [`Archive::verify_signatures`] → [`SignedArchive`], which hands out the entries
//! that are the ones the signers listed. The rules of each ecosystem judge the evidence in them
//! ([`crate::core::rules`]).

mod archive_file;
mod pass;
mod pieces;
mod reader;
mod writer;
mod zip_index;

use std::path::PathBuf;

pub use pieces::PIECE;
pub use reader::{Archive, SignedArchive, Unverified};
pub use writer::{Content, WriteError, reseal, seal};
pub use zip_index::{Field, ZipError};

use crate::{
    adapters::files::FileError,
    core::{
        archive::{
            dsse::EnvelopeError,
            manifest::{self, ManifestError},
        },
        limits,
        package::digest::Digest,
        recall,
        text::Untrusted,
    },
};

/// Why an archive was refused, or could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file could not be read: nothing is said about the archive.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder, a pipe or a device.
    #[error("{} is not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// Not a ZIP file of the one form.
    #[error("not a sealift archive: {0}")]
    Zip(#[from] ZipError),
    /// The envelope is malformed, or the expected keys did not sign it.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// More than [`limits::ENVELOPE_BYTES`].
    #[error("the envelope has {0} bytes, more than {max}", max = limits::ENVELOPE_BYTES)]
    EnvelopeSize(u64),
    /// More than [`limits::UNVERIFIED_MANIFEST_BYTES`], and nobody's signature was verified.
    #[error(
        "the manifest has {0} bytes; without a verified signature at most {max} are shown",
        max = limits::UNVERIFIED_MANIFEST_BYTES
    )]
    UnverifiedManifestSize(usize),
    /// The manifest is malformed or does not hold together.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// An entry that the manifest does not list.
    #[error("the archive holds {0:?}, which its manifest does not list")]
    NotListed(String),
    /// A listed entry that is not there.
    #[error("the manifest lists {0:?}, which the archive does not hold")]
    Missing(String),
    /// An entry of another size than listed.
    #[error("{name:?} has {found} bytes, the manifest says {expected}")]
    Size {
        /// The entry.
        name: String,
        /// What the manifest says.
        expected: u64,
        /// What the archive holds.
        found: u64,
    },
    /// An entry whose bytes are not those listed.
    #[error("the bytes of {name:?} are not those that the manifest lists, {expected}")]
    Digest {
        /// The entry.
        name: String,
        /// What the manifest says.
        expected: Digest,
    },
    /// An entry whose bytes do not fit the checksum of the ZIP.
    #[error("the checksum of {0:?} does not fit its bytes")]
    Checksum(String),
    /// An entry larger than anything of its kind.
    #[error("{name:?} has {size} bytes, at most {max} are accepted")]
    TooLarge {
        /// The entry.
        name: String,
        /// Its size.
        size: u64,
        /// The limit of its kind.
        max: u64,
    },
    /// A name that was asked for and that the archive does not have.
    #[error("the archive has no entry {0:?}")]
    NoSuchEntry(String),
}

impl ArchiveError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::NotAFile(_) => "not-a-file",
            Self::Zip(error) => error.code(),
            Self::Envelope(error) => error.code(),
            Self::EnvelopeSize(_) => "envelope-size",
            Self::UnverifiedManifestSize(_) => "manifest-unverified-size",
            Self::Manifest(error) => error.code(),
            Self::NotListed(_) => "entry-not-listed",
            Self::Missing(_) => "entry-missing",
            Self::Size { .. } => "entry-size",
            Self::Digest { .. } => "entry-digest",
            Self::Checksum(_) => "entry-checksum",
            Self::TooLarge { .. } => "entry-too-large",
            Self::NoSuchEntry(_) => "no-such-entry",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Zip(_) => Some(
                "is it the file that was sealed, and all of it? compare its SHA-256 on both sides"
                    .into(),
            ),
            Self::Envelope(EnvelopeError::TooFewSigners { others, claimed, .. }) => Some(format!(
                "the archive names the signers {}; of the keys that --key names, {} did not sign it",
                Untrusted(&claimed.join(", ")),
                others.join(", "),
            )),
            Self::Manifest(ManifestError::PredicateType(found)) if found == recall::RECALL_TYPE => {
                Some(
                    "it is a recall: give it to `sealift recall apply`, with archives after it"
                        .into(),
                )
            }
            Self::Manifest(ManifestError::PredicateType(found))
                if found == manifest::PREDICATE_TYPE =>
            {
                Some("it is an archive: `sealift recall fetch` makes a recall".into())
            }
            Self::UnverifiedManifestSize(_) => Some(
                "verify it with `sealift bundle verify --key FILE`: what trusted keys signed may \
                 be larger"
                    .into(),
            ),
            Self::Envelope(EnvelopeError::Signature(_))
            | Self::NotListed(_)
            | Self::Missing(_)
            | Self::Size { .. }
            | Self::Digest { .. }
            | Self::Checksum(_) => Some(
                "it was damaged or changed after it was sealed: carry it across anew, and find \
                 out where that happened"
                    .into(),
            ),
            _ => None,
        }
    }

    /// Whether the archive was examined and refused, or could not be examined at all.
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::File(_)
                | Self::NotAFile(_)
                | Self::NoSuchEntry(_)
                | Self::UnverifiedManifestSize(_)
                | Self::Envelope(EnvelopeError::Threshold { .. } | EnvelopeError::Random)
        )
    }
}
