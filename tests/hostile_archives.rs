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

use sealift::{
    adapters::archive::{Archive, ArchiveError},
    core::{dsse::Envelope, key::PublicKey},
};
use serde_json::{Value, json};
use support::{
    contents, key, manifest, public,
    raw_zip::{End64, Entry, Header, Zip},
};

/// The archive in the one form, over these contents and this manifest.
fn archive(contents: &BTreeMap<String, Vec<u8>>, manifest: &[u8]) -> Zip {
    let envelope = Envelope::sign(manifest, &[key(1)]).unwrap().to_json();
    with_envelope(contents, &envelope)
}

fn with_envelope(contents: &BTreeMap<String, Vec<u8>>, envelope: &[u8]) -> Zip {
    let mut entries: Vec<_> = contents.iter().map(|(name, data)| Entry::new(name, data)).collect();
    entries.push(Entry::new("sealift.dsse.json", envelope));
    Zip { entries, ..Zip::default() }
}

fn good() -> Zip {
    archive(&contents(), &manifest().to_json())
}

/// Everything that a verifying side does with an archive, up to judging the evidence.
fn check(path: &Path, keys: &[PublicKey], threshold: usize) -> Result<(), ArchiveError> {
    Archive::open(path)?.verify_signatures(keys, threshold)?.check_rest()
}

/// The code that these bytes are refused with, or `accepted`.
fn code(bytes: &[u8]) -> &'static str {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let started = Instant::now();
    let code = match check(file.path(), &[public(1)], 1) {
        Ok(()) => "accepted",
        Err(error) => {
            assert!(!error.to_string().is_empty());
            error.code()
        }
    };
    assert!(started.elapsed() < Duration::from_secs(5), "{code} took {:?}", started.elapsed());
    // What is refused here claims gigabytes; the test itself holds some megabytes.
    assert!(peak_memory().is_none_or(|peak| peak < 128), "{code} took {:?} MiB", peak_memory());
    code
}

/// The most memory that this process ever had, in MiB, where the system says.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(peak.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
}

