//! The trust store: atomic, locked, closed to corruption, and never going back.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod disk;
mod repository;

use std::{cell::Cell, fs, io, path::Path, rc::Rc};

use chrono::Duration;
use disk::files;
use repository::{NAME, current, delegate_keys, instance, now, store_in};
use sealift::{
    adapters::tuf::{
        Disk, RefreshError, StoredInstance, SystemDisk, TrustStore, TrustStoreError, import,
        refresh,
    },
    core::{
        limits::EARLIEST,
        time,
        trust::instance::Instance,
        tuf::{MetadataError, UpdateError},
    },
};
use testkit::tuf::Repository;

fn held(base: &Path, instance: &Instance) -> StoredInstance {
    store_in(base).load(instance).unwrap()
}

/// A disk that breaks down after some steps; a write on the way down gets half-way.
#[derive(Clone)]
struct Failing {
    steps: Rc<Cell<u32>>,
}

impl Failing {
    fn step(&self) -> io::Result<()> {
        match self.steps.get().checked_sub(1) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(io::Error::other("the power went out")),
        }
    }
}

impl Disk for Failing {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        SystemDisk.make_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.step() {
            // The folder may be gone after an earlier failure; then nothing is written.
            let _ = fs::write(path, &bytes[..bytes.len() / 2]);
            return Err(error);
        }
        SystemDisk.write(path, bytes)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        SystemDisk.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        SystemDisk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        SystemDisk.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        SystemDisk.remove_folder(path)
    }
}

#[test]
fn a_crash_at_any_step_leaves_the_old_or_the_new() {
    let mut repository = Repository::new(now());
    let instance = instance(&repository);
    let versions = [repository.files.clone(), {
        repository.publish_root();
        repository.publish();
        repository.files.clone()
    }];
    // From nothing to the first version, and from the first to the second.
    for start in [0, 1] {
        let (mut old, mut new) = (0, 0);
        for steps in 0.. {
            let base = tempfile::tempdir().unwrap();
            if start == 1 {
                let store = store_in(base.path());
                refresh(&instance, &versions[0], &store, now()).unwrap();
            }
            let before = held(base.path(), &instance);
            let disk = Failing { steps: Rc::new(Cell::new(steps)) };
            let store = TrustStore::on(base.path(), disk.clone()).open(NAME).unwrap();
            let done = refresh(&instance, &versions[start], &store, now());
            drop(store);
            let after = held(base.path(), &instance);
            let finished = after.local.state.as_ref().map(|state| state.version("timestamp"));
            if after.local.state == before.local.state {
                // What was authentic on the way may be written down already.
                old += 1;
                assert_eq!(after.checked, before.checked);
                assert!(done.is_err());
            } else {
                new += 1;
                assert_eq!(finished, Some(start as u64 + 1));
            }
            // And it is not an obstacle to the next update.
            let store = store_in(base.path());
            refresh(&instance, &versions[start], &store, now()).unwrap();
            if done.is_ok() {
                assert!(disk.steps.get() == 0 || steps > 0);
                break;
            }
        }
        assert!(old > 10 && new > 0, "{old} {new}");
    }
}

#[test]
fn a_failed_update_moves_the_floor_and_nothing_else() {
    let mut repository = Repository::new(now());
    let instance = instance(&repository);
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    refresh(&instance, &repository.files, &store, now()).unwrap();
    let before = held(base.path(), &instance);
    let old = repository.files.clone();

    repository.role("timestamp").expires = now();
    repository.publish();
    refresh(&instance, &repository.files, &store, now() + Duration::hours(1)).unwrap_err();
    let after = held(base.path(), &instance);
    assert_eq!((&after.local.state, after.checked), (&before.local.state, before.checked));
    assert_eq!(after.local.floor().entries().keys().collect::<Vec<_>>(), ["timestamp.json"]);

    let refused = refresh(&instance, &old, &store, now() + Duration::hours(1)).unwrap_err();
    let RefreshError::Update(UpdateError::Refused(error)) = refused else { panic!("{refused}") };
    let role = "timestamp".to_owned();
    assert_eq!(error, MetadataError::Rollback { role, trusted: 2, offered: 1 });

    repository.role("timestamp").expires = now() + Duration::days(7);
    repository.publish();
    refresh(&instance, &repository.files, &store, now() + Duration::hours(2)).unwrap();
    assert!(held(base.path(), &instance).local.floor().is_empty());
}

#[test]
fn nobody_updates_while_another_does() {
    let repository = Repository::new(now());
    let instance = instance(&repository);
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    let locked = store.lock().unwrap();
    let refused = refresh(&instance, &repository.files, &store, now()).unwrap_err();
    assert!(matches!(refused, RefreshError::Store(TrustStoreError::Locked(_))));
    assert!(refused.hint().is_some());
    drop(locked);
    refresh(&instance, &repository.files, &store, now()).unwrap();
}

