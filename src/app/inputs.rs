//! Reads lockfiles, and the files beside them that count as well.

use std::path::{Path, PathBuf};

use crate::{
    adapters::files::{self, FileError},
    core::{
        archive::entry_name,
        limits,
        lockfile::{self, Ask, Foreign, Format, Lockfile, LockfileError, Source},
        package::{
            digest::{Algorithm, Digest},
            ecosystem::Ecosystem,
        },
        text::Untrusted,
    },
};

/// Why lockfiles cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// One cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// One is not understood.
    #[error("{}: {}", path.display(), Untrusted(&error.to_string()))]
    Lockfile {
        /// The lockfile.
        path: PathBuf,
        /// Why.
        error: LockfileError,
    },
    /// The copy without credentials is not understood.
    #[error(transparent)]
    Copy(LockfileError),
    /// Nothing asks for a package.
    #[error("the lockfile asks for no package")]
    NoPackage,
    /// An entry without an address would get it from another file.
    #[error(
        "{}: entry {:?} has no address, and {ecosystem} would take one from the {other} beside it",
        path.display(),
        Untrusted(entry).to_string()
    )]
    OtherAddress {
        /// The lockfile.
        path: PathBuf,
        /// The entry.
        entry: String,
        /// Whose package manager does that.
        ecosystem: Ecosystem,
        /// The file beside the lockfile.
        other: &'static str,
    },
    /// Together they are larger than one may be.
    #[error("the lockfiles have {bytes} bytes together, more than {}", limits::LOCKFILE_BYTES)]
    TotalBytes {
        /// How large.
        bytes: u64,
    },
    /// Together they have more objects than one may have.
    #[error("the lockfiles together: {0}")]
    TotalObjects(LockfileError),
}

impl InputError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File(error) if error.is_not_found() => {
                "`npm install --package-lock-only` writes a lockfile"
            }
            Self::File(error) => return error.hint(),
            Self::Lockfile { error, .. } => return error.hint(),
            Self::Copy(_) => return None,
            Self::NoPackage => "an archive needs at least one package",
            Self::OtherAddress { .. } => {
                "keep one of the two lockfiles, or give each its own folder"
            }
            Self::TotalBytes { .. } | Self::TotalObjects(_) => {
                "seal fewer of them into one archive"
            }
        };
        Some(hint.to_owned())
    }
}

/// A lockfile, and what it is known by.
#[derive(Debug, Clone)]
pub struct NamedLockfile {
    /// The entry that holds it, or the file.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// What it says.
    pub lockfile: Lockfile,
}

/// A lockfile that was read.
#[derive(Debug, Clone)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// The archive's entry that holds it.
    pub entry: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says, under the name of its entry.
    pub lock: NamedLockfile,
    /// How many addresses in it had credentials or a query. They are taken out of the bytes.
    pub stripped: usize,
    /// SHA-256 of the file as it is.
    sha256: Digest,
}

impl Input {
    /// The lockfile under the name of its file, as this build's.
    pub fn given(self) -> NamedLockfile {
        NamedLockfile { name: self.path.display().to_string(), sha256: self.sha256, ..self.lock }
    }

    /// Whether an entry asks for a package, or `or_git`, for a git dependency that can be supplied.
    pub(super) fn asks_for_a_package(&self, or_git: bool) -> bool {
        self.lock.lockfile.entries.iter().any(|entry| match &entry.asks {
            Ask::Bundled(bundled) => bundled.alone.wanted().is_some(),
            Ask::Foreign(Foreign::Git { .. }) => or_git,
            asks => asks.wanted().is_some(),
        })
    }
}

/// Reads lockfiles. If a second lockfile of the same package manager lies beside one, it is read as well: one
/// version of the package manager prefers the first, another version the second.
///
/// # Errors
/// When one cannot be read or understood, or together they are too large.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Input>, InputError> {
    let mut inputs: Vec<Input> = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let first = input(at, path)?;
        let beside = beside(path, first.lock.lockfile.format);
        inputs.push(first);
        for beside in beside {
            if !paths.iter().any(|path| is_same(path, &beside)) {
                inputs.push(input(at, &beside)?);
            }
        }
    }
    check_total(&inputs)?;
    if !inputs.is_empty() && !inputs.iter().any(|input| input.asks_for_a_package(true)) {
        return Err(InputError::NoPackage);
    }
    inputs.iter().try_for_each(require_own_addresses)?;
    Ok(inputs)
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || files::is_same(one, other)
}

/// The other files of the same format that lie in the same folder. A package manager does not count
/// an empty one.
fn beside(path: &Path, format: &Format) -> Vec<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str());
    if !format.file_names.iter().any(|own| Some(*own) == name) {
        return Vec::new();
    }
    let others = format.file_names.iter().filter(|other| Some(**other) != name);
    others.map(|other| path.with_file_name(other)).filter(|path| files::is_filled(path)).collect()
}

/// A package manager may take addresses from a file beside the lockfile, for entries that have none.
/// With a strong hash the address does not matter.
fn require_own_addresses(input: &Input) -> Result<(), InputError> {
    let Format { ecosystem, addresses_from, .. } = input.lock.lockfile.format;
    let Some(other) = addresses_from else { return Ok(()) };
    if !files::is_filled(&input.path.with_file_name(other)) {
        return Ok(());
    }
    let is_bare = |entry: &&lockfile::Entry| match &entry.asks {
        Ask::Package(wanted) => {
            let pinned = wanted.integrity.as_ref().is_some_and(|hash| !hash.algorithm().is_weak());
            !pinned && matches!(wanted.source, Source::Version { address: None, .. })
        }
        _ => false,
    };
    match input.lock.lockfile.entries.iter().find(is_bare) {
        None => Ok(()),
        Some(entry) => {
            let (path, entry) = (input.path.clone(), entry.path.clone());
            Err(InputError::OtherAddress { path, entry, ecosystem: *ecosystem, other })
        }
    }
}

/// All lockfiles together must stay within the limits of one: the side behind the gap reads them so.
fn check_total(inputs: &[Input]) -> Result<(), InputError> {
    let bytes: u64 = inputs.iter().map(|input| input.bytes.len() as u64).sum();
    if bytes > limits::LOCKFILE_BYTES {
        return Err(InputError::TotalBytes { bytes });
    }
    lockfile::check_objects(inputs.iter().map(|input| lockfile::objects(&input.bytes)).sum())
        .map_err(InputError::TotalObjects)
}

fn input(at: usize, path: &Path) -> Result<Input, InputError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = files::read(path, limits::LOCKFILE_BYTES)?;
    let lockfile = lockfile::parse(&bytes)
        .map_err(|error| InputError::Lockfile { path: path.to_owned(), error })?;
    let entry = format!("inputs/{}/{}", at + 1, entry_name::encode(&name));
    let sha256 = Algorithm::Sha256.digest(&bytes);
    let stripped = (lockfile.format.strip)(&bytes).map_err(InputError::Copy)?;
    let (bytes, lockfile, stripped) = match stripped {
        None => (bytes, lockfile, 0),
        Some((bytes, number)) => {
            let lockfile = lockfile::parse(&bytes).map_err(InputError::Copy)?;
            (bytes, lockfile, number)
        }
    };
    let carried = Algorithm::Sha256.digest(&bytes);
    let lock = NamedLockfile { name: entry.clone(), sha256: carried, lockfile };
    Ok(Input { path: path.to_owned(), entry, bytes, lock, stripped, sha256 })
}
