//! A folder of advisories. No symbolic link in it is followed; each is named.
#![allow(clippy::disallowed_methods)] // this is where the folder is listed

use std::path::{Path, PathBuf};

use super::{AdvisoryFile, SourceError, Totals, is_record, too_large, too_much};
use crate::{
    adapters::files::{self, FileError},
    core::limits,
};

/// Reads all records in a folder and below it, in the order of their names. Folders whose names start
/// with a dot are passed over.
pub(super) fn read<E: From<SourceError>>(
    folder: &Path,
    take: &mut dyn FnMut(AdvisoryFile<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let from = folder.display().to_string();
    let mut totals = Totals::new(&from);
    for (name, path, is_link) in list(folder, &from)? {
        let bytes = if is_link { Err(LINK.to_owned()) } else { contents(&path)? };
        totals.add(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))?;
        take(AdvisoryFile { name: &name, bytes })?;
    }
    Ok(())
}

const LINK: &str = "it is a symbolic link, which is not followed";

fn contents(path: &Path) -> Result<Result<Vec<u8>, String>, SourceError> {
    match files::read_regular(path, limits::ADVISORY_BYTES) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(FileError::TooLarge { .. }) => Ok(Err(too_large())),
        Err(error) => Err(error.into()),
    }
}

/// Name, path, and whether it is a symbolic link.
type ListedFile = (String, PathBuf, bool);

fn list(folder: &Path, from: &str) -> Result<Vec<ListedFile>, SourceError> {
    let (mut found, mut seen) = (Vec::new(), 0_usize);
    let mut left = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = left.pop() {
        let io = |source| FileError::io("read", &path, source);
        for entry in std::fs::read_dir(&path).map_err(io)? {
            let entry = entry.map_err(io)?;
            seen = seen.saturating_add(1);
            if seen > limits::SOURCE_FILES_SEEN {
                return Err(too_much(from, "files", limits::SOURCE_FILES_SEEN as u64));
            }
            // It does not follow a link.
            let kind = entry.file_type().map_err(io)?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let name = format!("{prefix}{own}");
            if kind.is_dir() {
                if !own.starts_with('.') {
                    left.push((entry.path(), format!("{name}/")));
                }
            } else if is_record(&own) || kind.is_symlink() {
                // Behind a link of any name may be a folder of records.
                found.push((name, entry.path(), kind.is_symlink()));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        read::<SourceError>(folder, &mut |item| {
            names.push(format!(
                "{} {}",
                item.name,
                item.bytes.unwrap_or_else(String::into_bytes).len()
            ));
            Ok(())
        })
        .unwrap();
        names
    }

    #[test]
    fn reads_the_records_of_all_folders_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("npm/@acme/tool")).unwrap();
        fs::create_dir_all(path(".git")).unwrap();
        for name in [
            "npm/@acme/tool/MAL-2.json",
            "MAL-1.json",
            "MAL-3.JSON",
            ".git/a.json",
            "README.md",
            "json",
        ] {
            fs::write(path(name), "{}").unwrap();
        }
        let expected = ["MAL-1.json 2", "MAL-3.JSON 2", "npm/@acme/tool/MAL-2.json 2"];
        assert_eq!(names(folder.path()), expected);
    }

    #[cfg(unix)]
    #[test]
    fn names_a_symbolic_link_and_does_not_follow_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("osv")).unwrap();
        fs::write(path("outside.json"), "{}").unwrap();
        for (to, name) in [("../outside.json", "osv/a.json"), ("..", "osv/up")] {
            std::os::unix::fs::symlink(to, path(name)).unwrap();
        }
        let unread = ["a.json", "up"].map(|name| format!("{name} {}", LINK.len()));
        assert_eq!(names(&path("osv")), unread);
    }

    #[test]
    fn a_record_is_as_large_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let max = usize::try_from(limits::ADVISORY_BYTES).unwrap();
        fs::write(folder.path().join("a.json"), vec![b' '; max]).unwrap();
        fs::write(folder.path().join("b.json"), vec![b' '; max + 1]).unwrap();
        let found = names(folder.path());
        assert_eq!(found, [format!("a.json {max}"), format!("b.json {}", too_large().len())]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let found = read::<SourceError>(&folder.path().join("none"), &mut |_| Ok(()));
        assert!(matches!(found, Err(SourceError::File(error)) if error.is_not_found()));
    }
}
