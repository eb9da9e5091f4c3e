//! Brings the trust store up to date from what an archive carries, and says what an update has changed.

use std::{collections::BTreeMap, path::PathBuf};

use super::{BasisError, Carried, carried, require_usable};
use crate::{
    adapters::{
        archive::SignedArchive,
        tuf::{self as tuf_store, Refreshed, TrustStore},
    },
    app::{archive, clock::Clock, worst::Worst},
    core::{
        archive::manifest::TrustSource,
        time::Time,
        tuf::{RoleInfo, VersionChange},
    },
};

/// How an update changed what the store holds of an instance.
#[derive(Debug)]
pub struct Advance {
    /// The instance.
    pub instance: String,
    /// What is held now.
    pub roles: Vec<RoleInfo>,
    /// The roles that are in another version than before.
    pub changes: Vec<VersionChange>,
    /// Whether nothing was held before.
    pub first: bool,
    /// The files that could not be updated, and why.
    pub missed: BTreeMap<String, String>,
}

impl Advance {
    fn of(instance: &str, refreshed: &Refreshed) -> Self {
        let Refreshed { before, after } = refreshed;
        Self {
            instance: instance.to_owned(),
            roles: after.roles().to_vec(),
            changes: before.as_ref().map(|before| before.changes(after)).unwrap_or_default(),
            first: before.is_none(),
            missed: after.missed().clone(),
        }
    }
}

/// What became of each instance. One's failure does not hide what became of the others.
#[derive(Debug, Default)]
pub struct Updates {
    /// Those that are up to date.
    pub advances: Vec<Advance>,
    /// Those that could not be brought up to date, and why.
    pub failures: Vec<(String, BasisError)>,
}

impl Updates {
    pub(super) fn of(
        names: Vec<String>,
        mut update: impl FnMut(&str) -> Result<Refreshed, BasisError>,
    ) -> Self {
        let mut updates = Self::default();
        for name in names {
            match update(&name) {
                Ok(refreshed) => updates.advances.push(Advance::of(&name, &refreshed)),
                Err(error) => updates.failures.push((name, error)),
            }
        }
        updates
    }

    /// The worst of what became of the instances.
    pub fn worst(&self) -> Worst {
        let failures = self.failures.iter().map(|(_, error)| Worst::of_error(error.is_refusal()));
        failures.max().unwrap_or(Worst::Nothing)
    }
}

/// What to import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The archive.
    pub archive: PathBuf,
    /// The public keys of who may seal.
    pub keys: Vec<PathBuf>,
    /// How many of them must have sealed.
    pub threshold: usize,
    /// Only this instance; without it, all that the archive carries.
    pub instance: Option<String>,
    /// Whether a last check in the future is taken back.
    pub reset_check: bool,
    /// The folder of the trust store.
    pub store: PathBuf,
}

/// Advances the trust store to what an archive carries.
///
/// # Errors
/// When the seal is refused, a file cannot be read, or the archive carries nothing to import.
pub fn import(options: &Import, clock: &Clock) -> Result<Updates, BasisError> {
    let keys = archive::pinned_keys(&options.keys)?;
    let archive = archive::open(&options.archive, &keys, options.threshold)?;
    archive::require_sealed_before(&archive, clock.at)?;
    require_past(clock)?;
    let names: Vec<String> = archive
        .manifest()
        .predicate()
        .trust
        .iter()
        .filter(|trust| trust.source == TrustSource::Tuf)
        .map(|trust| trust.instance.clone())
        .filter(|name| options.instance.as_ref().is_none_or(|wanted| wanted == name))
        .collect();
    if names.is_empty() {
        let (archive, instance) = (options.archive.clone(), options.instance.clone());
        return Err(BasisError::NothingToImport { archive, instance });
    }
    let store = TrustStore::new(&options.store);
    Ok(Updates::of(names, |name| import_one(&store, &archive, name, options.reset_check, clock.at)))
}

fn import_one(
    store: &TrustStore,
    archive: &SignedArchive,
    name: &str,
    reset_check: bool,
    at: Time,
) -> Result<Refreshed, BasisError> {
    let instance = store.instance(name)?;
    let Carried { state, checked_at } =
        carried(&instance, archive)?.ok_or_else(|| BasisError::NotCarried(name.to_owned()))?;
    // Unusable metadata must not be imported: it would hide the usable state in the store.
    require_usable(&instance, &state)?;
    let part = store.open(name)?;
    if reset_check {
        part.lock()?.reset_check(&instance, at)?;
    }
    tuf_store::import(&instance, &state, &part, checked_at)
        .map_err(Box::new)
        .map_err(|error| BasisError::NotImported { instance: name.to_owned(), error })
}

/// The store must not record a check at a time in the future.
pub(super) fn require_past(clock: &Clock) -> Result<(), BasisError> {
    if clock.at > clock.now { Err(BasisError::FutureCheck) } else { Ok(()) }
}

/// The instance that is asked for, or all that the store knows.
pub(super) fn names(store: &TrustStore, instance: Option<&str>) -> Result<Vec<String>, BasisError> {
    match instance {
        Some(name) => Ok(vec![name.to_owned()]),
        None => Ok(store.instances()?),
    }
}
