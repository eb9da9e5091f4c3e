//! `trust refresh` and `trust import`: the same update, from a repository or from an archive.

use super::{Disk, Held, InstanceStore, StoreError};
use crate::core::{
    instance::Instance,
    limits::EARLIEST,
    time::{self, Time},
    tuf::{self, Entries, Local, MetadataError, Repository, State, UpdateError},
};

/// An update of the store that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError<E: std::error::Error> {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was offered was refused, or could not be had.
    #[error(transparent)]
    Update(#[from] UpdateError<E>),
    /// The reference time cannot be right, and with it no expiry could be judged.
    #[error("the reference time {} is before {}, which is past already", time::format(*at), time::format(*past))]
    Clock {
        /// The reference time.
        at: Time,
        /// When the store was last checked, or the first Sigstore root was published.
        past: Time,
    },
}

impl<E: std::error::Error> RefreshError<E> {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.hint(),
            Self::Update(UpdateError::Refused(error)) => error.hint(),
            Self::Update(UpdateError::Absent { .. }) => {
                Some("check the address: is this a TUF repository?".to_owned())
            }
            Self::Update(UpdateError::Unavailable { .. }) => None,
            Self::Clock { .. } => Some("set the clock of this machine".to_owned()),
        }
    }
}

/// An update of the store that succeeded.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// What was held before, if anything was.
    pub before: Option<State>,
    /// What is held now.
    pub after: State,
}

/// Updates what the store holds of an instance from a repository, at the reference time `at`.
///
/// # Errors
/// When the update does not succeed. The store then holds what it held, but for the floor, which
/// rises with whatever was authentic.
pub fn refresh<R, D>(
    instance: &Instance,
    repository: &R,
    store: &InstanceStore<D>,
    at: Time,
) -> Result<Refreshed, RefreshError<R::Error>>
where
    R: Repository,
    R::Error: std::error::Error,
    D: Disk,
{
    let locked = store.lock()?;
    let held = store.load(instance)?;
    let past = held.checked.unwrap_or(EARLIEST).max(EARLIEST);
    if at < past {
        return Err(RefreshError::Clock { at, past });
    }
    match tuf::update(&instance.pinned, &instance.wanted, &held.local, repository, at) {
        Ok(after) => {
            let local = Local::complete(after.clone());
            locked.commit(&Held { local, checked: Some(at) })?;
            Ok(Refreshed { before: held.local.state, after })
        }
        Err(failure) => {
            if *failure.floor != held.local.floor() {
                let local = held.local.with_floor(*failure.floor);
                locked.commit(&Held { local, checked: held.checked })?;
            }
            Err(failure.error.into())
        }
    }
}

/// Updates what the store holds of an instance from the files that an archive carries under
/// `trust/INSTANCE/`, at the time the archive was sealed: the update that is carried across.
///
/// # Errors
/// When the carried files do not verify, or the store holds newer ones: a rollback.
pub fn import<D: Disk>(
    instance: &Instance,
    carried: &Entries,
    store: &InstanceStore<D>,
    sealed_at: Time,
) -> Result<Refreshed, RefreshError<std::convert::Infallible>> {
    let refused = |error: MetadataError| RefreshError::Update(error.into());
    // By itself first, so that an archive is judged alike whatever the store holds.
    let offered =
        tuf::replay(&instance.pinned, &instance.wanted, carried, sealed_at).map_err(refused)?;
    let locked = store.lock()?;
    let held = store.load(instance)?;
    let floor = held.local.newest_root().unwrap_or_default();
    if offered.version("root") < floor {
        return Err(refused(MetadataError::Rollback {
            role: "root".to_owned(),
            trusted: floor,
            offered: offered.version("root"),
        }));
    }
    if let Some(state) = &held.local.state {
        state.check_fork(&offered).map_err(refused)?;
    }
    let after = tuf::update(&instance.pinned, &instance.wanted, &held.local, carried, sealed_at)
        .map_err(|failure| RefreshError::Update(failure.error))?;
    let checked = held.checked.map_or(sealed_at, |checked| checked.max(sealed_at));
    locked.commit(&Held { local: Local::complete(after.clone()), checked: Some(checked) })?;
    Ok(Refreshed { before: held.local.state, after })
}
