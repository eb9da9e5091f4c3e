//! The real Yarn 1, Yarn 4 and pnpm install from `bundle serve --exec`, and from nowhere else.
//!
//! `tests/npm/run` says where they are. All other hosts that the project names do not exist.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::print_stdout)]

mod world;

use chrono::{DateTime, Utc};
use serde_json::json;
use testkit::{
    registry::{Registry, tarball_path},
    tarball::ORIGIN,
};
use world::{NOW, Package, Run, TRUST, World};

/// The programs of a variable: one a line, with spaces between program and arguments.
fn programs(variable: &str) -> Vec<String> {
    let all = std::env::var(variable).unwrap_or_default();
    if all.is_empty() {
        println!("note: {variable} names no program, so nothing is installed");
    }
    all.lines().map(str::to_owned).collect()
}

/// Three packages: `a` was published in 2020, `@acme/b` depends on it, and `new` is of 2026.
struct Sealed {
    world: World,
    a: Package,
    b: Package,
    new: Package,
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let (a, new) = (
            Package::with_manifest("a", "1.0.0", &json!({"bin": "cli.js"})),
            Package::with_manifest("new", "1.0.0", &json!({})),
        );
        let b =
            Package::with_manifest("@acme/b", "1.0.0", &json!({"dependencies": {"a": "^1.0.0"}}));
        let mut entries = [&a, &b, &new].map(Package::locked);
        entries[1].1["dependencies"] = json!({"a": "^1.0.0"});
        world.lock_entries(entries);
        let registry = [&a, &b, &new].into_iter().fold(Registry::new(), |all, one| one.on(all));
        let old = Some("2020-01-01T00:00:00.000Z");
        let registry = registry.time("a", "1.0.0", old).time("@acme/b", "1.0.0", old);
        let running = world.start(registry);
        world.fetch("").done();
        drop(running);
        for file in [".npmrc", "project/.npmrc"] {
            world.write(file, "@acme:registry=https://acme.invalid/\n");
        }
        let manifest = json!({"name": "app", "version": "1.0.0", "license": "MIT",
            "dependencies": {"@acme/b": "1.0.0", "new": "^1.0.0"}});
        world.write("project/package.json", manifest.to_string());
        Self { world, a, b, new }
    }

    /// Runs a line of bash in the project, which knows the address that is served as `$HERE`.
    fn run(&self, script: &str) -> Run {
        let world = &self.world;
        for folder in ["project/node_modules", "project/.yarn"].map(|name| world.path(name)) {
            if folder.exists() {
                std::fs::remove_dir_all(folder).unwrap();
            }
        }
        let serve = format!("bundle serve app.sealift --key release.key.pub {TRUST} --at {NOW}");
        let line = format!("{serve} --require integrity --exec -- bash -c");
        let script = format!("cd project && HERE=$npm_config_registry && {script}");
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        Run::of(command.args(line.split_whitespace()).arg(script))
    }

    #[track_caller]
    fn assert_installed(&self, who: &str) {
        for (folder, name) in [("@acme/b", "@acme/b"), ("new", "new")] {
            let origin = self.world.read(&format!("project/node_modules/{folder}/{ORIGIN}"));
            assert_eq!(origin, format!("sealed {name}@1.0.0").into_bytes(), "{who}");
        }
    }
}

#[test]
fn yarn_1_installs_by_a_copy_of_its_lockfile_that_names_this_registry() {
    let sealed = Sealed::new();
    let locked = |asked: &str, package: &Package, more: &str| {
        format!(
            "\"{asked}\":\n  version \"1.0.0\"\n  resolved \"https://elsewhere.invalid{}\"\n  \
             integrity {}\n{more}\n",
            tarball_path(&package.name, "1.0.0"),
            package.integrity(),
        )
    };
    let lockfile = [
        "# yarn lockfile v1\n\n\n".to_owned(),
        locked("@acme/b@1.0.0", &sealed.b, "  dependencies:\n    a \"^1.0.0\"\n"),
        locked("a@^1.0.0", &sealed.a, ""),
        locked("new@^1.0.0", &sealed.new, ""),
    ];
    for yarn in programs("SEALIFT_YARN") {
        sealed.world.write("project/yarn.lock", lockfile.concat());
        let cache = "export YARN_CACHE_FOLDER=$npm_config_cache/yarn";
        let install = format!("{yarn} install --frozen-lockfile --non-interactive");
        // It asks the hosts of its lockfile, whatever is set.
        let run = sealed.run(&format!("{cache}; {install}"));
        assert!(run.code != 0 && run.stderr.contains("elsewhere.invalid"), "{run}");
        let replace = "sed -i -E \"s#^(  resolved \\\")https?://[^/]+/#\\1$HERE#\" yarn.lock";
        sealed.run(&format!("{cache}; {replace} && {install}")).done();
        sealed.assert_installed(&yarn);
    }
}

