//! The TUF metadata that an archive carries, replayed from a pinned root.

use crate::{
    adapters::archive::SignedArchive,
    app::verify,
    cli::failure::{Failure, Outcome},
    core::{
        archive::{
            entry_name,
            manifest::{self, TrustSource},
        },
        limits,
        time::{self, Time},
        trust::instance::Instance,
        tuf::{self, Entries, State},
    },
};

/// What an archive carries of an instance, verified.
#[derive(Debug, Clone)]
pub struct Carried {
    /// The state of the repository, at the last root that is carried.
    pub state: State,
    /// When it was checked last before the seal.
    pub checked_at: Time,
}

/// Reads the TUF metadata that an archive carries, and replays it once: from a pinned root, at its
/// own last root, at the time it was checked last before the seal. That proves what is carried; it
/// does not make it the newest. `None` where the archive carries none of this instance.
///
/// # Errors
/// When an entry is not what was sealed, the manifest does not say when it was checked, or the
/// metadata is refused.
pub fn carried(instance: &Instance, archive: &SignedArchive) -> Outcome<Option<Carried>> {
    let manifest = archive.manifest();
    let of_instance = |trust: &&manifest::Trust| {
        trust.instance == instance.name && trust.source == TrustSource::Tuf
    };
    let Some(trust) = manifest.predicate().trust.iter().find(of_instance) else {
        return Ok(None);
    };
    let checked_at = match trust.refreshed_at.as_deref().map(time::parse) {
        Some(Some(at)) => at,
        _ => {
            return Err(Failure::refused("the archive does not say when its trust was checked")
                .code("manifest-trust-source"));
        }
    };
    let entries = read(instance, archive)?;
    let state = tuf::replay(&instance.pinned, &instance.wanted, &entries, checked_at);
    let state = state.map_err(|error| {
        Failure::refused(format_args!("the archive's trust for {}: {error}", instance.name))
            .maybe_hint(hint(&error))
            .code("trust-metadata")
    })?;
    Ok(Some(Carried { state, checked_at }))
}

/// The files, under their published names.
fn read(instance: &Instance, archive: &SignedArchive) -> Outcome<Entries> {
    let manifest = archive.manifest();
    let number = manifest.trust_entries(&instance.name).count();
    if number > limits::STORE_FILES {
        return Err(Failure::refused(format_args!(
            "the archive carries {number} files of {}, more than {}",
            instance.name,
            limits::STORE_FILES
        ))
        .code("trust-too-many-files"));
    }
    let folder = folder(&instance.name);
    let mut entries = Entries::new();
    let mut left = limits::REPOSITORY_BYTES;
    for subject in manifest.trust_entries(&instance.name) {
        let name = subject.name.strip_prefix(&folder).and_then(entry_name::decode);
        let name = name.ok_or_else(|| {
            Failure::refused(format_args!("{} is no name in a TUF repository", subject.name))
                .code("trust-file-name")
        })?;
        let bytes = archive
            .read(&subject.name, tuf::limit(&name).min(left))
            .map_err(|error| verify::failure(archive.path(), &error))?;
        left = left.saturating_sub(bytes.len() as u64);
        entries.insert(name, bytes);
    }
    Ok(entries)
}

/// What to do about carried metadata that is refused: nothing on this side serves it.
fn hint(error: &tuf::MetadataError) -> Option<String> {
    match error {
        tuf::MetadataError::Expired { .. } => Some(
            "whoever sealed it carried metadata that had expired by then: seal again after \
             sealift trust refresh on the connected side"
                .to_owned(),
        ),
        tuf::MetadataError::NoPinnedRoot { .. } | tuf::MetadataError::RootMissing { .. } => Some(
            "update sealift on this side, or seal again with a store that has the roots between"
                .to_owned(),
        ),
        other => other.hint(),
    }
}

/// Where in an archive the files of an instance are.
pub(super) fn folder(instance: &str) -> String {
    format!("trust/{instance}/")
}
