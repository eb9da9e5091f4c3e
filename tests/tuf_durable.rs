//! Nothing that is written can lock its owner out of the trust store: not by what a repository
//! publishes, not by an interruption, not through a link or a pipe.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod disk;
mod repository;

use std::{
    convert::Infallible,
    fs, io,
    path::{Path, PathBuf},
};

use chrono::Duration;
use disk::Hasty;
use repository::{NAME, current, instance, now, store_in};
use sealift::{
    adapters::tuf::{
        InstanceStore, RefreshError, StoredInstance, TrustStore, TrustStoreError, refresh,
        refresh_from,
    },
    core::{
        addresses::NPM_REGISTRY,
        limits::{EARLIEST, ROOT_VERSIONS},
        trust::instance::Instance,
        tuf::{self, Entries, MetadataError, PinnedRoots, UpdateError},
    },
};
use testkit::tuf::Repository;

/// A store that was refreshed once.
struct Machine {
    repository: Repository,
    instance: Instance,
    base: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let repository = Repository::new(now());
        let machine = Self {
            instance: instance(&repository),
            repository,
            base: tempfile::tempdir().unwrap(),
        };
        machine.refresh().unwrap();
        machine
    }

    fn store(&self) -> InstanceStore {
        store_in(self.base.path())
    }

    fn load(&self) -> Result<StoredInstance, TrustStoreError> {
        self.store().load(&self.instance)
    }

    fn refresh(&self) -> Result<(), RefreshError<Infallible>> {
        refresh(&self.instance, &self.repository.files, &self.store(), now()).map(drop)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.base.path().join(NAME).join(name)
    }
}

#[test]
fn a_root_of_another_repository_does_not_lock_the_store() {
    let (machine, other) = (Machine::new(), Repository::new(now()));
    let foreign = PinnedRoots::new(other.root_bytes(1)).unwrap();
    for base in [machine.base.path().to_owned(), machine.base.path().join("fresh")] {
        let store = store_in(&base);
        let before = store.load(&machine.instance).unwrap();
        let refused = refresh_from(&foreign, &machine.instance, &other.files, &store, now());
        assert!(matches!(
            refused.unwrap_err(),
            RefreshError::Store(TrustStoreError::OtherRoot { .. })
                | RefreshError::Update(UpdateError::Refused(MetadataError::RootDiffers { .. }))
        ));
        assert_eq!(store.load(&machine.instance).unwrap(), before);
        refresh(&machine.instance, &machine.repository.files, &store, now()).unwrap();
    }
}

#[test]
fn more_roots_than_can_be_read_back_are_not_taken_in_several_updates() {
    let mut machine = Machine::new();
    let store = TrustStore::on(machine.base.path(), Hasty::default()).open(NAME).unwrap();
    let more = |machine: &mut Machine, roots: u64| {
        for _ in 0..roots {
            machine.repository.publish_root();
        }
        let done = refresh(&machine.instance, &machine.repository.files, &store, now());
        machine.load().unwrap();
        done
    };
    more(&mut machine, ROOT_VERSIONS).unwrap();
    let refused = more(&mut machine, 1).unwrap_err();
    assert!(matches!(
        refused,
        RefreshError::Update(UpdateError::Refused(MetadataError::TooManyRoots {
            bound: ROOT_VERSIONS
        }))
    ));
}

#[test]
fn a_role_whose_file_would_be_read_back_as_a_root_is_not_written() {
    let mut machine = Machine::new();
    let path = "registry.npmjs.org/keys.json";
    machine.repository.delegate("1.root", &["registry.npmjs.org/*"], &[(path, b"k")]);
    machine.repository.role("root").edit =
        Some(Box::new(|signed| signed["consistent_snapshot"] = false.into()));
    machine.repository.publish_root();
    machine.repository.publish();
    let plain = |files: &mut Entries, role: &str, version: u64| {
        let bytes = files[&format!("{version}.{role}.json")].clone();
        files.insert(format!("{role}.json"), bytes);
    };
    plain(&mut machine.repository.files, "snapshot", 2);
    plain(&mut machine.repository.files, "targets", 2);
    let target = b"{}".to_vec();
    machine.repository.files.insert("targets/trusted_root.json".to_owned(), target);
    machine.refresh().unwrap();
    let held = machine.load().unwrap();
    assert_eq!(held.local.state.unwrap().missed().len(), 1);
}

