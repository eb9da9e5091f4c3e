//! Finds the archives in a folder and in all folders below it, and the other files that a caller keeps. Follows
//! no symbolic link, and opens no archive.
#![allow(clippy::disallowed_methods)] // this is where folders are read, and the tests make some

use std::{
    fs::{DirEntry, Metadata},
    io,
    path::{Path, PathBuf},
};

use crate::{
    adapters::files::FileError,
    core::{
        limits,
        time::{self, Time},
    },
};

/// How the names of archives end.
pub const ENDING: &str = ".sealift";

/// What a folder holds.
#[derive(Debug, Default)]
pub struct FolderFiles {
    /// The files with the names of archives, sorted by name.
    pub archives: Vec<FolderFile>,
    /// The other files that were kept, sorted by name.
    pub others: Vec<FolderFile>,
    /// The symbolic links, which are not followed: their names, sorted.
    pub links: Vec<String>,
    /// Folders and files that cannot be looked at: their names, sorted, and why. There may be archives in them.
    pub unread: Vec<(String, FileError)>,
}

/// A file that was found. Nothing in it counts yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFile {
    /// Its path from the folder, with `/` between the parts.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// Its size and time of change.
    pub stamp: Stamp,
}

impl AsRef<Path> for FolderFile {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}

/// What the file system says of a file. It changes where the file is written, unless somebody takes care
/// that it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The number of bytes.
    pub bytes: u64,
    /// When it was changed last, to the nanosecond; empty where the system does not say.
    pub modified: String,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().map(Time::from);
        Self { bytes: metadata.len(), modified: modified.map(time::exact).unwrap_or_default() }
    }
}

/// Whether a path leads to a folder.
pub fn is_folder(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_dir())
}

/// Finds the archives in a folder. Of the other files, `keep` says which are kept.
///
/// # Errors
/// When the folder itself cannot be read, or holds more than any store.
pub fn find(folder: &Path, keep: &dyn Fn(&Path) -> bool) -> Result<FolderFiles, FileError> {
    find_at_most(folder, keep, limits::STORE_ARCHIVES, limits::STORE_FILES_SEEN)
}

fn find_at_most(
    folder: &Path,
    keep: &dyn Fn(&Path) -> bool,
    most: usize,
    files: usize,
) -> Result<FolderFiles, FileError> {
    let found = FolderFiles::default();
    let mut walk = FolderWalk { folder, keep, most, files, found, seen: 0, left: Vec::new() };
    walk.folder(folder, "")?;
    while let Some((path, name)) = walk.left.pop() {
        match walk.folder(&path, &name) {
            Ok(()) => {}
            Err(error @ FileError::TooMany { .. }) => return Err(error),
            Err(error) => walk.found.unread.push((name, error)),
        }
    }
    let FolderFiles { archives, others, links, unread } = &mut walk.found;
    archives.sort_by(|a, b| a.name.cmp(&b.name));
    others.sort_by(|a, b| a.name.cmp(&b.name));
    links.sort();
    unread.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(walk.found)
}

/// A walk through a folder.
struct FolderWalk<'a> {
    folder: &'a Path,
    /// Whether a file that has not the name of an archive is kept.
    keep: &'a dyn Fn(&Path) -> bool,
    /// How many archives there may be, and how many other files may be kept.
    most: usize,
    /// How many files and folders may be looked at.
    files: usize,
    found: FolderFiles,
    /// How many files and folders were seen.
    seen: usize,
    /// The folders that are still to be read, each with its path from the first.
    left: Vec<(PathBuf, String)>,
}

