//! Where statements are written, and where not.

use std::os::unix::fs::symlink;

use crate::*;

#[test]
fn rejects_a_file_that_is_there() {
    let sealed = Sealed::new();
    sealed.world.write("there.json", "mine");
    for name in ["there.json", "app.sealift", "release.key.pub", "trusted_root.json"] {
        let before = sealed.world.read(name);
        for option in ["--attest", "--attest-packages"] {
            let run = sealed.verify(&format!("--require integrity {option} {name}")).failed();
            assert_eq!(run.stdout, "", "nothing was verified yet");
            run.says(&format!("{name} exists already")).says("nothing is replaced");
        }
        assert_eq!(sealed.world.read(name), before);
    }
}

#[test]
fn rejects_a_link_wherever_it_leads() {
    let sealed = Sealed::new();
    symlink("nowhere.json", sealed.world.path("dangling.json")).unwrap();
    symlink("app.sealift", sealed.world.path("link.json")).unwrap();
    for name in ["dangling.json", "link.json"] {
        let run = sealed.verify(&format!("--require integrity --attest {name}")).failed();
        run.says("exists already");
    }
    assert!(!sealed.world.files().contains(&"nowhere.json".to_owned()));
}

#[test]
fn rejects_standard_output_one_file_for_two_and_a_missing_folder() {
    let sealed = Sealed::new();
    let before = sealed.world.files();
    for (options, says) in [
        ("--attest -", "standard output has the result"),
        ("--attest a.json --attest-packages ./a.json", "cannot be written to one file"),
        ("--attest a.json --report json=./a.json", "cannot be written to one file"),
        ("--attest nowhere/a.json", "there is no such folder"),
        ("--attest a.json --attest-packages nowhere/a.json", "there is no such folder"),
        ("--attest a.json --attest-key missing.key", "missing.key"),
        ("--attest a.json --attest-key release.key.pub", "holds a public key"),
        ("--attest-key release.key", "required arguments were not provided"),
    ] {
        let run = sealed.verify(&format!("--require integrity {options}")).failed();
        assert_eq!(run.stdout, "", "{options}");
        run.says(says);
    }
    assert_eq!(sealed.world.files(), before);
}

#[test]
fn writes_nothing_where_nothing_could_be_judged() {
    let sealed = Sealed::new();
    let before = sealed.world.files();
    let both = "--attest a.json --attest-packages b.ndjson --attest-key release.key";
    let trust = world::TRUST;
    let by = |key: &str, more: &str| {
        let line = format!("bundle verify app.sealift --key {key} {trust} {more} {both}");
        sealed.world.sealift(&line)
    };
    // A seal by somebody else; a time before the seal; no demand.
    by("second.key.pub", &format!("--require integrity --at {NOW}")).refused();
    by("release.key.pub", "--require integrity --at 2026-01-15T00:00:00Z").failed();
    by("release.key.pub", &format!("--at {NOW}")).failed();
    assert_eq!(sealed.world.files(), before);
    let mut archive = sealed.world.read("app.sealift");
    let at = archive.len() / 2;
    archive[at] ^= 1;
    sealed.world.write("app.sealift", archive);
    by("release.key.pub", &format!("--require integrity --at {NOW}")).refused();
    assert_eq!(sealed.world.files(), before);
}

#[test]
fn the_key_that_others_can_read_is_pointed_out() {
    let sealed = Sealed::new();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(sealed.world.path("second.key"), mode).unwrap();
    let run = sealed.verify("--require integrity --attest a.json --attest-key second.key").done();
    run.says("second.key can be read by others");
}
