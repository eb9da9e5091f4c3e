//! The open file, read at positions, from any number of threads.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use crate::adapters::{archive::ArchiveError, files::FileError};

/// A regular file. Its size is read once, at the start.
#[derive(Debug)]
pub(super) struct ArchiveFile {
    file: File,
    path: PathBuf,
    size: u64,
}

impl ArchiveFile {
    #[allow(clippy::disallowed_methods)] // this is where the archive's file is opened
    pub(super) fn open(path: &Path) -> Result<Self, ArchiveError> {
        // The kind is read first: opening a pipe would wait for its other end.
        let io = |source| FileError::io("read", path, source);
        if !std::fs::metadata(path).map_err(io)?.is_file() {
            return Err(ArchiveError::NotAFile(path.to_owned()));
        }
        let file = File::open(path).map_err(io)?;
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(ArchiveError::NotAFile(path.to_owned()));
        }
        Ok(Self { file, path: path.to_owned(), size: metadata.len() })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error of the system about this file.
    pub(super) fn error(&self, source: io::Error) -> FileError {
        FileError::io("read", &self.path, source)
    }

    /// Fills `buffer` from `position`; the end of the file before that is an error.
    pub(super) fn read_exact(&self, buffer: &mut [u8], position: u64) -> Result<(), FileError> {
        self.range(position, buffer.len() as u64)
            .read_exact(buffer)
            .map_err(|source| self.error(source))
    }

    /// A reader of `size` bytes from `position` on.
    pub(super) fn range(&self, position: u64, size: u64) -> Range<'_> {
        Range { source: self, position, left: size }
    }
}

/// A reader over a part of the file.
pub(super) struct Range<'a> {
    source: &'a ArchiveFile,
    position: u64,
    left: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..wanted) else { return Ok(0) };
        let read = read_at(&self.source.file, buffer, self.position)?;
        self.position = self.position.saturating_add(read as u64);
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}
