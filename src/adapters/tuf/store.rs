//! The trust store: one folder an instance, in generations.
//!
//! ```text
//! INSTANCE/current                     the number of the generation that counts
//! INSTANCE/generations/7/checked       when the repository was last checked, RFC 3339
//! INSTANCE/generations/7/repository/   the last complete update, as published
//! INSTANCE/generations/7/floor/        newer authentic metadata of updates that failed since
//! INSTANCE/lock                        held while an update runs
//! INSTANCE/root.json, INSTANCE/url     of a private instance: the pinned root, and the address
//! ```
//!
//! An update writes a whole generation beside the old one, and then renames `current` over: a
//! crash leaves the old generation or the new one, never a mix. What is read back is verified
//! from the pinned root every time; what does not verify refuses the store, since to go on
//! without it would give up the protection against rollback.
#![allow(clippy::disallowed_methods)] // this is where the trust store's files are read

use std::{
    fs::{self, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{Disk, SystemDisk};
use crate::{
    adapters::files::{self, FileError},
    core::{
        instance::{self, Instance, InstanceError},
        limits::{LINE_BYTES, ROOT_BYTES, STORE_FILES, URL_BYTES},
        time::{self, Time},
        tuf::{Entries, Local, MetadataError, PinnedRoots, State, limit},
    },
};

/// A trust store that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system said no.
    #[error(transparent)]
    File(#[from] FileError),
    /// Another process updates this instance.
    #[error("the trust store in {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// What is there is not what was written.
    #[error("the trust store in {} is corrupt: {reason}", folder.display())]
    Corrupt {
        /// The instance's folder.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What is there follows from other roots than the pinned ones.
    #[error("what the trust store in {} holds does not follow from the pinned root: {error}", folder.display())]
    OtherRoot {
        /// The instance's folder.
        folder: PathBuf,
        /// How the chain breaks.
        error: MetadataError,
    },
    /// The name cannot be an instance's.
    #[error(transparent)]
    Name(#[from] InstanceError),
    /// The root to pin is none.
    #[error(transparent)]
    Root(#[from] MetadataError),
    /// No instance of that name is built in or pinned.
    #[error("no instance is called {name}: it is neither built in nor pinned in {}", folder.display())]
    Unknown {
        /// The name.
        name: String,
        /// The store's folder.
        folder: PathBuf,
    },
    /// An instance of that name is pinned already.
    #[error("the instance {0} is pinned already")]
    Pinned(String),
}

impl StoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Corrupt { folder, .. } => Some(format!(
                "restore {0} from a backup; or move it away and refresh or import again, which \
                 gives up the protection against a rollback to what was seen before",
                folder.display()
            )),
            Self::OtherRoot { .. } => {
                Some("use this root with a store of its own: --trust-dir DIR".to_owned())
            }
            Self::Locked(_) => Some("wait for the other process to end, and try again".to_owned()),
            Self::Unknown { name, .. } => Some(format!(
                "pin its root first: sealift trust pin ROOT.json --instance {name} --url URL"
            )),
            Self::Pinned(name) => Some(format!(
                "choose another name, or remove the folder {name} from the trust store to start over"
            )),
            Self::File(_) | Self::Name(_) | Self::Root(_) => None,
        }
    }
}

/// The folder of all instances.
#[derive(Debug, Clone)]
pub struct TrustStore<D = SystemDisk> {
    base: PathBuf,
    disk: D,
}

impl TrustStore {
    /// The store in the folder `base`, which need not be there yet.
    pub fn new(base: &Path) -> Self {
        Self::on(base, SystemDisk)
    }
}

impl<D: Disk + Clone> TrustStore<D> {
    /// The store in the folder `base` of another disk.
    pub fn on(base: &Path, disk: D) -> Self {
        Self { base: base.to_owned(), disk }
    }

    /// An instance's part of the store.
    ///
    /// # Errors
    /// When the name cannot be a folder's.
    pub fn open(&self, name: &str) -> Result<InstanceStore<D>, StoreError> {
        instance::check_name(name)?;
        Ok(InstanceStore { folder: self.base.join(name), disk: self.disk.clone() })
    }

    /// An instance by name: a built-in one, or one that was pinned in this store.
    ///
    /// # Errors
    /// When there is none of that name, or what was pinned cannot be read.
    pub fn instance(&self, name: &str) -> Result<Instance, StoreError> {
        if let Some(instance) = Instance::built_in(name) {
            return Ok(instance);
        }
        instance::check_name(name)?;
        let folder = self.base.join(name);
        let (Some(root), Some(url)) =
            (read(&folder.join("root.json"), ROOT_BYTES)?, read(&folder.join("url"), URL_BYTES)?)
        else {
            return Err(StoreError::Unknown { name: name.to_owned(), folder: self.base.clone() });
        };
        let corrupt = |reason: String| StoreError::Corrupt { folder: folder.clone(), reason };
        let pinned = PinnedRoots::new(root).map_err(|error| corrupt(error.to_string()))?;
        let url = String::from_utf8(url).map_err(|_| corrupt("url is not text".to_owned()))?;
        let registry = read(&folder.join("registry"), URL_BYTES)?
            .map(|registry| {
                String::from_utf8(registry).map_err(|_| corrupt("registry is not text".to_owned()))
            })
            .transpose()?;
        Ok(Instance::private(name, url.trim_end(), registry.as_deref(), pinned)?)
    }

    /// The names of all instances: the built-in ones, then those pinned in this store.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn instances(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = instance::BUILT_IN.map(str::to_owned).to_vec();
        let mut pinned: Vec<String> = folders(&self.base)?
            .into_iter()
            .filter(|name| !names.contains(name) && self.base.join(name).join("url").exists())
            .collect();
        pinned.sort();
        names.append(&mut pinned);
        Ok(names)
    }

    /// Pins the root of a private instance.
    ///
    /// # Errors
    /// When the name is taken, or the bytes are no root signed by its own keys.
    pub fn pin(
        &self,
        name: &str,
        url: &str,
        registry: Option<&str>,
        root: &[u8],
    ) -> Result<Instance, StoreError> {
        let pinned = PinnedRoots::new(root.to_vec())?;
        let instance = Instance::private(name, url, registry, pinned)?;
        let folder = self.base.join(name);
        if folder.join("root.json").exists() {
            return Err(StoreError::Pinned(name.to_owned()));
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::File(FileError::io("write", &path, source))
        };
        self.disk.make_folder(&folder).map_err(io(&folder))?;
        let registry = instance.registry.as_deref().map(|one| ("registry", one.as_bytes()));
        let files = [("url", url.as_bytes()), ("root.json", root)];
        for (file, bytes) in registry.into_iter().chain(files) {
            let new = folder.join(format!("{file}.new"));
            self.disk.write(&new, bytes).map_err(io(&new))?;
            self.disk.rename(&new, &folder.join(file)).map_err(io(&new))?;
        }
        self.disk.sync_folder(&folder).map_err(io(&folder))?;
        Ok(instance)
    }
}

/// What is held of one instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// The last complete update, and the floor.
    pub local: Local,
    /// The reference time of the last update that succeeded.
    pub checked: Option<Time>,
}

