//! Copies of lockfiles that `bundle serve --rewrite-lockfile` writes, and what the real npm installs by them.
//!
//! Runs the `npm` on the search path; `tests/npm/run` runs it with npm 6, 10, 11 and 12.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use testkit::{
    registry::{Registry, integrity},
    tarball::ORIGIN,
};
use world::{NOW, Package, Run, TRUST, World, lockfile};

const TOOL: &str =
    "git+ssh://git@git.example/acme/tool.git#0123456789abcdef0123456789abcdef01234567";

/// The programs that are npm: one a line, with spaces between program and arguments.
fn npms() -> Vec<String> {
    let all = std::env::var("SEALIFT_NPMS").unwrap_or_else(|_| "npm".into());
    all.lines().map(str::to_owned).collect()
}

/// A project that asks for `u` by an address, and whose `a` asks for a git dependency. All is sealed.
struct Sealed {
    world: World,
}

impl Sealed {
    fn new() -> Self {
        Self::of(|packages, url| {
            let entries = packages.iter().map(|(name, entry)| (name.clone(), entry.clone()));
            let mut lock: Value = serde_json::from_str(&lockfile(entries)).unwrap();
            lock["packages"][""]["dependencies"] = json!({"a": "^1.0.0", "u": url});
            lock
        })
    }

    /// As a lockfile of npm 6.
    fn old() -> Self {
        Self::of(|packages, _| {
            let mut all = json!({});
            for (path, entry) in packages {
                let mut entry = entry.clone();
                if path != "node_modules/a" {
                    entry["version"] = entry["resolved"].take();
                }
                if path == "node_modules/tool" {
                    entry["from"] = TOOL.into();
                }
                entry["requires"] = entry["dependencies"].take();
                entry.as_object_mut().unwrap().retain(|_, value| !value.is_null());
                all[path.strip_prefix("node_modules/").unwrap()] = entry;
            }
            json!({"name": "app", "version": "1.0.0", "lockfileVersion": 1, "requires": true,
                "dependencies": all})
        })
    }

    fn of(lockfile: impl Fn(&[(String, Value)], &str) -> Value) -> Self {
        let world = World::new();
        let a = Package::with_manifest("a", "1.0.0", &json!({"dependencies": {"tool": TOOL}}));
        let (u, tool) = (
            Package::with_manifest("u", "1.0.0", &json!({})),
            Package::with_manifest("tool", "1.0.0", &json!({})),
        );
        world.write("tool.tgz", &tool.tarball);
        let registry = Registry::new().file("/files/u.tgz", "application/gzip", u.tarball.clone());
        let registry = world.start(a.on(registry));
        let url = format!("{}/files/u.tgz", registry.url());
        let (path, mut entry) = a.locked();
        entry["dependencies"] = json!({"tool": TOOL});
        let of_u = json!({"version": "1.0.0", "resolved": url, "integrity": integrity(&u.tarball)});
        // What npm packed out of its clone had other bytes.
        let of_tool =
            json!({"version": "1.0.0", "resolved": TOOL, "integrity": integrity(b"else")});
        let packages = [
            (path, entry),
            ("node_modules/tool".to_owned(), of_tool),
            ("node_modules/u".to_owned(), of_u),
        ];
        world.write("package-lock.json", lockfile(&packages, &url).to_string());
        world.fetch(&format!("--supply {TOOL}=tool.tgz")).done();
        world.write(".npmrc", "registry=https://elsewhere.invalid/\n");
        world.write(
            "sealift.toml",
            format!(
                "[[rule]]\nclaims = [\"integrity\"]\n[[exception]]\nentry = \"{TOOL}\"\n\
                 sha512 = \"{}\"\ncode = \"foreign\"\nreason = \"reviewed\"\nadded = 2026-02-01\n\
                 expires = 2026-05-02\n",
                tool.sha512()
            ),
        );
        Self { world }
    }

    /// Serves with a copy of the lockfile, and runs a command.
    fn run(&self, copy: &str, command: &str) -> Run {
        let serve = format!("bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW}");
        let line =
            format!("{serve} --policy sealift.toml --rewrite-lockfile {copy} --exec -- {command}");
        Run::of(self.world.command(env!("CARGO_BIN_EXE_sealift")).args(line.split_whitespace()))
    }

    fn copied(&self) -> Value {
        serde_json::from_slice(&self.world.read("copy.json")).unwrap()
    }
}

