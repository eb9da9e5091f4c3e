//! Writes archives: the same content gives the same bytes.
//!
//! The manifest is made first and lists every entry. The writer only copies, and stops when the bytes that
//! it gets are not the listed ones.

use std::{
    fs::File,
    io::{self, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use zip::{
    CompressionMethod, DateTime, System, ZipWriter, result::ZipError, write::SimpleFileOptions,
};

use crate::{
    adapters::{
        archive::{
            ArchiveError, SignedArchive,
            zip_index::{DIRECTORY_HEADER_BYTES, LOCAL_BYTES, ZIP64_BYTES},
        },
        files::{self, FileError},
    },
    core::{
        archive::{
            dsse::{Envelope, EnvelopeError},
            entry_name,
            key::SigningKey,
            manifest::{Listing, Subject},
        },
        limits,
        package::digest::{Digest, Hasher},
    },
};

/// Where an entry's bytes come from.
#[derive(Debug, Clone)]
pub enum Content {
    /// From memory.
    Bytes(Vec<u8>),
    /// From a file, which is streamed.
    File(PathBuf),
}

/// Why an archive could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The archive that is being copied.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It could not be signed.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Nobody gave the bytes of an entry.
    #[error("nothing was given for the entry {0:?}")]
    NoContent(String),
    /// The bytes of an entry are not those that the manifest lists: they changed before they were copied.
    #[error("the content of {name:?} is not what the manifest says")]
    Changed {
        /// The entry.
        name: String,
        /// Size and digest as listed.
        expected: (u64, Digest),
        /// Size and digest of what was given, where reading did not stop early.
        found: (u64, Digest),
    },
    /// An entry that the format has no room for.
    #[error("{name:?} has {size} bytes, the format takes at most {max}")]
    TooLarge {
        /// The entry.
        name: String,
        /// Its size.
        size: u64,
        /// The most that the format takes.
        max: u64,
    },
    /// More entries with longer names than the format has room for.
    #[error("the directory has {0} bytes, the format takes at most {max}", max = limits::DIRECTORY_BYTES)]
    Directory(u64),
}

impl WriteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooLarge { name, .. } if name != entry_name::ENVELOPE => None,
            Self::TooLarge { .. } | Self::Directory(_) => {
                Some("seal fewer lockfiles into one archive".into())
            }
            _ => None,
        }
    }
}

/// Writes an archive into a temporary file in the folder of `target`. Verify it, then
/// [`files::persist`] it; dropping it leaves nothing behind.
///
/// # Errors
/// When a file cannot be read or written, a content is missing or not as listed, or there is no
/// key to sign with.
pub fn seal<'a>(
    target: &Path,
    manifest: &impl Listing,
    keys: &[SigningKey],
    content: impl Fn(&Subject) -> Option<&'a Content>,
) -> Result<NamedTempFile, WriteError> {
    let envelope = Envelope::sign(&manifest.to_json(), keys)?.to_json();
    fits(manifest, &envelope)?;
    let mut out = Out::create(target)?;
    for subject in manifest.subjects() {
        let content =
            content(subject).ok_or_else(|| WriteError::NoContent(subject.name.clone()))?;
        let (mut reader, path) = content.open()?;
        out.entry(subject, &mut reader, path)?;
    }
    out.finish(&envelope)
}

/// Writes a copy of an archive with another envelope, such as one with a signature more. The
/// result as of [`seal`].
///
/// # Errors
/// When a file cannot be read or written, or an entry is not what the manifest lists.
pub fn reseal(
    target: &Path,
    archive: &SignedArchive,
    envelope: &Envelope,
) -> Result<NamedTempFile, WriteError> {
    let envelope = envelope.to_json();
    fits(archive.manifest(), &envelope)?;
    let mut out = Out::create(target)?;
    for subject in archive.manifest().subjects() {
        let mut reader = archive.raw(&subject.name)?;
        out.entry(subject, &mut reader, archive.path())?;
    }
    out.finish(&envelope)
}

/// Whether the format has room for it, found out before anything is written.
fn fits(manifest: &impl Listing, envelope: &[u8]) -> Result<(), WriteError> {
    let last = (entry_name::ENVELOPE, envelope.len() as u64, limits::ENVELOPE_BYTES);
    let entries = manifest.subjects().iter();
    let entries = entries.map(|it| (it.name.as_str(), it.size, limits::ENTRY_BYTES)).chain([last]);
    let (mut offset, mut directory) = (0_u64, 0_u64);
    for (name, size, max) in entries {
        if size > max {
            return Err(WriteError::TooLarge { name: name.to_owned(), size, max });
        }
        let zip64 = if offset < u64::from(u32::MAX) { 0 } else { ZIP64_BYTES };
        directory += DIRECTORY_HEADER_BYTES + name.len() as u64 + zip64;
        offset += LOCAL_BYTES + name.len() as u64 + size;
    }
    if directory > limits::DIRECTORY_BYTES {
        return Err(WriteError::Directory(directory));
    }
    Ok(())
}

