//! A version of a package, with as much evidence as a test wants.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use testkit::{
    registry::{Registry, integrity, tarball, tarball_path},
    sigstore::{
        Build, Forge, Options, Sigstore, Subject, attestations_response,
        statement::{PROVENANCE_V1, PROVENANCE_V02, PUBLISH_V01},
    },
    tarball::Tarball,
};

use super::published;

/// The registry whose keys and names count, wherever the bytes come from.
pub const REGISTRY: &str = "https://registry.npmjs.org";

/// A package as the registry has it. Without evidence, until it is given some.
#[derive(Clone)]
pub struct Package {
    pub name: String,
    pub version: String,
    pub tarball: Vec<u8>,
    /// `dist.signatures`.
    pub signatures: Vec<Value>,
    /// The attestation response: predicate types and bundles.
    pub attestations: Vec<(&'static str, Value)>,
}

impl Package {
    /// A package with a small tarball.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            tarball: tarball(name, version),
            signatures: Vec::new(),
            attestations: Vec::new(),
        }
    }

    /// A package whose `package.json` has more fields. Its tarball says that `sealed` made it.
    pub fn with_manifest(name: &str, version: &str, more: &Value) -> Self {
        let tarball = Tarball::with_manifest("sealed", name, version, more).gzip();
        Self { tarball, ..Self::new(name, version) }
    }

    /// With the registry's signature.
    pub fn signed(mut self, sigstore: &Sigstore) -> Self {
        let signature = sigstore.registry_signature(&self.name, &self.version, &self.integrity());
        self.signatures.push(signature);
        self
    }

    /// With the registry's publish attestation.
    pub fn published(self, sigstore: &Sigstore) -> Self {
        let (name, version, sha512) = (&self.name, &self.version, self.sha512());
        let options = Options::default();
        let bundle =
            sigstore.publish_attestation(name, version, &sha512, REGISTRY, published(), &options);
        self.attested(PUBLISH_V01, bundle)
    }

    /// With the provenance of a build.
    pub fn built(self, sigstore: &Sigstore, build: &Build) -> Self {
        let kind = match build.forge {
            Forge::GitHub => PROVENANCE_V1,
            Forge::GitLab => PROVENANCE_V02,
        };
        let bundle = sigstore.provenance(build, &self.subject(), published(), &Options::default());
        self.attested(kind, bundle)
    }

    /// With an attestation that is announced as of this kind.
    pub fn attested(mut self, kind: &'static str, bundle: Value) -> Self {
        self.attestations.push((kind, bundle));
        self
    }

    pub fn integrity(&self) -> String {
        integrity(&self.tarball)
    }

    pub fn sha512(&self) -> String {
        hex::encode(Sha512::digest(&self.tarball))
    }

    pub fn subject(&self) -> Subject {
        Subject::npm(&self.name, &self.version, &self.sha512())
    }

    /// The response of the attestations endpoint.
    pub fn response(&self) -> Vec<u8> {
        attestations_response(&self.attestations).to_string().into_bytes()
    }

    /// Its path and entry in a lockfile, where it is installed under its own name.
    pub fn locked(&self) -> (String, Value) {
        self.locked_at(&format!("node_modules/{}", self.name))
    }

    /// Its path and entry in a lockfile.
    pub fn locked_at(&self, path: &str) -> (String, Value) {
        let mut entry = json!({
            "version": self.version,
            "resolved": format!("{REGISTRY}{}", tarball_path(&self.name, &self.version)),
            "integrity": self.integrity(),
        });
        if !path.ends_with(&format!("node_modules/{}", self.name)) {
            entry["name"] = json!(self.name);
        }
        (path.to_owned(), entry)
    }

    /// The registry, with this package on it.
    pub fn on(&self, registry: Registry) -> Registry {
        let (name, version) = (self.name.as_str(), self.version.as_str());
        let mut registry = registry.package(name, version, self.tarball.clone());
        for signature in &self.signatures {
            let text = |field: &str| signature[field].as_str().unwrap();
            registry = registry.signature(name, version, text("keyid"), text("sig"));
        }
        if self.attestations.is_empty() {
            return registry;
        }
        registry.attestations(name, version, self.response())
    }
}