fn put(mut file: &File, bytes: &[u8], at: u64) {
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn the_one_form_is_accepted() {
    assert_eq!(code(&good().bytes()), "accepted");
}

/// What is done to a good archive, and the code that it is then refused with.
type Case = (&'static str, &'static str, fn(&mut Zip));

fn refuse(cases: &[Case]) {
    for (what, expected, change) in cases {
        let mut zip = good();
        change(&mut zip);
        assert_eq!(code(&zip.bytes()), *expected, "{what}");
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
        ("made on DOS", "zip-version-made-by", |z| z.entries[AT].central.made_by = 10),
        ("made by 4.5", "zip-version-made-by", |z| z.entries[AT].central.made_by = 0x032d),
        ("local version", "zip-version-needed", |z| z.entries[AT].local.needed = 20),
        ("directory version", "zip-version-needed", |z| z.entries[AT].central.needed = 45),
        ("locally encrypted", "zip-flags", |z| z.entries[AT].local.flags = 1),
        ("encrypted", "zip-flags", |z| z.entries[AT].central.flags = 1),
        ("both encrypted", "zip-flags", |z| z.entries[AT].both(|h| h.flags = 1)),
        ("UTF-8", "zip-flags", |z| z.entries[AT].both(|h| h.flags = 1 << 11)),
        ("masked headers", "zip-flags", |z| z.entries[AT].both(|h| h.flags = 1 << 13)),
        ("deflated", "zip-method", |z| z.entries[AT].both(|h| h.method = 8)),
        ("locally deflated", "zip-method", |z| z.entries[AT].local.method = 8),
        ("AES", "zip-method", |z| z.entries[AT].both(|h| h.method = 99)),
        ("a time", "zip-time", |z| z.entries[AT].both(|h| h.time = 1)),
        ("a date", "zip-date", |z| z.entries[AT].both(|h| h.date = 0x5921)),
        ("no date", "zip-date", |z| z.entries[AT].local.date = 0),
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
        ("a local extra field", "zip-extra", |z| {
            z.entries[AT].local.extra = vec![0x55, 0x54, 0, 0]
        }),
        ("an extra field", "zip-extra", |z| z.entries[AT].central.extra = vec![0x55, 0x54, 0, 0]),
        ("a Unicode path", "zip-extra", |z| {
            z.entries[AT].both(|h| h.extra = b"\x75\x70\x06\0\x01\0\0\0\0x".to_vec());
        }),
        ("an entry's comment", "zip-comment", |z| z.entries[AT].central.comment = b"hi".to_vec()),
        ("another disk", "zip-disk", |z| z.entries[AT].central.disk = 1),
        ("a text file", "zip-internal-attributes", |z| z.entries[AT].central.internal = 1),
        ("a symbolic link", "zip-external-attributes", |z| {
            z.entries[AT].central.external = 0o120_777 << 16;
        }),
        ("a directory", "zip-external-attributes", |z| {
            z.entries[AT].central.external = 0o040_755 << 16 | 0x10;
        }),
        ("a device", "zip-external-attributes", |z| {
            z.entries[AT].central.external = 0o020_644 << 16;
        }),
        ("setuid", "zip-external-attributes", |z| {
            z.entries[AT].central.external = 0o104_755 << 16;
        }),
        ("no mode", "zip-external-attributes", |z| z.entries[AT].central.external = 0),
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
        ("a long name", "name-length", |z| rename(&mut z.entries[AT], &[b'a'; 2049])),
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
        ("a descriptor and its flag", "zip-flags", |z| {
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
        ("a comment of another record", "zip-comment", |z| z.end.comment_length = Some(1)),
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
            z.entries[AT].both(|h| (h.stored, h.size) = (0xffff_fffe, 0xffff_fffe));
        }),
        ("an envelope of gigabytes", "zip-overlap", |z| {
            z.entries[7].both(|h| (h.stored, h.size) = (0xffff_fff0, 0xffff_fff0));
        }),
        ("a size of all ones", "zip-entry-size", |z| {
            z.entries[AT].both(|h| (h.stored, h.size) = (u32::MAX, u32::MAX));
        }),
    ];
    refuse(cases);
}

fn zip64_offset(header: &mut Header, offset: u64) {
    header.offset = Some(u32::MAX);
    header.extra = [b"\x01\0\x08\0".as_slice(), &offset.to_le_bytes()].concat();
}

#[test]
fn end_records_that_lie() {
    let cases: &[Case] = &[
        ("a disk number", "zip-disk", |z| z.end.disk = 1),
        ("the directory's disk", "zip-disk", |z| z.end.directory_disk = 1),
        ("entries elsewhere", "zip-entries-on-disk", |z| z.end.entries_here = Some(7)),
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
            let many = Some(300_001);
            z.end64 = Some(End64 { entries: many, entries_here: many, ..End64::default() });
            (z.end.entries, z.end.entries_here) = (Some(u16::MAX), Some(u16::MAX));
            z.end.directory_size = Some(u32::MAX);
        }),
        ("end records that differ", "zip-ends-differ", |z| {
            let many = Some(300_001);
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
        ("a locator to elsewhere", "zip-locator-offset", |z| {
            z.end64 = Some(End64 { locator_offset: Some(0), ..End64::default() });
        }),
        ("a locator to the far", "zip-locator-offset", |z| {
            z.end64 = Some(End64 { locator_offset: Some(u64::MAX), ..End64::default() });
        }),
        ("a locator on another disk", "zip-disk", |z| {
            z.end64 = Some(End64 { locator_disk: 1, ..End64::default() });
        }),
        ("a locator of two disks", "zip-disk", |z| {
            z.end64 = Some(End64 { disks: 2, ..End64::default() });
        }),
        ("a locator to nothing", "zip-signature", |z| {
            z.end64 = Some(End64 { signature: *b"PK\x06\x05", ..End64::default() });
        }),
        ("a zip64 record with more in it", "zip-record-size", |z| {
            z.end64 = Some(End64 { record_size: 45, ..End64::default() });
        }),
        ("bytes before the locator", "zip-locator-offset", |z| {
            z.end64 = Some(End64 { between: vec![0], ..End64::default() });
        }),
        ("zip64 entries elsewhere", "zip-entries-on-disk", |z| {
            z.end64 = Some(End64 { entries_here: Some(1), ..End64::default() });
        }),
        ("zip64 version", "zip-version-needed", |z| {
            z.end64 = Some(End64 { needed: 45, ..End64::default() });
        }),
        ("zip64 made by", "zip-version-made-by", |z| {
            z.end64 = Some(End64 { made_by: 45, ..End64::default() });
        }),
        ("zip64 disk", "zip-disk", |z| z.end64 = Some(End64 { disk: 1, ..End64::default() })),
        ("a zip64 offset for nothing", "zip-zip64-not-needed", |z| {
            zip64_offset(&mut z.entries[AT].central, 400);
        }),
        ("a zip64 offset to the far", "zip-gap", |z| {
            zip64_offset(&mut z.entries[AT].central, u64::MAX);
        }),
        ("zip64 sizes", "zip-extra", |z| {
            let header = &mut z.entries[AT].central;
            (header.stored, header.size) = (u32::MAX, u32::MAX);
            header.extra = [b"\x01\0\x10\0".as_slice(), &[0; 16]].concat();
        }),
        ("a zip64 field of another kind", "zip-extra", |z| {
            zip64_offset(&mut z.entries[AT].central, u64::MAX);
            z.entries[AT].central.extra[0] = 2;
        }),
    ];
    refuse(cases);
}

/// The code that a good archive with this manifest, signed by the trusted key, is refused with.
fn manifest_code(change: impl FnOnce(&mut Value)) -> &'static str {
    let mut value: Value = serde_json::from_slice(&manifest().to_json()).unwrap();
    change(&mut value);
    code(&archive(&contents(), &serde_json::to_vec(&value).unwrap()).bytes())
}

