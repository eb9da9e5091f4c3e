//! Lockfiles from the command line.

use std::path::{Path, PathBuf};

use crate::{
    adapters::files,
    app::verify::Lock,
    cli::failure::{Failure, Outcome},
    core::{
        archive::entry_name,
        limits,
        lockfile::{self, Ask, Format, Source},
        package::digest::{Algorithm, Digest},
        text::Untrusted,
    },
};

/// A lockfile that was read.
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// The archive's entry that holds it.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching carries them"))]
    pub entry: String,
    /// Its bytes.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching carries them"))]
    pub bytes: Vec<u8>,
    /// What it says, under the name of its entry.
    pub lock: Lock,
    /// How many addresses in it had credentials or a query. They are taken out of the bytes.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching carries them"))]
    pub stripped: usize,
    /// SHA-256 of the file as it is.
    sha256: Digest,
}

impl Input {
    /// The lockfile under the name of its file, as this build's.
    pub fn given(self) -> Lock {
        Lock { name: self.path.display().to_string(), sha256: self.sha256, ..self.lock }
    }
}

/// Reads lockfiles. One that lies beside another that its package manager would read is read as well:
/// what one version of the package manager prefers, another does not know.
///
/// # Errors
/// Exit 2, when one cannot be read or understood.
pub fn read(paths: &[PathBuf]) -> Outcome<Vec<Input>> {
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
    if !inputs.is_empty() && !inputs.iter().any(asks_for_a_package) {
        return Err(Failure::could_not("the lockfile asks for no package")
            .hint("there is nothing that an archive could vouch for"));
    }
    inputs.iter().try_for_each(require_own_addresses)?;
    Ok(inputs)
}

fn asks_for_a_package(input: &Input) -> bool {
    input.lock.lockfile.entries.iter().any(|entry| match &entry.asks {
        Ask::Bundled(bundled) => bundled.alone.wanted().is_some(),
        asks => asks.wanted().is_some(),
    })
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
/// What a strong hash pins is the same from anywhere.
fn require_own_addresses(input: &Input) -> Outcome {
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
        Some(entry) => Err(Failure::could_not(format_args!(
            "{}: entry {:?} has no address, and {ecosystem} would take one from the {other} beside it",
            input.path.display(),
            Untrusted(&entry.path).to_string()
        ))
        .hint("keep one of the two lockfiles, or give each its own folder")),
    }
}

/// Together they must be no more than one lockfile may be: so they are read behind the gap.
fn check_total(inputs: &[Input]) -> Outcome {
    let bytes: u64 = inputs.iter().map(|input| input.bytes.len() as u64).sum();
    if bytes > limits::LOCKFILE_BYTES {
        let max = limits::LOCKFILE_BYTES;
        return Err(Failure::could_not(format_args!(
            "the lockfiles have {bytes} bytes together, more than {max}"
        ))
        .hint("seal fewer of them into one archive"));
    }
    lockfile::check_objects(inputs.iter().map(|input| lockfile::objects(&input.bytes)).sum())
        .map_err(|error| {
            Failure::could_not(format_args!("the lockfiles together: {error}"))
                .hint("seal fewer of them into one archive")
        })
}

fn input(at: usize, path: &Path) -> Outcome<Input> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = files::read(path, limits::LOCKFILE_BYTES).map_err(|error| {
        let missing = error.is_not_found();
        Failure::from(error)
            .maybe_hint(missing.then_some("`npm install --package-lock-only` writes a lockfile"))
    })?;
    let lockfile = lockfile::parse(&bytes).map_err(|error| {
        let (text, hint) = (error.to_string(), error.hint());
        Failure::could_not(format_args!("{}: {}", path.display(), Untrusted(&text)))
            .maybe_hint(hint)
    })?;
    let entry = format!("inputs/{}/{}", at + 1, entry_name::encode(&name));
    let sha256 = Algorithm::Sha256.digest(&bytes);
    let stripped = (lockfile.format.strip)(&bytes).map_err(Failure::could_not)?;
    let (bytes, lockfile, stripped) = match stripped {
        None => (bytes, lockfile, 0),
        Some((bytes, number)) => {
            let lockfile = lockfile::parse(&bytes).map_err(Failure::could_not)?;
            (bytes, lockfile, number)
        }
    };
    let carried = Algorithm::Sha256.digest(&bytes);
    let lock = Lock { name: entry.clone(), sha256: carried, lockfile };
    Ok(Input { path: path.to_owned(), entry, bytes, lock, stripped, sha256 })
}
