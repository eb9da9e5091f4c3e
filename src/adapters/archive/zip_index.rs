//! The index of the ZIP file: headers and directory, in the one form that the archive has.
//!
//! Numbers of sections are those of PKWARE's APPNOTE.TXT 6.3. Every byte of the file is accounted
//! for: local headers and data lie back to back from the first byte on, then comes the central
//! directory, then the end records, then nothing. The reader never searches for a record. It reserves no
//! memory for a size that a header claims, except for a name (16 bits).

use std::io::{BufReader, Read};

use crate::{
    adapters::archive::{ArchiveError, archive_file::ArchiveFile},
    core::{
        archive::entry_name::{self, NameError},
        limits,
    },
};

mod end;
mod headers;
mod record;

use end::End;
use headers::{Central, LocalHeader};
pub(super) use headers::{DIRECTORY_HEADER_BYTES, LOCAL_BYTES, ZIP64_BYTES};
pub use record::Field;

/// Why a file is not a ZIP file in the one form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// Too short for the smallest of archives, or cut off in the middle.
    #[error("the file is too short")]
    Truncated,
    /// A record that does not start as records of its kind do.
    #[error("the {0} is not at its place")]
    Signature(&'static str),
    /// A field with another value than the one it always has.
    #[error("the field \"{field}\" of the {record} is {found:#x}, which sealift never writes")]
    Field {
        /// Which record.
        record: &'static str,
        /// Which field.
        field: Field,
        /// Its value.
        found: u64,
    },
    /// A local header that does not say the same as the directory.
    #[error("the two headers of {name:?} differ in {field}")]
    HeadersDiffer {
        /// The entry, as the directory names it.
        name: String,
        /// Which field.
        field: &'static str,
    },
    /// A stored size that differs from the real size, or is 4 GiB or more.
    #[error("the stored size of {0:?} differs from its real size, or is 4 GiB or more")]
    EntrySize(String),
    /// Bytes that belong to nothing.
    #[error("bytes between {expected} and {found} belong to nothing")]
    Gap {
        /// Where the next record belongs.
        expected: u64,
        /// Where it is said to be.
        found: u64,
    },
    /// Bytes that belong to two records.
    #[error("records overlap: the next belongs at {expected}, and is said to be at {found}")]
    Overlap {
        /// Where the next record belongs.
        expected: u64,
        /// Where it is said to be.
        found: u64,
    },
    /// Zip64 records or fields where plain ones do.
    #[error("zip64 is used where it is not needed")]
    Zip64NotNeeded,
    /// Two records that say different things of the directory.
    #[error("the two end records differ in {0}")]
    EndsDiffer(&'static str),
    /// More entries than [`limits::ARCHIVE_ENTRIES`].
    #[error("the file claims {0} entries, more than {max}", max = limits::ARCHIVE_ENTRIES + 1)]
    TooManyEntries(u64),
    /// More than [`limits::DIRECTORY_BYTES`].
    #[error("the directory has {0} bytes, more than {max}", max = limits::DIRECTORY_BYTES)]
    DirectoryTooLarge(u64),
    /// A directory of another length than its entries.
    #[error("the directory is not as long as its entries")]
    DirectorySize,
    /// Not an entry's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A name that is there twice.
    #[error("{0:?} is there twice")]
    Duplicate(String),
    /// A name out of order.
    #[error("{0:?} is out of order")]
    Unsorted(String),
    /// One name is a file and a folder.
    #[error("{0:?} is a file and a folder")]
    FileAndFolder(String),
    /// The last entry is not the envelope, or the file has no entry.
    #[error("the last entry is not {}", entry_name::ENVELOPE)]
    NoEnvelope,
}

impl ZipError {
    /// A stable code, for reports and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "zip-truncated",
            Self::Signature(_) => "zip-signature",
            Self::Field { .. } => "zip-field",
            Self::HeadersDiffer { .. } => "zip-headers-differ",
            Self::EntrySize(_) => "zip-entry-size",
            Self::Gap { .. } => "zip-gap",
            Self::Overlap { .. } => "zip-overlap",
            Self::Zip64NotNeeded => "zip-zip64-not-needed",
            Self::EndsDiffer(_) => "zip-ends-differ",
            Self::TooManyEntries(_) => "zip-too-many-entries",
            Self::DirectoryTooLarge(_) => "zip-directory-too-large",
            Self::DirectorySize => "zip-directory-size",
            Self::Name(error) => error.code(),
            Self::Duplicate(_) => "name-duplicate",
            Self::Unsorted(_) => "name-unsorted",
            Self::FileAndFolder(_) => "name-file-and-folder",
            Self::NoEnvelope => "zip-no-envelope",
        }
    }
}

