//! One update, step by step (specification §5.3 to §5.6), at one reference time.

use std::collections::BTreeMap;

use sigstore_tuf::{Error, Metadata, Root, Snapshot, Targets, Timestamp};

use super::{
    Floor, Local, MetadataError, PinnedRoots, State, UpdateError,
    metadata::{self, RoleInfo},
    names,
    roots::Chain,
};
use crate::core::{
    limits::{METADATA_BYTES, ROOT_BYTES, ROOT_VERSIONS, TIMESTAMP_BYTES},
    time::{self, Time},
};

/// Where metadata and target files come from: an address, a folder, an archive.
pub trait Repository {
    /// Why a file could not be had.
    type Error;

    /// A metadata file by its published name, or `None` if there is none of that name.
    ///
    /// # Errors
    /// When it could not be had, or has more than `max` bytes.
    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, Self::Error>;

    /// A target file by its published path, or `None` if there is none.
    ///
    /// # Errors
    /// When it could not be had, or has more than `max` bytes.
    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Self::Error>;
}

/// One metadata file, as accepted in this session.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) info: RoleInfo,
    pub(super) bytes: Vec<u8>,
}

/// An update in progress.
///
/// [`refresh`](Self::refresh) first, then any number of [`target`](Self::target)s, then
/// [`finish`](Self::finish). When one of them fails, [`floor`](Self::floor) is what to persist.
pub struct Session<'a, R> {
    pub(super) repository: &'a R,
    pub(super) chain: Chain,
    /// §5.1: the fixed update start time. `None` reads local metadata whatever its expiry.
    pub(super) at: Option<Time>,
    pub(super) local: Option<&'a State>,
    floor: Floor,
    /// Roles accepted so far, below the root.
    pub(super) accepted: BTreeMap<String, Accepted>,
    /// Target files, by path: their published name and bytes.
    pub(super) files: BTreeMap<String, (String, Vec<u8>)>,
}

impl<'a, R: Repository> Session<'a, R> {
    /// Starts an update at the reference time `at` (§5.1) from the newest root that is trusted
    /// (§5.2): a pinned one, or a local one that a pinned one leads to.
    ///
    /// # Errors
    /// When the local roots do not follow from the pinned ones.
    pub fn start(
        pinned: &PinnedRoots,
        local: &'a Local,
        repository: &'a R,
        at: Time,
    ) -> Result<Self, MetadataError> {
        let mut chain = pinned.chain(&local.roots())?;
        if pinned.newest() > chain.version() {
            chain = pinned.chain(&BTreeMap::new())?;
        }
        Ok(Self::resume(chain, local, repository, Some(at)))
    }

