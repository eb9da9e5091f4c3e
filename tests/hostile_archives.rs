//! Archives made to deceive, each refused with its own code: none by a panic, none slowly, none
//! at the cost of memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod support;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use sealift::{adapters::archive::Archive, core::limits};
use support::{
    hostile::{check, code, good, refusal, with_envelope},
    public,
    raw_zip::{End64, Entry, Header, Zip},
};

fn put(mut file: &File, bytes: &[u8], at: u64) {
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// In words of the specification, for whoever wrote the archive.
#[test]
fn a_field_that_is_refused_is_named() {
    let mut zip = good();
    zip.entries[0].both(|header| header.method = 8);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), zip.bytes()).unwrap();
    let said = check(file.path(), &[public(1)], 1).unwrap_err().to_string();
    assert_eq!(
        said,
        "not a sealift archive: the field \"compression method\" of the directory header is 0x8, \
         which sealift never writes"
    );
}

#[test]
fn the_one_form_is_accepted() {
    assert_eq!(code(&good().bytes()), "accepted");
}

/// What is done to a good archive, and the code that it is then refused with: `zip-field` with the
/// name of the field.
type Case = (&'static str, &'static str, fn(&mut Zip));

fn refuse(cases: &[Case]) {
    for (what, expected, change) in cases {
        let mut zip = good();
        change(&mut zip);
        let (code, said) = refusal(&zip.bytes());
        match expected.split_once(": ") {
            Some((expected, field)) => {
                assert_eq!(code, expected, "{what}");
                assert!(said.contains(&format!("the field \"{field}\"")), "{what}: {said}");
            }
            None => assert_eq!(code, *expected, "{what}"),
        }
    }
}

/// The middle one of the entries: a tarball.
const AT: usize = 3;

fn rename(entry: &mut Entry, name: &[u8]) {
    entry.both(|header| header.name = name.to_vec());
}

#[test]
fn a_field_of_one_header_that_is_not_as_it_always_is() {
    let cases: &[Case] = &[
        ("local signature", "zip-signature", |z| z.entries[AT].local.signature[3] = 5),
        ("directory signature", "zip-signature", |z| z.entries[AT].central.signature[3] = 5),
        ("made on DOS", "zip-field: version made by", |z| z.entries[AT].central.made_by = 10),
        ("made by 4.5", "zip-field: version made by", |z| z.entries[AT].central.made_by = 0x032d),
        ("local version", "zip-field: version needed", |z| z.entries[AT].local.needed = 20),
        ("directory version", "zip-field: version needed", |z| z.entries[AT].central.needed = 45),
        ("locally encrypted", "zip-field: general purpose flags", |z| {
            z.entries[AT].local.flags = 1
        }),
        ("encrypted", "zip-field: general purpose flags", |z| z.entries[AT].central.flags = 1),
        ("both encrypted", "zip-field: general purpose flags", |z| {
            z.entries[AT].both(|h| h.flags = 1)
        }),
        ("UTF-8", "zip-field: general purpose flags", |z| {
            z.entries[AT].both(|h| h.flags = 1 << 11)
        }),
        ("masked headers", "zip-field: general purpose flags", |z| {
            z.entries[AT].both(|h| h.flags = 1 << 13)
        }),
        ("deflated", "zip-field: compression method", |z| z.entries[AT].both(|h| h.method = 8)),
        ("locally deflated", "zip-field: compression method", |z| z.entries[AT].local.method = 8),
        ("AES", "zip-field: compression method", |z| z.entries[AT].both(|h| h.method = 99)),
        ("a time", "zip-field: last modified time", |z| z.entries[AT].both(|h| h.time = 1)),
        ("a date", "zip-field: last modified date", |z| z.entries[AT].both(|h| h.date = 0x5921)),
        ("no date", "zip-field: last modified date", |z| z.entries[AT].local.date = 0),
        ("local checksum", "zip-headers-differ", |z| z.entries[AT].local.crc32 ^= 1),
        ("directory checksum", "zip-headers-differ", |z| z.entries[AT].central.crc32 ^= 1),
        ("both checksums", "entry-checksum", |z| z.entries[AT].both(|h| h.crc32 ^= 1)),
        ("local stored size", "zip-headers-differ", |z| z.entries[AT].local.stored -= 1),
        ("local size", "zip-headers-differ", |z| z.entries[AT].local.size += 1),
        ("local name", "zip-headers-differ", |z| z.entries[AT].local.name[0] = b'm'),
        ("local name's length", "zip-headers-differ", |z| {
            z.entries[AT].local.name_length = Some(3);
        }),
        ("local name of 64 KiB", "zip-headers-differ", |z| {
            z.entries[AT].local.name_length = Some(u16::MAX);
        }),
        ("stored size in the directory", "zip-entry-size", |z| z.entries[AT].central.stored -= 1),
        ("a local extra field", "zip-field: extra field", |z| {
            z.entries[AT].local.extra = vec![0x55, 0x54, 0, 0]
        }),
        ("an extra field", "zip-field: extra field", |z| {
            z.entries[AT].central.extra = vec![0x55, 0x54, 0, 0]
        }),
        ("a Unicode path", "zip-field: extra field", |z| {
            z.entries[AT].both(|h| h.extra = b"\x75\x70\x06\0\x01\0\0\0\0x".to_vec());
        }),
        ("an entry's comment", "zip-field: comment length", |z| {
            z.entries[AT].central.comment = b"hi".to_vec()
        }),
        ("another disk", "zip-field: disk number", |z| z.entries[AT].central.disk = 1),
        ("a text file", "zip-field: internal attributes", |z| z.entries[AT].central.internal = 1),
        ("a symbolic link", "zip-field: external attributes", |z| {
            z.entries[AT].central.external = 0o120_777 << 16;
        }),
        ("a directory", "zip-field: external attributes", |z| {
            z.entries[AT].central.external = 0o040_755 << 16 | 0x10;
        }),
        ("a device", "zip-field: external attributes", |z| {
            z.entries[AT].central.external = 0o020_644 << 16;
        }),
        ("setuid", "zip-field: external attributes", |z| {
            z.entries[AT].central.external = 0o104_755 << 16;
        }),
        ("no mode", "zip-field: external attributes", |z| z.entries[AT].central.external = 0),
    ];
    refuse(cases);
}

