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
