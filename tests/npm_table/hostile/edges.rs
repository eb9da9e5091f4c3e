//! A.1, by another way: npm takes an entry's own dependencies for what it must install. Where such
//! a dependency is an address, npm leaves the honest entry aside and downloads the address, without
//! a hash; of the lockfile only the version must be the same.

use serde_json::json;

use crate::{
    case::{Case, hostile_tarball},
    check::Row,
};

const NEW: &[u32] = &[10, 11, 12];

/// `a` asks for `b` in these words; the entry of `b` is honest.
fn asks(case: &mut Case, kind: &str, spec: &str) {
    case.locks(&["a@1.0.0"]);
    case.entries[0].1[kind] = json!({ "b": spec });
    case.at("node_modules/b", case.honest("b@1.0.0"));
}

pub const ROWS: &[Row] = &[
    Row::hostile("A1", "an entry's dependency is an address", NEW, |case| {
        let address = case.bait("b@1.0.0");
        asks(case, "dependencies", &address);
    }),
    Row::hostile("A1", "an entry's optional dependency is an address", NEW, |case| {
        let address = case.bait("b@1.0.0");
        asks(case, "optionalDependencies", &address);
    }),
    Row::hostile("A1", "an entry's peer dependency is an address", NEW, |case| {
        let address = case.bait("b@1.0.0");
        asks(case, "peerDependencies", &address);
    }),
    Row::hostile("A1", "an entry's optional peer dependency is an address", &[10], |case| {
        let address = case.bait("b@1.0.0");
        asks(case, "peerDependencies", &address);
        case.entries[0].1["peerDependenciesMeta"] = json!({ "b": { "optional": true } });
    }),
    Row::hostile("A1", "an entry's dependency is a file", NEW, |case| {
        case.file("vendor/b.tgz", hostile_tarball("b", "1.0.0"));
        asks(case, "dependencies", "file:../../vendor/b.tgz");
    }),
    Row::hostile("A1", "a bundled entry's dependency is an address", NEW, |case| {
        case.locks(&["a@1.0.0"]);
        let c = json!({ "dependencies": { "b": case.bait("b@1.0.0") } });
        let more = json!({ "dependencies": { "c": "1.0.0" }, "bundleDependencies": ["c"] });
        let tarball = testkit::tarball::Tarball::with_manifest("registry", "a", "1.0.0", &more);
        case.publish("a@1.0.0", tarball.bundle("c", "1.0.0", &c).gzip());
        case.entries[0].1 = case.changed("a@1.0.0", more);
        let mut bundled = json!({ "version": "1.0.0", "inBundle": true });
        bundled["dependencies"] = c["dependencies"].clone();
        case.at("node_modules/a/node_modules/c", bundled);
        case.at("node_modules/b", case.honest("b@1.0.0"));
    }),
    Row::hostile("A1", "a linked folder's dependency is an address", NEW, |case| {
        case.asks("dependencies", "w", "file:w");
        case.needs(&["b@1.0.0"]);
        let more = json!({ "dependencies": { "b": case.bait("b@1.0.0") } });
        case.folder("w", "w", more.clone());
        let w = json!({ "name": "w", "version": "1.0.0", "dependencies": more["dependencies"] });
        case.at("w", w);
        case.at("node_modules/w", json!({ "resolved": "w", "link": true }));
        case.at("node_modules/b", case.honest("b@1.0.0"));
    }),
    Row::hostile("A1", "the project's own dependency is an address", NEW, |case| {
        case.asks("dependencies", "b", &case.bait("b@1.0.0"));
        case.at("node_modules/b", case.honest("b@1.0.0"));
    }),
];