#[test]
fn names_that_would_end_up_elsewhere() {
    let cases: &[Case] = &[
        ("absolute", "name-absolute", |z| rename(&mut z.entries[AT], b"/etc/passwd")),
        ("upwards", "name-segment", |z| rename(&mut z.entries[AT], b"npm/../../etc/passwd")),
        ("upwards at once", "name-segment", |z| rename(&mut z.entries[AT], b"../passwd")),
        ("here", "name-segment", |z| rename(&mut z.entries[AT], b"npm/./x")),
        ("an empty segment", "name-segment", |z| rename(&mut z.entries[AT], b"npm//x")),
        ("a folder", "name-segment", |z| rename(&mut z.entries[AT], b"npm/x/")),
        ("backslash", "name-character", |z| rename(&mut z.entries[AT], b"npm\\x")),
        ("a drive", "name-character", |z| rename(&mut z.entries[AT], b"c:/x")),
        ("a stream", "name-character", |z| rename(&mut z.entries[AT], b"npm/x:y")),
        ("a NUL", "name-character", |z| rename(&mut z.entries[AT], b"npm/x\0.tgz")),
        ("a line break", "name-character", |z| rename(&mut z.entries[AT], b"npm/x\ny")),
        ("a space", "name-character", |z| rename(&mut z.entries[AT], b"npm/x ")),
        ("upper case", "name-character", |z| rename(&mut z.entries[AT], b"npm/X")),
        ("UTF-8", "name-character", |z| rename(&mut z.entries[AT], "npm/\u{202e}x".as_bytes())),
        ("not UTF-8", "name-character", |z| rename(&mut z.entries[AT], b"npm/\xff")),
        ("a device", "name-device", |z| rename(&mut z.entries[AT], b"npm/con")),
        ("a device and more", "name-device", |z| rename(&mut z.entries[AT], b"npm/lpt1.tar.gz")),
        ("a device's folder", "name-device", |z| rename(&mut z.entries[AT], b"npm/nul/x")),
        ("a dot at the end", "name-dot", |z| rename(&mut z.entries[AT], b"npm/x.")),
        ("half an escape", "name-escape", |z| rename(&mut z.entries[AT], b"npm/x%4")),
        ("no name", "name-length", |z| rename(&mut z.entries[AT], b"")),
        ("the longest name that is allowed", "name-unsorted", |z| {
            rename(&mut z.entries[AT], &[b'a'; limits::ENTRY_NAME_BYTES]);
        }),
        ("a name with one byte more", "name-length", |z| {
            rename(&mut z.entries[AT], &[b'a'; limits::ENTRY_NAME_BYTES + 1]);
        }),
        ("the longest name", "name-length", |z| rename(&mut z.entries[AT], &[b'a'; 65_535])),
        ("a name twice", "name-duplicate", |z| {
            let name = z.entries[AT - 1].local.name.clone();
            rename(&mut z.entries[AT], &name);
        }),
        ("out of order", "name-unsorted", |z| z.entries.swap(2, 3)),
        ("the same again later", "name-unsorted", |z| {
            let again = z.entries[0].clone();
            z.entries.insert(4, again);
        }),
        ("a file that is a folder", "name-file-and-folder", |z| {
            rename(&mut z.entries[AT - 1], b"npm/@acme/tool");
        }),
        ("below the envelope", "name-file-and-folder", |z| {
            rename(&mut z.entries[AT + 1], b"sealift.dsse.json/x");
            z.entries.drain(5..7);
        }),
        ("no envelope", "zip-no-envelope", |z| drop(z.entries.pop())),
        ("the envelope is not last", "zip-no-envelope", |z| {
            let last = z.entries.pop().unwrap();
            z.entries.insert(5, last);
        }),
        ("two envelopes", "name-duplicate", |z| z.entries.push(z.entries.last().unwrap().clone())),
        ("another envelope", "zip-no-envelope", |z| {
            rename(z.entries.last_mut().unwrap(), b"z.dsse.json");
        }),
    ];
    refuse(cases);
}

