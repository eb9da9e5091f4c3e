//! A.1: the entry's own address and hash. B.4: an entry that names no package, or another one.

use serde_json::json;
use testkit::registry::{Fault, integrity, packument_path, tarball_path};

use crate::{
    case::{Case, hostile_tarball, public},
    check::Row,
};

const NEW: &[u32] = &[10, 11, 12];

/// Needs `a`, whose entry is this one with the attacker's address.
fn lures(case: &mut Case, fields: serde_json::Value) {
    case.needs(&["a@1.0.0"]);
    let mut entry = case.lured("a@1.0.0");
    for (key, value) in fields.as_object().unwrap() {
        entry[key] = value.clone();
    }
    case.at("node_modules/a", entry);
}

fn hostile_hash(algorithm: &str) -> String {
    let sha512 = integrity(&hostile_tarball("a", "1.0.0"));
    sha512.replace("sha512", algorithm)
}

pub const ROWS: &[Row] = &[
    Row::hostile("A1", "no hash, and the attacker's host", NEW, |case| lures(case, json!({}))),
    Row::hostile("A1", "no hash, where another entry of that version has one", NEW, |case| {
        case.locks(&["c@1.0.0"]);
        case.at("node_modules/c/node_modules/a", case.honest("a@1.0.0"));
        case.entries[0].1["dependencies"] = json!({ "a": "1.0.0" });
        lures(case, json!({}));
    }),
    Row::hostile("A1", "no hash, and another package's address on the registry", NEW, |case| {
        lures(case, json!({ "resolved": public("evil@1.0.0") }));
        case.unsigned = vec!["evil"];
    }),
    Row::hostile("A1", "no hash, and another version's address on the registry", NEW, |case| {
        lures(case, json!({ "resolved": public("a@2.0.0") }));
    }),
    Row::hostile("A1", "no hash, and a scheme in capital letters", NEW, |case| {
        let address = case.bait("a@1.0.0").replace("http", "HTTP");
        lures(case, json!({ "resolved": address }));
    }),
    Row::hostile("A1", "no hash, and the registry's name as the user of an address", NEW, |case| {
        let address = case.bait("a@1.0.0").replace("//", "//registry.npmjs.org@");
        lures(case, json!({ "resolved": address }));
    }),
    Row::hostile("A1", "no hash, and a file", NEW, |case| {
        lures(case, json!({ "resolved": "file:vendor/a.tgz" }));
        case.file("vendor/a.tgz", hostile_tarball("a", "1.0.0"));
    }),
    Row::hostile("A1", "no hash, and a path without a scheme", NEW, |case| {
        lures(case, json!({ "resolved": "a.tgz" }));
        case.file("a.tgz", hostile_tarball("a", "1.0.0"));
    }),
    Row::hostile("A1", "no hash, and a folder outside the project, copied", NEW, |case| {
        lures(case, json!({ "resolved": "file:../evil" }));
        case.folder("../evil", "a", json!({}));
    }),
    Row::hostile("A1", "no hash, and another package's name as the address", NEW, |case| {
        lures(case, json!({ "resolved": "npm:evil@1.0.0" }));
        case.unsigned = vec!["evil"];
    }),
    Row::hostile("A1", "an address as the version", NEW, |case| {
        case.asks("dependencies", "a", "*");
        case.at("node_modules/a", json!({ "version": case.bait("a@1.0.0") }));
    }),
    Row::hostile("A1", "an address as the name", NEW, |case| {
        case.asks("dependencies", "a", "*");
        let name = format!("x@{}", case.bait("a@1.0.0"));
        case.at("node_modules/a", json!({ "name": name, "version": "1.0.0" }));
    }),
    Row::hostile("A1", "an address in a list", NEW, |case| {
        let address = json!([case.bait("a@1.0.0")]);
        lures(case, json!({ "resolved": address }));
    }),
    Row::hostile("A1", "an address under npm's own inner name", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        let address = case.bait("a@1.0.0");
        case.at("node_modules/a", json!({ "version": "1.0.0", "_resolved": address }));
    }),
    Row::hostile("A1", "the hash of the attacker's bytes", NEW, |case| {
        lures(case, json!({ "integrity": hostile_hash("sha512") }));
    }),
    Row::hostile("A1", "two hashes, of which the second is the attacker's", NEW, |case| {
        let right = case.honest("a@1.0.0")["integrity"].as_str().unwrap().to_owned();
        lures(case, json!({ "integrity": format!("{right} {}", hostile_hash("sha512")) }));
    }),
    Row::hostile("A1", "an algorithm's name in capital letters", NEW, |case| {
        let right = case.honest("a@1.0.0")["integrity"].as_str().unwrap().to_owned();
        lures(case, json!({ "integrity": right.replace("sha512", "SHA512") }));
    }),
    Row::hostile("A1", "an algorithm that nobody knows", &[11, 12], |case| {
        lures(case, json!({ "integrity": hostile_hash("sha3") }));
    }),
    Row::hostile("A1", "a hash of spaces", NEW, |case| lures(case, json!({ "integrity": "  " }))),
    Row::hostile("B4", "an empty hash", NEW, |case| lures(case, json!({ "integrity": "" }))),
    Row::hostile("B4", "null as the hash", NEW, |case| lures(case, json!({ "integrity": null }))),
    Row::hostile("B3", "no hash, and a registry that does not sign", NEW, |case| {
        case.needs(&["x@1.0.0"]);
        case.at("node_modules/x", json!({ "version": "1.0.0", "resolved": public("x@1.0.0") }));
        case.unsigned = vec!["x"];
    }),
    Row::hostile("B3", "no hash and no address, and a yarn.lock that has one", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", json!({ "version": "1.0.0" }));
        let address = case.bait("a@1.0.0");
        let entry = format!("a@1.0.0:\n  version \"1.0.0\"\n  resolved \"{address}\"\n");
        case.file("yarn.lock", format!("# yarn lockfile v1\n\n\n{entry}"));
    }),
    Row::hostile("B4", "an alias without name and address", NEW, |case| {
        case.asks("dependencies", "x", "npm:a@1.0.0");
        case.at("node_modules/x", json!({ "version": "1.0.0" }));
        case.unsigned = vec!["x"];
    }),
    Row::hostile("B4", "an optional entry that the attacker's host answers", NEW, |case| {
        case.asks("optionalDependencies", "a", "1.0.0");
        case.at("node_modules/a", case.lured("a@1.0.0"));
        case.entries[0].1["optional"] = json!(true);
    }),
    Row::denied("B4", "an optional entry that the attacker's host does not have", &[], |case| {
        case.locks(&["b@1.0.0"]);
        case.asks("optionalDependencies", "a", "1.0.0");
        let entry = case.changed("a@1.0.0", json!({ "resolved": case.bait("a@1.0.0") }));
        case.at("node_modules/a", entry);
        case.entries[1].1["optional"] = json!(true);
        let gone = tarball_path("a", "1.0.0");
        case.hostile.set_fault(&gone, Some(Fault::Status(404)));
        case.seals(&["b@1.0.0"]);
    }),
    // The mirror of the public registry, of which nobody knows why it lacks the package.
    Row::denied("B4", "an optional entry that a mirror does not have", &[], |case| {
        case.locks(&["b@1.0.0"]);
        case.asks("optionalDependencies", "a", "1.0.0");
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "optional": true })));
        case.change = |registry| {
            let gone = [packument_path("a"), tarball_path("a", "1.0.0")];
            gone.iter().fold(registry, |registry, path| registry.fault(path, Fault::Status(404)))
        };
        case.seals(&["b@1.0.0"]);
    }),
    Row::hostile("B4", "a placeholder with an address", NEW, |case| {
        case.asks("optionalDependencies", "a", "*");
        let address = case.bait("a@1.0.0");
        case.at("node_modules/a", json!({ "optional": true, "resolved": address }));
    }),
    Row::denied("A3", "nothing but a git dependency", &[], |case| {
        let address = "git+http://127.0.0.1:1/a.git#8f2a4c1d9e3b5a7f6c0d1e2f3a4b5c6d7e8f9a0b";
        case.asks("dependencies", "a", address);
        case.at("node_modules/a", json!({ "version": "1.0.0", "resolved": address }));
    }),
    Row::hostile("A3", "nothing but a tarball from an address, without a hash", NEW, |case| {
        let address = case.bait("a@1.0.0");
        case.asks("dependencies", "a", &address);
        case.at("node_modules/a", case.lured("a@1.0.0"));
    }),
    Row::denied("A3", "nothing at all", &[], |_| {}),
    Row::hostile("A4", "another tarball's address, where one was sealed", NEW, |case| {
        let (old, new) = (case.bait("c@1.0.0"), case.bait("a@1.0.0"));
        let tarball = hostile_tarball("c", "1.0.0");
        let mut sealed = case.lured("c@1.0.0");
        sealed["resolved"] = json!(old);
        sealed["integrity"] = json!(integrity(&tarball));
        case.sealed = Some(vec![("node_modules/c".to_owned(), sealed)]);
        case.asks("dependencies", "c", &new);
        case.at("node_modules/c", json!({ "version": "1.0.0", "resolved": new }));
    }),
    Row::denied("A4", "another commit of a git dependency", &[], |case| {
        case.locks(&["b@1.0.0"]);
        let at = |commit: &str| format!("git+http://127.0.0.1:1/a.git#{}", commit.repeat(40));
        case.asks("dependencies", "a", &at("2"));
        case.at("node_modules/a", json!({ "version": "1.0.0", "resolved": at("2") }));
    }),
];
