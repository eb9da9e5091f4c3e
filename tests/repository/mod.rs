//! A TUF repository made for a test, and clients of it.
#![allow(dead_code)] // each test uses what it needs of it

use sealift::core::{
    time::{self, Time},
    tuf::{Local, MetadataError, PinnedRoots, Session, State, UpdateError, Wanted},
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

/// Updates `local` from what is published, and insists on the optional targets that are listed;
/// after a refusal, `local` with its floor raised.
pub fn update_at(
    repository: &Repository,
    pinned: &PinnedRoots,
    local: &Local,
    at: Time,
) -> Result<State, Refused> {
    let wanted = Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY));
    let mut session = Session::start(pinned, local, &repository.files, at)
        .map_err(|error| (error, Box::new(local.clone())))?;
    let mut all = || {
        session.refresh()?;
        wanted.required.iter().try_for_each(|path| session.target(path).map(drop))?;
        wanted.optional.iter().try_for_each(|path| session.optional_target(path).map(drop))?;
        Ok(session.finish()?)
    };
    let done: Result<State, UpdateError<std::convert::Infallible>> = all();
    done.map_err(|error| {
        let error = match error {
            UpdateError::Refused(error) => error,
            UpdateError::Absent { file } => MetadataError::Missing { file },
            UpdateError::Stopped => unreachable!("nothing stops it"),
            UpdateError::Unavailable { source, .. } => match source {},
        };
        (error, Box::new(local.clone().with_floor(session.floor())))
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
