//! What commands write, and where: nothing that they read is replaced, nothing that is not a file, and
//! no result is lost in silence.
#![cfg(all(feature = "network", unix))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod world;

use std::{
    fs::{self, File},
    os::unix::{
        fs::{FileTypeExt as _, symlink},
        process::ExitStatusExt as _,
    },
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use testkit::registry::{Fault, Registry, tarball_path};

use world::{Package, Run, SEALED, World};

const SIGN: &str = "bundle sign app.sealift --key second.key --signed-by release.key.pub \
    --require integrity --trusted-root trusted_root.json --npm-keys keys.json";

fn fetch(world: &World, output: &str) -> Run {
    world.sealift(&format!(
        "bundle fetch package-lock.json -o {output} --key release.key \
         --trusted-root trusted_root.json --npm-keys keys.json --at {SEALED}"
    ))
}

/// The command that seals by the clock.
fn fetching(world: &World) -> Command {
    let line = "bundle fetch package-lock.json -o new.sealift --key release.key \
                --trusted-root trusted_root.json --npm-keys keys.json";
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.args(line.split_whitespace());
    command
}

/// A world with an archive in it.
fn sealed() -> (World, Package) {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.fetched([&package]).done();
    (world, package)
}

#[test]
fn what_an_archive_is_made_from_is_not_replaced_by_it() {
    let (world, package) = sealed();
    let _registry = world.serve([&package]);
    for input in
        ["package-lock.json", "release.key", "release.key.pub", "trusted_root.json", "keys.json"]
    {
        symlink(input, world.path("link")).unwrap();
        let before = world.read(input);
        let run = fetch(&world, input).failed();
        run.says(&format!("would replace {input}, which it is made from"));
        assert_eq!(world.read(input), before);
        fetch(&world, "link").failed().says("it is a symbolic link, which is not followed");
        assert_eq!(world.read(input), before);
        fs::remove_file(world.path("link")).unwrap();
    }
}

#[test]
fn a_device_or_a_pipe_is_not_replaced_by_a_file() {
    let (world, package) = sealed();
    let _registry = world.serve([&package]);
    let made = Command::new("mkfifo").arg(world.path("pipe")).status().unwrap();
    assert!(made.success());
    for output in ["pipe", "/dev/null", "."] {
        fetch(&world, output).failed().says("is not a regular file");
    }
    assert!(fs::metadata(world.path("pipe")).unwrap().file_type().is_fifo());
}

#[test]
fn a_link_is_not_followed_to_where_nobody_meant_to_write() {
    let (world, package) = sealed();
    let _registry = world.serve([&package]);
    fs::create_dir(world.path("real")).unwrap();
    fs::rename(world.path("app.sealift"), world.path("real/app.sealift")).unwrap();
    symlink("real/app.sealift", world.path("app.sealift")).unwrap();
    symlink("nowhere", world.path("dangling")).unwrap();
    let before = world.read("real/app.sealift");
    let says = "it is a symbolic link, which is not followed";
    world.sealift(SIGN).failed().says(says);
    world.fetch("").failed().says(says);
    fetch(&world, "dangling").failed().says(says);
    world.sealift("key generate -o dangling").failed().says("exists already");
    assert_eq!(world.read("real/app.sealift"), before);
    assert!(fs::symlink_metadata(world.path("app.sealift")).unwrap().is_symlink());
    assert!(!world.path("nowhere").exists());
}

/// A second signer vouches for what the first has, to the byte.
#[test]
fn what_was_changed_is_not_signed() {
    let (world, _) = sealed();
    let good = world.read("app.sealift");
    // A tarball's byte; and the checksum of an entry in both of its headers.
    let mut changed = good.clone();
    let at = find(&good, b"package.tgz", 0) + b"package.tgz".len();
    changed[at] ^= 1;
    let mut checksum = good.clone();
    let local = find(&good, b"PK\x03\x04", 0);
    let central = find(&good, b"PK\x01\x02", 0);
    checksum[local + 14] ^= 1;
    checksum[central + 16] ^= 1;
    for (bytes, code) in [(changed, "entry-digest"), (checksum, "entry-checksum")] {
        world.write("app.sealift", &bytes);
        let report = world.sealift(&format!("{SIGN} --format json")).refused().json();
        assert_eq!(report["code"], code);
        assert_eq!(world.read("app.sealift"), bytes);
        world.verify("--require integrity").refused();
    }
    world.write("app.sealift", &good);
    world.sealift(SIGN).done();
    let again = world.sealift(&format!("{SIGN} --format json")).refused().json();
    assert_eq!(again["code"], "envelope-signed-already");
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> usize {
    from + bytes[from..].windows(what.len()).position(|window| window == what).unwrap()
}

#[test]
fn a_key_that_others_can_read_is_pointed_out() {
    let (world, _) = sealed();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(world.path("second.key"), mode).unwrap();
    world.sealift(SIGN).done().says("second.key can be read by others");
}

#[test]
fn a_key_may_come_from_a_pipe() {
    let (world, _) = sealed();
    for key in ["second.key", "second.key.pub"] {
        let expected = world.sealift(&format!("key show {key}")).done().stdout;
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        let mut cat = Command::new("cat");
        let mut cat = cat.arg(world.path(key)).stdout(Stdio::piped()).spawn().unwrap();
        command.args(["key", "show", "/dev/stdin"]).stdin(cat.stdout.take().unwrap());
        assert_eq!(Run::of(&mut command).done().stdout, expected);
        cat.wait().unwrap();
    }
}

#[cfg(target_os = "linux")] // which has a device that is always full
#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let (world, _) = sealed();
    let verify = "bundle verify app.sealift --key release.key.pub --require integrity \
                  --trusted-root trusted_root.json --npm-keys keys.json --at 2026-03-01T00:00:00Z";
    for line in [verify, &format!("{verify} --format json"), "key show release.key", "trust show"] {
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        command.args(line.split_whitespace()).stdout(File::create("/dev/full").unwrap());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(said.contains("cannot write the result"), "{line}: {said}");
    }
}

#[test]
fn a_trust_store_that_is_named_is_there() {
    let (world, package) = sealed();
    let line = "bundle verify app.sealift --key release.key.pub --require integrity \
                --trust-dir no/such --at 2026-03-01T00:00:00Z";
    world.sealift(line).failed().says("there is no folder no/such");
    let _registry = world.serve([&package]);
    let line = "bundle fetch package-lock.json -o new.sealift --key release.key \
                --trust-dir no/such --no-refresh";
    world.sealift(line).failed().says("there is no folder no/such");
}

#[test]
fn nothing_is_sealed_for_a_time_that_is_yet_to_come() {
    let (world, package) = sealed();
    let _registry = world.serve([&package]);
    let mut command = fetching(&world);
    command.env("SOURCE_DATE_EPOCH", "4102444800");
    let yet_to_come = "SOURCE_DATE_EPOCH or --at is in the future";
    Run::of(&mut command).failed().says(yet_to_come);
    let mut command = fetching(&world);
    Run::of(command.args(["--at", "2100-01-01T00:00:00Z"])).failed().says(yet_to_come);
    assert!(!world.path("new.sealift").exists());
}

/// As with Ctrl-C, in the middle of a download.
#[test]
fn who_interrupts_a_run_finds_nothing_left() {
    let (world, package) = sealed();
    let registry = package.on(Registry::new());
    let slow = Fault::Drip(Duration::from_millis(10));
    let registry = registry.fault(&tarball_path("a", "1.0.0"), slow);
    let _registry = world.start(registry);
    fs::remove_dir_all(world.path("home/cache")).unwrap();
    let left = || {
        let downloads = fs::read_dir(world.path("home/cache/tarballs")).into_iter().flatten();
        let outputs = fs::read_dir(world.path("")).unwrap();
        let names = downloads.chain(outputs).map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".sealift-")).count()
    };
    for (name, signal) in [("-INT", 2), ("-TERM", 15)] {
        let mut run = fetching(&world).stderr(Stdio::null()).spawn().unwrap();
        while left() == 0 {
            assert_eq!(run.try_wait().unwrap(), None);
            thread::sleep(Duration::from_millis(5));
        }
        Command::new("kill").args([name, &run.id().to_string()]).status().unwrap();
        assert_eq!(run.wait().unwrap().signal(), Some(signal));
        assert_eq!(left(), 0);
        assert!(!world.path("new.sealift").exists());
    }
}

