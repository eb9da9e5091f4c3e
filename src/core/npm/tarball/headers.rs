//! The headers of a tar file, interpreted as node-tar does.

use std::{collections::BTreeMap, io::Read};

use tar::{Archive, Entry, EntryType};

use super::{TarballError, counts, inside::Inside, scripts};
use crate::core::limits;

/// A file that counts.
pub(super) struct TarMember {
    /// Its path without the first component.
    pub path: String,
    /// Its bytes; none of a file that counts by being there.
    pub bytes: Vec<u8>,
}

/// A tar file, from its first header to its last byte.
pub(super) struct Headers<R: Read> {
    archive: Archive<R>,
}

/// What extension headers say of the next entry.
#[derive(Default, PartialEq, Eq)]
struct Extension {
    path: Option<String>,
    link: Option<String>,
    size: Option<u64>,
}

impl<R: Read> Headers<R> {
    pub fn new(reader: R) -> Self {
        Self { archive: Archive::new(reader) }
    }

    /// Hands over every file that counts, in order.
    pub fn each(
        mut self,
        mut take: impl FnMut(TarMember) -> Result<(), TarballError>,
    ) -> Result<(), TarballError> {
        let (mut extension, mut long_link) = (None, None);
        let mut inside = Inside::default();
        let entries = self.archive.entries().map_err(unreadable)?.raw(true);
        for (number, entry) in entries.enumerate() {
            if number >= limits::TARBALL_FILES {
                let max = limits::TARBALL_FILES;
                return Err(TarballError::TooLarge(format!("more than {max} files")));
            }
            let mut entry = entry.map_err(unreadable)?;
            match entry.header().entry_type() {
                EntryType::XHeader => extend(&mut extension, pax(&mut entry)?)?,
                EntryType::XGlobalHeader => {
                    let global = pax(&mut entry)?;
                    if global != Extension::default() {
                        return Err(ambiguous("a global header names a path or a size"));
                    }
                }
                EntryType::GNULongName => {
                    let path = Some(long_name(&mut entry)?);
                    extend(&mut extension, Extension { path, ..Extension::default() })?;
                }
                // GNU tar writes it before the long name of the same entry.
                EntryType::GNULongLink => long_link = Some(long_name(&mut entry)?),
                kind => {
                    let mut extension = extension.take().unwrap_or_default();
                    extension.link = extension.link.or(long_link.take());
                    if let Some(found) = file(&mut entry, kind, extension, &mut inside)? {
                        take(found)?;
                    }
                }
            }
        }
        only_zeros(self.archive.into_inner())
    }
}

fn unreadable(error: impl ToString) -> TarballError {
    TarballError::Unreadable(error.to_string())
}

fn ambiguous(why: &str) -> TarballError {
    TarballError::Ambiguous(why.to_owned())
}

fn text(bytes: &[u8]) -> Result<String, TarballError> {
    // Readers differ in what they make of other bytes, and none is in a name that counts.
    let text = String::from_utf8_lossy(bytes).into_owned();
    if text.contains('\0') { Err(ambiguous("a path holds a NUL byte")) } else { Ok(text) }
}

/// Readers differ in which of two extensions for one entry they take.
fn extend(extension: &mut Option<Extension>, more: Extension) -> Result<(), TarballError> {
    match extension.replace(more) {
        None => Ok(()),
        Some(_) => Err(ambiguous("two extension headers precede one entry")),
    }
}

