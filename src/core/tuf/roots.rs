//! Pinned roots, and the chains that start at them.

use std::collections::BTreeMap;

use sigstore_tuf::{Metadata, Root, TrustedMetadataSet};

use super::{MetadataError, metadata, names};
use crate::core::{
    limits::{ROOT_BYTES, ROOT_VERSIONS},
    time::{self, Time},
};

/// The roots of one instance that are trusted without further proof, each by itself.
///
/// A chain may start at any of them. Several are kept so that an archive from the time of an
/// older root still verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedRoots {
    roots: BTreeMap<u64, Vec<u8>>,
    newest: u64,
}

impl PinnedRoots {
    /// Pins one root. It must be signed by its own keys; its expiry does not matter (§5.3).
    ///
    /// # Errors
    /// When it is not a root, is too large, or is not signed to its own threshold.
    pub fn new(bytes: Vec<u8>) -> Result<Self, MetadataError> {
        metadata::check_size("root.json", &bytes, ROOT_BYTES)?;
        let newest = start(&bytes)?.root().version;
        Ok(Self { roots: BTreeMap::from([(newest, bytes)]), newest })
    }

    /// Pins roots that are known to be signed by their own keys, by version: those in `trust/`,
    /// which a test holds to it. Each is verified once more when a chain starts at it.
    pub fn known(roots: &[(u64, &[u8])]) -> Self {
        let roots: BTreeMap<_, _> = roots.iter().map(|(v, bytes)| (*v, bytes.to_vec())).collect();
        let newest = roots.keys().next_back().copied().unwrap_or_default();
        Self { roots, newest }
    }

    /// The newest version.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// When the newest expires. Its publisher did not want it to be trusted for longer without a check.
    pub fn newest_expires(&self) -> Option<Time> {
        let trusted = start(self.roots.get(&self.newest)?).ok()?;
        Some(time::from_jiff(trusted.root().expires))
    }

    /// The newest pinned root, if it is newer than `version`: whatever is fetched from now on, its
    /// keys must vouch for as well.
    pub(super) fn above(&self, version: u64) -> Result<Option<Root>, MetadataError> {
        let Some(bytes) = self.roots.get(&self.newest).filter(|_| self.newest > version) else {
            return Ok(None);
        };
        Ok(Some(start(bytes)?.root().clone()))
    }

    /// The versions newer than `version`, newest first.
    pub(super) fn newer_than(&self, version: u64) -> Vec<u64> {
        self.roots.keys().rev().copied().take_while(|pinned| *pinned > version).collect()
    }

    /// All of them, by version.
    pub fn roots(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.roots.iter().map(|(version, bytes)| (*version, bytes.as_slice()))
    }

    /// Verifies the carried roots as a chain from the newest pinned root that is not newer than
    /// they are; without any, the chain is the pinned root.
    pub(super) fn chain(&self, carried: &BTreeMap<u64, Vec<u8>>) -> Result<Chain, MetadataError> {
        for (version, bytes) in carried {
            metadata::check_size(&names::root(*version), bytes, ROOT_BYTES)?;
        }
        let last = carried.keys().next_back().copied().unwrap_or(self.newest);
        let Some((&first, pinned)) = self.roots.range(..=last).next_back() else {
            let oldest = self.roots.keys().next().copied().unwrap_or_default();
            return Err(MetadataError::NoPinnedRoot { carried: last, oldest });
        };
        for (&version, bytes) in &self.roots {
            if let Some(other) = carried.get(&version)
                && !same_root(bytes, other)?
            {
                return Err(MetadataError::RootDiffers { version });
            }
        }
        let mut chain = Chain { trusted: start(pinned)?, roots: self.run(first), first };
        for version in first.saturating_add(1)..=last {
            let bytes = carried.get(&version).ok_or(MetadataError::RootMissing { version })?;
            chain.extend(bytes)?;
        }
        Ok(chain)
    }

    /// The consecutive pinned roots that end at `last`: they cost no request, and let a client
    /// with older pinned roots follow.
    fn run(&self, last: u64) -> BTreeMap<u64, Vec<u8>> {
        let known =
            (0..=last).rev().map_while(|version| Some((version, self.roots.get(&version)?)));
        known.map(|(version, bytes)| (version, bytes.clone())).collect()
    }
}

/// Whether two files hold the same root: the same signed content. Packages indent it differently
/// than the repository does.
pub(super) fn same_root(one: &[u8], other: &[u8]) -> Result<bool, MetadataError> {
    if one == other {
        return Ok(true);
    }
    let (one, other) = (metadata::parse::<Root>("root", one)?, metadata::parse("root", other)?);
    Ok(one.signed_canonical() == Metadata::<Root>::signed_canonical(&other))
}

/// Trust in one root (§5.2): signed by its own keys, to its own threshold.
fn start(bytes: &[u8]) -> Result<TrustedMetadataSet, MetadataError> {
    let root = metadata::parse::<Root>("root", bytes)?;
    let trusted =
        TrustedMetadataSet::from_root(bytes).map_err(|error| metadata::convert("root", &error))?;
    let signed = root.signed();
    if let Some(role) = signed.role("root") {
        metadata::check_distinct("root", &root, &signed.keys, role)?;
    }
    Ok(trusted)
}

/// Roots that follow each other, from a pinned one on; the last is what is trusted.
#[derive(Clone)]
pub(super) struct Chain {
    /// Trust in the last root, and what was built on it.
    pub(super) trusted: TrustedMetadataSet,
    /// All of them, by version.
    pub(super) roots: BTreeMap<u64, Vec<u8>>,
    /// The version of the pinned root that the walk started at.
    first: u64,
}

impl Chain {
    /// The version of the last root.
    pub(super) fn version(&self) -> u64 {
        self.trusted.root().version
    }

    /// The next root (§5.3.4 to §5.3.6): signed to the thresholds of the last root and of its
    /// own, one version higher.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), MetadataError> {
        // §5.3.3: a bound on the number of versions. It counts from the pinned root, so that what
        // several updates have brought can be read back.
        if self.version().saturating_sub(self.first) >= ROOT_VERSIONS {
            return Err(MetadataError::TooManyRoots { bound: ROOT_VERSIONS });
        }
        let next = metadata::parse::<Root>("root", bytes)?;
        let mut trusted = self.trusted.clone();
        trusted.update_root(bytes).map_err(|error| metadata::convert("root", &error))?;
        for root in [self.trusted.root(), next.signed()] {
            let Some(role) = root.role("root") else { continue };
            metadata::check_distinct("root", &next, &root.keys, role)?;
        }
        self.trusted = trusted;
        self.roots.insert(self.version(), bytes.to_vec());
        Ok(())
    }
}

/// The roots among published files, by version.
pub(super) fn carried<'a>(
    files: impl Iterator<Item = (&'a String, &'a Vec<u8>)>,
) -> BTreeMap<u64, Vec<u8>> {
    files.filter_map(|(name, bytes)| Some((names::root_version(name)?, bytes.clone()))).collect()
}
