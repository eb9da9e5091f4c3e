//! `sealift trust diff`: what differs.

use std::fmt;

use serde::Serialize;
use serde_json::json;

use super::anchor_json;
use crate::{
    cli::{
        render::{Rendered, human::day},
        terminal::{BAD, DIM, GOOD, WARN},
    },
    core::{
        text::Untrusted,
        trust::{Anchor, Difference},
    },
};

/// What differs of an instance.
pub struct ComparedTrust<'a> {
    /// The instance.
    pub instance: &'a str,
    /// What differs.
    pub difference: &'a Difference,
}

impl Rendered for ComparedTrust<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let Difference { roles, added, changed, removed } = self.difference;
        json!({
            "schema": "sealift-trust-diff/1",
            "instance": self.instance,
            "roles": roles.iter().map(|change| json!({
                "name": change.role, "from": change.from, "to": change.to,
            })).collect::<Vec<_>>(),
            "added": added.iter().map(anchor_json).collect::<Vec<_>>(),
            "changed": changed.iter().map(anchor_json).collect::<Vec<_>>(),
            "removed": removed.iter().map(anchor_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for ComparedTrust<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { roles, added, changed, removed } = self.difference;
        if roles.is_empty() && added.is_empty() && changed.is_empty() && removed.is_empty() {
            return f.write_str("no difference");
        }
        let version = |version: Option<u64>| version.map_or("none".to_owned(), |v| v.to_string());
        let mut lines: Vec<String> = roles
            .iter()
            .map(|change| {
                let (from, to) = (version(change.from), version(change.to));
                format!("{}: {from} to {to}", Untrusted(&change.role))
            })
            .collect();
        let anchors =
            [(GOOD, "added", added), (WARN, "window changed", changed), (BAD, "removed", removed)];
        for (style, word, anchors) in anchors {
            let line = |one| format!("{style}{word}{style:#} {}", anchor_line(one));
            lines.extend(anchors.iter().map(line));
        }
        f.write_str(&lines.join("\n"))
    }
}

/// One anchor, for people.
pub fn anchor_line(anchor: &Anchor) -> String {
    let end = anchor.window.end.map(|end| format!(", ends {}", day(end))).unwrap_or_default();
    let (name, id) = (Untrusted(&anchor.name), Untrusted(&anchor.id));
    format!("{} {name} {DIM}{id}{DIM:#}{end}", anchor.kind.name())
}
