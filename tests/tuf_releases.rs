//! Stores and archives through several releases of sealift, each of which pins more roots than the
//! one before: whatever an earlier one made, today's verifies, imports and refreshes, in every
//! order, and never goes back.
//!
//! With `SEALIFT_ROOT_SIGNING_HISTORY` the real repository's history does the same; its files are no
//! part of this repository (`tests/crosscheck/lay_out.py` says how to get them).
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod disk;
mod repository;

use std::path::Path;

use chrono::Duration;
use disk::{Hasty, files};
use repository::pins;
use sealift::{
    adapters::tuf::{InstanceStore, RefreshError, StoredInstance, TrustStore, import, refresh},
    core::{
        time::{self, Time},
        trust::instance::Instance,
        tuf::{Entries, MetadataError, PinnedRoots, State, UpdateError, replay},
    },
};
use testkit::tuf::Repository;

/// The roots that public good pins today.
const PINS: [u64; 9] = [5, 8, 9, 10, 12, 13, 14, 15, 16];
/// The newest pinned root of each release: three earlier ones, and today's.
const RELEASES: [u64; 4] = [10, 12, 15, 16];

/// What was published when a release was current, what it made of it, and when.
struct Era {
    /// The newest root published then.
    root: u64,
    /// When a machine of that time refreshed.
    at: Time,
    published: Entries,
}

/// A repository's history, and who pins what of it.
struct History {
    eras: Vec<Era>,
    /// The roots that named other keys for all roles.
    rotated: Vec<u64>,
    /// Today's instance.
    today: Instance,
}

impl History {
    /// As an earlier release had it.
    fn instance(&self, newest: u64) -> Instance {
        let roots = self.today.pinned.roots().filter(|(version, _)| *version <= newest);
        let roots = roots.map(|(_, bytes)| bytes.to_vec());
        Instance { pinned: pins(roots), ..self.today.clone() }
    }

    fn empty(&self) -> (tempfile::TempDir, InstanceStore<Hasty>) {
        let base = tempfile::tempdir().unwrap();
        let store = TrustStore::on(base.path(), Hasty::default()).open(&self.today.name).unwrap();
        (base, store)
    }

    /// A store that a release of that time had refreshed.
    fn store(&self, era: &Era) -> (tempfile::TempDir, InstanceStore<Hasty>) {
        let (base, store) = self.empty();
        refresh(&self.instance(era.root), &era.published, &store, era.at).unwrap();
        (base, store)
    }

    /// What an archive of that time carries.
    fn archive(&self, era: &Era) -> Entries {
        let (_base, store) = self.store(era);
        let held = store.load(&self.instance(era.root)).unwrap();
        held.local.state.unwrap().entries().clone()
    }

    /// The archive as today's build reads it.
    fn replayed(&self, era: &Era, archive: &Entries) -> State {
        replay(&self.today.pinned, &self.today.wanted, archive, era.at).unwrap()
    }
}

/// Roots 1 to 16, some of which rotate the keys of all roles, with targets that change.
fn synthetic(rotated: &[u64]) -> History {
    let start = time::parse("2025-01-01T00:00:00Z").unwrap();
    let mut repository = Repository::new(start);
    let (mut eras, mut roots) = (Vec::new(), Vec::new());
    for version in 1..=16_u64 {
        let now = start + Duration::days(30 * i64::try_from(version).unwrap());
        if version > 1 {
            repository.rotate("root");
            for role in ["timestamp", "snapshot", "targets"] {
                if rotated.contains(&version) {
                    repository.rotate(role);
                }
                repository.role(role).expires = now + Duration::days(7);
            }
            repository.role("root").expires = now + Duration::days(365);
            let content = format!("{{\"of\":{version}}}").into_bytes();
            repository.targets.insert("trusted_root.json".to_owned(), content);
            repository.publish_root();
        }
        repository.publish();
        if PINS.contains(&version) {
            roots.push(repository.root_bytes(version));
        }
        if RELEASES.contains(&version) {
            eras.push(Era { root: version, at: now, published: repository.files.clone() });
        }
    }
    let first = PinnedRoots::new(repository.root_bytes(1)).unwrap();
    let today = Instance::private("acme", "https://tuf.example.com", None, first).unwrap();
    History { eras, rotated: rotated.to_vec(), today: Instance { pinned: pins(roots), ..today } }
}

/// The real history, where it is at hand.
fn real() -> Option<History> {
    let folder = std::env::var_os("SEALIFT_ROOT_SIGNING_HISTORY")?;
    let era = |root: u64| {
        let published = files(&Path::new(&folder).join(root.to_string()));
        let timestamp: serde_json::Value =
            serde_json::from_slice(&published["timestamp.json"]).unwrap();
        let expires = time::parse(timestamp["signed"]["expires"].as_str().unwrap()).unwrap();
        Era { root, at: expires - Duration::days(2), published }
    };
    let eras = [10, 12, 15].map(era).into();
    Some(History { eras, rotated: vec![11], today: Instance::public_good() })
}

