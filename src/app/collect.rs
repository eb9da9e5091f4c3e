//! Collects what an inventory asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::{Value, json};

use crate::{
    adapters::{
        files,
        network::Network,
        registry::{
            self, Cache, CollectError, Collected, Collection, Conflicts, Options, RegistryConfig,
        },
    },
    cli::failure::{Failure, Kind, Outcome},
    core::{
        ecosystems, limits,
        lockfile::{Ask, Bundled, Entry, Inventory, Place, Target, Want, coverage},
        package::{Origin, PackageId, Purl, contents::Contents, ecosystem::Ecosystem},
        text::Untrusted,
    },
};
use crate::{
    app::inputs::Input,
    cli::commands::{Context, progress},
};

/// A package that was collected, under its purl.
pub struct Package {
    pub purl: Purl,
    pub collected: Collected,
}

/// What collecting needs.
pub struct Collector<'a> {
    pub network: &'a Network,
    pub config: &'a RegistryConfig,
    pub cache: &'a Cache,
    pub inputs: &'a [Input],
    /// Requests in flight for each host, at most.
    pub concurrency: Option<usize>,
}

impl Collector<'_> {
    /// Collects every package of the inventory. What tarballs do not hold, although the lockfile
    /// says that they bundle it, is collected itself.
    pub fn collect(
        &self,
        inventory: &Inventory<'_>,
        context: &mut Context<'_>,
    ) -> Outcome<Vec<Package>> {
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
            for (want, collected) in self.round(&new, context)? {
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

    /// One round: all failures are told at its end.
    fn round<'w>(
        &self,
        wants: &'w [Want],
        context: &mut Context<'_>,
    ) -> Outcome<Vec<(&'w Want, Collected)>> {
        let items: Vec<_> = wants.iter().map(|want| self.item(want)).collect::<Outcome<_>>()?;
        let bar = progress::Bar::new(context.terminal);
        let options = Options {
            now: context.env.now,
            not_after: context.env.source_date,
            concurrency: self.concurrency,
        };
        let collection =
            registry::collect(self.network, self.config, self.cache, &items, &options, &bar);
        bar.finish();
        let Collection { outcomes, unreachable } =
            collection.map_err(|conflicts| report_conflicts(&conflicts, context))?;
        for host in &unreachable {
            let text = host.to_string();
            if host.failed == 0 {
                context.terminal.note(Untrusted(&text));
            } else {
                let failure = Failure::could_not(Untrusted(&text)).maybe_hint(host.hint());
                context.terminal.failure(&failure);
            }
        }
        let total = outcomes.len();
        let (mut collected, mut failed) = (Vec::with_capacity(total), Vec::new());
        for (want, (id, outcome)) in wants.iter().zip(outcomes) {
            match outcome {
                Ok(package) => collected.push((want, package)),
                Err(error) => failed.push((id, error)),
            }
        }
        if failed.is_empty() {
            Ok(collected)
        } else {
            Err(report_failures(&failed, total, context))
        }
    }

    fn item(&self, want: &Want) -> Outcome<registry::Item> {
        let (id, origin) = match &want.target {
            Target::Version(id) => (id.clone(), registry::Origin::Registry),
            Target::Tarball { lockfile, ecosystem, place } => {
                let origin = match place {
                    Place::Url(url) => registry::Origin::Url(url.clone()),
                    Place::File(path) => registry::Origin::File(self.file(lockfile, path)),
                };
                (unnamed(*ecosystem, place)?, origin)
            }
        };
        Ok(registry::Item {
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

/// What a tarball is called until its own `package.json` was read.
fn unnamed(ecosystem: Ecosystem, place: &Place) -> Outcome<PackageId> {
    let text = place.to_string();
    let file = text.rsplit('/').next().unwrap_or(&text);
    let plain: String =
        file.chars().filter(|character| character.is_ascii_alphanumeric()).take(64).collect();
    PackageId::new(ecosystem, &format!("tarball-{plain}"), "0.0.0").map_err(Failure::could_not)
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

/// Whether a bundled entry is in its parent's tarball, or as unavailable as that.
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
        // Denied with its parent, or a folder of the project.
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

/// What a tarball holds. One that cannot be listed is refused when the archive is verified.
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
) -> Outcome<Vec<Package>> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for (target, collected) in done {
        let purl = match (&target, &collected.registry) {
            (Target::Version(id), Some(registry)) => {
                Purl::new(id.clone(), Origin::Registry(registry.clone()))
            }
            (Target::Version(id), None) => {
                return Err(Failure::could_not(format_args!("{id} is from no registry")));
            }
            (Target::Tarball { ecosystem, place, .. }, _) => {
                let own = contents.get(&target).map(|contents| &contents.own);
                let named =
                    own.and_then(|own| Some((own.name.as_deref()?, own.version.as_deref()?)));
                let id = named
                    .and_then(|(name, version)| PackageId::new(*ecosystem, name, version).ok());
                let id = id.ok_or_else(|| {
                    Failure::could_not(format_args!(
                        "the tarball {} does not say which package it is",
                        Untrusted(&place.to_string())
                    ))
                    .hint("its package.json needs a name and a version")
                })?;
                Purl::new(id, place.origin())
            }
        };
        let text = purl.to_string();
        let digest = |package: &Collected| package.artifact.as_ref().map(|a| a.sha512.clone());
        match packages.get(&text) {
            Some(other) if digest(&other.collected) != digest(&collected) => {
                return Err(Failure::could_not(format_args!(
                    "two projects have another tarball at {}",
                    Untrusted(&text)
                ))
                .hint("seal them into two archives"));
            }
            Some(_) => {}
            None => drop(packages.insert(text, Package { purl, collected })),
        }
    }
    Ok(packages.into_values().collect())
}

/// All conflicts, then one summary.
fn report_conflicts(conflicts: &Conflicts, context: &mut Context<'_>) -> Failure {
    for conflict in &conflicts.0 {
        context.terminal.failure(&Failure::could_not(Untrusted(&conflict.to_string())));
    }
    Failure::could_not(conflicts).hint(Conflicts::HINT)
}

/// All failures, then one summary. A tarball that is not the expected one is a refusal; what
/// could not be had is not.
fn report_failures(
    failed: &[(PackageId, CollectError)],
    total: usize,
    context: &mut Context<'_>,
) -> Failure {
    // What one cause explains is said once.
    let mut said: BTreeMap<(String, Option<String>), Vec<String>> = BTreeMap::new();
    let named = failed.iter().filter(|(_, error)| error.unreachable_host().is_none());
    for (id, error) in named {
        said.entry((error.to_string(), error.hint())).or_default().push(id.to_string());
    }
    for ((text, hint), ids) in said {
        let ids: BTreeSet<_> = ids.into_iter().collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let failure = Failure::could_not(format_args!("{}: {}", ids.join(", "), Untrusted(&text)));
        context.terminal.failure(&failure.maybe_hint(hint));
    }
    let mismatch = failed.iter().any(|(_, error)| matches!(error, CollectError::Mismatch { .. }));
    let kind = if mismatch { Kind::Refused } else { Kind::CouldNotCheck };
    let message = format!("{} of {total} packages could not be collected", failed.len());
    Failure { kind, ..Failure::could_not(message) }
        .hint("no archive was written; what was downloaded is kept for the next run")
        .packages(failed.iter().map(|(id, error)| failure_json(id, error)).collect())
}

fn failure_json(id: &PackageId, error: &CollectError) -> Value {
    let text = |text: &str| Untrusted(text).to_string();
    json!({
        "package": id.to_string(),
        "message": text(&error.to_string()),
        "hint": error.hint().map(|hint| text(&hint)),
    })
}
