//! Chooses the trust material that judges packages: pinned files, or the newest of the archive's TUF
//! metadata, the trust store's, and the built-in material.

#[cfg(feature = "network")]
pub(super) mod carriage;
mod carried;
mod diff;
mod error;
mod newest;
mod pin;
mod recall;
#[cfg(feature = "network")]
mod refresh;
mod show;
mod update;

use std::path::{Path, PathBuf};

#[cfg(feature = "network")]
pub use self::refresh::{Refresh, Refreshing};
pub use self::{
    diff::{Diff, diff},
    error::BasisError,
    newest::Material,
    pin::{Pin, Root, pin},
    show::{AllTrusted, Trusted, export, show},
    update::{Advance, Import, Updates, import},
};
pub use crate::adapters::tuf::{RefreshError, TrustStoreError};

#[cfg(feature = "network")]
pub(super) use self::carriage::{Carriage, for_seal};
use self::carried::{Carried, carried};
pub(super) use self::recall::{keep_recall, newest_recall, take_over};
use crate::{
    adapters::{archive::SignedArchive, files, tuf::TrustStore},
    app::report::{self, MaterialSource},
    core::{
        addresses::NPM_REGISTRY,
        limits,
        time::Time,
        trust::{
            Trust,
            instance::{self, Instance},
        },
        tuf::State,
        verdict::CertificateIdentity,
    },
};

/// Where trust comes from.
#[derive(Debug, Clone)]
pub struct Options {
    /// The Sigstore instance that vouches for the registry.
    pub instance: String,
    /// The trust store.
    pub store: Store,
    /// Files that the user pinned, in place of TUF.
    pub files: Option<PinnedFiles>,
    /// The identity that must sign a registry's publish attestations, by certificate: one for each
    /// registry.
    pub publishers: Vec<(String, CertificateIdentity)>,
}

impl Options {
    /// The newest of what a store holds of an instance, and what is built in.
    pub fn of(instance: &str, store: Store) -> Self {
        Self { instance: instance.to_owned(), store, files: None, publishers: Vec::new() }
    }
}

/// The folder of a trust store.
#[derive(Debug, Clone)]
pub enum Store {
    /// This user's, which need not be there yet.
    Own(PathBuf),
    /// One that somebody named.
    Named(PathBuf),
}

impl Store {
    /// The folder.
    pub fn path(&self) -> &Path {
        match self {
            Self::Own(path) | Self::Named(path) => path,
        }
    }

    /// The store. A missing named store is an error: an empty store would have no protection against
    /// rollback.
    fn open_existing(&self) -> Result<TrustStore, BasisError> {
        match self {
            Self::Named(path) if !path.is_dir() => Err(BasisError::NoFolder(path.clone())),
            Self::Named(path) | Self::Own(path) => Ok(TrustStore::new(path)),
        }
    }
}

/// Trust material that the user pinned.
#[derive(Debug, Clone)]
pub struct PinnedFiles {
    /// Sigstore's `trusted_root.json`.
    pub trusted_root: PathBuf,
    /// The registry's `keys.json`.
    pub npm_keys: Option<PathBuf>,
}

/// Trust material that is ready to judge by, and what to say of it.
pub(super) struct Basis {
    /// The material.
    pub trust: Trust,
    /// What reports say of it.
    pub facts: report::TrustFacts,
}

impl Basis {
    /// From files that the user pinned: TUF is not involved.
    ///
    /// # Errors
    /// When the name is not an instance's, or a file cannot be read or used.
    fn files(instance: &str, pinned: &PinnedFiles) -> Result<Self, BasisError> {
        instance::check_name(instance).map_err(BasisError::Name)?;
        let read = |path: &Path| files::read(path, limits::TRUST_FILE_BYTES);
        let keys = pinned.npm_keys.as_deref().map(read).transpose()?;
        let root = read(&pinned.trusted_root)?;
        let keys = keys.as_deref().map(|keys| (NPM_REGISTRY, keys));
        let trust = Trust::new(&root, keys).map_err(BasisError::PinnedFiles)?;
        Ok(Self { trust, facts: facts(instance, MaterialSource::Files) })
    }

    /// Also expects the publishers that were named.
    ///
    /// # Errors
    /// When a registry is not an address, or is named twice.
    fn with_publishers(mut self, options: &Options) -> Result<Self, BasisError> {
        for (registry, identity) in &options.publishers {
            self.trust = self
                .trust
                .with_publisher(registry, identity.clone())
                .map_err(BasisError::Publisher)?;
        }
        Ok(self)
    }

    /// From the newest material of an instance.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn new(instance: &Instance, newest: Material) -> Result<Self, BasisError> {
        let trust = newest.trust(instance)?;
        let state = newest.state.as_ref();
        let built_in = instance.embedded.as_ref().filter(|_| state.is_none());
        let expires = built_in.and_then(|_| instance.pinned.newest_expires());
        let facts = report::TrustFacts {
            root: state.map(|state| state.version("root")).or(built_in.map(|it| it.root)),
            timestamp: state.map(|state| state.version("timestamp")),
            expires: state.and_then(State::expires).or(expires),
            checked_at: Some(newest.checked_at),
            keys_checked_at: newest.npm_keys_checked_at,
            ..facts(&instance.name, newest.source)
        };
        Ok(Self { trust, facts })
    }
}

/// The trust material that judges an archive: pinned files if they are given; else the newest of what the
/// archive carries, what the trust store has, and what is built in.
///
/// # Errors
/// When the carried metadata does not verify from a pinned root or contradicts the store's, or there is
/// nothing to judge by.
pub(super) fn for_archive(
    options: &Options,
    archive: &SignedArchive,
    at: Time,
) -> Result<Basis, BasisError> {
    if let Some(pinned) = &options.files {
        return Basis::files(&options.instance, pinned)?.with_publishers(options);
    }
    let store = options.store.open_existing()?;
    let instance = store.instance(&options.instance)?;
    let held = store.open(&instance.name)?.load(&instance)?;
    let carried = carried(&instance, archive)?;
    Basis::new(&instance, Material::newest(&instance, held, carried, at)?)?.with_publishers(options)
}

/// Whether packages could be judged by a state of an instance's repository.
///
/// # Errors
/// When they could not.
fn require_usable(instance: &Instance, state: &State) -> Result<(), BasisError> {
    let root = state.trusted_root().unwrap_or_default();
    instance.trust(root, state.registry_keys())?;
    Ok(())
}

fn facts(instance: &str, source: MaterialSource) -> report::TrustFacts {
    report::TrustFacts {
        instance: instance.to_owned(),
        source,
        root: None,
        timestamp: None,
        expires: None,
        checked_at: None,
        keys_checked_at: None,
        set_aside: Vec::new(),
        publishers: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
