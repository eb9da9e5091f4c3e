//! An archive's manifest and contents, in the making.

use std::collections::BTreeMap;

use crate::{
    adapters::{archive::Content, registry::AnsweredRequest},
    app::{collect::CollectedPackage, inputs::Input, trust::Carriage},
    core::{
        archive::entry_name::package_folder,
        archive::manifest::{self, Part, Predicate, Subject, Tool},
        ecosystems,
        package::digest::Algorithm,
        time::{self, Time},
    },
};

/// An archive's manifest and contents, in the making.
pub struct Assembly {
    /// What the manifest says of the whole.
    pub predicate: Predicate,
    /// What it lists.
    pub subjects: Vec<Subject>,
    /// The bytes of each entry.
    pub contents: BTreeMap<String, Content>,
}

impl Assembly {
    /// Of what was collected.
    pub fn new(
        inputs: Vec<Input>,
        packages: Vec<CollectedPackage>,
        trust: &Carriage,
        sealed_at: Time,
    ) -> Self {
        let mut assembly = Self {
            predicate: Predicate {
                format_version: manifest::FORMAT_VERSION,
                tool: Tool {
                    name: env!("CARGO_PKG_NAME").into(),
                    version: env!("CARGO_PKG_VERSION").into(),
                },
                sealed_at: time::format(sealed_at),
                inputs: inputs.iter().map(|input| input.entry.clone()).collect(),
                packages: Vec::new(),
                trust: vec![trust.manifest(sealed_at)],
            },
            subjects: Vec::new(),
            contents: BTreeMap::new(),
        };
        for input in inputs {
            assembly.add(input.entry, input.bytes);
        }
        for (entry, bytes) in trust.entries() {
            assembly.add(entry, bytes.to_vec());
        }
        for package in packages {
            assembly.package(package);
        }
        assembly
    }

    fn package(&mut self, CollectedPackage { purl, collected }: CollectedPackage) {
        let folder = package_folder(&purl);
        let rules = ecosystems::rules(purl.id().ecosystem());
        let artifact = collected.artifact.map(|artifact| {
            let name = format!("{folder}/{}", rules.artifact);
            // The digest that its ecosystem signs was computed as the bytes arrived; sealing
            // checks it again.
            let (size, digest) = (artifact.size, artifact.digest);
            self.subjects.push(Subject { name: name.clone(), size, digest });
            self.contents.insert(name.clone(), Content::File(artifact.path));
            name
        });
        let record = self.document(&folder, "registry.json", collected.record);
        let attestations = self.document(&folder, "attestations.json", collected.attestations);
        self.predicate.packages.push(manifest::Package {
            purl: purl.to_string(),
            registry: purl.origin().registry().map(str::to_owned),
            artifact: part(artifact, collected.artifact_request.as_ref()),
            record: part(record, collected.record_request.as_ref()),
            attestations: part(attestations, collected.attestations_request.as_ref()),
        });
    }

    fn document(&mut self, folder: &str, file: &str, bytes: Option<Vec<u8>>) -> Option<String> {
        let name = format!("{folder}/{file}");
        self.add(name.clone(), bytes?);
        Some(name)
    }

    /// Lists an entry, by the digest of its bytes.
    fn add(&mut self, name: String, bytes: Vec<u8>) {
        let digest = Algorithm::Sha256.digest(&bytes);
        self.subjects.push(Subject { name: name.clone(), size: bytes.len() as u64, digest });
        self.contents.insert(name, Content::Bytes(bytes));
    }
}

/// An entry with the request that brought it, or the request that shows that the registry has none.
fn part(entry: Option<String>, request: Option<&AnsweredRequest>) -> Option<Part> {
    if entry.is_none() && request.is_none() {
        return None;
    }
    Some(Part {
        entry,
        url: request.map(|request| request.url.clone()),
        status: request.map(|request| request.status),
        answered_at: request.map(|request| time::format(request.answered_at)),
    })
}
