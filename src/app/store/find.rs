//! Finds the archives in a folder. A recall among them is known by its seal and by what it holds, and is passed over.

use std::path::{Path, PathBuf};

use crate::adapters::{
    archives::{self, FolderFiles},
    files::FileError,
};

/// Why the archives of a folder were not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a folder.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// No archive in it.
    #[error("{}: there is no archive in the folder, and none below it", .0.display())]
    NoArchive(PathBuf),
}

impl FindError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(error) => return error.hint(),
            Self::NotAFolder(_) => "name the folder that holds the archives",
            Self::NoArchive(_) => {
                "the names of archives end in .sealift; links are not followed, and a recall is not an archive"
            }
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NoArchive(_) => Some("no-archive"),
            Self::File(_) | Self::NotAFolder(_) => None,
        }
    }
}

/// Lists the files with the names of archives in a folder, and the other files that `keep` keeps. Opens no archive.
///
/// # Errors
/// When it is not a folder, or cannot be read.
pub(super) fn list(folder: &Path, keep: &dyn Fn(&Path) -> bool) -> Result<FolderFiles, FindError> {
    let found = archives::find(folder, keep);
    found.map_err(|error| match archives::is_folder(folder) || error.is_not_found() {
        true => error.into(),
        false => FindError::NotAFolder(folder.to_owned()),
    })
}

/// As [`list`]. There must be something to judge or to keep: a recall alone is not.
///
/// # Errors
/// As [`list`], and when there is no archive.
pub(in crate::app) fn find(
    folder: &Path,
    keep: &dyn Fn(&Path) -> bool,
    is_recall: &dyn Fn(&Path) -> bool,
) -> Result<FolderFiles, FindError> {
    let found = list(folder, keep)?;
    let has_any = found.archives.iter().any(|file| !is_recall(&file.path));
    match has_any || !found.unread.is_empty() || !found.others.is_empty() {
        true => Ok(found),
        false => Err(FindError::NoArchive(folder.to_owned())),
    }
}