impl Content {
    #[allow(clippy::disallowed_methods)] // this is where contents are read
    fn open(&self) -> Result<(Box<dyn Read + '_>, &Path), FileError> {
        match self {
            Self::Bytes(bytes) => Ok((Box::new(bytes.as_slice()), Path::new("memory"))),
            Self::File(path) => {
                let file = File::open(path).map_err(|error| FileError::io("read", path, error))?;
                Ok((Box::new(file), path))
            }
        }
    }
}

/// An archive in the making.
struct Out<'a> {
    zip: ZipWriter<BufWriter<Quiet<File>>>,
    temporary: NamedTempFile,
    target: &'a Path,
}

impl<'a> Out<'a> {
    fn create(target: &'a Path) -> Result<Self, FileError> {
        let temporary = files::temporary(target)?;
        let file = temporary.reopen().map_err(|error| FileError::io("write", target, error))?;
        let zip = ZipWriter::new(BufWriter::with_capacity(1 << 20, Quiet::new(file)));
        Ok(Self { zip, temporary, target })
    }

    /// Copies one entry, which must be what the manifest lists.
    fn entry(
        &mut self,
        subject: &Subject,
        reader: &mut dyn Read,
        path: &Path,
    ) -> Result<(), WriteError> {
        let Subject { name, size, digest } = subject;
        self.start(name)?;
        let mut hasher = Hasher::new(digest.algorithm());
        let zip = &mut self.zip;
        // One byte more than listed is enough to see that it is too long.
        let copied = copy(reader, size.saturating_add(1), |chunk| {
            hasher.update(chunk);
            zip.write_all(chunk)
        });
        let copied = copied.map_err(|error| match error {
            CopyError::Read(error) => FileError::io("read", path, error),
            CopyError::Write(error) => FileError::io("write", self.target, error),
        })?;
        let found = (copied, hasher.finish());
        if found != (*size, digest.clone()) {
            let expected = (*size, digest.clone());
            return Err(WriteError::Changed { name: name.clone(), expected, found });
        }
        Ok(())
    }

    fn finish(mut self, envelope: &[u8]) -> Result<NamedTempFile, WriteError> {
        self.start(entry_name::ENVELOPE)?;
        let failed = |error| FileError::io("write", self.target, error);
        self.zip.write_all(envelope).map_err(failed)?;
        let buffer = self.zip.finish().map_err(|error| failed(system(error)))?;
        buffer.into_inner().map_err(|error| failed(error.into_error()))?;
        Ok(self.temporary)
    }

    fn start(&mut self, name: &str) -> Result<(), WriteError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::DEFAULT)
            .system(System::Unix)
            .unix_permissions(0o644);
        self.zip
            .start_file(name, options)
            .map_err(|error| FileError::io("write", self.target, system(error)))?;
        Ok(())
    }
}

/// A writer that fails once, and then claims success. `ZipWriter` completes the file when it is dropped, and
/// prints to stderr if it cannot. But a file whose writing failed is thrown away, and the
/// error has been returned already.
struct Quiet<W> {
    inner: W,
    failed: bool,
}

impl<W> Quiet<W> {
    fn new(inner: W) -> Self {
        Self { inner, failed: false }
    }
}

impl<W: Write + Seek> Write for Quiet<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            // Positions go on as if it had been written.
            let skipped = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            return self.inner.seek(SeekFrom::Current(skipped)).map(|_| bytes.len());
        }
        let written = self.inner.write(bytes);
        self.failed = written.as_ref().is_err_and(|error| error.kind() != ErrorKind::Interrupted);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failed { Ok(()) } else { self.inner.flush() }
    }
}

impl<W: Seek> Seek for Quiet<W> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}

/// The system's error, without the words that `zip` puts before it.
fn system(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) => error,
        other => other.into(),
    }
}

/// The side of a copy that failed, and why.
enum CopyError {
    Read(io::Error),
    Write(io::Error),
}

/// Hands on at most `max` bytes in pieces; the number of bytes.
fn copy(
    reader: &mut dyn Read,
    max: u64,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, CopyError> {
    let mut reader = reader.take(max);
    let mut buffer = vec![0; 128 << 10];
    let mut copied = 0_u64;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(copied),
            Ok(read) => {
                write(buffer.get(..read).unwrap_or_default()).map_err(CopyError::Write)?;
                copied = copied.saturating_add(read as u64);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(CopyError::Read(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// A disk with room for this many bytes.
    struct Full(Cursor<Vec<u8>>, u64);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.position().saturating_add(bytes.len() as u64) > self.1 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Full {
        fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
            self.0.seek(position)
        }
    }

    #[test]
    fn a_full_disk_is_an_error_once() {
        for room in 0..200 {
            let quiet = Quiet::new(Full(Cursor::default(), room));
            let mut zip = ZipWriter::new(BufWriter::with_capacity(16, quiet));
            let started = zip.start_file("name", SimpleFileOptions::default());
            let failed = started.is_err() || zip.write_all(&[7; 300]).is_err();
            assert!(failed, "{room}");
            // Completes without a word, now that the failure has been told.
            let mut rest = zip.finish().unwrap();
            assert!(rest.flush().is_ok());
        }
    }
}
