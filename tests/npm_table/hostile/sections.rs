//! A.5: two lockfiles beside each other, and two sections in one. What JSON and paths allow.

use serde_json::{Value, json};

use crate::{
    case::{Case, packages},
    check::Row,
};

const NEW: &[u32] = &[10, 11, 12];

/// Honest entries of `a`, which depends on `b`, in the section of npm 7 and later.
fn honest_tree(case: &mut Case) {
    case.needs(&["a@1.0.0"]);
    case.at("node_modules/a", case.changed("a@1.0.0", json!({ "dependencies": { "b": "1.0.0" } })));
    case.at("node_modules/b", case.honest("b@1.0.0"));
    let more = json!({ "dependencies": { "b": "1.0.0" } });
    let tarball = testkit::tarball::Tarball::with_manifest("registry", "a", "1.0.0", &more);
    case.publish("a@1.0.0", tarball.gzip());
    case.entries[0].1["integrity"] = case.honest("a@1.0.0")["integrity"].clone();
}

/// The section of npm 6, with this entry of `b`.
fn old_section(case: &mut Case, version: u32, b: Value) {
    honest_tree(case);
    let a = case.changed("a@1.0.0", json!({ "requires": { "b": "1.0.0" } }));
    case.version = json!(version);
    case.dependencies = Some(json!({ "a": a, "b": b }));
}

/// A lockfile whose text has this key in place of another one.
fn renamed(case: &mut Case, from: &str, to: &str) {
    case.text = Some(case.lockfile().replace(from, to));
}

