//! npm tarballs of any form: with bundled packages and shrinkwraps, and such as no good tool writes.
//!
//! Each package in a tarball holds a file [`ORIGIN`] whose text no other tarball has, so that a test
//! recognises by content where a file on disk came from.

use std::{collections::BTreeSet, io::Read as _};

use serde_json::{Value, json};

use crate::registry::compress;

/// The file that says where a package came from.
pub const ORIGIN: &str = "origin.txt";

/// A tar in the making; what is added twice is in it twice.
#[derive(Debug, Clone, Default)]
pub struct Tarball {
    blocks: Vec<u8>,
}

impl Tarball {
    /// An empty tar.
    pub fn new() -> Self {
        Self::default()
    }

    /// A package: `package/package.json`, and the file that says who made it.
    pub fn of(maker: &str, name: &str, version: &str) -> Self {
        Self::with_manifest(maker, name, version, &json!({}))
    }

    /// A package with more fields in its `package.json`.
    pub fn with_manifest(maker: &str, name: &str, version: &str, more: &Value) -> Self {
        Self::new().package("package", maker, name, version, more)
    }

    /// Adds a package in this folder.
    pub fn package(
        self,
        folder: &str,
        maker: &str,
        name: &str,
        version: &str,
        more: &Value,
    ) -> Self {
        self.file(&format!("{folder}/package.json"), manifest_text(name, version, more))
            .file(&format!("{folder}/{ORIGIN}"), format!("{maker} {name}@{version}"))
    }

    /// Adds a package that this one bundles.
    pub fn bundle(self, name: &str, version: &str, more: &Value) -> Self {
        self.package(&format!("package/node_modules/{name}"), "bundled", name, version, more)
    }

    /// Adds a file under a path as it is given, be it what it may.
    pub fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.entry(b'0', path, "", bytes.as_ref())
    }

    /// Adds a file whose path a PAX header replaces.
    pub fn pax_file(self, replaced: &str, path: &str, text: &str) -> Self {
        let record = pax_record("path", path);
        self.entry(b'x', "PaxHeader/file", "", record.as_bytes()).file(replaced, text)
    }

    /// Adds a file whose path a GNU long name replaces.
    pub fn long_name_file(self, replaced: &str, path: &str, text: &str) -> Self {
        let name = format!("{path}\0");
        self.entry(b'L', "././@LongLink", "", name.as_bytes()).file(replaced, text)
    }

    /// Adds a symbolic link.
    pub fn symbolic_link(self, path: &str, target: &str) -> Self {
        self.entry(b'2', path, target, b"")
    }

    /// Adds a hard link.
    pub fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(b'1', path, target, b"")
    }

    /// Adds empty blocks: two of them end a tar.
    pub fn zeros(mut self, blocks: usize) -> Self {
        self.blocks.resize(self.blocks.len() + blocks * 512, 0);
        self
    }

    /// Adds all that another tar has.
    pub fn then(mut self, other: &Self) -> Self {
        self.blocks.extend(&other.blocks);
        self
    }

    /// As a registry serves it.
    pub fn gzip(self) -> Vec<u8> {
        compress(&self.zeros(2).blocks)
    }

    /// Compressed without the blocks that end a tar, so that another gzip member can follow.
    pub fn open_gzip(self) -> Vec<u8> {
        compress(&self.blocks)
    }

    fn entry(mut self, kind: u8, path: &str, target: &str, bytes: &[u8]) -> Self {
        let mut header = tar::Header::new_ustar();
        let fields = header.as_ustar_mut().expect("made as one");
        fields.name[..path.len()].copy_from_slice(path.as_bytes());
        fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
        fields.typeflag = [kind];
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(499_162_500); // npm's own: 1985-10-26T08:15:00Z
        header.set_cksum();
        self.blocks.extend(header.as_bytes());
        self.blocks.extend(bytes);
        self.blocks.resize(self.blocks.len().next_multiple_of(512), 0);
        self
    }
}

/// What the origin files in a tarball say; of a tarball that cannot be read, what came before.
pub fn origins(tarball: &[u8]) -> BTreeSet<String> {
    let is_origin = |path: &str| path.ends_with(ORIGIN);
    files(tarball).into_iter().filter(|(path, _)| is_origin(path)).map(|(_, text)| text).collect()
}

/// The `package.json` of the package itself, or `null`.
pub fn manifest(tarball: &[u8]) -> Value {
    let files = files(tarball).into_iter().rev();
    let mut own = files.filter(|(path, _)| path == "package/package.json");
    own.next().and_then(|(_, text)| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn files(tarball: &[u8]) -> Vec<(String, String)> {
    let mut plain = Vec::new();
    let _ = flate2::read::MultiGzDecoder::new(tarball).read_to_end(&mut plain);
    let mut archive = tar::Archive::new(plain.as_slice());
    let mut files = Vec::new();
    for mut entry in archive.entries().into_iter().flatten().map_while(Result::ok) {
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut text = String::new();
        if entry.read_to_string(&mut text).is_ok() {
            files.push((path, text));
        }
    }
    files
}

fn manifest_text(name: &str, version: &str, more: &Value) -> String {
    let mut manifest = json!({ "name": name, "version": version });
    for (key, value) in more.as_object().expect("fields of a package.json") {
        manifest[key] = value.clone();
    }
    manifest.to_string()
}

/// `LENGTH KEY=VALUE\n`, where the length counts itself.
fn pax_record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let mut length = rest.len();
    while length != rest.len() + length.to_string().len() {
        length = rest.len() + length.to_string().len();
    }
    format!("{length}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tar_reader_finds_what_was_added() {
        let tarball = Tarball::of("registry", "a", "1.0.0").bundle("b", "2.0.0", &json!({}));
        let tarball = tarball.pax_file("x", "package/c/origin.txt", "pax").gzip();
        let expected = ["bundled b@2.0.0", "pax", "registry a@1.0.0"].map(str::to_owned);
        assert_eq!(origins(&tarball), BTreeSet::from(expected));
    }
}
