//! Archives that are as they should be: written, opened by others, signed again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use std::{collections::BTreeMap, process::Command};

use sealift::{
    adapters::{
        archive::{Archive, ArchiveError, Content, WriteError, reseal, seal},
        files,
    },
    core::{
        archive::{
            dsse::Envelope,
            manifest::{Manifest, Predicate},
        },
        limits,
        package::digest::Algorithm,
    },
};
use support::{contents, given, key, manifest, open, predicate, public, raw_zip, subjects, write};

#[test]
fn what_was_sealed_is_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    assert_eq!(archive.signers(), [public(1).fingerprint()]);
    assert_eq!(archive.manifest(), &manifest());
    for (name, bytes) in contents() {
        assert_eq!(archive.read(&name, 1000).unwrap(), bytes);
        let both = [Algorithm::Sha512, Algorithm::Sha1];
        let expected: Vec<_> = both.iter().map(|algorithm| algorithm.digest(&bytes)).collect();
        assert_eq!(archive.hash(&name, &both).unwrap(), expected);
    }
    archive.check_rest().unwrap();
    assert_eq!(archive.size(), std::fs::metadata(&path).unwrap().len());
    let name = "npm/@acme/tool/2.0.0/package.tgz";
    assert_eq!(archive.read(name, 600).unwrap().len(), 600);
    let refused = archive.read(name, 599).unwrap_err();
    assert!(matches!(refused, ArchiveError::TooLarge { size: 600, max: 599, .. }), "{refused}");
    assert_eq!(refused.code(), "entry-too-large");
    assert!(matches!(archive.read("no", 1), Err(ArchiveError::NoSuchEntry(_))));
}

#[cfg(unix)]
#[test]
fn what_is_read_again_is_compared_again() {
    use std::os::unix::fs::FileExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    let name = "npm/@acme/tool/2.0.0/package.tgz";
    let bytes = &contents()[name];
    let is_refused = |result: Result<_, ArchiveError>| matches!(result, Err(ArchiveError::Digest { name: changed, .. }) if changed == name);
    // It was never compared.
    assert!(!archive.is_tagged(name));
    assert!(is_refused(archive.read_again(name)) && is_refused(archive.piece(name, 0)));

    let file = std::fs::File::options().write(true).open(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let at = whole.windows(600).position(|window| window == bytes).unwrap() as u64 + 599;
    let change = |byte: u8| file.write_all_at(&[byte], at).unwrap();
    for _ in 0..2 {
        change(bytes[599] ^ 1);
        assert!(is_refused(archive.compare_again(name).map(|()| Vec::new())));
        assert!(is_refused(archive.read_again(name)) && is_refused(archive.piece(name, 0)));
        change(bytes[599]);
        archive.compare_again(name).unwrap();
        assert_eq!(&archive.read_again(name).unwrap(), bytes);
        assert_eq!(&archive.piece(name, 0).unwrap(), bytes);
    }
    assert!(archive.is_tagged(name) && is_refused(archive.piece(name, 1)));
    assert!(matches!(archive.compare_again("no"), Err(ArchiveError::NoSuchEntry(_))));
    file.set_len(at).unwrap();
    assert!(matches!(archive.read_again(name), Err(ArchiveError::File(_))));
}

#[test]
fn entries_are_read_from_several_threads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (name, bytes) in contents() {
                    assert_eq!(archive.read(&name, 1000).unwrap(), bytes);
                }
            });
        }
    });
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    write(&one, &[2, 1]);
    write(&two, &[1, 2]);
    let bytes = std::fs::read(&one).unwrap();
    assert_eq!(bytes, std::fs::read(&two).unwrap());

    let envelope = open(&one, 1).envelope().to_json();
    let mut entries: Vec<_> =
        contents().iter().map(|(name, data)| raw_zip::Entry::new(name, data)).collect();
    entries.push(raw_zip::Entry::new("sealift.dsse.json", &envelope));
    assert_eq!(bytes, raw_zip::Zip { entries, ..Default::default() }.bytes());
}

#[test]
fn the_order_in_which_things_are_given_does_not_matter() {
    let Predicate { packages, .. } = predicate();
    let reversed = Predicate { packages: packages.into_iter().rev().collect(), ..predicate() };
    let subjects = subjects(&contents()).into_iter().rev().collect();
    let built = Manifest::build(reversed, subjects).unwrap();
    assert_eq!(built.to_json(), manifest().to_json());
    assert_eq!(Manifest::parse(&built.to_json()).unwrap(), built);
}

