//! What an update leaves behind: a complete state, and the floor.

use std::{collections::BTreeMap, convert::Infallible};

use sigstore_tuf::{Root, Snapshot, Timestamp};

use super::{
    MetadataError, PinnedRoots, Repository, RoleInfo, Session, UpdateError, metadata, names,
    roots::{self, Chain},
    session::check_by_root,
};
use crate::core::{
    addresses::{self, TRUSTED_ROOT_TARGET},
    time::{self, Time},
};

/// Which target files an update brings, by path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTargets {
    /// Those that must be there.
    pub required: Vec<String>,
    /// Those that may be.
    pub optional: Vec<String>,
}

impl WantedTargets {
    /// What Sigstore's repositories are for: `trusted_root.json`, and the keys of the registry that
    /// the instance speaks for.
    pub fn of(registry: Option<&str>) -> Self {
        Self {
            required: vec![TRUSTED_ROOT_TARGET.to_owned()],
            optional: registry.and_then(addresses::keys_target).into_iter().collect(),
        }
    }
}

/// Published names and the bytes under them: metadata at the top, target files under `targets/`.
pub type Entries = BTreeMap<String, Vec<u8>>;

/// A complete, verified state of one TUF repository: the roots from a pinned one on, one file of
/// each role that was needed, and the target files. Only an update makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    entries: Entries,
    roles: Vec<RoleInfo>,
    targets: BTreeMap<String, String>,
    missed: BTreeMap<String, String>,
}

impl State {
    /// All files as published, byte for byte: any TUF client can be pointed at them.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The roles: root, timestamp, snapshot, targets, then the delegated ones by name.
    pub fn roles(&self) -> &[RoleInfo] {
        &self.roles
    }

    /// A target file, by its path.
    pub fn target(&self, path: &str) -> Option<&[u8]> {
        self.entries.get(self.targets.get(path)?).map(Vec::as_slice)
    }

    /// `trusted_root.json`.
    pub fn trusted_root(&self) -> Option<&[u8]> {
        self.target(TRUSTED_ROOT_TARGET)
    }

    /// The keys of the registry that the instance speaks for, where the repository has them.
    pub fn registry_keys(&self) -> Option<&[u8]> {
        let path = self.targets.keys().find(|path| path.ends_with("/keys.json"))?;
        self.target(path)
    }

    /// The optional targets that could not be had, by path, and why.
    pub fn missed(&self) -> &BTreeMap<String, String> {
        &self.missed
    }

    /// When the first of the roles expires.
    pub fn expires(&self) -> Option<Time> {
        self.roles.iter().map(|role| role.expires).min()
    }

    /// A role, and its file's bytes.
    pub fn find(&self, role: &str) -> Option<(&RoleInfo, &[u8])> {
        let info = self.roles.iter().find(|info| info.name == role)?;
        Some((info, self.entries.get(&info.file)?))
    }

    /// The version of a role; 0 if it is not there.
    pub fn version(&self, role: &str) -> u64 {
        self.find(role).map(|(info, _)| info.version).unwrap_or_default()
    }

    pub(super) fn bytes(&self, role: &str) -> &[u8] {
        self.find(role).map(|(_, bytes)| bytes).unwrap_or_default()
    }
}

impl<R: Repository> Session<'_, R> {
    /// The state that this session ends in.
    ///
    /// # Errors
    /// When a [`step`](Session::step) is still to do.
    pub fn finish(&self) -> Result<State, MetadataError> {
        let root = self.chain.trusted.root();
        let keys = root.role("root");
        let mut roles = vec![RoleInfo {
            name: "root".to_owned(),
            version: root.version,
            expires: time::from_jiff(root.expires),
            threshold: keys.map(|keys| keys.threshold).unwrap_or_default(),
            keys: keys.map(|keys| keys.keyids.len()).unwrap_or_default(),
            file: names::root(root.version),
        }];
        let mut entries: Entries =
            self.chain.roots.iter().map(|(v, bytes)| (names::root(*v), bytes.clone())).collect();
        let top = ["timestamp", "snapshot", "targets"];
        let delegated = self.accepted.keys().map(String::as_str).filter(|name| !top.contains(name));
        for name in top.into_iter().chain(delegated) {
            let missing = || MetadataError::Missing { file: format!("{name}.json") };
            let accepted = self.accepted.get(name).ok_or_else(missing)?;
            entries.insert(accepted.info.file.clone(), accepted.bytes.clone());
            roles.push(accepted.info.clone());
        }
        let mut targets = BTreeMap::new();
        for (path, (file, bytes)) in &self.files {
            let name = format!("{}{file}", names::TARGETS);
            entries.insert(name.clone(), bytes.clone());
            targets.insert(path.clone(), name);
        }
        let missed = self.missed.iter().map(|(path, error)| (path.clone(), error.to_string()));
        Ok(State { entries, roles, targets, missed: missed.collect() })
    }
}

