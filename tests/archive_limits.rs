//! Archives at the limits of the format, and one past them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod support;

use sealift::{
    adapters::archive::{Archive, ArchiveError, WriteError, reseal, seal},
    core::{
        archive::{dsse::Envelope, manifest::Manifest},
        limits,
    },
};
use support::{contents, given, key, manifest, open, predicate, public, raw_zip, subjects, write};

#[test]
fn what_is_written_can_be_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let content = given(contents());
    let written = |size: u64| {
        let mut listed = subjects(&contents());
        listed[0].size = size;
        let manifest = Manifest::build(predicate(), listed).unwrap();
        let path = folder.path().join("a.sealift");
        seal(&path, &manifest, &[key(1)], |subject| content.get(&subject.name)).unwrap_err()
    };
    let max = limits::ENTRY_BYTES;
    assert!(matches!(written(max), WriteError::Changed { .. }), "the content is smaller");
    let too_large = written(max + 1);
    assert!(
        matches!(too_large, WriteError::TooLarge { size, max: limit, .. } if (size, limit) == (max + 1, max))
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// An archive with an envelope of `size` bytes that are all zero: a hole in the file.
#[cfg(unix)]
fn envelope_of(size: u64) -> ArchiveError {
    use std::os::unix::fs::FileExt as _;

    let mut envelope = raw_zip::Entry::new("sealift.dsse.json", b"");
    let claimed = u32::try_from(size).unwrap();
    envelope.both(|header| (header.stored, header.size, header.crc32) = (claimed, claimed, 1));
    let split = 30 + envelope.local.name.len();
    let mut zip = raw_zip::Zip { entries: vec![envelope], ..Default::default() };
    zip.end.directory = Some(u32::try_from(split).unwrap() + claimed);
    let bytes = zip.bytes();
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all_at(&bytes[..split], 0).unwrap();
    file.as_file().write_all_at(&bytes[split..], split as u64 + size).unwrap();
    Archive::open(file.path()).unwrap_err()
}

#[cfg(unix)]
#[test]
fn an_envelope_is_as_large_as_the_limit() {
    // Read in full, and then its checksum is wrong.
    assert_eq!(envelope_of(limits::ENVELOPE_BYTES).code(), "entry-checksum");
    let refused = envelope_of(limits::ENVELOPE_BYTES + 1);
    assert!(
        matches!(refused, ArchiveError::EnvelopeSize(size) if size == limits::ENVELOPE_BYTES + 1),
        "{refused}"
    );
}

#[test]
fn an_envelope_is_written_up_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sealift");
    write(&path, &[1]);
    let archive = open(&path, 1);
    let max = usize::try_from(limits::ENVELOPE_BYTES).unwrap();
    let around = Envelope::sign(b"", &[key(1)]).unwrap().to_json().len();
    // Base64 grows by four bytes, so that the largest may fall short of the limit by three.
    let groups = (max - around) / 4;
    let written = |groups: usize| {
        let envelope = Envelope::sign(&vec![b' '; groups * 3], &[key(1)]).unwrap();
        assert_eq!(envelope.to_json().len(), around + groups * 4);
        reseal(&path, &archive, &envelope)
    };
    assert!(written(groups).is_ok());
    let refused = written(groups + 1).unwrap_err();
    assert!(
        matches!(refused, WriteError::TooLarge { max: limits::ENVELOPE_BYTES, .. }),
        "{refused}"
    );
    assert!(refused.hint().unwrap().contains("fewer lockfiles"));
}

#[test]
fn a_manifest_that_nobody_vouches_for_is_as_large_as_the_limit() {
    let shown = |size: usize| {
        // White space after a value changes nothing.
        let mut manifest = manifest().to_json();
        manifest.resize(size, b' ');
        let file = tempfile::NamedTempFile::new().unwrap();
        let archive = support::hostile::archive(&contents(), &manifest);
        std::fs::write(file.path(), archive.bytes()).unwrap();
        let archive = Archive::open(file.path()).unwrap();
        let unverified = archive.manifest_unverified().map(|unverified| unverified.manifest);
        // To whom its signer is known, it may be larger.
        assert!(archive.verify_signatures::<Manifest>(&[public(1)], 1).is_ok());
        unverified
    };
    let max = limits::UNVERIFIED_MANIFEST_BYTES;
    assert_eq!(shown(max).unwrap(), manifest());
    let refused = shown(max + 1).unwrap_err();
    assert!(
        matches!(refused, ArchiveError::UnverifiedManifestSize(size) if size == max + 1),
        "{refused}"
    );
}