#[test]
fn manifests_that_do_not_fit_the_archive() {
    let root = "/predicate";
    let at = |value: &mut Value, path: &str, new: Value| {
        *value.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = new;
    };
    let listed = |name: &str| json!({"name": name, "digest": {"sha256": "0".repeat(64)}, "annotations": {"size": 1}});
    assert_eq!(manifest_code(|_| {}), "accepted");
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("trust/public-good/z"))),
        "entry-missing"
    );
    assert_eq!(
        manifest_code(|v| drop(v["subject"].as_array_mut().unwrap().pop())),
        "entry-not-listed"
    );
    assert_eq!(
        manifest_code(|v| at(v, "/subject/6/name", json!("trust/public-good/z"))),
        "entry-not-listed"
    );
    assert_eq!(
        manifest_code(|v| at(v, "/subject/6/name", json!("trust/public-good/a"))),
        "manifest-unsorted"
    );
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("z"))),
        "manifest-unused-entry"
    );
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("../z"))),
        "manifest-unsorted"
    );
    for (subject, size) in [(0, 22), (1, 13), (2, 0), (6, 1), (5, u64::MAX)] {
        let path = format!("/subject/{subject}/annotations/size");
        assert_eq!(manifest_code(|v| at(v, &path, json!(size))), "entry-size", "{path}");
    }
    for size in [json!(-1), json!(1.5), json!("1"), json!(1e30), Value::Null] {
        let path = "/subject/0/annotations/size";
        assert_eq!(manifest_code(|v| at(v, path, size.clone())), "manifest-json", "{size}");
    }
    // One entry of each kind: lockfile, tarball, attestations, record, TUF metadata.
    for (subject, algorithm, hex) in [
        (0, "sha256", 64),
        (1, "sha512", 128),
        (2, "sha256", 64),
        (4, "sha256", 64),
        (5, "sha256", 64),
    ] {
        let path = format!("/subject/{subject}/digest/{algorithm}");
        let digest = json!("0".repeat(hex));
        assert_eq!(manifest_code(|v| at(v, &path, digest)), "entry-digest", "{path}");
    }
    assert_eq!(
        manifest_code(|v| at(v, "/predicateType", json!("urn:x"))),
        "manifest-predicate-type"
    );
    assert_eq!(
        manifest_code(|v| at(v, &format!("{root}/formatVersion"), json!(2))),
        "manifest-format-version"
    );
}