#[test]
fn corruption_is_refused_with_a_remedy() {
    let repository = Repository::new(now());
    let instance = instance(&repository);
    let fresh = || {
        let base = tempfile::tempdir().unwrap();
        let store = store_in(base.path());
        refresh(&instance, &repository.files, &store, now()).unwrap();
        refresh(&instance, &repository.files, &store, now()).unwrap();
        base
    };
    let count = files(fresh().path()).len();
    let mut refused = 0;
    for at in 0..count {
        for remove in [false, true] {
            let base = fresh();
            let (path, bytes) = files(base.path()).into_iter().nth(at).unwrap();
            let path = base.path().join(path);
            let counts = path.starts_with(current(base.path())) || path.ends_with("current");
            if !counts {
                continue;
            }
            if remove {
                fs::remove_file(&path).unwrap();
            } else {
                fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
            let store = store_in(base.path());
            match store.load(&instance) {
                Err(error @ TrustStoreError::Corrupt { .. }) => {
                    assert!(error.hint().unwrap().contains("import"));
                    refused += 1;
                }
                // The pinned root is at hand anyway.
                Ok(_) => assert!(remove && path.ends_with("1.root.json"), "{}", path.display()),
                Err(other) => panic!("{}: {other}", path.display()),
            }
            let again = refresh(&instance, &repository.files, &store, now());
            assert_eq!(again.is_ok(), store.load(&instance).is_ok());
        }
    }
    assert!(refused > 10);
}

#[test]
fn a_clock_that_went_back_is_refused() {
    let repository = Repository::new(now());
    let instance = instance(&repository);
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    let at = |text| refresh(&instance, &repository.files, &store, time::parse(text).unwrap());
    let refused = at("1970-01-01T00:00:07Z").unwrap_err();
    assert!(matches!(refused, RefreshError::Clock { .. }));
    assert!(refused.hint().unwrap().contains("clock"));
    assert!(files(base.path()).iter().all(|(path, _)| path.ends_with("lock")));
    // Sigstore is not older than this: one second before is a clock's fault, from then on the
    // metadata's own dates decide, and what was published later is not refused for that.
    let before = time::format(EARLIEST - Duration::seconds(1));
    let refused = at(&before).unwrap_err();
    assert!(matches!(refused, RefreshError::Clock { past, .. } if past == EARLIEST));
    let elsewhere = TrustStore::new(&base.path().join("elsewhere")).open(NAME).unwrap();
    refresh(&instance, &repository.files, &elsewhere, EARLIEST).unwrap();
    at("2026-11-23T04:00:00Z").unwrap();
    assert!(matches!(at("2026-11-23T03:00:00Z").unwrap_err(), RefreshError::Clock { .. }));
}

#[test]
fn a_store_refreshed_and_one_imported_are_equal_byte_for_byte() {
    let mut repository = Repository::new(now());
    delegate_keys(&mut repository, b"k");
    repository.publish_root();
    repository.publish();
    let instance = instance(&repository);
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let connected = store_in(one.path());
    let isolated = store_in(other.path());
    let state = refresh(&instance, &repository.files, &connected, now()).unwrap().after;
    import(&instance, &state, &isolated, now()).unwrap();
    assert_eq!(files(&current(one.path())), files(&current(other.path())));

    // What is stored is a repository that any client can be pointed at.
    let published = files(&current(other.path()).join("repository"));
    let third = tempfile::tempdir().unwrap();
    let store = store_in(third.path());
    assert_eq!(refresh(&instance, &published, &store, now()).unwrap().after, state);
}

#[test]
fn an_import_never_goes_back() {
    let mut repository = Repository::new(now());
    let instance = instance(&repository);
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    let old = refresh(&instance, &repository.files, &store, now()).unwrap().after;
    let rolled_back = |role: &str| {
        let before = files(base.path());
        let refused = import(&instance, &old, &store, now()).unwrap_err();
        assert_eq!(files(base.path()), before);
        let RefreshError::Update(UpdateError::Refused(error)) = refused else {
            panic!("{refused}");
        };
        let role = role.to_owned();
        assert_eq!(error, MetadataError::Rollback { role, trusted: 2, offered: 1 });
    };
    repository.publish();
    refresh(&instance, &repository.files, &store, now()).unwrap();
    rolled_back("timestamp");
    repository.rotate("timestamp");
    repository.publish_root();
    repository.publish();
    refresh(&instance, &repository.files, &store, now()).unwrap();
    rolled_back("root");
}

#[test]
fn a_store_of_another_root_is_not_called_corrupt() {
    let (repository, other) = (Repository::new(now()), Repository::new(now()));
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    refresh(&instance(&repository), &repository.files, &store, now()).unwrap();
    let error = store.load(&instance(&other)).unwrap_err();
    assert!(matches!(
        error,
        TrustStoreError::OtherRoot { error: MetadataError::RootDiffers { version: 1 }, .. }
    ));
    assert!(error.hint().unwrap().contains("trust pin"));
}

#[test]
fn a_private_instance_is_pinned_once() {
    let repository = Repository::new(now());
    let base = tempfile::tempdir().unwrap();
    let store = TrustStore::new(base.path());
    assert!(matches!(store.instance(NAME), Err(TrustStoreError::Unknown { .. })));
    let url = "https://tuf.example.com";
    let pinned = store.pin(NAME, url, None, &repository.root_bytes(1)).unwrap();
    assert_eq!(store.instance(NAME).unwrap(), pinned);
    assert_eq!(store.instances().unwrap(), ["public-good", "github", "staging", NAME]);
    let again = store.pin(NAME, url, None, &repository.root_bytes(1)).unwrap_err();
    assert!(matches!(again, TrustStoreError::Pinned(_)));
    assert!(matches!(
        store.pin("staging", url, None, &repository.root_bytes(1)),
        Err(TrustStoreError::Name(_))
    ));
    assert!(matches!(store.pin("other", url, None, b"{}"), Err(TrustStoreError::Root(_))));
    assert!(!base.path().join("other").exists());
}