#[test]
fn a_missing_current_or_an_emptied_generation_is_corrupt() {
    let corrupt = |machine: &Machine| {
        let refused = machine.load().unwrap_err();
        assert!(matches!(refused, TrustStoreError::Corrupt { .. }), "{refused}");
        assert!(machine.refresh().is_err());
    };
    let machine = Machine::new();
    fs::remove_file(machine.file("current")).unwrap();
    corrupt(&machine);

    let machine = Machine::new();
    let generation = current(machine.base.path());
    fs::remove_dir_all(&generation).unwrap();
    corrupt(&machine);
    fs::create_dir(&generation).unwrap();
    corrupt(&machine);

    // Also where there was only one generation, as after a first import.
    let machine = Machine::new();
    let state = machine.load().unwrap().local.state.unwrap();
    let base = tempfile::tempdir().unwrap();
    let store = store_in(base.path());
    sealift::adapters::tuf::import(&machine.instance, &state, &store, now()).unwrap();
    fs::remove_file(base.path().join(NAME).join("current")).unwrap();
    let refused = store.load(&machine.instance).unwrap_err();
    assert!(matches!(refused, TrustStoreError::Corrupt { .. }), "{refused}");
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links() {
    use std::os::unix::fs::symlink;
    let machine = Machine::new();
    let victim = machine.base.path().join("victim");
    fs::write(&victim, b"mine").unwrap();
    let folder = machine.base.path().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("file"), b"mine").unwrap();
    let untouched = || {
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    };
    // Our own temporary names are replaced, …
    symlink(&victim, machine.file("current.new")).unwrap();
    symlink(&folder, machine.file("generations/new")).unwrap();
    machine.refresh().unwrap();
    untouched();
    // … and where something else must be, a link is refused.
    for (name, to) in [("lock", &victim), ("generations", &folder), ("current", &victim)] {
        let machine = Machine::new();
        let path = machine.file(name);
        match path.is_dir() {
            true => fs::remove_dir_all(&path).unwrap(),
            false => fs::remove_file(&path).unwrap(),
        }
        symlink(to, &path).unwrap();
        machine.refresh().unwrap_err();
        untouched();
    }
    let machine = Machine::new();
    fs::rename(machine.file(""), machine.base.path().join("moved")).unwrap();
    symlink(machine.base.path().join("moved"), machine.base.path().join(NAME)).unwrap();
    machine.refresh().unwrap_err();
    machine.load().unwrap_err();
}

#[cfg(unix)]
#[test]
fn nobody_waits_on_a_pipe() {
    let pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success());
    };
    let machine = Machine::new();
    pipe(&machine.file("current.new"));
    machine.refresh().unwrap();
    let inside = current(machine.base.path());
    for path in [
        machine.file("lock"),
        machine.file("current"),
        inside.join("checked"),
        inside.join("repository/timestamp.json"),
    ] {
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        pipe(&path);
        machine.refresh().unwrap_err();
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    machine.load().unwrap();
}

/// A repository that ends the process at some request, as a signal would.
struct Interrupted<'a>(&'a Entries, &'static str);

impl tuf::Repository for Interrupted<'_> {
    type Error = io::Error;

    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, io::Error> {
        if name.ends_with(self.1) {
            std::panic::resume_unwind(Box::new("interrupted"));
        }
        tuf::Repository::metadata(self.0, name, max).map_err(|never| match never {})
    }

    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, io::Error> {
        tuf::Repository::target(self.0, path, max).map_err(|never| match never {})
    }
}

