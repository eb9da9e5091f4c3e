//! Writes a lockfile anew, so that its entries point at one registry.
//!
//! npm installs from the address that a dependent asks for, and not from the entry's, where the two
//! differ. So a dependent that asks for an address asks for the version in the new text.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{PackageLockError, classify::installed_name, edges::nearest, json};
use crate::core::{npm::address::Spec, package::PackageId};

/// Where an entry gets its package from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// The package's own name and version.
    pub id: PackageId,
    /// The address of its tarball.
    pub url: String,
    /// The hash of its tarball.
    pub integrity: String,
    /// Whether the entry's own hash, if there is one, is of other bytes.
    pub replaces_hash: bool,
}

/// A lockfile that was written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewritten {
    /// Its text, as npm writes it.
    pub text: String,
    /// What the project's own `package.json` files ask for by an address.
    pub asks: Vec<ProjectDependency>,
}

/// What a `package.json` of the project must ask for, so that npm takes it and the new lockfile to be of
/// one project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectDependency {
    /// The folder of that `package.json`: empty for the project itself.
    pub folder: String,
    /// The field and the name.
    pub key: (&'static str, String),
    /// The version to ask for.
    pub version: String,
}

type Places<'a> = HashMap<&'a str, &'a (String, Option<Redirect>)>;

const FIELDS: [&str; 4] =
    ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];

/// Points entries at their targets. `entries` are all entries of the lockfile by their paths; those without
/// a target stay as they are.
///
/// # Errors
/// When `bytes` are not a lockfile of JSON.
pub(crate) fn rewrite(
    bytes: &[u8],
    entries: &[(String, Option<Redirect>)],
) -> Result<Rewritten, PackageLockError> {
    let mut document: Map<String, Value> = json::read(bytes)?;
    let places: Places<'_> = entries.iter().map(|entry| (entry.0.as_str(), entry)).collect();
    let mut asks = Vec::new();
    for (path, package) in objects(document.get_mut("packages")) {
        if let Some(target) = target(path, &places) {
            point(package, target);
            complete(path, package, target);
        }
        for field in FIELDS {
            for (name, version) in ask_for_versions(path, package.get_mut(field), &places) {
                if installed_name(path).is_none() {
                    asks.push(ProjectDependency {
                        folder: path.clone(),
                        key: (field, name),
                        version,
                    });
                }
            }
        }
    }
    nested("", document.get_mut("dependencies"), &places);
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    Ok(Rewritten { text, asks })
}

/// The section of versions 1 and 2.
fn nested(folder: &str, dependencies: Option<&mut Value>, places: &Places<'_>) {
    for (name, dependency) in objects(dependencies) {
        let path = match folder {
            "" => format!("node_modules/{name}"),
            folder => format!("{folder}/node_modules/{name}"),
        };
        if let Some(target) = target(&path, places) {
            point(dependency, target);
            dependency.insert("version".into(), ask(name, &target.id).into());
            // What the dependent asked for, where that is an address.
            dependency.shift_remove("from");
        }
        ask_for_versions(&path, dependency.get_mut("requires"), places);
        nested(&path, dependency.get_mut("dependencies"), places);
    }
}

fn target<'a>(path: &str, places: &Places<'a>) -> Option<&'a Redirect> {
    places.get(path)?.1.as_ref()
}

fn point(entry: &mut Map<String, Value>, target: &Redirect) {
    entry.insert("resolved".into(), target.url.as_str().into());
    if target.replaces_hash || is_missing(entry, "integrity") {
        entry.insert("integrity".into(), target.integrity.as_str().into());
    }
}

/// Adds what the address said so far.
fn complete(path: &str, entry: &mut Map<String, Value>, target: &Redirect) {
    if is_missing(entry, "version") {
        entry.insert("version".into(), target.id.version().into());
    }
    if installed_name(path) != Some(target.id.name()) && is_missing(entry, "name") {
        entry.insert("name".into(), target.id.name().into());
    }
}

fn is_missing(entry: &Map<String, Value>, field: &str) -> bool {
    entry.get(field).and_then(Value::as_str).is_none_or(str::is_empty)
}

/// Makes what asks for an address, and gets a package that has a target, ask for its version. Gives back
/// what was changed.
fn ask_for_versions(
    path: &str,
    asks: Option<&mut Value>,
    places: &Places<'_>,
) -> Vec<(String, String)> {
    let mut changed = Vec::new();
    for (name, spec) in asks.and_then(Value::as_object_mut).into_iter().flatten() {
        let is_address =
            matches!(spec.as_str().and_then(Spec::of), Some(Spec::Git { .. } | Spec::Remote(_)));
        let found = nearest(path, name, places).filter(|_| is_address);
        if let Some(target) = found.and_then(|(_, target)| target.as_ref()) {
            let version = ask(name, &target.id);
            *spec = version.as_str().into();
            changed.push((name.clone(), version));
        }
    }
    changed
}

/// How a version of a package is asked for under a name.
fn ask(name: &str, id: &PackageId) -> String {
    match name == id.name() {
        true => id.version().to_owned(),
        false => format!("npm:{id}"),
    }
}

