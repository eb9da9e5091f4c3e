//! The real Yarn 4 installs from its cache, without a network, by the checksums that it has in its lockfile.
//! `tests/npm/run` says where it is.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};
use testkit::tarball::Tarball;

use crate::{
    tree, unpack,
    world::{NOW, Package, Run, TRUST, World},
};

/// A package with nested folders, a name that is not ASCII, and a file that can be run.
fn package(name: &str, more: &Value) -> Package {
    let tarball = Tarball::with_manifest("registry", name, "1.0.0", more)
        .file("package/lib/deep/x.js", format!("// {name}"))
        .file("package/lib/é.js", "")
        .file("package/cli.js", "#!/usr/bin/env node\n")
        .file("package/lib/y.js", "// y");
    Package { tarball: tarball.gzip(), ..Package::new(name, "1.0.0") }
}

fn sealed() -> World {
    let world = World::new();
    let packages = [
        package("a", &json!({"bin": "cli.js"})),
        package("@s/b", &json!({"dependencies": {"a": "^1.0.0"}})),
        package("c", &json!({})),
    ];
    world.fetched(&packages).done();
    world
}

#[test]
fn the_cache_has_a_zip_file_of_each_package_with_the_bytes_that_yarn_4_makes() {
    let world = World::new();
    let package = Package::new("tool", "1.0.0");
    world.fetched([&package]).done();
    unpack(&world, "yarn4", "").done();
    let files = tree(&world.path("out"));
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["cache/tool-npm-1.0.0-a47519da88-10c0.zip"]);
    let zip = &files[names[0]];
    assert!(zip.starts_with(b"PK\x03\x04\x14\0\0\0\0\0\x40\xae\xd6\x08"), "{zip:?}");
}

#[test]
fn yarn_4_installs_from_the_cache() {
    let Some(yarn) = std::env::var("SEALIFT_YARN4").ok() else {
        println!("note: SEALIFT_YARN4 names no Yarn 4, so nothing is installed");
        return;
    };
    let world = sealed();
    let root = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": {"@s/b": "1.0.0", "a": "1.0.0", "al": "npm:c@1.0.0"},
    });
    world.write("project/package.json", root.to_string());
    world.write("project/.yarnrc.yml", "nodeLinker: node-modules\n");
    world.write("project/yarn.lock", "");
    let installed = || -> BTreeMap<String, Vec<u8>> {
        let mut files = tree(&world.path("project/node_modules"));
        files.retain(|name, _| !name.starts_with(".yarn"));
        files
    };
    // What Yarn makes of the tarballs itself: its lockfile has the checksums.
    let serve = format!(
        "bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW} --require integrity --exec --"
    );
    let install = format!("cd project && {yarn} install --no-immutable");
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.args(serve.split(' ')).args(["bash", "-c", &install]);
    Run::of(command.env("YARN_NPM_MINIMAL_AGE_GATE", "0")).done();
    let (lockfile, online) = (world.read("project/yarn.lock"), installed());
    let text = String::from_utf8(lockfile.clone()).unwrap();
    assert_eq!(text.matches("checksum: 10c0/").count(), 3, "{text}");
    for folder in ["project/node_modules", "project/.yarn"] {
        fs::remove_dir_all(world.path(folder)).unwrap();
    }

    let run = unpack(&world, "yarn4", "--format json").done().json();
    let words: Vec<&str> =
        run["run"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let split = words.iter().position(|word| *word == "yarn").unwrap();
    let out = format!("={}", world.path("out").display());
    let variables = words[1..split].iter().map(|word| word.replace("=out", &out));
    let mut command = world.command(words[0]);
    command.args(variables).args(yarn.split(' ')).args(&words[split + 1..]);
    command.current_dir(world.path("project"));
    Run::of(&mut command).done();
    assert_eq!(world.read("project/yarn.lock"), lockfile);
    assert_eq!(installed(), online);
    assert_eq!(online["@s/b/lib/deep/x.js"], b"// @s/b");

    // Another byte in one of the files.
    let cache = world.path("out/cache");
    let zip = fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&zip).unwrap();
    let at = bytes.windows(4).position(|window| window == b"// y").unwrap();
    bytes[at] ^= 1;
    fs::write(&zip, bytes).unwrap();
    fs::remove_dir_all(world.path("project/node_modules")).unwrap();
    let run = Run::of(&mut command);
    assert!(run.code != 0 && run.stdout.contains("YN0018"), "{run}");
}
