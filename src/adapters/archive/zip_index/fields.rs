//! The records of the index, each read field by field and held to its one form.

use std::{
    fmt,
    io::{self, Read},
};

use crate::{
    adapters::archive::{
        ArchiveError,
        source::Source,
        zip_index::{ZipError, meets},
    },
    core::{entry_name::NameError, limits},
};

/// Bytes of a local header before the name (section 4.3.7).
pub(super) const LOCAL_BYTES: u64 = 30;
/// Bytes of the end record without a comment (section 4.3.16).
const END_BYTES: u64 = 22;
/// Bytes of the zip64 end record without a data sector (section 4.3.14).
const END64_BYTES: u64 = 56;
/// Bytes of the zip64 locator (section 4.3.15).
const LOCATOR_BYTES: u64 = 20;

/// "PKZIP 1.0", which is all that stored files need (section 4.4.3.2).
const VERSION: u16 = 10;
/// Made on Unix, so that the external attributes are a mode (section 4.4.2).
const MADE_BY: u16 = 3 << 8 | VERSION;
/// 1980-01-01, the first day that the format knows (section 4.4.6).
const DATE: u16 = 0x21;
/// A regular file, `rw-r--r--`.
const ATTRIBUTES: u32 = 0o100_644 << 16;
/// The value of a field whose own is in a zip64 record (sections 4.4.1.4 and 4.5.3).
const SEE_ZIP64: u32 = u32::MAX;

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

impl Field {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::VersionMadeBy => "zip-version-made-by",
            Self::VersionNeeded => "zip-version-needed",
            Self::Flags => "zip-flags",
            Self::Method => "zip-method",
            Self::Time => "zip-time",
            Self::Date => "zip-date",
            Self::Extra => "zip-extra",
            Self::Comment => "zip-comment",
            Self::Disk => "zip-disk",
            Self::InternalAttributes => "zip-internal-attributes",
            Self::ExternalAttributes => "zip-external-attributes",
            Self::EntriesOnDisk => "zip-entries-on-disk",
            Self::RecordSize => "zip-record-size",
            Self::LocatorOffset => "zip-locator-offset",
        }
    }
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
    pub(super) fn at(self, source: &Source) -> ArchiveError {
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
struct Record<R> {
    name: &'static str,
    reader: R,
    /// What it means when the bytes end.
    short: ZipError,
}

impl<R: Read> Record<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Zip(self.short.clone()),
            _ => Fault::Io(error),
        })
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.bytes().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn signature(&mut self, signature: &[u8; 4]) -> Result<(), Fault> {
        if self.bytes()? != *signature {
            return Err(ZipError::Signature(self.name).into());
        }
        Ok(())
    }

    fn expect<T: Into<u64>>(&self, field: Field, found: T, expected: T) -> Result<(), Fault> {
        let (found, expected) = (found.into(), expected.into());
        if found != expected {
            return Err(ZipError::Field { record: self.name, field, found }.into());
        }
        Ok(())
    }
}

/// A header in the central directory (section 4.3.12).
pub(super) struct Central {
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) offset: u64,
    pub(super) name: Vec<u8>,
}

impl Central {
    pub(super) fn read(reader: impl Read) -> Result<Self, Fault> {
        let mut record =
            Record { name: "directory header", reader, short: ZipError::DirectorySize };
        record.signature(b"PK\x01\x02")?;
        let made_by = record.u16()?;
        record.expect(Field::VersionMadeBy, made_by, MADE_BY)?;
        let common = Common::read(&mut record)?;
        let extra = record.u16()?;
        let comment = record.u16()?;
        record.expect(Field::Comment, comment, 0)?;
        let disk = record.u16()?;
        record.expect(Field::Disk, disk, 0)?;
        let internal = record.u16()?;
        record.expect(Field::InternalAttributes, internal, 0)?;
        let external = record.u32()?;
        record.expect(Field::ExternalAttributes, external, ATTRIBUTES)?;
        let offset = record.u32()?;
        let mut name = vec![0; common.name_length()?];
        record.fill(&mut name)?;
        let offset = if offset == SEE_ZIP64 {
            zip64_offset(&mut record, extra)?
        } else {
            record.expect(Field::Extra, extra, 0)?;
            offset.into()
        };
        let shown = String::from_utf8_lossy(&name);
        if common.stored != common.size || common.size == SEE_ZIP64 {
            return Err(ZipError::EntrySize(shown.into_owned()).into());
        }
        Ok(Self { crc32: common.crc32, size: common.size.into(), offset, name })
    }
}