/// The newest authentic metadata beyond a complete state: how far failed updates came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    /// Roots newer than the state's, by version.
    pub(super) roots: BTreeMap<u64, Vec<u8>>,
    /// The newest timestamp metadata.
    pub(super) timestamp: Option<Vec<u8>>,
    /// The newest snapshot metadata.
    pub(super) snapshot: Option<Vec<u8>>,
}

impl Floor {
    /// Nothing was seen beyond the complete state.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The files to keep, as [`LocalState::load`] takes them.
    pub fn entries(&self) -> Entries {
        let roots = self.roots.iter().map(|(v, bytes)| (names::root(*v), bytes.clone()));
        let others = [("timestamp.json", &self.timestamp), ("snapshot.json", &self.snapshot)];
        let others = others.into_iter().filter_map(|(n, b)| Some((n.to_owned(), b.clone()?)));
        roots.chain(others).collect()
    }

    /// Without what the complete state has itself.
    pub(super) fn above(mut self, state: Option<&State>) -> Self {
        let Some(state) = state else { return self };
        let root = state.version("root");
        self.roots.retain(|version, _| *version > root);
        self.timestamp = self.timestamp.filter(|bytes| bytes != state.bytes("timestamp"));
        self.snapshot = self.snapshot.filter(|bytes| bytes != state.bytes("snapshot"));
        self
    }
}

/// What a client holds between updates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalState {
    /// The last complete update.
    pub state: Option<State>,
    floor: Floor,
}

impl LocalState {
    /// After an update that succeeded: its state is its own floor.
    pub fn complete(state: State) -> Self {
        Self { state: Some(state), floor: Floor::default() }
    }

    /// With the floor that a failed update left.
    pub fn with_floor(self, floor: Floor) -> Self {
        Self { floor, ..self }
    }

    /// Reads back what was kept, of the complete state and of the floor, and verifies all of it
    /// once more, whatever its expiry.
    ///
    /// # Errors
    /// When a file is missing, or is not what a client would have kept.
    pub fn load(
        pinned: &PinnedRoots,
        wanted: &WantedTargets,
        state: Option<&Entries>,
        kept: &Entries,
    ) -> Result<Self, MetadataError> {
        let state = state.map(|entries| restore(pinned, wanted, entries, None)).transpose()?;
        let floor = Floor {
            roots: roots::carried(kept.iter()),
            timestamp: kept.get("timestamp.json").cloned(),
            snapshot: kept.get("snapshot.json").cloned(),
        };
        if let Some(file) = kept.keys().find(|name| !floor.entries().contains_key(*name)) {
            return Err(MetadataError::Unexpected { file: file.clone() });
        }
        let local = Self { state, floor };
        let chain = pinned.chain(&local.roots())?;
        let root = chain.trusted.root();
        if let Some(bytes) = &local.floor.timestamp {
            let parsed = metadata::parse::<Timestamp>("timestamp", bytes)?;
            check_by_root("timestamp", &parsed, root)?;
        }
        if let Some(bytes) = &local.floor.snapshot {
            let parsed = metadata::parse::<Snapshot>("snapshot", bytes)?;
            check_by_root("snapshot", &parsed, root)?;
        }
        Ok(local)
    }

    /// The floor beyond the complete state.
    pub fn floor(&self) -> Floor {
        self.floor.clone()
    }

    /// The version of the newest root that is held.
    pub fn newest_root(&self) -> Option<u64> {
        self.roots().into_keys().next_back()
    }

    /// All local roots, by version.
    pub(super) fn roots(&self) -> BTreeMap<u64, Vec<u8>> {
        let mut all = self.floor.roots.clone();
        if let Some(state) = &self.state {
            all.extend(roots::carried(state.entries.iter()));
        }
        all
    }
}

