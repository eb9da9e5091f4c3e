//! Every example of the help texts is run, in the order in which they are shown.
//!
//! What they name is there: a lockfile, a second signer, `.npmrc`. Public services are not, so the
//! Sigstore instance `lab` stands for `public-good`, with its TUF repository on loopback.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use chrono::Utc;
use sealift::cli::declare::EXAMPLES;
use serde_json::json;
use testkit::{
    sigstore::Build,
    tuf::{Repository, server::Server},
};
use world::{Package, World, lockfile, raw_zip};

/// The command lines in a help text, without the name of the program.
fn lines(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let commands = joined.lines().filter_map(|line| line.trim().strip_prefix("sealift "));
    commands.map(str::to_owned).collect()
}

/// A TUF repository that publishes the world's trust.
fn repository(world: &World) -> Repository {
    let mut repository = Repository::new(Utc::now());
    let root = world.sigstore.trusted_root_json().into_bytes();
    repository.targets.insert("trusted_root.json".into(), root);
    let (folder, keys) = ("registry.npmjs.org", world.sigstore.npm_keys_json());
    let targets = [("registry.npmjs.org/keys.json", keys.as_bytes())];
    repository.delegate(folder, &["registry.npmjs.org/*"], &targets);
    repository.publish();
    repository
}

/// Advisories about other packages, in a folder and at an address, and a list of names.
fn advisories(world: &World) -> Server {
    let affected = json!([{"package": {"ecosystem": "npm", "name": "other"}}]);
    let advisory = json!({"id": "MAL-2026-1", "affected": affected}).to_string();
    world.write("malicious-packages/osv/npm/other/MAL-2026-1.json", &advisory);
    world.write("purls.txt", "pkg:npm/a@1.0.0\n");
    let mut zip = raw_zip::Zip::default();
    zip.entries.push(raw_zip::Entry::new("MAL-2026-1.json", advisory.as_bytes()));
    Server::start([("npm/all.zip".to_owned(), zip.bytes())].into())
}

/// Serves until it says where, and asks it to end.
fn serve(world: &World, arguments: &str) {
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.args(arguments.split_whitespace()).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("serving 1 package at http://127.0.0.1:"), "{line}");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success() && child.wait().unwrap().success());
}

#[test]
fn every_example_works() {
    let world = World::new();
    for file in ["release.key", "release.key.pub", "trusted_root.json", "keys.json"] {
        std::fs::remove_file(world.path(file)).unwrap();
    }
    let package = Package::new("a", "1.0.0")
        .signed(&world.sigstore)
        .published(&world.sigstore)
        .built(&world.sigstore, &Build::github("acme/a"));
    world.lock([&package]);
    let git = "git+ssh://git@git.example/acme/tool.git#v1";
    let entry = json!({"version": "1.0.0", "resolved": git});
    world.write("tools/package-lock.json", lockfile([("node_modules/tool".into(), entry)]));
    world.write("tool.tgz", Package::new("tool", "1.0.0").tarball);
    let _registry = world.serve([&package]);

    let repository = repository(&world);
    world.write("lab.json", repository.root_bytes(1));
    world.write("root.json", Repository::new(Utc::now()).root_bytes(1));
    let tuf = Server::start(repository.files);
    let osv = advisories(&world);
    let pin = "trust pin lab.json --instance lab --registry https://registry.npmjs.org --yes --url";
    world.sealift(&format!("{pin} {}", tuf.url())).done();

    for (command, text) in EXAMPLES {
        let lines = lines(text);
        assert!(!lines.is_empty(), "{command} has no example");
        for line in lines {
            assert!(line.starts_with(command), "{line:?} is not an example of {command}");
            let mut here = line
                .replace("public-good", "lab")
                .replace("https://tuf.example/", &tuf.url())
                .replace("https://osv.example/", &osv.url())
                .replace("~/.local/share/sealift/trust", "home/data/trust");
            let names_one = here.contains("--instance") || here.contains("--trusted-root");
            let of_instance = [
                "bundle diff",
                "bundle fetch",
                "bundle index",
                "bundle serve",
                "bundle sign",
                "bundle unpack",
                "bundle verify",
                "bundle why",
                "policy check",
                "policy init",
                "policy lock",
                "recall apply",
                "recall fetch",
                "trust refresh",
                "trust diff",
            ]
            .contains(command);
            if of_instance && !names_one {
                here = match here.split_once(" --exec -- ") {
                    // What is run is another program's.
                    Some((before, _)) => format!("{before} --instance lab --exec -- true"),
                    None => here + " --instance lab",
                };
            }
            if command == &"bundle serve" && !here.contains("--exec") {
                serve(&world, &here);
                continue;
            }
            if here.contains(" archives") {
                std::fs::create_dir_all(world.path("archives")).unwrap();
                let inside = world.path("archives/app.sealift");
                if !inside.exists() {
                    std::fs::copy(world.path("app.sealift"), inside).unwrap();
                }
            }
            if command == &"bundle diff" {
                std::fs::copy(world.path("app.sealift"), world.path("released.sealift")).unwrap();
            }
            if command == &"recall fetch" {
                world.write("archives/app.sealift", world.read("app.sealift"));
            }
            let run = world.sealift(&here);
            assert_eq!(run.code, 0, "sealift {line}\n{run}");
        }
    }
    let inspect = "bundle inspect app.sealift --format json";
    let trust = &world.sealift(inspect).json()["manifest"]["trust"][0];
    assert_eq!((&trust["instance"], &trust["source"]), (&json!("lab"), &json!("tuf")));
}