impl FolderWalk<'_> {
    fn folder(&mut self, path: &Path, name: &str) -> Result<(), FileError> {
        let io = |source| FileError::io("read", path, source);
        for entry in std::fs::read_dir(path).map_err(io)? {
            let entry = entry.map_err(io)?;
            self.seen = self.seen.saturating_add(1);
            if self.seen > self.files {
                return Err(self.too_many(self.files));
            }
            self.entry(&entry, name)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &DirEntry, folder: &str) -> Result<(), FileError> {
        let (path, own) = (entry.path(), entry.file_name());
        let is_text = own.to_str().is_some();
        let own = own.to_string_lossy();
        let name = if folder.is_empty() { own.into_owned() } else { format!("{folder}/{own}") };
        let unread = |why: &str| FileError::io("read", &path, io::Error::other(why));
        // Neither of the two follows a link.
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(source) => {
                self.found.unread.push((name, FileError::io("read", &path, source)));
                return Ok(());
            }
        };
        let is_named = name.ends_with(ENDING);
        let is_kept = || is_named || (kind.is_file() && (self.keep)(&path));
        if kind.is_symlink() && is_named {
            let why = "it is a symbolic link, which is not followed";
            self.found.unread.push((name, unread(why)));
        } else if kind.is_symlink() {
            self.found.links.push(name);
        } else if !is_text && (kind.is_dir() || is_kept()) {
            self.found.unread.push((name, unread("its name is not UTF-8")));
        } else if kind.is_dir() {
            self.left.push((path, name));
        } else if is_kept() {
            let kept = if is_named { &mut self.found.archives } else { &mut self.found.others };
            match entry.metadata() {
                Ok(metadata) => {
                    let stamp = Stamp::of(&metadata);
                    kept.push(FolderFile { name, path, stamp });
                }
                Err(source) => {
                    self.found.unread.push((name, FileError::io("read", &path, source)));
                }
            }
            let FolderFiles { archives, others, .. } = &self.found;
            if archives.len().max(others.len()) > self.most {
                return Err(self.too_many(self.most));
            }
        }
        Ok(())
    }

    fn too_many(&self, max: usize) -> FileError {
        FileError::TooMany { path: self.folder.to_owned(), max }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NONE: &dyn Fn(&Path) -> bool = &|_| false;

    fn names(found: &FolderFiles) -> Vec<&str> {
        found.archives.iter().map(|archive| archive.name.as_str()).collect()
    }

    #[test]
    fn finds_archives_in_all_folders_sorted_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("b/c.sealift")).unwrap();
        for name in ["b/c.sealift/d.sealift", "b/e.sealift", "a.sealift", "a.zip", "sealift"] {
            fs::write(path(name), name).unwrap();
        }
        let found = find(folder.path(), NONE).unwrap();
        assert_eq!(names(&found), ["a.sealift", "b/c.sealift/d.sealift", "b/e.sealift"]);
        let first = &found.archives[0];
        assert_eq!((first.path.clone(), first.stamp.bytes), (path("a.sealift"), 9));
        assert!(time::parse(&first.stamp.modified).is_some(), "{first:?}");
        assert!(found.links.is_empty() && found.unread.is_empty());
    }

    #[test]
    fn keeps_other_files_as_the_caller_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("below")).unwrap();
        for name in ["a.sealift", "b.json", "below/a.json", "c.txt"] {
            fs::write(path(name), name).unwrap();
        }
        let json = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
        let found = find(folder.path(), &json).unwrap();
        assert_eq!(names(&found), ["a.sealift"]);
        let others: Vec<_> = found.others.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(others, ["b.json", "below/a.json"]);
        let error = find_at_most(folder.path(), &json, 1, 9).unwrap_err();
        assert!(matches!(error, FileError::TooMany { max: 1, .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn follows_no_symbolic_link_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("store/real")).unwrap();
        fs::write(path("store/real/a.sealift"), "").unwrap();
        let link = |to: &str, name: &str| std::os::unix::fs::symlink(to, path(name)).unwrap();
        link("real/a.sealift", "store/b.sealift");
        link("..", "store/circle");
        link("store", "named");
        // The folder that the user names may be a link.
        let found = find(&path("named"), NONE).unwrap();
        assert_eq!(names(&found), ["real/a.sealift"]);
        assert_eq!(found.links, ["circle"]);
        // What could be an archive is not passed over without a word.
        let [(name, error)] = found.unread.as_slice() else { panic!("{:?}", found.unread) };
        assert!(name == "b.sealift" && error.to_string().contains("symbolic link"), "{error}");
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_not_taken_for_another() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        for name in [b"a\xff.sealift", b"a\xfe.sealift"] {
            fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
        }
        let found = find(folder.path(), NONE).unwrap();
        assert!(found.archives.is_empty());
        assert_eq!(found.unread.len(), 2);
    }

    #[test]
    fn rejects_a_folder_with_more_than_any_store_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("below")).unwrap();
        for name in ["a.sealift", "below/b.sealift"] {
            fs::write(path(name), "").unwrap();
        }
        assert_eq!(names(&find_at_most(folder.path(), NONE, 2, 3).unwrap()).len(), 2);
        for (archives, files, most) in [(1, 3, 1), (2, 2, 2)] {
            let error = find_at_most(folder.path(), NONE, archives, files).unwrap_err();
            assert!(matches!(error, FileError::TooMany { max, .. } if max == most), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(&folder.path().join("none"), NONE).unwrap_err().is_not_found());
        assert!(is_folder(folder.path()) && !is_folder(&folder.path().join("none")));
    }
}
