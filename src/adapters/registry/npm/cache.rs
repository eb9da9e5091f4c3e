//! The download cache: a later run, also after an interrupted one, need not fetch the same again.
//!
//! Tarballs are kept under their SHA-512 and hashed again whenever they are taken out, so that a
//! damaged or altered cache costs a download and nothing else. The address that gave each tarball is kept
//! beside it, with the time: an answer from the cache keeps the time of its first answer.
//! Files of another user, or that others can change, are not used.
#![allow(clippy::disallowed_methods)] // this is where the cache's files are touched

mod responses;

use std::{
    fs,
    io::{Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

pub(super) use responses::Document;
use tempfile::{SpooledData, SpooledTempFile};

use super::{
    CollectedTarball, Progress,
    expected::{ExpectedDigests, Mismatch, Sums},
};
use crate::{
    adapters::{
        files::{self, FileError},
        network::Sink,
    },
    core::{
        limits,
        package::digest::{Algorithm, Digest},
        time::{self, Time},
    },
};

/// A folder of downloads.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// A tarball in the cache.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub artifact: CollectedTarball,
    pub answered_at: Time,
}

impl Cache {
    /// Opens a cache, makes its folders for their owner alone (tarballs may be private), and clears
    /// away what runs that were killed have left.
    ///
    /// # Errors
    /// When a folder cannot be made, or is one that others can change.
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        for part in ["tarballs", "index", "responses"] {
            let part = folder.join(part);
            files::create_folder(&part)?;
            files::require_own(&part)?;
            sweep(&part);
        }
        files::require_own(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The tarball that an address has given, if it is here and as expected.
    pub(super) fn tarball(&self, address: &str, expected: &ExpectedDigests) -> Option<Kept> {
        let index = files::read_own(&self.index(address), limits::INDEX_BYTES).ok()?;
        let (digest, time) = std::str::from_utf8(&index).ok()?.split_once(' ')?;
        let sha512 = Digest::from_hex(Algorithm::Sha512, digest)?;
        let answered_at = time::parse(time)?;
        let path = self.place(&sha512);
        let mut sums = expected.sums();
        let size = hash(files::open_own(&path).ok()?, limits::TARBALL_BYTES, &mut sums)?;
        let found = sums.finish();
        let whole = found.sha512 == sha512 && expected.check(&found).is_ok();
        whole.then_some(Kept {
            artifact: CollectedTarball { path, digest: sha512, size },
            answered_at,
        })
    }

    /// A tarball on its way.
    pub(super) fn begin<'a>(
        &'a self,
        expected: &'a ExpectedDigests,
        progress: &'a dyn Progress,
    ) -> Download<'a> {
        Download { cache: self, file: None, expected, progress, sums: expected.sums(), size: 0 }
    }

    /// Keeps a whole tarball, if it is the expected one.
    pub(super) fn keep(
        &self,
        address: &str,
        answered_at: Time,
        download: Download,
    ) -> Result<Kept, KeepError> {
        let Download { file, expected, sums, size, .. } = download;
        let found = sums.finish();
        expected.check(&found)?;
        let sha512 = found.sha512;
        let path = self.place(&sha512);
        match file {
            Some(file) => persist(file, &path)?,
            None => self.write(&path, &[])?,
        }
        let index = format!("{} {}", sha512.to_hex(), time::format(answered_at));
        self.write(&self.index(address), &[index.as_bytes()])?;
        Ok(Kept { artifact: CollectedTarball { path, digest: sha512, size }, answered_at })
    }

    /// A packument on its way.
    pub(super) fn spool(&self) -> Spool<'_> {
        let max = limits::PACKUMENT_IN_MEMORY_BYTES;
        Spool { cache: self, file: tempfile::spooled_tempfile_in(max, &self.folder) }
    }

    fn place(&self, sha512: &Digest) -> PathBuf {
        self.folder.join("tarballs").join(sha512.to_hex())
    }

    fn index(&self, address: &str) -> PathBuf {
        self.folder.join("index").join(name(address))
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> Result<(), FileError> {
        let mut file = files::private_temporary(path)?;
        for part in parts {
            file.as_file_mut()
                .write_all(part)
                .map_err(|error| FileError::io("write", path, error))?;
        }
        persist(file, path)
    }
}

