//! Which trust material packages are judged by: pinned files, or the newest of the archive's TUF
//! metadata, the trust store's, and what is built in.

mod carried;
mod newest;

use std::path::Path;

#[cfg(feature = "network")]
use url::Url;

use carried::folder;
pub use carried::{Carried, carried};
pub use newest::Material;

#[cfg(feature = "network")]
use crate::adapters::{
    network::Network,
    tuf::{self as tuf_store, Held, Http, RefreshError},
};
use crate::{
    adapters::{
        archive::SignedArchive,
        files,
        tuf::{StoreError, TrustStore},
    },
    app::report::{self, TrustSource},
    cli::{
        declare::TrustOptions,
        env::Env,
        failure::{Failure, Outcome},
    },
    core::{
        addresses::NPM_REGISTRY,
        archive::{
            entry_name,
            manifest::{self, TrustSource as CarriedSource},
        },
        limits,
        time::{self, Time},
        trust::{
            Trust,
            instance::{self, Instance},
        },
        tuf::State,
        verdict::Identity,
    },
};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = error.hint();
        Self::could_not(error).maybe_hint(hint)
    }
}

/// Trust material that is ready to judge by, and what to say of it.
pub struct Basis {
    /// The material.
    pub trust: Trust,
    /// What reports say of it.
    pub facts: report::Trust,
    /// The TUF repository to be carried in an archive, and when it was checked. Where something
    /// newer is built in, it is not what is judged by.
    pub state: Option<(State, Time)>,
}

impl Basis {
    /// From files that the user pinned: TUF is not involved.
    ///
    /// # Errors
    /// When the name is no instance's, or a file cannot be read or used.
    fn files(instance: &str, root: &Path, keys: Option<&Path>) -> Outcome<Self> {
        instance::check_name(instance).map_err(Failure::could_not)?;
        let read = |path: &Path| files::read(path, limits::TRUST_FILE_BYTES);
        let keys = keys.map(read).transpose()?;
        let keys = keys.as_deref().map(|keys| (NPM_REGISTRY, keys));
        let trust = Trust::new(&read(root)?, keys).map_err(|error| {
            Failure::could_not(error).hint(
                "--trusted-root takes Sigstore's trusted_root.json, --npm-keys npm's keys.json",
            )
        })?;
        Ok(Self { trust, facts: facts(instance, TrustSource::Files), state: None })
    }

    /// Also expects the publishers that were named.
    ///
    /// # Errors
    /// When a registry is not an address, or is named twice.
    fn with_publishers(mut self, options: &TrustOptions) -> Outcome<Self> {
        for named in options.publisher.chunks(3) {
            let [registry, issuer, san] = named else { continue };
            let identity = Identity { san: san.clone(), issuer: issuer.clone() };
            self.trust = self.trust.with_publisher(registry, identity).map_err(|error| {
                Failure::could_not(error).hint("--publisher takes REGISTRY ISSUER IDENTITY")
            })?;
        }
        Ok(self)
    }

    /// From the newest material of an instance.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn new(instance: &Instance, newest: Material) -> Outcome<Self> {
        let trust = newest.trust(instance)?;
        let state = newest.state.as_ref();
        let built_in = instance.embedded.as_ref().filter(|_| state.is_none());
        let expires = built_in.and_then(|_| instance.pinned.newest_expires());
        let facts = report::Trust {
            root: state.map(|state| state.version("root")).or(built_in.map(|it| it.root)),
            timestamp: state.map(|state| state.version("timestamp")),
            expires: state.and_then(State::expires).or(expires),
            checked_at: Some(newest.checked_at),
            keys_checked_at: newest.npm_keys_checked_at,
            ..facts(&instance.name, newest.source)
        };
        let state = newest.state.map(|state| (state, newest.checked_at));
        Ok(Self { trust, facts, state })
    }
}

/// What `bundle verify` judges by: pinned files if they are given; else the newest of what the
/// archive carries, what the trust store has, and what is built in.
///
/// # Errors
/// When the carried metadata does not verify from a pinned root or contradicts the store's
/// (exit 1), or there is nothing to judge by (exit 2).
pub fn for_archive(options: &TrustOptions, env: &Env, archive: &SignedArchive) -> Outcome<Basis> {
    if let Some(root) = &options.trusted_root {
        return Basis::files(&options.instance, root, options.npm_keys.as_deref())?
            .with_publishers(options);
    }
    let store = existing(options.trust_dir.as_deref(), env)?;
    let instance = store.instance(&options.instance)?;
    let held = store.open(&instance.name)?.load(&instance)?;
    let carried = carried(&instance, archive)?;
    Basis::new(&instance, Material::newest(&instance, held, carried, env.now)?)?
        .with_publishers(options)
}

