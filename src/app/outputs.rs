//! Files that a command writes beside its result: all of them, or none.
//!
//! None replaces a file. So none replaces an input, and nothing of an earlier run stays under the name of a run
//! that failed.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::adapters::files::{self, FileError};

/// Why the files were not written. None is left.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file cannot be written, or is there already.
    #[error(transparent)]
    File(#[from] FileError),
    /// Standard output has the result of the command.
    #[error("standard output has the result, so that nothing else can be written to it")]
    StandardOutput,
    /// Two would be one file.
    #[error("two outputs cannot be written to one file, {}", .0.display())]
    SameFile(PathBuf),
}

impl OutputError {
    /// A file cannot be written, as the system says.
    pub(super) fn cannot_write(file: &Path, error: std::io::Error) -> Self {
        FileError::io("write", file, error).into()
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(FileError::Exists(_)) => {
                "nothing is replaced: name another file, or remove that one"
            }
            Self::File(error) => return error.hint(),
            Self::StandardOutput => "name a file, which must not be there yet",
            Self::SameFile(_) => "name another file for one of them",
        };
        Some(hint.to_owned())
    }
}

/// Finds out whether each of the files can be written, before the work begins.
///
/// # Errors
/// When one is there already, two are one, or one cannot be written.
pub fn check<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<(), OutputError> {
    let mut before: Vec<&Path> = Vec::new();
    for file in files {
        if file.as_os_str() == "-" {
            return Err(OutputError::StandardOutput);
        }
        if files::is_there(file) {
            return Err(FileError::Exists(file.to_path_buf()).into());
        }
        drop(files::temporary(file)?);
        if before.iter().any(|other| files::is_same_place(file, other)) {
            return Err(OutputError::SameFile(file.to_path_buf()));
        }
        before.push(file);
    }
    Ok(())
}

/// A file that was filled and has no name yet. If it is dropped, it is removed.
#[derive(Debug)]
pub struct Filled {
    temporary: NamedTempFile,
    file: PathBuf,
}

impl Filled {
    /// With these pieces, one after the other.
    ///
    /// # Errors
    /// When one of them could not be made, or the file cannot be written.
    pub fn with<E: From<OutputError>>(
        file: &Path,
        pieces: impl IntoIterator<Item = Result<Vec<u8>, E>>,
    ) -> Result<Self, E> {
        let failed = |error| OutputError::cannot_write(file, error);
        let temporary = files::temporary(file).map_err(OutputError::from)?;
        let mut out = std::io::BufWriter::new(temporary.as_file());
        for piece in pieces {
            out.write_all(&piece?).map_err(failed)?;
        }
        out.flush().map_err(failed)?;
        drop(out);
        Ok(Self { temporary, file: file.to_owned() })
    }
}

/// Gives all files their names.
///
/// # Errors
/// When something has one of these names by now, or the system refuses.
pub fn keep(filled: Vec<Filled>) -> Result<(), OutputError> {
    let mut kept = Vec::new();
    for Filled { temporary, file } in filled {
        if let Err(error) = files::persist_new(temporary, &file) {
            kept.iter().for_each(files::remove);
            return Err(error.into());
        }
        kept.push(file);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::disallowed_methods)] // a test reads files

    use super::*;

    fn filled(file: &Path) -> Filled {
        Filled::with(file, [Ok::<_, OutputError>(b"ours".to_vec())]).unwrap()
    }

    #[test]
    fn where_one_file_cannot_be_kept_none_is() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        check([one.as_path(), two.as_path()]).unwrap();
        let all = vec![filled(&one), filled(&two)];
        std::fs::write(&two, "mine").unwrap();
        let kept = keep(all);
        assert!(matches!(kept, Err(OutputError::File(FileError::Exists(_)))), "{kept:?}");
        assert_eq!(std::fs::read_to_string(&two).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(filled(&one));
        assert!(!one.exists());
    }
}
