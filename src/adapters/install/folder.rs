//! A new folder that gets its name when all is in it.
#![allow(clippy::disallowed_methods)] // this is where the folder is written

use std::{
    fs,
    io::{self, ErrorKind, Read, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use tempfile::TempDir;

use super::InstallError;
use crate::{
    adapters::{
        archive::SignedArchive,
        files::{self, FileError},
    },
    core::npm::tarball::TarballError,
};

/// Says whether to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// A folder in the making, beside its target, that only its owner can look into. Dropping it without
/// [`keep`](Self::keep) removes it.
pub struct NewFolder<'a> {
    target: PathBuf,
    temporary: TempDir,
    stop: Stop<'a>,
    written: AtomicUsize,
}

impl<'a> NewFolder<'a> {
    /// Makes it. Nothing may be at the target.
    ///
    /// # Errors
    /// When something is there, or the folder above it is not there or cannot be written.
    pub fn beside(target: &Path, stop: Stop<'a>) -> Result<Self, InstallError> {
        require_absent(target)?;
        let above = match target.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".sealift-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        // The error of tempfile names a folder that the user does not know.
        let temporary = builder.tempdir_in(above).map_err(|source| {
            let source = match source.kind() {
                ErrorKind::NotFound => io::Error::new(source.kind(), "there is no such folder"),
                kind => kind.into(),
            };
            FileError::io("write in", above, source)
        })?;
        Ok(Self { target: target.to_owned(), temporary, stop, written: AtomicUsize::new(0) })
    }

    /// Writes a file that is not there yet, at this path of plain names.
    ///
    /// # Errors
    /// When the system refuses, the name is not a file's, or it is told to stop.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), InstallError> {
        let mut file = self.create(name)?;
        file.write_all(bytes).map_err(|source| self.failed(name, source))
    }

    /// Writes an entry of the archive as a file that is not there yet. Its bytes are hashed on their way
    /// into the file, and compared with the manifest.
    ///
    /// # Errors
    /// As [`write`](Self::write), or when the entry is not what the manifest lists any more.
    pub fn copy(
        &self,
        name: &str,
        archive: &SignedArchive,
        entry: &str,
    ) -> Result<(), InstallError> {
        self.make(name, archive, entry, |reader, out| self.fill(out, reader))
    }

    /// Writes a file that is not there yet, of what `make` makes of an entry of the archive, which is compared
    /// with the manifest.
    ///
    /// # Errors
    /// As [`copy`](Self::copy), and with what `make` finds wrong with a tarball.
    pub fn make(
        &self,
        name: &str,
        archive: &SignedArchive,
        entry: &str,
        make: impl FnOnce(&mut dyn Read, &mut dyn io::Write) -> io::Result<()>,
    ) -> Result<(), InstallError> {
        let mut file = io::BufWriter::new(self.create(name)?);
        let (_, made) = archive.look(entry, &[], |reader| {
            make(reader, &mut file)?;
            file.flush()
        })?;
        made.map_err(|source| match source.downcast::<TarballError>() {
            Ok(error) => InstallError::Tarball { entry: entry.to_owned(), error },
            Err(_) if (self.stop)() => InstallError::Interrupted,
            Err(source) => self.failed(name, source),
        })
    }

    fn fill(&self, file: &mut dyn io::Write, reader: &mut dyn Read) -> io::Result<()> {
        let mut buffer = vec![0; 128 << 10];
        loop {
            if (self.stop)() {
                return Err(io::Error::other("interrupted"));
            }
            let read = match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            file.write_all(buffer.get(..read).unwrap_or_default())?;
        }
    }

    fn create(&self, name: &str) -> Result<fs::File, InstallError> {
        if (self.stop)() {
            return Err(InstallError::Interrupted);
        }
        let plain =
            |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
        if !name.split('/').all(plain) {
            return Err(InstallError::Name(name.to_owned()));
        }
        let path = self.temporary.path().join(name);
        if let Some(above) = path.parent() {
            files::make_private(above).map_err(|source| self.failed(name, source))?;
        }
        // A new file: a link that is there is not followed, and nothing is overwritten.
        let file = fs::File::options().write(true).create_new(true).open(&path);
        let file = file.map_err(|source| self.failed(name, source))?;
        self.written.fetch_add(1, Ordering::Relaxed);
        Ok(file)
    }

    /// The folder under the name that it will have.
    fn failed(&self, name: &str, source: io::Error) -> InstallError {
        FileError::io("write", &self.target.join(name), source).into()
    }

    /// Gives the folder its name, and returns how many files are in it.
    ///
    /// # Errors
    /// When something is there by now, the system refuses, or it is told to stop.
    pub fn keep(self) -> Result<usize, InstallError> {
        sync(self.temporary.path())
            .map_err(|source| FileError::io("write", &self.target, source))?;
        if (self.stop)() {
            return Err(InstallError::Interrupted);
        }
        match rename(self.temporary.path(), &self.target) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                return Err(InstallError::Exists(self.target));
            }
            Err(error) => return Err(FileError::io("write", &self.target, error).into()),
        }
        // What it was called is not there any more.
        let _ = self.temporary.keep();
        Ok(self.written.into_inner())
    }
}

/// Refuses a target at which something is, be it a link that leads nowhere.
///
/// # Errors
/// [`InstallError::Exists`].
pub fn require_absent(target: &Path) -> Result<(), InstallError> {
    match fs::symlink_metadata(target) {
        Ok(_) => Err(InstallError::Exists(target.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::io("write", target, error).into()),
    }
}

/// Renames a folder to a name that is not there: an empty folder would be replaced otherwise.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some file systems cannot.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return Ok(done?),
        }
    }
    match fs::symlink_metadata(to) {
        Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(from, to),
        Err(error) => Err(error),
        Ok(_) => Err(ErrorKind::AlreadyExists.into()),
    }
}

/// Has the system write everything to the disk before the folder gets its name: once for all files, since
/// there are thousands.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(fs::File::open(folder)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
    Ok(())
}
