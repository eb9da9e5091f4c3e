//! The limits on what TUF repositories serve and on what the trust store holds: what is as large as
//! its limit is taken, and what is one byte or one file more is not.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod disk;
mod repository;

use std::{fs, path::Path};

use disk::Hasty;
use repository::{NAME, delegate_keys, instance, now, pin, store_in, update, wanted};
use sealift::{
    adapters::{
        files::FileError,
        tuf::{RefreshError, TrustStore, TrustStoreError, refresh},
    },
    core::{
        limits::{
            LINE_BYTES, METADATA_BYTES, METADATA_VALUES, ROOT_BYTES, STORE_FILES, TARGET_BYTES,
            TIMESTAMP_BYTES, URL_BYTES,
        },
        tuf::{MetadataError, State, WantedTargets, replay},
    },
};
use serde_json::json;
use testkit::tuf::Repository;

/// What a client without any local state says.
fn fresh(repository: &Repository) -> Result<State, MetadataError> {
    update(&pin(repository), &repository.files)
}

#[test]
fn files_are_as_large_as_their_limits() {
    let wanted = wanted();
    for (file, max) in [
        ("2.root.json", ROOT_BYTES),
        ("timestamp.json", TIMESTAMP_BYTES),
        ("2.snapshot.json", METADATA_BYTES),
        ("2.targets.json", METADATA_BYTES),
        ("1.npm.json", METADATA_BYTES),
    ] {
        let mut repository = Repository::new(now());
        delegate_keys(&mut repository, b"k");
        repository.publish_root();
        repository.publish();
        let pinned = pin(&repository);
        // White space after a value changes nothing.
        let size = usize::try_from(max).unwrap();
        repository.files.get_mut(file).unwrap().resize(size, b' ');
        let state = fresh(&repository).unwrap();
        assert_eq!(state.entries()[file].len(), size);
        let mut carried = state.entries().clone();
        assert_eq!(replay(&pinned, &wanted, &carried, now()).unwrap(), state);

        repository.files.get_mut(file).unwrap().push(b' ');
        let (named, size) = (file.to_owned(), max + 1);
        let refused = MetadataError::TooLarge { file: named, size, max };
        match file {
            // Only the optional target is missed.
            "1.npm.json" => {
                let missed = fresh(&repository).unwrap().missed().clone();
                assert_eq!(missed["registry.npmjs.org/keys.json"], refused.to_string());
            }
            _ => assert_eq!(fresh(&repository).unwrap_err(), refused),
        }
        // Whoever reads an archive or the store has one limit for all of its files.
        carried.get_mut(file).unwrap().push(b' ');
        assert_eq!(replay(&pinned, &wanted, &carried, now()).unwrap_err(), refused);
    }
}

#[test]
fn values_are_as_many_as_the_limit() {
    for (role, version) in [("root", 2), ("timestamp", 2), ("snapshot", 2), ("targets", 2)] {
        let with = |values: usize| {
            let mut repository = Repository::new(now());
            repository.role(role).edit =
                Some(Box::new(move |signed| signed["more"] = json!(vec![1; values])));
            if role == "root" {
                repository.publish_root();
            }
            repository.publish();
            let file = match role {
                "timestamp" => "timestamp.json".to_owned(),
                role => format!("{version}.{role}.json"),
            };
            let values =
                repository.files[&file].iter().filter(|byte| b",[{".contains(byte)).count();
            (values + 1, fresh(&repository))
        };
        // The timestamp's bytes are too few for so many.
        if role == "timestamp" {
            assert!(matches!(with(METADATA_VALUES).1, Err(MetadataError::TooLarge { .. })));
            continue;
        }
        let (others, _) = with(1);
        let (values, found) = with(METADATA_VALUES - others + 1);
        assert_eq!((values, found.map(drop)), (METADATA_VALUES, Ok(())), "{role}");
        let (values, found) = with(METADATA_VALUES - others + 2);
        assert_eq!(found.unwrap_err(), MetadataError::TooManyValues { role: role.into(), values });
    }
}

#[test]
fn a_target_as_large_as_the_limit() {
    let sized = |bytes: u64| {
        let mut repository = Repository::new(now());
        let content = vec![b' '; usize::try_from(bytes).unwrap()];
        repository.targets.insert("trusted_root.json".to_owned(), content);
        repository.publish();
        fresh(&repository)
    };
    let state = sized(TARGET_BYTES).unwrap();
    assert_eq!(state.trusted_root().unwrap().len() as u64, TARGET_BYTES);
    let (path, length) = ("trusted_root.json".to_owned(), TARGET_BYTES + 1);
    let refused = MetadataError::TargetTooLarge { path, length, max: TARGET_BYTES };
    assert_eq!(sized(length).unwrap_err(), refused);
}

