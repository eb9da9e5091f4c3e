//! Lockfiles as the real npm versions write them (`tests/data/lockfiles/written`): all are accepted,
//! and the two sections of each version 2 agree, which is what a hostile one can be told by.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "reads the test data")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sealift::core::lockfile::parse;
use serde_json::Value;

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lockfiles/written");
    let inside = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = inside(root).flat_map(inside).collect();
    files.sort();
    files
}

/// The number at the end of `npm10-v2`.
fn version_of(path: &Path) -> u32 {
    let name = path.file_stem().unwrap().to_str().unwrap();
    name.rsplit_once("-v").unwrap().1.parse().unwrap()
}

#[test]
fn accepts_what_npm_writes() {
    let files = files();
    for path in &files {
        let parsed = parse(&fs::read(path).unwrap());
        let lockfile = parsed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(lockfile.version, version_of(path).to_string(), "{}", path.display());
    }
    let versions: Vec<_> = files.iter().map(|path| version_of(path)).collect();
    assert!((1..=4).all(|version| versions.contains(&version)), "{versions:?}");
}

/// Path, version, address and hash of each package; of links only the path.
type Section = BTreeMap<String, Vec<Option<String>>>;

fn facts(entry: &Value, version: Option<&str>, address: Option<&str>) -> Vec<Option<String>> {
    let hash = entry["integrity"].as_str();
    [version, address, hash].map(|text| text.map(str::to_owned)).to_vec()
}

fn new_section(lockfile: &Value) -> Section {
    let entries = lockfile["packages"].as_object().unwrap();
    let links = entries.iter().filter(|(_, entry)| entry["link"] == true);
    let links: Vec<_> =
        links.map(|(path, link)| (path, link["resolved"].as_str().unwrap())).collect();
    let mut section = Section::new();
    for (path, entry) in entries.iter().filter(|(path, _)| path.contains("node_modules/")) {
        // The old section has what is below a linked folder below the link.
        let linked = links.iter().find(|(_, target)| path.starts_with(&format!("{target}/")));
        let path = match linked {
            Some((link, target)) => path.replacen(target, link, 1),
            None => path.clone(),
        };
        let link = entry["link"] == true;
        let version = entry["version"].as_str();
        let address = entry["resolved"].as_str().filter(|_| !link);
        section.insert(path, facts(entry, version, address));
    }
    section
}

fn old_section(dependencies: &Value, above: &str, section: &mut Section) {
    for (name, entry) in dependencies.as_object().into_iter().flatten() {
        let path = format!("{above}node_modules/{name}");
        let version = entry["version"].as_str().filter(|version| !version.starts_with("file:"));
        // An alias has its real name here, and in `name` of the new section.
        let version =
            version.map(|version| version.rsplit_once('@').map_or(version, |(_, end)| end));
        section.insert(path.clone(), facts(entry, version, entry["resolved"].as_str()));
        old_section(&entry["dependencies"], &format!("{path}/"), section);
    }
}

#[test]
fn both_sections_of_version_2_ask_for_the_same() {
    let second: Vec<_> = files().into_iter().filter(|path| version_of(path) == 2).collect();
    assert!(second.len() >= 4);
    for path in second {
        let lockfile: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let mut old = Section::new();
        old_section(&lockfile["dependencies"], "", &mut old);
        assert_eq!(new_section(&lockfile), old, "{}", path.display());
    }
}
