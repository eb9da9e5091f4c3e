//! What an entry may be.

use serde_json::json;
use testkit::{
    registry::{Fault, Registry, integrity, packument_path, tarball_path},
    tarball::Tarball,
};

use super::{ALL, NEW};
use crate::{
    case::{Case, MIRROR, hostile_tarball, public, shrinkwrap},
    check::Row,
};

const A: (&str, &str) = ("node_modules/a", "registry a@1.0.0");
const B: (&str, &str) = ("node_modules/b", "registry b@1.0.0");
const B_IN_A: &str = "node_modules/a/node_modules/b";

/// `a` bundles what is given.
fn bundles(case: &mut Case, tarball: impl Fn(Tarball) -> Tarball) {
    let more = json!({ "dependencies": { "b": "1.0.0" }, "bundleDependencies": ["b"] });
    let a = Tarball::with_manifest("registry", "a", "1.0.0", &more);
    case.publish("a@1.0.0", tarball(a).gzip());
    case.needs(&["a@1.0.0"]);
    case.at("node_modules/a", case.changed("a@1.0.0", more));
}

/// Needs `b`, and optionally `a`.
fn optional(case: &mut Case, a: serde_json::Value) {
    case.locks(&["b@1.0.0"]);
    case.asks("optionalDependencies", "a", "1.0.0");
    case.at("node_modules/a", a);
}

fn without_record(registry: Registry) -> Registry {
    registry.fault(&packument_path("a"), Fault::Status(404))
}

