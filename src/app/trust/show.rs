//! What is trusted: to show, and in the forms that other tools take.

use std::path::{Path, PathBuf};

use super::{BasisError, Material, update::names};
use crate::{
    adapters::{files, tuf::TrustStore},
    core::{
        time::Time,
        trust::{Anchor, instance::Instance, json_line},
        tuf::{RoleInfo, State},
    },
};

/// What is trusted of one instance.
#[derive(Debug)]
pub struct Trusted {
    /// The instance.
    pub instance: Instance,
    /// Its newest material.
    pub material: Material,
    /// The keys, logs and authorities in that.
    pub anchors: Vec<Anchor>,
    /// The root that the store holds, and when it was checked, where what is built in is newer.
    pub older: Option<(u64, Time)>,
}

impl Trusted {
    fn of(store: &TrustStore, name: &str, at: Time) -> Result<Self, BasisError> {
        let instance = store.instance(name)?;
        let held = store.open(name)?.load(&instance)?;
        let older = held.local.state.as_ref().map(|state| state.version("root")).zip(held.checked);
        let material = Material::newest(&instance, held, None, at)?;
        let older = older.filter(|_| material.state.is_none());
        let anchors = material.trust(&instance)?.anchors().to_vec();
        Ok(Self { instance, material, anchors, older })
    }

    /// The version of the root that built-in material came with, where that is what is trusted.
    pub fn built_in(&self) -> Option<u64> {
        self.instance.embedded.filter(|_| self.material.state.is_none()).map(|it| it.root)
    }

    /// The roles of the repository that it came from.
    pub fn roles(&self) -> &[RoleInfo] {
        self.material.state.as_ref().map(State::roles).unwrap_or_default()
    }
}

/// What is trusted of all instances. One that cannot be read does not hide the others.
#[derive(Debug, Default)]
pub struct AllTrusted {
    /// Those that could be read.
    pub instances: Vec<Trusted>,
    /// Those that could not, and why.
    pub failures: Vec<(String, BasisError)>,
}

/// Reads what is trusted, of one instance or of all: the newest of the store's material and what is
/// built in.
///
/// # Errors
/// When the store cannot be read.
pub fn show(store: &Path, instance: Option<&str>, at: Time) -> Result<AllTrusted, BasisError> {
    let store = TrustStore::new(store);
    let mut all = AllTrusted::default();
    for name in names(&store, instance)? {
        match Trusted::of(&store, &name, at) {
            Ok(trusted) => all.instances.push(trusted),
            Err(error) => all.failures.push((name, error)),
        }
    }
    Ok(all)
}

/// All names that an export writes. Those that it does not write it removes: a folder never holds the
/// files of two instances.
const NAMES: [&str; 3] = ["trusted_root.json", "trusted_root.jsonl", "npm-keys.json"];

/// Writes what an instance's material is, the newest of the store's and what is built in. Returns the
/// files.
///
/// # Errors
/// When there is no material, or a file cannot be written.
pub fn export(
    store: &Path,
    instance: &str,
    output: &Path,
    at: Time,
) -> Result<Vec<PathBuf>, BasisError> {
    let store = TrustStore::new(store);
    let instance = store.instance(instance)?;
    let held = store.open(&instance.name)?.load(&instance)?;
    let material = Material::newest(&instance, held, None, at)?;
    let line = json_line(&material.trusted_root)?.into_bytes();
    let contents = [Some(material.trusted_root), Some(line), material.npm_keys];
    let written: Vec<(&str, &[u8])> = NAMES
        .iter()
        .zip(&contents)
        .filter_map(|(name, bytes)| Some((*name, bytes.as_deref()?)))
        .collect();
    files::create_folder(output)?;
    files::replace_all(output, &NAMES, &written)?;
    Ok(written.iter().map(|(name, _)| output.join(name)).collect())
}
