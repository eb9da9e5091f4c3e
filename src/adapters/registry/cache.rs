//! The download cache: what one run has fetched, an interrupted or later one need not.
//!
//! Tarballs are kept under their SHA-512 and hashed again whenever they are taken out, so that a
//! damaged or altered cache costs a download and nothing else. Records and attestation responses
//! are kept by address with their entity tag, and are only used after the registry has confirmed
//! it (304): they never go stale. A registry that sends no tags is asked for them in full.
#![allow(clippy::disallowed_methods)] // this is where the cache's files are touched

use std::{
    fs::{self, File},
    io::{Read, Write as _},
    path::{Path, PathBuf},
};

use super::expected::{Expected, Mismatch, Sums};
use crate::{
    adapters::{
        files::{self, FileError},
        network::Sink,
        registry::Progress,
    },
    core::{
        digest::{Algorithm, Digest},
        limits,
    },
};

/// A folder of downloads.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// A tarball in the cache.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub path: PathBuf,
    pub size: u64,
    pub sha512: Digest,
}

/// A response in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub etag: String,
    pub body: Vec<u8>,
}

impl Cache {
    /// Opens a cache, makes its folders for their owner alone (tarballs may be private), and clears away what runs that were killed have left.
    ///
    /// # Errors
    /// When a folder cannot be made.
    pub fn open(folder: &Path) -> Result<Self, FileError> {
        for part in ["tarballs", "index", "responses"] {
            let part = folder.join(part);
            files::create_folder(&part)?;
            sweep(&part);
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// The tarball that is expected, if it is here: by its SHA-512 or, where only weaker hashes
    /// are known, by where it came from the last time.
    pub(super) fn tarball(&self, address: &str, expected: &Expected) -> Option<Kept> {
        let indexed = || {
            let index = files::read(&self.index(address, expected), limits::LINE_BYTES).ok()?;
            Digest::from_hex(Algorithm::Sha512, std::str::from_utf8(&index).ok()?)
        };
        let sha512 = expected.sha512().cloned().or_else(indexed)?;
        let path = self.place(&sha512);
        let mut sums = expected.sums();
        let size = hash(File::open(&path).ok()?, limits::TARBALL_BYTES, &mut sums)?;
        let found = sums.finish();
        let whole = found.sha512 == sha512 && expected.check(&found).is_ok();
        whole.then_some(Kept { path, size, sha512 })
    }

    /// Begins a tarball that is not here.
    pub(super) fn begin<'a>(
        &self,
        expected: &'a Expected,
        progress: &'a dyn Progress,
    ) -> Result<Download<'a>, FileError> {
        let file = files::temporary(&self.folder.join("tarballs/new"))?;
        Ok(Download { file, expected, progress, sums: expected.sums(), size: 0 })
    }

    /// Keeps a whole tarball, if it is the expected one.
    pub(super) fn keep(&self, address: &str, download: Download) -> Result<Kept, KeepError> {
        let Download { file, expected, sums, size, .. } = download;
        let found = sums.finish();
        expected.check(&found)?;
        let sha512 = found.sha512;
        let path = self.place(&sha512);
        persist(file, &path)?;
        if expected.sha512().is_none() {
            self.write(&self.index(address, expected), &[sha512.to_hex().as_bytes()])?;
        }
        Ok(Kept { path, size, sha512 })
    }

    /// The response of an address, if it is here and undamaged, and no larger with its tag than
    /// what the registry may answer; what just does not fit is asked for again.
    pub(super) fn response(&self, address: &str, max: u64) -> Option<Document> {
        let bytes = files::read(&self.document(address), max).ok()?;
        let (digest, rest) = bytes.split_at_checked(64)?;
        if Algorithm::Sha256.digest(rest).to_hex().as_bytes() != digest {
            return None;
        }
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let (etag, body) = rest.split_at_checked(end)?;
        let etag = String::from_utf8(etag.to_vec()).ok()?;
        Some(Document { etag, body: body.get(1..)?.to_vec() })
    }

    /// Keeps the response of an address.
    pub(super) fn keep_response(
        &self,
        address: &str,
        document: &Document,
    ) -> Result<(), FileError> {
        let rest = [document.etag.as_bytes(), b"\n", &document.body].concat();
        let digest = Algorithm::Sha256.digest(&rest).to_hex();
        self.write(&self.document(address), &[digest.as_bytes(), &rest])
    }

    fn place(&self, sha512: &Digest) -> PathBuf {
        self.folder.join("tarballs").join(sha512.to_hex())
    }

    fn index(&self, address: &str, expected: &Expected) -> PathBuf {
        let key = format!("{address}\n{}", expected.key());
        self.folder.join("index").join(Algorithm::Sha256.digest(key.as_bytes()).to_hex())
    }

    fn document(&self, address: &str) -> PathBuf {
        // By hash: an address can hold anything, a file's name cannot.
        self.folder.join("responses").join(Algorithm::Sha256.digest(address.as_bytes()).to_hex())
    }

    fn write(&self, path: &Path, parts: &[&[u8]]) -> Result<(), FileError> {
        let mut file = files::temporary(path)?;
        for part in parts {
            file.as_file_mut()
                .write_all(part)
                .map_err(|error| FileError::io("write", path, error))?;
        }
        persist(file, path)
    }
}

