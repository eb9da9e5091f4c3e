//! How two verified states of one repository differ.

use super::{MetadataError, State};

/// A role whose version differs between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The role.
    pub role: String,
    /// Its version before, if it was there.
    pub from: Option<u64>,
    /// Its version now, if it is there.
    pub to: Option<u64>,
}

impl State {
    /// Holds an offered state against this one, which is held: a role may not have one version with
    /// two contents. With a newer root keys may have been rotated, and versions begun anew.
    ///
    /// # Errors
    /// [`MetadataError::Forked`]: whoever has that role's keys signed twice.
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

    /// The roles whose versions differ: root, timestamp, snapshot and targets first.
    pub fn changes(&self, offered: &Self) -> Vec<Change> {
        let new = offered.roles().iter().filter(|role| self.find(&role.name).is_none());
        self.roles()
            .iter()
            .chain(new)
            .map(|role| Change {
                role: role.name.clone(),
                from: self.find(&role.name).map(|(info, _)| info.version),
                to: offered.find(&role.name).map(|(info, _)| info.version),
            })
            .filter(|change| change.from != change.to)
            .collect()
    }
}

/// Whether two files sign the same content, however it is indented and by whomever it is signed.
fn same_content(one: &[u8], other: &[u8]) -> bool {
    let signed = |bytes| {
        let value = serde_json::from_slice::<serde_json::Value>(bytes).ok()?;
        value.get("signed").cloned()
    };
    one == other || signed(one) == signed(other)
}
