//! Collects what an inventory asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{
    adapters::{
        files,
        network::Network,
        registry::{self, Collection},
    },
    app::{
        clock::Clock,
        inputs::Input,
        news::{Listener, News},
    },
    core::{
        ecosystems, limits,
        lockfile::{Ask, Bundled, Entry, Inventory, Place, Target, Want, coverage},
        package::{
            Origin, PackageError, PackageId, Purl, contents::Contents, ecosystem::Ecosystem,
        },
        text::Untrusted,
        time::Time,
    },
};

pub use crate::adapters::registry::{
    AnsweredRequest, Cache, CollectError, Collected, CollectedTarball, Conflict, Conflicts,
    ExpectedBy, Mismatch, RecordError, RegistryConfig,
};

/// A package that was collected, under its purl.
#[derive(Debug)]
pub struct CollectedPackage {
    /// Its name, version and registry.
    pub purl: Purl,
    /// What was had.
    pub collected: Collected,
}

/// Why the packages of the lockfiles were not collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectionError {
    /// No package can have the name that a tarball would get.
    #[error(transparent)]
    Name(#[from] PackageError),
    /// A version that no registry gave.
    #[error("{0} is from no registry")]
    NoRegistry(PackageId),
    /// A tarball without name and version.
    #[error("the tarball {} does not say which package it is", Untrusted(place))]
    Nameless {
        /// Where it is from.
        place: String,
    },
    /// Two tarballs under one name.
    #[error("two lockfiles mean different tarballs by {}", Untrusted(purl))]
    AnotherTarball {
        /// The name.
        purl: String,
    },
    /// Entries get a package from registries that differ.
    #[error(transparent)]
    Conflicts(#[from] Conflicts),
    /// Some packages could not be collected.
    #[error("{} of {total} packages could not be collected", failed.len())]
    Packages {
        /// Each of them, and why.
        failed: Vec<(PackageId, CollectError)>,
        /// Of how many.
        total: usize,
    },
}

impl CollectionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name(_) | Self::NoRegistry(_) => return None,
            Self::Nameless { .. } => "its package.json needs a name and a version",
            Self::AnotherTarball { .. } => "seal them into two archives",
            Self::Conflicts(_) => Conflicts::HINT,
            Self::Packages { .. } => {
                "no archive was written; what was downloaded is kept for the next run"
            }
        };
        Some(hint.to_owned())
    }

    /// Whether a tarball is not the expected one. A package that could not be fetched is not a refusal.
    pub fn is_refusal(&self) -> bool {
        let Self::Packages { failed, .. } = self else { return false };
        failed.iter().any(|(_, error)| matches!(error, CollectError::Mismatch { .. }))
    }
}

/// What collecting needs.
pub struct Collector<'a> {
    /// The network.
    pub network: &'a Network,
    /// Which registries are asked.
    pub config: &'a RegistryConfig,
    /// Where downloads are kept.
    pub cache: &'a Cache,
    /// The lockfiles.
    pub inputs: &'a [Input],
    /// The times of this run.
    pub clock: &'a Clock,
    /// A later answer is an error.
    pub not_after: Option<Time>,
    /// Requests in flight for each host, at most.
    pub concurrency: Option<usize>,
}

/// Collects every package that lockfiles ask for, with its evidence.
///
/// ```no_run
/// use sealift::{
///     app::{
///         Clock, Silent,
///         collect::{Cache, Collector, collect},
///         connection::{Npmrc, RegistryConfig, connect},
///         inputs,
///     },
///     core::time,
/// };
///
/// let inputs = inputs::read(&["package-lock.json".into()])?;
/// let no_variables = |_: &str| None;
/// let npmrc = Npmrc::load(None, None, false, &no_variables)?;
/// let packages = collect(
///     &Collector {
///         network: &connect(&npmrc, &no_variables)?,
///         config: &RegistryConfig::new(&npmrc, None)?,
///         cache: &Cache::open("cache".as_ref())?,
///         inputs: &inputs,
///         clock: &Clock::new(time::parse("2026-11-23T04:00:00Z").ok_or("no time")?),
///         not_after: None,
///         concurrency: None,
///     },
///     &mut Silent,
/// )?;
/// for package in packages {
///     println!("{}: {}", package.purl, package.collected.artifact.is_some());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When one of them could not be had, or is not what the lockfile says.
pub fn collect(
    collector: &Collector<'_>,
    listener: &mut dyn Listener,
) -> Result<Vec<CollectedPackage>, CollectionError> {
    let locks = collector.inputs.iter();
    let locks = locks.map(|input| (input.entry.as_str(), &input.lock.lockfile));
    collector.collect(&Inventory::new(locks.collect()), listener)
}

