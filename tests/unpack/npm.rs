//! The real npm installs from what is unpacked, without a network, what it installs from a registry.
//!
//! Runs the `npm` on the search path; `tests/npm/run` runs it with npm 10, 11 and 12.

use std::{fs, process::Command};

use serde_json::{Map, Value, json};
use testkit::tarball::Tarball;

use crate::{
    tree, unpack,
    world::{Package, World},
};

/// The commands of the npm programs that can do `npm ci` of this lockfile.
fn programs() -> Vec<Vec<String>> {
    let lines = std::env::var("SEALIFT_NPMS").unwrap_or_else(|_| "npm".to_owned());
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let commands = lines.lines().map(words);
    let found: Vec<Vec<String>> = commands.filter(|command| major(command) >= Some(7)).collect();
    if found.is_empty() {
        println!("note: no npm is on the search path, so nothing is installed");
    }
    found
}

fn major(command: &[String]) -> Option<u32> {
    let output = Command::new(&command[0]).args(&command[1..]).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()?.split('.').next()?.parse().ok()
}

/// A package with a name of its own in `package.json`, and what it has beside.
pub fn package(name: &str, more: &Value) -> Package {
    let tarball = Tarball::with_manifest("registry", name, "1.0.0", more)
        .file("package/lib/x.js", format!("// {name}"))
        .file("package/cli.js", "#!/usr/bin/env node\n");
    Package { tarball: tarball.gzip(), ..Package::new(name, "1.0.0") }
}

/// A project with scoped, aliased, bundled and optional packages, and 200 others: `package.json`, the
/// lockfile and the packages. An entry has an address or not.
fn project(has_addresses: bool) -> (Value, Value, Vec<Package>) {
    let more = json!({"dependencies": {"e": "1.0.0"}, "bundleDependencies": ["e"]});
    let bundler = Tarball::with_manifest("registry", "d", "1.0.0", &more)
        .bundle("e", "1.0.0", &json!({}))
        .gzip();
    let mut packages = vec![
        package("a", &json!({"bin": {"a-cli": "cli.js"}, "dependencies": {"@s/b": "^1.0.0"}})),
        package("@s/b", &json!({})),
        package("c", &json!({})),
        package("o", &json!({})),
        package("x", &json!({"os": ["none"]})),
        Package { tarball: bundler, ..Package::new("d", "1.0.0") },
    ];
    packages.extend((0..200).map(|number| package(&format!("p{number}"), &json!({}))));
    let mut root = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": {"a": "1.0.0", "al": "npm:c@1.0.0", "d": "1.0.0"},
        "optionalDependencies": {"o": "1.0.0", "x": "1.0.0"},
    });
    let mut entries = Map::new();
    for package in &packages {
        let path = if package.name == "c" { "al" } else { &package.name };
        let (path, mut entry) = package.locked_at(&format!("node_modules/{path}"));
        if !has_addresses {
            entry.as_object_mut().unwrap().shift_remove("resolved");
        }
        let fields = match package.name.as_str() {
            "a" => json!({"bin": {"a-cli": "cli.js"}, "dependencies": {"@s/b": "^1.0.0"}}),
            "d" => json!({"dependencies": {"e": "1.0.0"}, "bundleDependencies": ["e"]}),
            "o" => json!({"optional": true}),
            "x" => json!({"optional": true, "os": ["none"]}),
            name if name.starts_with('p') => {
                root["dependencies"][name] = json!("1.0.0");
                json!({})
            }
            _ => json!({}),
        };
        for (key, value) in fields.as_object().unwrap() {
            entry[key] = value.clone();
        }
        entries.insert(path, entry);
    }
    entries.insert(
        "node_modules/d/node_modules/e".into(),
        json!({"version": "1.0.0", "inBundle": true}),
    );
    let mut all = Map::new();
    all.insert(String::new(), root.clone());
    all.extend(entries);
    let lockfile = json!({
        "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true, "packages": all,
    });
    (root, lockfile, packages)
}

fn ci(world: &World, npm: &[String], folder: &str, more: &[&str]) -> std::process::Output {
    let mut command = world.command(&npm[0]);
    command
        .args(&npm[1..])
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .args(more)
        .current_dir(world.path(folder))
        .env("npm_config_userconfig", world.path("none"))
        .env("npm_config_globalconfig", world.path("none-either"))
        .env("npm_config_fetch_retries", "0")
        .env("npm_config_update_notifier", "false")
        // Requests to other hosts fail.
        .env("http_proxy", "http://127.0.0.1:9")
        .env("https_proxy", "http://127.0.0.1:9")
        .env("no_proxy", "127.0.0.1");
    command.output().expect("npm runs")
}

#[track_caller]
fn installs_the_same(has_addresses: bool) {
    let (root, lockfile, packages) = project(has_addresses);
    for npm in programs() {
        let world = World::new();
        world.write("package-lock.json", format!("{lockfile:#}\n"));
        let registry = world.serve(&packages);
        world.fetch("").done();
        for folder in ["online", "offline"] {
            world.write(&format!("{folder}/package.json"), root.to_string());
            fs::copy(
                world.path("package-lock.json"),
                world.path(&format!("{folder}/package-lock.json")),
            )
            .unwrap();
        }
        let url = registry.url();
        let online = ci(&world, &npm, "online", &["--registry", &url, "--cache", "../cache"]);
        assert!(online.status.success(), "{npm:?}: {online:?}");
        drop(registry);
        unpack(&world, "npm", "--lockfile offline/package-lock.json").done();
        let offline = ci(&world, &npm, "offline", &["--offline", "--cache", "../out"]);
        assert!(offline.status.success(), "{npm:?}: {offline:?}");
        let [mut expected, mut found] =
            ["online", "offline"].map(|folder| tree(&world.path(folder).join("node_modules")));
        assert!(expected.len() > 600, "{}", expected.len());
        for path in ["@s/b/lib/x.js", "al/lib/x.js", "d/node_modules/e/origin.txt", "o/cli.js"] {
            assert!(found.contains_key(path), "{path}");
        }
        assert!(!found.keys().any(|path| path.starts_with("x/")), "x is for another system");
        // npm's own notes on the tree name the registry, where the lockfile does not.
        let notes = |tree: &mut std::collections::BTreeMap<String, Vec<u8>>| {
            let notes = tree.remove(".package-lock.json").unwrap();
            String::from_utf8(notes).unwrap().replace(&url, crate::world::REGISTRY)
        };
        assert_eq!(notes(&mut found), notes(&mut expected), "{npm:?}");
        assert!(found == expected, "{npm:?}: the trees differ");
    }
}

#[test]
fn npm_installs_what_a_registry_gives_where_the_lockfile_has_addresses() {
    installs_the_same(true);
}

#[test]
fn npm_installs_what_a_registry_gives_where_the_lockfile_has_no_addresses() {
    installs_the_same(false);
}
