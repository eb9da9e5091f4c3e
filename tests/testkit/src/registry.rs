//! An npm registry on loopback, with faults on demand.
//!
//! HTTP/1.1 over plain sockets and threads, so that an answer can break in any way that an answer
//! can break. What it serves is what the public registry serves: packuments, tarballs, attestations.

mod server;

use std::{collections::BTreeMap, io::Write as _, net::TcpListener, time::Duration};

use crate::sigstore::statement::PROVENANCE_V1;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

pub use server::{Running, Seen};

/// The public registry, which `dist.tarball` names even in the records that mirrors serve.
const PUBLIC: &str = "https://registry.npmjs.org";

/// How an answer breaks.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This status, with an empty body.
    Status(u16),
    /// This status with a `Retry-After`, and a fixed `Date` to hold it against.
    RetryAfter(u16, String),
    /// A good answer, a byte at a time with this pause before each.
    Drip(Duration),
    /// The head of a good answer and so many bytes; then the connection closes.
    CutOff(usize),
    /// The connection closes before any answer.
    Close,
    /// The connection stays open without any answer.
    Silence(Duration),
    /// A good head, and another body.
    Body(Vec<u8>),
    /// A good answer that says it is this long.
    Length(u64),
    /// A body without length that never ends.
    Endless,
    /// 200 with a web page, as of a captive portal.
    Html,
    /// 302 to an address.
    Redirect(String),
}

/// `Date` of every answer.
pub const DATE: &str = "Mon, 23 Nov 2026 04:00:00 GMT";

/// A registry to be.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    packages: BTreeMap<String, BTreeMap<String, Version>>,
    files: BTreeMap<String, Served>,
    faults: BTreeMap<String, Faults>,
    token: Option<String>,
    pause: Duration,
    busy_above: Option<usize>,
    gzip: bool,
    names_itself: bool,
}

#[derive(Debug, Clone)]
struct Version {
    manifest: Value,
    time: Option<String>,
    tarball: Vec<u8>,
    attestations: Option<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Served {
    kind: &'static str,
    body: Vec<u8>,
    encoding: Option<&'static str>,
}

#[derive(Debug, Clone)]
struct Faults {
    first: Vec<Fault>,
    then: Option<Fault>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Publishes a version with this tarball.
    pub fn package(mut self, name: &str, version: &str, tarball: Vec<u8>) -> Self {
        let manifest = json!({
            "name": name,
            "version": version,
            "dist": {
                "integrity": integrity(&tarball),
                "tarball": format!("{PUBLIC}{}", tarball_path(name, version)),
            },
        });
        let time = Some("2026-01-02T03:04:05.678Z".to_owned());
        let version_of = Version { manifest, time, tarball, attestations: None };
        self.packages.entry(name.to_owned()).or_default().insert(version.to_owned(), version_of);
        self
    }

    /// Adds a registry signature to a version's record.
    pub fn signature(self, name: &str, version: &str, keyid: &str, sig: &str) -> Self {
        self.edit(name, version, |manifest| {
            let signatures = manifest["dist"]
                .as_object_mut()
                .expect("dist is an object")
                .entry("signatures")
                .or_insert_with(|| json!([]));
            let signatures = signatures.as_array_mut().expect("signatures is an array");
            signatures.push(json!({ "keyid": keyid, "sig": sig }));
        })
    }

    /// Serves an attestation response, and names it in the version's record: the provenance too, if
    /// there is any in it.
    pub fn attestations(mut self, name: &str, version: &str, response: Vec<u8>) -> Self {
        let provenance = provenance_type(&response);
        self.version(name, version).attestations = Some(response);
        self.names(name, version, provenance.as_deref())
    }

    /// Names attestations in the version's record, without serving any.
    pub fn names_attestations(self, name: &str, version: &str) -> Self {
        self.names(name, version, Some(PROVENANCE_V1))
    }

    fn names(self, name: &str, version: &str, provenance: Option<&str>) -> Self {
        let url = format!("{PUBLIC}{}", attestations_path(name, version));
        self.edit(name, version, |manifest| {
            manifest["dist"]["attestations"] = json!({ "url": url });
            if let Some(kind) = provenance {
                manifest["dist"]["attestations"]["provenance"] = json!({ "predicateType": kind });
            }
        })
    }

    /// Changes a version's record in any way.
    pub fn edit(mut self, name: &str, version: &str, edit: impl FnOnce(&mut Value)) -> Self {
        edit(&mut self.version(name, version).manifest);
        self
    }

    /// Sets, or takes away, a version's time.
    pub fn time(mut self, name: &str, version: &str, time: Option<&str>) -> Self {
        self.version(name, version).time = time.map(str::to_owned);
        self
    }

    /// Serves any file.
    pub fn file(mut self, path: &str, kind: &'static str, body: Vec<u8>) -> Self {
        self.files.insert(path.to_owned(), Served { kind, body, encoding: None });
        self
    }

    /// Breaks every answer for a path.
    pub fn fault(mut self, path: &str, fault: Fault) -> Self {
        let faults = Faults { first: Vec::new(), then: Some(fault) };
        self.faults.insert(path.to_owned(), faults);
        self
    }