#[test]
fn bytes_that_belong_to_nothing_or_to_two() {
    let cases: &[Case] = &[
        ("in front", "zip-gap", |z| z.entries[0].before = b"#!/bin/sh\n".to_vec()),
        ("between entries", "zip-gap", |z| z.entries[AT].before = vec![0]),
        ("a descriptor", "zip-gap", |z| {
            z.entries[AT].after = b"PK\x07\x08............".to_vec();
        }),
        ("a descriptor and its flag", "zip-field: general purpose flags", |z| {
            z.entries[AT].both(|h| h.flags = 1 << 3);
            z.entries[AT].after = b"PK\x07\x08............".to_vec();
        }),
        ("an entry that is not in the directory", "zip-gap", |z| {
            let hidden = Zip { entries: vec![Entry::new("npm/hidden", b"x")], ..Zip::default() };
            let bytes = hidden.bytes();
            z.entries[AT].before = bytes[..30 + 10 + 1].to_vec();
        }),
        ("before the directory", "zip-gap", |z| z.before_directory = vec![0]),
        ("after the directory", "zip-gap", |z| z.after_directory = vec![0; 7]),
        ("at the end", "zip-signature", |z| z.after = vec![0]),
        ("a line at the end", "zip-signature", |z| z.after = b"\n".to_vec()),
        ("a second archive", "zip-gap", |z| z.entries[0].before = good().bytes()),
        ("an archive appended", "zip-gap", |z| z.after = good().bytes()),
        ("an archive as the comment", "zip-gap", |z| z.end.comment = good().bytes()),
        ("a comment", "zip-signature", |z| z.end.comment = b"hello".to_vec()),
        ("a comment of another record", "zip-field: comment length", |z| {
            z.end.comment_length = Some(1)
        }),
        ("overlapping entries", "zip-overlap", |z| z.entries[AT].central.offset = Some(0)),
        ("the same bytes twice", "zip-overlap", |z| {
            z.entries[AT].central = z.entries[AT - 1].central.clone();
            z.entries[AT].central.name = b"npm/@acme/tool/2.0.0/b".to_vec();
            z.entries[AT].central.offset = Some(100);
        }),
        ("an offset beyond the file", "zip-gap", |z| {
            z.entries[AT].central.offset = Some(0x7fff_ffff);
        }),
        ("a negative offset", "zip-gap", |z| z.entries[AT].central.offset = Some(0xffff_fffe)),
        ("a size into the directory", "zip-overlap", |z| {
            z.entries[7].both(|h| (h.stored, h.size) = (h.stored + 100, h.size + 100));
        }),
        ("a size into the next entry", "zip-gap", |z| {
            z.entries[AT].both(|h| (h.stored, h.size) = (h.stored - 1, h.size - 1));
        }),
        ("a size beyond the file", "zip-overlap", |z| {
            let most = limits::ENTRY_BYTES as u32;
            z.entries[AT].both(|h| (h.stored, h.size) = (most, most));
        }),
        ("an envelope of gigabytes", "zip-overlap", |z| {
            z.entries[7].both(|h| (h.stored, h.size) = (0xffff_fff0, 0xffff_fff0));
        }),
        ("a size of all ones", "zip-entry-size", |z| {
            let one_more = limits::ENTRY_BYTES as u32 + 1;
            assert_eq!(one_more, u32::MAX);
            z.entries[AT].both(|h| (h.stored, h.size) = (one_more, one_more));
        }),
    ];
    refuse(cases);
}

