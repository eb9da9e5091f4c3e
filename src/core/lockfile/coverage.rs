//! Compares what lockfiles ask for with what an archive has, entry by entry.
//!
//! The unit is the entry, never "some entry of that name and version". With a hash of SHA-256 or
//! stronger the bytes decide; without one, the registry's signature and the address do. Which
//! entries are denied does not depend on who asks: the archive's own lockfiles and this build's are
//! judged by the same rules.

mod denial;
mod outcome;
mod shrinkwrap;

use std::collections::HashMap;

pub use self::{
    denial::EntryDenial,
    outcome::{Binding, Disposition, EntryOutcome},
};
use crate::core::{
    ecosystems,
    lockfile::{Ask, Bundled, Entry, Foreign, Lockfile, Place, Requirement, Source},
    package::{
        Origin, PackageId, Purl,
        contents::Contents,
        digest::{Digest, Integrity},
    },
};

/// A package of an archive, as far as entries are compared with it.
#[derive(Debug, Clone, Copy)]
pub struct ArchivedPackage<'a> {
    /// Which package.
    pub purl: &'a Purl,
    /// Its bytes; `None` where the registry answered that it has none.
    pub artifact: Option<ArchivedArtifact<'a>>,
}

/// The bytes of a package, as far as entries are compared with them.
#[derive(Debug, Clone, Copy)]
pub struct ArchivedArtifact<'a> {
    /// Their digests: of [`Inventory::algorithms`](super::Inventory::algorithms) at least.
    pub digests: &'a [Digest],
    /// The address that they were collected from; `None` for a file of the project.
    pub url: Option<&'a str>,
    /// Whether a signature of the expected registry over them verified.
    pub signed: bool,
    /// What the tarball holds, where it was listed.
    pub contents: Option<&'a Contents>,
}

/// An archive's packages, ready to be compared with entries.
pub struct Coverage<'a> {
    held: &'a [ArchivedPackage<'a>],
    /// The packages of registries. What a registry is asked for is not a tarball from elsewhere.
    versions: HashMap<&'a PackageId, Vec<usize>>,
    tarballs: HashMap<&'a Origin, usize>,
}