    /// Breaks the first answers for a path, each in its way; later ones are good.
    pub fn faults(mut self, path: &str, first: impl IntoIterator<Item = Fault>) -> Self {
        let faults = Faults { first: first.into_iter().collect(), then: None };
        self.faults.insert(path.to_owned(), faults);
        self
    }

    /// Demands `Authorization: Bearer TOKEN` for everything.
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Waits before each answer, so that requests meet.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Answers 429 while more requests than this are being answered.
    pub fn busy_above(mut self, requests: usize) -> Self {
        self.busy_above = Some(requests);
        self
    }

    /// Compresses JSON on the way, as the public registry does.
    pub fn gzip(mut self) -> Self {
        self.gzip = true;
        self
    }

    /// Names its own address in `dist.tarball`, as mirrors do that rewrite records.
    pub fn names_itself(mut self) -> Self {
        self.names_itself = true;
        self
    }

    /// Listens on a free port of the loopback interface.
    pub fn start(mut self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        for (name, versions) in &self.packages {
            let mut packument = json!({ "name": name, "versions": {}, "time": {} });
            for (number, version) in versions {
                packument["versions"][number] = version.manifest.clone();
                if self.names_itself {
                    let tarball = format!("http://{address}{}", tarball_path(name, number));
                    packument["versions"][number]["dist"]["tarball"] = json!(tarball);
                }
                if let Some(time) = &version.time {
                    packument["time"][number] = json!(time);
                }
                let tarball = Served {
                    kind: "application/octet-stream",
                    body: version.tarball.clone(),
                    encoding: None,
                };
                self.files.entry(tarball_path(name, number)).or_insert(tarball);
                if let Some(response) = &version.attestations {
                    let served = document(response.clone(), self.gzip);
                    self.files.entry(attestations_path(name, number)).or_insert(served);
                }
            }
            let body = serde_json::to_vec(&packument).expect("JSON of strings");
            self.files.entry(packument_path(name)).or_insert(document(body, self.gzip));
        }
        let manners = server::Manners {
            token: self.token,
            pause: self.pause,
            busy_above: self.busy_above.unwrap_or(usize::MAX),
        };
        server::start(listener, self.files, self.faults, manners)
    }

    fn version(&mut self, name: &str, version: &str) -> &mut Version {
        self.packages
            .get_mut(name)
            .and_then(|versions| versions.get_mut(version))
            .unwrap_or_else(|| panic!("{name}@{version} is published first"))
    }
}

fn document(body: Vec<u8>, gzip: bool) -> Served {
    let kind = "application/json";
    if gzip {
        return Served { kind, body: compress(&body), encoding: Some("gzip") };
    }
    Served { kind, body, encoding: None }
}

/// Where a packument is.
pub fn packument_path(name: &str) -> String {
    format!("/{}", name.replace('/', "%2f"))
}

/// Where a tarball is.
pub fn tarball_path(name: &str, version: &str) -> String {
    let basename = name.rsplit('/').next().unwrap_or(name);
    format!("/{name}/-/{basename}-{version}.tgz")
}

/// The type of the provenance in a response, if there is any.
fn provenance_type(response: &[u8]) -> Option<String> {
    let response: Value = serde_json::from_slice(response).ok()?;
    let mut kinds = response["attestations"].as_array()?.iter();
    let is_provenance = |kind: &&str| kind.starts_with("https://slsa.dev/provenance/");
    let kind = kinds.find_map(|one| one["predicateType"].as_str().filter(is_provenance));
    kind.map(str::to_owned)
}

/// Where an attestation response is.
pub fn attestations_path(name: &str, version: &str) -> String {
    format!("/-/npm/v1/attestations/{}@{version}", name.replace('/', "%2f"))
}

/// The `integrity` of a tarball.
pub fn integrity(tarball: &[u8]) -> String {
    format!("sha512-{}", STANDARD.encode(Sha512::digest(tarball)))
}

/// A tarball with nothing but `package/package.json`: the same bytes for the same name and version.
pub fn tarball(name: &str, version: &str) -> Vec<u8> {
    let manifest = json!({ "name": name, "version": version }).to_string();
    let mut header = tar::Header::new_ustar();
    header.set_size(manifest.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(499_162_500); // npm's own: 1985-10-26T08:15:00Z
    let mut tar = tar::Builder::new(Vec::new());
    tar.append_data(&mut header, "package/package.json", manifest.as_bytes())
        .expect("a tar in memory");
    compress(&tar.into_inner().expect("a tar in memory"))
}

pub(crate) fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).expect("a gzip in memory");
    gzip.finish().expect("a gzip in memory")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn tarballs_are_npms_and_always_the_same() {
        let bytes = tarball("@scope/name", "1.0.0");
        assert_eq!(bytes, tarball("@scope/name", "1.0.0"));
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("package/package.json"));
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        assert_eq!(text, r#"{"name":"@scope/name","version":"1.0.0"}"#);
    }
}
