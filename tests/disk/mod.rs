//! A disk for tests of the trust store, and what is on one.
#![allow(dead_code)] // each test uses what it needs of it

use std::{collections::BTreeMap, fs, io, path::Path};

use sealift::adapters::tuf::{Disk, SystemDisk};

/// A disk that does not wait until files are safe on it.
#[derive(Clone, Default)]
pub struct Hasty {
    /// The file that it fails to write.
    pub fails_at: Option<&'static str>,
}

impl Disk for Hasty {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.make_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match self.fails_at.is_some_and(|name| path.ends_with(name)) {
            true => Err(io::Error::other("the power went out")),
            false => fs::write(path, bytes),
        }
    }

    fn sync_folder(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        SystemDisk.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        SystemDisk.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        SystemDisk.remove_folder(path)
    }
}

/// All files below a folder, by their paths from there.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}