#[test]
fn other_programs_open_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    write(&path, &[1]);
    let mut names: Vec<_> = contents().into_keys().collect();
    names.push("sealift.dsse.json".to_owned());

    let mut zip = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
    assert_eq!(zip.file_names().collect::<Result<Vec<_>, _>>().unwrap(), names);
    let mut tarball = Vec::new();
    let name = "npm/@acme/tool/2.0.0/package.tgz";
    std::io::copy(&mut zip.by_name(name).unwrap(), &mut tarball).unwrap();
    assert_eq!(tarball, contents()[name]);

    let python = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist(), sep='\\n')";
    if let Ok(output) = Command::new("python3").args(["-c", python]).arg(&path).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let listed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(listed.lines().collect::<Vec<_>>(), names);
    }
    if let Ok(output) = Command::new("unzip").arg("-tqq").arg(&path).output() {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn contents_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::write(&cache, &contents()["npm/%63on/1.0.0/package.tgz"]).unwrap();
    let mut content = given(contents());
    content.insert("npm/%63on/1.0.0/package.tgz".into(), Content::File(cache));

    let target = folder.path().join("a.sealift");
    let file = seal(&target, &manifest(), &[key(1)], |subject| content.get(&subject.name)).unwrap();
    open(file.path(), 1).check_rest().unwrap();
}

#[test]
fn a_content_that_is_not_as_listed_stops_the_writer_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("a.sealift");
    let name = "npm/%63on/1.0.0/package.tgz";
    for other in ["tarball of com", "tarball of co", "tarball of con and more", ""] {
        let mut content = given(contents());
        content.insert(name.into(), Content::Bytes(other.into()));
        let error = seal(&target, &manifest(), &[key(1)], |subject| content.get(&subject.name));
        assert!(matches!(error, Err(WriteError::Changed { name: found, .. }) if found == name));
    }
    let error = seal(&target, &manifest(), &[key(1)], |_| None);
    assert!(matches!(error, Err(WriteError::NoContent(_))));
    let missing = Content::File(folder.path().join("missing"));
    let error = seal(&target, &manifest(), &[key(1)], |_| Some(&missing));
    assert!(matches!(error, Err(WriteError::File(_))));
    let error = seal(&target, &manifest(), &[], |_| None);
    assert!(matches!(error, Err(WriteError::Envelope(_))));
    let content = given(contents());
    let nowhere = folder.path().join("no/such/folder/a.sealift");
    let error = seal(&nowhere, &manifest(), &[key(1)], |subject| content.get(&subject.name));
    assert!(matches!(error, Err(WriteError::File(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_second_signature_changes_nothing_but_the_envelope() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    let mut envelope = archive.envelope().clone();
    envelope.add_signature(&key(2)).unwrap();
    let file = reseal(&path, &archive, &envelope).unwrap();
    files::persist(file, &path).unwrap();

    let again = Archive::open(&path).unwrap();
    let again = again.verify_signatures::<Manifest>(&[public(1), public(2)], 2).unwrap();
    again.check_rest().unwrap();
    assert_eq!(again.manifest(), archive.manifest());
    let both = folder.path().join("both");
    write(&both, &[1, 2]);
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&both).unwrap());
}

#[test]
fn a_copy_of_a_changed_archive_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    let bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(7).position(|window| window == b"tarball").unwrap();
    let mut changed = bytes.clone();
    changed[at] = b'T';
    std::fs::write(&path, &changed).unwrap();
    let error = reseal(&folder.path().join("b"), &archive, archive.envelope());
    assert!(matches!(error, Err(WriteError::Changed { .. })));
    // The same holds for whoever reads: the bytes are compared at every read.
    let name = "npm/%63on/1.0.0/package.tgz";
    assert_eq!(archive.read(name, 1000).unwrap_err().code(), "entry-digest");
    assert_eq!(archive.check_rest().unwrap_err().code(), "entry-digest");
    std::fs::write(&path, &bytes[..at]).unwrap();
    assert_eq!(archive.read(name, 1000).unwrap_err().code(), "file");
}

