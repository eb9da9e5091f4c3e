//! The archives that were named, and those in the folders that were named.

use std::path::{Path, PathBuf};

use crate::{
    adapters::files::FileError,
    app::store::{FindError, find, is_folder},
};

/// Archives, and what was found beside them in folders.
#[derive(Default)]
pub(super) struct SoughtArchives {
    /// In the order in which they were named and found.
    pub archives: Vec<SoughtArchive>,
    /// Symbolic links, which are not followed.
    pub links: Vec<String>,
    /// Files and folders that cannot be looked at, and why.
    pub unread: Vec<(String, FileError)>,
}

/// A file that is to be an archive.
pub(super) struct SoughtArchive {
    pub path: PathBuf,
    /// Whether its name alone says so, in a folder.
    is_found: bool,
}

/// Whether a file is a recall of somebody whose seal counts.
pub(super) type IsRecall<'a> = &'a (dyn Fn(&Path) -> bool + Sync);

impl SoughtArchives {
    /// # Errors
    /// When a folder cannot be read, or has no archive.
    pub fn find(paths: &[PathBuf], is_recall: IsRecall<'_>) -> Result<Self, FindError> {
        let mut all = Self::default();
        for path in paths {
            match is_folder(path) {
                true => all.add_folder(path, is_recall)?,
                false => all.archives.push(SoughtArchive { path: path.clone(), is_found: false }),
            }
        }
        Ok(all)
    }

    fn add_folder(&mut self, folder: &Path, is_recall: IsRecall<'_>) -> Result<(), FindError> {
        let found = find(folder, &|_| false, is_recall)?;
        let within = |name: String| folder.join(name).display().to_string();
        let archives = found.archives.into_iter();
        self.archives
            .extend(archives.map(|file| SoughtArchive { path: file.path, is_found: true }));
        self.links.extend(found.links.into_iter().map(within));
        self.unread.extend(found.unread.into_iter().map(|(name, error)| (within(name), error)));
        Ok(())
    }
}

impl SoughtArchive {
    /// Whether it is a recall that lies among the archives of a folder. One that was named is judged, and refused.
    pub fn is_recall(&self, is_recall: IsRecall<'_>) -> bool {
        self.is_found && is_recall(&self.path)
    }
}

impl AsRef<Path> for SoughtArchive {
    fn as_ref(&self) -> &Path {
        &self.path
    }
}
