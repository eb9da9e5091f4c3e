//! A project with a lockfile, the registry behind it, and a host that an attacker owns.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use testkit::{
    registry::{Registry, Running, tarball_path},
    tarball::Tarball,
};

use crate::world::{Package, REGISTRY};

/// Stands in files for the address of the project's registry, which is a mirror on loopback.
pub const MIRROR: &str = "http://mirror.invalid";
/// What both hosts have, each with its own content.
const STOCK: [(&str, &str); 8] = [
    ("@s/a", "1.0.0"),
    ("a", "1.0.0"),
    ("a", "2.0.0"),
    ("b", "1.0.0"),
    ("b", "2.0.0"),
    ("c", "1.0.0"),
    ("evil", "1.0.0"),
    ("x", "1.0.0"),
];
/// What an honest lockfile has, unless a row says otherwise.
const SEALED: [&str; 4] = ["@s/a@1.0.0", "a@1.0.0", "b@1.0.0", "c@1.0.0"];

/// One row's ground.
pub struct Case {
    /// What the registry has.
    pub packages: Vec<Package>,
    /// Changes what the registry answers.
    pub change: fn(Registry) -> Registry,
    /// The attacker's host: same names and versions, other bytes.
    pub hostile: Running,
    /// `package.json`, and the lockfile's word on the project itself.
    pub root: Value,
    /// `lockfileVersion`.
    pub version: Value,
    /// `packages`, but for the project itself.
    pub entries: Vec<(String, Value)>,
    /// `dependencies`.
    pub dependencies: Option<Value>,
    /// The whole lockfile, where it is no JSON of the above.
    pub text: Option<String>,
    /// Other files of the project, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// More lines of `.npmrc`.
    pub npmrc: String,
    /// The lockfile that sealift is given.
    pub given: &'static str,
    /// What is sealed before the attacker comes; `None` where that cannot be sealed.
    pub sealed: Option<Vec<(String, Value)>>,
    /// Packages without the registry's signature.
    pub unsigned: Vec<&'static str>,
}

impl Case {
    /// A project that needs nothing.
    pub fn new() -> Self {
        let mut hostile = Registry::new();
        for (name, version) in STOCK {
            hostile = hostile.package(name, version, hostile_tarball(name, version));
        }
        // What npm makes of a name that is an address.
        let odd = format!("{}@1.0.0", tarball_path("a", "1.0.0"));
        let hostile = hostile.file(&odd, "application/gzip", hostile_tarball("a", "1.0.0"));
        let stock = STOCK.iter().map(|(name, version)| {
            let tarball = Tarball::of("registry", name, version).gzip();
            Package { tarball, ..Package::new(name, version) }
        });
        let mut case = Self {
            packages: stock.collect(),
            change: |registry| registry,
            hostile: hostile.start(),
            root: json!({ "name": "app", "version": "1.0.0" }),
            version: json!(3),
            entries: Vec::new(),
            dependencies: None,
            text: None,
            files: BTreeMap::new(),
            npmrc: String::new(),
            given: "package-lock.json",
            sealed: None,
            unsigned: Vec::new(),
        };
        case.seals(&SEALED);
        case
    }

    /// Says what is sealed before the attacker comes.
    pub fn seals(&mut self, packages: &[&str]) {
        let path = |id: &&str| format!("node_modules/{}", parts(id).0);
        self.sealed = Some(packages.iter().map(|id| (path(id), self.honest(id))).collect());
    }

    /// Makes the project depend on registry packages.
    pub fn needs(&mut self, ids: &[&str]) {
        for id in ids {
            let (name, version) = parts(id);
            self.root["dependencies"][name] = json!(version);
        }
    }

    /// Makes the project depend on one package in the words of `package.json`.
    pub fn asks(&mut self, kind: &str, name: &str, spec: &str) {
        self.root[kind][name] = json!(spec);
    }

    /// Adds an entry.
    pub fn at(&mut self, path: &str, entry: Value) {
        self.entries.push((path.to_owned(), entry));
    }

    /// Needs packages, and locks each as npm does.
    pub fn locks(&mut self, ids: &[&str]) {
        self.needs(ids);
        for id in ids {
            self.at(&format!("node_modules/{}", parts(id).0), self.honest(id));
        }
    }

    /// Adds a file to the project.
    pub fn file(&mut self, path: &str, bytes: impl AsRef<[u8]>) {
        self.files.insert(path.to_owned(), bytes.as_ref().to_vec());
    }

