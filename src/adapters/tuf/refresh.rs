//! `trust refresh` and `trust import`: the same update, from a repository or from an archive.

use std::cmp::Ordering;

use super::{Disk, InstanceStore, StoredInstance, TrustStoreError};
use crate::core::{
    limits::EARLIEST,
    time::{self, Time},
    trust::instance::Instance,
    tuf::{self, LocalState, PinnedRoots, Repository, State, UpdateError},
};

/// An update of the store that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError<E: std::error::Error> {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] TrustStoreError),
    /// What was offered was refused, or could not be had.
    #[error(transparent)]
    Update(#[from] UpdateError<E>),
    /// The reference time cannot be right, and with it no expiry could be judged.
    #[error("the reference time {} is too early: {} has already passed", time::format(*at), time::format(*past))]
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
            Self::Update(UpdateError::Unavailable { .. } | UpdateError::Stopped) => None,
            Self::Clock { .. } => Some(
                "set the clock of this machine; if it is right and was wrong at the last check, \
                 sealift trust refresh --reset-check takes that back"
                    .to_owned(),
            ),
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
    refresh_from(&instance.pinned, instance, repository, store, at)
}

/// As [`refresh`], from other roots than the instance's own. The instance's roots must lead to the
/// result as well: every later command starts at those.
///
/// # Errors
/// As [`refresh`].
pub fn refresh_from<R, D>(
    roots: &PinnedRoots,
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
    let mut held = store.load(instance)?;
    let past = held.checked.unwrap_or(EARLIEST).max(EARLIEST);
    if at < past {
        return Err(RefreshError::Clock { at, past });
    }
    let before = held.local.clone();
    // The floor is written down as soon as it rises, so that no interruption takes it back.
    let mut failed = None;
    let mut keep = |floor: tuf::Floor| {
        if floor == held.local.floor() || (held.local.state.is_none() && floor.is_empty()) {
            return true;
        }
        held.local = held.local.clone().with_floor(floor);
        failed = locked.commit(instance, &held).err();
        failed.is_none()
    };
    let updated = tuf::update(roots, &instance.wanted, &before, repository, at, &mut keep);
    if let Err(failure) = &updated {
        keep((*failure.floor).clone());
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    let after = updated.map_err(|failure| failure.error)?;
    let kept = held.keep(&after);
    let local = LocalState::complete(after.clone());
    locked.commit(instance, &StoredInstance { local, checked: Some(at), kept })?;
    Ok(Refreshed { before: before.state, after })
}

/// Advances what the store holds of an instance to `offered`: the update that is carried across in
/// an archive, replayed at `checked_at`. What is held already stays as it is, but for the time of
/// its last check.
///
/// # Errors
/// When the store has seen newer (a rollback), or the two contradict each other.
pub fn import<D: Disk>(
    instance: &Instance,
    offered: &State,
    store: &InstanceStore<D>,
    checked_at: Time,
) -> Result<Refreshed, RefreshError<std::convert::Infallible>> {
    let locked = store.lock()?;
    let held = store.load(instance)?;
    held.local.check_follows(offered).map_err(|error| RefreshError::Update(error.into()))?;
    let checked = held.checked.map_or(checked_at, |checked| checked.max(checked_at));
    let next = match &held.local.state {
        // The stored state may have more old roots. The offered one has nothing new.
        Some(state) if is_same(state, offered) => held.clone(),
        _ => StoredInstance {
            local: LocalState::complete(offered.clone()),
            checked: None,
            kept: held.keep(offered),
        },
    };
    locked.commit(instance, &StoredInstance { checked: Some(checked), ..next })?;
    Ok(Refreshed { before: held.local.state, after: offered.clone() })
}

fn is_same(held: &State, offered: &State) -> bool {
    let missed_no_more = offered.missed().is_empty() && !held.missed().is_empty();
    held.order(offered) == Ok(Ordering::Equal) && !missed_no_more
}
