//! What differs between two stores, a store and an archive, or one of them and what this machine
//! trusts.

use std::path::{Path, PathBuf};

use super::{BasisError, Material, carried};
use crate::{
    adapters::tuf::TrustStore,
    app::archive,
    core::{
        time::Time,
        trust::{Difference, Trust, TrustError, instance::Instance},
        tuf::{State, VersionChange},
    },
};

/// What to compare.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The older: the folder of a trust store, or an archive.
    pub old: PathBuf,
    /// The newer; without it, what this machine trusts: the newest of its trust store and what is
    /// built in.
    pub new: Option<PathBuf>,
    /// The public keys of who may have sealed an archive.
    pub keys: Vec<PathBuf>,
    /// The instance.
    pub instance: String,
    /// The folder of the trust store.
    pub store: PathBuf,
}

/// Finds what differs.
///
/// # Errors
/// When one of the two cannot be read or holds nothing of the instance.
pub fn diff(options: &Diff, at: Time) -> Result<Difference, BasisError> {
    let own = TrustStore::new(&options.store);
    let instance = own.instance(&options.instance)?;
    let old = state_at(&options.old, &options.keys, &instance)?;
    let difference = match &options.new {
        Some(path) => between(&instance, &old, &state_at(path, &options.keys, &instance)?),
        None => {
            let held = own.open(&instance.name)?.load(&instance)?;
            let material = Material::newest(&instance, held, None, at)?;
            match &material.state {
                Some(state) => between(&instance, &old, state),
                None => with_built_in(&old, &instance, &material.trust(&instance)?),
            }
        }
    };
    Ok(difference?)
}

/// What differs in `new`.
fn between(instance: &Instance, old: &State, new: &State) -> Result<Difference, TrustError> {
    let (before, after) = (trust_of(instance, old)?, trust_of(instance, new)?);
    Ok(Difference::new(old.changes(new), before.anchors(), after.anchors()))
}

/// Built-in material has a root, and no other role.
fn with_built_in(
    old: &State,
    instance: &Instance,
    built_in: &Trust,
) -> Result<Difference, TrustError> {
    let from = Some(old.version("root"));
    let to = instance.embedded.map(|embedded| embedded.root);
    let root = (from != to).then(|| VersionChange { role: "root".to_owned(), from, to });
    let roles = root.into_iter().collect();
    Ok(Difference::new(roles, trust_of(instance, old)?.anchors(), built_in.anchors()))
}

fn trust_of(instance: &Instance, state: &State) -> Result<Trust, TrustError> {
    instance.trust(state.trusted_root().unwrap_or_default(), state.registry_keys())
}

/// The state in a store's folder, or the one that an archive carries.
fn state_at(path: &Path, keys: &[PathBuf], instance: &Instance) -> Result<State, BasisError> {
    if path.is_dir() {
        return held(&TrustStore::new(path), instance);
    }
    let archive = archive::open(path, &archive::pinned_keys(keys)?, 1)?;
    let carried = carried(instance, &archive)?;
    carried.map(|it| it.state).ok_or_else(|| {
        let (archive, instance) = (path.to_owned(), instance.name.clone());
        BasisError::NotInArchive { archive, instance }
    })
}

fn held(store: &TrustStore, instance: &Instance) -> Result<State, BasisError> {
    let held = store.open(&instance.name)?.load(instance)?;
    held.local.state.ok_or_else(|| BasisError::NothingHeld(instance.name.clone()))
}

#[cfg(test)]
mod tests {
    use testkit::tuf::Repository;

    use super::*;
    use crate::{
        adapters::tuf::StoredInstance,
        core::tuf::{LocalState, PinnedRoots, WantedTargets, update},
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
        let (wanted, local) = (WantedTargets::of(None), LocalState::default());
        let old = update(&pinned, &wanted, &local, &repository.files, at, &mut |_| true).unwrap();

        let material = Material::newest(&instance, StoredInstance::default(), None, at).unwrap();
        let difference =
            with_built_in(&old, &instance, &material.trust(&instance).unwrap()).unwrap();
        let root = VersionChange { role: "root".to_owned(), from: Some(1), to: Some(16) };
        assert_eq!(difference.roles, [root]);
        // The log, and the four keys of npm's.
        assert_eq!(difference.added.len(), 5);
        assert_eq!((difference.changed, difference.removed), (vec![], vec![]));
    }
}
