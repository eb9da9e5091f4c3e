//! Bounded reads, and writes that leave nothing half-done behind.
#![allow(clippy::disallowed_methods)] // this is where files are touched

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// The temporary files that were made, gone or not: a signal runs no destructors.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was attempted: `read`, `write`, …
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Larger than anything of its kind.
    #[error("{} is larger than {max} bytes", path.display())]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// The limit, in bytes.
        max: u64,
    },
    /// A folder with more in it than anything of its kind.
    #[error("{} holds more than {max} files", path.display())]
    TooMany {
        /// The path.
        path: PathBuf,
        /// The limit.
        max: usize,
    },
    /// There is a file already, and it is not ours to overwrite.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
}

impl FileError {
    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Wraps what the system said.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let io = |source| FileError::io("read", path, source);
    let file = File::open(path).map_err(io)?;
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > max {
        return Err(FileError::TooLarge { path: path.to_owned(), max });
    }
    Ok(bytes)
}

/// Opens a file of at most `max` bytes for reading.
///
/// # Errors
/// When it cannot be opened, or is larger.
pub fn open(path: &Path, max: u64) -> Result<File, FileError> {
    let io = |source| FileError::io("read", path, source);
    let file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.len() > max {
        return Err(FileError::TooLarge { path: path.to_owned(), max });
    }
    Ok(file)
}

/// Makes a folder that only its owner can look into, and those above it. One that is there stays
/// as it is.
///
/// # Errors
/// When the system refuses.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    make_private(path).map_err(|source| FileError::io("make", path, source))
}

/// As [`create_folder`], with what the system says.
///
/// # Errors
/// When the system refuses.
pub fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Where a file is to be written: what a link leads to, which is a regular file where there is one.
/// A device or a pipe would be replaced by a file.
///
/// # Errors
/// When something else is there.
pub fn writable(path: &Path) -> Result<PathBuf, FileError> {
    let io = |source| FileError::io("write", path, source);
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(io(error)),
        Ok(there) if !there.is_file() => {
            Err(io(io::Error::other("it is there and is not a regular file")))
        }
        Ok(_) if path.is_symlink() => std::fs::canonicalize(path).map_err(io),
        Ok(_) => Ok(path.to_owned()),
    }
}

/// Whether two paths lead to one file that is there.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = std::fs::canonicalize(one).ok();
    real.is_some() && real == std::fs::canonicalize(other).ok()
}

/// Whether there is a file that is not empty.
pub fn is_filled(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0)
}

/// A temporary file in the folder of `target`, so that the rename at the end is atomic. Dropping
/// it without [`persist`] removes it.
///
/// # Errors
/// When the folder is not there or cannot be written.
pub fn temporary(target: &Path) -> Result<tempfile::NamedTempFile, FileError> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sealift-");
    // As any file that a program makes: the process's mask decides, not the crate's 0600.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut made = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    // What tempfile says names a file that nobody has asked for.
    let file = builder.tempfile_in(folder).map_err(|source| {
        let source = match source.kind() {
            io::ErrorKind::NotFound => io::Error::new(source.kind(), "there is no such folder"),
            kind => kind.into(),
        };
        FileError::io("write in", folder, source)
    })?;
    made.push(file.path().to_owned());
    Ok(file)
}

/// Removes all temporary files, and then ends the process by `end`: none is made in between.
pub fn abandon(end: impl FnOnce()) {
    let made = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    for path in made.iter() {
        let _ = std::fs::remove_file(path);
    }
    end();
}

/// Writes a file in one step, replacing what is there.
///
/// # Errors
/// When the system refuses; what was there is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = temporary(path)?;
    file.write_all(bytes).map_err(|source| FileError::io("write", path, source))?;
    persist(file, path)
}

/// Copies a temporary file to standard output.
///
/// # Errors
/// When it cannot be read, or nobody reads.
pub fn copy_to_stdout(file: &tempfile::NamedTempFile) -> Result<(), FileError> {
    let mut from = file.reopen().map_err(|source| FileError::io("read", file.path(), source))?;
    let mut out = io::stdout().lock();
    io::copy(&mut from, &mut out)
        .and_then(|_| out.flush())
        .map_err(|source| FileError::io("write", Path::new("standard output"), source))
}

/// Replaces the files of these names in a folder by `files`, which have some of the names. What had
/// one of them is gone before the first new file is there: old and new never lie beside each other.
///
/// # Errors
/// When the system refuses.
pub fn replace_all(
    folder: &Path,
    names: &[&str],
    files: &[(&str, &[u8])],
) -> Result<(), FileError> {
    let mut ready = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let mut file = temporary(&path)?;
        file.write_all(bytes).map_err(|source| FileError::io("write", &path, source))?;
        ready.push((file, path));
    }
    for path in names.iter().map(|name| folder.join(name)) {
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::io("replace", &path, source));
            }
            _ => {}
        }
    }
    ready.into_iter().try_for_each(|(file, path)| persist(file, &path))
}

/// Syncs a temporary file and renames it to `target`, replacing what is there.
///
/// # Errors
/// When the system refuses; the temporary file is then removed.
pub fn persist(file: tempfile::NamedTempFile, target: &Path) -> Result<(), FileError> {
    file.as_file().sync_all().map_err(|source| FileError::io("write", target, source))?;
    file.persist(target).map_err(|error| FileError::io("write", target, error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stop_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        assert!(matches!(read(&path, 4), Err(FileError::TooLarge { max: 4, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_only_files_are_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::write(path("file"), b"").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
        let real = std::fs::canonicalize(path("file")).unwrap();
        assert_eq!(writable(&path("link")).unwrap(), real);
        for itself in ["file", "new", "dangling"] {
            assert_eq!(writable(&path(itself)).unwrap(), path(itself));
        }
        for other in [folder.path(), Path::new("/dev/null")] {
            let refused = writable(other).unwrap_err().to_string();
            assert!(refused.ends_with("it is there and is not a regular file"), "{refused}");
        }
        assert!(is_same(&path("file"), &path("link")));
        assert!(!is_same(&path("new"), &path("new")) && !is_same(&path("file"), folder.path()));
    }

    #[test]
    fn a_dropped_temporary_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(temporary(&folder.path().join("out")).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let missing = folder.path().join("no/out");
        assert!(matches!(temporary(&missing), Err(FileError::Io { .. })));
    }
}
