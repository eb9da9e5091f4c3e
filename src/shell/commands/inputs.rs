//! Lockfiles from the command line.

use std::path::{Path, PathBuf};

use crate::{
    adapters::files,
    core::{
        limits,
        lockfile::{self, Inventory, Lockfile},
        text::Untrusted,
    },
    shell::failure::{Failure, Outcome},
};

/// A lockfile that was read.
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching needs all of it"))]
pub struct Input {
    /// The archive's entry that holds it.
    pub entry: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub lockfile: Lockfile,
}

/// Reads lockfiles, and brings together what they ask for.
///
/// # Errors
/// Exit 2, when one cannot be read or understood, or a package in one has no hash: whatever the
/// registry answers would pass.
pub fn read(paths: &[PathBuf]) -> Outcome<(Vec<Input>, Inventory)> {
    let inputs: Vec<Input> =
        paths.iter().enumerate().map(|(at, path)| input(at, path)).collect::<Outcome<_>>()?;
    check_total(&inputs)?;
    let lockfiles: Vec<_> =
        inputs.iter().map(|input| (input.entry.clone(), input.lockfile.clone())).collect();
    let inventory = lockfile::inventory(&lockfiles);
    let without: Vec<_> = inventory.without_integrity().map(|item| item.id.to_string()).collect();
    if let Some(first) = without.first() {
        let more = match without.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return Err(Failure::could_not(format_args!("the lockfile has no hash for {first}{more}"))
            .hint(
                "where npm has a registry, delete these entries and run \
                 `npm install --package-lock-only`",
            ));
    }
    Ok((inputs, inventory))
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
    let lockfile = lockfile::parse(&name, &bytes).map_err(|error| {
        let (text, hint) = (error.to_string(), error.hint());
        Failure::could_not(format_args!("{}: {}", path.display(), Untrusted(&text)))
            .maybe_hint(hint)
    })?;
    Ok(Input { entry: format!("inputs/{}/{name}", at + 1), bytes, lockfile })
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // a test makes files
mod tests {
    use super::*;

    #[test]
    fn lockfiles_are_together_as_large_as_the_limit() {
        let lockfile = lockfile::parse("package-lock.json", br#"{"lockfileVersion":1}"#).unwrap();
        let total = |sizes: [usize; 2], byte: u8| {
            let inputs = sizes.map(|size| Input {
                entry: String::new(),
                bytes: vec![byte; size],
                lockfile: lockfile.clone(),
            });
            check_total(&inputs).map_err(|failure| failure.message)
        };
        let most = usize::try_from(limits::LOCKFILE_BYTES).unwrap();
        assert_eq!(total([most / 2, most / 2], b' '), Ok(()));
        let refused = total([most / 2, most / 2 + 1], b' ').unwrap_err();
        assert!(refused.starts_with("the lockfiles have 134217729 bytes together"), "{refused}");
        let most = limits::LOCKFILE_OBJECTS;
        assert_eq!(total([most / 2, most / 2], b'{'), Ok(()));
        let refused = total([most / 2, most / 2 + 1], b'{').unwrap_err();
        assert!(refused.contains("500001 objects"), "{refused}");
    }

    #[test]
    fn a_lockfile_is_as_large_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package-lock.json");
        let file = std::fs::File::create(&path).unwrap();
        let read = |size| {
            // A hole: zeros that take no place.
            file.set_len(size).unwrap();
            input(0, &path).err().unwrap().message
        };
        assert!(read(limits::LOCKFILE_BYTES).contains("line 1"));
        assert!(read(limits::LOCKFILE_BYTES + 1).contains("larger than"));
    }
}