impl<'a> Coverage<'a> {
    /// Over these packages.
    pub fn new(held: &'a [ArchivedPackage<'a>]) -> Self {
        let mut versions: HashMap<_, Vec<_>> = HashMap::new();
        let mut tarballs = HashMap::new();
        for (at, ArchivedPackage { purl, .. }) in held.iter().enumerate() {
            if purl.origin().registry().is_some() {
                versions.entry(purl.id()).or_default().push(at);
            } else {
                tarballs.insert(purl.origin(), at);
            }
        }
        Self { held, versions, tarballs }
    }

    /// What becomes of every entry of a lockfile, in their order.
    pub fn judge(&self, lockfile: &Lockfile) -> Vec<EntryOutcome> {
        let places: HashMap<&str, usize> = lockfile
            .entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (entry.path.as_str(), at))
            .collect();
        let mut outcomes: Vec<_> =
            lockfile.entries.iter().map(|entry| self.entry(entry, &entry.asks)).collect();
        // Parents are never bundled themselves: they are judged by now.
        for (at, entry) in lockfile.entries.iter().enumerate() {
            if let Ask::Bundled(bundled) = &entry.asks {
                let parent = places.get(bundled.parent.as_str()).and_then(|at| outcomes.get(*at));
                let outcome = self.bundled(entry, bundled, parent);
                if let Some(slot) = outcomes.get_mut(at) {
                    *slot = outcome;
                }
            }
        }
        for (at, entry) in lockfile.entries.iter().enumerate() {
            if !entry.shrinkwrap {
                continue;
            }
            let contents = outcomes.get(at).and_then(|outcome| self.own_contents(outcome));
            let Some(bytes) = contents.and_then(|contents| contents.shrinkwrap.as_deref()) else {
                continue;
            };
            if let Err(denial) = shrinkwrap::require_entries(entry, bytes, lockfile, &places)
                && let Some(outcome) = outcomes.get_mut(at)
            {
                match outcome.disposition {
                    // An exception for what is foreign must not excuse it.
                    Disposition::Foreign => outcome.denial = Some(denial),
                    _ => drop(outcome.denial.get_or_insert(denial)),
                }
            }
        }
        outcomes
    }

    fn own_contents(&self, outcome: &EntryOutcome) -> Option<&'a Contents> {
        match outcome.disposition {
            Disposition::Collected => self.held.get(outcome.package?)?.artifact?.contents,
            _ => self.supplied_contents(outcome),
        }
    }

    fn entry(&self, entry: &Entry, asks: &Ask) -> EntryOutcome {
        match asks {
            Ask::Package(wanted) => self.package(entry, wanted),
            Ask::Bundled(bundled) => self.entry(entry, &bundled.alone),
            Ask::Folder(_) => EntryOutcome::of(Disposition::Local),
            Ask::Nothing => EntryOutcome::of(Disposition::Placeholder),
            Ask::Foreign(foreign) => self.foreign(entry, foreign),
        }
    }

    /// An entry that nothing can vouch for. What is wrong with the package that is patched is told first:
    /// an exception for the patch does not excuse it.
    fn foreign(&self, entry: &Entry, foreign: &Foreign) -> EntryOutcome {
        let found = foreign.wanted().map(|wanted| self.package(entry, wanted));
        if let (Foreign::Patched { .. }, Some(found)) = (foreign, &found)
            && !matches!(found.denial, None | Some(EntryDenial::NotHeld { .. }))
        {
            return EntryOutcome { disposition: Disposition::Foreign, ..found.clone() };
        }
        let package = found.and_then(|found| found.package).or_else(|| self.supplied(foreign));
        let denial = EntryDenial::Foreign(Box::new(foreign.clone()));
        EntryOutcome { package, ..EntryOutcome::denied(Disposition::Foreign, denial) }
    }

    /// The package that a person supplied for a git dependency of this address, with its name and version.
    fn supplied(&self, foreign: &Foreign) -> Option<usize> {
        let Foreign::Git { address, name, version, .. } = foreign else { return None };
        let package = *self.tarballs.get(&Origin::Supplied(address.clone()))?;
        self.is_named(package, name.as_deref(), version.as_deref()).then_some(package)
    }

    /// What the tarball holds that was supplied for a foreign entry.
    fn supplied_contents(&self, outcome: &EntryOutcome) -> Option<&'a Contents> {
        let held = self.held.get(outcome.package?)?;
        let supplied = outcome.disposition == Disposition::Foreign
            && matches!(held.purl.origin(), Origin::Supplied(_));
        held.artifact.filter(|_| supplied)?.contents
    }

    /// An entry that is in its parent's tarball, at its path, with its name and version; otherwise
    /// it is what it is alone.
    fn bundled(
        &self,
        entry: &Entry,
        bundled: &Bundled,
        parent: Option<&EntryOutcome>,
    ) -> EntryOutcome {
        let alone = || self.entry(entry, &bundled.alone);
        let Some(parent) = parent else { return alone() };
        match parent.disposition {
            Disposition::Unavailable => EntryOutcome {
                package: parent.package,
                ..EntryOutcome::of(Disposition::Unavailable)
            },
            Disposition::Foreign
                if self
                    .supplied_contents(parent)
                    .is_some_and(|contents| holds(contents, entry, bundled)) =>
            {
                EntryOutcome { package: parent.package, ..EntryOutcome::of(Disposition::Bundled) }
            }
            Disposition::Foreign => {
                let within = Foreign::Within { parent: bundled.parent.clone() };
                EntryOutcome::denied(Disposition::Foreign, EntryDenial::Foreign(Box::new(within)))
            }
            Disposition::Collected => {
                let Some(package) = parent.package else {
                    let parent = bundled.parent.clone();
                    return EntryOutcome::denied(
                        Disposition::Bundled,
                        EntryDenial::Parent { parent },
                    );
                };
                let contents = self.held.get(package).and_then(|held| held.artifact?.contents);
                match contents {
                    Some(contents) if !holds(contents, entry, bundled) => alone(),
                    Some(_) => EntryOutcome {
                        package: Some(package),
                        ..EntryOutcome::of(Disposition::Bundled)
                    },
                    None => {
                        let parent = bundled.parent.clone();
                        EntryOutcome::denied(Disposition::Bundled, EntryDenial::Parent { parent })
                    }
                }
            }
            Disposition::Bundled | Disposition::Local | Disposition::Placeholder => alone(),
        }
    }

    fn package(&self, entry: &Entry, wanted: &Requirement) -> EntryOutcome {
        let found = match &wanted.integrity {
            Some(integrity) if !integrity.algorithm().is_weak() => self.by_hash(wanted, integrity),
            weak => self.by_signature(wanted, weak.as_ref()),
        };
        match found {
            Ok((package, pin)) => {
                let other_address = !self.is_own_address(package, wanted);
                let (package, pin) = (Some(package), Some(pin));
                EntryOutcome {
                    package,
                    pin,
                    other_address,
                    ..EntryOutcome::of(Disposition::Collected)
                }
            }
            Err(EntryDenial::Unavailable { .. })
                if entry.optional && self.may_be_missing(wanted) =>
            {
                let package = self.candidates(wanted).first().copied();
                EntryOutcome { package, ..EntryOutcome::of(Disposition::Unavailable) }
            }
            Err(denial) => {
                // If there is one candidate, the report can name it.
                let package = match self.candidates(wanted).as_slice() {
                    [only] => Some(*only),
                    _ => None,
                };
                EntryOutcome { package, ..EntryOutcome::denied(Disposition::Collected, denial) }
            }
        }
    }

    /// The package whose bytes have the hashes. Names are real names: bytes under another name or
    /// version are another package.
    fn by_hash(
        &self,
        wanted: &Requirement,
        integrity: &Integrity,
    ) -> Result<(usize, Binding), EntryDenial> {
        let candidates = self.available(wanted)?;
        let fits = |at: &&usize| {
            let digests = self.digests(**at);
            integrity.strongest().all(|digest| digests.contains(digest))
        };
        let fitting: Vec<usize> = candidates.iter().filter(fits).copied().collect();
        let wanted = wanted.source.to_string();
        match fitting.as_slice() {
            [only] => Ok((*only, Binding::Hash(integrity.algorithm()))),
            [] => Err(EntryDenial::Hash { wanted, expected: integrity.clone() }),
            _ => Err(EntryDenial::Ambiguous { wanted }),
        }
    }

    /// Without a hash that counts: the package of that name and version, whose bytes the expected
    /// registry signed, where the address is missing or that registry's own.
    fn by_signature(
        &self,
        wanted: &Requirement,
        weak: Option<&Integrity>,
    ) -> Result<(usize, Binding), EntryDenial> {
        let text = || wanted.source.to_string();
        let candidates = self.available(wanted)?;
        let [package] = *candidates.as_slice() else {
            return Err(EntryDenial::Ambiguous { wanted: text() });
        };
        let digests = self.digests(package);
        if let Some(digest) = weak
            .iter()
            .flat_map(|integrity| integrity.strongest())
            .find(|digest| !digests.contains(digest))
        {
            let expected = Integrity::of(digest.clone());
            return Err(EntryDenial::Hash { wanted: text(), expected });
        }
        if !self.is_own_address(package, wanted) {
            return Err(EntryDenial::Address { wanted: text(), address: address(wanted) });
        }
        let artifact = self.held.get(package).and_then(|held| held.artifact);
        match artifact {
            Some(artifact) if artifact.signed => {
                Ok((package, Binding::Signature { weak: weak.is_some() }))
            }
            _ => Err(EntryDenial::Unpinned { wanted: text(), weak: weak.is_some() }),
        }
    }

    /// All packages that an entry could name.
    fn candidates(&self, wanted: &Requirement) -> Vec<usize> {
        match &wanted.source {
            Source::Version { id, .. } => self.versions.get(id).cloned().unwrap_or_default(),
            Source::Tarball { place, name, version, .. } => {
                let named = |at: &usize| self.is_named(*at, name.as_deref(), version.as_deref());
                self.tarballs.get(&place.origin()).copied().filter(named).into_iter().collect()
            }
        }
    }

    /// Whether a package has the name and version that an entry gives, where it gives them.
    fn is_named(&self, package: usize, name: Option<&str>, version: Option<&str>) -> bool {
        self.held.get(package).is_some_and(|held| {
            let id = held.purl.id();
            name.is_none_or(|name| name == id.name())
                && version.is_none_or(|version| version == id.version())
        })
    }

    /// Those candidates whose bytes are there.
    fn available(&self, wanted: &Requirement) -> Result<Vec<usize>, EntryDenial> {
        let candidates = self.candidates(wanted);
        if candidates.is_empty() {
            return Err(EntryDenial::NotHeld { wanted: wanted.source.to_string() });
        }
        let there = |at: &usize| self.held.get(*at).is_some_and(|held| held.artifact.is_some());
        let available: Vec<_> = candidates.into_iter().filter(there).collect();
        if available.is_empty() {
            return Err(EntryDenial::Unavailable { wanted: wanted.source.to_string() });
        }
        Ok(available)
    }

    fn digests(&self, package: usize) -> &'a [Digest] {
        let artifact = self.held.get(package).and_then(|held| held.artifact);
        artifact.map_or(&[], |artifact| artifact.digests)
    }

    /// Whether the address is missing, the one that the bytes came from, or the expected registry's
    /// own for this version. A mirror changes where the public registry's packages come from, and not
    /// which registry is expected.
    fn is_own_address(&self, package: usize, wanted: &Requirement) -> bool {
        let Some(held) = self.held.get(package) else { return false };
        match &wanted.source {
            Source::Tarball { place, .. } => match (place, held.purl.origin()) {
                (Place::Url(url), Origin::Url(address)) => url.as_str() == address,
                (Place::File(path), Origin::File(file)) => path == file,
                _ => false,
            },
            Source::Version { address: None, .. } => true,
            Source::Version { id, address: Some(address) } => {
                let collected = held.artifact.and_then(|artifact| artifact.url);
                collected == Some(address.as_str())
                    || held.purl.origin().registry().is_some_and(|registry| {
                        (ecosystems::rules(id.ecosystem()).is_own_address)(address, registry, id)
                    })
            }
        }
    }

    /// Whether the registry whose answer is sealed is the one that the package manager would ask.
    fn may_be_missing(&self, wanted: &Requirement) -> bool {
        self.candidates(wanted).first().is_some_and(|at| self.is_own_address(*at, wanted))
    }
}

fn address(wanted: &Requirement) -> String {
    match &wanted.source {
        Source::Version { address: Some(address), .. } => address.to_string(),
        Source::Version { address: None, .. } => String::new(),
        Source::Tarball { place, .. } => place.to_string(),
    }
}

/// Whether a tarball holds a bundled entry: at its path below the one that bundles it, with its name
/// and version.
pub(crate) fn holds(contents: &Contents, entry: &Entry, bundled: &Bundled) -> bool {
    let below = entry.path.strip_prefix(&bundled.parent).and_then(|rest| rest.strip_prefix('/'));
    let found = below.and_then(|path| contents.bundled.get(path));
    found.zip(bundled.id.as_ref()).is_some_and(|(found, id)| found.is_package(id))
}

#[cfg(test)]
mod tests;
