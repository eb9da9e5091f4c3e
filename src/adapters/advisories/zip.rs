//! A ZIP file of advisories, as public databases offer them.
//!
//! Any writer may have made it: so its entries are found by the directory at its end, and are stored or
//! deflated. All else is not a file of advisories. Lengths come from the directory and are bounded
//! before anything is read by them; the number of bytes and the CRC-32 of each entry are compared.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
};

use flate2::read::DeflateDecoder;

use super::{AdvisoryFile, SourceError, Totals, is_record, too_large, too_much};
use crate::core::limits;

/// Bytes of the end record without its comment (APPNOTE.TXT, 4.3.16), and of the longest comment.
const END: usize = 22;
const COMMENT: usize = 65_535;
/// Bytes of the zip64 locator (4.3.15) and of the zip64 end record (4.3.14).
const LOCATOR: usize = 20;
const END64: usize = 56;
/// Bytes of a directory header (4.3.12) and of a local header (4.3.7), without names.
const HEADER: usize = 46;
const LOCAL: usize = 30;

/// Hands on every record in the file. `from` names it in messages.
pub(super) fn read<E: From<SourceError>>(
    file: &mut File,
    from: &str,
    take: &mut dyn FnMut(AdvisoryFile<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut zip = ZipReader::open(file).map_err(|fault| fault.at(from))?;
    let entries = zip.entries().map_err(|fault| fault.at(from))?;
    let mut totals = Totals::new(from);
    for entry in entries.iter().filter(|entry| is_record(&entry.name)) {
        let bytes = if entry.size > limits::ADVISORY_BYTES {
            Err(too_large())
        } else {
            Ok(zip.contents(entry).map_err(|fault| fault.at(from))?)
        };
        totals.add(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))?;
        take(AdvisoryFile { name: &entry.name, bytes })?;
    }
    Ok(())
}

/// What is wrong with the file.
enum ZipFault {
    Io(std::io::Error),
    Zip(&'static str),
    Entry(String, &'static str),
    TooMuch(&'static str, u64),
}

impl From<std::io::Error> for ZipFault {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::Zip("it ends too early"),
            _ => Self::Io(error),
        }
    }
}

impl ZipFault {
    fn at(self, from: &str) -> SourceError {
        let reason = match self {
            Self::Io(error) => error.to_string(),
            Self::Zip(reason) => reason.to_owned(),
            Self::Entry(name, reason) => format!("{name:?} {reason}"),
            Self::TooMuch(what, max) => return too_much(from, what, max),
        };
        SourceError::Zip { from: from.to_owned(), reason }
    }
}

struct ZipReader<'a> {
    file: &'a mut File,
    directory: Directory,
}

/// Where the directory is, how long it is, and how many entries it has.
#[derive(Clone, Copy)]
struct Directory {
    start: u64,
    size: u64,
    entries: u64,
}

impl Directory {
    /// Refuses one that does not end where the record that describes it starts: entries that were cut away
    /// or stand beside it would not be read, and nobody would learn of them.
    fn ending_at(self, end: u64) -> Result<Self, ZipFault> {
        match self.start.checked_add(self.size) {
            Some(own) if own == end => Ok(self),
            _ => Err(ZipFault::Zip("its directory does not end at its end record")),
        }
    }
}

/// An entry, as the directory has it.
struct ZipEntry {
    name: String,
    is_deflated: bool,
    crc32: u32,
    packed: u64,
    size: u64,
    local: u64,
}

impl<'a> ZipReader<'a> {
    /// Finds the directory.
    fn open(file: &'a mut File) -> Result<Self, ZipFault> {
        let size = file.seek(SeekFrom::End(0))?;
        if size > limits::SOURCE_BYTES {
            return Err(ZipFault::TooMuch("bytes", limits::SOURCE_BYTES));
        }
        let tail = size.min((END + COMMENT + LOCATOR) as u64);
        file.seek(SeekFrom::Start(size - tail))?;
        let mut bytes = Vec::new();
        file.take(tail).read_to_end(&mut bytes)?;
        // The record that the comment after it leads to the end of the file.
        let is_end = |at: &usize| {
            let record = bytes.get(*at..).unwrap_or_default();
            record.starts_with(b"PK\x05\x06")
                && u16_at(record, 20)
                    .is_some_and(|comment| record.len() == END.saturating_add(usize::from(comment)))
        };
        let last = bytes.len().saturating_sub(END);
        let end = (0..=last).rev().find(is_end).ok_or(ZipFault::Zip("it has no end record"))?;
        let record = bytes.get(end..).unwrap_or_default();
        let before = end.checked_sub(LOCATOR).and_then(|at| bytes.get(at..end));
        let directory = match before.filter(|locator| locator.starts_with(b"PK\x06\x07")) {
            Some(locator) => end64(file, u64_at(locator, 8).unwrap_or(u64::MAX))?,
            None => Directory {
                start: u32_at(record, 16).unwrap_or(u32::MAX).into(),
                size: u32_at(record, 12).unwrap_or(u32::MAX).into(),
                entries: u16_at(record, 10).unwrap_or(u16::MAX).into(),
            }
            .ending_at((size - tail).saturating_add(end as u64))?,
        };
        if directory.size > limits::SOURCE_DIRECTORY_BYTES {
            return Err(ZipFault::TooMuch("bytes of a directory", limits::SOURCE_DIRECTORY_BYTES));
        }
        Ok(Self { file, directory })
    }

