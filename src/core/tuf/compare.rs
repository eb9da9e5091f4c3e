//! How two verified states of one repository differ.

use std::cmp::Ordering;

use sigstore_tuf::{Metadata, Role, Root, Snapshot, Timestamp};

use super::{
    Floor, LocalState, MetadataError, State, metadata,
    roots::{self, same_root},
    session::{check_by_root, check_no_rollback},
};

/// A role whose version differs between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionChange {
    /// The role.
    pub role: String,
    /// Its version before, if it was there.
    pub from: Option<u64>,
    /// Its version now, if it is there.
    pub to: Option<u64>,
}

impl State {
    /// Compares an offered state with this one: one version of a role must not have two contents. With a
    /// newer root, keys may have been rotated and versions may have started again.
    ///
    /// # Errors
    /// [`MetadataError::Forked`]: the holder of that role's keys signed two contents.
    pub fn check_fork(&self, offered: &Self) -> Result<(), MetadataError> {
        if self.version("root") != offered.version("root") {
            return Ok(());
        }
        let forked = self.roles().iter().find(|role| {
            offered.version(&role.name) == role.version
                && !same_content(self.bytes(&role.name), offered.bytes(&role.name))
        });
        match forked {
            Some(role) => {
                Err(MetadataError::Forked { role: role.name.clone(), version: role.version })
            }
            None => Ok(()),
        }
    }

    /// Which of two states of one repository is the newer one: by the version of the root, then of
    /// timestamp, snapshot and targets.
    ///
    /// # Errors
    /// When one version has two contents, or each state is the newer one in something: whoever
    /// has the keys made two histories.
    pub fn order(&self, other: &Self) -> Result<Ordering, MetadataError> {
        self.check_same_roots(other)?;
        self.check_fork(other)?;
        let crossed = |newer: String| {
            move |error: MetadataError| match error {
                MetadataError::Rollback { role: older, .. }
                | MetadataError::Removed { role: older, .. } => {
                    MetadataError::Crossed { newer, older }
                }
                other => other,
            }
        };
        let by_root = self.version("root").cmp(&other.version("root"));
        match by_root {
            Ordering::Greater => self.check_follows(other).map_err(crossed("root".to_owned()))?,
            Ordering::Less => other.check_follows(self).map_err(crossed("root".to_owned()))?,
            Ordering::Equal => {
                return match (self.check_follows(other), other.check_follows(self)) {
                    (Ok(()), Ok(())) => Ok(Ordering::Equal),
                    (Ok(()), Err(_)) => Ok(Ordering::Greater),
                    (Err(_), Ok(())) => Ok(Ordering::Less),
                    (Err(here), Err(there)) => Err(crossed(role_of(&there))(here)),
                };
            }
        }
        Ok(by_root)
    }

    /// Holds this state against one that was seen before: nothing that the keys in office vouch for
    /// may be older here.
    ///
    /// # Errors
    /// [`MetadataError::Rollback`] or [`MetadataError::Removed`].
    fn check_follows(&self, before: &Self) -> Result<(), MetadataError> {
        let (timestamp, snapshot) = (before.bytes("timestamp"), before.bytes("snapshot"));
        check_rollback("root", before.version("root"), self.version("root"))?;
        self.check_above(Some(timestamp), Some(snapshot))
    }

    /// As [`check_follows`](Self::check_follows), against timestamp and snapshot metadata.
    fn check_above(
        &self,
        timestamp: Option<&[u8]>,
        snapshot: Option<&[u8]>,
    ) -> Result<(), MetadataError> {
        let root = metadata::parse::<Root>("root", self.bytes("root"))?;
        let root = root.signed();
        if let Some(before) = vouched::<Timestamp>("timestamp", timestamp, root) {
            let offered = metadata::parse::<Timestamp>("timestamp", self.bytes("timestamp"))?;
            check_one_content("timestamp", &before, &offered)?;
            let (before, offered) = (before.signed(), offered.signed());
            check_rollback("timestamp", before.version, offered.version)?;
            let pinned = |timestamp: &Timestamp| timestamp.snapshot_meta().map(|pin| pin.version);
            let (before, offered) = (pinned(before), pinned(offered));
            check_rollback("snapshot", before.unwrap_or(0), offered.unwrap_or(0))?;
        }
        if let Some(before) = vouched::<Snapshot>("snapshot", snapshot, root) {
            let offered = metadata::parse::<Snapshot>("snapshot", self.bytes("snapshot"))?;
            check_one_content("snapshot", &before, &offered)?;
            check_rollback("snapshot", before.signed().version, offered.signed().version)?;
            check_no_rollback(before.signed(), offered.signed())?;
        }
        Ok(())
    }

