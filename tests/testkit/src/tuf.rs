//! TUF repositories, with rotations and faults on demand, and a server for them on loopback.
//!
//! Made from the specification alone: canonical JSON, key ids and layout are this module's own.

pub mod canonical;
pub mod server;

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub use crate::sigstore::Key;

/// The four roles that every repository has.
const TOP_LEVEL: [&str; 4] = ["root", "timestamp", "snapshot", "targets"];

/// A change to the signed part of a role's metadata, made just before it is signed.
pub type Edit = Box<dyn Fn(&mut Value)>;

/// A role: who signs it, and what is published next.
pub struct Role {
    /// The keys, by the id that metadata gives them.
    pub keys: Vec<(String, Key)>,
    /// Signatures needed.
    pub threshold: usize,
    /// The version last published.
    pub version: u64,
    /// The expiry of the next version.
    pub expires: DateTime<Utc>,
    /// Signers of the next version beside [`Role::keys`]: a root needs its predecessor's.
    pub former: Vec<(String, Key)>,
    /// A fault to publish.
    pub edit: Option<Edit>,
}

/// A delegation of the top-level targets role.
pub struct Delegation {
    /// The role's name.
    pub name: String,
    /// The patterns of its scope.
    pub paths: Vec<String>,
    /// Whether the search ends with it.
    pub terminating: bool,
    /// The target files that it lists.
    pub targets: BTreeMap<String, Vec<u8>>,
}

/// A repository. What is published lies in `files`, under published names.
pub struct Repository {
    pub files: BTreeMap<String, Vec<u8>>,
    pub roles: BTreeMap<String, Role>,
    /// Target files of the top-level role.
    pub targets: BTreeMap<String, Vec<u8>>,
    pub delegations: Vec<Delegation>,
    /// Whether timestamp and snapshot give length and hashes.
    pub hashes: bool,
}

impl Repository {
    /// A repository of one key a role, published at `now` with one target; its timestamp lasts a
    /// week, all else a year.
    pub fn new(now: DateTime<Utc>) -> Self {
        let role = |days| Role {
            keys: vec![named(Key::p256())],
            threshold: 1,
            version: 0,
            expires: now + Duration::days(days),
            former: Vec::new(),
            edit: None,
        };
        let roles = TOP_LEVEL
            .map(|name| (name.to_owned(), role(if name == "timestamp" { 7 } else { 365 })));
        let mut repository = Self {
            files: BTreeMap::new(),
            roles: BTreeMap::from(roles),
            targets: BTreeMap::from([("trusted_root.json".to_owned(), b"{}".to_vec())]),
            delegations: Vec::new(),
            hashes: false,
        };
        repository.publish_root();
        repository.publish();
        repository
    }

    pub fn role(&mut self, name: &str) -> &mut Role {
        self.roles.get_mut(name).expect("a role of the repository")
    }

    /// Delegates `paths` to a new role with these target files; published with the next
    /// [`publish`](Self::publish).
    pub fn delegate(&mut self, name: &str, paths: &[&str], targets: &[(&str, &[u8])]) {
        let expires = self.role("targets").expires;
        let role = Role {
            keys: vec![named(Key::ed25519())],
            threshold: 1,
            version: 0,
            expires,
            former: Vec::new(),
            edit: None,
        };
        self.roles.insert(name.to_owned(), role);
        self.delegations.push(Delegation {
            name: name.to_owned(),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            terminating: false,
            targets: targets.iter().map(|(p, b)| ((*p).to_owned(), b.to_vec())).collect(),
        });
    }

    /// Gives a role a new key in place of its own; in office with the next root.
    pub fn rotate(&mut self, name: &str) {
        let role = self.role(name);
        role.former = std::mem::replace(&mut role.keys, vec![named(Key::ed25519())]);
        if name != "root" {
            role.former.clear();
        }
    }

    /// The next version of the root.
    pub fn publish_root(&mut self) {
        let version = self.publish_role("root");
        self.role("root").former.clear();
        assert!(self.files.contains_key(&format!("{version}.root.json")));
    }

    /// The next version of all other roles.
    pub fn publish(&mut self) {
        for delegated in self.delegations.iter().map(|it| it.name.clone()).collect::<Vec<_>>() {
            self.publish_role(&delegated);
        }
        for role in ["targets", "snapshot", "timestamp"] {
            self.publish_role(role);
        }
    }

    /// The next version of one role, which it returns.
    pub fn publish_role(&mut self, name: &str) -> u64 {
        self.role(name).version += 1;
        self.republish(name)
    }

    /// The role once more in the same version, with what has changed.
    pub fn republish(&mut self, name: &str) -> u64 {
        let mut signed = match name {
            "root" => self.root(),
            "timestamp" => self.timestamp(),
            "snapshot" => self.snapshot(),
            _ => self.targets_of(name),
        };
        let role = &self.roles[name];
        if let Some(edit) = &role.edit {
            edit(&mut signed);
        }
        let bytes = sign(&signed, role.keys.iter().chain(&role.former));
        let version = role.version;
        let file = match name {
            "timestamp" => "timestamp.json".to_owned(),
            _ => format!("{version}.{name}.json"),
        };
        self.files.insert(file, bytes);
        version
    }

    /// The bytes of a published root.
    pub fn root_bytes(&self, version: u64) -> Vec<u8> {
        self.files[&format!("{version}.root.json")].clone()
    }