pub const ROWS: &[Row] = &[
    Row::good(
        "B2",
        "one package from two hosts",
        NEW,
        &[
            A,
            ("node_modules/c", "registry c@1.0.0"),
            ("node_modules/c/node_modules/a", "registry a@1.0.0"),
        ],
        |case| {
            case.locks(&["a@1.0.0", "c@1.0.0"]);
            case.entries[1].1["dependencies"] = json!({ "a": "1.0.0" });
            let mirrored = format!("{MIRROR}{}", tarball_path("a", "1.0.0"));
            let entry = case.changed("a@1.0.0", json!({ "resolved": mirrored }));
            case.at("node_modules/c/node_modules/a", entry);
        },
    ),
    Row::good(
        "B2",
        "one package under the registry's two names",
        NEW,
        &[
            A,
            ("node_modules/c", "registry c@1.0.0"),
            ("node_modules/c/node_modules/a", "registry a@1.0.0"),
        ],
        |case| {
            case.locks(&["a@1.0.0", "c@1.0.0"]);
            case.entries[1].1["dependencies"] = json!({ "a": "1.0.0" });
            let other = public("a@1.0.0").replace("npmjs.org", "yarnpkg.com");
            let entry = case.changed("a@1.0.0", json!({ "resolved": other }));
            case.at("node_modules/c/node_modules/a", entry);
            case.npmrc = "replace-registry-host=always\n".to_owned();
        },
    ),
    Row::good("B3", "no hash, pinned by the registry's signature", NEW, &[A, B], |case| {
        case.locks(&["b@1.0.0"]);
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "integrity": null })));
    }),
    Row::good(
        "B3",
        "neither hash nor address, pinned by the registry's signature",
        NEW,
        &[A, B],
        |case| {
            case.locks(&["b@1.0.0"]);
            case.needs(&["a@1.0.0"]);
            case.at("node_modules/a", json!({ "version": "1.0.0" }));
        },
    ),
    Row::good("B3", "version 1: no hash, pinned by the registry's signature", ALL, &[A], |case| {
        case.needs(&["a@1.0.0"]);
        case.version = json!(1);
        case.dependencies = Some(json!({ "a": { "version": "1.0.0" } }));
    }),
    Row::good("B4", "a placeholder of an optional peer", NEW, &[B], |case| {
        case.locks(&["b@1.0.0"]);
        case.entries[0].1["peerDependencies"] = json!({ "a": "*" });
        case.entries[0].1["peerDependenciesMeta"] = json!({ "a": { "optional": true } });
        case.at("node_modules/a", json!({ "optional": true, "peer": true }));
    }),
    Row::good("B4", "optional, not listed any more, and still served", NEW, &[A, B], |case| {
        let a = case.changed("a@1.0.0", json!({ "optional": true }));
        optional(case, a);
        case.change = without_record;
    }),
    Row::good("B4", "an alias", NEW, &[("node_modules/x", "registry a@1.0.0")], |case| {
        case.asks("dependencies", "x", "npm:a@1.0.0");
        case.at("node_modules/x", case.changed("a@1.0.0", json!({ "name": "a" })));
    }),
    Row::good(
        "B4",
        "an alias without a name",
        NEW,
        &[("node_modules/x", "registry a@1.0.0")],
        |case| {
            case.asks("dependencies", "x", "npm:a@1.0.0");
            case.at("node_modules/x", case.honest("a@1.0.0"));
        },
    ),
    Row::good(
        "B4",
        "version 1: an alias",
        ALL,
        &[("node_modules/x", "registry a@1.0.0")],
        |case| {
            case.asks("dependencies", "x", "npm:a@1.0.0");
            case.version = json!(1);
            let x = case.changed("a@1.0.0", json!({ "version": "npm:a@1.0.0" }));
            case.dependencies = Some(json!({ "x": x }));
        },
    ),
    Row::good(
        "B4",
        "version 1: an alias without a name",
        &[10, 11, 12],
        &[("node_modules/x", "registry a@1.0.0")],
        |case| {
            case.asks("dependencies", "x", "npm:a@1.0.0");
            case.version = json!(1);
            case.dependencies = Some(json!({ "x": case.honest("a@1.0.0") }));
        },
    ),
    Row::good(
        "B4",
        "a link to another entry of node_modules",
        NEW,
        &[("node_modules/a", "link"), B],
        |case| {
            case.locks(&["b@1.0.0"]);
            case.asks("dependencies", "a", "*");
            case.at("node_modules/a", json!({ "resolved": "node_modules/b", "link": true }));
        },
    ),
    Row::good("B4", "an empty address", NEW, &[A], |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "resolved": "" })));
    }),
    Row::good("B4", "no address", NEW, &[A], |case| {
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "resolved": null })));
    }),
    Row::good("B4", "an empty hash, pinned by the registry's signature", NEW, &[A, B], |case| {
        case.locks(&["b@1.0.0"]);
        case.needs(&["a@1.0.0"]);
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "integrity": "" })));
    }),
    Row::good("B5", "a dead mirror that .npmrc replaces", NEW, &[A], |case| {
        case.needs(&["a@1.0.0"]);
        let dead = format!("http://127.0.0.1:1{}", tarball_path("a", "1.0.0"));
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "resolved": dead })));
        case.npmrc = "replace-registry-host=127.0.0.1\n".to_owned();
    }),
    // npm itself gives up; sealift takes the bytes that the hash pins from the public registry.
    Row::good("B5", "a dead mirror", &[], &[], |case| {
        case.needs(&["a@1.0.0"]);
        let dead = format!("http://127.0.0.1:1{}", tarball_path("a", "1.0.0"));
        case.at("node_modules/a", case.changed("a@1.0.0", json!({ "resolved": dead })));
    }),
    Row::good(
        "A2",
        "a bundled package that is held",
        NEW,
        &[A, (B_IN_A, "bundled b@1.0.0")],
        |case| {
            bundles(case, |tarball| tarball.bundle("b", "1.0.0", &json!({})));
            case.at(B_IN_A, json!({ "version": "1.0.0", "inBundle": true }));
        },
    ),
    Row::good(
        "A2",
        "a package that a bundled one needs",
        NEW,
        &[A, (B_IN_A, "bundled b@1.0.0"), ("node_modules/a/node_modules/c", "bundled c@1.0.0")],
        |case| {
            let needs_c = json!({ "dependencies": { "c": "1.0.0" } });
            bundles(case, |tarball| {
                tarball.bundle("b", "1.0.0", &needs_c).bundle("c", "1.0.0", &json!({}))
            });
            let mut b = json!({ "version": "1.0.0", "inBundle": true });
            b["dependencies"] = needs_c["dependencies"].clone();
            case.at(B_IN_A, b);
            let c = json!({ "version": "1.0.0", "inBundle": true });
            case.at("node_modules/a/node_modules/c", c);
        },
    ),
    Row::good(
        "A2",
        "version 1: a bundled package that is held",
        ALL,
        &[A, (B_IN_A, "bundled b@1.0.0")],
        |case| {
            bundles(case, |tarball| tarball.bundle("b", "1.0.0", &json!({})));
            case.entries.clear();
            let b = json!({ "version": "1.0.0", "bundled": true });
            let fields = json!({ "requires": { "b": "1.0.0" }, "dependencies": { "b": b } });
            case.version = json!(1);
            case.dependencies = Some(json!({ "a": case.changed("a@1.0.0", fields) }));
        },
    ),
    Row::good(
        "A2",
        "a package in a tarball that no entry names",
        NEW,
        &[A, (B_IN_A, "bundled b@1.0.0")],
        |case| {
            let tarball = Tarball::of("registry", "a", "1.0.0").bundle("b", "1.0.0", &json!({}));
            case.publish("a@1.0.0", tarball.gzip());
            case.locks(&["a@1.0.0"]);
        },
    ),
    Row::good(
        "A3",
        "a tarball from an address, with its hash",
        NEW,
        &[("node_modules/a", "hostile a@1.0.0"), B],
        |case| {
            case.locks(&["b@1.0.0"]);
            let address = case.bait("a@1.0.0");
            case.asks("dependencies", "a", &address);
            let hash = integrity(&hostile_tarball("a", "1.0.0"));
            let fields = json!({ "resolved": address, "integrity": hash });
            case.at("node_modules/a", case.changed("a@1.0.0", fields));
        },
    ),
    Row::good(
        "A3",
        "a tarball of the project, with its hash",
        NEW,
        &[("node_modules/a", "hostile a@1.0.0"), B],
        |case| {
            case.locks(&["b@1.0.0"]);
            case.asks("dependencies", "a", "file:vendor/a.tgz");
            let tarball = hostile_tarball("a", "1.0.0");
            let fields =
                json!({ "resolved": "file:vendor/a.tgz", "integrity": integrity(&tarball) });
            case.at("node_modules/a", case.changed("a@1.0.0", fields));
            case.file("vendor/a.tgz", tarball);
        },
    ),
    Row::good(
        "A5",
        "a tarball's shrinkwrap that agrees with the lockfile",
        NEW,
        &[A, (B_IN_A, "registry b@1.0.0")],
        |case| {
            let more = json!({ "dependencies": { "b": "1.0.0" } });
            let text = shrinkwrap(&[("node_modules/b", case.honest("b@1.0.0"))]);
            let tarball = Tarball::with_manifest("registry", "a", "1.0.0", &more);
            case.publish("a@1.0.0", tarball.file("package/npm-shrinkwrap.json", &text).gzip());
            case.locks(&["a@1.0.0"]);
            case.entries[0].1["dependencies"] = more["dependencies"].clone();
            case.entries[0].1["hasShrinkwrap"] = json!(true);
            case.at(B_IN_A, case.honest("b@1.0.0"));
        },
    ),
    Row::good("A5", "a tarball's shrinkwrap that npm is not told of", NEW, &[A, B], |case| {
        let more = json!({ "dependencies": { "b": "1.0.0" } });
        let text = shrinkwrap(&[("node_modules/b", case.lured("b@1.0.0"))]);
        let tarball = Tarball::with_manifest("registry", "a", "1.0.0", &more);
        case.publish("a@1.0.0", tarball.file("package/npm-shrinkwrap.json", &text).gzip());
        case.locks(&["a@1.0.0"]);
        case.entries[0].1["dependencies"] = more["dependencies"].clone();
        case.at("node_modules/b", case.honest("b@1.0.0"));
    }),
    Row::good("A6", "a tarball whose folder is not called package", NEW, &[A], |case| {
        let tarball = Tarball::new().package("a", "registry", "a", "1.0.0", &json!({}));
        case.publish("a@1.0.0", tarball.gzip());
        case.locks(&["a@1.0.0"]);
    }),
    Row::good(
        "A4",
        "a workspace with packages of its own",
        NEW,
        &[("node_modules/w", "link"), ("w/node_modules/a", "registry a@1.0.0")],
        |case| {
            let needs = json!({ "dependencies": { "a": "1.0.0" } });
            case.root["workspaces"] = json!(["w"]);
            case.folder("w", "w", needs.clone());
            let w =
                json!({ "name": "w", "version": "1.0.0", "dependencies": needs["dependencies"] });
            case.at("w", w);
            case.at("node_modules/w", json!({ "resolved": "w", "link": true }));
            case.at("w/node_modules/a", case.honest("a@1.0.0"));
        },
    ),
];