pub const ROWS: &[Row] = &[
    Row::hostile("A5", "a shrinkwrap beside the lockfile", &[10, 11], |case| {
        case.locks(&["a@1.0.0"]);
        let entries = [("node_modules/a".to_owned(), case.lured("a@1.0.0"))];
        let packages = packages(&case.root, &entries);
        let lock = json!({ "name": "app", "lockfileVersion": 3, "packages": packages });
        case.file("npm-shrinkwrap.json", lock.to_string());
    }),
    Row::hostile(
        "A5",
        "a shrinkwrap beside the lockfile, with one entry more",
        &[10, 11],
        |case| {
            honest_tree(case);
            let mut entries = case.entries.clone();
            entries[1].1 = case.lured("b@1.0.0");
            let packages = packages(&case.root, &entries);
            let lock = json!({ "name": "app", "lockfileVersion": 3, "packages": packages });
            case.file("npm-shrinkwrap.json", lock.to_string());
        },
    ),
    Row::hostile("A5", "version 2: an address as the version for npm 6", &[6], |case| {
        let b = json!({ "version": case.bait("b@1.0.0") });
        old_section(case, 2, b);
    }),
    Row::hostile("A5", "version 2: another version for npm 6", &[6], |case| {
        case.asks("dependencies", "a", "*");
        case.at("node_modules/a", case.honest("a@1.0.0"));
        case.version = json!(2);
        case.dependencies = Some(json!({ "a": case.honest("a@2.0.0") }));
    }),
    Row::hostile("A5", "version 2: one entry more for npm 6", &[6], |case| {
        old_section(case, 2, json!(null));
        case.entries.truncate(1);
        case.entries[0].1.as_object_mut().unwrap().shift_remove("dependencies");
        case.dependencies.as_mut().unwrap()["b"] = json!({ "version": "1.0.0" });
        case.seals(&["a@1.0.0"]);
    }),
    Row::hostile("A5", "version 2: the attacker's address for npm 7 and later", NEW, |case| {
        let b = case.honest("b@1.0.0");
        old_section(case, 2, b);
        case.entries[1].1 = case.lured("b@1.0.0");
    }),
    Row::hostile("A5", "version 3: a section for npm 6", &[6], |case| {
        let b = json!({ "version": case.bait("b@1.0.0") });
        old_section(case, 3, b);
    }),
    Row::hostile("A5", "version 1: a section for npm 7 and later", NEW, |case| {
        let b = case.honest("b@1.0.0");
        old_section(case, 1, b);
        case.entries[1].1 = case.lured("b@1.0.0");
    }),
    Row::hostile("A5", "version 3: nothing but the section of version 1", NEW, |case| {
        case.asks("dependencies", "a", "1.0.0");
        let a = json!({ "version": case.bait("a@1.0.0") });
        let lock = json!({ "name": "app", "lockfileVersion": 3, "requires": true,
            "dependencies": { "a": a } });
        case.text = Some(lock.to_string());
    }),
    Row::hostile("A1", "one entry twice", NEW, |case| {
        case.locks(&["a@1.0.0"]);
        case.at("SECOND", case.lured("a@1.0.0"));
        renamed(case, "SECOND", "node_modules/a");
    }),
    Row::hostile("A1", "one field twice", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        let more = json!({ "ADDRESS": case.bait("a@1.0.0"), "HASH": "" });
        case.at("node_modules/a", case.changed("a@1.0.0", more));
        renamed(case, "ADDRESS", "resolved");
        renamed(case, "HASH", "integrity");
    }),
    Row::hostile("A1", "a second way to write an honest entry's path", NEW, |case| {
        case.locks(&["a@1.0.0"]);
        case.at("node_modules/x/../a", case.lured("a@1.0.0"));
    }),
    Row::hostile("A1", "an honest entry's path with a slash more", NEW, |case| {
        case.locks(&["a@1.0.0"]);
        case.at("node_modules//a", case.lured("a@1.0.0"));
    }),
    Row::hostile("A1", "an honest entry's path with a slash at its end", NEW, |case| {
        case.locks(&["a@1.0.0"]);
        case.at("node_modules/a/", case.lured("a@1.0.0"));
    }),
    Row::hostile("A1", "an entry that nothing needs", &[10], |case| {
        case.locks(&["a@1.0.0"]);
        case.at("node_modules/b", case.lured("b@1.0.0"));
    }),
    Row::hostile("A1", "an entry below a folder that no link names", &[10], |case| {
        case.locks(&["a@1.0.0"]);
        case.at("lib", json!({ "name": "lib", "version": "1.0.0" }));
        case.at("lib/node_modules/b", case.lured("b@1.0.0"));
    }),
    Row::hostile("A1", "a workspace's own entry", NEW, |case| {
        case.root["workspaces"] = json!(["w"]);
        case.folder("w", "w", json!({ "dependencies": { "a": "1.0.0" } }));
        let w = json!({ "name": "w", "version": "1.0.0", "dependencies": { "a": "1.0.0" } });
        case.at("w", w);
        case.at("node_modules/w", json!({ "resolved": "w", "link": true }));
        case.at("w/node_modules/a", case.lured("a@1.0.0"));
    }),
    Row::hostile("B4", "a link to a package that is downloaded", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        let mut target = case.lured("a@1.0.0");
        target["name"] = json!("a");
        case.at("node_modules/x", target);
        case.at("node_modules/a", json!({ "resolved": "node_modules/x", "link": true }));
    }),
    Row::hostile("B4", "a link that is none", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.lured("a@1.0.0"));
        case.entries[0].1["link"] = json!(0);
    }),
    Row::denied("B4", "a link out of the project", NEW, |case| {
        case.locks(&["b@1.0.0"]);
        case.asks("dependencies", "a", "file:../evil");
        case.folder("../evil", "a", json!({}));
        case.at("../evil", json!({ "name": "a", "version": "1.0.0" }));
        case.at("node_modules/a", json!({ "resolved": "../evil", "link": true }));
    }),
    Row::denied("B4", "a link to the packages of another project", NEW, |case| {
        case.locks(&["b@1.0.0"]);
        case.asks("dependencies", "a", "file:../other/node_modules/a");
        case.folder("../other/node_modules/a", "a", json!({}));
        case.at("../other/node_modules/a", json!({ "version": "1.0.0" }));
        let link = json!({ "resolved": "../other/node_modules/a", "link": true });
        case.at("node_modules/a", link);
    }),
    Row::hostile("B1", "version 4: a patch that nobody excused", &[12], |case| {
        let patch = "diff --git a/origin.txt b/origin.txt\n--- a/origin.txt\n+++ b/origin.txt\n\
                     @@ -1 +1 @@\n-registry a@1.0.0\n\\ No newline at end of file\n\
                     +hostile a@1.0.0\n\\ No newline at end of file\n";
        case.locks(&["a@1.0.0"]);
        case.root["patchedDependencies"] = json!({ "a@1.0.0": "patches/a.patch" });
        case.file("patches/a.patch", patch);
        let hash = testkit::registry::integrity(patch.as_bytes());
        case.entries[0].1["patched"] = json!({ "path": "patches/a.patch", "integrity": hash });
        case.version = json!(4);
    }),
    Row::hostile("B1", "version 4: an entry without a hash", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.lured("a@1.0.0"));
        case.version = json!(4);
    }),
    Row::hostile("B6", "an entry without a hash, in a lockfile of another name", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.lured("a@1.0.0"));
        case.file("app.lock", case.lockfile());
        case.given = "app.lock";
    }),
    Row::hostile("B2", "two hosts for one package, of which one entry has no hash", NEW, |case| {
        case.locks(&["a@1.0.0", "c@1.0.0"]);
        case.entries[1].1["dependencies"] = json!({ "a": "1.0.0" });
        case.at("node_modules/c/node_modules/a", case.lured("a@1.0.0"));
    }),
    Row::hostile("B5", "a mirror's address without a hash", NEW, |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.lured("a@1.0.0"));
        case.npmrc = "replace-registry-host=never\n".to_owned();
    }),
];