    fn head(&self, name: &str, kind: &str) -> Value {
        let role = &self.roles[name];
        json!({
            "_type": kind,
            "spec_version": "1.0.31",
            "version": role.version,
            "expires": role.expires.to_rfc3339_opts(SecondsFormat::Secs, true),
        })
    }

    fn root(&self) -> Value {
        let mut signed = self.head("root", "root");
        let mut keys = serde_json::Map::new();
        let mut roles = serde_json::Map::new();
        for name in TOP_LEVEL {
            let role = &self.roles[name];
            keys.extend(role.keys.iter().map(|(id, key)| (id.clone(), key_json(key))));
            roles.insert(name.to_owned(), role_json(role));
        }
        signed["consistent_snapshot"] = json!(true);
        signed["keys"] = Value::Object(keys);
        signed["roles"] = Value::Object(roles);
        signed
    }

    fn timestamp(&self) -> Value {
        let mut signed = self.head("timestamp", "timestamp");
        let version = self.roles["snapshot"].version;
        let file = format!("{version}.snapshot.json");
        signed["meta"] = json!({"snapshot.json": self.pin(version, &file)});
        signed
    }

    fn snapshot(&self) -> Value {
        let mut signed = self.head("snapshot", "snapshot");
        let names = self.delegations.iter().map(|it| it.name.as_str()).chain(["targets"]);
        let pins = names.filter(|name| self.roles[*name].version > 0).map(|name| {
            let version = self.roles[name].version;
            (format!("{name}.json"), self.pin(version, &format!("{version}.{name}.json")))
        });
        signed["meta"] = Value::Object(pins.collect());
        signed
    }

    fn targets_of(&mut self, name: &str) -> Value {
        let mut signed = self.head(name, "targets");
        let files = match self.delegations.iter().find(|it| it.name == name) {
            Some(delegation) => delegation.targets.clone(),
            None => self.targets.clone(),
        };
        let mut listed = serde_json::Map::new();
        for (path, bytes) in files {
            let hash = hex::encode(Sha256::digest(&bytes));
            let (folder, file) = path.rsplit_once('/').map_or(("", &*path), |(a, b)| (a, b));
            let slash = if folder.is_empty() { "" } else { "/" };
            let entry = json!({"length": bytes.len(), "hashes": {"sha256": hash}});
            self.files.insert(format!("targets/{folder}{slash}{hash}.{file}"), bytes);
            listed.insert(path, entry);
        }
        signed["targets"] = Value::Object(listed);
        if name == "targets" && !self.delegations.is_empty() {
            let mut keys = serde_json::Map::new();
            let mut roles = Vec::new();
            for delegation in &self.delegations {
                let role = &self.roles[&delegation.name];
                keys.extend(role.keys.iter().map(|(id, key)| (id.clone(), key_json(key))));
                let mut entry = role_json(role);
                entry["name"] = json!(delegation.name);
                entry["paths"] = json!(delegation.paths);
                entry["terminating"] = json!(delegation.terminating);
                roles.push(entry);
            }
            signed["delegations"] = json!({"keys": keys, "roles": roles});
        }
        signed
    }

    fn pin(&self, version: u64, file: &str) -> Value {
        let mut pin = json!({"version": version});
        if let Some(bytes) = self.files.get(file).filter(|_| self.hashes) {
            pin["length"] = json!(bytes.len());
            pin["hashes"] = json!({"sha256": hex::encode(Sha256::digest(bytes))});
        }
        pin
    }
}

/// A key with the id that the specification suggests.
pub fn named(key: Key) -> (String, Key) {
    (hex::encode(Sha256::digest(canonical::bytes(&key_json(&key)))), key)
}

/// Metadata with the signatures of these keys.
pub fn sign<'a>(signed: &Value, keys: impl Iterator<Item = &'a (String, Key)>) -> Vec<u8> {
    let bytes = canonical::bytes(signed);
    let signatures: Vec<Value> =
        keys.map(|(id, key)| json!({"keyid": id, "sig": hex::encode(key.sign(&bytes))})).collect();
    json!({"signed": signed, "signatures": signatures}).to_string().into_bytes()
}

/// A role as another one delegates to it, without its scope: the keys, and the entry.
pub fn delegation(name: &str, role: &Role) -> (Value, Value) {
    let keys: serde_json::Map<_, _> =
        role.keys.iter().map(|(id, key)| (id.clone(), key_json(key))).collect();
    let mut entry = role_json(role);
    entry["name"] = json!(name);
    entry["terminating"] = json!(false);
    (Value::Object(keys), entry)
}

fn key_json(key: &Key) -> Value {
    let (keytype, scheme, public) = match key {
        Key::Ed25519(_) => ("ed25519", "ed25519", hex::encode(key.point())),
        Key::P256(_) => ("ecdsa", "ecdsa-sha2-nistp256", key.pem()),
        Key::P384(_) => ("ecdsa", "ecdsa-sha2-nistp384", key.pem()),
        Key::P521(_) => ("ecdsa", "ecdsa-sha2-nistp521", key.pem()),
        Key::Rsa(_) => unreachable!("TUF's RSA signatures are of another scheme"),
    };
    json!({"keytype": keytype, "scheme": scheme, "keyval": {"public": public}})
}

fn role_json(role: &Role) -> Value {
    let ids: Vec<&String> = role.keys.iter().map(|(id, _)| id).collect();
    json!({"keyids": ids, "threshold": role.threshold})
}
