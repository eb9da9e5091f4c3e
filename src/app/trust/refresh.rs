//! Brings the trust store up to date from TUF repositories.

use std::path::{Path, PathBuf};

use url::Url;

use super::{
    BasisError,
    carriage::repository,
    update::{Updates, names, require_past},
};
use crate::{
    adapters::{
        files,
        network::Network,
        tuf::{self as tuf_store, Refreshed, TrustStore},
    },
    app::clock::Clock,
    core::{limits, time::Time, tuf::PinnedRoots},
};

/// What to refresh.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// Only this instance; without it, all that the store knows.
    pub instance: Option<String>,
    /// Another address of the TUF repository.
    pub mirror: Option<Url>,
    /// A root to start from, in place of the pinned one.
    pub root: Option<PathBuf>,
    /// Whether a last check in the future is taken back.
    pub reset_check: bool,
    /// The folder of the trust store.
    pub store: PathBuf,
}

/// A refresh that is ready for the network.
#[derive(Debug)]
pub struct Refreshing<'a> {
    options: &'a Refresh,
    store: TrustStore,
    names: Vec<String>,
    at: Time,
}

impl Refresh {
    /// Finds out which instances there are.
    ///
    /// # Errors
    /// When the reference time is in the future, or the store cannot be read.
    pub fn prepare(&self, clock: &Clock) -> Result<Refreshing<'_>, BasisError> {
        require_past(clock)?;
        let store = TrustStore::new(&self.store);
        let names = names(&store, self.instance.as_deref())?;
        Ok(Refreshing { options: self, store, names, at: clock.at })
    }
}

impl Refreshing<'_> {
    /// Brings the trust store up to date. One instance's failure does not stop the others.
    pub fn run(self, network: &Network) -> Updates {
        let Self { options, store, names, at } = self;
        Updates::of(names, |name| refresh_one(options, &store, network, name, at))
    }
}

fn refresh_one(
    options: &Refresh,
    store: &TrustStore,
    network: &Network,
    name: &str,
    at: Time,
) -> Result<Refreshed, BasisError> {
    let instance = store.instance(name)?;
    let roots = match &options.root {
        Some(path) => read_root(path)?,
        None => instance.pinned.clone(),
    };
    let url = options.mirror.as_ref().map_or(instance.url.as_str(), Url::as_str);
    let repository = repository(network, url)?;
    let part = store.open(name)?;
    if options.reset_check {
        part.lock()?.reset_check(&instance, at)?;
    }
    tuf_store::refresh_from(&roots, &instance, &repository, &part, at)
        .map_err(Box::new)
        .map_err(|error| BasisError::NotRefreshed { instance: name.to_owned(), error })
}

fn read_root(path: &Path) -> Result<PinnedRoots, BasisError> {
    let bytes = files::read(path, limits::ROOT_BYTES)?;
    PinnedRoots::new(bytes).map_err(|error| BasisError::Root { path: path.to_owned(), error })
}
