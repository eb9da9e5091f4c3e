//! Which trust material packages are judged by: pinned files, the archive's TUF metadata or the
//! trust store's (the newer one), or what is built in.

use std::path::Path;

#[cfg(feature = "network")]
use url::Url;

#[cfg(feature = "network")]
use crate::adapters::{
    network::Network,
    tuf::{self as tuf_store, Http},
};
use crate::{
    adapters::{
        archive::SignedArchive,
        files,
        tuf::{Held, StoreError, TrustStore},
    },
    core::{
        addresses::NPM_REGISTRY,
        entry_name,
        instance::{Embedded, Instance},
        limits,
        manifest::{self, TrustSource as Carried},
        time::{self, Time},
        trust::Trust,
        tuf::{self, Entries, MetadataError, State, UpdateError},
    },
    shell::{
        cli::TrustOptions,
        env::Env,
        failure::{Failure, Outcome},
        report::{self, TrustSource},
        verification,
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
    /// The TUF repository that it came from, to be carried in an archive.
    pub state: Option<State>,
}

impl Basis {
    /// From files that the user pinned: TUF is not involved.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    fn files(instance: &str, root: &Path, keys: Option<&Path>) -> Outcome<Self> {
        let read = |path: &Path| files::read(path, limits::TRUST_FILE_BYTES);
        let keys = keys.map(read).transpose()?;
        let trust =
            material(&read(root)?, Some(NPM_REGISTRY), keys.as_deref()).map_err(|error| {
                error.hint(
                    "--trusted-root takes Sigstore's trusted_root.json, --npm-keys npm's keys.json",
                )
            })?;
        Ok(Self { trust, facts: facts(instance, TrustSource::Files), state: None })
    }

    /// From what is built in.
    fn embedded(instance: &Instance, embedded: &Embedded) -> Outcome<Self> {
        let trust =
            material(embedded.trusted_root, instance.registry.as_deref(), embedded.npm_keys)?;
        let facts = report::Trust {
            root: Some(instance.pinned.newest()),
            expires: instance.pinned.newest_expires(),
            checked_at: Some(embedded.as_of),
            ..facts(&instance.name, TrustSource::Embedded)
        };
        Ok(Self { trust, facts, state: None })
    }

    /// From a verified TUF repository, last checked at `checked_at`.
    pub fn tuf(
        instance: &Instance,
        source: TrustSource,
        state: State,
        checked_at: Time,
    ) -> Outcome<Self> {
        let root = state.trusted_root().ok_or_else(|| {
            Failure::could_not(format_args!("{} publishes no trusted_root.json", instance.name))
        })?;
        let trust = material(root, instance.registry.as_deref(), state.npm_keys())?;
        let facts = report::Trust {
            root: Some(state.version("root")),
            timestamp: Some(state.version("timestamp")),
            expires: state.expires(),
            checked_at: Some(checked_at),
            ..facts(&instance.name, source)
        };
        Ok(Self { trust, facts, state: Some(state) })
    }
}

/// What `bundle verify` judges by: pinned files if they are given; else the newer of what the
/// archive carries and what the trust store has; else what is built in.
///
/// # Errors
/// When the carried metadata does not verify from a pinned root or contradicts the store's
/// (exit 1), or there is nothing to judge by (exit 2).
pub fn for_archive(options: &TrustOptions, env: &Env, archive: &SignedArchive) -> Outcome<Basis> {
    if let Some(root) = &options.trusted_root {
        return Basis::files(&options.instance, root, options.npm_keys.as_deref());
    }
    let store = existing(options.trust_dir.as_deref(), env)?;
    let instance = store.instance(&options.instance)?;
    let held = store.open(&instance.name)?.load(&instance)?;
    let newer = match carried_entries(&instance, archive)? {
        Some((entries, checked_at)) => {
            advance(&instance, &held, &entries, checked_at)?.map(|state| (state, checked_at))
        }
        None => None,
    };
    if let Some((state, checked_at)) = newer {
        // The same as here, which may have been checked again since.
        let same = held.local.state.as_ref().is_some_and(|held| held.changes(&state).is_empty());
        let checked_here = held.checked.filter(|_| same).unwrap_or(checked_at);
        let checked_at = checked_at.max(checked_here);
        return Basis::tuf(&instance, TrustSource::Archive, state, checked_at);
    }
    match held.local.state.zip(held.checked) {
        Some((state, checked)) => Basis::tuf(&instance, TrustSource::Store, state, checked),
        None => built_in(&instance),
    }
}