/// The body of an extension header.
fn body(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, TarballError> {
    let mut bytes = Vec::new();
    let max = limits::TAR_EXTENSION_BYTES;
    entry.take(max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > max {
        return Err(TarballError::TooLarge(format!(
            "an extension header of more than {max} bytes"
        )));
    }
    Ok(bytes)
}

/// The text of a GNU header for a long name or a long link.
fn long_name(entry: &mut Entry<'_, impl Read>) -> Result<String, TarballError> {
    let name = body(entry)?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
    text(name.get(..end).unwrap_or_default())
}

/// The records of a PAX header (POSIX pax, "pax Extended Header"): `LENGTH KEY=VALUE\n`.
fn pax(entry: &mut Entry<'_, impl Read>) -> Result<Extension, TarballError> {
    let bytes = body(entry)?;
    let mut records = BTreeMap::new();
    let mut rest = bytes.as_slice();
    while !rest.is_empty() && rest.first() != Some(&0) {
        let malformed = || ambiguous("an extension header is malformed");
        let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(malformed)?;
        let length = rest.get(..space).and_then(|digits| std::str::from_utf8(digits).ok());
        let length: usize = length.and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
        let record = rest.get(space + 1..length).ok_or_else(malformed)?;
        let record = record.strip_suffix(b"\n").ok_or_else(malformed)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(malformed)?;
        let (key, value) = record.split_at_checked(equals).ok_or_else(malformed)?;
        let key = String::from_utf8_lossy(key).into_owned();
        if key.starts_with("GNU.sparse") {
            return Err(ambiguous("it holds a sparse file"));
        }
        if records.insert(key, value.get(1..).unwrap_or_default()).is_some() {
            return Err(ambiguous("an extension header has one key twice"));
        }
        rest = rest.get(length..).ok_or_else(malformed)?;
    }
    let size = match records.get("size") {
        None => None,
        Some(digits) => {
            let digits = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
            Some(digits.ok_or_else(|| ambiguous("an extension header has a malformed size"))?)
        }
    };
    let path = records.get("path").map(|path| text(path)).transpose()?;
    let link = records.get("linkpath").map(|path| text(path)).transpose()?;
    Ok(Extension { path, link, size })
}

/// The file, if it counts.
fn file(
    entry: &mut Entry<'_, impl Read>,
    kind: EntryType,
    extension: Extension,
    inside: &mut Inside,
) -> Result<Option<TarMember>, TarballError> {
    let Extension { path, link, size } = extension;
    let header_size = entry.header().entry_size().map_err(unreadable)?;
    if size.is_some_and(|size| size != header_size) {
        return Err(ambiguous("two headers give one file two sizes"));
    }
    let path = match path {
        Some(path) => path,
        None => text(&entry.header().path_bytes())?,
    };
    let plain = matches!(kind, EntryType::Regular | EntryType::Continuous);
    let counted = installed(&path)?;
    let link = match link {
        None => entry.header().link_name_bytes().map(|link| text(&link)).transpose()?,
        link => link,
    };
    inside.require(&path, kind, link.as_deref().unwrap_or_default())?;
    if let Some(path) = scripts::gyp(&path).filter(|_| plain) {
        return Ok(Some(TarMember { path, bytes: Vec::new() }));
    }
    let Some(path) = counted else { return Ok(None) };
    // npm writes no links.
    if matches!(kind, EntryType::Link | EntryType::Symlink) {
        return Ok(None);
    }
    if !plain || path.ends_with('/') {
        return Err(TarballError::Ambiguous(format!("{path:?} is not a plain file")));
    }
    let max = limits::RECORD_BYTES;
    if header_size > max {
        return Err(TarballError::TooLarge(format!("a {path} of more than {max} bytes")));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 != header_size {
        return Err(unreadable("it ends within a file"));
    }
    Ok(Some(TarMember { path, bytes }))
}

/// The path without its first component, if a file of that path would count.
fn installed(path: &str) -> Result<Option<String>, TarballError> {
    // Windows takes `\` for `/`, and readers differ in what they make of the rest.
    let slashed = path.replace('\\', "/");
    let normal: Vec<&str> = slashed.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let after = |parts: &[&str]| parts.get(1..).unwrap_or_default().join("/");
    let climbs = normal.contains(&"..");
    let last = normal.last().map(|name| name.to_lowercase()).unwrap_or_default();
    let likely = counts(&after(&normal).to_lowercase()) || climbs && counts(&last);
    if !likely {
        return Ok(None);
    }
    let parts: Vec<&str> = path.split('/').collect();
    let plain = !path.contains('\\')
        && !parts.iter().any(|part| matches!(*part, "" | "." | ".."))
        && counts(&after(&parts));
    // A file in another case is another file, unless both are there.
    let other_case = !counts(&after(&parts)) && counts(&after(&parts).to_lowercase());
    if !plain && !other_case {
        return Err(TarballError::Ambiguous(format!("the path {path:?} is not normalized")));
    }
    Ok(Some(after(&parts)))
}

/// Readers differ in whether a block of zeros is the end.
fn only_zeros(mut rest: impl Read) -> Result<(), TarballError> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = rest.read(&mut buffer).map_err(unreadable)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            return Ok(());
        };
        if bytes.iter().any(|byte| *byte != 0) {
            return Err(ambiguous("there are bytes after its end"));
        }
    }
}
