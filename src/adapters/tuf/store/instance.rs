//! What is held of one instance, and reading it back.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use super::{
    Disk, LockedInstance, SystemDisk, TrustStoreError,
    read::{check_file, check_folder, entries, folders, read},
};
use crate::{
    adapters::files::FileError,
    core::{
        limits::{LINE_BYTES, URL_BYTES},
        time::{self, Time},
        trust::instance::Instance,
        tuf::{LocalState, MetadataError, State},
    },
};

/// How often a reader starts again where an update replaced the generation under its hands.
const READS: u32 = 3;

/// What is held of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredInstance {
    /// The last complete update, and the floor.
    pub local: LocalState,
    /// The reference time of the last update that succeeded.
    pub checked: Option<Time>,
    /// The last update that had the optional targets, where the last one missed them.
    pub kept: Option<EarlierUpdate>,
}

/// An earlier update, kept for its optional targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierUpdate {
    /// What it brought.
    pub state: State,
    /// Its reference time: how old the optional targets are.
    pub checked: Time,
}

impl StoredInstance {
    /// What is to be kept beside `after`, an update that follows: if it misses an optional target,
    /// the last one that had it.
    pub(crate) fn keep(&self, after: &State) -> Option<EarlierUpdate> {
        if after.missed().is_empty() {
            return None;
        }
        let last = self.local.state.clone().zip(self.checked);
        let last = last.filter(|(state, _)| state.missed().is_empty());
        last.map(|(state, checked)| EarlierUpdate { state, checked }).or_else(|| self.kept.clone())
    }
}

/// One instance's folder.
#[derive(Debug, Clone)]
pub struct InstanceStore<D = SystemDisk> {
    pub(super) folder: PathBuf,
    pub(super) disk: D,
}

impl<D: Disk> InstanceStore<D> {
    /// Reads what is held, and verifies it from the pinned roots, whatever its expiry.
    ///
    /// # Errors
    /// When it is corrupt or cannot be read.
    pub fn load(&self, instance: &Instance) -> Result<StoredInstance, TrustStoreError> {
        check_folder(&self.folder)?;
        let mut left = READS;
        loop {
            left = left.saturating_sub(1);
            let Some(number) = self.current()? else { return Ok(StoredInstance::default()) };
            let read = self.read(&self.generation(number), instance);
            // An update may have removed what was being read; then there is a newer one.
            if read.is_ok() || left == 0 || self.current()? == Some(number) {
                return read;
            }
        }
    }

    /// Reads one generation's folder.
    pub(super) fn read(
        &self,
        folder: &Path,
        instance: &Instance,
    ) -> Result<StoredInstance, TrustStoreError> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let corrupt = |reason: &str| self.corrupt(&format!("generation {name} {reason}"));
        let refused = |error: MetadataError| match error {
            MetadataError::NoPinnedRoot { .. }
            | MetadataError::RootMissing { .. }
            | MetadataError::RootDiffers { .. } => {
                TrustStoreError::OtherRoot { folder: self.folder.clone(), error }
            }
            _ => corrupt(&format!("does not verify: {error}")),
        };
        let (pinned, wanted) = (&instance.pinned, &instance.wanted);
        let [repository, floor, kept] =
            ["repository", "floor", "kept"].map(|part| entries(&folder.join(part)));
        let (repository, floor, kept) = (repository?, floor?, kept?);
        if repository.is_empty() && floor.is_empty() {
            return Err(corrupt("is empty"));
        }
        let state = (!repository.is_empty()).then_some(&repository);
        let local = LocalState::load(pinned, wanted, state, &floor).map_err(refused)?;
        let checked = self.time(&folder.join("checked"))?;
        if local.state.is_some() != checked.is_some() {
            return Err(corrupt("is not whole"));
        }
        let missed = read(&folder.join("missed"), URL_BYTES)?.unwrap_or_default();
        if local.state.as_ref().map(missed_of).unwrap_or_default().as_bytes() != missed {
            return Err(corrupt("is not whole"));
        }
        let kept = match (kept.is_empty(), self.time(&folder.join("kept-checked"))?) {
            (true, None) => None,
            (false, Some(checked)) => {
                let earlier = LocalState::load(pinned, wanted, Some(&kept), &Default::default());
                earlier.map_err(refused)?.state.map(|state| EarlierUpdate { state, checked })
            }
            _ => return Err(corrupt("is not whole")),
        };
        Ok(StoredInstance { local, checked, kept })
    }

    fn time(&self, path: &Path) -> Result<Option<Time>, TrustStoreError> {
        let Some(bytes) = read(path, LINE_BYTES)? else { return Ok(None) };
        let time = String::from_utf8(bytes).ok().and_then(|text| time::parse(text.trim()));
        let time = time.ok_or_else(|| self.corrupt("the time of the last check is not a time"))?;
        Ok(Some(time))
    }

    /// Takes the lock that an update holds.
    ///
    /// # Errors
    /// When another process holds it, or something there is a link.
    pub fn lock(&self) -> Result<LockedInstance<'_, D>, TrustStoreError> {
        let io = |source| FileError::io("lock", &self.folder, source);
        check_folder(&self.folder)?;
        self.disk.make_folder(&self.folder).map_err(io)?;
        check_folder(&self.folder.join("generations"))?;
        let path = self.folder.join("lock");
        check_file(&path)?;
        let file =
            File::options().create(true).truncate(false).write(true).open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(LockedInstance::new(self, file)),
            Err(TryLockError::WouldBlock) => Err(TrustStoreError::Locked(self.folder.clone())),
            Err(TryLockError::Error(source)) => Err(io(source).into()),
        }
    }

    /// The number of the generation that counts. Before the first, `current` says 0.
    pub(super) fn current(&self) -> Result<Option<u64>, TrustStoreError> {
        let newest = self.numbers()?.into_iter().max();
        let Some(bytes) = read(&self.folder.join("current"), LINE_BYTES)? else {
            return match newest {
                Some(_) => Err(self.corrupt("the file current is missing")),
                None => Ok(None),
            };
        };
        let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        let number: u64 = number.ok_or_else(|| self.corrupt("the file current holds no number"))?;
        match number {
            // The first may have been written when a crash came.
            0 if newest.is_none_or(|newest| newest == 1) => Ok(None),
            _ if self.generation(number).is_dir() => Ok(Some(number)),
            _ => Err(self.corrupt(&format!("generation {number} is missing"))),
        }
    }

    pub(super) fn generation(&self, number: u64) -> PathBuf {
        self.folder.join("generations").join(number.to_string())
    }

    /// The numbers of all generations that are there.
    pub(super) fn numbers(&self) -> Result<Vec<u64>, TrustStoreError> {
        let names = folders(&self.folder.join("generations"))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    pub(super) fn corrupt(&self, reason: &str) -> TrustStoreError {
        TrustStoreError::Corrupt { folder: self.folder.clone(), reason: reason.to_owned() }
    }
}

/// The paths of the optional targets that an update missed, one a line.
pub(super) fn missed_of(state: &State) -> String {
    state.missed().keys().cloned().collect::<Vec<_>>().join("\n")
}
