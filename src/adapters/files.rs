//! Bounded reads, and writes that leave nothing half-done behind.
#![allow(clippy::disallowed_methods)] // this is where files are touched

mod error;
mod writes;

use std::{
    fs::{File, Metadata},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use self::{
    error::FileError,
    writes::{
        abandon, copy, nameless, persist, persist_new, private_temporary, remove, replace_all,
        temporary, write, write_copy,
    },
};

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let io = |source| FileError::io("read", path, source);
    bounded(File::open(path).map_err(io)?, path, max)
}

/// Reads a regular file of at most `max` bytes. A pipe or a device could be endless, or never answer.
///
/// # Errors
/// When it cannot be read, is larger, or is a pipe or device.
pub fn read_regular(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let (file, _) = open_regular(path, true)?;
    bounded(file, path, max)
}

/// The first bytes of a regular file, at most `max`. A symbolic link is not followed.
///
/// # Errors
/// When it cannot be read, or is something else.
pub fn read_start(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let (file, _) = open_regular(path, false)?;
    let mut bytes = Vec::new();
    let read = file.take(max).read_to_end(&mut bytes);
    read.map_err(|source| FileError::io("read", path, source))?;
    Ok(bytes)
}

/// Reads a regular file of at most `max` bytes that somebody else found. A symbolic link is not followed.
///
/// # Errors
/// When it cannot be read, is larger, or is something else.
pub fn read_unlinked(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let (file, _) = open_regular(path, false)?;
    bounded(file, path, max)
}

/// Reads a regular file, or standard input where the path is `-`, of at most `max` bytes.
///
/// # Errors
/// As [`read_regular`].
pub fn read_input(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    match path.as_os_str() == "-" {
        true => bounded(io::stdin().lock(), Path::new("standard input"), max),
        false => read_regular(path, max),
    }
}

/// Reads a file of ours, of at most `max` bytes.
///
/// # Errors
/// When it cannot be read, is larger, or is not as [`open_own`] wants it.
pub fn read_own(path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    bounded(open_own(path)?, path, max)
}

/// Opens a file of ours. It must be a regular file, no link, of the user who runs this or of root, and
/// writable by nobody else.
///
/// # Errors
/// When it cannot be opened, or is not so.
pub fn open_own(path: &Path) -> Result<File, FileError> {
    let (file, metadata) = open_regular(path, false)?;
    own(path, &metadata)?;
    Ok(file)
}

/// Opens a regular file.
///
/// # Errors
/// When it cannot be opened, or is something else.
pub fn open_regular(path: &Path, follow: bool) -> Result<(File, Metadata), FileError> {
    let io = |source| FileError::io("read", path, source);
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        // Opening a pipe would wait for a writer.
        let link = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
        options.custom_flags((OFlags::NONBLOCK | link).bits().cast_signed());
    }
    #[cfg(not(unix))]
    let _ = follow;
    let file = options.open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(io(io::Error::other("it is not a regular file")));
    }
    Ok((file, metadata))
}

/// Reads a key file of at most `max` bytes, which may be a pipe, with what speaks against using it:
/// a private key must be as [`open_own`] wants it; a public one, not writable by everybody.
///
/// # Errors
/// When it cannot be read, or is larger.
pub fn read_key(path: &Path, max: u64) -> Result<(Vec<u8>, KeyFile), FileError> {
    let io = |source| FileError::io("read", path, source);
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    let bytes = bounded(file, path, max)?;
    Ok((bytes, KeyFile { path: path.to_owned(), metadata }))
}

/// The owner and the mode of a key file when it was opened.
pub struct KeyFile {
    path: PathBuf,
    metadata: Metadata,
}

impl KeyFile {
    /// Refuses a private key that somebody else could have put there.
    ///
    /// # Errors
    /// [`FileError::NotOurs`] says why.
    pub fn require_own(&self) -> Result<(), FileError> {
        if self.metadata.is_file() { own(&self.path, &self.metadata) } else { Ok(()) }
    }