#[test]
fn a_directory_is_written_as_large_as_it_is_read() {
    // The packages' entries aside, so many of the longest names there are, and one that is shorter.
    let sealed = |size: u64| {
        let others = 46 + "sealift.dsse.json".len() as u64;
        let longest = 46 + limits::ENTRY_NAME_BYTES as u64;
        let full = (size - others) / longest - 1;
        let rest = usize::try_from(size - others - full * longest - 2 * 46).unwrap();
        let lengths = [rest / 2, rest - rest / 2];
        let lengths = (0..full).map(|_| limits::ENTRY_NAME_BYTES).chain(lengths);
        let names = lengths.enumerate().map(|(number, length)| {
            let head = format!("trust/public-good/{number:06}");
            format!("{head}{}", "a".repeat(length - head.len()))
        });
        let contents = names.map(|name| (name, Vec::new())).collect();
        let mut predicate = predicate();
        (predicate.inputs, predicate.packages) = (Vec::new(), Vec::new());
        let manifest = Manifest::build(predicate, subjects(&contents)).unwrap();
        let content = given(contents);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sealift");
        let file = seal(&path, &manifest, &[key(1)], |subject| content.get(&subject.name))?;
        assert!(Archive::open(file.path()).is_ok());
        Ok::<_, WriteError>(())
    };
    assert!(sealed(limits::DIRECTORY_BYTES).is_ok());
    let refused = sealed(limits::DIRECTORY_BYTES + 1).unwrap_err();
    assert!(matches!(refused, WriteError::Directory(size) if size == limits::DIRECTORY_BYTES + 1));
    assert!(refused.hint().unwrap().contains("fewer lockfiles"));
}

#[test]
fn the_manual_gives_the_limits() {
    let manual = include_str!("../man/sealift-archive.5");
    let grouped = |number: u64| {
        let digits = number.to_string();
        let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
        groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
    };
    for limit in [
        limits::ARCHIVE_ENTRIES as u64,
        limits::ENTRY_BYTES,
        limits::ENVELOPE_BYTES,
        limits::DIRECTORY_BYTES,
        limits::URL_BYTES,
        limits::LOCKFILE_BYTES,
        limits::RECORD_BYTES,
        limits::ATTESTATIONS_BYTES,
        limits::TIMESTAMP_BYTES,
        limits::ROOT_BYTES,
        limits::METADATA_BYTES,
        limits::TARGET_BYTES,
        limits::REPOSITORY_BYTES,
        limits::STORE_FILES as u64,
        limits::MANIFEST_TEXT_BYTES as u64,
    ] {
        assert!(manual.contains(&grouped(limit)), "{}", grouped(limit));
    }
    let coverage = include_str!("../man/sealift-coverage.7");
    let path = format!("at most {} bytes", grouped(limits::INSTALL_PATH_BYTES as u64));
    assert!(coverage.contains(&path), "{path}");
    let objects = format!("at most {} objects", grouped(limits::LOCKFILE_OBJECTS as u64));
    assert!(coverage.contains(&objects), "{objects}");
    let names =
        [limits::PACKAGE_NAME_BYTES, limits::VERSION_BYTES].map(|n| format!("at most {n} bytes"));
    assert!(names.iter().all(|text| manual.contains(text)), "{names:?}");
    assert!(manual.contains(&format!("1 to {} bytes", limits::ENTRY_NAME_BYTES)));
    assert!(manual.contains(&format!("1 to {} signatures", limits::ENVELOPE_SIGNATURES)));
}