impl Collector<'_> {
    /// Collects every package of the inventory. What tarballs do not hold, although the lockfile
    /// says that they bundle it, is collected itself.
    fn collect(
        &self,
        inventory: &Inventory<'_>,
        listener: &mut dyn Listener,
    ) -> Result<Vec<CollectedPackage>, CollectionError> {
        let mut done: BTreeMap<Target, Collected> = BTreeMap::new();
        let mut contents: BTreeMap<Target, Contents> = BTreeMap::new();
        let bundlers = bundlers(inventory);
        loop {
            let wants = inventory.wants(|lockfile, entry, bundled| {
                holds(inventory, &done, &contents, lockfile, entry, bundled)
            });
            let new: Vec<Want> =
                wants.into_iter().filter(|want| !done.contains_key(&want.target)).collect();
            if new.is_empty() {
                break;
            }
            for (want, collected) in self.round(&new, listener)? {
                let is_looked_into = bundlers.contains(&want.target)
                    || matches!(want.target, Target::Tarball { .. });
                if is_looked_into && let Some(listed) = list(want.target.ecosystem(), &collected) {
                    contents.insert(want.target.clone(), listed);
                }
                done.insert(want.target.clone(), collected);
            }
        }
        named(done, &contents)
    }

    /// One round of downloads. It reports all its failures at its end.
    fn round<'w>(
        &self,
        wants: &'w [Want],
        listener: &mut dyn Listener,
    ) -> Result<Vec<(&'w Want, Collected)>, CollectionError> {
        let items: Vec<_> = wants.iter().map(|want| self.item(want)).collect::<Result<_, _>>()?;
        let Collection { outcomes, unreachable } = self.download(&items, listener)?;
        for host in &unreachable {
            listener.hear(News::Unreachable(host));
        }
        let total = outcomes.len();
        let (mut collected, mut failed) = (Vec::with_capacity(total), Vec::new());
        for (want, (id, outcome)) in wants.iter().zip(outcomes) {
            match outcome {
                Ok(package) => collected.push((want, package)),
                Err(error) => failed.push((id, error)),
            }
        }
        match failed.is_empty() {
            true => Ok(collected),
            false => Err(CollectionError::Packages { failed, total }),
        }
    }

    fn download(
        &self,
        items: &[registry::Collectable],
        listener: &dyn Listener,
    ) -> Result<Collection, Conflicts> {
        let progress = listener.progress();
        let options = registry::Options {
            now: self.clock.at,
            not_after: self.not_after,
            concurrency: self.concurrency,
        };
        registry::collect(self.network, self.config, self.cache, items, &options, &*progress)
    }

    fn item(&self, want: &Want) -> Result<registry::Collectable, PackageError> {
        let (id, origin) = match &want.target {
            Target::Version(id) => (id.clone(), registry::CollectableOrigin::Registry),
            Target::Tarball { lockfile, ecosystem, place } => {
                let origin = match place {
                    Place::Url(url) => registry::CollectableOrigin::Url(url.clone()),
                    Place::File(path) => {
                        registry::CollectableOrigin::File(self.file(lockfile, path))
                    }
                };
                (unnamed(*ecosystem, place)?, origin)
            }
        };
        Ok(registry::Collectable {
            id,
            origin,
            resolved: want.addresses.clone(),
            integrity: want.integrity.clone(),
            optional: want.optional,
        })
    }

    /// A file of the project that a lockfile belongs to.
    fn file(&self, lockfile: &str, path: &str) -> PathBuf {
        let input = self.inputs.iter().find(|input| input.entry == lockfile);
        let folder = input.and_then(|input| input.path.parent());
        folder.map(|folder| folder.join(path)).unwrap_or_else(|| path.into())
    }
}

