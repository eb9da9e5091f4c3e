//! The two headers of an entry: in front of its bytes, and in the directory.

use std::io::Read;

use crate::adapters::archive::zip_index::{
    ZipError,
    record::{Fault, Field, RecordReader, VERSION},
};

/// Bytes of a local header before the name (section 4.3.7).
pub(in crate::adapters::archive) const LOCAL_BYTES: u64 = 30;
/// Bytes of a header in the directory before the name (section 4.3.12).
pub(in crate::adapters::archive) const DIRECTORY_HEADER_BYTES: u64 = 46;
/// Bytes of the zip64 extra field with an offset in it (section 4.5.3).
pub(in crate::adapters::archive) const ZIP64_BYTES: u64 = 12;
/// Made on Unix, so that the external attributes are a mode (section 4.4.2).
const MADE_BY: u16 = 3 << 8 | VERSION;
/// 1980-01-01, the first day that the format knows (section 4.4.6).
const DATE: u16 = 0x21;
/// A regular file, `rw-r--r--`.
const ATTRIBUTES: u32 = 0o100_644 << 16;
/// What a field holds whose value is in a zip64 record (sections 4.4.1.4 and 4.5.3).
const SEE_ZIP64: u32 = u32::MAX;

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
            RecordReader { name: "directory header", reader, short: ZipError::DirectorySize };
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
        // A name has at most 64 KiB. It is checked before the next one is read.
        let mut name = vec![0; usize::from(common.name_length)];
        record.fill(&mut name)?;
        let offset = if offset == SEE_ZIP64 {
            zip64_offset(&mut record, extra)?
        } else {
            record.expect(Field::Extra, extra, 0)?;
            offset.into()
        };
        if common.stored != common.size || common.size == SEE_ZIP64 {
            return Err(ZipError::EntrySize(String::from_utf8_lossy(&name).into_owned()).into());
        }
        Ok(Self { crc32: common.crc32, size: common.size.into(), offset, name })
    }
}

/// The zip64 extra field with an offset in it and nothing else (section 4.5.3).
fn zip64_offset<R: Read>(record: &mut RecordReader<R>, length: u16) -> Result<u64, Fault> {
    record.expect(Field::Extra, length, ZIP64_BYTES as u16)?;
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
pub(super) struct LocalHeader {
    common: Common,
    name: Vec<u8>,
}

impl LocalHeader {
    /// Reads as much of a name as the directory says it has; [`LocalHeader::compare`] finds out if the
    /// header says otherwise.
    pub(super) fn read(reader: impl Read, name: usize) -> Result<Self, Fault> {
        let mut record = RecordReader { name: "local header", reader, short: ZipError::Truncated };
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
    fn read<R: Read>(record: &mut RecordReader<R>) -> Result<Self, Fault> {
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
}
