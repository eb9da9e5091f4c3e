//! A TUF repository made for a test, and clients of it.
#![allow(dead_code)] // each test uses what it needs of it

use sealift::core::{
    time::{self, Time},
    tuf::{Local, MetadataError, PinnedRoots, State, UpdateError, Wanted, update},
};
use serde_json::Value;
use testkit::tuf::{Edit, Repository};

pub fn now() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

pub fn repository() -> Repository {
    Repository::new(now())
}

pub fn pin(repository: &Repository) -> PinnedRoots {
    PinnedRoots::new(repository.root_bytes(1)).unwrap()
}

pub type Refused = (MetadataError, Box<Local>);

/// Updates `local` from what is published; after a refusal, `local` with its floor raised.
pub fn update_at(
    repository: &Repository,
    pinned: &PinnedRoots,
    local: &Local,
    at: Time,
) -> Result<State, Refused> {
    update(
        pinned,
        &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        local,
        &repository.files,
        at,
    )
    .map_err(|failure| {
        let error = match failure.error {
            UpdateError::Refused(error) => error,
            UpdateError::Absent { file } => MetadataError::Missing { file },
            UpdateError::Stopped => unreachable!("nothing stops it"),
            UpdateError::Unavailable { source, .. } => match source {},
        };
        (error, Box::new(local.clone().with_floor(*failure.floor)))
    })
}

pub fn first(repository: &Repository) -> (PinnedRoots, Local) {
    let pinned = pin(repository);
    let state = update_at(repository, &pinned, &Local::default(), now()).unwrap();
    (pinned, Local::complete(state))
}

/// What a client without any local state says.
pub fn fresh(repository: &Repository) -> Result<State, MetadataError> {
    update_at(repository, &pin(repository), &Local::default(), now()).map_err(|(error, _)| error)
}

pub fn edit(edit: impl Fn(&mut Value) + 'static) -> Option<Edit> {
    Some(Box::new(edit))
}
