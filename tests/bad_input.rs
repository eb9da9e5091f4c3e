//! Bad input: what is said of it, with which exit status, and that no file is left behind.
//!
//! What is said are snapshots: read them as somebody would who has never seen this program.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::fmt::Write as _;

use sealift::core::limits;
use serde_json::{Value, json};
use testkit::{
    registry::{Fault, attestations_path, packument_path, tarball_path},
    sigstore::Key,
    tarball::Tarball,
};
use world::{Package, Run, World};

macro_rules! snapshot {
    ($name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            filters => [
                (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
                (r"\b[0-9a-f]{64}\b", "SHA256"), // keys are made afresh
            ],
        }, { insta::assert_snapshot!($name, $text) })
    };
}

/// What was run, and what it said; for a snapshot.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    fn add(&mut self, what: &str, run: &Run) {
        assert_ne!(run.code, 0, "{what}: {run}");
        writeln!(self.0, "# {what}\n{run}").unwrap();
        let readable = |line: &str| line.len() <= 300;
        assert!(run.stderr.lines().all(readable), "{what}: who reads such a line? {run}");
    }
}

/// A world with a lockfile of one package, and nobody to serve it.
fn world() -> World {
    let world = World::new();
    world.lock(&[Package::new("a", "1.0.0")]);
    world
}

fn entry(change: impl FnOnce(&mut Value)) -> String {
    let (path, mut entry) = Package::new("a", "1.0.0").locked();
    change(&mut entry);
    world::lockfile([(path, entry)])
}

#[test]
fn lockfiles() {
    let world = world();
    std::fs::remove_file(world.path("package-lock.json")).unwrap();
    let mut said = Transcript::default();
    said.add("no lockfile", &world.fetch("").failed());
    let before = world.files();
    let version = |version: u32| entry(|_| {}).replace(": 3,", &format!(": {version},"));
    let integrity = |text: &str| entry(|entry| entry["integrity"] = json!(text));
    let cut = entry(|_| {});
    for (what, text) in [
        ("empty", String::new()),
        ("white space", "\n\n".into()),
        ("not JSON", "<<<<<<< HEAD\n{\n".into()),
        ("cut short", cut[..cut.len() / 2].into()),
        ("JSON of something else", json!({"name": "app", "version": "1.0.0"}).to_string()),
        ("an array", "[]".into()),
        ("version 5", version(5)),
        ("version 0", version(0)),
        ("UTF-16", "\u{feff}{}\0".into()),
        ("a shrinkwrap of npm 3", json!({"dependencies": {"a": {"version": "1.0.0"}}}).to_string()),
        ("no package", world::lockfile([])),
        ("a link to no folder", entry(|entry| entry["link"] = json!(true))),
        ("integrity of MD5", integrity("md5-1B2M2Y8AsgTpgAmY7PhCfg==")),
        ("integrity that is none", integrity("sha512-!")),
        ("a key of npm's own inside", entry(|entry| entry["_resolved"] = json!("file:evil.tgz"))),
        ("a name that is none", entry(|entry| entry["name"] = json!("../../etc"))),
        ("an address that is none", entry(|entry| entry["resolved"] = json!("http://[::"))),
        ("escape sequences in it", entry(|entry| entry["version"] = json!("1.0.0\u{1b}[2J"))),
        ("the same entry twice", {
            let text = entry(|_| {});
            let (at, line) =
                (text.find("\"node_modules/a\"").unwrap(), "\"node_modules/a\": {},\n");
            format!("{}{line}{}", &text[..at], &text[at..])
        }),
    ] {
        world.write("package-lock.json", text);
        said.add(what, &world.fetch("").failed());
        std::fs::remove_file(world.path("package-lock.json")).unwrap();
        assert_eq!(world.files(), before, "{what}");
    }
    for (name, text) in [
        ("yarn.lock", "# yarn lockfile v1\n"),
        ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ("package.json", "{}"),
    ] {
        world.write(name, text);
        let fetch = format!("bundle fetch {name} -o app.sealift --no-refresh");
        said.add(name, &world.sealift(&fetch).failed());
    }
    // npm takes addresses from the yarn.lock, for what no hash pins.
    let bare = |entry: &mut Value| entry["resolved"] = json!(null);
    let unpinned = |change: &mut Value| {
        bare(change);
        change["integrity"] = json!(null);
    };
    world.write("package-lock.json", entry(unpinned));
    said.add("a yarn.lock beside it", &world.fetch("").failed());
    world.write("package-lock.json", entry(bare));
    let nobody = world.fetch("--registry http://127.0.0.1:9").failed();
    assert!(!nobody.stderr.contains("yarn.lock"), "{nobody}");
    std::fs::remove_file(world.path("package-lock.json")).unwrap();
    std::fs::create_dir(world.path("package-lock.json")).unwrap();
    said.add("a folder", &world.fetch("").failed());
    assert!(!world.files().contains(&"app.sealift".to_owned()));
    snapshot!("bad-lockfiles", said.0);
}