    /// All entries, in the order of the directory.
    fn entries(&mut self) -> Result<Vec<ZipEntry>, ZipFault> {
        let Directory { start, size, entries: announced } = self.directory;
        self.file.seek(SeekFrom::Start(start))?;
        let mut reader = BufReader::new((&mut *self.file).take(size));
        let mut left = size;
        let mut entries = Vec::new();
        while left > 0 {
            let mut header = [0; HEADER];
            reader.read_exact(&mut header)?;
            if !header.starts_with(b"PK\x01\x02") {
                return Err(ZipFault::Zip("its directory is malformed"));
            }
            let field = |at| u16_at(&header, at).unwrap_or(0);
            let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(field(at)));
            let mut more = vec![0; name + extra + comment];
            reader.read_exact(&mut more)?;
            left = left.saturating_sub((HEADER + more.len()) as u64);
            let name = String::from_utf8_lossy(more.get(..name).unwrap_or_default()).into_owned();
            entries.push(ZipEntry::of(&header, name)?);
            if entries.len() > limits::SOURCE_ADVISORIES {
                return Err(ZipFault::TooMuch("files", limits::SOURCE_ADVISORIES as u64));
            }
        }
        match entries.len() as u64 == announced {
            true => Ok(entries),
            false => Err(ZipFault::Zip("its directory has not as many entries as it should")),
        }
    }

    /// The bytes of an entry, which must be those that the directory announces.
    fn contents(&mut self, entry: &ZipEntry) -> Result<Vec<u8>, ZipFault> {
        let fault = |reason| ZipFault::Entry(entry.name.clone(), reason);
        self.file.seek(SeekFrom::Start(entry.local))?;
        let mut header = [0; LOCAL];
        self.file.read_exact(&mut header)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(fault("has no local header"));
        }
        let lengths = [26, 28].map(|at| i64::from(u16_at(&header, at).unwrap_or(0)));
        self.file.seek(SeekFrom::Current(lengths.iter().sum()))?;
        let packed = BufReader::new((&mut *self.file).take(entry.packed));
        let mut bytes = Vec::new();
        // One byte more than announced shows that it is too long.
        let max = entry.size.saturating_add(1);
        let read = if entry.is_deflated {
            DeflateDecoder::new(packed).take(max).read_to_end(&mut bytes)
        } else {
            packed.take(max).read_to_end(&mut bytes)
        };
        read.map_err(|_| fault("cannot be unpacked"))?;
        if bytes.len() as u64 != entry.size || crc32fast::hash(&bytes) != entry.crc32 {
            return Err(fault("is not what the directory announces"));
        }
        Ok(bytes)
    }
}

impl ZipEntry {
    fn of(header: &[u8; HEADER], name: String) -> Result<Self, ZipFault> {
        let number = |at| u32_at(header, at).unwrap_or(u32::MAX);
        let method = u16_at(header, 10).unwrap_or(u16::MAX);
        let is_encrypted = u16_at(header, 8).unwrap_or(1) & 1 != 0;
        if is_record(&name) && (is_encrypted || !matches!(method, 0 | 8)) {
            return Err(ZipFault::Entry(name, "is neither stored nor deflated"));
        }
        // A file of at most 2 GiB has no offset or packed size that needs zip64.
        Ok(Self {
            name,
            is_deflated: method == 8,
            crc32: number(16),
            packed: number(20).into(),
            size: number(24).into(),
            local: number(42).into(),
        })
    }
}

/// The directory by the zip64 end record.
fn end64(file: &mut File, at: u64) -> Result<Directory, ZipFault> {
    file.seek(SeekFrom::Start(at))?;
    let mut record = [0; END64];
    file.read_exact(&mut record)?;
    match (u64_at(&record, 48), u64_at(&record, 40), u64_at(&record, 32)) {
        (Some(start), Some(size), Some(entries)) if record.starts_with(b"PK\x06\x06") => {
            Directory { start, size, entries }.ending_at(at)
        }
        _ => Err(ZipFault::Zip("its zip64 end record is malformed")),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;
