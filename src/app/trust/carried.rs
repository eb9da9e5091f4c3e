//! The TUF metadata that an archive carries, replayed from a pinned root.

use super::BasisError;
use crate::{
    adapters::archive::SignedArchive,
    app::archive::OpenError,
    core::{
        archive::{
            entry_name,
            manifest::{self, Listing, TrustSource},
        },
        limits,
        time::{self, Time},
        trust::instance::Instance,
        tuf::{self, Entries, State},
    },
};

/// What an archive carries of an instance, verified.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    /// The state of the repository, at the last root that is carried.
    pub state: State,
    /// When it was checked last before the seal.
    pub checked_at: Time,
}

/// Reads the TUF metadata that an archive carries, and replays it once: from a pinned root to its own last
/// root, at the time of its last check before the seal. This proves that it is authentic, not that it is the
/// newest. `None` if the archive carries no metadata of this instance.
///
/// # Errors
/// When an entry is not what was sealed, the manifest does not say when it was checked, or the
/// metadata is refused.
pub(super) fn carried<M: Listing>(
    instance: &Instance,
    archive: &SignedArchive<M>,
) -> Result<Option<Carried>, BasisError> {
    let manifest = archive.manifest();
    let of_instance = |trust: &&manifest::CarriedTrust| {
        trust.instance == instance.name && trust.source == TrustSource::Tuf
    };
    let Some(trust) = manifest.trust().iter().find(of_instance) else {
        return Ok(None);
    };
    let checked_at = match trust.refreshed_at.as_deref().map(time::parse) {
        Some(Some(at)) => at,
        _ => return Err(BasisError::Unchecked),
    };
    let entries = read(instance, archive)?;
    let state = tuf::replay(&instance.pinned, &instance.wanted, &entries, checked_at);
    let state =
        state.map_err(|error| BasisError::Carried { instance: instance.name.clone(), error })?;
    Ok(Some(Carried { state, checked_at }))
}

/// The files, under their published names.
fn read<M: Listing>(
    instance: &Instance,
    archive: &SignedArchive<M>,
) -> Result<Entries, BasisError> {
    let manifest = archive.manifest();
    let number = manifest.trust_entries(&instance.name).count();
    if number > limits::STORE_FILES {
        return Err(BasisError::TooManyFiles { instance: instance.name.clone(), number });
    }
    let folder = folder(&instance.name);
    let mut entries = Entries::new();
    let mut left = limits::REPOSITORY_BYTES;
    for subject in manifest.trust_entries(&instance.name) {
        let name = subject.name.strip_prefix(&folder).and_then(entry_name::decode);
        let name = name.ok_or_else(|| BasisError::EntryName(subject.name.clone()))?;
        let bytes = archive
            .read(&subject.name, tuf::limit(&name).min(left))
            .map_err(OpenError::of(archive.path()))?;
        left = left.saturating_sub(bytes.len() as u64);
        entries.insert(name, bytes);
    }
    Ok(entries)
}

/// The folder in an archive that holds the files of an instance.
pub(super) fn folder(instance: &str) -> String {
    format!("trust/{instance}/")
}