#[test]
fn keys() {
    let world = world();
    let (p256, p384) = (Key::p256(), Key::p384());
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    world.write("p256.pub", p256.pem());
    world.write("p384.pub", p384.pem());
    world.write("encrypted.key", encrypted);
    world.write("text.key", "hello\n");
    world.write("empty.key", "");
    world.write("cut.key", &world.read("release.key")[..60]);
    world.write(
        "ssh.key",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----\n",
    );
    world.write("rsa.pub", RSA_PUBLIC);
    let before = world.files();
    let mut said = Transcript::default();
    for name in [
        "missing.key",
        "text.key",
        "empty.key",
        "cut.key",
        "encrypted.key",
        "ssh.key",
        "release.key.pub",
        "rsa.pub",
    ] {
        let fetch = "bundle fetch package-lock.json -o app.sealift --no-refresh";
        let run = world.sealift(&format!("{fetch} --key {name}"));
        said.add(&format!("sign with {name}"), &run.failed());
    }
    for name in ["missing.pub", "text.key", "p384.pub", "rsa.pub", "release.key", "ssh.key"] {
        let verify = "bundle verify app.sealift --require integrity";
        let run = world.sealift(&format!("{verify} --key {name}"));
        said.add(&format!("verify with {name}"), &run.failed());
    }
    let again = "key generate -o release.key";
    said.add("make a key where one is", &world.sealift(again).failed());
    let beside = "key generate -o p256";
    said.add("make a key where a public key is", &world.sealift(beside).failed());
    said.add("show a key that is none", &world.sealift("key show text.key").failed());
    assert_eq!(world.files(), before);
    snapshot!("bad-keys", said.0);
}

/// Made by `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024`; signs nothing.
const RSA_PUBLIC: &str = "\
-----BEGIN PUBLIC KEY-----\n\
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDY2BdPucrnwqJBd+DoGD3FK6x2\n\
YbPuBIHQTB0K61lEB/wGSNYThaZJPdwtrCCGVyjF+NDj5tI20WFWOJsBxMssEjfH\n\
49Bq1Ov+KuJT8UyU5iEOjAgZ5NexQdQ1pMKbaqqXZvNKByZ8jaYWU9qvK2VED6w0\n\
xIpzwi2wkkOx9RnZLQIDAQAB\n\
-----END PUBLIC KEY-----
";

#[test]
fn archives() {
    let world = world();
    world.fetched(&[Package::new("a", "1.0.0")]).done();
    let good = world.read("app.sealift");
    let other = format!(
        "bundle sign app.sealift --key second.key --signed-by release.key.pub \
         --require integrity --digest {}",
        "0".repeat(64)
    );
    let report = world.sealift(&format!("{other} --format json")).refused().json();
    assert_eq!(report["code"], "archive-digest");
    let another = world.sealift(&other).refused();
    assert_eq!(world.read("app.sealift"), good, "it was signed all the same");
    let half = &good[..good.len() / 2];
    let mut longer = good.clone();
    longer.extend(b"more");
    let mut said = Transcript::default();
    said.add("to be signed, and another one", &another);
    for (what, bytes, code) in [
        ("a text file", b"hello\n".as_slice(), 1),
        ("a text file of some length", &b"hello world\n".repeat(100), 1),
        ("empty", b"", 1),
        ("cut short", half, 1),
        ("without its last byte", &good[..good.len() - 1], 1),
        ("with bytes after it", &longer, 1),
    ] {
        world.write("app.sealift", bytes);
        for command in ["verify", "inspect"] {
            let run = match command {
                "verify" => world.verify("--require integrity"),
                _ => world.sealift("bundle inspect app.sealift"),
            };
            assert_eq!(run.code, code, "{what}: {run}");
            assert_eq!(run.stdout, "");
            if command == "verify" {
                said.add(what, &run);
            }
        }
    }
    let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub \
                --require integrity";
    said.add("to be signed, with bytes after it", &world.sealift(sign).refused());
    std::fs::remove_file(world.path("app.sealift")).unwrap();
    said.add("not there", &world.verify("--require integrity").failed());
    std::fs::create_dir(world.path("app.sealift")).unwrap();
    said.add("a folder", &world.verify("--require integrity").failed());
    snapshot!("bad-archives", said.0);
}

