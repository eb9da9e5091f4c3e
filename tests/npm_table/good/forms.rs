//! What a lockfile may be.

use serde_json::{Value, json};
use testkit::registry::integrity;

use super::{ALL, NEW};
use crate::{
    case::{Case, packages},
    check::Row,
};

const A: (&str, &str) = ("node_modules/a", "registry a@1.0.0");
const B: (&str, &str) = ("node_modules/b", "registry b@1.0.0");
const SCOPED: (&str, &str) = ("node_modules/@s/a", "registry @s/a@1.0.0");

/// The section of version 1, for packages that need nothing.
fn old_section(case: &Case) -> Value {
    json!({ "@s/a": case.honest("@s/a@1.0.0"), "a": case.honest("a@1.0.0") })
}

fn beside(case: &mut Case) {
    let packages = packages(&case.root, &case.entries);
    let lock = json!({ "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": packages });
    case.file("npm-shrinkwrap.json", lock.to_string());
}

pub const ROWS: &[Row] = &[
    Row::good("A1", "version 3", NEW, &[A, SCOPED], |case| {
        case.locks(&["a@1.0.0", "@s/a@1.0.0"]);
    }),
    Row::good("A5", "version 2, with two sections that agree", ALL, &[A, SCOPED], |case| {
        case.locks(&["a@1.0.0", "@s/a@1.0.0"]);
        case.version = json!(2);
        case.dependencies = Some(old_section(case));
    }),
    Row::good("A5", "version 1", ALL, &[A, SCOPED], |case| {
        case.needs(&["a@1.0.0", "@s/a@1.0.0"]);
        case.version = json!(1);
        case.dependencies = Some(old_section(case));
    }),
    Row::good("B1", "version 4", NEW, &[A, SCOPED], |case| {
        case.locks(&["a@1.0.0", "@s/a@1.0.0"]);
        case.version = json!(4);
    }),
    // npm 12 checks the hash of what `package.json` adds to the records of packages; the older ones do
    // not know of it, and take the entries as they are.
    Row::good("B1", "version 4: a package extension", NEW, &[A, B], |case| {
        let extensions = r#"{"a@*":{"dependencies":{"b":"1.0.0"}}}"#;
        case.locks(&["a@1.0.0"]);
        case.at("node_modules/b", case.honest("b@1.0.0"));
        let entry = &mut case.entries[0].1;
        entry["dependencies"] = json!({ "b": "1.0.0" });
        entry["packageExtensionsApplied"] = json!({ "dependencies": ["b"], "selector": "a@*" });
        case.root["packageExtensions"] = serde_json::from_str(extensions).unwrap();
        case.root["packageExtensionsHash"] = json!(integrity(extensions.as_bytes()));
        case.version = json!(4);
    }),
    Row::good("B1", "a shrinkwrap, which npm 12 does not read", &[10, 11], &[A], |case| {
        case.locks(&["a@1.0.0"]);
        beside(case);
        case.text = Some("\n".to_owned());
        case.given = "npm-shrinkwrap.json";
    }),
    Row::good("A5", "a shrinkwrap beside the lockfile that agrees with it", NEW, &[A], |case| {
        case.locks(&["a@1.0.0"]);
        beside(case);
    }),
    Row::good("B6", "a lockfile of another name", NEW, &[A], |case| {
        case.locks(&["a@1.0.0"]);
        case.file("app.lock", case.lockfile());
        case.given = "app.lock";
    }),
    Row::good("B6", "a lockfile with a byte order mark and long line ends", NEW, &[A], |case| {
        case.locks(&["a@1.0.0"]);
        case.text = Some(format!("\u{feff}{}", case.lockfile().replace('\n', "\r\n")));
    }),
    Row::good("A1", "two hashes of one tarball", NEW, &[A], |case| {
        let hash = case.honest("a@1.0.0")["integrity"].as_str().unwrap().to_owned();
        case.locks(&["a@1.0.0"]);
        case.entries[0].1["integrity"] = json!(format!("sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA= {hash}"));
    }),
];
