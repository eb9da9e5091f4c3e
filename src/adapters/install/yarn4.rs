//! The cache of Yarn 4: a ZIP file for each package, whose SHA-512 its lockfile has as `checksum`.
//!
//! That file is a function of the tarball alone: the files in their order, each folder before the first file in
//! it, stored, all with one time. What this writes otherwise than Yarn does, Yarn refuses by its checksum.
//! The form is that of the cache key `10c0`, the default of Yarn 4 (`compressionLevel: 0`).

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
};

use flate2::read::MultiGzDecoder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use tar::{Archive, EntryType};

use super::{InstallError, Installable, NewFolder};
use crate::{
    adapters::archive::SignedArchive,
    core::{
        limits,
        npm::tarball::TarballError,
        package::{Origin, PackageId, Purl, digest::Algorithm},
    },
};

/// Writes the cache, as it is in Yarn's global folder. Packages that no registry gave are left out.
///
/// # Errors
/// [`InstallError`].
pub fn write(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    items: &[Installable<'_>],
) -> Result<(), InstallError> {
    items.par_iter().filter(|item| has(item.purl)).try_for_each(|item| {
        let id = item.purl.id();
        let name = format!("cache/{}", file_name(id));
        folder.make(&name, archive, item.entry, |tarball, out| convert(tarball, id.name(), out))
    })
}

/// Whether the cache has a package: Yarn names all others by the address that the project asks for.
pub fn has(purl: &Purl) -> bool {
    matches!(purl.origin(), Origin::Registry(_))
}

/// The name that Yarn gives the file (`slugifyLocator` in `@yarnpkg/core`'s `structUtils.ts`, and
/// `getVersionFilename` in its `Cache.ts`).
fn file_name(id: &PackageId) -> String {
    let hash = |text: &str| Algorithm::Sha512.digest(text.as_bytes()).to_hex();
    let flat = id.name().replacen('/', "-", 1);
    let name = id.name().trim_start_matches('@').replacen('/', "", 1);
    let locator = hash(&format!("{}npm:{}", hash(&name), id.version()));
    // Yarn leaves build metadata out of the name.
    let version = id.version().split('+').next().unwrap_or_default();
    format!("{flat}-npm-{version}-{}-10c0.zip", locator.get(..10).unwrap_or_default())
}

fn failed(error: TarballError) -> io::Error {
    io::Error::other(error)
}

fn unreadable(error: io::Error) -> io::Error {
    failed(TarballError::Unreadable(error.to_string()))
}

/// Writes the ZIP file of a tarball (`extractArchiveTo` in `@yarnpkg/core`'s `tgzUtils.ts`).
fn convert(tarball: &mut dyn Read, name: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut zip = Zip { out, at: 0, index: Vec::new(), names: BTreeSet::new() };
    let mut archive = Archive::new(MultiGzDecoder::new(tarball));
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let Some((_, inside @ [_, ..])) = parts.split_first() else { continue };
        let path = format!("node_modules/{name}/{}", inside.join("/"));
        let runs = entry.header().mode().map_err(unreadable)? & 0o111 != 0;
        match entry.header().entry_type() {
            EntryType::Directory => zip.folder(&path)?,
            EntryType::Regular => {
                let max = limits::YARN_FILE_BYTES;
                let mut bytes = Vec::new();
                (&mut entry).take(max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
                if bytes.len() as u64 > max {
                    return Err(failed(TarballError::TooLarge(format!(
                        "a file of more than {max} bytes"
                    ))));
                }
                zip.file(&path, if runs { 0o100_755 } else { 0o100_644 }, &bytes)?;
            }
            EntryType::Symlink => {
                let target = entry.link_name_bytes().unwrap_or_default();
                zip.file(&path, 0o120_777, &target)?;
            }
            // Yarn passes over all others.
            _ => {}
        }
    }
    zip.finish()
}

/// A ZIP file as Yarn's libzip writes it.
struct Zip<'a> {
    out: &'a mut dyn Write,
    at: u64,
    /// The central directory.
    index: Vec<u8>,
    names: BTreeSet<String>,
}

/// 1984-06-22 21:50:00, as DOS has it: the time, and the date.
const TIME: u16 = (21 << 11) | (50 << 5);
const DATE: u16 = (4 << 9) | (6 << 5) | 22;

