//! What is read and written, and through what nothing is.

use std::io::Write as _;

use super::*;

#[test]
fn reads_stop_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, b"12345").unwrap();
    assert_eq!(read(&path, 5).unwrap(), b"12345");
    assert!(matches!(read(&path, 4), Err(FileError::TooLarge { max: 4, .. })));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_only_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    std::fs::write(path("file"), b"").unwrap();
    std::os::unix::fs::symlink("file", path("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
    for itself in ["file", "new"] {
        assert_eq!(writable(&path(itself)).unwrap(), path(itself));
    }
    for link in ["link", "dangling"] {
        let refused = writable(&path(link)).unwrap_err().to_string();
        assert!(refused.ends_with("it is a symbolic link, which is not followed"), "{refused}");
    }
    for other in [folder.path(), Path::new("/dev/null")] {
        let refused = writable(other).unwrap_err().to_string();
        assert!(refused.ends_with("it is there and is not a regular file"), "{refused}");
    }
    assert!(is_same(&path("file"), &path("link")));
    assert!(!is_same(&path("new"), &path("new")) && !is_same(&path("file"), folder.path()));
}

#[cfg(unix)]
#[test]
fn a_write_replaces_a_link_and_leaves_what_it_leads_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    std::fs::write(path("file"), b"old").unwrap();
    std::os::unix::fs::symlink("file", path("link")).unwrap();
    let mut file = temporary(&path("link")).unwrap();
    file.write_all(b"new").unwrap();
    persist(file, &path("link")).unwrap();
    assert_eq!(std::fs::read(path("file")).unwrap(), b"old");
    assert!(!path("link").is_symlink());
}

#[cfg(unix)]
#[test]
fn what_others_can_change_is_not_ours() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, b"12345").unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    for good in [0o600, 0o644, 0o755] {
        mode(&path, good);
        assert_eq!(read_own(&path, 5).unwrap(), b"12345", "{good:o}");
        assert!(require_own(&path).is_ok());
    }
    for bad in [0o620, 0o602, 0o666] {
        mode(&path, bad);
        let refused = |error| matches!(error, FileError::NotOurs { why: WRITABLE, .. });
        assert!(refused(read_own(&path, 5).unwrap_err()), "{bad:o}");
        assert!(refused(require_own(&path).unwrap_err()), "{bad:o}");
    }
    mode(folder.path(), 0o777);
    let error = require_own(folder.path()).unwrap_err();
    assert_eq!(error.hint().unwrap(), format!("chmod go-w {}", folder.path().display()));
    assert!(require_own(&folder.path().join("missing")).is_ok());
    assert_eq!(why_not_own(1000, 0o600, 1000), None);
    assert_eq!(why_not_own(0, 0o644, 1000), None, "root can do anything anyway");
    assert_eq!(why_not_own(1001, 0o600, 1000), Some(OTHER_USER));
    assert_eq!(why_not_own(1001, 0o600, 0), Some(OTHER_USER));
}

#[cfg(unix)]
#[test]
fn a_pipe_or_device_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for other in [pipe.as_path(), Path::new("/dev/zero"), folder.path()] {
        for error in [read_regular(other, 5).unwrap_err(), read_own(other, 5).unwrap_err()] {
            assert!(matches!(error, FileError::Io { .. }), "{error}");
        }
    }
    let link = folder.path().join("link");
    std::fs::write(folder.path().join("file"), b"12345").unwrap();
    std::os::unix::fs::symlink("file", &link).unwrap();
    assert_eq!(read_regular(&link, 5).unwrap(), b"12345");
    assert!(matches!(read_regular(&link, 4), Err(FileError::TooLarge { max: 4, .. })));
    assert!(read_own(&link, 5).is_err());
}

#[test]
fn a_dropped_temporary_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(temporary(&folder.path().join("out")).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let missing = folder.path().join("no/out");
    assert!(matches!(temporary(&missing), Err(FileError::Io { .. })));
}

#[test]
fn a_file_is_written_as_a_whole_and_replaced_only_on_demand() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    write(&path, b"one", false).unwrap();
    assert!(matches!(write(&path, b"two", false), Err(FileError::Exists(there)) if there == path));
    assert_eq!(std::fs::read(&path).unwrap(), b"one");
    write(&path, b"two", true).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn places_are_compared_where_no_file_is_yet() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    std::fs::create_dir(folder.path().join("in")).unwrap();
    let around = folder.path().join("in/../a");
    assert!(is_same_place(&a, &around) && !is_same_place(&a, &b) && !is_there(&a));
    write(&a, b"", false).unwrap();
    assert!(is_same_place(&a, &around) && !is_same_place(&a, &b) && is_there(&a));
    assert!(!is_same_place(&a, &folder.path().join("in/a")));
    // A path is relative where the file is in the folder.
    assert_eq!(named_from(&around, folder.path()).unwrap(), Path::new("a"));
    let absolute = named_from(&a, &folder.path().join("in")).unwrap();
    assert!(absolute.is_absolute() && is_same(&absolute, &a));
}
