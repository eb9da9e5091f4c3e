//! Reading records field by field, and the fields that have one value only.

use std::{
    fmt,
    io::{self, Read},
};

use crate::adapters::archive::{ArchiveError, archive_file::ArchiveFile, zip_index::ZipError};

/// "PKZIP 1.0", which is all that stored files need (section 4.4.3.2).
pub(super) const VERSION: u16 = 10;
/// A field of a record that has one value only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What made the entry: Unix, version 1.0.
    VersionMadeBy,
    /// What is needed to read it: version 1.0.
    VersionNeeded,
    /// None: not encrypted, no descriptor behind the data, no UTF-8.
    Flags,
    /// Stored.
    Method,
    /// Midnight.
    Time,
    /// 1980-01-01.
    Date,
    /// None but zip64's.
    Extra,
    /// None.
    Comment,
    /// The first and only.
    Disk,
    /// None.
    InternalAttributes,
    /// A regular file of mode 0644.
    ExternalAttributes,
    /// The same number twice.
    EntriesOnDisk,
    /// The length of a zip64 end record.
    RecordSize,
    /// Where the zip64 end record is.
    LocatorOffset,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VersionMadeBy => "version made by",
            Self::VersionNeeded => "version needed",
            Self::Flags => "general purpose flags",
            Self::Method => "compression method",
            Self::Time => "last modified time",
            Self::Date => "last modified date",
            Self::Extra => "extra field",
            Self::Comment => "comment length",
            Self::Disk => "disk number",
            Self::InternalAttributes => "internal attributes",
            Self::ExternalAttributes => "external attributes",
            Self::EntriesOnDisk => "entries on this disk",
            Self::RecordSize => "record size",
            Self::LocatorOffset => "offset of the zip64 end record",
        })
    }
}

/// A record that could not be read, or is not in its one form.
pub(super) enum Fault {
    Io(io::Error),
    Zip(ZipError),
}

impl Fault {
    pub(super) fn at(self, source: &ArchiveFile) -> ArchiveError {
        match self {
            Self::Zip(error) => error.into(),
            Self::Io(error) => source.error(error).into(),
        }
    }
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        Self::Zip(error)
    }
}

/// Takes fields off a record, one after the other.
pub(super) struct RecordReader<R> {
    pub(super) name: &'static str,
    pub(super) reader: R,
    /// The error for bytes that end too early.
    pub(super) short: ZipError,
}

impl<R: Read> RecordReader<R> {
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Zip(self.short.clone()),
            _ => Fault::Io(error),
        })
    }

    pub(super) fn u16(&mut self) -> Result<u16, Fault> {
        self.bytes().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.bytes().map(u64::from_le_bytes)
    }

    pub(super) fn signature(&mut self, signature: &[u8; 4]) -> Result<(), Fault> {
        if self.bytes()? != *signature {
            return Err(ZipError::Signature(self.name).into());
        }
        Ok(())
    }

    pub(super) fn expect<T: Into<u64>>(
        &self,
        field: Field,
        found: T,
        expected: T,
    ) -> Result<(), Fault> {
        let (found, expected) = (found.into(), expected.into());
        if found != expected {
            return Err(ZipError::Field { record: self.name, field, found }.into());
        }
        Ok(())
    }
}
