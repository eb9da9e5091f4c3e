//! The real npm installs from `bundle serve --exec`, and from nowhere else.
//!
//! Runs the `npm` on the search path; `tests/npm/run` runs it with npm 10, 11 and 12. All other
//! registries that the project and the environment name are hosts that do not exist.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::tarball::{ORIGIN, Tarball};
use world::{NOW, Package, Run, TRUST, World, lockfile};

/// The programs that are npm: one a line, with spaces between program and arguments.
fn npms() -> Vec<String> {
    let all = std::env::var("SEALIFT_NPMS").unwrap_or_else(|_| "npm".into());
    // npm 6 replaces no host of a lockfile's addresses.
    all.lines().filter(|line| !line.contains("/6.14.18/")).map(str::to_owned).collect()
}

fn package(name: &str, version: &str, more: &Value) -> Package {
    let tarball = Tarball::with_manifest("sealed", name, version, more);
    let tarball = match more["bundleDependencies"].as_array() {
        Some(_) => tarball.bundle("inner", "9.9.9", &json!({})),
        None => tarball,
    };
    Package { tarball: tarball.gzip(), ..Package::new(name, version) }
}

/// A project with a scoped, an aliased, a bundling and an optional package, sealed; then its registry is
/// gone.
fn sealed() -> World {
    let world = World::new();
    let b = package("b", "1.10.0", &json!({"bin": "cli.js"}));
    let newer = package("b", "2.0.0-rc.1", &json!({}));
    let optional = package("optional", "1.0.0", &json!({}));
    let scoped = package(
        "@acme/scoped",
        "1.0.0",
        &json!({"dependencies": {"b": "^1.0.0"}, "optionalDependencies": {"optional": "*"}}),
    );
    let bundling = package(
        "bundling",
        "3.0.0",
        &json!({"dependencies": {"inner": "*"}, "bundleDependencies": ["inner"]}),
    );
    let all = [&b, &newer, &optional, &scoped, &bundling];
    let mut entries: Vec<_> = [&b, &scoped, &bundling].into_iter().map(Package::locked).collect();
    entries[1].1["dependencies"] = json!({"b": "^1.0.0"});
    entries[1].1["optionalDependencies"] = json!({"optional": "*"});
    entries[2].1["dependencies"] = json!({"inner": "*"});
    entries[2].1["bundleDependencies"] = json!(["inner"]);
    let mut locked = optional.locked();
    locked.1["optional"] = json!(true);
    let inner = json!({"version": "9.9.9", "inBundle": true});
    entries.extend([
        locked,
        newer.locked_at("node_modules/alias"),
        ("node_modules/bundling/node_modules/inner".to_owned(), inner),
    ]);
    let dependencies = json!({"@acme/scoped": "1.0.0", "alias": "npm:b@2.0.0-rc.1", "b": "^1.0.0",
        "bundling": "3.0.0"});
    let mut lock: Value = serde_json::from_str(&lockfile(entries)).unwrap();
    lock["packages"][""]["dependencies"] = dependencies.clone();
    world.write("package-lock.json", lock.to_string());
    let manifest = json!({"name": "app", "version": "1.0.0", "dependencies": dependencies});
    world.write("package.json", manifest.to_string());
    let registry = world.serve(all);
    world.fetch("").done();
    drop(registry);
    // Nothing of this is ever asked.
    let elsewhere = "registry=https://elsewhere.invalid/\n@acme:registry=https://acme.invalid/\n";
    world.write(".npmrc", elsewhere);
    world
}

/// Runs npm in the project.
fn run(world: &World, npm: &str, arguments: &str) -> Run {
    let serve = format!("bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW}");
    let line = format!("{serve} --require integrity --exec -- {npm} {arguments}");
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.env("HTTP_PROXY", "http://proxy.invalid:1").env("http_proxy", "http://proxy.invalid:1");
    Run::of(command.args(line.split_whitespace()))
}

