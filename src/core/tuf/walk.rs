//! The walk through the roots (specification §5.3), and which local metadata the last root vouches for.

use std::collections::BTreeMap;

use sigstore_tuf::{Metadata, Role, Root, Snapshot, Timestamp};

use super::{
    MetadataError, Repository, Session, UpdateError, metadata, names,
    session::{absent, check_by_root},
};
use crate::core::limits::ROOT_BYTES;

/// Local metadata that the trusted root still vouches for.
pub(super) struct LocalMetadata {
    pub(super) timestamp: Option<(Metadata<Timestamp>, Vec<u8>)>,
    pub(super) snapshot: Option<(Metadata<Snapshot>, Vec<u8>)>,
}

impl<R: Repository> Session<'_, R> {
    /// §5.3: walks the roots one version at a time, to the last one.
    pub(super) fn update_roots(&mut self) -> Result<(), UpdateError<R::Error>> {
        let unpublished = self.find_start()?;
        loop {
            let version = self.chain.version().saturating_add(1);
            if Some(version) == unpublished {
                break;
            }
            // §5.3.3: the file of the next version, within a bound on its size.
            let Some(bytes) = self.fetch(&names::root(version), ROOT_BYTES, None)? else { break };
            // §5.3.4 to §5.3.9: signed by both, one version higher, then trusted.
            self.chain.extend(&bytes)?;
        }
        if let Some(pinned) = self.pinned {
            self.above = pinned.above(self.chain.version())?;
        }
        // §5.3.10: only the last root must not be expired.
        metadata::check_fresh("root", self.chain.trusted.root(), self.at)?;
        Ok(())
    }

    /// Starts the walk at the newest pinned root that the repository has published, if that is newer than
    /// the local ones. Returns the oldest pinned root that the repository does not have.
    fn find_start(&mut self) -> Result<Option<u64>, UpdateError<R::Error>> {
        let Some(pinned) = self.pinned else { return Ok(None) };
        let is_new = !self.started;
        let candidates = pinned.newer_than(if is_new { 0 } else { self.chain.version() });
        // With one pinned root and nothing else there is no choice.
        if is_new && candidates.len() <= 1 {
            self.started = true;
            return Ok(None);
        }
        let mut unpublished = None;
        for &version in &candidates {
            if let Some(bytes) = self.fetch(&names::root(version), ROOT_BYTES, None)? {
                self.chain = pinned.chain(&BTreeMap::from([(version, bytes)]))?;
                self.started = true;
                return Ok(unpublished);
            }
            unpublished = Some(version);
        }
        match candidates.first() {
            Some(newest) if is_new => Err(absent(&names::root(*newest))),
            _ => Ok(unpublished),
        }
    }

    /// §5.3.11: local timestamp and snapshot metadata are a floor as long as the root still lists the
    /// keys that signed them. After a rotation they no longer verify, and the floor is gone. A
    /// repository recovers in this way from a version number that an attacker raised.
    ///
    /// `above` is a newer root that must vouch for them as well.
    pub(super) fn held(&self, above: Option<&Root>) -> LocalMetadata {
        let state = self.local;
        let timestamps = [self.floor.timestamp.as_deref(), state.map(|s| s.bytes("timestamp"))];
        let snapshots = [self.floor.snapshot.as_deref(), state.map(|s| s.bytes("snapshot"))];
        LocalMetadata {
            timestamp: self.newest::<Timestamp>("timestamp", &timestamps, above),
            snapshot: self.newest::<Snapshot>("snapshot", &snapshots, above),
        }
    }

    /// Requires signatures to the threshold of the last root, and of a newer pinned one.
    pub(super) fn check_vouched<T: Role>(
        &self,
        role: &str,
        metadata: &Metadata<T>,
        above: Option<&Root>,
    ) -> Result<(), MetadataError> {
        check_by_root(role, metadata, self.chain.trusted.root())?;
        let Some(above) = above else { return Ok(()) };
        check_by_root(role, metadata, above)
            .map_err(|_| MetadataError::Outgrown { role: role.to_owned(), root: above.version })
    }

    /// The newest of the candidates that the roots vouch for.
    fn newest<T: Role>(
        &self,
        role: &str,
        candidates: &[Option<&[u8]>],
        above: Option<&Root>,
    ) -> Option<(Metadata<T>, Vec<u8>)> {
        candidates
            .iter()
            .flatten()
            .filter_map(|bytes| {
                let parsed = metadata::parse::<T>(role, bytes).ok()?;
                self.check_vouched(role, &parsed, above).ok()?;
                Some((parsed, bytes.to_vec()))
            })
            .max_by_key(|(parsed, _)| parsed.signed().version())
    }
}
