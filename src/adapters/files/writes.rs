//! Writes that leave nothing half-done behind.

use std::{
    fs::File,
    io::{self, Seek as _, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{FileError, folder_of, writable};

/// All temporary files that were made, even those that are gone: a signal runs no destructors.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A temporary file in the folder of `target`, so that the rename at the end is atomic. Dropping
/// it without [`persist`] removes it.
///
/// # Errors
/// When the folder is not there or cannot be written.
pub fn temporary(target: &Path) -> Result<tempfile::NamedTempFile, FileError> {
    temporary_of_mode(target, 0o666)
}

/// As [`temporary`], for its owner alone.
///
/// # Errors
/// When the folder is not there or cannot be written.
pub fn private_temporary(target: &Path) -> Result<tempfile::NamedTempFile, FileError> {
    temporary_of_mode(target, 0o600)
}

fn temporary_of_mode(target: &Path, mode: u32) -> Result<tempfile::NamedTempFile, FileError> {
    let folder = folder_of(target);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".sealift-");
    // The mode that any new file gets: the process's mask takes its part away.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut made = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    // The error of tempfile names a file that the user does not know.
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

/// A file without a name in the folder of `target`, which is gone when the process ends, however it does.
///
/// # Errors
/// When the folder is not there or cannot be written.
pub fn nameless(target: &Path) -> Result<File, FileError> {
    let folder = folder_of(target);
    tempfile::tempfile_in(folder).map_err(|source| FileError::io("write in", folder, source))
}

/// Removes all temporary files, and then ends the process by `end`: none is made in between.
pub fn abandon(end: impl FnOnce()) {
    let made = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
    for path in made.iter() {
        let _ = std::fs::remove_file(path);
    }
    end();
}

/// Copies a temporary file to standard output.
///
/// # Errors
/// When the file cannot be read, or nobody reads the output.
pub fn copy(file: &tempfile::NamedTempFile, out: &mut dyn io::Write) -> Result<(), FileError> {
    let mut from = file.reopen().map_err(|source| FileError::io("read", file.path(), source))?;
    io::copy(&mut from, out)
        .and_then(|_| out.flush())
        .map_err(|source| FileError::io("write", Path::new("standard output"), source))
}

/// Replaces the files of these names in a folder by `files`, which have some of the names. All old files are
/// removed before the first new file is written: old and new never lie beside each other.
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

/// Writes a file as a whole, or not at all: what another file has, from its start. Replaces what is there.
///
/// # Errors
/// When the system refuses.
pub fn write_copy(target: &Path, mut from: File) -> Result<(), FileError> {
    let io = |source| FileError::io("write", target, source);
    let mut file = temporary(&writable(target)?)?;
    from.rewind().and_then(|()| io::copy(&mut from, &mut file)).map_err(io)?;
    persist(file, target)
}

/// Writes a file as a whole, or not at all. Replaces what is there only where that is asked for.
///
/// # Errors
/// When something is there that is not replaced, or the system refuses.
pub fn write(target: &Path, bytes: &[u8], replace: bool) -> Result<(), FileError> {
    let target = writable(target)?;
    let mut file = temporary(&target)?;
    file.write_all(bytes).map_err(|source| FileError::io("write", &target, source))?;
    if replace { persist(file, &target) } else { persist_new(file, &target) }
}

/// As [`persist`], and replaces nothing.
///
/// # Errors
/// When something is there, or the system refuses; the temporary file is then removed.
pub fn persist_new(file: tempfile::NamedTempFile, target: &Path) -> Result<(), FileError> {
    file.as_file().sync_all().map_err(|source| FileError::io("write", target, source))?;
    file.persist_noclobber(target).map(drop).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Exists(target.to_owned()),
        _ => FileError::io("write", target, error.error),
    })
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

/// Removes a file that was written just now, as far as the system allows.
pub fn remove(path: &PathBuf) {
    let _ = std::fs::remove_file(path);
}