/// The zip64 extra field with an offset in it and nothing else (section 4.5.3).
fn zip64_offset<R: Read>(record: &mut Record<R>, length: u16) -> Result<u64, Fault> {
    record.expect(Field::Extra, length, 12)?;
    let (id, size) = (record.u16()?, record.u16()?);
    record.expect(Field::Extra, id, 1)?;
    record.expect(Field::Extra, size, 8)?;
    let offset = record.u64()?;
    if offset < u64::from(SEE_ZIP64) {
        return Err(ZipError::Zip64NotNeeded.into());
    }
    Ok(offset)
}

/// A header in front of an entry's bytes (section 4.3.7).
pub(super) struct Local {
    common: Common,
    name: Vec<u8>,
}

impl Local {
    /// Reads as much of a name as the directory says it has; [`Local::compare`] finds out if the
    /// header says otherwise.
    pub(super) fn read(reader: impl Read, name: usize) -> Result<Self, Fault> {
        let mut record = Record { name: "local header", reader, short: ZipError::Truncated };
        record.signature(b"PK\x03\x04")?;
        let common = Common::read(&mut record)?;
        let extra = record.u16()?;
        record.expect(Field::Extra, extra, 0)?;
        let mut name = vec![0; name];
        record.fill(&mut name)?;
        Ok(Self { common, name })
    }

    pub(super) fn compare(&self, central: &Central) -> Result<(), ZipError> {
        let differs = |field| {
            let name = String::from_utf8_lossy(&central.name).into_owned();
            Err(ZipError::HeadersDiffer { name, field })
        };
        if self.common.crc32 != central.crc32 {
            return differs("checksum");
        }
        if u64::from(self.common.stored) != central.size {
            return differs("compressed size");
        }
        if u64::from(self.common.size) != central.size {
            return differs("size");
        }
        if usize::from(self.common.name_length) != central.name.len() {
            return differs("length of the name");
        }
        if self.name != central.name {
            return differs("name");
        }
        Ok(())
    }
}

/// The fields that both headers have, from "version needed" to "file name length".
struct Common {
    crc32: u32,
    stored: u32,
    size: u32,
    name_length: u16,
}

impl Common {
    fn read<R: Read>(record: &mut Record<R>) -> Result<Self, Fault> {
        let needed = record.u16()?;
        record.expect(Field::VersionNeeded, needed, VERSION)?;
        let flags = record.u16()?;
        record.expect(Field::Flags, flags, 0)?;
        let method = record.u16()?;
        record.expect(Field::Method, method, 0)?;
        let time = record.u16()?;
        record.expect(Field::Time, time, 0)?;
        let date = record.u16()?;
        record.expect(Field::Date, date, DATE)?;
        let (crc32, stored, size) = (record.u32()?, record.u32()?, record.u32()?);
        Ok(Self { crc32, stored, size, name_length: record.u16()? })
    }

    fn name_length(&self) -> Result<usize, ZipError> {
        let length = usize::from(self.name_length);
        if length > limits::ENTRY_NAME_BYTES {
            return Err(NameError::Length(length).into());
        }
        Ok(length)
    }
}

/// What the end records say of the directory.
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory: u64,
    pub(super) directory_size: u64,
}