fn origin(world: &World, folder: &str) -> String {
    let file = world.path(&format!("{folder}/{ORIGIN}"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn remove(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
}

const TREE: [(&str, &str); 6] = [
    ("node_modules/@acme/scoped", "sealed @acme/scoped@1.0.0"),
    ("node_modules/alias", "sealed b@2.0.0-rc.1"),
    ("node_modules/b", "sealed b@1.10.0"),
    ("node_modules/bundling", "sealed bundling@3.0.0"),
    ("node_modules/bundling/node_modules/inner", "bundled inner@9.9.9"),
    ("node_modules/optional", "sealed optional@1.0.0"),
];

#[test]
fn npm_ci_installs_the_whole_tree() {
    let world = sealed();
    for npm in npms() {
        remove(&world.path("node_modules"));
        run(&world, &npm, "ci").done();
        for (folder, expected) in TREE {
            assert_eq!(origin(&world, folder), expected, "{npm}");
        }
    }
}

/// Name, version and SHA-512 of each package that the lockfile of npm's tree has bytes for.
fn installed(world: &World) -> Vec<(String, String)> {
    let lock = world.read("node_modules/.package-lock.json");
    let lock: Value = serde_json::from_slice(&lock).unwrap();
    let entries = lock["packages"].as_object().unwrap().iter();
    let packages = entries.filter(|(_, entry)| entry["inBundle"] != true).map(|(path, entry)| {
        let name = path.rsplit("node_modules/").next().unwrap();
        let name = entry["name"].as_str().unwrap_or(name).replace('@', "%40");
        let sri = entry["integrity"].as_str().unwrap().strip_prefix("sha512-").unwrap();
        let sha512 = hex::encode(STANDARD.decode(sri).unwrap());
        (format!("pkg:npm/{name}@{}", entry["version"].as_str().unwrap()), sha512)
    });
    let mut packages: Vec<_> = packages.collect();
    packages.sort();
    packages
}

#[test]
fn a_record_lists_what_npm_has_installed() {
    let world = sealed();
    for npm in npms() {
        for (command, count) in [("ci", 5), ("ci --omit=optional", 4)] {
            remove(&world.path("node_modules"));
            let serve =
                format!("bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW}");
            let line = format!("{serve} --require integrity --record record.json --exec --");
            let mut sealift = world.command(env!("CARGO_BIN_EXE_sealift"));
            let line = format!("{line} {npm} {command}");
            Run::of(sealift.args(line.split_whitespace())).done();
            let record: Value = serde_json::from_slice(&world.read("record.json")).unwrap();
            std::fs::remove_file(world.path("record.json")).unwrap();
            let dependencies = record["predicate"]["resolvedDependencies"].as_array().unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let served: Vec<_> = dependencies
                .iter()
                .map(|one| (text(&one["uri"]), text(&one["digest"]["sha512"])))
                .collect();
            assert_eq!(served, installed(&world), "{npm} {command}");
            assert_eq!(served.len(), count, "{npm} {command}");
        }
    }
}

#[test]
fn npm_install_without_a_lockfile_resolves_to_what_is_sealed() {
    let world = sealed();
    for npm in npms() {
        remove(&world.path("node_modules"));
        let _ = std::fs::remove_file(world.path("package-lock.json"));
        run(&world, &npm, "install --ignore-scripts").done();
        for (folder, expected) in TREE {
            assert_eq!(origin(&world, folder), expected, "{npm}");
        }
        let lock: Value = serde_json::from_slice(&world.read("package-lock.json")).unwrap();
        let b = &lock["packages"]["node_modules/b"];
        assert_eq!((&b["version"], &b["bin"]), (&json!("1.10.0"), &json!({"b": "cli.js"})));
        assert!(b["integrity"].as_str().unwrap().starts_with("sha512-"), "{b:#}");
    }
}

#[test]
fn npm_install_of_what_is_not_sealed_fails_and_names_it() {
    let world = sealed();
    for npm in npms() {
        let run = run(&world, &npm, "install left-pad");
        assert_ne!(run.code, 0, "{run}");
        assert!(run.stderr.contains("E404") && run.stderr.contains("left-pad"), "{npm}: {run}");
        let run = self::run(&world, &npm, "install b@^7.0.0");
        assert!(run.code != 0 && run.stderr.contains("ETARGET"), "{npm}: {run}");
    }
}

#[test]
fn npm_ci_fails_where_the_archive_changed() {
    let world = sealed();
    let archive = world.read("app.sealift");
    let tarball = package("optional", "1.0.0", &json!({})).tarball;
    let at = archive.windows(tarball.len()).position(|window| window == tarball).unwrap();
    // npm passes over an optional package that it does not get: sealift does not.
    let script = format!("printf X|dd of=app.sealift bs=1 seek={} conv=notrunc&&npm ci", at + 30);
    let serve = format!("bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW}");
    let line = format!("{serve} --require integrity --exec -- bash -c");
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    let run = Run::of(command.args(line.split_whitespace()).arg(script));
    assert_ne!(run.code, 0, "{run}");
    assert!(run.stderr.contains("are not those that the manifest lists"), "{run}");
}
