//! Writing a generation, in one step.

use std::{fs::File, path::Path};

use super::{
    Disk, InstanceStore, StoredInstance, SystemDisk, TrustStoreError, instance::missed_of,
    read::at_most_store_files,
};
use crate::{
    adapters::files::FileError,
    core::{
        limits::EARLIEST,
        time::{self, Time},
        trust::instance::Instance,
        tuf::{Entries, State},
    },
};

/// One instance's folder, while no other process may change it.
#[derive(Debug)]
pub struct LockedInstance<'a, D = SystemDisk> {
    pub(super) store: &'a InstanceStore<D>,
    /// The lock goes when the file is closed.
    _file: File,
}

impl<'a, D: Disk> LockedInstance<'a, D> {
    pub(super) fn new(store: &'a InstanceStore<D>, file: File) -> Self {
        Self { store, _file: file }
    }

    /// Replaces what is held, in one step, once it was read back as [`InstanceStore::load`] will.
    ///
    /// # Errors
    /// When the disk refuses: what was held before is then still held, or this is. Or when it could
    /// not be read back: nothing is changed then.
    pub fn commit(
        &self,
        instance: &Instance,
        held: &StoredInstance,
    ) -> Result<(), TrustStoreError> {
        let store = self.store;
        let current = store.current()?;
        let kept = held.kept.iter().map(|kept| &kept.state);
        for state in held.local.state.iter().chain(kept) {
            at_most_store_files(&store.folder, state.entries().len())?;
        }
        let pointer = store.folder.join("current.new");
        if current.is_none() {
            // From now on a missing `current` means that somebody removed it.
            self.point_to(&pointer, 0)?;
        }
        let number = store.numbers()?.into_iter().max().unwrap_or_default().saturating_add(1);
        let generations = store.folder.join("generations");
        let new = generations.join("new");
        if new.symlink_metadata().is_ok() {
            self.at("remove", &new, D::remove_folder)?;
        }
        self.write_generation(&new, held)?;
        self.read_back(&new, instance, held)?;
        self.rename(&new, &store.generation(number))?;
        self.at("sync", &generations, D::sync_folder)?;
        self.point_to(&pointer, number)?;

        // The last generation stays: another program may be reading it.
        for old in store.numbers()? {
            if old != number && Some(old) != current {
                self.at("remove", &store.generation(old), D::remove_folder)?;
            }
        }
        Ok(())
    }

    /// Takes back a check at a time in the future: a wrong clock made it. Without such a check, does
    /// nothing.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn reset_check(&self, instance: &Instance, now: Time) -> Result<(), TrustStoreError> {
        let mut held = self.store.load(instance)?;
        if held.checked.is_none_or(|checked| checked <= now) {
            return Ok(());
        }
        held.checked = Some(EARLIEST);
        self.commit(instance, &held)
    }

    fn point_to(&self, pointer: &Path, number: u64) -> Result<(), TrustStoreError> {
        self.write(pointer, number.to_string().as_bytes())?;
        self.rename(pointer, &self.store.folder.join("current"))?;
        self.at("sync", &self.store.folder, D::sync_folder)
    }

    fn write_generation(&self, new: &Path, held: &StoredInstance) -> Result<(), TrustStoreError> {
        self.at("make", new, D::make_folder)?;
        if let Some(state) = &held.local.state {
            self.write_all(&new.join("repository"), state.entries())?;
            if !state.missed().is_empty() {
                self.write(&new.join("missed"), missed_of(state).as_bytes())?;
            }
        }
        self.write_all(&new.join("floor"), &held.local.floor().entries())?;
        if let Some(checked) = held.checked {
            self.write(&new.join("checked"), time::format(checked).as_bytes())?;
        }
        if let Some(kept) = &held.kept {
            self.write_all(&new.join("kept"), kept.state.entries())?;
            self.write(&new.join("kept-checked"), time::format(kept.checked).as_bytes())?;
        }
        self.at("sync", new, D::sync_folder)
    }

    /// What could not be read back would lock its owner out.
    fn read_back(
        &self,
        new: &Path,
        instance: &Instance,
        held: &StoredInstance,
    ) -> Result<(), TrustStoreError> {
        let store = self.store;
        let unreadable = |reason: String| match self.at("remove", new, D::remove_folder) {
            Ok(()) => TrustStoreError::Unreadable { folder: store.folder.clone(), reason },
            Err(error) => error,
        };
        let files = |state: &Option<State>| state.as_ref().map(|it| it.entries().clone());
        let kept =
            |held: &StoredInstance| held.kept.as_ref().map(|kept| kept.state.entries().clone());
        match store.read(new, instance) {
            Ok(read)
                if files(&read.local.state) == files(&held.local.state)
                    && read.local.floor() == held.local.floor()
                    && kept(&read) == kept(held) =>
            {
                Ok(())
            }
            Ok(_) => Err(unreadable("it is not what was written".to_owned())),
            Err(TrustStoreError::OtherRoot { folder, error }) => {
                self.at("remove", new, D::remove_folder)?;
                Err(TrustStoreError::OtherRoot { folder, error })
            }
            Err(TrustStoreError::Corrupt { reason, .. }) => Err(unreadable(reason)),
            Err(other) => Err(unreadable(other.to_string())),
        }
    }

    fn write_all(&self, folder: &Path, entries: &Entries) -> Result<(), TrustStoreError> {
        let mut folders = vec![folder.to_owned()];
        self.at("make", folder, D::make_folder)?;
        for (name, bytes) in entries {
            let path = folder.join(name);
            if let Some(parent) =
                path.parent().filter(|parent| !folders.contains(&(*parent).into()))
            {
                self.at("make", parent, D::make_folder)?;
                folders.push(parent.to_owned());
            }
            self.write(&path, bytes)?;
        }
        for folder in folders.iter().rev() {
            self.at("sync", folder, D::sync_folder)?;
        }
        Ok(())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), TrustStoreError> {
        let written = self.store.disk.write(path, bytes);
        written.map_err(|source| FileError::io("write", path, source).into())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), TrustStoreError> {
        let renamed = self.store.disk.rename(from, to);
        renamed.map_err(|source| FileError::io("write", to, source).into())
    }

    fn at(
        &self,
        action: &'static str,
        path: &Path,
        step: impl FnOnce(&D, &Path) -> std::io::Result<()>,
    ) -> Result<(), TrustStoreError> {
        let done = step(&self.store.disk, path);
        done.map_err(|source| FileError::io(action, path, source).into())
    }
}