/// The state that an archive's metadata leads to from what the store holds; `None` where the store
/// holds newer. It is the update that `trust import` would make, by the same rules, but for
/// writing it down.
fn advance(
    instance: &Instance,
    held: &Held,
    entries: &Entries,
    checked_at: Time,
) -> Outcome<Option<State>> {
    let carried = replay(instance, entries, checked_at)?;
    let contradicts = |error: &dyn std::error::Error| {
        Failure::refused(format_args!("the archive's trust contradicts this machine's: {error}"))
            .hint("find out which of the two was forged before you trust either")
    };
    let Some(newest) = held.local.newest_root() else { return Ok(Some(carried)) };
    if let Some(state) = &held.local.state {
        state.check_fork(&carried).map_err(|error| contradicts(&error))?;
    }
    if carried.version("root") >= newest {
        let (pinned, wanted) = (&instance.pinned, &instance.wanted);
        match tuf::update(pinned, wanted, &held.local, entries, checked_at) {
            Ok(state) => return Ok(Some(state)),
            Err(failure) => match failure.error {
                UpdateError::Refused(
                    MetadataError::Rollback { .. } | MetadataError::Removed { .. },
                ) => {}
                other => return Err(contradicts(&other)),
            },
        }
    }
    if held.local.state.is_some() {
        return Ok(None);
    }
    // An update was begun here and did not end: what it saw still counts.
    Err(Failure::refused("the archive's trust is older than what this machine has seen")
        .hint("carry a newer archive across, or finish the refresh that was interrupted"))
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
        return Basis::files(&options.instance, root, options.npm_keys.as_deref());
    }
    let store = store(options.trust_dir.as_deref(), env);
    let instance = store.instance(&options.instance)?;
    let part = store.open(&instance.name)?;
    if !no_refresh {
        let repository = repository(network, &instance.url)?;
        let refreshed =
            tuf_store::refresh(&instance, &repository, &part, env.now).map_err(|error| {
                Failure::could_not(format_args!("cannot refresh the trust root: {error}")).hint(
                "--no-refresh seals with the trust at hand; the archive then says how old it is",
            )
            })?;
        return Basis::tuf(&instance, TrustSource::Store, refreshed.after, env.now);
    }
    let held = part.load(&instance)?;
    match held.local.state.zip(held.checked) {
        Some((state, checked)) => Basis::tuf(&instance, TrustSource::Store, state, checked),
        None => built_in(&instance),
    }
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

fn built_in(instance: &Instance) -> Outcome<Basis> {
    let embedded = instance.embedded.as_ref().ok_or_else(|| {
        Failure::could_not(format_args!("there is no trust material for {}", instance.name)).hint(
            "on the connected side, sealift trust refresh; behind the gap, sealift trust import",
        )
    })?;
    Basis::embedded(instance, embedded)
}

impl Basis {
    /// What the manifest says of it; `sealed_at` bounds what time it can have been checked.
    pub fn carried(&self, sealed_at: Time) -> manifest::Trust {
        let source = match (&self.state, self.facts.source) {
            (Some(_), _) => Carried::Tuf,
            (None, TrustSource::Files) => Carried::Files,
            (None, _) => Carried::Embedded,
        };
        let carried = self.facts.checked_at.filter(|_| source == Carried::Tuf);
        manifest::Trust {
            instance: self.facts.instance.clone(),
            source,
            refreshed_at: carried.map(|checked| time::format(checked.min(sealed_at))),
        }
    }