#[test]
fn trust_files_are_as_large_as_the_limit() {
    let world = world();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.fetched([&package]).done();
    let max = usize::try_from(limits::TRUST_FILE_BYTES).unwrap();
    for file in ["trusted_root.json", "keys.json"] {
        // White space after a value changes nothing.
        let good = world.read(file);
        let mut bytes = good.clone();
        bytes.resize(max, b' ');
        world.write(file, &bytes);
        world.verify("--require registry-signature").done();
        bytes.push(b' ');
        world.write(file, &bytes);
        let told = format!("{file} is larger than {max} bytes");
        world.verify("--require registry-signature").failed().says(&told);
        world.write(file, good);
    }
}

#[test]
fn usage() {
    let world = world();
    world.write("empty-lock.json", world::lockfile([]));
    world.fetched(&[Package::new("a", "1.0.0")]).done();
    let before = world.files();
    let mut said = Transcript::default();
    let verify = "bundle verify app.sealift --key release.key.pub";
    let fetch = "bundle fetch package-lock.json -o again.sealift --no-refresh";
    for line in [
        verify.to_owned(),
        "bundle verify app.sealift --require integrity".into(),
        format!("{verify} --require attestation"),
        format!("{verify} --require integrity --at yesterday"),
        format!("{verify} --require integrity --at 2026-02-30T00:00:00Z"),
        format!("{verify} --require integrity --threshold 0"),
        format!("{verify} --require integrity --threshold 2"),
        format!("{verify} --require integrity --max-trust-age forever"),
        format!("{verify} --require integrity --npm-keys keys.json"),
        format!("{verify} --require integrity --trusted-root keys.json"),
        format!("{verify} --require integrity --trusted-root missing.json"),
        format!(
            "{verify} --require integrity --trusted-root trusted_root.json --npm-keys trusted_root.json"
        ),
        format!("{verify} --require integrity --instance nowhere"),
        format!("{verify} --require integrity --lockfile yarn.lock"),
        format!("{verify} --require integrity --lockfile empty-lock.json"),
        format!("{verify} --require integrity --publisher registry https://ci.example me"),
        format!("{verify} --require integrity --publisher https://registry.example me"),
        "bundle fetch package-lock.json".into(),
        "bundle fetch -o again.sealift".into(),
        format!("{fetch} --registry ftp://mirror.example"),
        format!("{fetch} --registry mirror"),
        "bundle fetch package-lock.json -o nowhere/again.sealift --no-refresh".into(),
        "bundle open app.sealift".into(),
    ] {
        said.add(&format!("sealift {line}"), &world.sealift(&line).failed());
    }
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    let run = Run::of(command.args(fetch.split(' ')).env("SOURCE_DATE_EPOCH", "yesterday"));
    said.add(&format!("SOURCE_DATE_EPOCH=yesterday sealift {fetch}"), &run.failed());
    assert_eq!(world.files(), before);
    let folder = world.path("").display().to_string();
    snapshot!("bad-usage", said.0.replace(&folder, "/folder/"));
}