fn zip64_offset(header: &mut Header, offset: u64) {
    header.offset = Some(u32::MAX);
    header.extra = [b"\x01\0\x08\0".as_slice(), &offset.to_le_bytes()].concat();
}

/// Fills the directory up with bytes that are no header's.
fn directory_of(zip: &mut Zip, size: usize) {
    let headers: usize = zip.entries.iter().map(|entry| 46 + entry.central.name.len()).sum();
    zip.after_directory = vec![0; size - headers];
    zip.end.directory_size = Some(size as u32);
}

#[test]
fn end_records_that_lie() {
    let cases: &[Case] = &[
        ("a disk number", "zip-field: disk number", |z| z.end.disk = 1),
        ("the directory's disk", "zip-field: disk number", |z| z.end.directory_disk = 1),
        ("entries elsewhere", "zip-field: entries on this disk", |z| z.end.entries_here = Some(7)),
        ("one entry more", "zip-directory-size", |z| {
            (z.end.entries, z.end.entries_here) = (Some(9), Some(9));
        }),
        ("one entry fewer", "zip-gap", |z| {
            (z.end.entries, z.end.entries_here) = (Some(7), Some(7));
        }),
        ("no entries", "zip-gap", |z| (z.end.entries, z.end.entries_here) = (Some(0), Some(0))),
        ("65,535 entries", "zip-directory-size", |z| {
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
        }),
        ("a small directory", "zip-gap", |z| z.end.directory_size = Some(46)),
        ("a large directory", "zip-overlap", |z| z.end.directory_size = Some(0x7fff_ffff)),
        ("a directory of all ones", "zip-overlap", |z| z.end.directory_size = Some(u32::MAX)),
        ("the directory at 0", "zip-gap", |z| z.end.directory = Some(0)),
        ("the directory at the end of time", "zip-overlap", |z| z.end.directory = Some(u32::MAX)),
        ("the directory one byte later", "zip-overlap", |z| {
            let len = Zip { end: Default::default(), ..z.clone() }.bytes().len() as u32;
            z.end.directory = Some(len - 22);
        }),
        ("zip64 for nothing", "zip-zip64-not-needed", |z| z.end64 = Some(End64::default())),
        ("zip64 for nothing, all ones", "zip-zip64-not-needed", |z| {
            z.end64 = Some(End64::default());
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            (z.end.directory, z.end.directory_size) = (Some(u32::MAX), Some(u32::MAX));
        }),
        ("millions of entries", "zip-too-many-entries", |z| {
            let many = Some(4_000_000_000);
            z.end64 = Some(End64 { entries: many, entries_here: many, ..End64::default() });
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            z.end.directory_size = Some(u32::MAX);
        }),
        ("as many entries as are allowed", "zip-directory-size", |z| {
            let many = Some(limits::ARCHIVE_ENTRIES as u64 + 1);
            z.end64 = Some(End64 { entries: many, entries_here: many, ..End64::default() });
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            z.end.directory_size = Some(u32::MAX);
        }),
        ("one entry more than are allowed", "zip-too-many-entries", |z| {
            let many = Some(limits::ARCHIVE_ENTRIES as u64 + 2);
            z.end64 = Some(End64 { entries: many, entries_here: many, ..End64::default() });
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            z.end.directory_size = Some(u32::MAX);
        }),
        ("as large a directory as is allowed", "zip-directory-size", |z| {
            directory_of(z, limits::DIRECTORY_BYTES as usize);
        }),
        ("a directory with one byte more", "zip-directory-too-large", |z| {
            directory_of(z, limits::DIRECTORY_BYTES as usize + 1);
        }),
        ("end records that differ", "zip-ends-differ", |z| {
            let many = Some(limits::ARCHIVE_ENTRIES as u64 + 1);
            z.end64 = Some(End64 { entries: many, entries_here: many, ..End64::default() });
        }),
        ("a directory in the far", "zip-overlap", |z| {
            z.end64 = Some(End64 { directory: Some(u64::MAX), ..End64::default() });
            (z.end.directory, z.end.directory_size) = (Some(u32::MAX), Some(u32::MAX));
        }),
        ("a negative directory", "zip-overlap", |z| {
            z.end64 = Some(End64 { directory_size: Some(u64::MAX - 50), ..End64::default() });
            z.end.directory_size = Some(u32::MAX);
        }),
        ("a locator to elsewhere", "zip-field: offset of the zip64 end record", |z| {
            z.end64 = Some(End64 { locator_offset: Some(0), ..End64::default() });
        }),
        ("a locator to the far", "zip-field: offset of the zip64 end record", |z| {
            z.end64 = Some(End64 { locator_offset: Some(u64::MAX), ..End64::default() });
        }),
        ("a locator on another disk", "zip-field: disk number", |z| {
            z.end64 = Some(End64 { locator_disk: 1, ..End64::default() });
        }),
        ("a locator of two disks", "zip-field: disk number", |z| {
            z.end64 = Some(End64 { disks: 2, ..End64::default() });
        }),
        ("a locator to nothing", "zip-signature", |z| {
            z.end64 = Some(End64 { signature: *b"PK\x06\x05", ..End64::default() });
        }),
        ("a zip64 record with more in it", "zip-field: record size", |z| {
            z.end64 = Some(End64 { record_size: 45, ..End64::default() });
        }),
        ("bytes before the locator", "zip-field: offset of the zip64 end record", |z| {
            z.end64 = Some(End64 { between: vec![0], ..End64::default() });
        }),
        ("zip64 entries elsewhere", "zip-field: entries on this disk", |z| {
            z.end64 = Some(End64 { entries_here: Some(1), ..End64::default() });
        }),
        ("zip64 version", "zip-field: version needed", |z| {
            z.end64 = Some(End64 { needed: 45, ..End64::default() });
        }),
        ("zip64 made by", "zip-field: version made by", |z| {
            z.end64 = Some(End64 { made_by: 45, ..End64::default() });
        }),
        ("zip64 disk", "zip-field: disk number", |z| {
            z.end64 = Some(End64 { disk: 1, ..End64::default() })
        }),
        ("a zip64 offset for nothing", "zip-zip64-not-needed", |z| {
            zip64_offset(&mut z.entries[AT].central, 400);
        }),
        ("a zip64 offset to the far", "zip-gap", |z| {
            zip64_offset(&mut z.entries[AT].central, u64::MAX);
        }),
        ("zip64 sizes", "zip-field: extra field", |z| {
            let header = &mut z.entries[AT].central;
            (header.stored, header.size) = (u32::MAX, u32::MAX);
            header.extra = [b"\x01\0\x10\0".as_slice(), &[0; 16]].concat();
        }),
        ("a zip64 field of another kind", "zip-field: extra field", |z| {
            zip64_offset(&mut z.entries[AT].central, u64::MAX);
            z.entries[AT].central.extra[0] = 2;
        }),
    ];
    refuse(cases);
}

