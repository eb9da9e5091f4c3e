//! A.2: what comes, or is said to come, out of another package's tarball. A.5: shrinkwraps in
//! tarballs. A.6: tarballs that hold another package than they are sealed as.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{
    registry::{Fault, tarball_path},
    tarball::Tarball,
};

use crate::{
    case::{Case, hostile_tarball, shrinkwrap},
    check::Row,
};

const NEW: &[u32] = &[10, 11, 12];
const B: &str = "node_modules/a/node_modules/b";

/// `a` depends on `b`, and its tarball bundles it in this version, or none.
fn bundles(case: &mut Case, version: Option<&str>) {
    let more = json!({ "dependencies": { "b": "1.0.0" }, "bundleDependencies": ["b"] });
    let tarball = Tarball::with_manifest("registry", "a", "1.0.0", &more);
    let tarball = match version {
        Some(version) => tarball.bundle("b", version, &json!({})),
        None => tarball,
    };
    case.publish("a@1.0.0", tarball.gzip());
    case.needs(&["a@1.0.0"]);
}

/// An entry of `a` that says it bundles `b`, or does not.
fn parent(case: &Case, listed: bool) -> Value {
    let mut entry = case.changed("a@1.0.0", json!({ "dependencies": { "b": "1.0.0" } }));
    if listed {
        entry["bundleDependencies"] = json!(["b"]);
    }
    entry
}

fn child(case: &Case, fields: Value) -> Value {
    let mut entry = case.lured("b@1.0.0");
    entry["inBundle"] = json!(true);
    for (key, value) in fields.as_object().unwrap() {
        entry[key] = value.clone();
    }
    entry
}

/// `a`'s tarball has this file in it, and depends on `b`.
fn wraps(case: &mut Case, file: &str, text: &str, entry: Value) {
    let more = json!({ "dependencies": { "b": "1.0.0" } });
    let tarball = Tarball::with_manifest("registry", "a", "1.0.0", &more);
    case.publish("a@1.0.0", tarball.file(&format!("package/{file}"), text).gzip());
    case.needs(&["a@1.0.0"]);
    let mut whole = parent(case, false);
    for (key, value) in entry.as_object().unwrap() {
        whole[key] = value.clone();
    }
    case.at("node_modules/a", whole);
}

fn hostile_shrinkwrap(case: &Case) -> String {
    shrinkwrap(&[("node_modules/b", case.lured("b@1.0.0"))])
}

/// `a` is this tarball, which no honest archive has.
fn holds(case: &mut Case, tarball: Tarball) {
    case.publish("a@1.0.0", tarball.gzip());
    case.locks(&["a@1.0.0"]);
    case.sealed = None;
}

const OTHER: &str = r#"{"name": "evil", "version": "6.6.6"}"#;

