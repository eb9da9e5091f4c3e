//! The trust store: one folder an instance, in generations.
//!
//! ```text
//! INSTANCE/current                     the number of the generation that counts; before any, 0
//! INSTANCE/generations/7/checked       when the repository was last checked, RFC 3339
//! INSTANCE/generations/7/repository/   the last complete update, as published
//! INSTANCE/generations/7/floor/        newer authentic metadata of updates that failed since
//! INSTANCE/generations/7/missed        optional targets that the update could not get, one a line
//! INSTANCE/generations/7/kept/         the last update that had them, and kept-checked its time
//! INSTANCE/lock                        held while an update runs
//! INSTANCE/recall                      when the newest recall that was applied was sealed, RFC 3339
//! INSTANCE/root.json, url, registry    of a private instance: the pinned root, and the addresses
//! ```
//!
//! An update writes a whole generation beside the old one, and then renames `current` over: a
//! crash leaves the old generation or the new one, never a mix. Before that it reads the new one
//! back as the next command will, so that nothing is written that cannot be read. What is read back is verified
//! from the pinned root every time; what does not verify refuses the store, since to go on
//! without it would give up the protection against rollback.
#![allow(clippy::disallowed_methods)] // this is where the trust store's files are read

mod commit;
mod instance;
mod read;
mod recall;

use std::path::{Path, PathBuf};

pub use commit::LockedInstance;
pub use instance::{EarlierUpdate, InstanceStore, StoredInstance};
use read::{folders, read};

use super::{Disk, SystemDisk};
use crate::{
    adapters::files::FileError,
    core::{
        limits::{ROOT_BYTES, URL_BYTES},
        trust::instance::{self as names, Instance, InstanceError},
        tuf::{MetadataError, PinnedRoots},
    },
};

/// A trust store that could not be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustStoreError {
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
    /// What would be written could not be read back.
    #[error("the trust store in {} was not changed: the new state could not be read back: {reason}", folder.display())]
    Unreadable {
        /// The instance's folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What is there, or would be, follows from other roots than the pinned ones.
    #[error("the pinned root does not lead to the state that the trust store in {} holds or would hold: {error}", folder.display())]
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

impl TrustStoreError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Corrupt { folder, .. } => Some(format!(
                "restore {0} from a backup; or move it away and refresh or import again, which \
                 gives up the protection against a rollback to what was seen before",
                folder.display()
            )),
            Self::OtherRoot { .. } => Some(
                "a root of another repository needs a name of its own: sealift trust pin"
                    .to_owned(),
            ),
            Self::Locked(_) => Some("wait for the other process to end, and try again".to_owned()),
            Self::Unknown { name, .. } => Some(format!(
                "pin its root first: sealift trust pin ROOT.json --instance {name} --url URL"
            )),
            Self::Pinned(name) => Some(format!(
                "choose another name, or remove the folder {name} from the trust store to start over"
            )),
            Self::File(_) | Self::Name(_) | Self::Root(_) | Self::Unreadable { .. } => None,
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
    pub fn open(&self, name: &str) -> Result<InstanceStore<D>, TrustStoreError> {
        names::check_name(name)?;
        Ok(InstanceStore { folder: self.base.join(name), disk: self.disk.clone() })
    }

    /// An instance by name: a built-in one, or one that was pinned in this store.
    ///
    /// # Errors
    /// When no instance has that name, or what was pinned cannot be read.
    pub fn instance(&self, name: &str) -> Result<Instance, TrustStoreError> {
        if let Some(instance) = Instance::built_in(name) {
            return Ok(instance);
        }
        names::check_name(name)?;
        let folder = self.base.join(name);
        let (Some(root), Some(url)) =
            (read(&folder.join("root.json"), ROOT_BYTES)?, read(&folder.join("url"), URL_BYTES)?)
        else {
            return Err(TrustStoreError::Unknown {
                name: name.to_owned(),
                folder: self.base.clone(),
            });
        };
        let corrupt = |reason: String| TrustStoreError::Corrupt { folder: folder.clone(), reason };
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
    pub fn instances(&self) -> Result<Vec<String>, TrustStoreError> {
        let mut names: Vec<String> = names::BUILT_IN.map(str::to_owned).to_vec();
        let mut pinned: Vec<String> = folders(&self.base)?
            .into_iter()
            .filter(|name| !names.contains(name) && self.base.join(name).join("root.json").exists())
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
    ) -> Result<Instance, TrustStoreError> {
        let pinned = PinnedRoots::new(root.to_vec())?;
        let instance = Instance::private(name, url, registry, pinned)?;
        let folder = self.base.join(name);
        if folder.join("root.json").exists() {
            return Err(TrustStoreError::Pinned(name.to_owned()));
        }
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| TrustStoreError::File(FileError::io("write", &path, source))
        };
        self.disk.make_folder(&folder).map_err(io(&folder))?;
        let write = |file: &str, bytes: &[u8]| {
            let new = folder.join(format!("{file}.new"));
            self.disk.write(&new, bytes).map_err(io(&new))?;
            self.disk.rename(&new, &folder.join(file)).map_err(io(&new))
        };
        // The root comes last: without it nothing is pinned, and what else is there does not count.
        match &instance.registry {
            Some(registry) => write("registry", registry.as_bytes())?,
            None => self.disk.remove_file(&folder.join("registry")).map_err(io(&folder))?,
        }
        write("url", url.as_bytes())?;
        write("root.json", root)?;
        self.disk.sync_folder(&folder).map_err(io(&folder))?;
        Ok(instance)
    }
}

#[cfg(test)]
mod tests;