#[test]
fn yarn_4_installs_by_its_lockfile() {
    let sealed = Sealed::new();
    for yarn in programs("SEALIFT_YARN4") {
        sealed.world.write("project/.yarnrc.yml", "nodeLinker: node-modules\n");
        sealed.world.write("project/yarn.lock", "");
        // Without a lockfile at first: the one that it writes has its own checksums.
        sealed.run(&format!("{yarn} install --no-immutable")).done();
        sealed.assert_installed(&yarn);
        let lockfile = sealed.world.read("project/yarn.lock");
        sealed.run(&format!("{yarn} install --immutable --check-cache")).done();
        sealed.assert_installed(&yarn);
        assert_eq!(sealed.world.read("project/yarn.lock"), lockfile);
    }
}

/// The lockfile of pnpm 9 to 12.
fn pnpm_lock(sealed: &Sealed) -> String {
    let resolution =
        |package: &Package| format!("    resolution: {{integrity: {}}}\n", package.integrity());
    format!(
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  \
         excludeLinksFromLockfile: false\n\nimporters:\n\n  .:\n    dependencies:\n      \
         '@acme/b':\n        specifier: 1.0.0\n        version: 1.0.0\n      new:\n        \
         specifier: ^1.0.0\n        version: 1.0.0\n\npackages:\n\n  '@acme/b@1.0.0':\n{}\n  \
         a@1.0.0:\n{}    hasBin: true\n\n  new@1.0.0:\n{}\nsnapshots:\n\n  '@acme/b@1.0.0':\n    \
         dependencies:\n      a: 1.0.0\n\n  a@1.0.0: {{}}\n\n  new@1.0.0: {{}}\n",
        resolution(&sealed.b),
        resolution(&sealed.a),
        resolution(&sealed.new),
    )
}

/// pnpm 12 takes the registry of a scope from `.npmrc` or from its options, and from no variable.
const SCOPE: &str = "--config.@acme:registry=$HERE";

#[test]
fn pnpm_installs_by_its_lockfile() {
    let sealed = Sealed::new();
    sealed.world.write("project/pnpm-lock.yaml", pnpm_lock(&sealed));
    for pnpm in programs("SEALIFT_PNPMS") {
        sealed.run(&format!("{pnpm} install --frozen-lockfile {SCOPE}")).done();
        sealed.assert_installed(&pnpm);
    }
}

/// pnpm 12 refuses what is younger than `minimumReleaseAge`, also in a lockfile. The times that it is told are
/// the sealed ones.
#[test]
fn pnpm_12_judges_the_age_of_releases_by_the_sealed_times() {
    let sealed = Sealed::new();
    sealed.world.write("project/pnpm-lock.yaml", pnpm_lock(&sealed));
    let minutes_since =
        |time: &str| (Utc::now() - time.parse::<DateTime<Utc>>().unwrap()).num_minutes();
    for pnpm in programs("SEALIFT_PNPM12") {
        let install = |age: i64| {
            sealed.run(&format!(
                "pnpm_config_minimum_release_age={age} {pnpm} install --frozen-lockfile {SCOPE}"
            ))
        };
        install(minutes_since("2026-02-01T00:00:00Z")).done();
        sealed.assert_installed(&pnpm);
        // The package of January 2026 is too young by this, those of 2020 are not.
        let run = install(minutes_since("2023-01-01T00:00:00Z"));
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(run.code != 0 && told.contains("new@1.0.0"), "{run}");
        assert!(!told.contains("a@1.0.0") && !told.contains("b@1.0.0"), "{run}");
    }
}
