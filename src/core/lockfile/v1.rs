//! Version 1, of npm 5 and 6: nested `dependencies`, whose `version` may be an address.
//!
//! Rewritten into the form of version 3, as npm 7 and later do when they meet such a file.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::LockfileError;
use super::address::Source;
use super::classify::Raw;
use super::json::{self, Pairs, Text};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    dependencies: Pairs<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    #[serde(default)]
    version: Text,
    #[serde(default)]
    resolved: Text,
    #[serde(default)]
    integrity: Text,
    #[serde(default)]
    bundled: bool,
    #[serde(default)]
    dependencies: Pairs<Dependency>,
}

/// The entries, parents before their children.
pub(super) fn entries(bytes: &[u8]) -> Result<Vec<Raw>, LockfileError> {
    let document: Document = json::read(bytes)?;
    let mut walk = Walk::default();
    walk.collect("", document.dependencies)?;
    Ok(walk.raw)
}

#[derive(Default)]
struct Walk {
    raw: Vec<Raw>,
    /// Where in `raw` a path is.
    places: HashMap<String, usize>,
}

impl Walk {
    fn collect(
        &mut self,
        folder: &str,
        dependencies: Pairs<Dependency>,
    ) -> Result<(), LockfileError> {
        let mut names = HashSet::new();
        for (name, mut dependency) in dependencies.0 {
            let path = match folder {
                "" => format!("node_modules/{name}"),
                folder => format!("{folder}/node_modules/{name}"),
            };
            if !names.insert(name) {
                return Err(LockfileError::Duplicate(path));
            }
            let nested = std::mem::take(&mut dependency.dependencies);
            let entry = entry(path, dependency);
            // What is nested under a link is installed in the folder that the link points to.
            let below = match &entry.resolved {
                Some(folder) if entry.link => folder.clone(),
                _ => entry.path.clone(),
            };
            self.push(entry)?;
            self.collect(&below, nested)?;
        }
        Ok(())
    }

    /// Two links to one folder repeat what is in it; a path must not stand for two things, though.
    fn push(&mut self, entry: Raw) -> Result<(), LockfileError> {
        match self.places.get(&entry.path).and_then(|place| self.raw.get(*place)) {
            Some(known) if *known == entry => Ok(()),
            Some(_) => Err(LockfileError::Duplicate(entry.path)),
            None => {
                self.places.insert(entry.path.clone(), self.raw.len());
                self.raw.push(entry);
                Ok(())
            }
        }
    }
}

fn entry(path: String, dependency: Dependency) -> Raw {
    let mut raw = Raw {
        path,
        name: None,
        version: dependency.version.0,
        resolved: dependency.resolved.0,
        integrity: dependency.integrity.0,
        link: false,
        in_bundle: dependency.bundled,
        // Version 1 does not say who bundles; only whose parent can be asked.
        bundles: true,
    };
    let Some(version) = raw.version.take() else { return raw };
    if let Some((name, version)) =
        version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'))
    {
        raw.name = Some(name.to_owned());
        raw.version = Some(version.to_owned());
        return raw;
    }
    match Source::of(&version) {
        None => raw.version = Some(version),
        Some(Source::Folder(folder)) => {
            raw.link = true;
            raw.resolved = Some(folder);
        }
        Some(_) => raw.resolved = Some(version),
    }
    raw
}
