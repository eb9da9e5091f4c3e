//! One pass over an entry: its bytes are hashed as they are handed out.

use std::io::{ErrorKind, Read};

use super::{
    ArchiveError,
    archive_file::{ArchiveFile, Range},
    zip_index::EntryLocation,
};
use crate::core::{
    archive::manifest::Subject,
    package::digest::{Algorithm, Digest, Hasher},
};

/// Bytes that are read and hashed at a time: large enough that the calls do not count, small
/// enough for the processor's cache.
pub(super) const CHUNK: usize = 128 << 10;

/// What one pass over an entry found.
pub(super) struct Pass {
    pub(super) digests: Vec<Digest>,
    crc32: u32,
}

impl Pass {
    pub(super) fn compare_digest(&self, subject: &Subject) -> Result<(), ArchiveError> {
        if !self.digests.contains(&subject.digest) {
            return Err(ArchiveError::Digest {
                name: subject.name.clone(),
                expected: subject.digest.clone(),
            });
        }
        Ok(())
    }

    pub(super) fn compare_checksum(&self, entry: &EntryLocation) -> Result<(), ArchiveError> {
        if self.crc32 != entry.crc32 {
            return Err(ArchiveError::Checksum(entry.name.clone()));
        }
        Ok(())
    }
}

/// Reads an entry once, in full, hashing on the way.
pub(super) fn pass(
    source: &ArchiveFile,
    entry: &EntryLocation,
    algorithms: &[Algorithm],
    mut take: impl FnMut(&[u8]),
) -> Result<Pass, ArchiveError> {
    let mut reader = Hashing::new(source, entry, algorithms);
    let mut buffer = vec![0; CHUNK.min(usize::try_from(entry.size).unwrap_or(CHUNK))];
    while reader.left > 0 {
        match reader.read(&mut buffer) {
            Ok(read) => take(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(source.error(error).into()),
        }
    }
    reader.finish()
}

/// A reader over an entry that hashes what it hands out.
pub(super) struct Hashing<'a> {
    source: &'a ArchiveFile,
    range: Range<'a>,
    left: u64,
    hashers: Vec<Hasher>,
    crc32: crc32fast::Hasher,
}

impl<'a> Hashing<'a> {
    pub(super) fn new(
        source: &'a ArchiveFile,
        entry: &EntryLocation,
        algorithms: &[Algorithm],
    ) -> Self {
        Self {
            source,
            range: source.range(entry.start, entry.size),
            left: entry.size,
            hashers: algorithms.iter().copied().map(Hasher::new).collect(),
            crc32: crc32fast::Hasher::new(),
        }
    }

    /// Reads what is left, and ends.
    pub(super) fn finish(mut self) -> Result<Pass, ArchiveError> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(self.left).unwrap_or(CHUNK))];
        while self.left > 0 {
            match self.read(&mut buffer) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(self.source.error(error).into());
                }
                _ => {}
            }
        }
        let digests = self.hashers.into_iter().map(Hasher::finish).collect();
        Ok(Pass { digests, crc32: self.crc32.finalize() })
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.range.read(buffer)?;
        let chunk = buffer.get(..read).unwrap_or_default();
        if chunk.is_empty() && self.left > 0 && !buffer.is_empty() {
            // The file has become shorter since it was opened.
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for hasher in &mut self.hashers {
            hasher.update(chunk);
        }
        self.crc32.update(chunk);
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}