/// One instance's folder.
#[derive(Debug, Clone)]
pub struct InstanceStore<D = SystemDisk> {
    folder: PathBuf,
    disk: D,
}

impl<D: Disk> InstanceStore<D> {
    /// Reads what is held, and verifies it from the pinned roots, whatever its expiry.
    ///
    /// # Errors
    /// When it is corrupt or cannot be read.
    pub fn load(&self, instance: &Instance) -> Result<Held, StoreError> {
        let Some(number) = self.current()? else { return Ok(Held::default()) };
        let generation = self.generation(number);
        let repository = entries(&generation.join("repository"))?;
        let floor = entries(&generation.join("floor"))?;
        let state = (!repository.is_empty()).then_some(&repository);
        let local =
            Local::load(&instance.pinned, &instance.wanted, state, &floor).map_err(|error| {
                match error {
                    MetadataError::NoPinnedRoot { .. }
                    | MetadataError::RootMissing { .. }
                    | MetadataError::RootDiffers { .. } => {
                        StoreError::OtherRoot { folder: self.folder.clone(), error }
                    }
                    _ => self.corrupt(&format!("generation {number}: {error}")),
                }
            })?;
        let checked = read(&generation.join("checked"), LINE_BYTES)?
            .map(|bytes| {
                let time = String::from_utf8(bytes).ok().and_then(|text| time::parse(text.trim()));
                time.ok_or_else(|| self.corrupt("the time of the last check is not a time"))
            })
            .transpose()?;
        if local.state.is_some() != checked.is_some() {
            return Err(self.corrupt(&format!("generation {number} is not whole")));
        }
        Ok(Held { local, checked })
    }

    /// Takes the lock that an update holds.
    ///
    /// # Errors
    /// When another process holds it.
    pub fn lock(&self) -> Result<Locked<'_, D>, StoreError> {
        let io = |source| FileError::io("lock", &self.folder, source);
        self.disk.make_folder(&self.folder).map_err(io)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join("lock"))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Locked { store: self, _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked(self.folder.clone())),
            Err(TryLockError::Error(source)) => Err(io(source).into()),
        }
    }

    /// The number of the generation that counts.
    fn current(&self) -> Result<Option<u64>, StoreError> {
        let Some(bytes) = read(&self.folder.join("current"), LINE_BYTES)? else {
            // The first generation may have been written when a crash came; later ones cannot be
            // there without `current`.
            return match self.numbers()?.into_iter().max() {
                Some(newest) if newest > 1 => Err(self.corrupt("the file current is missing")),
                _ => Ok(None),
            };
        };
        let number = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
        let number = number.ok_or_else(|| self.corrupt("the file current holds no number"))?;
        if !self.generation(number).is_dir() {
            return Err(self.corrupt(&format!("generation {number} is missing")));
        }
        Ok(Some(number))
    }

    fn generation(&self, number: u64) -> PathBuf {
        self.folder.join("generations").join(number.to_string())
    }

    /// The numbers of all generations that are there.
    fn numbers(&self) -> Result<Vec<u64>, StoreError> {
        let names = folders(&self.folder.join("generations"))?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    fn corrupt(&self, reason: &str) -> StoreError {
        StoreError::Corrupt { folder: self.folder.clone(), reason: reason.to_owned() }
    }
}