    /// Refuses a public key that anybody could have put there.
    ///
    /// # Errors
    /// [`FileError::NotOurs`] says so.
    pub fn require_not_everybodys(&self) -> Result<(), FileError> {
        if self.metadata.is_file() && self.mode() & 0o002 != 0 {
            return Err(FileError::NotOurs { path: self.path.clone(), why: WRITABLE });
        }
        Ok(())
    }

    /// Whether others than its owner can read it (never on Windows, where access lists decide).
    pub fn is_readable_by_others(&self) -> bool {
        self.mode() & 0o044 != 0
    }

    fn mode(&self) -> u32 {
        #[cfg(unix)]
        return std::os::unix::fs::MetadataExt::mode(&self.metadata);
        #[cfg(not(unix))]
        return 0;
    }
}

fn bounded(file: impl io::Read, path: &Path, max: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::io("read", path, source))?;
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

/// Refuses a file or folder that somebody else than the user who runs this, or root, owns or can
/// write. One that is not there is nobody's.
///
/// # Errors
/// [`FileError::NotOurs`] says why.
pub fn require_own(path: &Path) -> Result<(), FileError> {
    match std::fs::metadata(path) {
        Ok(metadata) => own(path, &metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(FileError::io("read", path, error)),
    }
}

const OTHER_USER: &str = "belongs to another user";
const WRITABLE: &str = "can be changed by other users";

#[cfg(unix)]
fn own(path: &Path, metadata: &Metadata) -> Result<(), FileError> {
    use std::os::unix::fs::MetadataExt as _;
    let why =
        match why_not_own(metadata.uid(), metadata.mode(), rustix::process::geteuid().as_raw()) {
            Some(why) => why,
            None => return Ok(()),
        };
    Err(FileError::NotOurs { path: path.to_owned(), why })
}

/// Access lists decide there.
#[cfg(not(unix))]
fn own(_path: &Path, _metadata: &Metadata) -> Result<(), FileError> {
    Ok(())
}

#[cfg(unix)]
fn why_not_own(owner: u32, mode: u32, user: u32) -> Option<&'static str> {
    match () {
        () if owner != user && owner != 0 => Some(OTHER_USER),
        () if mode & 0o022 != 0 => Some(WRITABLE),
        () => None,
    }
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

/// Where a file is to be written: a regular file, or nothing yet. A device or a pipe would be
/// replaced by a file; a link may lead to where nobody meant to write.
///
/// # Errors
/// When something else is there.
pub fn writable(path: &Path) -> Result<PathBuf, FileError> {
    let io = |source| FileError::io("write", path, source);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(io(error)),
        Ok(there) if there.is_symlink() => {
            Err(io(io::Error::other("it is a symbolic link, which is not followed")))
        }
        Ok(there) if !there.is_file() => {
            Err(io(io::Error::other("it is there and is not a regular file")))
        }
        Ok(_) => Ok(path.to_owned()),
    }
}

/// Whether two paths lead to one file that is there.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = std::fs::canonicalize(one).ok();
    real.is_some() && real == std::fs::canonicalize(other).ok()
}

/// Whether two paths lead to one file, or to where one would be.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    is_same(one, other)
        || (one.file_name() == other.file_name() && is_same(folder_of(one), folder_of(other)))
}

/// Whether a file is there, in a folder or below it.
pub fn is_within(path: &Path, folder: &Path) -> bool {
    named_from(path, folder).is_ok_and(|path| path.is_relative())
}

/// How a file is named from a folder: by its relative path where it is in the folder, or else by its
/// absolute one.
///
/// # Errors
/// When one of the two is not there.
pub fn named_from(path: &Path, folder: &Path) -> Result<PathBuf, FileError> {
    let absolute = |path: &Path| {
        std::fs::canonicalize(path).map_err(|source| FileError::io("read", path, source))
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (path, folder) = (absolute(path)?, absolute(folder)?);
    Ok(path.strip_prefix(&folder).map(Path::to_owned).unwrap_or(path))
}

/// Whether something is there.
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Whether there is a file that is not empty.
pub fn is_filled(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() > 0)
}

fn folder_of(target: &Path) -> &Path {
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
