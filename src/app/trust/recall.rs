//! What a recall brings to the trust store: newer trust material, and the time of its seal, which no
//! later recall may be older than.

use std::cmp::Ordering;

use super::{BasisError, Options, carried, newest::newer, require_usable};
use crate::{
    adapters::{
        archive::SignedArchive,
        tuf::{self as tuf_store, InstanceStore},
    },
    app::report::MaterialSource,
    core::{archive::manifest::Listing, time::Time},
};

/// When the newest recall was sealed that was applied with this trust store.
///
/// # Errors
/// When the store cannot be read.
pub(in crate::app) fn newest_recall(options: &Options) -> Result<Option<Time>, BasisError> {
    Ok(part(options)?.newest_recall()?)
}

/// Keeps when a recall was sealed, unless a newer one is known. Returns the newest.
///
/// # Errors
/// When the store cannot be read or written.
pub(in crate::app) fn keep_recall(options: &Options, sealed_at: Time) -> Result<Time, BasisError> {
    Ok(part(options)?.lock()?.keep_recall(sealed_at)?)
}

fn part(options: &Options) -> Result<InstanceStore, BasisError> {
    Ok(options.store.open_existing()?.open(&options.instance)?)
}

/// Advances the trust store to what a signed file carries, where that is newer than what the store
/// holds. Where the user pinned files, TUF is not involved. Returns whether the store was advanced.
///
/// # Errors
/// When what is carried does not verify from a pinned root, contradicts what is held, or cannot be
/// used.
pub(in crate::app) fn take_over<M: Listing>(
    options: &Options,
    file: &SignedArchive<M>,
) -> Result<bool, BasisError> {
    if options.files.is_some() {
        return Ok(false);
    }
    let store = options.store.open_existing()?;
    let instance = store.instance(&options.instance)?;
    let Some(carried) = carried(&instance, file)? else { return Ok(false) };
    require_usable(&instance, &carried.state)?;
    let part = store.open(&instance.name)?;
    let held = part.load(&instance)?;
    let newest = newer(&held, Some(carried.clone()))?;
    if newest.is_some_and(|newest| newest.source == MaterialSource::Store) {
        return Ok(false);
    }
    tuf_store::import(&instance, &carried.state, &part, carried.checked_at)
        .map_err(Box::new)
        .map_err(|error| BasisError::NotImported { instance: instance.name.clone(), error })?;
    let same = held.local.state.as_ref().map(|state| carried.state.order(state));
    Ok(same != Some(Ok(Ordering::Equal)))
}