pub const ROWS: &[Row] = &[
    Row::hostile("A2", "bundled in nothing, and the attacker's address", NEW, |case| {
        case.needs(&["b@1.0.0"]);
        let entry = child(case, json!({}));
        case.at("node_modules/b", entry);
    }),
    Row::hostile("A2", "bundled by the project itself", NEW, |case| {
        case.needs(&["b@1.0.0"]);
        case.root["bundleDependencies"] = json!(["b"]);
        let entry = child(case, json!({}));
        case.at("node_modules/b", entry);
    }),
    Row::hostile("A2", "bundled, in a parent that lists no bundle and holds none", NEW, |case| {
        bundles(case, None);
        case.at("node_modules/a", parent(case, false));
        case.at(B, child(case, json!({})));
    }),
    Row::hostile("A2", "bundled, a file, in a parent that lists no bundle", NEW, |case| {
        bundles(case, None);
        case.at("node_modules/a", parent(case, false));
        case.at(B, child(case, json!({ "resolved": "file:vendor/b.tgz" })));
        case.file("vendor/b.tgz", hostile_tarball("b", "1.0.0"));
    }),
    // npm unpacks both tarballs into one folder, and the slower one wins.
    Row::hostile("A2", "bundled and held, in a parent that lists no bundle", NEW, |case| {
        bundles(case, Some("1.0.0"));
        case.at("node_modules/a", parent(case, false));
        case.at(B, child(case, json!({})));
        let slow = Fault::Drip(Duration::from_millis(3));
        case.hostile.set_fault(&tarball_path("b", "1.0.0"), Some(slow));
    }),
    Row::hostile("A2", "bundled and listed, and held in another version", &[], |case| {
        bundles(case, Some("2.0.0"));
        case.at("node_modules/a", parent(case, true));
        case.at(B, child(case, json!({})));
    }),
    Row::hostile("A2", "bundled and listed, and not held", &[], |case| {
        bundles(case, None);
        case.at("node_modules/a", parent(case, true));
        case.at(B, child(case, json!({})));
    }),
    Row::hostile("A2", "version 1: bundled in nothing, and the attacker's address", NEW, |case| {
        case.needs(&["b@1.0.0"]);
        let mut entry = case.lured("b@1.0.0");
        entry["bundled"] = json!(true);
        case.version = json!(1);
        case.dependencies = Some(json!({ "b": entry }));
    }),
    Row::hostile(
        "A2",
        "version 1: bundled, not held, with an address as its version",
        &[6],
        |case| {
            bundles(case, None);
            let b = json!({ "version": case.bait("b@1.0.0"), "bundled": true });
            let fields = json!({ "requires": { "b": "1.0.0" }, "dependencies": { "b": b } });
            case.version = json!(1);
            case.dependencies = Some(json!({ "a": case.changed("a@1.0.0", fields) }));
        },
    ),
    Row::hostile("A5", "a tarball's shrinkwrap names the attacker's host", &[10, 11], |case| {
        let text = hostile_shrinkwrap(case);
        wraps(case, "npm-shrinkwrap.json", &text, json!({ "hasShrinkwrap": true }));
    }),
    Row::hostile("A5", "a tarball's shrinkwrap replaces honest entries", &[10, 11], |case| {
        let text = hostile_shrinkwrap(case);
        wraps(case, "npm-shrinkwrap.json", &text, json!({ "hasShrinkwrap": true }));
        case.at(B, case.honest("b@1.0.0"));
    }),
    Row::hostile(
        "A5",
        "a tarball's package-lock.json is read as a shrinkwrap",
        &[10, 11],
        |case| {
            let text = hostile_shrinkwrap(case);
            wraps(case, "package-lock.json", &text, json!({ "hasShrinkwrap": true }));
        },
    ),
    Row::hostile("A5", "a word stands for true, and the shrinkwrap is read", &[10, 11], |case| {
        let text = hostile_shrinkwrap(case);
        wraps(case, "npm-shrinkwrap.json", &text, json!({ "hasShrinkwrap": "yes" }));
    }),
    Row::hostile("A5", "npm's own inner name has the shrinkwrap read", &[10, 11], |case| {
        let text = hostile_shrinkwrap(case);
        wraps(case, "npm-shrinkwrap.json", &text, json!({ "_hasShrinkwrap": true }));
    }),
    Row::hostile("A5", "entries below an honest shrinkwrap are the attacker's", &[12], |case| {
        let text = shrinkwrap(&[("node_modules/b", case.honest("b@1.0.0"))]);
        wraps(case, "npm-shrinkwrap.json", &text, json!({ "hasShrinkwrap": true }));
        case.at(B, case.lured("b@1.0.0"));
    }),
    Row::hostile("A5", "a shrinkwrap is announced, and the tarball has none", NEW, |case| {
        wraps(case, "readme", "", json!({ "hasShrinkwrap": true }));
        case.at(B, case.lured("b@1.0.0"));
    }),
    Row::denied("A6", "a tarball of another name and version", &[], |case| {
        holds(case, Tarball::of("registry", "evil", "6.6.6"));
    }),
    Row::denied("A6", "a tarball with a second package.json", &[], |case| {
        let tarball = Tarball::of("registry", "a", "1.0.0");
        holds(case, tarball.file("package/package.json", OTHER));
    }),
    Row::denied("A6", "a tarball with a second package.json in another folder", &[], |case| {
        let tarball = Tarball::of("registry", "a", "1.0.0");
        holds(case, tarball.file("other/package.json", OTHER));
    }),
    Row::denied("A6", "a tarball with a second package.json by a PAX header", &[], |case| {
        let tarball = Tarball::of("registry", "a", "1.0.0");
        holds(case, tarball.pax_file("package/other.json", "package/package.json", OTHER));
    }),
    Row::denied("A6", "a tarball with a second package.json by a long name", &[], |case| {
        let tarball = Tarball::of("registry", "a", "1.0.0");
        holds(case, tarball.long_name_file("package/other.json", "package/package.json", OTHER));
    }),
    Row::denied("A6", "a tarball with a second package.json after an empty block", &[], |case| {
        let tarball = Tarball::of("registry", "a", "1.0.0").zeros(1);
        holds(case, tarball.file("package/package.json", OTHER));
    }),
    Row::denied("A6", "a tarball with a second package.json in a second gzip", &[], |case| {
        let first = Tarball::of("registry", "a", "1.0.0").open_gzip();
        let second = Tarball::new().file("package/package.json", OTHER).gzip();
        case.publish("a@1.0.0", [first, second].concat());
        case.locks(&["a@1.0.0"]);
        case.sealed = None;
    }),
    Row::denied("A6", "a tarball without package.json", &[], |case| {
        holds(case, Tarball::new().file("package/origin.txt", "registry a@1.0.0"));
    }),
];
