//! The records at the end of the file, which say where the directory is.

use std::io::Read;

use crate::adapters::archive::{
    ArchiveError,
    archive_file::ArchiveFile,
    zip_index::{
        ZipError, meets,
        record::{Fault, Field, RecordReader, VERSION},
    },
};

/// Bytes of the end record without a comment (section 4.3.16).
const END_BYTES: u64 = 22;
/// Bytes of the zip64 end record without a data sector (section 4.3.14).
const END64_BYTES: u64 = 56;
/// Bytes of the zip64 locator (section 4.3.15).
const LOCATOR_BYTES: u64 = 20;

/// What the end records say of the directory.
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory: u64,
    pub(super) directory_size: u64,
}

impl End {
    /// Reads the record in the file's last bytes, and the zip64 records before it where the
    /// directory needs them. The directory ends where they begin.
    pub(super) fn read(source: &ArchiveFile) -> Result<Self, ArchiveError> {
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
        let mut record = RecordReader { name: "end record", reader, short: ZipError::Truncated };
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

    fn zip64(source: &ArchiveFile, locator: u64, end64: u64) -> Result<Self, Fault> {
        let reader = source.range(locator, LOCATOR_BYTES);
        let mut record = RecordReader { name: "zip64 locator", reader, short: ZipError::Truncated };
        record.signature(b"PK\x06\x07")?;
        let disk = record.u32()?;
        record.expect(Field::Disk, disk, 0)?;
        let offset = record.u64()?;
        record.expect(Field::LocatorOffset, offset, end64)?;
        let disks = record.u32()?;
        record.expect(Field::Disk, disks, 1)?;

        let reader = source.range(end64, END64_BYTES);
        let mut record =
            RecordReader { name: "zip64 end record", reader, short: ZipError::Truncated };
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

/// Whether a locator stands right before the end record. Otherwise the last entry's name stands there, which
/// is always the same and does not look like a locator.
fn has_locator(source: &ArchiveFile, at: u64) -> Result<bool, ArchiveError> {
    let mut signature = [0; 4];
    source.read_exact(&mut signature, at)?;
    Ok(&signature == b"PK\x06\x07")
}
