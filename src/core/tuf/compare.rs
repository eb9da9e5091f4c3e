//! Which of two verified states is newer, and what a change of state would roll back.

use super::State;

/// How an offered state stands to the one that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// The same roles in the same versions, with the same content.
    Same,
    /// The offered one is newer.
    Newer,
    /// The held one is newer.
    Older,
    /// Some roles are newer in the one, some in the other, under the same root: one of the two
    /// was rolled back.
    Mixed {
        /// The role that is older in the newer state.
        role: String,
        /// Its version in the held state.
        held: u64,
        /// Its version in the offered state.
        offered: u64,
    },
    /// Two different contents of one version: somebody signed twice.
    Forked {
        /// The role.
        role: String,
        /// The version.
        version: u64,
    },
}

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
    /// Compares the roles' versions, this state being the one that is held.
    ///
    /// The newer root decides: with it, keys may have been rotated and versions begun anew.
    /// Under the same root no role may move against the others.
    pub fn order(&self, offered: &Self) -> Order {
        let changes = self.changes(offered);
        for role in self.roles() {
            let version = role.version;
            if offered.version(&role.name) == version
                && self.version("root") == offered.version("root")
                && !same_content(self.bytes(&role.name), offered.bytes(&role.name))
            {
                return Order::Forked { role: role.name.clone(), version };
            }
        }
        let Some(first) = changes.first() else { return Order::Same };
        let newer = first.to > first.from;
        let against = changes.iter().find(|change| (change.to > change.from) != newer);
        match against.filter(|_| first.role != "root") {
            Some(change) => Order::Mixed {
                role: change.role.clone(),
                held: change.from.unwrap_or_default(),
                offered: change.to.unwrap_or_default(),
            },
            None if newer => Order::Newer,
            None => Order::Older,
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