/// The address of a package on the server, whose port is another in each run. What no registry gave is there
/// by its digest.
#[track_caller]
fn assert_is_served(entry: &Value, name: &str) {
    let url = entry["resolved"].as_str().unwrap();
    let hash = entry["integrity"].as_str().unwrap().strip_prefix("sha512-").unwrap();
    let hex = hex::encode(BASE64_STANDARD.decode(hash).unwrap());
    let path = match name {
        "a" => "/a/-/a-1.0.0.tgz".to_owned(),
        _ => format!("/-/sealift/{hex}.tgz"),
    };
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(url.ends_with(&path), "{url}");
}

#[test]
fn the_copy_points_here_and_keeps_the_rest() {
    let sealed = Sealed::new();
    let before: Value = serde_json::from_slice(&sealed.world.read("package-lock.json")).unwrap();
    let run = sealed.run("package-lock.json=copy.json", "true").done();
    let run = run.says("copy.json points at this registry in 3 entries");
    let run = run.says("package.json asks for u by an address, and the copy by its version");
    run.says("write \"1.0.0\" for \"u\" in the dependencies of that package.json");
    let mut copied = sealed.copied();
    let mut expected = before.clone();
    for name in ["a", "tool", "u"] {
        let path = format!("node_modules/{name}");
        assert_is_served(&copied["packages"][&path], name);
        copied["packages"][&path]["resolved"] = before["packages"][&path]["resolved"].clone();
    }
    let of_tool = integrity(&sealed.world.read("tool.tgz"));
    expected["packages"]["node_modules/tool"]["integrity"] = of_tool.into();
    expected["packages"]["node_modules/a"]["dependencies"]["tool"] = "1.0.0".into();
    expected["packages"][""]["dependencies"]["u"] = "1.0.0".into();
    assert_eq!(copied, expected);
    let after: Value = serde_json::from_slice(&sealed.world.read("package-lock.json")).unwrap();
    assert_eq!(after, before);
}

#[test]
fn a_copy_overwrites_nothing_and_follows_no_link() {
    let sealed = Sealed::new();
    let world = &sealed.world;
    world.write("there.json", "{}");
    std::os::unix::fs::symlink("nowhere.json", world.path("link.json")).unwrap();
    let before = world.files();
    for (copy, says) in [
        ("there.json", "there.json exists already"),
        ("package-lock.json", "package-lock.json exists already"),
        ("link.json", "it is a symbolic link, which is not followed"),
        ("no/folder.json", "there is no such folder"),
    ] {
        let run = sealed.run(&format!("package-lock.json={copy}"), "touch ran");
        run.failed().says(says);
    }
    assert_eq!(world.files(), before);
    assert_eq!(world.read("there.json"), b"{}");
}

#[test]
fn a_lockfile_that_is_not_covered_is_not_copied() {
    let sealed = Sealed::new();
    let world = &sealed.world;
    world.write("other.json", lockfile([Package::new("other", "1.0.0").locked()]));
    let run = sealed.run("other.json=copy.json", "touch ran").refused();
    assert!(run.stdout.contains("[not-in-archive]"), "{run}");
    assert!(!world.path("copy.json").exists() && !world.path("ran").exists());
    sealed.run("none.json=copy.json", "touch ran").failed().says("cannot read none.json");
    for wrong in ["package-lock.json", "=copy.json", "package-lock.json="] {
        assert_eq!(sealed.run(wrong, "touch ran").code, 2);
    }
}

#[test]
fn npm_installs_by_the_copy() {
    let (new, old) = (Sealed::new(), Sealed::old());
    for npm in npms() {
        let is_old = npm.contains("/6.14.18/");
        let sealed = if is_old { &old } else { &new };
        let world = &sealed.world;
        let build = world.path("build");
        if build.exists() {
            std::fs::remove_dir_all(&build).unwrap();
        }
        let manifest = json!({"name": "app", "version": "1.0.0", "dependencies": {"a": "^1.0.0", "u": "1.0.0"}});
        world.write("build/package.json", manifest.to_string());
        let copy = "package-lock.json=build/package-lock.json";
        sealed.run(copy, &format!("{npm} ci --prefix build")).done();
        for name in ["a", "tool", "u"] {
            let origin = world.read(&format!("build/node_modules/{name}/{ORIGIN}"));
            assert_eq!(origin, format!("sealed {name}@1.0.0").into_bytes(), "{npm}");
        }
    }
}
