use std::fs;

use super::{
    read::{entries, list},
    *,
};
use crate::core::limits::{METADATA_BYTES, STORE_FILES, TIMESTAMP_BYTES};

#[test]
fn files_are_as_many_as_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    // One place is the folder's own while it is being read.
    fs::create_dir(folder.path().join("targets")).unwrap();
    for number in 1..=STORE_FILES {
        fs::write(folder.path().join("targets").join(number.to_string()), b"").unwrap();
    }
    assert_eq!(entries(folder.path()).unwrap().len(), STORE_FILES);
    fs::write(folder.path().join("one-more"), b"").unwrap();
    let too_many = entries(folder.path()).unwrap_err();
    assert!(matches!(too_many, FileError::TooMany { max: STORE_FILES, .. }), "{too_many}");
    // In a single folder the names are counted as they are listed.
    let targets = folder.path().join("targets");
    assert_eq!(list(&targets).unwrap().len(), STORE_FILES);
    fs::write(targets.join("one-more"), b"").unwrap();
    assert!(matches!(list(&targets), Err(FileError::TooMany { max: STORE_FILES, .. })));
}

#[test]
fn a_file_is_as_large_as_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    for (name, most) in [
        ("1.root.json", ROOT_BYTES),
        ("timestamp.json", TIMESTAMP_BYTES),
        ("1.snapshot.json", METADATA_BYTES),
        ("1.targets.json", METADATA_BYTES),
        ("trusted_root.json", METADATA_BYTES),
    ] {
        let path = folder.path().join(name);
        let size = usize::try_from(most).unwrap();
        fs::write(&path, vec![0; size]).unwrap();
        assert_eq!(entries(folder.path()).unwrap()[name].len(), size);
        fs::write(&path, vec![0; size + 1]).unwrap();
        let refused = entries(folder.path()).unwrap_err();
        assert!(matches!(refused, FileError::TooLarge { max, .. } if max == most), "{refused}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn keeps_the_time_of_the_newest_recall_and_of_no_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = TrustStore::new(folder.path()).open("acme").unwrap();
    let at = |day: u32| crate::core::time::parse(&format!("2026-11-{day:02}T04:00:00Z")).unwrap();
    assert_eq!(store.newest_recall().unwrap(), None);
    for (day, newest) in [(3, 3), (2, 3), (4, 4)] {
        assert_eq!(store.lock().unwrap().keep_recall(at(day)).unwrap(), at(newest), "{day}");
        assert_eq!(store.newest_recall().unwrap(), Some(at(newest)), "{day}");
    }
    let path = folder.path().join("acme/recall");
    for text in ["", "yesterday", "2026-11-04"] {
        fs::write(&path, text).unwrap();
        let error = store.newest_recall().unwrap_err();
        assert!(matches!(error, TrustStoreError::Corrupt { .. }), "{text}: {error}");
        // To forget it would give up the protection.
        assert!(store.lock().unwrap().keep_recall(at(9)).is_err());
    }
}
