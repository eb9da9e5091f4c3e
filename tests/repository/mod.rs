//! A TUF repository made for a test, and clients of it.
#![allow(dead_code)] // each test uses what it needs of it

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
};

use sealift::{
    adapters::tuf::{InstanceStore, TrustStore},
    core::{
        addresses::NPM_REGISTRY,
        time::{self, Time},
        trust::instance::Instance,
        tuf::{
            self, LocalState, MetadataError, PinnedRoots, Session, State, UpdateError,
            WantedTargets,
        },
    },
};
use serde_json::Value;
use testkit::tuf::{Edit, Repository};

/// The instance's name.
pub const NAME: &str = "acme";

pub fn now() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

pub fn repository() -> Repository {
    Repository::new(now())
}

pub fn pin(repository: &Repository) -> PinnedRoots {
    PinnedRoots::new(repository.root_bytes(1)).unwrap()
}

/// The optional target: the public registry's keys.
pub const KEYS: &str = "registry.npmjs.org/keys.json";

/// Lists the registry's keys in a role of their own, from the next version on.
pub fn delegate_keys(repository: &mut Repository, keys: &[u8]) {
    repository.delegate("npm", &["registry.npmjs.org/*"], &[(KEYS, keys)]);
}

/// Pins roots, each by itself.
pub fn pins(roots: impl IntoIterator<Item = Vec<u8>>) -> PinnedRoots {
    let version = |bytes: &Vec<u8>| PinnedRoots::new(bytes.clone()).unwrap().newest();
    let roots: Vec<_> = roots.into_iter().map(|bytes| (version(&bytes), bytes)).collect();
    let roots: Vec<_> = roots.iter().map(|(version, bytes)| (*version, bytes.as_slice())).collect();
    PinnedRoots::known(&roots)
}

pub fn instance(repository: &Repository) -> Instance {
    instance_at("https://tuf.example.com", repository)
}

pub fn instance_at(url: &str, repository: &Repository) -> Instance {
    Instance::private(NAME, url, Some(NPM_REGISTRY), pin(repository)).unwrap()
}

/// The trust root, and the keys of the public registry if there are any.
pub fn wanted() -> WantedTargets {
    WantedTargets::of(Some(NPM_REGISTRY))
}

pub fn store_in(base: &Path) -> InstanceStore {
    TrustStore::new(base).open(NAME).unwrap()
}

/// The folder of the generation that counts.
pub fn current(base: &Path) -> PathBuf {
    let number = std::fs::read_to_string(base.join(NAME).join("current")).unwrap();
    base.join(NAME).join("generations").join(number)
}

/// What a client without any local state makes of a repository.
pub fn update<R: tuf::Repository<Error = Infallible>>(
    pinned: &PinnedRoots,
    repository: &R,
) -> Result<State, MetadataError> {
    tuf::update(pinned, &wanted(), &LocalState::default(), repository, now(), &mut |_| true)
        .map_err(|failure| refusal(failure.error))
}

pub fn refusal(error: UpdateError<Infallible>) -> MetadataError {
    match error {
        UpdateError::Refused(error) => error,
        UpdateError::Absent { file } => MetadataError::Missing { file },
        UpdateError::Stopped => unreachable!("nothing stops it"),
        UpdateError::Unavailable { source, .. } => match source {},
    }
}

pub type Refused = (MetadataError, Box<LocalState>);

/// Updates `local` from what is published, and insists on the optional targets that are listed;
/// after a refusal, `local` with its floor raised.
pub fn update_at(
    repository: &Repository,
    pinned: &PinnedRoots,
    local: &LocalState,
    at: Time,
) -> Result<State, Refused> {
    let wanted = wanted();
    let mut session = Session::start(pinned, local, &repository.files, at)
        .map_err(|error| (error, Box::new(local.clone())))?;
    let mut all = || {
        while session.step()? {}
        wanted.required.iter().try_for_each(|path| session.target(path).map(drop))?;
        wanted.optional.iter().try_for_each(|path| session.optional_target(path).map(drop))?;
        Ok(session.finish()?)
    };
    let done: Result<State, UpdateError<Infallible>> = all();
    done.map_err(|error| (refusal(error), Box::new(local.clone().with_floor(session.floor()))))
}

pub fn first(repository: &Repository) -> (PinnedRoots, LocalState) {
    let pinned = pin(repository);
    let state = update_at(repository, &pinned, &LocalState::default(), now()).unwrap();
    (pinned, LocalState::complete(state))
}

/// What a client without any local state says.
pub fn fresh(repository: &Repository) -> Result<State, MetadataError> {
    update_at(repository, &pin(repository), &LocalState::default(), now())
        .map_err(|(error, _)| error)
}

pub fn edit(edit: impl Fn(&mut Value) + 'static) -> Option<Edit> {
    Some(Box::new(edit))
}