/// §5.4.5 and §5.5.7: what was authentic is written down before the next request.
#[test]
fn the_floor_is_on_disk_before_the_next_file_is_asked_for() {
    for (file, floor) in [
        ("timestamp.json", &["2.root.json"][..]),
        ("snapshot.json", &["2.root.json", "timestamp.json"]),
        ("2.targets.json", &["2.root.json", "snapshot.json", "timestamp.json"]),
    ] {
        let mut machine = Machine::new();
        let old = machine.repository.files.clone();
        machine.repository.publish_root();
        machine.repository.publish();
        let repository = Interrupted(&machine.repository.files, file);
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            refresh(&machine.instance, &repository, &machine.store(), now()).is_ok()
        }));
        assert!(ended.is_err());
        let kept = machine.load().unwrap().local.floor().entries();
        assert_eq!(kept.keys().collect::<Vec<_>>(), floor);
        // And what was published before is refused from then on, by the timestamp at the latest.
        if floor.len() > 1 {
            machine.repository.files.extend(old);
            assert!(matches!(
                machine.refresh().unwrap_err(),
                RefreshError::Update(UpdateError::Refused(MetadataError::Rollback { .. }))
            ));
        }
    }
}

#[test]
fn a_check_in_the_future_is_an_error_until_it_is_taken_back() {
    let machine = Machine::new();
    let ahead = now() + Duration::days(3);
    refresh(&machine.instance, &machine.repository.files, &machine.store(), ahead).unwrap();
    assert!(matches!(machine.refresh().unwrap_err(), RefreshError::Clock { .. }));
    let reset = |at| {
        let store = machine.store();
        let done = store.lock().unwrap().reset_check(&machine.instance, at);
        done.unwrap();
        machine.load().unwrap()
    };
    // One that is past stays.
    assert_eq!(reset(ahead).checked, Some(ahead));
    let held = reset(now());
    assert_eq!(held.checked, Some(EARLIEST));
    assert!(held.local.state.is_some());
    machine.refresh().unwrap();
    assert_eq!(machine.load().unwrap().checked, Some(now()));
}

#[test]
fn a_pin_that_failed_leaves_no_registry_for_the_next_one() {
    let repository = Repository::new(now());
    let base = tempfile::tempdir().unwrap();
    let (url, root) = ("https://tuf.example.com", repository.root_bytes(1));
    let failing = TrustStore::on(base.path(), Hasty { fails_at: Some("root.json.new") });
    failing.pin(NAME, url, Some(NPM_REGISTRY), &root).unwrap_err();
    let store = TrustStore::new(base.path());
    assert!(matches!(store.instance(NAME), Err(TrustStoreError::Unknown { .. })));
    assert!(!store.instances().unwrap().contains(&NAME.to_owned()));
    let pinned = store.pin(NAME, url, None, &root).unwrap();
    assert_eq!(pinned.registry, None);
    assert_eq!(store.instance(NAME).unwrap(), pinned);
}

#[test]
fn a_recall_that_could_not_be_kept_leaves_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = |fails_at| TrustStore::on(folder.path(), Hasty { fails_at }).open(NAME).unwrap();
    let (monday, tuesday) = (now() - Duration::days(1), now());
    store(None).lock().unwrap().keep_recall(monday).unwrap();
    let failing = store(Some("recall.new"));
    assert!(matches!(failing.lock().unwrap().keep_recall(tuesday), Err(TrustStoreError::File(_))));
    assert_eq!(failing.newest_recall().unwrap(), Some(monday));
    // What an interruption left is in nobody's way, and a link is not followed.
    let outside = folder.path().join("outside");
    fs::write(&outside, "kept").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&outside, folder.path().join(NAME).join("recall.new")).unwrap();
    let store = TrustStore::new(folder.path()).open(NAME).unwrap();
    store.lock().unwrap().keep_recall(tuesday).unwrap();
    assert_eq!(store.newest_recall().unwrap(), Some(tuesday));
    assert_eq!(fs::read_to_string(outside).unwrap(), "kept");
    #[cfg(unix)]
    {
        let kept = folder.path().join(NAME).join("recall");
        fs::remove_file(&kept).unwrap();
        std::os::unix::fs::symlink("../outside", &kept).unwrap();
        assert!(store.newest_recall().unwrap_err().to_string().contains("not a regular file"));
    }
}
