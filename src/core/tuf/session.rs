//! One update, step by step (specification §5.3 to §5.6), at one reference time.

use std::collections::BTreeMap;

use sigstore_tuf::{Error, Metadata, Role, Root, Snapshot, Targets, Timestamp};

use super::{
    Floor, LocalState, MetadataError, PinnedRoots, State, UpdateError,
    metadata::{self, RoleInfo},
    names,
    roots::Chain,
};
use crate::core::{
    limits::{METADATA_BYTES, TIMESTAMP_BYTES},
    time::{self, Time},
};

/// Where metadata and target files come from: an address, a folder, an archive.
pub trait Repository {
    /// Why a file could not be had.
    type Error: std::fmt::Display;

    /// A metadata file by its published name, or `None` if no file has that name.
    ///
    /// # Errors
    /// When it could not be had, or has more than `max` bytes.
    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, Self::Error>;

    /// A target file by its published path, or `None` if no file has that path.
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
/// Every [`step`](Self::step) first, then any number of [`target`](Self::target)s, then
/// [`finish`](Self::finish). When one of them fails, [`floor`](Self::floor) is what to persist.
pub struct Session<'a, R: Repository> {
    pub(super) repository: &'a R,
    pub(super) chain: Chain,
    /// The pinned roots, while an update runs; `None` where files are replayed.
    pub(super) pinned: Option<&'a PinnedRoots>,
    /// The newest pinned root, where the repository does not have it yet.
    pub(super) above: Option<Root>,
    /// Whether the chain has local roots, or roots that the repository has published.
    pub(super) started: bool,
    /// What [`step`](Self::step) does next.
    next: Step,
    /// §5.1: the fixed update start time. `None` reads local metadata whatever its expiry.
    pub(super) at: Option<Time>,
    pub(super) local: Option<&'a State>,
    pub(super) floor: Floor,
    /// Roles accepted so far, below the root.
    pub(super) accepted: BTreeMap<String, Accepted>,
    /// Target files, by path: their published name and bytes.
    pub(super) files: BTreeMap<String, (String, Vec<u8>)>,
    /// Optional targets that could not be had, by path, and why.
    pub(super) missed: BTreeMap<String, UpdateError<R::Error>>,
}

/// The steps of a refresh, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Roots,
    Timestamp,
    Snapshot,
    Targets,
    Done,
}

impl<'a, R: Repository> Session<'a, R> {
    /// Starts an update at the reference time `at` (§5.1) from the roots that are trusted (§5.2):
    /// the pinned ones, and the local ones that they lead to.
    ///
    /// The walk starts at the newest of them that the repository has published, so that what is kept
    /// is what the repository published. If a pinned root is newer still, its keys must vouch for all that
    /// the repository offers.
    ///
    /// # Errors
    /// When the local roots do not follow from the pinned ones.
    pub fn start(
        pinned: &'a PinnedRoots,
        local: &'a LocalState,
        repository: &'a R,
        at: Time,
    ) -> Result<Self, MetadataError> {
        let chain = pinned.chain(&local.roots())?;
        let above = pinned.above(chain.version())?;
        let session = Self::resume(chain, local, repository, Some(at));
        let started = local.state.is_some() || !local.floor().roots.is_empty();
        Ok(Self { pinned: Some(pinned), above, started, ..session })
    }

    pub(super) fn resume(
        chain: Chain,
        local: &'a LocalState,
        repository: &'a R,
        at: Option<Time>,
    ) -> Self {
        Self {
            repository,
            chain,
            pinned: None,
            above: None,
            started: true,
            next: Step::Roots,
            at,
            local: local.state.as_ref(),
            floor: local.floor(),
            accepted: BTreeMap::new(),
            files: BTreeMap::new(),
            missed: BTreeMap::new(),
        }
    }

    /// Updates the next role: root, timestamp, snapshot, top-level targets. `false` once all are
    /// done. After each one the [`floor`](Self::floor) may be higher, and is to be persisted
    /// (§5.4.5, §5.5.7).
    ///
    /// # Errors
    /// When something is refused or cannot be had. [`floor`](Self::floor) then says how far the
    /// update came.
    pub fn step(&mut self) -> Result<bool, UpdateError<R::Error>> {
        self.next = match self.next {
            Step::Roots => {
                self.update_roots()?;
                Step::Timestamp
            }
            Step::Timestamp => {
                self.update_timestamp(self.held(self.above.as_ref()).timestamp)?;
                Step::Snapshot
            }
            Step::Snapshot => {
                self.update_snapshot(self.held(self.above.as_ref()).snapshot)?;
                Step::Targets
            }
            Step::Targets => {
                self.update_targets()?;
                Step::Done
            }
            Step::Done => return Ok(false),
        };
        Ok(true)
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
        self.check_vouched("timestamp", &offered, self.above.as_ref())?;
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
        self.check_vouched("snapshot", &snapshot, self.above.as_ref())?;
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
        self.check_vouched("targets", &targets, self.above.as_ref())?;
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
        // `1.root.json` would be read back as a root.
        if names::root_version(&name).is_some() {
            let detail = format!("its file {name} would be that of a root");
            return Err(MetadataError::Malformed { role: role.to_owned(), detail }.into());
        }
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
        // As in `held`: after a rotation, older metadata is not a floor any more.
        let held = self.held(None);
        // Before the walk begins, the chain is a pinned root. The repository may never have published it.
        let walked = self.started.then(|| self.chain.roots.clone());
        Floor {
            roots: walked.unwrap_or_default(),
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

    /// Fetches at most the announced length, if one is announced, and at most the limit.
    pub(super) fn fetch(
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

/// Signed to the threshold that the root sets for this role.
pub(super) fn check_by_root<T: Role>(
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

pub(super) fn check_no_rollback(held: &Snapshot, offered: &Snapshot) -> Result<(), MetadataError> {
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
