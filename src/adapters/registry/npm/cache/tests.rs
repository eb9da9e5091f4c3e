//! What the cache keeps, and what it does not give out.

use std::fs::File;

use super::*;
use crate::core::package::digest::Integrity;

const ADDRESS: &str = "https://a.example/a.tgz";

fn then() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

struct Quiet;
impl Progress for Quiet {}

fn expected(algorithm: Algorithm, bytes: &[u8]) -> ExpectedDigests {
    ExpectedDigests::new(&[Integrity::of(algorithm.digest(bytes))], None)
}

fn keep(cache: &Cache, expected: &ExpectedDigests, bytes: &[u8]) -> Result<Kept, KeepError> {
    let mut download = cache.begin(expected, &Quiet);
    download.start().unwrap();
    download.piece(b"of an earlier try").unwrap();
    download.start().unwrap();
    download.piece(bytes).unwrap();
    cache.keep(ADDRESS, then(), download)
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder.join("tarballs")).unwrap().count()
}

#[test]
fn what_an_address_gave_is_found_with_its_time() {
    for algorithm in [Algorithm::Sha512, Algorithm::Sha1] {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let expected = expected(algorithm, b"tar");
        assert!(cache.tarball(ADDRESS, &expected).is_none());
        let kept = keep(&cache, &expected, b"tar").unwrap();
        assert_eq!(fs::read(&kept.artifact.path).unwrap(), b"tar");
        let found = cache.tarball(ADDRESS, &expected).unwrap();
        assert_eq!((&found.artifact, found.answered_at), (&kept.artifact, then()));
        assert_eq!(
            (found.artifact.size, found.artifact.digest),
            (3, Algorithm::Sha512.digest(b"tar"))
        );
        assert_eq!(files(folder.path()), 1);
        assert!(cache.tarball("https://b.example/a.tgz", &expected).is_none(), "it was not asked");
    }
}

#[test]
fn a_damaged_file_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let expected = expected(Algorithm::Sha512, b"tar");
    let kept = keep(&cache, &expected, b"tar").unwrap();
    fs::write(&kept.artifact.path, b"tAr").unwrap();
    assert!(cache.tarball(ADDRESS, &expected).is_none());
}

#[cfg(unix)]
#[test]
fn what_others_can_change_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let expected = expected(Algorithm::Sha512, b"tar");
    let kept = keep(&cache, &expected, b"tar").unwrap();
    let (status, answered_at, etag, body) = (200, then(), None, b"{}".to_vec());
    let document = Document { status, answered_at, etag, body };
    cache.keep_response(ADDRESS, &document).unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let index = cache.index(ADDRESS);
    for path in [&kept.artifact.path, &index] {
        assert!(cache.tarball(ADDRESS, &expected).is_some());
        mode(path, 0o602);
        assert!(cache.tarball(ADDRESS, &expected).is_none());
        mode(path, 0o600);
    }
    let response = cache.document(ADDRESS);
    assert!(cache.response(ADDRESS, 999).is_some());
    mode(&response, 0o620);
    assert!(cache.response(ADDRESS, 999).is_none());
    for part in ["", "tarballs", "index", "responses"] {
        mode(&folder.path().join(part), 0o777);
        let refused = matches!(Cache::open(folder.path()), Err(FileError::NotOurs { .. }));
        assert!(refused, "{part}");
        mode(&folder.path().join(part), 0o700);
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_cache_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let expected = expected(Algorithm::Sha512, b"tar");
    let kept = keep(&cache, &expected, b"tar").unwrap();
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&kept.artifact.path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &kept.artifact.path).unwrap();
    assert!(cache.tarball(ADDRESS, &expected).is_none());
    keep(&cache, &expected, b"tar").unwrap();
    assert!(!kept.artifact.path.is_symlink());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_look_into_the_cache() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("sealift/cache");
    Cache::open(&cache).unwrap();
    for part in ["", "tarballs", "index", "responses"] {
        let mode = fs::metadata(cache.join(part)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{part}");
    }
}

