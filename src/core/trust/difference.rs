//! What differs between the trust material of two states of an instance.

use std::collections::BTreeMap;

use super::{Anchor, AnchorKind};
use crate::core::tuf::VersionChange;

/// What differs between two states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Roles in another version.
    pub roles: Vec<VersionChange>,
    /// Anchors that were not there before.
    pub added: Vec<Anchor>,
    /// Anchors whose window has changed, as they are now. Most often the window was closed.
    pub changed: Vec<Anchor>,
    /// Anchors that are gone.
    pub removed: Vec<Anchor>,
}

impl Difference {
    /// Compares two lists of anchors, of states whose roles differ so.
    pub fn new(roles: Vec<VersionChange>, before: &[Anchor], after: &[Anchor]) -> Self {
        let (old, new) = (by_name(before), by_name(after));
        let missing_in = |other: &BTreeMap<_, &Anchor>, anchors: &[Anchor]| -> Vec<Anchor> {
            anchors.iter().filter(|anchor| !other.contains_key(&key(anchor))).cloned().collect()
        };
        let changed = new.iter().filter(|(key, it)| old.get(*key).is_some_and(|was| was != *it));
        Self {
            roles,
            added: missing_in(&old, after),
            changed: changed.map(|(_, anchor)| (*anchor).clone()).collect(),
            removed: missing_in(&new, before),
        }
    }
}

type Key<'a> = (AnchorKind, &'a str, &'a str);

/// The fields by which an anchor is the same: all but its window.
fn key(anchor: &Anchor) -> Key<'_> {
    (anchor.kind, &anchor.name, &anchor.id)
}

fn by_name(anchors: &[Anchor]) -> BTreeMap<Key<'_>, &Anchor> {
    anchors.iter().map(|anchor| (key(anchor), anchor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{time, trust::instance::Instance};

    #[test]
    fn differences_are_added_changed_and_removed() {
        let instance = Instance::public_good();
        let material = instance.embedded.unwrap();
        let trust = instance.trust(material.trusted_root, material.npm_keys).unwrap();
        let after = trust.anchors();
        let mut before = after.to_vec();
        let added = before.remove(0);
        before[0].window.end = time::parse("2020-01-01T00:00:00Z");
        let removed = Anchor { id: "other".to_owned(), ..after[2].clone() };
        before.push(removed.clone());
        let told = Difference::new(vec![], &before, after);
        assert_eq!(told.added, [added]);
        assert_eq!(told.changed, [after[1].clone()]);
        assert_eq!(told.removed, [removed]);
    }
}
