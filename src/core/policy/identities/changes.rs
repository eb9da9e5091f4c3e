//! The differences between two states of the identities. A reviewer of an update reads them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Identities, Identity, Known, Line, nearest};
use crate::core::{builder::IdentityChange, verdict::Claim};

/// What an update changes, by release line. Lines without a change are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentityChanges(pub BTreeMap<Line, LineChange>);

/// What an update changes in one release line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineChange {
    /// The line was not known.
    pub is_new: bool,
    /// What differs of the builder.
    pub builders: Vec<IdentityChange>,
    /// Claims that the latest version has and the latest one before did not have.
    pub gained: Vec<Claim>,
    /// Claims that the latest version lacks and the latest one before had.
    pub lost: Vec<Claim>,
    /// Versions that were not known.
    pub added: Vec<String>,
    /// Versions that are not known any more, with the builder that is gone.
    pub removed: Vec<String>,
    /// Versions whose bytes are others than before.
    pub bytes: Vec<String>,
}

impl IdentityChanges {
    /// From one state to a later one.
    pub fn between(before: &Identities, now: &Identities) -> Self {
        let lines = now.lines.iter().filter_map(|(line, identities)| {
            let change = match before.lines.get(line) {
                Some(known) => LineChange::between(line, known, identities),
                None => LineChange {
                    is_new: true,
                    added: versions(line, identities).into_iter().map(|(one, _)| one).collect(),
                    ..LineChange::default()
                },
            };
            (change != LineChange::default()).then(|| (line.clone(), change))
        });
        Self(lines.collect())
    }

    /// The versions whose bytes differ, with their packages.
    pub fn bytes_changed(&self) -> Vec<String> {
        let versions = self.0.iter().flat_map(|(line, change)| {
            change.bytes.iter().map(move |version| format!("{}@{version}", line.name))
        });
        versions.collect()
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl LineChange {
    fn between(line: &Line, before: &[Identity], now: &[Identity]) -> Self {
        let builds = now.iter().filter_map(|identity| identity.build.as_ref());
        let builders = builds.filter_map(|build| nearest(before, build)).collect();
        let (old, new) = (versions(line, before), versions(line, now));
        let known = |all: &[(String, &Known)], one: &str| {
            all.iter().find(|(version, _)| version == one).map(|(_, known)| (*known).clone())
        };
        let only_in = |all: &[(String, &Known)], others: &[(String, &Known)]| -> Vec<_> {
            let names = all.iter().map(|(version, _)| version);
            names.filter(|one| known(others, one).is_none()).cloned().collect()
        };
        let bytes = new.iter().filter(|(version, now)| {
            known(&old, version).is_some_and(|before| before.digest != now.digest)
        });
        let claims = |all: &[(String, &Known)]| -> BTreeSet<Claim> {
            all.last().map(|(_, known)| known.claims.iter().copied().collect()).unwrap_or_default()
        };
        let (had, has) = (claims(&old), claims(&new));
        Self {
            is_new: false,
            builders,
            gained: has.difference(&had).copied().collect(),
            lost: had.difference(&has).copied().collect(),
            added: only_in(&new, &old),
            removed: only_in(&old, &new),
            bytes: bytes.map(|(version, _)| version.clone()).collect(),
        }
    }
}

/// The versions of a line, the latest last.
fn versions<'a>(line: &Line, identities: &'a [Identity]) -> Vec<(String, &'a Known)> {
    let order = line.ecosystem.naming().order;
    let versions = identities.iter().flat_map(|identity| &identity.versions);
    let mut versions: Vec<_> = versions.map(|(version, known)| (version.clone(), known)).collect();
    versions.sort_by(|(one, _), (other, _)| order(one, other));
    versions
}