#[test]
fn an_envelope_that_is_really_that_large_is_not_read() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let size: u32 = 300 << 20;
    let mut zip = with_envelope(&BTreeMap::new(), b"");
    zip.entries[0].both(|header| (header.stored, header.size) = (size, size));
    let bytes = zip.bytes();
    // Sparse: 300 MiB of zeros between header and directory that take no space.
    let split = 30 + "sealift.dsse.json".len();
    let head = File::options().write(true).open(file.path()).unwrap();
    put(&head, &bytes[..split], 0);
    let mut tail = bytes[split..].to_vec();
    let at = tail.len() - 6;
    tail[at..at + 4].copy_from_slice(&(split as u32 + size).to_le_bytes());
    put(&head, &tail, u64::from(size) + split as u64);
    let started = Instant::now();
    let error = check(file.path(), &[public(1)], 1).unwrap_err();
    assert_eq!(error.code(), "envelope-size");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn no_change_of_one_byte_is_accepted() {
    let bytes = good().bytes();
    let started = Instant::now();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let changing = File::options().write(true).open(file.path()).unwrap();
    for (at, byte) in bytes.iter().enumerate() {
        for mask in [0x01, 0x20] {
            put(&changing, &[byte ^ mask], at as u64);
            let outcome = check(file.path(), &[public(1)], 1);
            assert!(outcome.is_err(), "byte {at} with {mask:#x}");
        }
        put(&changing, &[*byte], at as u64);
    }
    assert!(check(file.path(), &[public(1)], 1).is_ok());
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}

