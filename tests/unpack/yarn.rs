//! The real Yarn 1 installs from the mirror, without a network. `tests/npm/run` says where it is.

use std::{fs, path::Path};

use serde_json::{Value, json};
use testkit::registry::tarball_path;

use crate::{
    tree, unpack,
    world::{Package, World},
};

/// An entry of `yarn.lock`.
fn locked(asked: &str, package: &Package) -> String {
    format!(
        "\"{asked}\":\n  version \"1.0.0\"\n  resolved \"https://registry.yarnpkg.com{}\"\n  \
         integrity {}\n\n",
        tarball_path(&package.name, "1.0.0"),
        package.integrity(),
    )
}

#[test]
fn yarn_installs_from_the_mirror() {
    let Some(yarn) = std::env::var("SEALIFT_YARN").ok() else {
        println!("note: SEALIFT_YARN names no Yarn 1, so nothing is installed");
        return;
    };
    let world = World::new();
    let packages =
        ["a", "@s/b", "c"].map(|name| crate::npm::package(name, &json!({"bin": "cli.js"})));
    world.fetched(&packages).done();
    let run = unpack(&world, "yarn", "--format json").done().json();
    let root = json!({
        "name": "app", "version": "1.0.0",
        "dependencies": {"@s/b": "1.0.0", "a": "1.0.0", "al": "npm:c@1.0.0"},
    });
    world.write("project/package.json", root.to_string());
    let lockfile = [
        "# yarn lockfile v1\n\n\n".to_owned(),
        locked("@s/b@1.0.0", &packages[1]),
        locked("a@1.0.0", &packages[0]),
        locked("al@npm:c@1.0.0", &packages[2]),
    ];
    world.write("project/yarn.lock", lockfile.concat());
    let words: Vec<&str> =
        run["run"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let mirror = world.path("out");
    let mirror = words[1].replace("=out", &format!("={}", mirror.display()));
    let mut command = world.command(words[0]);
    let yarn = yarn.split(' ').map(str::to_owned);
    let rest = words[3..].iter().map(|word| (*word).to_owned());
    command.args([mirror].into_iter().chain(yarn).chain(rest));
    command
        .current_dir(world.path("project"))
        .env("http_proxy", "http://127.0.0.1:9")
        .env("https_proxy", "http://127.0.0.1:9");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for (folder, name) in [("a", "a"), ("@s/b", "@s/b"), ("al", "c")] {
        let files = tree(&world.path("project/node_modules").join(Path::new(folder)));
        assert_eq!(files["lib/x.js"], format!("// {name}").as_bytes());
    }
    assert!(fs::exists(world.path("project/node_modules/.bin/a")).unwrap());
}