/// The name of an address's file: an address can hold anything, a file's name cannot.
fn name(address: &str) -> String {
    Algorithm::Sha256.digest(address.as_bytes()).to_hex()
}

/// Compares a tarball of the project with the digests that are expected of it.
pub(super) fn examine(
    path: &Path,
    expected: &ExpectedDigests,
) -> Result<CollectedTarball, KeepError> {
    let (file, _) = files::open_regular(path, true)?;
    let mut sums = expected.sums();
    let max = limits::TARBALL_BYTES;
    let too_large = || FileError::TooLarge { path: path.to_owned(), max };
    let size = hash(file, max, &mut sums).ok_or_else(too_large)?;
    let found = sums.finish();
    expected.check(&found)?;
    Ok(CollectedTarball { path: path.to_owned(), digest: found.sha512, size })
}

/// Reads a file of at most `max` bytes. Returns the number of its bytes, or `None` if it is larger.
fn hash(file: impl Read, max: u64, sums: &mut Sums) -> Option<u64> {
    let mut file = file.take(max.saturating_add(1));
    let mut size = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer).ok()?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        sums.update(piece);
        size += piece.len() as u64;
    }
    (size <= max).then_some(size)
}

/// Renames a temporary file. Unlike [`files::persist`] it does not sync: thousands of syncs are
/// slow, and a file that a crash cut short is found by its hash and fetched again.
fn persist(file: tempfile::NamedTempFile, path: &Path) -> Result<(), FileError> {
    file.persist(path).map_err(|error| FileError::io("write", path, error.error))?;
    Ok(())
}

/// Removes temporary files that are too old to belong to a running process. Others do no harm.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let temporary = entry.file_name().to_string_lossy().starts_with(".sealift-");
        if temporary && age().is_some_and(|age| age > limits::ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Why a download was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(transparent)]
    File(#[from] FileError),
}

/// A tarball that is being fetched: its bytes are written and hashed as they arrive. If it is dropped, the
/// file is removed.
pub(super) struct Download<'a> {
    cache: &'a Cache,
    /// Made when the first bytes come: a lockfile has more packages than a process may have files.
    file: Option<tempfile::NamedTempFile>,
    expected: &'a ExpectedDigests,
    progress: &'a dyn Progress,
    sums: Sums,
    size: u64,
}

impl Sink for Download<'_> {
    fn start(&mut self) -> Result<(), String> {
        self.sums = self.expected.sums();
        self.size = 0;
        let place = self.cache.folder.join("tarballs/new");
        self.file = Some(files::private_temporary(&place).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.sums.update(bytes);
        self.size += bytes.len() as u64;
        self.progress.bytes(bytes.len() as u64);
        let Some(file) = &mut self.file else { return Err("no body was begun".into()) };
        file.as_file_mut().write_all(bytes).map_err(|error| error.to_string())
    }
}

/// A packument that is being fetched. Many arrive at a time and some have ten megabytes: the large ones wait
/// in files without names, and one at a time is read. If it is dropped, the file is gone.
pub(super) struct Spool<'a> {
    cache: &'a Cache,
    file: SpooledTempFile,
}

impl Spool<'_> {
    pub(super) fn read(self) -> Result<Vec<u8>, FileError> {
        let failed = |error| FileError::io("read", &self.cache.folder, error);
        match self.file.into_inner() {
            SpooledData::InMemory(bytes) => Ok(bytes.into_inner()),
            SpooledData::OnDisk(mut file) => {
                let mut bytes = Vec::new();
                file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(failed)?;
                Ok(bytes)
            }
        }
    }
}

impl Sink for Spool<'_> {
    fn start(&mut self) -> Result<(), String> {
        *self = self.cache.spool();
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file
            .write_all(bytes)
            .map_err(|error| FileError::io("write", &self.cache.folder, error).to_string())
    }
}

#[cfg(test)]
mod tests;