#[test]
fn what_is_not_expected_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let expected = expected(Algorithm::Sha512, b"tar");
    assert!(matches!(keep(&cache, &expected, b"other"), Err(KeepError::Mismatch(_))));
    assert_eq!(files(folder.path()), 0);
}

#[test]
fn only_abandoned_temporaries_are_swept() {
    let folder = tempfile::tempdir().unwrap();
    Cache::open(folder.path()).unwrap();
    let place = |name| folder.path().join("tarballs").join(name);
    let old = std::time::SystemTime::now() - limits::ABANDONED * 2;
    for (name, time) in [(".sealift-old", Some(old)), (".sealift-new", None), ("kept", Some(old))] {
        let file = File::create(place(name)).unwrap();
        if let Some(time) = time {
            file.set_modified(time).unwrap();
        }
    }
    Cache::open(folder.path()).unwrap();
    let there = [".sealift-old", ".sealift-new", "kept"].map(|name| place(name).exists());
    assert_eq!(there, [false, true, true]);
}

#[test]
fn responses_keep_their_bytes_and_damage_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    for (status, etag, body) in [
        (200, Some("W/\"1 2\"".to_owned()), b"{}\n\xff\n".to_vec()),
        (200, None, b"{}".to_vec()),
        (404, None, Vec::new()),
    ] {
        let document = Document { status, answered_at: then(), etag, body };
        cache.keep_response(ADDRESS, &document).unwrap();
        let path = cache.document(ADDRESS);
        let mut bytes = fs::read(&path).unwrap();
        let size = bytes.len() as u64;
        assert_eq!(cache.response(ADDRESS, size), Some(document));
        assert_eq!(cache.response(ADDRESS, size - 1), None);
        assert_eq!(cache.response("https://b.example/", size), None);
        bytes.truncate(bytes.len() - 1);
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.response(ADDRESS, size), None);
    }
}

#[test]
fn a_file_is_hashed_up_to_the_limit_and_none_in_part() {
    let expected = expected(Algorithm::Sha512, b"12345");
    let hashed = |max| {
        let mut sums = expected.sums();
        let size = hash(b"12345".as_slice(), max, &mut sums);
        size.map(|size| (size, expected.check(&sums.finish()).is_ok()))
    };
    assert_eq!(hashed(5), Some((5, true)));
    assert_eq!(hashed(4), None);
}

#[test]
fn an_index_that_is_none_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let expected = expected(Algorithm::Sha1, b"tar");
    keep(&cache, &expected, b"tar").unwrap();
    let index = cache.index(ADDRESS);
    let line = fs::read_to_string(&index).unwrap();
    let (digest, time) = line.split_once(' ').unwrap();
    for bad in [digest.to_owned(), format!("{time} {digest}"), format!("{digest} yesterday")] {
        fs::write(&index, bad).unwrap();
        assert!(cache.tarball(ADDRESS, &expected).is_none());
    }
    let most = usize::try_from(limits::INDEX_BYTES).unwrap();
    fs::write(&index, " ".repeat(most + 1)).unwrap();
    assert!(matches!(
        files::read_own(&index, limits::INDEX_BYTES),
        Err(FileError::TooLarge { .. })
    ));
    fs::write(&index, &line).unwrap();
    assert!(cache.tarball(ADDRESS, &expected).is_some());
}

#[test]
fn a_packument_is_read_as_it_came_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let entries = || fs::read_dir(folder.path()).unwrap().count();
    let before = entries();
    for size in [0, 1, limits::PACKUMENT_IN_MEMORY_BYTES, limits::PACKUMENT_IN_MEMORY_BYTES + 1] {
        let body: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let mut spool = cache.spool();
        spool.start().unwrap();
        spool.piece(&vec![b'x'; limits::PACKUMENT_IN_MEMORY_BYTES * 2]).unwrap();
        spool.start().unwrap();
        body.chunks(1000).for_each(|piece| spool.piece(piece).unwrap());
        assert!(spool.read().unwrap() == body, "{size} bytes after an earlier try");
        assert_eq!(entries(), before);
    }
}