fn objects(value: Option<&mut Value>) -> impl Iterator<Item = (&String, &mut Map<String, Value>)> {
    let all = value.and_then(Value::as_object_mut).into_iter().flatten();
    all.filter_map(|(key, value)| Some((key, value.as_object_mut()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(name: &str, replaces_hash: bool) -> Redirect {
        Redirect {
            id: PackageId::npm(name, "1.0.0").unwrap(),
            url: format!("http://127.0.0.1:1/{name}/-/{name}-1.0.0.tgz"),
            integrity: "sha512-new".into(),
            replaces_hash,
        }
    }

    fn rewritten(
        lockfile: &Value,
        entries: &[(&str, Option<Redirect>)],
    ) -> (Value, Vec<ProjectDependency>) {
        let entries: Vec<_> =
            entries.iter().map(|(path, target)| ((*path).to_owned(), target.clone())).collect();
        let out = rewrite(lockfile.to_string().as_bytes(), &entries).unwrap();
        (serde_json::from_str(&out.text).unwrap(), out.asks)
    }

    #[test]
    fn an_entry_points_at_its_target_and_keeps_its_hash() {
        let lockfile = json!({"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"a": "^1.0.0"}},
            "node_modules/a": {"version": "1.0.0", "resolved": "https://r.example/a.tgz",
                "integrity": "sha512-old", "license": "MIT"},
            "node_modules/b": {"version": "1.0.0"},
            "node_modules/c": {"version": "1.0.0", "resolved": "https://r.example/c.tgz"},
        }});
        let entries = [
            ("", None),
            ("node_modules/a", Some(target("a", false))),
            ("node_modules/b", Some(target("b", false))),
            ("node_modules/c", None),
        ];
        let (out, asks) = rewritten(&lockfile, &entries);
        let mut expected = lockfile;
        expected["packages"]["node_modules/a"]["resolved"] = target("a", false).url.into();
        expected["packages"]["node_modules/b"]["resolved"] = target("b", false).url.into();
        expected["packages"]["node_modules/b"]["integrity"] = "sha512-new".into();
        assert_eq!(out, expected);
        assert_eq!(asks, []);
    }

    #[test]
    fn who_asked_for_an_address_asks_for_the_version() {
        let git = "git+ssh://git@git.example/a.git#0123456789abcdef0123456789abcdef01234567";
        let lockfile = json!({"lockfileVersion": 3, "packages": {
            "": {"dependencies": {"a": "git.example/a", "x": "https://files.example/x.tgz", "b": "1"}},
            "node_modules/a": {"version": "1.0.0", "resolved": git, "integrity": "sha512-old"},
            "node_modules/b": {"version": "1.0.0", "peerDependencies": {"a": git},
                "dependencies": {"own": "https://files.example/own.tgz"}},
            "node_modules/b/node_modules/own": {"resolved": "https://files.example/own.tgz"},
            "node_modules/own": {"version": "1.0.0"},
            "node_modules/x": {"version": "1.0.0", "resolved": "https://files.example/x.tgz"},
        }});
        let entries = [
            ("", None),
            ("node_modules/a", Some(target("a", true))),
            ("node_modules/b", None),
            ("node_modules/b/node_modules/own", None),
            ("node_modules/own", Some(target("own", false))),
            ("node_modules/x", Some(target("real", false))),
        ];
        let (out, asks) = rewritten(&lockfile, &entries);
        let packages = &out["packages"];
        let root = json!({"a": "1.0.0", "x": "npm:real@1.0.0", "b": "1"});
        assert_eq!(packages[""]["dependencies"], root);
        assert_eq!(packages["node_modules/a"]["integrity"], "sha512-new");
        assert_eq!(packages["node_modules/b"]["peerDependencies"]["a"], "1.0.0");
        assert_eq!(packages["node_modules/x"]["name"], "real");
        // The nearest entry counts, and it has no target.
        let own = &packages["node_modules/b"]["dependencies"]["own"];
        assert_eq!(own, "https://files.example/own.tgz");
        let asks: Vec<_> = asks.iter().map(|ask| (ask.key.1.as_str(), &*ask.version)).collect();
        assert_eq!(asks, [("a", "1.0.0"), ("x", "npm:real@1.0.0")]);
    }

    #[test]
    fn the_nested_section_is_written_too() {
        let lockfile = json!({"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "github:acme/b"}, "dependencies": {
                "b": {"version": "github:acme/b#0123", "from": "github:acme/b", "integrity": "x"}}},
            "bundled": {"version": "1.0.0", "bundled": true},
        }});
        let entries = [
            ("node_modules/a", None),
            ("node_modules/a/node_modules/b", Some(target("b", true))),
            ("node_modules/bundled", None),
        ];
        let (out, _) = rewritten(&lockfile, &entries);
        let url = target("b", true).url;
        let expected = json!({"lockfileVersion": 1, "dependencies": {
            "a": {"version": "1.0.0", "requires": {"b": "1.0.0"}, "dependencies": {
                "b": {"version": "1.0.0", "resolved": url, "integrity": "sha512-new"}}},
            "bundled": {"version": "1.0.0", "bundled": true},
        }});
        assert_eq!(out, expected);
    }

    #[test]
    fn order_and_form_are_as_npm_writes_them() {
        let text =
            "{\n  \"z\": [],\n  \"a\": {},\n  \"lockfileVersion\": 3,\n  \"packages\": {}\n}\n";
        let compact = text.replace(['\n', ' '], "");
        assert_eq!(rewrite(compact.as_bytes(), &[]).unwrap().text, text);
    }

    #[test]
    fn refuses_what_is_not_json() {
        let refused = rewrite(b"# yarn lockfile v1", &[]);
        assert!(matches!(refused, Err(PackageLockError::NotJson { .. })), "{refused:?}");
    }
}