    /// Roots that both have must be the same.
    fn check_same_roots(&self, other: &Self) -> Result<(), MetadataError> {
        let there = roots::carried(other.entries().iter());
        for (version, bytes) in roots::carried(self.entries().iter()) {
            if let Some(other) = there.get(&version)
                && !same_root(&bytes, other)?
            {
                return Err(MetadataError::Forked { role: "root".to_owned(), version });
            }
        }
        Ok(())
    }

    /// The roles whose versions differ: root, timestamp, snapshot and targets first.
    pub fn changes(&self, offered: &Self) -> Vec<VersionChange> {
        let new = offered.roles().iter().filter(|role| self.find(&role.name).is_none());
        self.roles()
            .iter()
            .chain(new)
            .map(|role| VersionChange {
                role: role.name.clone(),
                from: self.find(&role.name).map(|(info, _)| info.version),
                to: offered.find(&role.name).map(|(info, _)| info.version),
            })
            .filter(|change| change.from != change.to)
            .collect()
    }
}

impl LocalState {
    /// Compares an offered state with the local one and its floor.
    ///
    /// # Errors
    /// When something in it is older, or the two contradict each other.
    pub fn check_follows(&self, offered: &State) -> Result<(), MetadataError> {
        check_rollback("root", self.newest_root().unwrap_or(0), offered.version("root"))?;
        if let Some(state) = &self.state
            && offered.order(state)? == Ordering::Less
        {
            offered.check_follows(state)?;
        }
        self.check_above_floor(offered)
    }

    /// As [`check_follows`](Self::check_follows), against the floor alone.
    ///
    /// # Errors
    /// When something in it is older.
    pub fn check_above_floor(&self, offered: &State) -> Result<(), MetadataError> {
        let Floor { timestamp, snapshot, .. } = self.floor();
        check_rollback("root", self.newest_root().unwrap_or(0), offered.version("root"))?;
        offered.check_above(timestamp.as_deref(), snapshot.as_deref())
    }
}

/// One version has one content, as long as the same keys vouch for it.
fn check_one_content<T: Role>(
    role: &str,
    one: &Metadata<T>,
    other: &Metadata<T>,
) -> Result<(), MetadataError> {
    let version = one.signed().version();
    if version == other.signed().version() && one.signed_canonical() != other.signed_canonical() {
        return Err(MetadataError::Forked { role: role.to_owned(), version });
    }
    Ok(())
}

fn check_rollback(role: &str, trusted: u64, offered: u64) -> Result<(), MetadataError> {
    if offered < trusted {
        return Err(MetadataError::Rollback { role: role.to_owned(), trusted, offered });
    }
    Ok(())
}

/// Metadata that the root vouches for. After a rotation, older metadata is not a floor any more.
fn vouched<T: Role>(role: &str, bytes: Option<&[u8]>, root: &Root) -> Option<Metadata<T>> {
    let parsed = metadata::parse::<T>(role, bytes?).ok()?;
    check_by_root(role, &parsed, root).ok()?;
    Some(parsed)
}

/// The role that a comparison speaks of.
fn role_of(error: &MetadataError) -> String {
    match error {
        MetadataError::Rollback { role, .. } | MetadataError::Removed { role, .. } => role.clone(),
        other => other.to_string(),
    }
}

/// Whether two files have the same signed content. Indentation and signers do not matter.
fn same_content(one: &[u8], other: &[u8]) -> bool {
    let signed = |bytes| {
        let value = serde_json::from_slice::<serde_json::Value>(bytes).ok()?;
        value.get("signed").cloned()
    };
    one == other || signed(one) == signed(other)
}