/// The name of a tarball until its own `package.json` is read.
fn unnamed(ecosystem: Ecosystem, place: &Place) -> Result<PackageId, PackageError> {
    let text = place.to_string();
    let file = text.rsplit('/').next().unwrap_or(&text);
    let plain: String =
        file.chars().filter(|character| character.is_ascii_alphanumeric()).take(64).collect();
    PackageId::new(ecosystem, &format!("tarball-{plain}"), "0.0.0")
}

/// The packages whose tarballs are said to bundle others.
fn bundlers(inventory: &Inventory<'_>) -> BTreeSet<Target> {
    let mut bundlers = BTreeSet::new();
    for (name, lockfile) in &inventory.lockfiles {
        let paths = lockfile.bundlers();
        let entries = lockfile.entries.iter().filter(|entry| paths.contains(entry.path.as_str()));
        bundlers.extend(entries.filter_map(|entry| Some(Target::of(name, entry.asks.wanted()?))));
    }
    bundlers
}

/// Whether the parent's tarball holds a bundled entry. Also true if the parent is unavailable, or not
/// known yet.
fn holds(
    inventory: &Inventory<'_>,
    done: &BTreeMap<Target, Collected>,
    contents: &BTreeMap<Target, Contents>,
    lockfile: &str,
    entry: &Entry,
    bundled: &Bundled,
) -> bool {
    let lock = inventory.lockfiles.iter().find(|(name, _)| *name == lockfile);
    let parent =
        lock.and_then(|(_, lock)| lock.entries.iter().find(|parent| parent.path == bundled.parent));
    let target = match parent.map(|parent| &parent.asks) {
        Some(Ask::Package(wanted)) => Target::of(lockfile, wanted),
        // The parent is denied, and the entry with it; or it is a folder of the project.
        _ => {
            return !matches!(
                parent.map(|parent| &parent.asks),
                Some(Ask::Folder(_) | Ask::Nothing)
            );
        }
    };
    match (done.get(&target), contents.get(&target)) {
        // Not known yet: the next round decides.
        (None, _) => true,
        (Some(collected), _) if collected.artifact.is_none() => true,
        (Some(_), Some(contents)) => coverage::holds(contents, entry, bundled),
        (Some(_), None) => true,
    }
}

/// The content of a tarball. One that cannot be listed is refused when the archive is verified.
fn list(ecosystem: Ecosystem, collected: &Collected) -> Option<Contents> {
    let artifact = collected.artifact.as_ref()?;
    let file = files::open(&artifact.path, limits::TARBALL_BYTES).ok()?;
    (ecosystems::rules(ecosystem).list)(&mut std::io::BufReader::new(file)).ok()
}

/// Gives every package its purl. A tarball that no registry gives is called what its own
/// `package.json` says.
fn named(
    done: BTreeMap<Target, Collected>,
    contents: &BTreeMap<Target, Contents>,
) -> Result<Vec<CollectedPackage>, CollectionError> {
    let mut packages: BTreeMap<String, CollectedPackage> = BTreeMap::new();
    for (target, collected) in done {
        let purl = match (&target, &collected.registry) {
            (Target::Version(id), Some(registry)) => {
                Purl::new(id.clone(), Origin::Registry(registry.clone()))
            }
            (Target::Version(id), None) => {
                return Err(CollectionError::NoRegistry(id.clone()));
            }
            (Target::Tarball { ecosystem, place, .. }, _) => {
                let own = contents.get(&target).map(|contents| &contents.own);
                let named =
                    own.and_then(|own| Some((own.name.as_deref()?, own.version.as_deref()?)));
                let id = named
                    .and_then(|(name, version)| PackageId::new(*ecosystem, name, version).ok());
                let id =
                    id.ok_or_else(|| CollectionError::Nameless { place: place.to_string() })?;
                Purl::new(id, place.origin())
            }
        };
        let text = purl.to_string();
        let digest = |package: &Collected| package.artifact.as_ref().map(|a| a.digest.clone());
        match packages.get(&text) {
            Some(other) if digest(&other.collected) != digest(&collected) => {
                return Err(CollectionError::AnotherTarball { purl: text });
            }
            Some(_) => {}
            None => drop(packages.insert(text, CollectedPackage { purl, collected })),
        }
    }
    Ok(packages.into_values().collect())
}
