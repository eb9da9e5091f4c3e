//! The jobs of `examples/ci` do what they say: their lines are run as they stand there, the connected side
//! first. A package manager is not needed: `npm` is a script that downloads what it is told to install.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use chrono::Utc;
use serde_json::{Value, json};
use testkit::tuf::{Repository, server::Server};
use world::{Package, Run, World};

/// The shell lines of a job: of GitLab's `script`, and of GitHub's `run` blocks.
fn lines(job: &str) -> String {
    let text = fs::read_to_string(Path::new("examples/ci").join(job)).unwrap();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut script = String::new();
    let mut block: Option<(usize, bool)> = None;
    let mut in_script = false;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        if let Some((at, folded)) = block {
            if indent(line) > at && !line.trim().is_empty() {
                script.push_str(line.trim());
                script.push(if folded { ' ' } else { '\n' });
                continue;
            }
            script.push('\n');
            block = None;
        }
        match line.trim() {
            "run: |" => block = Some((indent(line), false)),
            "script:" => in_script = true,
            "- >" if in_script => block = Some((indent(line), true)),
            item if in_script && item.starts_with("- ") => {
                script.push_str(&item[2..]);
                script.push('\n');
            }
            _ => in_script = false,
        }
    }
    script
}

/// A world with both sides: trust on loopback, a registry, a policy, and a folder for what is carried.
struct Sides {
    world: World,
    _registry: testkit::registry::Running,
    _tuf: Server,
}

impl Sides {
    fn new() -> Self {
        let world = World::new();
        let package = Package::new("a", "1.0.0").signed(&world.sigstore);
        world.lock([&package]);
        let registry = world.serve([&package]);
        let mut repository = Repository::new(Utc::now());
        let root = world.sigstore.trusted_root_json().into_bytes();
        repository.targets.insert("trusted_root.json".into(), root);
        let keys = world.sigstore.npm_keys_json();
        let targets = [("registry.npmjs.org/keys.json", keys.as_bytes())];
        repository.delegate("registry.npmjs.org", &["registry.npmjs.org/*"], &targets);
        repository.publish();
        world.write("lab.json", repository.root_bytes(1));
        let tuf = Server::start(repository.files);
        let pin = "trust pin lab.json --instance lab --registry https://registry.npmjs.org --yes";
        world.sealift(&format!("{pin} --url {}", tuf.url())).done();
        fs::create_dir(world.path("incoming")).unwrap();
        world.write("incoming/release.key.pub", world.read("release.key.pub"));
        let policy = "[archive]\nlockfile = \"required\"\n[[signer]]\nname = \"release\"\nkeys = \
                      [\"release.key.pub\"]\n[[rule]]\nclaims = [\"registry-signature\"]\n";
        world.write("incoming/sealift.toml", policy);
        // The instance of this test stands for the public one.
        let program = env!("CARGO_BIN_EXE_sealift");
        let sealift = format!(
            "#!/bin/sh\ncommand=$1 sub=$2\nshift 2\nexec '{program}' $command $sub --instance lab \"$@\"\n"
        );
        let npm = "#!/bin/sh\nif [ \"$1\" = ci ]; then curl -sSf \"$npm_config_registry\"a/-/a-1.0.0.tgz \
                   -o installed.tgz; fi\n";
        fs::create_dir(world.path("bin")).unwrap();
        for (name, script) in [("sealift", sealift.as_str()), ("npm", npm)] {
            let path = world.path("bin").join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { world, _registry: registry, _tuf: tuf }
    }

    fn run(&self, job: &str) -> Run {
        let world = &self.world;
        let path = std::env::var("PATH").unwrap();
        let mut shell = world.command("sh");
        shell.args(["-ec", &lines(job)]);
        shell.env("PATH", format!("{}:{path}", world.path("bin").display()));
        shell.env(
            "SEALIFT_KEY",
            match job.contains("github") {
                true => String::from_utf8(world.read("release.key")).unwrap(),
                false => "release.key".to_owned(),
            },
        );
        shell.env("AUDIT_KEY", "second.key").env("INCOMING", "incoming");
        shell.env("RUNNER_TEMP", world.path("incoming"));
        shell.env("GITHUB_STEP_SUMMARY", world.path("step-summary"));
        Run::of(&mut shell)
    }
}

#[test]
fn the_jobs_of_both_sides_seal_verify_and_build() {
    if !testkit::tools::are_here(&["curl", "sha256sum"]) {
        return;
    }
    for (host, made) in [
        ("gitlab-ci", ["report.html", "report.xml", "report.json", "served.json"].as_slice()),
        ("github", &["report.html", "summary.md", "step-summary", "served.json"]),
    ] {
        let sides = Sides::new();
        let world = &sides.world;
        sides.run(&format!("connected.{host}.yml")).done();
        fs::rename(world.path("app.sealift"), world.path("incoming/app.sealift")).unwrap();
        sides.run(&format!("airgapped.{host}.yml")).done();
        for file in made {
            assert!(!world.read(file).is_empty(), "{host}: {file}");
        }
        let record: Value = serde_json::from_slice(&world.read("served.json")).unwrap();
        let record = match record.get("payload") {
            None => record,
            Some(payload) => {
                use base64::{Engine as _, prelude::BASE64_STANDARD};
                let bytes = BASE64_STANDARD.decode(payload.as_str().unwrap()).unwrap();
                serde_json::from_slice(&bytes).unwrap()
            }
        };
        let served = &record["predicate"]["resolvedDependencies"];
        assert_eq!(served[0]["uri"], json!("pkg:npm/a@1.0.0"), "{host}");
        assert_eq!(world.read("installed.tgz"), Package::new("a", "1.0.0").tarball);
        // A changed archive stops the job before anything is installed.
        fs::remove_file(world.path("installed.tgz")).unwrap();
        for file in made {
            fs::remove_file(world.path(file)).unwrap();
        }
        let mut archive = world.read("incoming/app.sealift");
        let at = archive.len() / 2;
        archive[at] ^= 1;
        world.write("incoming/app.sealift", archive);
        sides.run(&format!("airgapped.{host}.yml")).refused();
        assert!(!world.path("installed.tgz").exists(), "{host}");
    }
}