/// A failed update, and the floor that must still be persisted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct FailedUpdate<E> {
    /// Why.
    pub error: UpdateError<E>,
    /// What was authentic so far.
    pub floor: Box<Floor>,
}

/// Updates the local state from a repository, at one reference time. `keep` is shown the floor
/// whenever it may have risen, to persist it at once (§5.4.5, §5.5.7). Where it says `false`, the
/// update ends.
///
/// # Errors
/// When the update does not succeed. The local state stays as it is, and the floor in the error
/// must be persisted: it holds against rollback also what has expired.
pub fn update<R: Repository>(
    pinned: &PinnedRoots,
    wanted: &WantedTargets,
    local: &LocalState,
    repository: &R,
    at: Time,
    keep: &mut dyn FnMut(Floor) -> bool,
) -> Result<State, FailedUpdate<R::Error>> {
    let mut session = Session::start(pinned, local, repository, at)
        .map_err(|error| FailedUpdate { error: error.into(), floor: Box::new(local.floor()) })?;
    complete(&mut session, wanted, keep)
        .map_err(|error| FailedUpdate { error, floor: Box::new(session.floor()) })
}

fn complete<R: Repository>(
    session: &mut Session<'_, R>,
    wanted: &WantedTargets,
    keep: &mut dyn FnMut(Floor) -> bool,
) -> Result<State, UpdateError<R::Error>> {
    while session.step()? {
        if !keep(session.floor()) {
            return Err(UpdateError::Stopped);
        }
    }
    for path in &wanted.required {
        session.target(path)?;
    }
    // A failed optional target does not stop the update: the required files may remove an authority.
    for path in &wanted.optional {
        if let Err(error) = session.optional_target(path) {
            session.missed.insert(path.clone(), error);
        }
    }
    Ok(session.finish()?)
}

/// Verifies carried files from the pinned roots, at the time `at`: the chain of roots from the
/// newest pinned one that is not newer than they are, then all roles, then the target files.
/// Every file must have its place in that.
///
/// # Errors
/// When anything is missing, not authentic, expired at `at`, or out of place.
pub fn replay(
    pinned: &PinnedRoots,
    wanted: &WantedTargets,
    entries: &Entries,
    at: Time,
) -> Result<State, MetadataError> {
    restore(pinned, wanted, entries, Some(at))
}

fn restore(
    pinned: &PinnedRoots,
    wanted: &WantedTargets,
    entries: &Entries,
    at: Option<Time>,
) -> Result<State, MetadataError> {
    let chain: Chain = pinned.chain(&roots::carried(entries.iter()))?;
    let local = LocalState::default();
    let mut session = Session::resume(chain, &local, entries, at);
    let state = complete(&mut session, wanted, &mut |_| true).map_err(refusal)?;
    for (name, bytes) in entries.iter().filter(|(name, _)| !state.entries.contains_key(*name)) {
        // Older roots than the chain's are for clients with older pinned roots.
        let earlier = names::root_version(name).is_some_and(|version| {
            let root = metadata::parse::<Root>("root", bytes);
            root.is_ok_and(|root| root.signed().version == version)
        });
        if !earlier {
            // Most likely it is the one that an optional target failed for.
            let failed = std::mem::take(&mut session.missed).into_values().next();
            let unexpected = || MetadataError::Unexpected { file: name.clone() };
            return Err(failed.map_or_else(unexpected, refusal));
        }
    }
    Ok(state)
}

/// Files in memory cannot be unavailable: every failure is a refusal.
fn refusal(error: UpdateError<Infallible>) -> MetadataError {
    match error {
        UpdateError::Refused(error) => error,
        UpdateError::Absent { file } => MetadataError::Missing { file },
        UpdateError::Stopped => MetadataError::Missing { file: "timestamp.json".to_owned() },
        UpdateError::Unavailable { source, .. } => match source {},
    }
}

/// Files in memory were read already: the update compares their sizes with the limits itself.
impl Repository for Entries {
    type Error = Infallible;

    fn metadata(&self, name: &str, _max: u64) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.get(name).cloned())
    }

    fn target(&self, path: &str, _max: u64) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.get(&format!("{}{path}", names::TARGETS)).cloned())
    }
}