impl From<NameError> for ArchiveError {
    fn from(error: NameError) -> Self {
        Self::Zip(ZipError::Name(error))
    }
}

/// Where an entry's bytes are.
#[derive(Debug)]
pub(super) struct EntryLocation {
    pub(super) name: String,
    /// Of its first byte.
    pub(super) start: u64,
    pub(super) size: u64,
    pub(super) crc32: u32,
}

/// Reads the index: all entries but the last, sorted by name, and the last, which is the envelope.
pub(super) fn read(
    source: &ArchiveFile,
) -> Result<(Vec<EntryLocation>, EntryLocation), ArchiveError> {
    let end = End::read(source)?;
    if end.entries > (limits::ARCHIVE_ENTRIES as u64).saturating_add(1) {
        return Err(ZipError::TooManyEntries(end.entries).into());
    }
    if end.directory_size > limits::DIRECTORY_BYTES {
        return Err(ZipError::DirectoryTooLarge(end.directory_size).into());
    }
    let directory = source.range(end.directory, end.directory_size);
    let mut directory = BufReader::with_capacity(64 << 10, directory);
    let mut entries: Vec<EntryLocation> = Vec::new();
    let mut next = 0;
    for _ in 0..end.entries {
        let central = Central::read(&mut directory).map_err(|error| error.at(source))?;
        let name = entry_name::parse(&central.name)?.to_owned();
        if let Some(before) = entries.last() {
            in_order(before, &name)?;
        }
        meets(next, central.offset)?;
        compare_local(source, &central, end.directory)?;
        let start = next.saturating_add(LOCAL_BYTES).saturating_add(central.name.len() as u64);
        next = start.saturating_add(central.size);
        entries.push(EntryLocation { name, start, size: central.size, crc32: central.crc32 });
    }
    meets(next, end.directory)?;
    if directory.bytes().next().is_some() {
        return Err(ZipError::DirectorySize.into());
    }
    let last = entries.pop().filter(|last| last.name == entry_name::ENVELOPE);
    let last = last.ok_or(ZipError::NoEnvelope)?;
    no_file_is_a_folder(&entries)?;
    Ok((entries, last))
}

/// All names ascend, except that of the envelope, which is always last.
fn in_order(before: &EntryLocation, name: &str) -> Result<(), ZipError> {
    if before.name == name {
        return Err(ZipError::Duplicate(name.to_owned()));
    }
    if before.name == entry_name::ENVELOPE {
        return Err(ZipError::NoEnvelope);
    }
    if before.name.as_str() > name && name != entry_name::ENVELOPE {
        return Err(ZipError::Unsorted(name.to_owned()));
    }
    Ok(())
}

/// Requires that a part starts where the part before it ended.
fn meets(expected: u64, found: u64) -> Result<(), ZipError> {
    match found.cmp(&expected) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(ZipError::Gap { expected, found }),
        std::cmp::Ordering::Less => Err(ZipError::Overlap { expected, found }),
    }
}

/// The header in front of an entry's bytes says the same as the directory, and the bytes end
/// before the directory begins.
fn compare_local(source: &ArchiveFile, central: &Central, limit: u64) -> Result<(), ArchiveError> {
    let length = LOCAL_BYTES.saturating_add(central.name.len() as u64);
    let end = central.offset.saturating_add(length).saturating_add(central.size);
    if end > limit {
        return Err(ZipError::Overlap { expected: end, found: limit }.into());
    }
    // In one read: there may be a hundred thousand headers, of a dozen fields each.
    let buffer = LOCAL_BYTES as usize + central.name.len();
    let reader = BufReader::with_capacity(buffer, source.range(central.offset, length));
    let local = LocalHeader::read(reader, central.name.len()).map_err(|error| error.at(source))?;
    local.compare(central)?;
    Ok(())
}

/// The names are sorted. A name and all names that start with it are therefore neighbours: one pass
/// with a stack is enough, however deep the folders are.
fn no_file_is_a_folder(entries: &[EntryLocation]) -> Result<(), ZipError> {
    let mut starts: Vec<&str> = vec![];
    for entry in entries {
        let name = entry.name.as_str();
        while starts.last().is_some_and(|start| !name.starts_with(start)) {
            starts.pop();
        }
        let is_folder = |file: &&&str| name.as_bytes().get(file.len()) == Some(&b'/');
        let envelope = name.starts_with(entry_name::ENVELOPE).then_some(&entry_name::ENVELOPE);
        if let Some(file) = starts.iter().chain(envelope).find(is_folder) {
            return Err(ZipError::FileAndFolder((*file).to_owned()));
        }
        starts.push(name);
    }
    Ok(())
}
