//! Whether a version lies in a range of an advisory: the algorithm of the OSV schema, section
//! "Evaluation", without sorting. The last event that a version has passed decides.
//!
//! What cannot be compared counts as affected: an advisory that nobody can evaluate must not pass for
//! the absence of one.

use std::cmp::Ordering;

use crate::core::package::PackageId;

/// One thing that happens in a range, at a version. The order of the variants decides between events
/// at the same version: a package that is fixed and introduced at once is affected, and one that is
/// introduced and last affected at once is affected in this version alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventKind {
    /// Versions from here on are not affected.
    Fixed,
    /// Versions from here on are affected.
    Introduced,
    /// Versions after this one are not affected.
    LastAffected,
    /// Versions from here on are outside the range.
    Limit,
}

/// An event: what happens, and at which version.
pub(super) type Event = (EventKind, String);

/// `introduced` may say this for "before every version", and `limit` the other for "after every
/// version".
const BEFORE_ALL: &str = "0";
const AFTER_ALL: &str = "*";

/// Whether a range holds a version.
pub(super) fn includes(id: &PackageId, events: &[Event]) -> bool {
    let naming = id.ecosystem().naming();
    let is_comparable = |(kind, version): &Event| {
        is_before_all(*kind, version)
            || (*kind == EventKind::Limit && version == AFTER_ALL)
            || (naming.is_ordered)(version)
    };
    // The schema demands that a range says where it starts.
    let has_start = events.iter().any(|(kind, _)| *kind == EventKind::Introduced);
    if !has_start || !(naming.is_ordered)(id.version()) || !events.iter().all(is_comparable) {
        return true;
    }
    is_before_limits(id, events) && is_affected(id, events)
}

fn is_before_all(kind: EventKind, version: &str) -> bool {
    kind == EventKind::Introduced && version == BEFORE_ALL
}

/// Without a limit, every version is before it.
fn is_before_limits(id: &PackageId, events: &[Event]) -> bool {
    let mut limits = events.iter().filter(|(kind, _)| *kind == EventKind::Limit).peekable();
    let order = id.ecosystem().naming().order;
    limits.peek().is_none()
        || limits
            .any(|(_, limit)| limit == AFTER_ALL || order(id.version(), limit) == Ordering::Less)
}

fn is_affected(id: &PackageId, events: &[Event]) -> bool {
    let order = id.ecosystem().naming().order;
    let mut last: Option<(Option<&str>, EventKind)> = None;
    for (kind, version) in events {
        let at = (!is_before_all(*kind, version)).then_some(version.as_str());
        let place = at.map_or(Ordering::Greater, |at| order(id.version(), at));
        let passed = match kind {
            EventKind::Introduced | EventKind::Fixed => place != Ordering::Less,
            EventKind::LastAffected => place == Ordering::Greater,
            EventKind::Limit => false,
        };
        if passed && last.is_none_or(|last| is_later((at, *kind), last, order)) {
            last = Some((at, *kind));
        }
    }
    last.is_some_and(|(_, kind)| kind == EventKind::Introduced)
}

fn is_later(
    (one, kind): (Option<&str>, EventKind),
    (other, other_kind): (Option<&str>, EventKind),
    order: fn(&str, &str) -> Ordering,
) -> bool {
    let place = match (one, other) {
        (Some(one), Some(other)) => order(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    };
    place.then(kind.cmp(&other_kind)) == Ordering::Greater
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The range in a short form, `introduced 1.0.0 fixed 2.0.0`.
    fn range(text: &str) -> Vec<Event> {
        let words: Vec<_> = text.split_whitespace().collect();
        words.chunks(2).map(|pair| (kind(pair[0]), pair[1].to_owned())).collect()
    }

    fn kind(name: &str) -> EventKind {
        match name {
            "introduced" => EventKind::Introduced,
            "fixed" => EventKind::Fixed,
            "last" => EventKind::LastAffected,
            "limit" => EventKind::Limit,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn versions_in_and_outside_of_ranges() {
        for (text, affected, not) in [
            ("introduced 0", "0.0.0-0 0.0.1 1.0.0-rc.1 99.0.0", ""),
            ("introduced 0 fixed 1.0.0", "0.9.9 1.0.0-rc.1", "1.0.0 1.0.1"),
            ("fixed 1.0.0 introduced 0", "0.9.9", "1.0.0"),
            ("introduced 1.0.0 fixed 2.0.0", "1.0.0 1.9.9 2.0.0-beta", "0.9.9 1.0.0-rc.1 2.0.0"),
            ("introduced 1.0.0 last 1.2.0", "1.0.0 1.1.0 1.2.0", "0.9.0 1.2.1 1.2.1-rc.1 2.0.0"),
            ("introduced 1.2.3 last 1.2.3", "1.2.3", "1.2.2 1.2.4 1.2.3-rc.1"),
            ("last 1.2.3 introduced 1.2.3", "1.2.3", "1.2.2 1.2.4"),
            // Twice affected, with a fix between.
            (
                "introduced 1.0.0 fixed 1.5.0 introduced 2.0.0 fixed 2.5.0",
                "1.4.9 2.0.0 2.4.9",
                "0.9.9 1.5.0 1.9.9 2.5.0",
            ),
            (
                "introduced 2.0.0 introduced 1.0.0 fixed 2.5.0 fixed 1.5.0",
                "1.4.9 2.0.0",
                "1.9.0 3.0.0",
            ),
            // Fixed and introduced at one version: affected from there on.
            ("introduced 1.0.0 fixed 2.0.0 introduced 2.0.0", "1.0.0 2.0.0 3.0.0", "0.9.0"),
            // In the order of numbers, and without build metadata.
            ("introduced 1.9.0 fixed 1.10.0", "1.9.0 1.9.9+x", "1.10.0 1.10.0+x 1.8.0"),
            ("introduced 0 limit 1.0.0", "0.9.0", "1.0.0 2.0.0"),
            ("introduced 0 limit 1.0.0 limit 3.0.0", "0.9.0 2.0.0", "3.0.0"),
            ("introduced 0 limit *", "0.9.0 9.0.0", ""),
            // Without a start, it is not known what it holds.
            ("fixed 1.0.0", "0.9.0 1.0.0", ""),
            ("last 1.0.0", "0.9.0 1.0.0 2.0.0", ""),
            ("limit 1.0.0", "0.9.0 1.0.0", ""),
            ("", "1.0.0", ""),
            // What is not a version of the ecosystem has no place in its order.
            ("introduced 0 fixed 1.0", "0.9.0 1.0.0 9.0.0", ""),
            ("introduced v1.0.0", "0.9.0 1.0.0", ""),
            ("introduced 0 fixed 0", "0.9.0", ""),
            ("introduced *", "0.9.0", ""),
            ("introduced 5.0.0 limit x", "0.9.0", ""),
            ("introduced 5.0.0 fixed 99999999999999999999999.0.0", "0.9.0", ""),
        ] {
            let events = range(text);
            for (versions, expected) in [(affected, true), (not, false)] {
                for version in versions.split_whitespace() {
                    let id = PackageId::npm("a", version).unwrap();
                    assert_eq!(includes(&id, &events), expected, "{text:?}: {version}");
                }
            }
        }
    }

    #[test]
    fn a_version_without_a_place_in_the_order_is_affected() {
        let id = PackageId::npm("a", "1.0").unwrap();
        assert!(includes(&id, &range("introduced 5.0.0")));
    }
}