#[test]
fn nothing_goes_past_a_proxy_whose_address_is_none() {
    let (world, package) = sealed();
    let registry = world.serve([&package]);
    for address in ["ftp://me:hush@proxy.example", "http://", ":::"] {
        let refused = |command: &mut Command, said: &str| {
            let run = Run::of(command).failed().says(said);
            assert!(!run.stderr.contains("hush"), "{}", run.stderr);
        };
        for name in ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"] {
            let said = format!("{name} is not the address of a proxy");
            refused(fetching(&world).env(name, address), &said);
        }
        for name in ["https-proxy", "proxy"] {
            let npmrc = format!("registry={}\n{name}={address}\n", registry.url());
            world.write(".npmrc", npmrc);
            let mut command = fetching(&world);
            refused(command.arg("--trust-project-npmrc"), "the address of the proxy is malformed");
        }
        world.write(".npmrc", format!("registry={}\n", registry.url()));
    }
    assert_eq!(registry.requests().len(), 0);
}

/// Who carries an archive names it.
#[test]
fn the_name_of_a_file_does_not_steer_the_terminal() {
    let world = World::new();
    let name = "b\u{9b}31m\u{202e}.sealift";
    for line in ["bundle inspect a", "bundle verify a --no-such-option", "bundle verify a --at"] {
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        let run = Run::of(command.args(line.split(' ')).arg(name)).failed();
        assert!(run.stderr.contains("error: "), "{run}");
        let steers = |character: char| character != '\n' && character.is_control();
        assert!(!run.stderr.contains(steers) && !run.stderr.contains('\u{202e}'), "{run}");
    }
    let plain = world.sealift("bundle inspect a b").failed();
    assert!(plain.stderr.contains("unexpected argument 'b'"), "{plain}");
}

/// Whoever can change the folder of keys decides who signs.
#[cfg(unix)]
#[test]
fn folders_and_keys_that_others_can_change_are_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (world, package) = sealed();
    let _registry = world.serve([&package]);
    let mode = |name: &str, mode| {
        fs::set_permissions(world.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, bad, good) in [
        ("home", 0o777, 0o755),
        ("home", 0o775, 0o755),
        ("home/cache", 0o707, 0o700),
        ("home/cache/tarballs", 0o770, 0o700),
        ("release.key", 0o620, 0o600),
    ] {
        mode(name, bad);
        let run = world.fetch("").failed().says("can be changed by other users");
        run.says("chmod go-w");
        mode(name, good);
    }
    world.fetch("").done();
    mode("release.key.pub", 0o646);
    world.verify("--require integrity").failed().says("can be changed by other users");
}