#[test]
fn more_entries_than_16_bits_count_need_zip64_and_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    // With the lockfile and the envelope: one more than the plain end record counts.
    let mut contents = BTreeMap::from([("inputs/1/package-lock.json".to_owned(), Vec::new())]);
    contents.extend((0..65_534).map(|n| (format!("trust/public-good/{n}.root.json"), Vec::new())));
    let predicate = Predicate { packages: Vec::new(), ..predicate() };
    let manifest = Manifest::build(predicate, subjects(&contents)).unwrap();
    let content = given(contents);
    let file = seal(&path, &manifest, &[key(1)], |subject| content.get(&subject.name)).unwrap();
    files::persist(file, &path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(&bytes[bytes.len() - 42..][..4], b"PK\x06\x07");
    open(&path, 1).check_rest().unwrap();
    let python = "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))";
    if let Ok(output) = Command::new("python3").args(["-c", python]).arg(&path).output() {
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "65536");
    }
}

#[test]
fn as_many_entries_as_16_bits_count_need_no_zip64() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.zip");
    write(&path, &[1]);
    let envelope = open(&path, 1).envelope().to_json();
    let mut entries: Vec<_> =
        (10_000..75_534).map(|n| raw_zip::Entry::new(&n.to_string(), b"")).collect();
    entries.push(raw_zip::Entry::new("sealift.dsse.json", &envelope));
    std::fs::write(&path, raw_zip::Zip { entries, ..Default::default() }.bytes()).unwrap();
    assert_eq!(
        Archive::open(&path).unwrap().manifest_unverified().unwrap_err().code(),
        "entry-not-listed"
    );
}

#[test]
#[cfg(target_os = "linux")] // where a hole in a file takes no space
fn offsets_beyond_32_bits_are_in_zip64_fields() {
    // As large as an entry may be; and so large that the next one's offset has all bits set.
    offsets_after(limits::ENTRY_BYTES as u32);
    offsets_after(u32::MAX - 30 - "inputs/1/package-lock.json".len() as u32);
}

/// Reads an archive whose first entry is a hole.
#[cfg(target_os = "linux")]
fn offsets_after(hole: u32) {
    use std::os::unix::fs::FileExt as _;

    let names = ["inputs/1/package-lock.json", "trust/public-good/1.root.json"];
    let mut contents: BTreeMap<_, _> =
        names.iter().map(|name| ((*name).to_owned(), Vec::new())).collect();
    let mut listed = subjects(&contents);
    listed[0].size = hole.into();
    let predicate = Predicate { packages: Vec::new(), ..predicate() };
    let manifest = Manifest::build(predicate, listed).unwrap().to_json();
    let envelope = Envelope::sign(&manifest, &[key(1)]).unwrap().to_json();
    contents.insert("sealift.dsse.json".to_owned(), envelope);

    let entries = contents.iter().map(|(name, data)| raw_zip::Entry::new(name, data)).collect();
    let mut zip = raw_zip::Zip { entries, ..Default::default() };
    zip.entries.swap(1, 2); // the envelope goes last
    zip.entries[0].both(|header| (header.stored, header.size) = (hole, hole));
    let split = 30 + names[0].len() as u64;
    let second = split + u64::from(hole);
    let third = second + 30 + names[1].len() as u64;
    for (entry, offset) in zip.entries[1..].iter_mut().zip([second, third]) {
        entry.central.offset = Some(u32::MAX);
        entry.central.extra = [b"\x01\0\x08\0".as_slice(), &offset.to_le_bytes()].concat();
    }
    let last = &zip.entries[2];
    let directory = third + 30 + last.local.name.len() as u64 + last.data.len() as u64;
    let size: usize = zip
        .entries
        .iter()
        .map(|entry| 46 + entry.central.name.len() + entry.central.extra.len())
        .sum();
    zip.end64 = Some(raw_zip::End64 {
        directory: Some(directory),
        locator_offset: Some(directory + size as u64),
        ..Default::default()
    });
    (zip.end.directory, zip.end.directory_size) = (Some(u32::MAX), Some(u32::MAX));

    let bytes = zip.bytes();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all_at(&bytes[..split as usize], 0).unwrap();
    file.as_file().write_all_at(&bytes[split as usize..], second).unwrap();
    let archive = open(file.path(), 1);
    assert_eq!(archive.read(names[1], 10).unwrap(), b"");
    let python = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())";
    if let Ok(output) = Command::new("python3").args(["-c", python]).arg(file.path()).output() {
        let listed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(listed.trim(), format!("{} {} sealift.dsse.json", names[0], names[1]));
    }
}

#[test]
fn inspection_says_what_is_there_and_who_claims_to_have_signed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let unverified = Archive::open(&path).unwrap().manifest_unverified().unwrap();
    assert_eq!(unverified.manifest, manifest());
    assert_eq!(unverified.keyids, [public(1).fingerprint()]);
}
