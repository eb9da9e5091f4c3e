//! The pinned roots: that they are what `trust/README.md` says, and that a chain may start at any
//! of them.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use std::{collections::BTreeMap, fs, path::Path};

use repository::{now, pin, pins, update, update_at, wanted};
use sealift::core::{
    package::digest::Algorithm,
    trust::instance::{BUILT_IN, Instance},
    tuf::{Entries, LocalState, MetadataError, PinnedRoots, State, replay},
};
use sigstore_tuf::{Metadata, Root};
use testkit::tuf::Repository;

/// The files that the README lists, by name, with their digests.
fn listed() -> BTreeMap<String, String> {
    let readme = fs::read_to_string("trust/README.md").unwrap();
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells[1].to_owned(), cells[3].to_owned())
    })
    .collect()
}

#[test]
fn every_file_is_listed_with_its_digest_and_no_other_is_there() {
    let mut found = BTreeMap::new();
    for instance in BUILT_IN {
        for file in fs::read_dir(Path::new("trust").join(instance)).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix("trust").unwrap().to_string_lossy().replace('\\', "/");
            let digest = Algorithm::Sha256.digest(&fs::read(&path).unwrap());
            found.insert(name, digest.to_hex());
        }
    }
    assert_eq!(found, listed());
}

#[test]
fn what_is_compiled_in_is_what_is_listed() {
    for name in BUILT_IN {
        let instance = Instance::built_in(name).unwrap();
        let roots = listed()
            .keys()
            .filter(|file| file.starts_with(&format!("{name}/")) && file.ends_with(".root.json"))
            .count();
        assert_eq!(instance.pinned.roots().count(), roots);
        for (version, bytes) in instance.pinned.roots() {
            let file = fs::read(format!("trust/{name}/{version}.root.json")).unwrap();
            assert_eq!(file, bytes);
        }
    }
}

#[test]
fn every_pinned_root_is_signed_by_its_own_keys_and_has_its_version() {
    for name in BUILT_IN {
        for (version, bytes) in Instance::built_in(name).unwrap().pinned.roots() {
            assert_eq!(PinnedRoots::new(bytes.to_vec()).unwrap().newest(), version, "{name}");
        }
    }
}

#[test]
fn consecutive_pinned_roots_follow_from_each_other() {
    for name in BUILT_IN {
        let roots: BTreeMap<u64, Metadata<Root>> = Instance::built_in(name)
            .unwrap()
            .pinned
            .roots()
            .map(|(version, bytes)| (version, Metadata::from_slice(bytes).unwrap()))
            .collect();
        let mut consecutive = 0;
        for (version, root) in &roots {
            let Some(former) = version.checked_sub(1).and_then(|version| roots.get(&version))
            else {
                continue;
            };
            let former = former.signed();
            let keys = former.role("root").unwrap();
            root.verify_threshold(&former.keys, keys, "root").unwrap();
            consecutive += 1;
        }
        assert!(consecutive > 0, "{name}");
    }
}

/// A repository at root 6, and what an archive carried of it at each of its roots.
fn history() -> (Repository, BTreeMap<u64, Entries>) {
    let mut repository = Repository::new(now());
    let mut archives = BTreeMap::new();
    for version in 1..=6 {
        if version > 1 {
            repository.rotate("root");
            repository.rotate("timestamp");
            repository.publish_root();
            repository.publish();
        }
        archives.insert(version, state(&pin(&repository), &repository).unwrap().entries().clone());
    }
    (repository, archives)
}

fn state(pinned: &PinnedRoots, repository: &Repository) -> Result<State, MetadataError> {
    update(pinned, &repository.files)
}

fn pinned(repository: &Repository, versions: &[u64]) -> PinnedRoots {
    pins(versions.iter().map(|version| repository.root_bytes(*version)))
}

fn replayed(pinned: &PinnedRoots, entries: &Entries) -> Result<u64, MetadataError> {
    Ok(replay(pinned, &wanted(), entries, now())?.version("root"))
}

#[test]
fn an_archive_of_any_age_verifies_through_the_pinned_history() {
    let (repository, archives) = history();
    let pinned = pinned(&repository, &[2, 4, 6]);
    for version in 2..=6 {
        assert_eq!(replayed(&pinned, &archives[&version]), Ok(version));
    }
    let refused = MetadataError::NoPinnedRoot { carried: 1, oldest: 2 };
    assert_eq!(replayed(&pinned, &archives[&1]), Err(refused));
}

#[test]
fn a_carried_chain_may_start_at_any_pinned_root() {
    let (repository, archives) = history();
    let mut entries = archives[&5].clone();
    for version in 1..=3 {
        entries.remove(&format!("{version}.root.json"));
    }
    assert_eq!(replayed(&pinned(&repository, &[2, 4, 6]), &entries), Ok(5));
    assert_eq!(replayed(&pinned(&repository, &[3]), &entries), Ok(5));
    let refused = MetadataError::RootMissing { version: 3 };
    assert_eq!(replayed(&pinned(&repository, &[2, 6]), &entries), Err(refused));
}

#[test]
fn a_carried_root_must_be_the_pinned_one_of_its_version() {
    let (repository, archives) = history();
    let pinned = pinned(&repository, &[2, 4, 6]);
    for version in [2, 4] {
        let mut entries = archives[&5].clone();
        let root = entries.get_mut(&format!("{version}.root.json")).unwrap();
        // Another serialisation of the same content is the same root, …
        root.push(b' ');
        assert_eq!(replayed(&pinned, &entries), Ok(5));
        // … another content is not, whoever signed it.
        let (other, _) = history();
        entries.insert(format!("{version}.root.json"), other.root_bytes(version));
        let refused = MetadataError::RootDiffers { version };
        assert_eq!(replayed(&pinned, &entries), Err(refused));
    }
}

#[test]
fn a_root_of_another_repository_leads_nowhere() {
    let (repository, archives) = history();
    let (other, _) = history();
    assert!(matches!(
        replayed(&pinned(&other, &[1]), &archives[&3]),
        Err(MetadataError::RootDiffers { version: 1 })
    ));
    let mut entries = archives[&3].clone();
    entries.insert("4.root.json".to_owned(), other.root_bytes(4));
    assert!(matches!(
        replayed(&pinned(&repository, &[1]), &entries),
        Err(MetadataError::Threshold { role, found: 0, .. }) if role == "root"
    ));
}

#[test]
fn an_update_starts_at_the_newest_pinned_root_and_carries_those_before() {
    let (repository, _) = history();
    let newest = state(&pinned(&repository, &[2, 4, 5]), &repository).unwrap();
    let roots: Vec<&String> =
        newest.entries().keys().filter(|name| name.ends_with(".root.json")).collect();
    assert_eq!(roots, ["4.root.json", "5.root.json", "6.root.json"]);
}

#[test]
fn a_newer_pinned_root_takes_over_from_the_local_ones() {
    let (repository, archives) = history();
    let load = |pinned: &PinnedRoots, version| {
        let none = Entries::new();
        LocalState::load(pinned, &wanted(), Some(&archives[&version]), &none).unwrap()
    };
    let pinned = pinned(&repository, &[1, 6]);
    let local = load(&pinned, 3);
    let state = update_at(&repository, &pinned, &local, now()).unwrap();
    assert_eq!(state.version("root"), 6);
    assert!(!state.entries().contains_key("3.root.json"));
}