/// One instance's folder, while no other process may change it.
#[derive(Debug)]
pub struct Locked<'a, D = SystemDisk> {
    store: &'a InstanceStore<D>,
    /// The lock goes when the file is closed.
    _file: File,
}

impl<D: Disk> Locked<'_, D> {
    /// Replaces what is held, in one step.
    ///
    /// # Errors
    /// When the disk refuses. What was held before is then still held, or this is.
    pub fn commit(&self, held: &Held) -> Result<(), StoreError> {
        let store = self.store;
        let current = store.current()?;
        // What could not be read back would lock its owner out.
        let (state, floor) = (&held.local.state, held.local.floor().entries());
        for files in state.iter().map(State::entries).chain([&floor]) {
            at_most_store_files(&store.folder, files.len())?;
        }
        let number = store.numbers()?.into_iter().max().unwrap_or_default().saturating_add(1);
        let generations = store.folder.join("generations");
        let new = generations.join("new");
        if new.exists() {
            self.at("remove", &new, D::remove_folder)?;
        }
        self.at("make", &new, D::make_folder)?;
        if let Some(state) = state {
            self.write_all(&new.join("repository"), state.entries())?;
        }
        self.write_all(&new.join("floor"), &floor)?;
        if let Some(checked) = held.checked {
            self.write(&new.join("checked"), time::format(checked).as_bytes())?;
        }
        self.at("sync", &new, D::sync_folder)?;
        self.rename(&new, &store.generation(number))?;
        self.at("sync", &generations, D::sync_folder)?;

        let pointer = store.folder.join("current.new");
        self.write(&pointer, number.to_string().as_bytes())?;
        self.rename(&pointer, &store.folder.join("current"))?;
        self.at("sync", &store.folder, D::sync_folder)?;

        // The last generation stays for whoever is reading it.
        for old in store.numbers()? {
            if old != number && Some(old) != current {
                self.at("remove", &store.generation(old), D::remove_folder)?;
            }
        }
        Ok(())
    }

    fn write_all(&self, folder: &Path, entries: &Entries) -> Result<(), StoreError> {
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

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.store.disk.write(path, bytes);
        written.map_err(|source| FileError::io("write", path, source).into())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let renamed = self.store.disk.rename(from, to);
        renamed.map_err(|source| FileError::io("write", to, source).into())
    }

    fn at(
        &self,
        action: &'static str,
        path: &Path,
        step: impl FnOnce(&D, &Path) -> std::io::Result<()>,
    ) -> Result<(), StoreError> {
        let done = step(&self.store.disk, path);
        done.map_err(|source| FileError::io(action, path, source).into())
    }
}

/// A file's bytes, or `None` if it is not there.
fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    match files::read(path, max) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FileError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names of the folders in a folder; none if it is not there.
fn folders(folder: &Path) -> Result<Vec<String>, FileError> {
    let listed = list(folder)?;
    Ok(listed.into_iter().filter(|(_, is_folder)| *is_folder).map(|(name, _)| name).collect())
}

/// All files below a folder, by their path relative to it; none if it is not there.
fn entries(folder: &Path) -> Result<Entries, FileError> {
    let mut entries = Entries::new();
    let mut pending = vec![String::new()];
    while let Some(prefix) = pending.pop() {
        for (name, is_folder) in list(&folder.join(&prefix))? {
            let path = format!("{prefix}{name}");
            if is_folder {
                pending.push(format!("{path}/"));
            } else {
                let bytes = files::read(&folder.join(&path), limit(&path))?;
                entries.insert(path, bytes);
            }
            at_most_store_files(folder, entries.len() + pending.len())?;
        }
    }
    Ok(entries)
}

/// Refuses a folder with more files in it than a store has.
fn at_most_store_files(folder: &Path, files: usize) -> Result<(), FileError> {
    if files > STORE_FILES {
        return Err(FileError::TooMany { path: folder.to_owned(), max: STORE_FILES });
    }
    Ok(())
}

/// The names in a folder, and whether each is a folder; none if it is not there.
fn list(folder: &Path) -> Result<Vec<(String, bool)>, FileError> {
    let io = |source| FileError::io("read", folder, source);
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(io)?,
    };
    let mut names = Vec::new();
    for entry in listed {
        let entry = entry.map_err(io)?;
        let is_folder = entry.file_type().map_err(io)?.is_dir();
        names.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
        at_most_store_files(folder, names.len())?;
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
