//! The lines of `man/sealift-archive.5` that verify a seal without sealift, run as they stand there,
//! on good archives and on changed ones.
#![cfg(all(feature = "network", target_os = "linux"))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod world;

use std::process::{Command, Stdio};

use world::{Package, Parts, World, key};

const TARBALL: &str = "npm/a/1.0.0/package.tgz";
const KEYS: [&str; 2] = ["release.key", "p256.key"];

/// The first lines that the page gives as examples, without the escapes of roff.
fn lines() -> String {
    let page = include_str!("../man/sealift-archive.5");
    let examples = page.split(".SH EXAMPLES").nth(1).unwrap();
    let lines = examples.split(".nf\n").nth(1).unwrap().split("\n.fi").next().unwrap();
    lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")
}

/// Whether the lines accept the archive of that key.
fn accepts(world: &World, public: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [("app.sealift", "app.sealift"), (public, "key.pub")] {
        std::fs::copy(world.path(from), folder.path().join(to)).unwrap();
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &lines()]).current_dir(folder.path());
    let output = shell.stdin(Stdio::null()).output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err([output.stdout, output.stderr].concat().escape_ascii().to_string()),
    }
}

/// Programs that the lines need.
const TOOLS: [&str; 7] = ["unzip", "jq", "openssl", "base64", "sha256sum", "sha512sum", "diff"];

/// A world with an archive that two keys of two algorithms sealed, and what is in it.
fn sealed() -> (World, Parts) {
    let world = World::new();
    world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    world.fetched([&Package::new("a", "1.0.0").signed(&world.sigstore)]).done();
    let sign =
        "bundle sign app.sealift --key p256.key --signed-by release.key.pub --require integrity";
    world.sealift(&format!("{sign} --at {} {}", world::NOW, world::TRUST)).done();
    let parts = world.parts();
    (world, parts)
}

#[test]
fn the_lines_accept_what_each_key_sealed() {
    if !testkit::tools::are_here(&TOOLS) {
        return;
    }
    let (world, _) = sealed();
    for key in KEYS {
        assert_eq!(accepts(&world, &format!("{key}.pub")), Ok(()), "{key}");
    }
}

#[test]
fn the_lines_refuse_what_was_changed() {
    if !testkit::tools::are_here(&TOOLS) {
        return;
    }
    let (world, parts) = sealed();
    let refused = |what: &str, says: &str, change: &dyn Fn(&mut Parts)| {
        let mut parts = parts.clone();
        change(&mut parts);
        parts.write(&world.path("app.sealift"));
        for key in KEYS {
            let said = accepts(&world, &format!("{key}.pub")).unwrap_err();
            assert!(said.contains(says), "{what}: {key}: {said}");
        }
    };
    refused("a byte of a tarball", "package.tgz: FAILED", &|parts| {
        parts.entries.get_mut(TARBALL).unwrap()[0] ^= 1
    });
    refused("a tarball that is missing", "package.tgz: No such file", &|parts| {
        drop(parts.entries.remove(TARBALL))
    });
    refused("one file more", "npm/b", &|parts| drop(parts.entries.insert("npm/b".into(), vec![1])));
    refused("a byte of the payload", "Signature Verification Failure", &|parts| {
        let text = String::from_utf8(parts.envelope.clone()).unwrap();
        let at = text.find("\"payload\":\"").unwrap() + 11 + 40;
        parts.envelope[at] = if parts.envelope[at] == b'A' { b'B' } else { b'A' };
    });
    refused("no signature", "Signature Verification Failure", &|parts| {
        let text = String::from_utf8(parts.envelope.clone()).unwrap();
        let end = text.find("\"signatures\":[").unwrap() + 14;
        parts.envelope = format!("{}]}}", &text[..end]).into_bytes();
    });
    refused("other signatures", "Signature Verification Failure", &|parts| {
        let text = String::from_utf8(parts.envelope.clone()).unwrap();
        parts.envelope = text.replace("\"sig\":\"", "\"sig\":\"AAAA").into_bytes();
    });
    // Somebody else's seal over the same is nobody's whom the reader knows.
    parts.seal(&world.path("app.sealift"), &[key(2)]);
    for key in KEYS {
        assert!(accepts(&world, &format!("{key}.pub")).is_err(), "{key}");
    }
    parts.write(&world.path("app.sealift"));
    assert_eq!(accepts(&world, "release.key.pub"), Ok(()));
}