/// Takes in a file of at most `max` bytes; the number of its bytes, or `None` if it is larger.
fn hash(file: impl Read, max: u64, sums: &mut Sums) -> Option<u64> {
    let mut file = file.take(max.saturating_add(1));
    let mut size = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer).ok()?;
        let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
        sums.update(piece);
        size += piece.len() as u64;
    }
    (size <= max).then_some(size)
}

/// Renames a temporary file. Unlike [`files::persist`] it does not sync: thousands of syncs are
/// slow, and what a crash tears is found by its hash and fetched again.
fn persist(file: tempfile::NamedTempFile, path: &Path) -> Result<(), FileError> {
    file.persist(path).map_err(|error| FileError::io("write", path, error.error))?;
    Ok(())
}

/// Removes temporary files that no run can still be writing. That some stay does no harm.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        let temporary = entry.file_name().to_string_lossy().starts_with(".sealift-");
        if temporary && age().is_some_and(|age| age > limits::ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Why a download was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeepError {
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(transparent)]
    File(#[from] FileError),
}

/// A tarball on its way: written and hashed as it comes. Dropped, it leaves nothing.
pub(super) struct Download<'a> {
    file: tempfile::NamedTempFile,
    expected: &'a Expected,
    progress: &'a dyn Progress,
    sums: Sums,
    size: u64,
}

impl Sink for Download<'_> {
    fn start(&mut self) -> Result<(), String> {
        use std::io::Seek as _;
        self.sums = self.expected.sums();
        self.size = 0;
        let file = self.file.as_file_mut();
        file.set_len(0).and_then(|()| file.rewind()).map_err(|error| error.to_string())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.sums.update(bytes);
        self.size += bytes.len() as u64;
        self.progress.bytes(bytes.len() as u64);
        self.file.as_file_mut().write_all(bytes).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::digest::Integrity;

    struct Quiet;
    impl Progress for Quiet {}

    fn expected(algorithm: Algorithm, bytes: &[u8]) -> Expected {
        Expected::new(&[Integrity::of(algorithm.digest(bytes))], None)
    }

    fn keep(cache: &Cache, expected: &Expected, bytes: &[u8]) -> Result<Kept, KeepError> {
        let mut download = cache.begin(expected, &Quiet).unwrap();
        download.start().unwrap();
        download.piece(b"of an earlier try").unwrap();
        download.start().unwrap();
        download.piece(bytes).unwrap();
        cache.keep("https://a.example/a.tgz", download)
    }

    fn files(folder: &Path) -> usize {
        fs::read_dir(folder.join("tarballs")).unwrap().count()
    }

    #[test]
    fn what_is_kept_is_found_by_either_hash() {
        for algorithm in [Algorithm::Sha512, Algorithm::Sha1] {
            let folder = tempfile::tempdir().unwrap();
            let cache = Cache::open(folder.path()).unwrap();
            let expected = expected(algorithm, b"tar");
            assert!(cache.tarball("https://a.example/a.tgz", &expected).is_none());
            let kept = keep(&cache, &expected, b"tar").unwrap();
            assert_eq!(fs::read(&kept.path).unwrap(), b"tar");
            let found = cache.tarball("https://a.example/a.tgz", &expected).unwrap();
            assert_eq!((&found.path, found.size), (&kept.path, 3));
            assert_eq!(found.sha512, Algorithm::Sha512.digest(b"tar"));
            assert_eq!(files(folder.path()), 1);
        }
    }

    #[test]
    fn a_damaged_file_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let expected = expected(Algorithm::Sha512, b"tar");
        let kept = keep(&cache, &expected, b"tar").unwrap();
        fs::write(&kept.path, b"tAr").unwrap();
        assert!(cache.tarball("", &expected).is_none());
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
        for (name, time) in
            [(".sealift-old", Some(old)), (".sealift-new", None), ("kept", Some(old))]
        {
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
        let document = Document { etag: "\"1\"".into(), body: b"{}\n\xff\n".to_vec() };
        cache.keep_response("https://a.example/a", &document).unwrap();
        let path = cache.document("https://a.example/a");
        let mut bytes = fs::read(&path).unwrap();
        let size = bytes.len() as u64;
        assert_eq!(cache.response("https://a.example/a", size), Some(document));
        assert_eq!(cache.response("https://a.example/a", size - 1), None);
        assert_eq!(cache.response("https://a.example/b", size), None);
        bytes.truncate(bytes.len() - 1);
        fs::write(&path, bytes).unwrap();
        assert_eq!(cache.response("https://a.example/a", size), None);
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
    fn an_index_is_as_long_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let address = "https://a.example/a.tgz";
        let expected = expected(Algorithm::Sha1, b"tar");
        keep(&cache, &expected, b"tar").unwrap();
        let index = cache.index(address, &expected);
        // A SHA-512 in hex has as many bytes as there may be.
        let mut line = fs::read(&index).unwrap();
        assert_eq!(line.len() as u64, limits::LINE_BYTES);
        assert!(cache.tarball(address, &expected).is_some());
        line.push(b'\n');
        fs::write(&index, line).unwrap();
        assert!(cache.tarball(address, &expected).is_none());
    }
}
