//! When the newest recall was sealed that was applied for an instance: an older one is refused.

use super::{Disk, InstanceStore, LockedInstance, TrustStoreError, read::read};
use crate::{
    adapters::files::FileError,
    core::{
        limits::LINE_BYTES,
        time::{self, Time},
    },
};

/// The file in an instance's folder.
const FILE: &str = "recall";

impl<D: Disk> InstanceStore<D> {
    /// When the newest recall was sealed that was applied; `None` before the first.
    ///
    /// # Errors
    /// When the file cannot be read, or does not hold a time.
    pub fn newest_recall(&self) -> Result<Option<Time>, TrustStoreError> {
        let Some(bytes) = read(&self.folder.join(FILE), LINE_BYTES)? else { return Ok(None) };
        let time = String::from_utf8(bytes).ok().and_then(|text| time::parse(text.trim()));
        time.map(Some).ok_or_else(|| self.corrupt("the time of the newest recall is not a time"))
    }
}

impl<D: Disk> LockedInstance<'_, D> {
    /// Keeps when a recall was sealed, unless a newer one is known. Returns the newest: another program may
    /// have kept it since the caller looked.
    ///
    /// # Errors
    /// When what is known cannot be read, or the disk refuses: what was kept before is then still
    /// kept, or this is.
    pub fn keep_recall(&self, sealed_at: Time) -> Result<Time, TrustStoreError> {
        let (folder, disk) = (&self.store.folder, &self.store.disk);
        if let Some(newest) = self.store.newest_recall()?.filter(|newest| *newest >= sealed_at) {
            return Ok(newest);
        }
        let (new, kept) = (folder.join(format!("{FILE}.new")), folder.join(FILE));
        disk.write(&new, time::format(sealed_at).as_bytes())
            .map_err(|source| FileError::io("write", &new, source))?;
        disk.rename(&new, &kept).map_err(|source| FileError::io("write", &kept, source))?;
        disk.sync_folder(folder).map_err(|source| FileError::io("sync", folder, source))?;
        Ok(sealed_at)
    }
}
