//! What is in the folder.

use serde_json::json;

use crate::{
    tree, unpack,
    world::{Package, World},
};

fn packages() -> [Package; 3] {
    [Package::new("a", "1.0.0"), Package::new("@s/b", "2.0.0"), Package::new("JSONStream", "1.0.0")]
}

#[test]
fn npm_gets_each_tarball_by_its_digest() {
    let world = World::new();
    world.fetched(&packages()).done();
    let run = unpack(&world, "npm", "").done();
    assert!(run.stdout.contains("npm ci --offline --cache out"), "{run}");
    let files = tree(&world.path("out"));
    for package in packages() {
        let hex = package.sha512();
        let path = format!("_cacache/content-v2/sha512/{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..]);
        assert_eq!(files[&path], package.tarball);
    }
    // Of each package a tarball, a packument and an index of each.
    assert_eq!(files.len(), 12);
}

#[test]
fn npm_gets_a_tarball_by_the_weak_hash_that_a_lockfile_has() {
    let world = World::new();
    let package = Package::new("a", "1.0.0").signed(&world.sigstore);
    let (path, mut entry) = package.locked();
    let sha1 = sealift::core::package::digest::Algorithm::Sha1.digest(&package.tarball);
    entry["integrity"] = json!(sha1.to_sri());
    world.lock_entries([(path, entry)]);
    let registry = world.serve([&package]);
    world.fetch("").done();
    drop(registry);
    unpack(&world, "npm", "").done();
    let hex = sha1.to_hex();
    let path = format!("out/_cacache/content-v2/sha1/{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..]);
    assert_eq!(world.read(&path), package.tarball);
}

#[test]
fn npm_gets_one_tarball_by_all_hashes_of_its_two_packages() {
    let world = World::new();
    let package = Package::new("a", "1.0.0");
    let path = "/files/a.tgz";
    let registry =
        testkit::registry::Registry::new().file(path, "application/gzip", package.tarball.clone());
    let registry = world.start(package.on(registry));
    let sha256 = sealift::core::package::digest::Algorithm::Sha256.digest(&package.tarball);
    let entry = json!({
        "name": "a",
        "version": "1.0.0",
        "resolved": format!("{}{path}", registry.url().trim_end_matches('/')),
        "integrity": sha256.to_sri(),
    });
    world.lock_entries([package.locked(), ("node_modules/same".to_owned(), entry)]);
    world.fetch("").done();
    drop(registry);
    unpack(&world, "npm", "").done();
    for (name, hex) in [("sha256", sha256.to_hex()), ("sha512", package.sha512())] {
        let path =
            format!("out/_cacache/content-v2/{name}/{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..]);
        assert_eq!(world.read(&path), package.tarball);
    }
}

#[test]
fn yarn_gets_an_offline_mirror() {
    let world = World::new();
    world.fetched(&packages()).done();
    unpack(&world, "yarn", "").done();
    let files = tree(&world.path("out"));
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["@s-b-2.0.0.tgz", "JSONStream-1.0.0.tgz", "a-1.0.0.tgz"]);
    assert_eq!(files["@s-b-2.0.0.tgz"], packages()[1].tarball);
}

#[test]
fn two_packages_with_one_name_in_the_mirror_are_told_apart_or_not_written() {
    let world = World::new();
    world.fetched(&[Package::new("@a/b-c", "1.0.0"), Package::new("@a-b/c", "1.0.0")]).done();
    let before = world.files();
    let run = unpack(&world, "yarn", "--format json");
    assert_eq!((run.code, &run.json()["code"]), (2, &json!("same-name")), "{run}");
    assert_eq!(world.files(), before);
    unpack(&world, "npm", "").done();
}

#[test]
fn files_have_the_names_that_they_have_in_the_archive() {
    let world = World::new();
    world.fetched(&packages()).done();
    unpack(&world, "files", "").done();
    let expected = world.parts().entries.into_iter();
    let expected: Vec<_> = expected.filter(|(name, _)| !name.starts_with("trust/")).collect();
    assert!(expected.iter().any(|(name, _)| name == "inputs/1/package-lock.json"));
    assert_eq!(tree(&world.path("out")).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn the_folder_is_its_owners_alone() {
    let world = World::new();
    world.fetched(&packages()).done();
    unpack(&world, "files", "").done();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(world.path("out")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn the_same_archive_gives_the_same_folder() {
    let world = World::new();
    world.fetched(&packages()).done();
    for layout in ["npm", "yarn", "yarn4", "files"] {
        unpack(&world, layout, "").done();
        let first = tree(&world.path("out"));
        std::fs::remove_dir_all(world.path("out")).unwrap();
        unpack(&world, layout, "").done();
        assert_eq!(tree(&world.path("out")), first);
        std::fs::remove_dir_all(world.path("out")).unwrap();
    }
}

#[test]
fn a_program_gets_the_report_and_the_command() {
    let world = World::new();
    world.fetched(&packages()).done();
    let result = unpack(&world, "npm", "--format json").done().json();
    assert_eq!(result["schema"], "sealift-unpack/1");
    assert_eq!(result["run"], json!(["npm", "ci", "--offline", "--cache", "out"]));
    assert_eq!((&result["packages"], &result["files"]), (&json!(3), &json!(12)));
    assert_eq!(result["report"]["verdict"], "verified");
    assert_eq!(result["report"]["policy"]["deep"], true);
}
