//! Which trust material packages are judged by: pinned files, the archive's TUF metadata or the
//! trust store's (the newer one), or what is built in.

use std::path::Path;

use crate::{
    adapters::{archive::SignedArchive, files},
    core::{
        addresses::NPM_REGISTRY,
        instance::{Embedded, Instance},
        limits,
        manifest::TrustSource as Carried,
        time::Time,
        trust::Trust,
        tuf::{self, Entries, State},
    },
    shell::{
        cli::TrustOptions,
        failure::{Failure, Outcome},
        report::{self, TrustSource},
    },
};

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
        let trust = material(&read(root)?, keys.as_deref()).map_err(|error| {
            error.hint("--trusted-root takes Sigstore's trusted_root.json, --npm-keys npm's keys.json")
        })?;
        Ok(Self { trust, facts: facts(instance, TrustSource::Files), state: None })
    }

    /// From what is built in.
    fn embedded(instance: &Instance, embedded: &Embedded) -> Outcome<Self> {
        let trust = material(embedded.trusted_root, embedded.npm_keys)?;
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
        instance: &str,
        source: TrustSource,
        state: State,
        checked_at: Time,
    ) -> Outcome<Self> {
        let root = state.trusted_root().ok_or_else(|| {
            Failure::could_not(format_args!("{instance} publishes no trusted_root.json"))
        })?;
        let trust = material(root, state.npm_keys())?;
        let facts = report::Trust {
            root: Some(state.version("root")),
            timestamp: Some(state.version("timestamp")),
            expires: state.expires(),
            checked_at: Some(checked_at),
            ..facts(instance, source)
        };
        Ok(Self { trust, facts, state: Some(state) })
    }
}

/// What `bundle verify` judges by: pinned files if they are given; else the newer of what the
/// archive carries and what the trust store has; else what is built in.
///
/// # Errors
/// When the carried metadata does not verify from a pinned root (exit 1), or there is nothing to
/// judge by (exit 2).
pub fn for_archive(options: &TrustOptions, archive: &SignedArchive) -> Outcome<Basis> {
    if let Some(root) = &options.trusted_root {
        return Basis::files(&options.instance, root, options.npm_keys.as_deref());
    }
    let instance = instance(options)?;
    match carried(&instance, archive)? {
        Some((state, checked_at)) => {
            Basis::tuf(&instance.name, TrustSource::Archive, state, checked_at)
        }
        None => built_in(&instance),
    }
}

/// What `bundle fetch` seals with, and judges its own archive by.
///
/// # Errors
/// When there is nothing at hand.
pub fn at_hand(options: &TrustOptions) -> Outcome<Basis> {
    if let Some(root) = &options.trusted_root {
        return Basis::files(&options.instance, root, options.npm_keys.as_deref());
    }
    built_in(&instance(options)?)
}

fn instance(options: &TrustOptions) -> Outcome<Instance> {
    Instance::built_in(&options.instance).ok_or_else(|| {
        Failure::could_not(format_args!("no instance {:?} is configured", options.instance))
            .hint("pin its root first: sealift trust pin ROOT.json --instance NAME --url URL")
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

/// Replays the TUF metadata that an archive carries, from a pinned root, at the time it was
/// checked last before the seal.
fn carried(instance: &Instance, archive: &SignedArchive) -> Outcome<Option<(State, Time)>> {
    let manifest = archive.manifest();
    let Some(trust) = manifest.predicate().trust.iter().find(|trust| {
        trust.instance == instance.name && trust.source == Carried::Tuf
    }) else {
        return Ok(None);
    };
    let checked_at = match trust.refreshed_at.as_deref().map(time::parse) {
        Some(Some(checked_at)) if checked_at <= manifest.sealed_at() => checked_at,
        _ => return Err(Failure::refused("the archive does not say when its trust was checked")),
    };
    let folder = format!("trust/{}/", instance.name);
    let mut entries = Entries::new();
    for subject in manifest.trust_entries(&instance.name) {
        let bytes = archive
            .read(&subject.name, limits::METADATA_BYTES)
            .map_err(|error| super::verification::failure(archive.path(), &error))?;
        let name = subject.name.strip_prefix(&folder).unwrap_or(&subject.name);
        entries.insert(package::published_name(name), bytes);
    }
    let state = tuf::replay(&instance.pinned, &entries, checked_at).map_err(|error| {
        Failure::refused(format_args!("the archive's trust for {}: {error}", instance.name))
            .maybe_hint(error.hint())
    })?;
    Ok(Some((state, checked_at)))
}

fn material(root: &[u8], npm_keys: Option<&[u8]>) -> Outcome<Trust> {
    let keys: Vec<_> =
        npm_keys.map(|keys| (NPM_REGISTRY.to_owned(), keys.to_vec())).into_iter().collect();
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
    }
}