fn histories() -> Vec<History> {
    [synthetic(&[]), synthetic(&[11]), synthetic(&[4, 8, 12, 16])]
        .into_iter()
        .chain(real())
        .collect()
}

fn held(store: &InstanceStore<Hasty>, instance: &Instance) -> StoredInstance {
    store.load(instance).unwrap()
}

fn root(store: &InstanceStore<Hasty>, instance: &Instance) -> u64 {
    held(store, instance).local.state.map_or(0, |state| state.version("root"))
}

/// All orders of `0..count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, next);
                    longer
                })
            })
            .collect();
    }
    all
}

#[test]
fn an_archive_of_any_release_replays_at_its_own_last_root() {
    for history in histories() {
        for era in &history.eras {
            let archive = history.archive(era);
            assert_eq!(history.replayed(era, &archive).version("root"), era.root);
            assert!(!archive.contains_key(&format!("{}.root.json", era.root + 1)));
        }
    }
}

#[test]
fn archives_of_all_releases_import_in_every_order_and_never_go_back() {
    for history in [synthetic(&[4, 8, 12, 16])].into_iter().chain(real()) {
        let archives: Vec<State> =
            history.eras.iter().map(|era| history.replayed(era, &history.archive(era))).collect();
        // Into an empty store, and into one that each release had made.
        let starts = std::iter::once(None).chain(history.eras.iter().map(Some));
        for start in starts {
            for order in orders(archives.len()) {
                let (_base, store) = match start {
                    Some(era) => history.store(era),
                    None => history.empty(),
                };
                let mut newest = start.map_or(0, |era| era.root);
                assert_eq!(root(&store, &history.today), newest);
                // The last one twice: the same once more is up to date.
                for index in order.iter().chain(order.last()).copied() {
                    let (era, offered) = (&history.eras[index], &archives[index]);
                    let done = import(&history.today, offered, &store, era.at);
                    match era.root >= newest {
                        true => drop(done.unwrap()),
                        false => is_rollback(&done.unwrap_err(), newest, era.root),
                    }
                    newest = newest.max(era.root);
                    assert_eq!(root(&store, &history.today), newest);
                }
            }
        }
    }
}

fn is_rollback(error: &RefreshError<std::convert::Infallible>, trusted: u64, offered: u64) {
    let RefreshError::Update(UpdateError::Refused(error)) = error else { panic!("{error}") };
    let role = "root".to_owned();
    assert_eq!(*error, MetadataError::Rollback { role, trusted, offered });
}

#[test]
fn a_store_of_any_release_refreshes_with_todays_pins() {
    for history in histories() {
        for era in &history.eras {
            let (_base, store) = history.store(era);
            for later in history.eras.iter().filter(|later| later.root >= era.root) {
                let before = root(&store, &history.today);
                let done = refresh(&history.today, &later.published, &store, later.at);
                if history.rotated.iter().any(|version| *version > later.root) {
                    // A pinned root has rotated the keys: what they signed before is not a proof of
                    // being current. It is not called forged, and nothing is lost.
                    let RefreshError::Update(UpdateError::Refused(error)) = done.unwrap_err()
                    else {
                        panic!("another refusal")
                    };
                    assert!(matches!(error, MetadataError::Outgrown { root: 16, .. }), "{error}");
                    assert_eq!(root(&store, &history.today), before);
                    continue;
                }
                // The root is the repository's, not the pinned one.
                assert_eq!(done.unwrap().after.version("root"), later.root);
                assert_eq!(root(&store, &history.today), later.root);
            }
        }
    }
}

#[test]
fn what_todays_pins_refreshed_is_imported_beside_what_an_earlier_release_sealed() {
    // As it was in August: the repository is at root 15, and root 16 is pinned already.
    for history in histories() {
        if history.rotated.contains(&16) {
            continue;
        }
        let today = &history.today;
        let july = history.eras.iter().find(|era| era.root == 15).unwrap();
        let (_base, store) = history.store(july);
        let archive = history.archive(july);
        let offered = replay(&today.pinned, &today.wanted, &archive, july.at).unwrap();
        let refreshed = refresh(today, &july.published, &store, july.at).unwrap();
        assert_eq!(refreshed.after.version("root"), 15);
        for _ in 0..2 {
            let imported = import(today, &offered, &store, july.at).unwrap();
            assert_eq!(imported.before.unwrap().changes(&imported.after), []);
        }
    }
}

#[test]
fn two_histories_of_one_repository_are_told_apart_from_a_rollback() {
    let (one, other) = (synthetic(&[]), synthetic(&[]));
    let era = &one.eras[2];
    let (_base, store) = one.store(era);
    let stranger = other.archive(&other.eras[2]);
    let refused = replay(&one.today.pinned, &one.today.wanted, &stranger, era.at).unwrap_err();
    assert!(matches!(refused, MetadataError::RootDiffers { .. }));
    assert_eq!(root(&store, &one.today), 15);
}