#[test]
fn registries() {
    let world = World::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    let packages = names.map(|name| Package::new(name, "1.0.0").published(&world.sigstore));
    world.lock(&packages);
    let mut said = Transcript::default();
    let registry = world.serve(&packages);
    for (path, fault) in [
        (packument_path("a"), Fault::Status(404)),
        (tarball_path("a", "1.0.0"), Fault::Status(404)),
        (tarball_path("b", "1.0.0"), Fault::Status(404)),
        (attestations_path("c", "1.0.0"), Fault::Status(500)),
        (packument_path("d"), Fault::Html),
        (packument_path("e"), Fault::Body(b"{\"versions\": {}}".to_vec())),
        (tarball_path("e", "1.0.0"), Fault::Status(404)),
    ] {
        registry.set_fault(&path, Some(fault));
    }
    let run = world.fetch("").failed();
    assert!(!run.stderr.contains("f@1.0.0"), "it was collected: {run}");
    said.add("a trouble for each package but one", &run);
    drop(registry);
    world.lock(&packages[..1]);
    world.write(".npmrc", "registry=http://127.0.0.1:9/\n");
    said.add("nobody there", &world.fetch("").failed());
    let registry = world.serve(&packages[..1]);
    registry.set_fault(&packument_path("a"), Some(Fault::Status(401)));
    said.add("a token is wanted", &world.fetch("").failed());
    world.write(".npmrc", "registry=nonsense\n");
    said.add("an address in .npmrc that is none", &world.fetch("").failed());
    world.write(
        ".npmrc",
        "//registry.example/:_authToken=${UNSET_TOKEN}\n@a:registry=ftp://a.example\n",
    );
    said.add("a scope's address that is none", &world.fetch("").failed());
    assert!(!world.files().iter().any(|name| name.contains("sealift")), "{:?}", world.files());
    snapshot!("bad-registries", said.0);
}

/// Not the file system's limits, but the process's: the same to the program, and without a mount.
#[test]
#[cfg(unix)]
fn a_full_disk_leaves_no_file() {
    let world = World::new();
    let mut package = Package::new("a", "1.0.0");
    // More than gzip can make small.
    let mut state = 1_u32;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + (state >> 24) as u8 % 90)
    })
    .take(1_200_000)
    .collect();
    package.tarball = Tarball::of("test", "a", "1.0.0").file("package/noise", &noise).gzip();
    world.lock([&package]);
    let _registry = world.serve(&[package]);
    world.fetch("").done();
    let archive = world.read("app.sealift");
    let before = world.files();
    let limited = |line: &str| {
        // Blocks of 1 KiB: enough for the cache's small files, not for the archive.
        let script = format!("ulimit -f 500; trap '' XFSZ; exec \"$0\" {line}");
        Run::of(world.command("bash").args(["-c", &script, env!("CARGO_BIN_EXE_sealift")]))
    };
    let mut said = Transcript::default();
    let trust = "--trusted-root trusted_root.json --npm-keys keys.json";
    let fetch = "bundle fetch package-lock.json -o app.sealift --key release.key";
    said.add("seal", &limited(&format!("{fetch} {trust}")).failed());
    let sign = "bundle sign app.sealift --key second.key --signed-by release.key.pub";
    let sign = format!("{sign} --require integrity {trust}");
    said.add("sign", &limited(&sign).failed());
    std::fs::remove_dir_all(world.path("home")).unwrap();
    said.add("download", &limited(&format!("{fetch} {trust}")).failed());
    assert_eq!(world.files(), before);
    assert!(world.read("app.sealift") == archive, "what was there is as it was");
    snapshot!("full-disk", said.0);
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_is_told_before_the_work() {
    use std::os::unix::fs::PermissionsExt;
    let world = world();
    let registry = world.serve(&[Package::new("a", "1.0.0")]);
    std::fs::create_dir(world.path("out")).unwrap();
    let mode = |mode| std::fs::set_permissions(world.path("out"), PermissionsExt::from_mode(mode));
    mode(0o500).unwrap();
    if std::fs::write(world.path("out/probe"), "").is_ok() {
        eprintln!("skipped: this user may write to read-only folders");
        return;
    }
    let fetch = "bundle fetch package-lock.json -o out/app.sealift --no-refresh";
    let run = world.sealift(fetch).failed();
    mode(0o700).unwrap();
    assert!(run.stderr.starts_with("2 lockfile entries"), "{run}");
    assert!(run.stderr.contains("error: cannot write in out: "), "{run}");
    assert_eq!(registry.requests(), []);
}