    /// The TUF repository as the archive carries it: entries and their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (String, &[u8])> {
        let folder = folder(&self.facts.instance);
        self.state.iter().flat_map(State::entries).map(move |(name, bytes)| {
            (format!("{folder}{}", entry_name::encode(name)), bytes.as_slice())
        })
    }
}

fn folder(instance: &str) -> String {
    format!("trust/{instance}/")
}

/// Replays the TUF metadata that an archive carries, from a pinned root, at the time it was
/// checked last before the seal. `None` where it carries none of this instance.
///
/// # Errors
/// When it is refused.
pub fn carried(instance: &Instance, archive: &SignedArchive) -> Outcome<Option<State>> {
    carried_entries(instance, archive)?
        .map(|(entries, checked_at)| replay(instance, &entries, checked_at))
        .transpose()
}

/// Whether packages could be judged by what an archive carries of an instance. Imported otherwise,
/// it would stand in the way of what the store holds.
///
/// # Errors
/// When it could not.
pub fn require_usable(instance: &Instance, archive: &SignedArchive) -> Outcome {
    match carried(instance, archive)? {
        Some(state) => {
            let sealed_at = archive.manifest().sealed_at();
            Basis::tuf(instance, TrustSource::Archive, state, sealed_at).map(drop)
        }
        None => Ok(()),
    }
}

fn replay(instance: &Instance, entries: &Entries, checked_at: Time) -> Outcome<State> {
    tuf::replay(&instance.pinned, &instance.wanted, entries, checked_at).map_err(|error| {
        Failure::refused(format_args!("the archive's trust for {}: {error}", instance.name))
            .maybe_hint(error.hint())
    })
}

/// The TUF repository that an archive carries, under its published names, and when it was checked.
///
/// # Errors
/// When an entry is not what was sealed, or the manifest does not say when it was checked.
pub fn carried_entries(
    instance: &Instance,
    archive: &SignedArchive,
) -> Outcome<Option<(Entries, Time)>> {
    let manifest = archive.manifest();
    let of_instance =
        |trust: &&manifest::Trust| trust.instance == instance.name && trust.source == Carried::Tuf;
    let Some(trust) = manifest.predicate().trust.iter().find(of_instance) else {
        return Ok(None);
    };
    let checked_at = match trust.refreshed_at.as_deref().map(time::parse) {
        Some(Some(at)) if (limits::EARLIEST..=manifest.sealed_at()).contains(&at) => at,
        _ => {
            return Err(Failure::refused(
                "the archive does not say when before its seal its trust was checked",
            ));
        }
    };
    let folder = folder(&instance.name);
    let number = manifest.trust_entries(&instance.name).count();
    if number > limits::STORE_FILES {
        return Err(Failure::refused(format_args!(
            "the archive carries {number} files of {}, more than {}",
            instance.name,
            limits::STORE_FILES
        )));
    }
    let mut entries = Entries::new();
    let mut left = limits::REPOSITORY_BYTES;
    for subject in manifest.trust_entries(&instance.name) {
        let name = subject.name.strip_prefix(&folder).and_then(entry_name::decode);
        let name = name.ok_or_else(|| {
            Failure::refused(format_args!("{} is no name in a TUF repository", subject.name))
        })?;
        let bytes = archive
            .read(&subject.name, tuf::limit(&name).min(left))
            .map_err(|error| verification::failure(archive.path(), &error))?;
        left = left.saturating_sub(bytes.len() as u64);
        entries.insert(name, bytes);
    }
    Ok(Some((entries, checked_at)))
}

fn material(root: &[u8], registry: Option<&str>, npm_keys: Option<&[u8]>) -> Outcome<Trust> {
    let keys: Vec<_> = registry
        .zip(npm_keys)
        .map(|(registry, keys)| (registry.to_owned(), keys.to_vec()))
        .into_iter()
        .collect();
    Trust::new(root, &keys).map_err(Failure::could_not)
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
    }
}
