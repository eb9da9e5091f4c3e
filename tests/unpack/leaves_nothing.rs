//! Refusals and failures leave nothing.

use std::fs;

use sealift::{
    adapters::install::NewFolder,
    app::{
        Clock, trust,
        unpack::{Layout, Options, UnpackError, prepare},
        verify,
    },
};
use testkit::tarball::Tarball;

use crate::{
    unpack,
    world::{NOW, Package, World, key, lockfile},
};

const LAYOUTS: [&str; 4] = ["npm", "yarn", "yarn4", "files"];

fn sealed() -> World {
    let world = World::new();
    world.fetched(&[Package::new("a", "1.0.0")]).done();
    world
}

/// Unpacks for everything, and expects this exit and nothing new.
#[track_caller]
fn nothing_is_written(world: &World, code: i32, more: &str, says: &str) {
    let before = world.files();
    for layout in LAYOUTS {
        let run = unpack(world, layout, &format!("--format json {more}"));
        assert_eq!(run.code, code, "{layout}: {run}");
        assert!(run.stdout.contains(says), "{layout}: no {says} in {run}");
        assert_eq!(world.files(), before, "{layout}");
    }
}

#[test]
fn an_archive_without_what_is_demanded_is_not_unpacked() {
    nothing_is_written(&sealed(), 1, "--require provenance", "\"refused\"");
}

#[test]
fn an_archive_that_is_too_old_is_not_unpacked() {
    nothing_is_written(&sealed(), 1, "--max-age 1d", "\"refused\"");
}

#[test]
fn an_archive_that_others_sealed_is_not_unpacked() {
    let world = sealed();
    fs::copy(world.path("second.key.pub"), world.path("release.key.pub")).unwrap();
    nothing_is_written(&world, 1, "", "\"refused\"");
}

#[test]
fn an_archive_with_other_bytes_is_not_unpacked() {
    let world = sealed();
    let mut parts = world.parts();
    let tarball = parts.entries.get_mut("npm/a/1.0.0/package.tgz").unwrap();
    *tarball.last_mut().unwrap() ^= 1;
    parts.write(&world.path("app.sealift"));
    nothing_is_written(&world, 1, "", "\"refused\"");
}

#[test]
fn an_archive_with_another_tarball_than_the_lockfiles_is_not_unpacked() {
    let world = sealed();
    let mut parts = world.parts();
    let other = Tarball::of("hostile", "a", "1.0.0").gzip();
    parts.entries.insert("npm/a/1.0.0/package.tgz".into(), other);
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    nothing_is_written(&world, 1, "", "\"refused\"");
}

#[test]
fn an_archive_that_does_not_cover_this_build_is_not_unpacked() {
    let world = sealed();
    world.write("build/package-lock.json", lockfile([Package::new("b", "1.0.0").locked()]));
    nothing_is_written(&world, 1, "--lockfile build/package-lock.json", "\"refused\"");
}

#[test]
fn an_archive_with_a_wrong_signature_of_the_registry_is_not_unpacked() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    world.fetched(std::slice::from_ref(&package)).done();
    let mut parts = world.parts();
    let record = parts.of_package(&package, "registry.json");
    let sig = package.signatures[0]["sig"].as_str().unwrap();
    let other = world.sigstore.registry_signature("b", "1.0.0", &package.integrity());
    let text = String::from_utf8(record.clone()).unwrap();
    *record = text.replace(sig, other["sig"].as_str().unwrap()).into_bytes();
    assert_ne!(*record, text.into_bytes());
    parts.seal(&world.path("app.sealift"), &[key(1)]);
    nothing_is_written(&world, 1, "", "\"refused\"");
}

#[test]
fn a_tarball_that_reaches_outside_its_package_is_not_unpacked() {
    let own = || Tarball::of("hostile", "a", "1.0.0");
    for tarball in [
        own().file("package/../../x", ""),
        own().file("/etc/x", ""),
        own().pax_file("package/x", "../x", ""),
        own().symbolic_link("package/x", "../../x"),
        own().symbolic_link("package/x", "/etc/passwd"),
        own().hard_link("package/x", "../x"),
    ] {
        let bad = Package { tarball: tarball.gzip(), ..Package::new("a", "1.0.0") };
        // No good sealer seals it.
        let world = World::new();
        let run = world.fetched(std::slice::from_ref(&bad)).refused();
        assert!(run.stdout.contains("tarball-escapes"), "{run}");
        let world = sealed();
        let mut parts = world.parts();
        let good = Package::new("a", "1.0.0");
        for bytes in parts.entries.values_mut() {
            if let Ok(text) = std::str::from_utf8(bytes) {
                *bytes = text.replace(&good.integrity(), &bad.integrity()).into_bytes();
            }
        }
        *parts.of_package(&good, "package.tgz") = bad.tarball;
        parts.seal(&world.path("app.sealift"), &[key(1)]);
        nothing_is_written(&world, 1, "", "tarball-escapes");
    }
}

