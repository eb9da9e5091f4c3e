use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use tar::{EntryType, Header};

use super::*;
use crate::core::npm::NPM;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// One entry: a header with this path, exactly as it is, and the bytes.
fn entry(kind: EntryType, path: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(512), 0);
    out
}

fn file(path: &str, bytes: &str) -> Vec<u8> {
    entry(EntryType::Regular, path, bytes.as_bytes())
}

fn own() -> Vec<u8> {
    file("package/package.json", r#"{"name": "a", "version": "1.0.0"}"#)
}

fn pax(records: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (key, value) in records {
        // The length counts its own digits.
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while length != rest + length.to_string().len() {
            length = rest + length.to_string().len();
        }
        body.push_str(&format!("{length} {key}={value}\n"));
    }
    entry(EntryType::XHeader, "PaxHeader", body.as_bytes())
}

fn listed(entries: &[Vec<u8>]) -> Result<Contents, TarballError> {
    let mut tar = entries.concat();
    tar.resize(tar.len() + 1024, 0);
    list(gzip(&tar).as_slice())
}

fn named(name: &str, version: &str) -> NameAndVersion {
    NameAndVersion { name: Some(name.into()), version: Some(version.into()) }
}

#[track_caller]
fn ambiguous(entries: &[Vec<u8>]) {
    let found = listed(entries);
    assert_eq!(found.map_err(|error| error.code()), Err("tarball-ambiguous"));
}

#[test]
fn lists_its_own_name_what_it_bundles_and_its_shrinkwrap() {
    let contents = listed(&[
        own(),
        file("package/index.js", "x"),
        file("package/node_modules/b/package.json", r#"{"name": "b", "version": "2.0.0"}"#),
        file("package/node_modules/@s/c/package.json", r#"{"name": "@s/c"}"#),
        file("package/node_modules/@s/c/node_modules/d/package.json", "{}"),
        file("package/node_modules/b/lib/package.json", "not read"),
        file("package/test/package.json", "not read"),
        file("package/npm-shrinkwrap.json", "{}"),
        file("package/package-lock.json", "not taken"),
    ])
    .unwrap();
    assert_eq!(contents.own, named("a", "1.0.0"));
    assert_eq!(contents.shrinkwrap.as_deref(), Some(b"{}".as_slice()));
    let bundled: Vec<_> = contents.bundled.keys().map(String::as_str).collect();
    assert_eq!(
        bundled,
        ["node_modules/@s/c", "node_modules/@s/c/node_modules/d", "node_modules/b"]
    );
    assert_eq!(contents.bundled["node_modules/b"], named("b", "2.0.0"));
    let lock = listed(&[own(), file("package/package-lock.json", "{}")]).unwrap();
    assert_eq!(lock.shrinkwrap.as_deref(), Some(b"{}".as_slice()));
}

/// As `man/sealift-coverage.7` says it, and as npm unpacks it.
#[test]
fn members_of_gzip_make_one_file_and_blocks_at_its_end_may_be_missing() {
    let (own, other) = (own(), file("x/npm-shrinkwrap.json", "{}"));
    let whole = listed(&[own.clone(), other.clone()]).unwrap();
    assert!(whole.shrinkwrap.is_some());
    assert_eq!(list([gzip(&own), gzip(&other)].concat().as_slice()), Ok(whole.clone()));
    assert_eq!(list(gzip(&[own.clone(), other].concat()).as_slice()), Ok(whole));
    let found = list([gzip(&own), b"more".to_vec()].concat().as_slice());
    assert_eq!(found.map_err(|error| error.code()), Err("tarball-unreadable"));
}

#[test]
fn rejects_a_malformed_manifest_of_what_it_bundles() {
    for json in ["{", "[]", r#"{"name": "b", "name": "b"}"#, r#"{"version": "\ud800"}"#] {
        let found = listed(&[own(), file("package/node_modules/b/package.json", json)]);
        assert_eq!(found.map_err(|error| error.code()), Err("tarball-manifest"), "{json}");
    }
    let other = file("package/node_modules/b/package.json", r#"{"name": 1, "x": "\ud800"}"#);
    let found = listed(&[own(), other]).unwrap();
    assert_eq!(found.bundled.get("node_modules/b"), Some(&NameAndVersion::default()));
    assert!(listed(&[own(), file("package/lib/package.json", "{")]).is_ok());
}

/// As node-tar: whatever the first folder is called, and the last of two files.
#[test]
fn the_first_component_is_cut_off_and_the_last_duplicate_counts() {
    let other = file("other/package.json", r#"{"name": "b", "version": "1.0.0"}"#);
    assert_eq!(listed(&[own(), other]).unwrap().own, named("b", "1.0.0"));
    assert_eq!(listed(&[file("package.json", "{}")]), Err(TarballError::NoManifest));
}

#[test]
fn long_paths_come_from_extension_headers() {
    let json = r#"{"name": "b", "version": "1.0.0"}"#;
    let long = "package/node_modules/b/package.json";
    let by_pax = listed(&[own(), pax(&[("path", long)]), file("x", json)]).unwrap();
    let name = entry(EntryType::GNULongName, "././@LongLink", format!("{long}\0").as_bytes());
    let by_name = listed(&[own(), name, file("x", json)]).unwrap();
    assert_eq!(by_pax, by_name);
    assert_eq!(by_pax.bundled.len(), 1);
}

#[test]
fn links_are_passed_over() {
    let link = |kind| entry(kind, "package/node_modules/b/package.json", b"");
    for kind in [EntryType::Symlink, EntryType::Link] {
        assert!(listed(&[own(), link(kind)]).unwrap().bundled.is_empty());
    }
    ambiguous(&[own(), link(EntryType::Directory)]);
}

#[test]
fn rejects_what_readers_of_tar_take_differently() {
    for path in [
        "/package/package.json",
        "package//package.json",
        "package/./package.json",
        "package/x/../package.json",
        "package\\package.json",
        "package/node_modules\\b\\package.json",
    ] {
        ambiguous(&[own(), file(path, "{}")]);
    }
    ambiguous(&[
        own(),
        file("package/node_modules/B/package.json", "{}"),
        file("package/node_modules/b/package.json", "{}"),
    ]);
    ambiguous(&[own(), file("package/Package.json", "{}")]);
    ambiguous(&[pax(&[("path", "package/a")]), pax(&[("path", "package/b")]), own()]);
    ambiguous(&[pax(&[("path", "a"), ("path", "b")]), own()]);
    ambiguous(&[pax(&[("size", "1")]), own()]);
    ambiguous(&[pax(&[("GNU.sparse.major", "1")]), own()]);
    ambiguous(&[pax(&[("path", "package/package.json\0x")]), own()]);
    let mut global = pax(&[("path", "package/package.json")]);
    global[156] = b'g';
    let mut header = Header::new_ustar();
    header.as_mut_bytes().copy_from_slice(&global[..512]);
    header.set_cksum();
    global[..512].copy_from_slice(header.as_bytes());
    ambiguous(&[global, own()]);
    // node-tar goes on after one block of zeros, other readers end there.
    ambiguous(&[own(), vec![0; 512], file("package/npm-shrinkwrap.json", "{}")]);
    ambiguous(&[own(), vec![0; 1024], file("package/npm-shrinkwrap.json", "{}")]);
}

#[test]
fn rejects_what_is_not_a_whole_tarball() {
    let unreadable = |bytes: &[u8]| {
        let found = list(bytes);
        assert_eq!(found.map_err(|error| error.code()), Err("tarball-unreadable"));
    };
    unreadable(b"");
    unreadable(b"not gzip");
    let whole = gzip(&own());
    unreadable(&whole[..whole.len() / 2]);
    unreadable(&gzip(&own()[..600]));
    let mut checksum = own();
    checksum[0] = b'q';
    unreadable(&gzip(&checksum));
    assert_eq!(list(gzip(&[0; 1024]).as_slice()), Err(TarballError::NoManifest));
    let malformed = listed(&[file("package/package.json", "{")]);
    assert_eq!(malformed.map_err(|error| error.code()), Err("tarball-manifest"));
}

#[test]
fn rejects_more_than_the_limits() {
    let big = "x".repeat(usize::try_from(limits::RECORD_BYTES).unwrap() + 1);
    let found = listed(&[file("package/package.json", &big)]);
    assert_eq!(found.map_err(|error| error.code()), Err("tarball-too-large"));
    let long = "x".repeat(usize::try_from(limits::TAR_EXTENSION_BYTES).unwrap() + 1);
    let found = listed(&[pax(&[("comment", &long)]), own()]);
    assert_eq!(found.map_err(|error| error.code()), Err("tarball-too-large"));
    let manifest = format!(r#"{{"name": "{}"}}"#, "x".repeat(4_000_000));
    let many: Vec<_> = (0..9)
        .map(|n| file(&format!("package/node_modules/b{n}/package.json"), &manifest))
        .collect();
    assert!(matches!(listed(&many), Err(TarballError::TooLarge(_))));
    let mut bounded = Bounded { inner: [0_u8; 9].as_slice(), left: 8 };
    assert!(io::copy(&mut bounded, &mut io::sink()).is_err());
    let mut bounded = Bounded { inner: [0_u8; 8].as_slice(), left: 8 };
    assert_eq!(io::copy(&mut bounded, &mut io::sink()).unwrap(), 8);
}

#[test]
fn versions_are_compared_as_npm_writes_them() {
    for version in ["1.0.0", "v1.0.0", " =1.0.0 ", "1.0.0+build"] {
        assert!(named("a", version).is(NPM, "a", "1.0.0"), "{version}");
    }
    for version in ["1.0.1", "V1.0.0", "01.0.0", "1.0"] {
        assert!(!named("a", version).is(NPM, "a", "1.0.0"), "{version}");
    }
    assert!(named(" a\n", "1.0.0").is(NPM, "a", "1.0.0"));
    assert!(!named("b", "1.0.0").is(NPM, "a", "1.0.0"));
    assert!(!NameAndVersion::default().is(NPM, "a", "1.0.0"));
}

#[test]
fn lists_what_runs_on_install_of_the_package_and_of_what_it_bundles() {
    let with_script = r#"{"name": "a", "version": "1.0.0", "scripts": {"postinstall": "node x"}}"#;
    let contents = listed(&[
        file("package/binding.gyp", "{}"),
        file("package/node_modules/b/Binding.gyp", "{}"),
        file("package/node_modules/b/package.json", r#"{"name": "b", "version": "2.0.0"}"#),
        file("package/node_modules/c/package.json", r#"{"name": "c", "version": "3.0.0"}"#),
        file("package/test/binding.gyp", "{}"),
        file("package/package.json", with_script),
    ]);
    let found: Vec<_> = contents.unwrap().install_scripts;
    let found: Vec<_> =
        found.iter().map(|it| (it.folder.as_str(), it.name, it.command.as_str())).collect();
    let expected = [
        ("", "install", "node-gyp rebuild"),
        ("", "postinstall", "node x"),
        ("node_modules/b", "install", "node-gyp rebuild"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn links_and_folders_named_as_a_gyp_file_run_nothing() {
    let contents = listed(&[
        own(),
        entry(EntryType::Symlink, "package/binding.gyp", b""),
        entry(EntryType::Directory, "package/binding.gyp/", b""),
    ]);
    assert_eq!(contents.unwrap().install_scripts, []);
}

fn linked(kind: EntryType, path: &str, target: &str) -> Vec<u8> {
    let mut block = entry(kind, path, b"");
    let header = Header::from_byte_slice(&block[..512]);
    let mut header = header.clone();
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
    header.set_cksum();
    block[..512].copy_from_slice(header.as_bytes());
    block
}

#[track_caller]
fn escapes(entries: &[Vec<u8>]) {
    let error = listed(entries).unwrap_err();
    assert!(matches!(error, TarballError::Escapes(_)), "{error}");
    assert_eq!(error.code(), "tarball-escapes");
}

#[test]
fn refuses_paths_out_of_the_package() {
    for path in
        ["../x", "package/../../x", "package/..", "/etc/x", "\\x", "c:x", "package\\..\\..\\x"]
    {
        escapes(&[own(), file(path, "")]);
        escapes(&[own(), pax(&[("path", path)]), file("package/x", "")]);
    }
    escapes(&[own(), file("package/../binding.gyp", "")]);
}

#[test]
fn refuses_links_out_of_the_package() {
    for target in ["../x", "/etc/passwd", "a/../../x", "..\\x", "c:x"] {
        escapes(&[own(), linked(EntryType::Symlink, "package/l", target)]);
        let long = pax(&[("linkpath", target)]);
        escapes(&[own(), long, linked(EntryType::Symlink, "package/l", "x")]);
        let long = entry(EntryType::GNULongLink, "././@LongLink", format!("{target}\0").as_bytes());
        escapes(&[own(), long, linked(EntryType::Symlink, "package/l", "x")]);
    }
    escapes(&[own(), linked(EntryType::Symlink, "package", "x")]);
    // One link leads through another, where `..` is not the parent that is written.
    let other = linked(EntryType::Symlink, "package/a/b", "..");
    escapes(&[own(), other, linked(EntryType::Symlink, "package/c", "a/b/..")]);
    for target in ["../x", "/etc/passwd", "package/../../x"] {
        escapes(&[own(), linked(EntryType::Link, "package/l", target)]);
    }
}

#[test]
fn refuses_what_is_written_through_a_link() {
    let link = || linked(EntryType::Symlink, "package/a", ".");
    escapes(&[own(), link(), file("package/A/b/x", "")]);
    escapes(&[own(), link(), linked(EntryType::Symlink, "package/a/b/c", "../../x")]);
}

#[test]
fn refuses_devices_and_pipes() {
    for kind in [EntryType::Fifo, EntryType::Char, EntryType::Block] {
        escapes(&[own(), entry(kind, "package/x", b"")]);
    }
}

#[test]
fn accepts_links_inside_the_package() {
    let inside = [
        linked(EntryType::Symlink, "package/node_modules/.bin/b", "../b/cli.js"),
        linked(EntryType::Link, "package/l", "package/package.json"),
    ];
    for link in inside {
        assert_eq!(listed(&[own(), link]).unwrap().own, named("a", "1.0.0"));
    }
}

#[test]
fn the_manifest_is_the_last_one_of_the_package_itself() {
    let mut tar = [own(), file("package/package.json", r#"{"bin": "x"}"#), vec![0; 1024]].concat();
    let manifest: Value =
        serde_json::from_str(&super::own(gzip(&tar).as_slice()).unwrap().manifest).unwrap();
    assert_eq!(manifest["bin"], "x");
    tar.drain(..2048);
    assert_eq!(super::own(gzip(&tar).as_slice()), Err(TarballError::NoManifest));
}

#[test]
fn a_manifest_is_read_as_npm_reads_it() {
    let manifest =
        b"\xEF\xBB\xBF{\"name\": \"a\", \"version\": \"1.0.0\", \"author\": \"Ren\xE9\"}";
    let mut tar = entry(EntryType::Regular, "package/package.json", manifest);
    tar.resize(tar.len() + 1024, 0);
    let tarball = gzip(&tar);
    assert_eq!(list(tarball.as_slice()).unwrap().own, named("a", "1.0.0"));
    let text = super::own(tarball.as_slice()).unwrap().manifest;
    assert_eq!(text, "{\"name\": \"a\", \"version\": \"1.0.0\", \"author\": \"Ren\u{fffd}\"}");
}