/// What `bundle fetch` seals with: pinned files if they are given; else the trust store, brought
/// up to date first unless `no_refresh`; else what is built in.
///
/// # Errors
/// When the refresh does not succeed, or there is nothing at hand (exit 2).
#[cfg(feature = "network")]
pub fn for_seal(
    options: &TrustOptions,
    no_refresh: bool,
    env: &Env,
    network: &Network,
) -> Outcome<Basis> {
    if let Some(root) = &options.trusted_root {
        return Basis::files(&options.instance, root, options.npm_keys.as_deref())?
            .with_publishers(options);
    }
    let store = store(options.trust_dir.as_deref(), env);
    let instance = store.instance(&options.instance)?;
    let part = store.open(&instance.name)?;
    if !no_refresh {
        let repository = repository(network, &instance.url)?;
        tuf_store::refresh(&instance, &repository, &part, env.now).map_err(|error| {
            let hint = match &error {
                RefreshError::Clock { .. } => error.hint(),
                _ => Some(
                    "--no-refresh seals with the trust at hand; the archive then says how old it is"
                        .to_owned(),
                ),
            };
            Failure::could_not(format_args!("cannot refresh the trust root: {error}"))
                .maybe_hint(hint)
        })?;
    }
    let held = part.load(&instance)?;
    // What the repository has published is carried, as the proof that it is, also where what is
    // built in is newer: the other side may know less.
    let Held { local, checked, .. } = held.clone();
    let basis = Basis::new(&instance, Material::newest(&instance, held, None, env.now)?)?;
    Basis { state: local.state.zip(checked), ..basis }.with_publishers(options)
}

/// As [`store`]; one that is asked for by name must be there. Taken for empty, what it has seen would
/// be forgotten.
fn existing(folder: Option<&Path>, env: &Env) -> Outcome<TrustStore> {
    match folder.filter(|folder| !folder.is_dir()) {
        None => Ok(store(folder, env)),
        Some(missing) => {
            Err(Failure::could_not(format_args!("there is no folder {}", missing.display()))
                .hint("--trust-dir names a trust store that refresh, import or pin has made"))
        }
    }
}

/// The trust store that is asked for, or this user's.
pub fn store(folder: Option<&Path>, env: &Env) -> TrustStore {
    TrustStore::new(folder.unwrap_or(&env.data.join("trust")))
}

/// The TUF repository at an address.
///
/// # Errors
/// When it is no address.
#[cfg(feature = "network")]
pub fn repository<'a>(network: &'a Network, url: &str) -> Outcome<Http<'a>> {
    Url::parse(url).ok().and_then(|base| Http::new(network, &base)).ok_or_else(|| {
        Failure::could_not(format_args!("{url:?} is no address of a TUF repository"))
    })
}

impl Basis {
    /// What the manifest says of it; `sealed_at` bounds what time it can have been checked.
    pub fn carried(&self, sealed_at: Time) -> manifest::Trust {
        let source = match (&self.state, self.facts.source) {
            (Some(_), _) => CarriedSource::Tuf,
            (None, TrustSource::Files) => CarriedSource::Files,
            (None, _) => CarriedSource::Embedded,
        };
        let checked = self.state.as_ref().map(|(_, checked)| *checked);
        manifest::Trust {
            instance: self.facts.instance.clone(),
            source,
            refreshed_at: checked.map(|checked| time::format(checked.min(sealed_at))),
        }
    }

    /// The TUF repository as the archive carries it: entries and their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (String, &[u8])> {
        let folder = folder(&self.facts.instance);
        let entries = self.state.iter().flat_map(|(state, _)| state.entries());
        entries.map(move |(name, bytes)| {
            (format!("{folder}{}", entry_name::encode(name)), bytes.as_slice())
        })
    }
}

/// Whether packages could be judged by a state of an instance's repository.
///
/// # Errors
/// When they could not.
pub fn require_usable(instance: &Instance, state: &State) -> Outcome {
    let root = state.trusted_root().unwrap_or_default();
    instance.trust(root, state.npm_keys()).map(drop).map_err(Failure::could_not)
}

fn facts(instance: &str, source: TrustSource) -> report::Trust {
    report::Trust {
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