#[test]
fn rejects_a_target_that_exists() {
    let world = sealed();
    world.write("out", "mine");
    nothing_is_written(&world, 2, "", "folder-exists");
    assert_eq!(world.read("out"), b"mine");
    fs::remove_file(world.path("out")).unwrap();
    fs::create_dir(world.path("out")).unwrap();
    nothing_is_written(&world, 2, "", "folder-exists");
    assert_eq!(fs::read_dir(world.path("out")).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let world = sealed();
    fs::create_dir(world.path("elsewhere")).unwrap();
    for target in ["elsewhere", "nowhere"] {
        std::os::unix::fs::symlink(target, world.path("out")).unwrap();
        nothing_is_written(&world, 2, "", "folder-exists");
        fs::remove_file(world.path("out")).unwrap();
    }
    assert_eq!(fs::read_dir(world.path("elsewhere")).unwrap().count(), 0);
    assert!(!world.path("nowhere").exists());
}

#[test]
fn no_folder_is_made_above() {
    let world = sealed();
    let before = world.files();
    let run = unpack(&world, "npm", "").stdout;
    assert!(!run.is_empty());
    fs::remove_dir_all(world.path("out")).unwrap();
    let command = "bundle unpack app.sealift -o no/out --for npm --key release.key.pub";
    let run =
        world.sealift(&format!("{command} {} --at {NOW} --require integrity", crate::world::TRUST));
    assert_eq!(run.code, 2, "{run}");
    assert!(run.stderr.contains("there is no such folder"), "{run}");
    assert_eq!(world.files(), before);
}

fn options(world: &World) -> Options {
    let files = trust::PinnedFiles {
        trusted_root: world.path("trusted_root.json"),
        npm_keys: Some(world.path("keys.json")),
    };
    let store = trust::Store::Own(world.path("trust"));
    let trust = trust::Options { files: Some(files), ..trust::Options::of("public-good", store) };
    let policy = sealift::core::policy::Policy::requiring([], []);
    Options {
        verify: verify::Options {
            archive: world.path("app.sealift"),
            terms: verify::Terms {
                keys: vec![world.path("release.key.pub")],
                threshold: 1,
                demands: verify::Demands { policies: vec![], policy, lockfiles: vec![] },
                trust,
            },
        },
        folder: world.path("out"),
        layout: Layout::Npm,
    }
}

fn clock() -> Clock {
    Clock::new(NOW.parse().unwrap())
}

#[track_caller]
fn fails(result: Result<impl Sized, UnpackError>, code: &str) {
    match result {
        Ok(_) => panic!("unpacked"),
        Err(error) => assert_eq!(error.code(), Some(code), "{error}"),
    }
}

#[test]
fn an_archive_that_changes_after_it_was_verified_is_not_written() {
    let world = sealed();
    let unpacking = prepare(&options(&world), &clock()).unwrap();
    let tarball = Package::new("a", "1.0.0").tarball;
    let mut bytes = world.read("app.sealift");
    let at = bytes.windows(tarball.len()).position(|window| window == tarball).unwrap();
    bytes[at + tarball.len() / 2] ^= 1;
    let before = world.files();
    // In place: the program has the file open.
    use std::io::Write as _;
    let mut file = fs::File::options().write(true).open(world.path("app.sealift")).unwrap();
    file.write_all(&bytes).unwrap();
    fails(unpacking.run(&|| false), "entry-digest");
    assert_eq!(world.files(), before);
}

#[test]
fn a_folder_that_appears_meanwhile_stays_as_it_is() {
    let world = sealed();
    let unpacking = prepare(&options(&world), &clock()).unwrap();
    let out = world.path("out");
    // The last question comes before the folder gets its name.
    let appears = || {
        let _ = fs::create_dir(&out);
        false
    };
    fails(unpacking.run(&appears), "folder-exists");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}

#[test]
fn an_interruption_at_any_time_leaves_nothing() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let world = sealed();
    let before = world.files();
    let mut stopped = 0;
    loop {
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::SeqCst) >= stopped;
        match prepare(&options(&world), &clock()).unwrap().run(&stop) {
            Ok(unpacked) => {
                assert_eq!(unpacked.packages, 1);
                break;
            }
            Err(error) => assert_eq!(error.code(), Some("interrupted"), "{error}"),
        }
        assert_eq!(world.files(), before);
        stopped += 1;
    }
    assert!(stopped > 4, "{stopped}");
}

#[test]
fn names_that_lead_elsewhere_are_not_written() {
    let world = World::new();
    let before = world.files();
    let folder = NewFolder::beside(&world.path("out"), &|| false).unwrap();
    for name in ["../x", "/x", "a//x", "a/./x", "", "a/..", "a\\x", "c:x", "x\0"] {
        let error = folder.write(name, b"").unwrap_err();
        assert_eq!(error.code(), Some("file-name"), "{name:?}: {error}");
    }
    folder.write("a/x", b"1").unwrap();
    folder.write("a/x", b"2").unwrap_err();
    drop(folder);
    assert_eq!(world.files(), before);
}

#[cfg(unix)]
#[test]
fn a_signal_leaves_nothing_and_the_next_run_unpacks() {
    use std::{os::unix::process::ExitStatusExt as _, process::Command, time::Duration};
    let world = World::new();
    let noise: String = (0..12_000_000_u32)
        .map(|at| char::from(b'0' + (at.wrapping_mul(2_654_435_761) >> 27) as u8))
        .collect();
    let packages: Vec<_> = (0..4)
        .map(|number| {
            let name = format!("a{number}");
            let tarball = Tarball::of("registry", &name, "1.0.0").file("package/x", &noise).gzip();
            Package { tarball, ..Package::new(&name, "1.0.0") }
        })
        .collect();
    world.fetched(&packages).done();
    let before = world.files();
    let is_written = || world.files().iter().any(|name| name.starts_with(".sealift-"));
    for signal in ["INT", "TERM"] {
        let command = "bundle unpack app.sealift -o out --for npm --require integrity";
        let command = format!("{command} --key release.key.pub --at {NOW} {}", crate::world::TRUST);
        let mut child = world.command(env!("CARGO_BIN_EXE_sealift"));
        let mut child = child.args(command.split_whitespace()).spawn().unwrap();
        while !is_written() {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be interrupted");
            std::thread::sleep(Duration::from_micros(200));
        }
        Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(if signal == "INT" { 2 } else { 15 }), "{status}");
        assert_eq!(world.files(), before);
    }
    unpack(&world, "npm", "").done();
}
