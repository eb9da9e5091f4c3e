//! Bounded reads of the trust store's files. Links and pipes are refused: whoever reads through one
//! reads something else, or waits.

use std::{fs, io::ErrorKind, path::Path};

use crate::{
    adapters::files::{self, FileError},
    core::{
        limits::STORE_FILES,
        tuf::{Entries, limit},
    },
};

/// A file's bytes, or `None` if it is not there.
pub(super) fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(FileError::io("read", path, error)),
        Ok(there) if !there.is_file() => return Err(not_a("regular file", path)),
        Ok(_) => {}
    }
    match files::read(path, max) {
        Err(error) if error.is_not_found() => Ok(None),
        read => read.map(Some),
    }
}

/// Refuses what is there, if it is anything but a folder. A link to one is none.
pub(super) fn check_folder(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_dir() => Err(not_a("folder", path)),
        _ => Ok(()),
    }
}

/// Refuses what is there, if it is anything but a regular file.
pub(super) fn check_file(path: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => Err(not_a("regular file", path)),
        _ => Ok(()),
    }
}

fn not_a(kind: &str, path: &Path) -> FileError {
    FileError::io("read", path, std::io::Error::other(format!("it is not a {kind}")))
}

/// The names of the folders in a folder; none if it is not there.
pub(super) fn folders(folder: &Path) -> Result<Vec<String>, FileError> {
    let listed = list(folder)?;
    Ok(listed.into_iter().filter(|(_, is_folder)| *is_folder).map(|(name, _)| name).collect())
}

/// All files below a folder, by their path relative to it; none if it is not there.
pub(super) fn entries(folder: &Path) -> Result<Entries, FileError> {
    let mut entries = Entries::new();
    let mut pending = vec![String::new()];
    while let Some(prefix) = pending.pop() {
        for (name, is_folder) in list(&folder.join(&prefix))? {
            let path = format!("{prefix}{name}");
            if is_folder {
                pending.push(format!("{path}/"));
            } else {
                let bytes = read(&folder.join(&path), limit(&path))?;
                entries.insert(path, bytes.unwrap_or_default());
            }
            at_most_store_files(folder, entries.len() + pending.len())?;
        }
    }
    Ok(entries)
}

/// Refuses a folder with more files in it than a store has.
pub(super) fn at_most_store_files(folder: &Path, files: usize) -> Result<(), FileError> {
    if files > STORE_FILES {
        return Err(FileError::TooMany { path: folder.to_owned(), max: STORE_FILES });
    }
    Ok(())
}

/// The names in a folder, and whether each is a folder; none if it is not there.
pub(super) fn list(folder: &Path) -> Result<Vec<(String, bool)>, FileError> {
    let io = |source| FileError::io("read", folder, source);
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(io)?,
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.map_err(io)?;
        let is_folder = entry.file_type().map_err(io)?.is_dir();
        names.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
        at_most_store_files(folder, names.len())?;
    }
    Ok(names)
}