/// Makes a file so large that the next byte is one too many; white space after what is in it
/// changes nothing.
fn fill(path: &Path, max: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes.resize(usize::try_from(max).unwrap(), b' ');
    fs::write(path, bytes).unwrap();
}

/// That one byte.
fn add(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes.push(b' ');
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn is_too_large(error: &FileError, limit: u64) {
    assert!(matches!(error, FileError::TooLarge { max, .. } if *max == limit), "{error}");
}

#[test]
fn what_the_store_says_in_a_line_is_no_longer_than_one() {
    let repository = Repository::new(now());
    let instance = instance(&repository);
    for file in ["current", "checked"] {
        let base = tempfile::tempdir().unwrap();
        let store = store_in(base.path());
        refresh(&instance, &repository.files, &store, now()).unwrap();
        let before = store.load(&instance).unwrap();
        let current = fs::read_to_string(base.path().join(NAME).join("current")).unwrap();
        let path = match file {
            "checked" => base.path().join(NAME).join("generations").join(current).join(file),
            _ => base.path().join(NAME).join(file),
        };
        fill(&path, LINE_BYTES);
        assert_eq!(store.load(&instance).unwrap(), before);
        add(&path);
        match store.load(&instance) {
            Err(TrustStoreError::File(error)) => is_too_large(&error, LINE_BYTES),
            other => panic!("{file}: {other:?}"),
        }
    }
}

#[test]
fn what_was_pinned_is_as_large_as_its_limits() {
    let repository = Repository::new(now());
    let base = tempfile::tempdir().unwrap();
    let store = TrustStore::new(base.path());
    let most = usize::try_from(URL_BYTES).unwrap();
    let long = |bytes: usize| {
        let start = "https://tuf.example.com/";
        format!("{start}{}", "a".repeat(bytes - start.len()))
    };
    let mut root = repository.root_bytes(1);
    root.resize(usize::try_from(ROOT_BYTES).unwrap(), b' ');
    let pinned = store.pin(NAME, &long(most), Some(&long(most)), &root).unwrap();
    assert_eq!(store.instance(NAME).unwrap(), pinned);

    // What could not be read back is not pinned.
    for (url, registry) in [(most + 1, most), (most, most + 1)] {
        let refused = store.pin("other", &long(url), Some(&long(registry)), &root).unwrap_err();
        assert!(matches!(refused, TrustStoreError::Name(_)), "{refused}");
        assert!(!base.path().join("other").exists());
    }
    for (file, max) in [("url", URL_BYTES), ("registry", URL_BYTES), ("root.json", ROOT_BYTES)] {
        let path = base.path().join(NAME).join(file);
        let good = fs::read(&path).unwrap();
        add(&path);
        match store.instance(NAME) {
            Err(TrustStoreError::File(error)) => is_too_large(&error, max),
            other => panic!("{file}: {other:?}"),
        }
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn no_more_is_written_than_can_be_read_back() {
    // All files of a state: a target each, and one file of each of the four roles.
    let kept = |files: usize| {
        let mut repository = Repository::new(now());
        let mut instance = instance(&repository);
        let base = tempfile::tempdir().unwrap();
        let store = TrustStore::on(base.path(), Hasty::default()).open(NAME).unwrap();
        let targets: Vec<String> = (0..files - 4).map(|number| format!("all/{number}")).collect();
        repository.targets = targets.iter().map(|path| (path.clone(), b"x".to_vec())).collect();
        repository.publish();
        instance.wanted = WantedTargets { required: targets, optional: Vec::new() };
        let refreshed = refresh(&instance, &repository.files, &store, now());
        (refreshed.map(|refreshed| refreshed.after), store.load(&instance).unwrap().local.state)
    };
    let (state, held) = kept(STORE_FILES);
    let state = state.unwrap();
    assert_eq!(state.entries().len(), STORE_FILES);
    assert_eq!(held, Some(state));
    let (refused, held) = kept(STORE_FILES + 1);
    let Err(RefreshError::Store(TrustStoreError::File(error))) = refused else {
        panic!("{refused:?}")
    };
    assert!(matches!(error, FileError::TooMany { max: STORE_FILES, .. }), "{error}");
    assert_eq!(held, None);
}