#[test]
fn no_part_of_an_archive_is_accepted() {
    let bytes = good().bytes();
    let started = Instant::now();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let cut = File::options().write(true).open(file.path()).unwrap();
    for length in (0..bytes.len()).rev() {
        cut.set_len(length as u64).unwrap();
        let error = check(file.path(), &[public(1)], 1).unwrap_err();
        assert!(matches!(error.code(), "zip-signature" | "zip-truncated"), "{length}: {error}");
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let error = |path: &Path| Archive::open(path).unwrap_err();
    assert_eq!(error(folder.path()).code(), "not-a-file");
    #[cfg(unix)]
    assert_eq!(error(Path::new("/dev/null")).code(), "not-a-file");
    let missing = error(&folder.path().join("no"));
    assert_eq!(missing.code(), "file");
    // Could not be checked, which is not the same as examined and refused.
    assert!(!missing.is_refusal());
    std::fs::write(folder.path().join("a"), "hello").unwrap();
    assert!(error(&folder.path().join("a")).is_refusal());
}

/// A search for each of a name's folders would cost more than all else.
#[test]
fn names_may_be_a_thousand_folders_deep() {
    // The longest names that there may be.
    let below = "a/".repeat((limits::ENTRY_NAME_BYTES - 4) / 2);
    let mut contents: BTreeMap<String, Vec<u8>> =
        (1000..1300).map(|n| (format!("{below}{n}"), Vec::new())).collect();
    assert_eq!(code(&with_envelope(&contents, b"").bytes()), "envelope-json");
    contents.insert("a/a/a".into(), Vec::new());
    assert_eq!(code(&with_envelope(&contents, b"").bytes()), "name-file-and-folder");
}

#[test]
fn a_file_is_no_folder_whatever_stands_between_them() {
    let code = |names: &[&str]| {
        let contents = names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
        code(&with_envelope(&contents, b"").bytes())
    };
    assert_eq!(code(&["a", "a-", "a-b/c", "a.b", "b/a", "b/aa/c"]), "envelope-json");
    assert_eq!(code(&["a", "a-", "a-b/c", "a.b", "a/c"]), "name-file-and-folder");
    assert_eq!(code(&["b/a", "b/a-/c", "b/a/c"]), "name-file-and-folder");
    assert_eq!(code(&["sealift.dsse.json/a"]), "name-file-and-folder");
}