impl End {
    /// Reads the record in the file's last bytes, and the zip64 records before it where the
    /// directory needs them. The directory ends where they begin.
    pub(super) fn read(source: &Source) -> Result<Self, ArchiveError> {
        let at = source.size().checked_sub(END_BYTES).ok_or(ZipError::Truncated)?;
        let end = Self::plain(source.range(at, END_BYTES)).map_err(|error| error.at(source))?;
        let locator = at.checked_sub(LOCATOR_BYTES);
        let (end, at) = match locator {
            Some(locator) if has_locator(source, locator)? => {
                let end64 = locator.checked_sub(END64_BYTES).ok_or(ZipError::Zip64NotNeeded)?;
                let found =
                    Self::zip64(source, locator, end64).map_err(|error| error.at(source))?;
                found.needs_zip64(&end)?;
                (found, end64)
            }
            _ => (end, at),
        };
        meets(end.directory.saturating_add(end.directory_size), at)?;
        Ok(end)
    }

    fn plain(reader: impl Read) -> Result<Self, Fault> {
        let mut record = Record { name: "end record", reader, short: ZipError::Truncated };
        record.signature(b"PK\x05\x06")?;
        for _ in 0..2 {
            let disk = record.u16()?;
            record.expect(Field::Disk, disk, 0)?;
        }
        let (here, entries) = (record.u16()?, record.u16()?);
        record.expect(Field::EntriesOnDisk, here, entries)?;
        let (directory_size, directory) = (record.u32()?.into(), record.u32()?.into());
        let comment = record.u16()?;
        record.expect(Field::Comment, comment, 0)?;
        Ok(Self { entries: entries.into(), directory, directory_size })
    }

    fn zip64(source: &Source, locator: u64, end64: u64) -> Result<Self, Fault> {
        let reader = source.range(locator, LOCATOR_BYTES);
        let mut record = Record { name: "zip64 locator", reader, short: ZipError::Truncated };
        record.signature(b"PK\x06\x07")?;
        let disk = record.u32()?;
        record.expect(Field::Disk, disk, 0)?;
        let offset = record.u64()?;
        record.expect(Field::LocatorOffset, offset, end64)?;
        let disks = record.u32()?;
        record.expect(Field::Disk, disks, 1)?;

        let reader = source.range(end64, END64_BYTES);
        let mut record = Record { name: "zip64 end record", reader, short: ZipError::Truncated };
        record.signature(b"PK\x06\x06")?;
        let size = record.u64()?;
        record.expect(Field::RecordSize, size, END64_BYTES - 12)?;
        let made_by = record.u16()?;
        record.expect(Field::VersionMadeBy, made_by, VERSION)?;
        let needed = record.u16()?;
        record.expect(Field::VersionNeeded, needed, VERSION)?;
        for _ in 0..2 {
            let disk = record.u32()?;
            record.expect(Field::Disk, disk, 0)?;
        }
        let (here, entries) = (record.u64()?, record.u64()?);
        record.expect(Field::EntriesOnDisk, here, entries)?;
        Ok(Self { entries, directory_size: record.u64()?, directory: record.u64()? })
    }

    /// The zip64 record is there because a number does not fit the plain one, which then holds
    /// what fits.
    fn needs_zip64(&self, plain: &Self) -> Result<(), ZipError> {
        let (most_entries, most) = (u64::from(u16::MAX), u64::from(u32::MAX));
        if self.entries <= most_entries && self.directory <= most && self.directory_size <= most {
            return Err(ZipError::Zip64NotNeeded);
        }
        if plain.entries != self.entries.min(most_entries) {
            return Err(ZipError::EndsDiffer("the number of entries"));
        }
        if plain.directory_size != most {
            return Err(ZipError::EndsDiffer("the size of the directory"));
        }
        if plain.directory != self.directory.min(most) {
            return Err(ZipError::EndsDiffer("the offset of the directory"));
        }
        Ok(())
    }
}

/// Whether there is a locator right before the end record. In an archive without one, the bytes
/// there are the last entry's name, which is always the same and no signature.
fn has_locator(source: &Source, at: u64) -> Result<bool, ArchiveError> {
    let mut signature = [0; 4];
    source.read_exact(&mut signature, at)?;
    Ok(&signature == b"PK\x06\x07")
}