    /// Adds a package that lies in a folder, with its own word on where it is from.
    pub fn folder(&mut self, path: &str, name: &str, more: Value) {
        let mut manifest = json!({ "name": name, "version": "1.0.0" });
        merge(&mut manifest, more);
        self.file(&format!("{path}/package.json"), manifest.to_string());
        self.file(&format!("{path}/origin.txt"), format!("folder {path}"));
    }

    /// Gives a package of the registry another tarball.
    pub fn publish(&mut self, id: &str, tarball: Vec<u8>) {
        self.package(id).tarball = tarball;
        if let Some(sealed) = &self.sealed {
            let sealed: Vec<_> = sealed.clone();
            let (name, version) = parts(id);
            let entry = self.honest(&format!("{name}@{version}"));
            let renew = sealed.into_iter().map(|(path, old)| {
                let same = path == format!("node_modules/{name}") && old["version"] == version;
                if same { (path, entry.clone()) } else { (path, old) }
            });
            self.sealed = Some(renew.collect());
        }
    }

    fn package(&mut self, id: &str) -> &mut Package {
        let (name, version) = parts(id);
        let mut all = self.packages.iter_mut();
        all.find(|one| one.name == name && one.version == version).expect("in stock")
    }

    /// The entry that npm writes for a registry package.
    pub fn honest(&self, id: &str) -> Value {
        let (name, version) = parts(id);
        let mut all = self.packages.iter();
        let found = all.find(|one| one.name == name && one.version == version).expect("in stock");
        found.locked().1
    }

    /// As [`Case::honest`], with these fields changed; `null` takes one away.
    pub fn changed(&self, id: &str, fields: Value) -> Value {
        let mut entry = self.honest(id);
        merge(&mut entry, fields);
        entry
    }

    /// An entry without a hash, whose address is the attacker's.
    pub fn lured(&self, id: &str) -> Value {
        json!({ "version": parts(id).1, "resolved": self.bait(id) })
    }

    /// The address of the attacker's package.
    pub fn bait(&self, id: &str) -> String {
        let (name, version) = parts(id);
        format!("{}{}", self.hostile.url(), tarball_path(name, version))
    }

    /// `package.json`.
    pub fn package_json(&self) -> String {
        format!("{:#}\n", self.root)
    }

    /// The lockfile.
    pub fn lockfile(&self) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let mut whole = json!({ "name": "app", "version": "1.0.0" });
        whole["lockfileVersion"] = self.version.clone();
        whole["requires"] = json!(true);
        if self.version != 1 || !self.entries.is_empty() {
            whole["packages"] = packages(&self.root, &self.entries);
        }
        if let Some(dependencies) = &self.dependencies {
            whole["dependencies"] = dependencies.clone();
        }
        format!("{whole:#}\n")
    }

    /// The lockfile that is sealed before the attacker comes.
    pub fn sealed_lockfile(&self) -> Option<String> {
        let entries = self.sealed.as_ref()?;
        let root = json!({ "name": "app", "version": "1.0.0" });
        let packages = packages(&root, entries);
        Some(json!({ "name": "app", "lockfileVersion": 3, "packages": packages }).to_string())
    }
}

/// The `packages` section.
pub fn packages(root: &Value, entries: &[(String, Value)]) -> Value {
    let mut packages = Map::new();
    packages.insert(String::new(), root.clone());
    packages.extend(entries.iter().cloned());
    Value::Object(packages)
}

/// A lockfile of version 3 that lies in a tarball or beside another one.
pub fn shrinkwrap(entries: &[(&str, Value)]) -> String {
    let entries: Vec<_> =
        entries.iter().map(|(path, entry)| ((*path).to_owned(), entry.clone())).collect();
    let root = json!({ "dependencies": { "b": "1.0.0" } });
    let packages = packages(&root, &entries);
    json!({ "name": "a", "version": "1.0.0", "lockfileVersion": 3, "packages": packages })
        .to_string()
}

/// The attacker's tarball of a name and version.
pub fn hostile_tarball(name: &str, version: &str) -> Vec<u8> {
    Tarball::of("hostile", name, version).gzip()
}

/// Name and version of `name@version`.
fn parts(id: &str) -> (&str, &str) {
    id.rsplit_once('@').expect("name@version")
}

fn merge(value: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { panic!("fields") };
    let value = value.as_object_mut().expect("an object");
    for (key, field) in fields {
        if field.is_null() {
            value.shift_remove(&key)
        } else {
            value.insert(key, field)
        };
    }
}

/// The address of a package on the public registry.
pub fn public(id: &str) -> String {
    let (name, version) = parts(id);
    format!("{REGISTRY}{}", tarball_path(name, version))
}
