//! Which material is the newest: what an archive carries, what the trust store holds, or what is
//! built in. Older never replaces newer. If each of two states is newer in one role, that is an error.

use std::cmp::Ordering;

use super::{BasisError, Carried};
use crate::{
    adapters::tuf::{EarlierUpdate, StoredInstance},
    app::report::MaterialSource,
    core::{
        time::Time,
        trust::{
            Trust, TrustError,
            instance::{Embedded, Instance},
        },
        tuf::State,
    },
};

/// The newest trust material of an instance.
#[derive(Debug, Clone)]
pub struct Material {
    /// Where it came from.
    pub source: MaterialSource,
    /// The TUF repository that it came from; `None` where it is built in.
    pub state: Option<State>,
    /// When it was checked last; of built-in material, when it was published.
    pub checked_at: Time,
    /// `trusted_root.json`.
    pub trusted_root: Vec<u8>,
    /// The keys of the npm registry that the instance speaks for.
    pub npm_keys: Option<Vec<u8>>,
    /// When those keys were checked last, where the last update missed them.
    pub npm_keys_checked_at: Option<Time>,
}

/// A state of the repository, and when it was checked.
pub(super) struct Candidate {
    pub(super) source: MaterialSource,
    state: State,
    checked_at: Time,
}

impl Material {
    /// The newest of what is carried, held and built in.
    ///
    /// # Errors
    /// When there is no material, the store was checked at a time in the future, or what is carried
    /// contradicts what is held.
    pub(super) fn newest(
        instance: &Instance,
        held: StoredInstance,
        carried: Option<Carried>,
        now: Time,
    ) -> Result<Self, BasisError> {
        check_clock(instance, &held, now)?;
        let candidate = newer(&held, carried)?;
        let built_in = instance.embedded.as_ref();
        match candidate {
            Some(it) if !built_in.is_some_and(|b| b.is_newer_than(&it.state, it.checked_at)) => {
                Self::tuf(instance, it, &held)
            }
            _ => built_in
                .map(Self::built_in)
                .ok_or_else(|| BasisError::NoMaterial(instance.name.clone())),
        }
    }

    /// The material, checked and indexed.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn trust(&self, instance: &Instance) -> Result<Trust, TrustError> {
        instance.trust(&self.trusted_root, self.npm_keys.as_deref())
    }

    fn built_in(embedded: &Embedded) -> Self {
        Self {
            source: MaterialSource::Embedded,
            state: None,
            checked_at: embedded.as_of,
            trusted_root: embedded.trusted_root.to_vec(),
            npm_keys: embedded.npm_keys.map(<[u8]>::to_vec),
            npm_keys_checked_at: None,
        }
    }

    fn tuf(
        instance: &Instance,
        candidate: Candidate,
        held: &StoredInstance,
    ) -> Result<Self, BasisError> {
        let Candidate { source, state, checked_at } = candidate;
        let trusted_root = state
            .trusted_root()
            .map(<[u8]>::to_vec)
            .ok_or_else(|| BasisError::NoTrustedRoot(instance.name.clone()))?;
        let (npm_keys, npm_keys_checked_at) = match state.missed().is_empty() {
            true => (state.registry_keys().map(<[u8]>::to_vec), None),
            false => earlier_keys(instance, held).unzip(),
        };
        let state = Some(state);
        Ok(Self { source, state, checked_at, trusted_root, npm_keys, npm_keys_checked_at })
    }
}

/// The newest keys that are at hand, where the last update missed them.
fn earlier_keys(instance: &Instance, held: &StoredInstance) -> Option<(Vec<u8>, Time)> {
    let last = held.local.state.clone().zip(held.checked);
    let last = last.filter(|(state, _)| state.missed().is_empty());
    let kept = held.kept.clone().map(|EarlierUpdate { state, checked }| (state, checked));
    let built_in = instance.embedded.as_ref();
    match last.or(kept) {
        Some((state, at))
            if !built_in.is_some_and(|built_in| built_in.is_newer_than(&state, at)) =>
        {
            Some((state.registry_keys()?.to_vec(), at))
        }
        _ => built_in.and_then(|built_in| Some((built_in.npm_keys?.to_vec(), built_in.as_of))),
    }
}

/// The newer of what is carried and what is held.
///
/// # Errors
/// When what is carried contradicts what is held.
pub(super) fn newer(
    held: &StoredInstance,
    carried: Option<Carried>,
) -> Result<Option<Candidate>, BasisError> {
    let here = held.local.state.clone().zip(held.checked);
    let here = here.map(|(state, checked_at)| Candidate {
        source: MaterialSource::Store,
        state,
        checked_at,
    });
    let Some(Carried { state, checked_at }) = carried else { return Ok(here) };
    let there = Candidate { source: MaterialSource::Archive, state, checked_at };
    let Some(here) = here else {
        // An update was begun here and did not end: what it saw still counts.
        held.local.check_above_floor(&there.state).map_err(BasisError::Older)?;
        return Ok(Some(there));
    };
    let order = there.state.order(&here.state).map_err(BasisError::Contradicts)?;
    Ok(Some(match order {
        Ordering::Less => here,
        Ordering::Greater => there,
        // The same as here, which may have been checked again since.
        Ordering::Equal if there.checked_at < here.checked_at => {
            Candidate { checked_at: here.checked_at, ..there }
        }
        Ordering::Equal => there,
    }))
}

/// A check at a time in the future was made by a wrong clock: it says nothing about age.
fn check_clock(instance: &Instance, held: &StoredInstance, now: Time) -> Result<(), BasisError> {
    let Some(checked) = held.checked.filter(|checked| *checked > now) else { return Ok(()) };
    Err(BasisError::CheckedLater { instance: instance.name.clone(), checked })
}
