//! `sealift trust diff`: what differs between two stores, a store and an archive, or one of them and
//! what this machine trusts.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{Context, bundle_verify::pinned_keys, trust_show::anchor_json};
use crate::cli::render::day;
use crate::{
    adapters::tuf::TrustStore,
    app::{
        trust::{self, Material},
        verify,
    },
    cli::{
        declare::{Diff, Format},
        failure::{Failure, Outcome},
        terminal::{BAD, DIM, GOOD, WARN},
    },
    core::{
        text::Untrusted,
        trust::{Anchor, Difference, Trust, TrustError, instance::Instance},
        tuf::{Change, State},
    },
};

/// Shows what differs. Without the newer side, that is what this machine trusts: the newest of its
/// trust store and what is built in.
///
/// # Errors
/// Exit 2, when one cannot be read or holds nothing of the instance.
pub fn run(options: &Diff, context: &mut Context<'_>) -> Outcome {
    let own = trust::store(options.store.trust_dir.as_deref(), context.env);
    let instance = own.instance(&options.instance)?;
    let old = state_at(&options.old, &options.keys, &instance)?;
    let difference = match &options.new {
        Some(path) => between(&instance, &old, &state_at(path, &options.keys, &instance)?),
        None => {
            let held = own.open(&instance.name)?.load(&instance)?;
            let material = Material::newest(&instance, held, None, context.env.now)?;
            match &material.state {
                Some(state) => between(&instance, &old, state),
                None => with_built_in(&old, &instance, &material.trust(&instance)?),
            }
        }
    };
    let difference = difference.map_err(Failure::could_not)?;
    match context.format {
        Format::Human => context.terminal.result(Changes(&difference)),
        Format::Json => context.json(&json!({
            "schema": "sealift-trust-diff/1",
            "instance": instance.name,
            "roles": difference.roles.iter().map(|change| json!({
                "name": change.role, "from": change.from, "to": change.to,
            })).collect::<Vec<_>>(),
            "added": difference.added.iter().map(anchor_json).collect::<Vec<_>>(),
            "changed": difference.changed.iter().map(anchor_json).collect::<Vec<_>>(),
            "removed": difference.removed.iter().map(anchor_json).collect::<Vec<_>>(),
        })),
    }
    Ok(())
}

/// What differs in `new`.
fn between(instance: &Instance, old: &State, new: &State) -> Result<Difference, TrustError> {
    let (before, after) = (trust_of(instance, old)?, trust_of(instance, new)?);
    Ok(Difference::new(old.changes(new), before.anchors(), after.anchors()))
}

/// With built-in material comes a root, and no other role.
fn with_built_in(
    old: &State,
    instance: &Instance,
    built_in: &Trust,
) -> Result<Difference, TrustError> {
    let from = Some(old.version("root"));
    let to = instance.embedded.map(|embedded| embedded.root);
    let root = (from != to).then(|| Change { role: "root".to_owned(), from, to });
    let roles = root.into_iter().collect();
    Ok(Difference::new(roles, trust_of(instance, old)?.anchors(), built_in.anchors()))
}

fn trust_of(instance: &Instance, state: &State) -> Result<Trust, TrustError> {
    instance.trust(state.trusted_root().unwrap_or_default(), state.npm_keys())
}

/// The state in a store's folder, or the one that an archive carries.
fn state_at(path: &Path, keys: &[PathBuf], instance: &Instance) -> Outcome<State> {
    if path.is_dir() {
        return held(&TrustStore::new(path), instance);
    }
    let archive = verify::open(path, &pinned_keys(keys)?, 1)?;
    let carried = trust::carried(instance, &archive)?;
    carried.map(|it| it.state).ok_or_else(|| {
        Failure::could_not(format_args!(
            "{} carries no TUF metadata of {}",
            path.display(),
            instance.name
        ))
    })
}

fn held(store: &TrustStore, instance: &Instance) -> Outcome<State> {
    store.open(&instance.name)?.load(instance)?.local.state.ok_or_else(|| {
        Failure::could_not(format_args!("the trust store holds nothing of {}", instance.name)).hint(
            "on the connected side, sealift trust refresh; behind the gap, sealift trust import",
        )
    })
}

/// What differs, for people.
struct Changes<'a>(&'a Difference);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { roles, added, changed, removed } = self.0;
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
        let line = |anchor: &Anchor| {
            let end =
                anchor.window.end.map(|end| format!(", ends {}", day(end))).unwrap_or_default();
            let (name, id) = (Untrusted(&anchor.name), Untrusted(&anchor.id));
            format!("{} {name} {DIM}{id}{DIM:#}{end}", anchor.kind.name())
        };
        lines.extend(added.iter().map(|one| format!("{GOOD}added{GOOD:#} {}", line(one))));
        lines.extend(
            changed.iter().map(|one| format!("{WARN}window changed{WARN:#} {}", line(one))),
        );
        lines.extend(removed.iter().map(|one| format!("{BAD}removed{BAD:#} {}", line(one))));
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use testkit::tuf::Repository;

    use super::*;
    use crate::{
        adapters::tuf::Held,
        core::tuf::{Local, PinnedRoots, Wanted, update},
    };

    /// As on a machine that has neither refreshed nor imported.
    #[test]
    fn an_archive_is_compared_with_what_is_built_in() {
        let instance = Instance::public_good();
        let built_in = instance.embedded.unwrap();
        let at = built_in.as_of;
        let mut repository = Repository::new(at);
        let mut root: serde_json::Value = serde_json::from_slice(built_in.trusted_root).unwrap();
        root["tlogs"].as_array_mut().unwrap().pop().unwrap();
        let root = root.to_string().into_bytes();
        repository.targets = [("trusted_root.json".to_owned(), root)].into();
        repository.publish();
        let pinned = PinnedRoots::new(repository.root_bytes(1)).unwrap();
        let (wanted, local) = (Wanted::of(None), Local::default());
        let old = update(&pinned, &wanted, &local, &repository.files, at, &mut |_| true).unwrap();

        let material = Material::newest(&instance, Held::default(), None, at).unwrap();
        let difference =
            with_built_in(&old, &instance, &material.trust(&instance).unwrap()).unwrap();
        let root = Change { role: "root".to_owned(), from: Some(1), to: Some(16) };
        assert_eq!(difference.roles, [root]);
        // The log, and the four keys of npm's.
        assert_eq!(difference.added.len(), 5);
        assert_eq!((difference.changed, difference.removed), (vec![], vec![]));
    }
}