impl Zip<'_> {
    /// Adds a folder and those above it, as far as they are not there.
    fn folder(&mut self, path: &str) -> io::Result<()> {
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let folder = format!("{}/", path.get(..end).unwrap_or_default());
            if !self.names.contains(&folder) {
                self.add(folder, 0o40_755, &[])?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder)?;
        }
        // Yarn would put the later file into the earlier one's place.
        if self.names.contains(path) {
            return Err(failed(TarballError::Ambiguous(format!("{path:?} is there twice"))));
        }
        self.add(path.to_owned(), mode, bytes)
    }

    fn add(&mut self, name: String, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let needed: u16 = if name.ends_with('/') { 20 } else { 10 };
        let flags: u16 = if name.is_ascii() { 0 } else { 0x800 };
        let size = u32_of(bytes.len() as u64)?;
        // From the version that is needed to the length of the extra field: the same in both places.
        let mut fields = Vec::new();
        for value in [needed, flags, 0, TIME, DATE] {
            fields.extend(value.to_le_bytes());
        }
        for value in [crc32fast::hash(bytes), size, size] {
            fields.extend(value.to_le_bytes());
        }
        fields.extend(u16_of(name.len())?.to_le_bytes());
        fields.extend([0; 2]);
        self.index.extend(b"PK\x01\x02\x3f\x03");
        self.index.extend(&fields);
        self.index.extend([0; 6]);
        self.index.extend((mode << 16).to_le_bytes());
        self.index.extend(u32_of(self.at)?.to_le_bytes());
        self.index.extend(name.as_bytes());
        for part in [b"PK\x03\x04", fields.as_slice(), name.as_bytes(), bytes] {
            self.put(part)?;
        }
        self.names.insert(name);
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at = self.at.saturating_add(bytes.len() as u64);
        self.out.write_all(bytes)
    }

    fn finish(mut self) -> io::Result<()> {
        let entries = u16_of(self.names.len())?.to_le_bytes();
        let (size, start) = (u32_of(self.index.len() as u64)?, u32_of(self.at)?);
        let index = std::mem::take(&mut self.index);
        self.put(&index)?;
        self.put(b"PK\x05\x06\0\0\0\0")?;
        self.put(&entries)?;
        self.put(&entries)?;
        self.put(&size.to_le_bytes())?;
        self.put(&start.to_le_bytes())?;
        self.put(&[0; 2])
    }
}

/// Larger ones need another form of ZIP.
fn u32_of(number: u64) -> io::Result<u32> {
    let large = |_| failed(TarballError::TooLarge("more than 4 GiB".to_owned()));
    u32::try_from(number).map_err(large)
}

fn u16_of(number: usize) -> io::Result<u16> {
    let many = |_| failed(TarballError::TooLarge("more than 65,535 files".to_owned()));
    u16::try_from(number).map_err(many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_yarn_4_names_them() {
        // The first as Yarn 4.18 has it.
        for (name, version, expected) in [
            ("tool", "1.0.0", "tool-npm-1.0.0-a47519da88-10c0.zip"),
            ("tool", "1.0.0+b", "tool-npm-1.0.0-"),
            ("@a/b", "1.0.0", "@a-b-npm-1.0.0-"),
        ] {
            let found = file_name(&PackageId::npm(name, version).unwrap());
            assert!(found.starts_with(expected), "{found}");
        }
    }

    /// A tarball of files: path, mode and content; a content after `->` is the target of a link.
    fn tarball(files: &[(&str, u32, &str)]) -> Vec<u8> {
        let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gzip);
        for (path, mode, content) in files {
            let mut header = tar::Header::new_ustar();
            header.set_mode(*mode);
            match content.strip_prefix("->") {
                Some(target) => {
                    header.set_entry_type(EntryType::Symlink);
                    header.set_size(0);
                    tar.append_link(&mut header, path, target).unwrap();
                }
                None => {
                    header.set_size(content.len() as u64);
                    tar.append_data(&mut header, path, content.as_bytes()).unwrap();
                }
            }
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn converted(files: &[(&str, u32, &str)]) -> Result<Vec<u8>, TarballError> {
        let mut zip = Vec::new();
        match convert(&mut tarball(files).as_slice(), "tool", &mut zip) {
            Ok(()) => Ok(zip),
            Err(error) => Err(error.downcast().unwrap()),
        }
    }

    #[test]
    fn the_zip_file_has_the_checksum_that_yarn_4_gives_it() {
        let zip = converted(&[
            ("package/package.json", 0o644, "{\"name\":\"tool\",\"version\":\"1.0.0\"}\n"),
            ("package/lib/deep/x.js", 0o644, "x\n"),
            ("package/lib/é.js", 0o600, "y\n"),
            ("package/bin/t", 0o755, "#!/bin/sh\n"),
            ("package/bin/link", 0o777, "->../lib/deep/x.js"),
        ]);
        // Of Yarn 4.18.1.
        let expected = "ddd7e0354f16d18021c4add1527de93b64eac27fe0ae71690ea0bc7f47e1ae25\
                        a297510075e8013c05ecbfe28730072e589afb7d7e16b20547fc50e88caff6be";
        assert_eq!(Algorithm::Sha512.digest(&zip.unwrap()).to_hex(), expected);
    }

    #[test]
    fn what_is_not_in_the_packages_folder_is_passed_over() {
        let file = ("package/package.json", 0o644, "{}");
        let more = [("readme", 0o644, "r"), file, ("package/", 0o755, "")];
        assert_eq!(converted(&more).unwrap(), converted(&[file]).unwrap());
    }

    #[test]
    fn refuses_a_tarball_with_one_file_twice() {
        let twice = [("package/a", 0o644, "1"), ("package/./a", 0o644, "2")];
        let refused = converted(&twice);
        assert!(matches!(refused, Err(TarballError::Ambiguous(_))), "{refused:?}");
    }

    #[test]
    fn refuses_more_files_than_this_form_of_zip_counts() {
        let names: Vec<_> = (0..=65_535).map(|number| format!("package/{number}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), 0o644, "")).collect();
        let refused = converted(&files);
        assert!(matches!(refused, Err(TarballError::TooLarge(_))), "{refused:?}");
    }

    #[test]
    fn refuses_what_is_not_a_tarball() {
        let mut zip = Vec::new();
        let refused = convert(&mut b"no".as_slice(), "tool", &mut zip).unwrap_err();
        let refused: TarballError = refused.downcast().unwrap();
        assert!(matches!(refused, TarballError::Unreadable(_)), "{refused:?}");
    }
}