#[test]
fn payloads_that_are_no_manifest() {
    let contents = contents();
    for payload in [
        b"".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        b"[".repeat(1_000_000),
        b"{\"a\":".repeat(1_000_000),
        [manifest().to_json(), b"x".to_vec()].concat(),
        manifest().to_json().repeat(2),
        vec![0xff; 1000],
    ] {
        assert_eq!(code(&archive(&contents, &payload).bytes()), "manifest-json");
    }
    for envelope in [b"[".repeat(1_000_000), b"{\"payload\":".repeat(1_000_000), Vec::new()] {
        assert_eq!(code(&with_envelope(&contents, &envelope).bytes()), "envelope-json");
    }
}

#[test]
fn entries_changed_under_a_good_signature() {
    for (at, name) in contents().keys().enumerate() {
        let mut zip = good();
        let entry = &mut zip.entries[at];
        if entry.data.is_empty() {
            continue;
        }
        entry.data[0] ^= 1;
        assert_eq!(code(&zip.bytes()), "entry-digest", "{name}");
        // Whoever tampers makes the checksum fit.
        let crc32 = crc32fast::hash(&zip.entries[at].data);
        zip.entries[at].both(|header| header.crc32 = crc32);
        assert_eq!(code(&zip.bytes()), "entry-digest", "{name}");
    }
}

#[test]
fn signatures_that_are_not_enough() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |envelope: &[u8]| {
        std::fs::write(file.path(), with_envelope(&contents(), envelope).bytes()).unwrap();
    };
    let refused = |keys: &[u8], threshold| {
        let keys: Vec<_> = keys.iter().map(|seed| public(*seed)).collect();
        check(file.path(), &keys, threshold).map_or_else(|error| error.code(), |()| "accepted")
    };
    let payload = manifest().to_json();
    let good = Envelope::sign(&payload, &[key(1)]).unwrap().to_json();
    write(&good);
    assert_eq!(refused(&[1], 1), "accepted");
    assert_eq!(refused(&[2], 1), "too-few-signers");
    assert_eq!(refused(&[1, 2], 2), "too-few-signers");
    assert_eq!(refused(&[1, 1], 2), "threshold-impossible");
    assert_eq!(refused(&[1], 0), "threshold-impossible");
    assert_eq!(refused(&[], 1), "threshold-impossible");

    // The signature of one key, twice: as it is, and under the name of another key.
    let mut twice: Value = serde_json::from_slice(&good).unwrap();
    let mut again = twice["signatures"][0].clone();
    twice["signatures"].as_array_mut().unwrap().push(again.clone());
    write(&serde_json::to_vec(&twice).unwrap());
    assert_eq!(refused(&[1, 2], 2), "too-few-signers");
    again["keyid"] = json!(public(2).fingerprint());
    twice["signatures"][1] = again;
    write(&serde_json::to_vec(&twice).unwrap());
    assert_eq!(refused(&[1, 2], 2), "too-few-signers");

    // The signature over another payload, and over the payload without its type.
    let other = Envelope::sign(b"{}", &[key(1)]).unwrap().to_json();
    let mut moved: Value = serde_json::from_slice(&good).unwrap();
    moved["signatures"] = serde_json::from_slice::<Value>(&other).unwrap()["signatures"].clone();
    write(&serde_json::to_vec(&moved).unwrap());
    assert_eq!(refused(&[1], 1), "too-few-signers");
    let mut typed: Value = serde_json::from_slice(&good).unwrap();
    typed["payloadType"] = json!("application/json");
    write(&serde_json::to_vec(&typed).unwrap());
    assert_eq!(refused(&[1], 1), "envelope-payload-type");
    typed["signatures"] = json!([]);
    typed["payloadType"] = json!("application/vnd.in-toto+json");
    write(&serde_json::to_vec(&typed).unwrap());
    assert_eq!(refused(&[1], 1), "envelope-no-signature");
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
    assert_eq!(Archive::open(folder.path()).err().unwrap().code(), "not-a-file");
    #[cfg(unix)]
    assert_eq!(Archive::open(Path::new("/dev/null")).err().unwrap().code(), "not-a-file");
    assert_eq!(Archive::open(&folder.path().join("no")).err().unwrap().code(), "file");
}