    pub(super) fn resume(
        chain: Chain,
        local: &'a Local,
        repository: &'a R,
        at: Option<Time>,
    ) -> Self {
        Self {
            repository,
            chain,
            at,
            local: local.state.as_ref(),
            floor: local.floor(),
            accepted: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// Updates root, timestamp, snapshot and top-level targets.
    ///
    /// # Errors
    /// When something is refused or cannot be had. [`floor`](Self::floor) then says how far the
    /// update came.
    pub fn refresh(&mut self) -> Result<(), UpdateError<R::Error>> {
        self.update_roots()?;
        let held = self.held();
        self.update_timestamp(held.timestamp)?;
        self.update_snapshot(held.snapshot)?;
        self.update_targets()
    }

    /// §5.3: walk the roots one version at a time, to the last there is.
    fn update_roots(&mut self) -> Result<(), UpdateError<R::Error>> {
        let first = self.chain.version();
        loop {
            let version = self.chain.version().saturating_add(1);
            // §5.3.3: the file of the next version, within a bound on its size …
            let Some(bytes) = self.fetch(&names::root(version), ROOT_BYTES, None)? else { break };
            // … and on the number of versions.
            if version - first > ROOT_VERSIONS {
                return Err(MetadataError::TooManyRoots { bound: ROOT_VERSIONS }.into());
            }
            // §5.3.4 to §5.3.9: signed by both, one version higher, then trusted.
            self.chain.extend(&bytes)?;
        }
        // §5.3.10: only the last root must not be expired.
        metadata::check_fresh("root", self.chain.trusted.root(), self.at)?;
        Ok(())
    }

    /// §5.3.11: local timestamp and snapshot metadata are a floor as long as the keys that signed
    /// them are in office. After a rotation they no longer verify, and the floor is gone with
    /// them: that is how a repository recovers from a version that an attacker drove up.
    fn held(&self) -> Held {
        let root = self.chain.trusted.root();
        let state = self.local;
        let timestamps = [self.floor.timestamp.as_deref(), state.map(|s| s.bytes("timestamp"))];
        let snapshots = [self.floor.snapshot.as_deref(), state.map(|s| s.bytes("snapshot"))];
        Held {
            timestamp: newest::<Timestamp>("timestamp", root, &timestamps),
            snapshot: newest::<Snapshot>("snapshot", root, &snapshots),
        }
    }

    /// §5.4.
    fn update_timestamp(
        &mut self,
        held: Option<(Metadata<Timestamp>, Vec<u8>)>,
    ) -> Result<(), UpdateError<R::Error>> {
        // Nothing expires in `trusted`: expiry is checked below, after the floor is raised.
        let never = jiff::Timestamp::MIN;
        let refused = |error: Error| metadata::convert("timestamp", &error);
        if let Some((_, bytes)) = &held {
            self.chain.trusted.update_timestamp(bytes, never).map_err(refused)?;
        }
        // §5.4.1: never more than the bound.
        let file = "timestamp.json";
        let mut bytes = self.required(file, TIMESTAMP_BYTES, None)?;
        // §5.4.2: signed to the threshold of the root.
        let offered = metadata::parse::<Timestamp>("timestamp", &bytes)?;
        check_by_root("timestamp", &offered, self.chain.trusted.root())?;
        // §5.4.3: neither its own version nor the snapshot's may fall; of the same version, the
        // local one stays.
        match self.chain.trusted.update_timestamp(&bytes, never) {
            Err(Error::EqualVersion { .. }) => {
                if let Some((_, held)) = held {
                    bytes = held;
                }
            }
            other => other.map_err(refused)?,
        }
        self.floor.timestamp = Some(bytes.clone());
        // §5.4.4: not expired, only now that it raised the floor.
        let signed = self.chain.trusted.timestamp().cloned();
        let signed = signed.ok_or_else(|| absent(file))?;
        metadata::check_fresh("timestamp", &signed, self.at)?;
        self.accept("timestamp", signed.version, signed.expires, file.to_owned(), bytes);
        Ok(())
    }

    /// §5.5.
    fn update_snapshot(
        &mut self,
        held: Option<(Metadata<Snapshot>, Vec<u8>)>,
    ) -> Result<(), UpdateError<R::Error>> {
        let trusted = &self.chain.trusted;
        let pin = trusted.timestamp().and_then(Timestamp::snapshot_meta).cloned();
        let pin = pin.ok_or_else(|| unnamed("snapshot", "timestamp"))?;
        let name = names::metadata("snapshot", pin.version, trusted.root().consistent_snapshot);

        // §5.5.1: unless the announced file is at hand.
        let at_hand = held.as_ref().filter(|(held, bytes)| {
            let hashes = pin.hashes.as_ref();
            held.signed().version == pin.version
                && metadata::check_integrity(&name, bytes, pin.length, hashes).is_ok()
        });
        let bytes = match at_hand {
            Some((_, bytes)) => bytes.clone(),
            None => self.required(&name, METADATA_BYTES, pin.length)?,
        };
        // §5.5.2, §5.5.4: the announced hashes and version.
        metadata::check_integrity(&name, &bytes, pin.length, pin.hashes.as_ref())?;
        let snapshot = metadata::parse::<Snapshot>("snapshot", &bytes)?;
        check_version("snapshot", pin.version, snapshot.signed().version)?;
        // §5.5.3: signed to the threshold of the root.
        check_by_root("snapshot", &snapshot, self.chain.trusted.root())?;
        // §5.5.5: no targets metadata falls back or disappears. `sigstore-tuf` checks this only
        // against a snapshot that the local timestamp announces, which after an interrupted
        // update it does not.
        if let Some((held, _)) = &held {
            check_no_rollback(held.signed(), snapshot.signed())?;
        }
        let never = jiff::Timestamp::MIN;
        let refused = |error: Error| metadata::convert("snapshot", &error);
        self.chain.trusted.update_snapshot(&bytes, never).map_err(refused)?;
        self.floor.snapshot = Some(bytes.clone());
        // §5.5.6: not expired, only now that it raised the floor.
        let signed = snapshot.signed();
        metadata::check_fresh("snapshot", signed, self.at)?;
        self.accept("snapshot", signed.version, signed.expires, name, bytes);
        Ok(())
    }

    /// §5.6, for the top-level role.
    fn update_targets(&mut self) -> Result<(), UpdateError<R::Error>> {
        let (name, bytes) = self.announced("targets")?;
        let targets = metadata::parse::<Targets>("targets", &bytes)?;
        check_by_root("targets", &targets, self.chain.trusted.root())?;
        self.chain
            .trusted
            .update_targets(&bytes, jiff::Timestamp::MIN)
            .map_err(|error| metadata::convert("targets", &error))?;
        let signed = targets.signed();
        metadata::check_fresh("targets", signed, self.at)?;
        self.accept("targets", signed.version, signed.expires, name, bytes);
        Ok(())
    }

    /// §5.6.1, §5.6.2, §5.6.4: a targets role's file as the snapshot announces it, local where
    /// the announced one is at hand.
    pub(super) fn announced(&self, role: &str) -> Result<(String, Vec<u8>), UpdateError<R::Error>> {
        let trusted = &self.chain.trusted;
        let pin = trusted.snapshot().and_then(|s| s.meta.get(&format!("{role}.json"))).cloned();
        let pin = pin.ok_or_else(|| unnamed(role, "snapshot"))?;
        let name = names::metadata(role, pin.version, trusted.root().consistent_snapshot);
        let check = |bytes: &[u8]| {
            metadata::check_integrity(&name, bytes, pin.length, pin.hashes.as_ref())?;
            let found = metadata::parse::<Targets>(role, bytes)?.signed().version;
            check_version(role, pin.version, found)
        };
        let local = self.local.and_then(|state| state.find(role)).map(|(_, bytes)| bytes);
        if let Some(bytes) = local.filter(|bytes| check(bytes).is_ok()) {
            return Ok((name, bytes.to_vec()));
        }
        let bytes = self.required(&name, METADATA_BYTES, pin.length)?;
        check(&bytes)?;
        Ok((name, bytes))
    }

    /// What is accepted so far: each role's name and bytes, the root first.
    pub fn accepted(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let root = ("root", self.chain.trusted.root_bytes());
        let roles = self.accepted.iter().map(|(role, it)| (role.as_str(), it.bytes.as_slice()));
        std::iter::once(root).chain(roles)
    }

    /// The newest authentic metadata that this session knows of, whether the update succeeded or
    /// not: nothing older may be accepted from now on.
    pub fn floor(&self) -> Floor {
        // As in `held`: after a rotation, what came before is no floor any more.
        let held = self.held();
        Floor {
            roots: self.chain.roots.clone(),
            timestamp: held.timestamp.map(|(_, bytes)| bytes),
            snapshot: held.snapshot.map(|(_, bytes)| bytes),
        }
        .above(self.local)
    }

    pub(super) fn accept(
        &mut self,
        role: &str,
        version: u64,
        expires: jiff::Timestamp,
        file: String,
        bytes: Vec<u8>,
    ) {
        let root = self.chain.trusted.root().role(role);
        let info = RoleInfo {
            name: role.to_owned(),
            version,
            expires: time::from_jiff(expires),
            threshold: root.map(|keys| keys.threshold).unwrap_or_default(),
            keys: root.map(|keys| keys.keyids.len()).unwrap_or_default(),
            file,
        };
        self.accepted.insert(role.to_owned(), Accepted { info, bytes });
    }

    /// Asks for no more than the announced length, where there is one, and the limit.
    fn fetch(
        &self,
        file: &str,
        limit: u64,
        announced: Option<u64>,
    ) -> Result<Option<Vec<u8>>, UpdateError<R::Error>> {
        let max = announced.map_or(limit, |length| length.min(limit));
        let unavailable = |source| UpdateError::Unavailable { file: file.to_owned(), source };
        let found = self.repository.metadata(file, max).map_err(unavailable)?;
        found.iter().try_for_each(|bytes| metadata::check_size(file, bytes, limit))?;
        Ok(found)
    }

    fn required(
        &self,
        file: &str,
        limit: u64,
        announced: Option<u64>,
    ) -> Result<Vec<u8>, UpdateError<R::Error>> {
        self.fetch(file, limit, announced)?.ok_or_else(|| absent(file))
    }
}

/// Local metadata that the trusted root still vouches for.
struct Held {
    timestamp: Option<(Metadata<Timestamp>, Vec<u8>)>,
    snapshot: Option<(Metadata<Snapshot>, Vec<u8>)>,
}

/// The newest of the candidates that `root` vouches for.
fn newest<T: sigstore_tuf::Role>(
    role: &str,
    root: &Root,
    candidates: &[Option<&[u8]>],
) -> Option<(Metadata<T>, Vec<u8>)> {
    candidates
        .iter()
        .flatten()
        .filter_map(|bytes| {
            let parsed = metadata::parse::<T>(role, bytes).ok()?;
            check_by_root(role, &parsed, root).ok()?;
            Some((parsed, bytes.to_vec()))
        })
        .max_by_key(|(parsed, _)| parsed.signed().version())
}

/// Signed to the threshold that the root sets for this role.
pub(super) fn check_by_root<T: sigstore_tuf::Role>(
    role: &str,
    metadata: &Metadata<T>,
    root: &Root,
) -> Result<(), MetadataError> {
    let keys = root.role(role).ok_or_else(|| unnamed_role(role, "root"))?;
    metadata::check_signed(role, metadata, &root.keys, keys)
}

fn check_version(role: &str, expected: u64, found: u64) -> Result<(), MetadataError> {
    if expected == found {
        return Ok(());
    }
    Err(MetadataError::Version { role: role.to_owned(), expected, found })
}

fn check_no_rollback(held: &Snapshot, offered: &Snapshot) -> Result<(), MetadataError> {
    for (file, before) in &held.meta {
        let role = file.strip_suffix(".json").unwrap_or(file).to_owned();
        let trusted = before.version;
        match offered.meta.get(file).map(|now| now.version) {
            None => return Err(MetadataError::Removed { role, trusted }),
            Some(offered) if offered < trusted => {
                return Err(MetadataError::Rollback { role, trusted, offered });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

pub(super) fn absent<E>(file: &str) -> UpdateError<E> {
    UpdateError::Absent { file: file.to_owned() }
}

fn unnamed<E>(role: &str, by: &str) -> UpdateError<E> {
    unnamed_role(role, by).into()
}

fn unnamed_role(role: &str, by: &str) -> MetadataError {
    MetadataError::UnknownRole { role: role.to_owned(), by: by.to_owned() }
}
