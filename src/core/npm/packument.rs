//! What a registry says of the versions of a name, built from their tarballs.
//!
//! The registry signs name, version and integrity alone. So all that decides what is installed is taken
//! from each tarball's own `package.json`; of the registry's record only its signatures and the time of
//! publication are passed on, and the answer says so (`_fromRecord`).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};

use super::{
    address,
    integrity::{self, IntegrityRefusal},
    name,
    route::LATEST,
    tarball::{Own, TarballError},
};
use crate::core::{
    package::{PackageId, digest::Digest},
    time::{self, Time},
};

/// The media type of the abbreviated form. A client asks for it with `Accept`.
pub const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// The field that lists what comes from the registry's record, and not from the tarball.
const FROM_RECORD: &str = "_fromRecord";

/// How much a document has of each version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The whole `package.json`, and times.
    Full,
    /// What installing needs.
    Abbreviated,
}

/// The fields of a `package.json` that the abbreviated form has, as npm's registry gives them.
const KEPT: [&str; 16] = [
    "acceptDependencies",
    "bin",
    "bundleDependencies",
    "cpu",
    "dependencies",
    "devDependencies",
    "directories",
    "engines",
    "funding",
    "libc",
    "name",
    "optionalDependencies",
    "os",
    "peerDependencies",
    "peerDependenciesMeta",
    "version",
];

/// Fields that only a registry may set. They are removed from a tarball's `package.json`.
const OF_REGISTRY: [&str; 4] = ["deprecated", "dist", "gitHead", "hasInstallScript"];

/// What the registry's record says that is passed on. Nothing, where there is no record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordExtract {
    /// `dist.signatures`: key id and signature.
    signatures: Vec<(String, String)>,
    /// When the registry says that it was published.
    published: Option<Time>,
}

impl RecordExtract {
    /// Reads a record that was verified already.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(record: &[u8]) -> Result<Self, IntegrityRefusal> {
        let (signatures, published) = integrity::signed_and_published(record)?;
        let signatures = signatures.into_iter().map(|one| (one.keyid, one.sig)).collect();
        Ok(Self { signatures, published })
    }
}

/// One version that is served.
#[derive(Debug, Clone)]
pub struct ServedVersion {
    /// Name and version.
    pub id: PackageId,
    /// What its tarball says.
    pub own: Own,
    /// SHA-512 of the tarball.
    pub sha512: Digest,
    /// SHA-1 of the tarball, which Yarn 1 writes into its lockfile.
    pub sha1: Digest,
    /// What is passed on from the registry's record.
    pub recorded: RecordExtract,
    /// The predicate type of its provenance, if there are attestations: empty without provenance.
    pub attested: Option<String>,
}

impl Unreadable {
    /// A stable code: that of a tarball whose `package.json` cannot be read.
    pub fn code(&self) -> &'static str {
        TarballError::NoManifest.code()
    }
}

type Fields = BTreeMap<String, Box<RawValue>>;

/// A `package.json` that cannot be read: verification refuses one, so it was never listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the package.json of {id} cannot be read: {detail}")]
pub struct Unreadable {
    /// The package.
    pub id: PackageId,
    /// Why.
    pub detail: String,
}

/// Everything that is said of a name, from at least one version. `base` is where the client reaches
/// this registry, without a slash at the end.
///
/// # Errors
/// [`Unreadable`].
pub fn packument(
    versions: &[ServedVersion],
    base: &str,
    form: Form,
) -> Result<Vec<u8>, Unreadable> {
    let mut described: BTreeMap<&str, Fields> = BTreeMap::new();
    for version in versions {
        described.insert(version.id.version(), version.describe(base, form)?);
    }
    let times = versions.iter().filter_map(|version| {
        Some((version.id.version(), time::format(version.recorded.published?)))
    });
    let times: BTreeMap<&str, String> = times.collect();
    let published = || versions.iter().filter_map(|version| version.recorded.published);
    let name = versions.first().map(|version| version.id.name());
    let latest = latest(versions.iter().map(|version| &version.id));
    let modified = published().max().map(time::format);
    let mut out = Fields::from([
        ("name".into(), raw(&name)),
        ("dist-tags".into(), raw(&json!({ LATEST: latest.map(PackageId::version) }))),
        ("versions".into(), raw(&described)),
    ]);
    match form {
        Form::Abbreviated => {
            out.extend(modified.map(|time| ("modified".into(), raw(&time))));
            out.insert(FROM_RECORD.into(), raw(&["dist.signatures", "modified"]));
        }
        Form::Full => {
            let mut all = times;
            let created = published().min().map(time::format);
            all.extend(created.map(|time| ("created", time)));
            all.extend(modified.map(|time| ("modified", time)));
            out.insert("_id".into(), raw(&name));
            out.insert("time".into(), raw(&all));
            out.insert(FROM_RECORD.into(), raw(&["dist.signatures", "time"]));
        }
    }
    Ok(written(&out))
}

fn raw(value: &impl Serialize) -> Box<RawValue> {
    // Texts, lists and maps with texts as keys: there is nothing that serialising could refuse.
    to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn written(fields: &Fields) -> Vec<u8> {
    Box::<str>::from(raw(fields)).into_string().into_bytes()
}

/// The highest release; without one, the highest version.
pub fn latest<'a>(ids: impl Iterator<Item = &'a PackageId>) -> Option<&'a PackageId> {
    let is_release = |id: &PackageId| {
        semver::Version::parse(id.version()).is_ok_and(|version| version.pre.is_empty())
    };
    ids.max_by(|one, other| {
        is_release(one).cmp(&is_release(other)).then_with(|| one.version_order(other))
    })
}

impl ServedVersion {
    /// The object of this version alone, as `/NAME/VERSION` gives it.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn document(&self, base: &str) -> Result<Vec<u8>, Unreadable> {
        let mut fields = self.describe(base, Form::Full)?;
        fields.insert(FROM_RECORD.into(), raw(&["dist.signatures"]));
        Ok(written(&fields))
    }

    /// How large its description may become, at most about.
    pub fn size(&self) -> usize {
        self.own.manifest.len().saturating_add(2048)
    }

    fn describe(&self, base: &str, form: Form) -> Result<Fields, Unreadable> {
        let mut fields: Fields = serde_json::from_str(&self.own.manifest)
            .map_err(|error| Unreadable { id: self.id.clone(), detail: error.to_string() })?;
        normalize(&mut fields, &self.id);
        fields.retain(|key, _| {
            !key.starts_with('_')
                && !OF_REGISTRY.contains(&key.as_str())
                && (form == Form::Full || KEPT.contains(&key.as_str()))
        });
        fields.insert("name".into(), raw(&self.id.name()));
        fields.insert("version".into(), raw(&self.id.version()));
        fields.insert("dist".into(), raw(&self.dist(base)));
        if form == Form::Full {
            fields.insert("_id".into(), raw(&self.id.to_string()));
        }
        if self.own.has_install_script {
            fields.insert("hasInstallScript".into(), raw(&true));
        }
        if self.own.has_shrinkwrap {
            fields.insert("_hasShrinkwrap".into(), raw(&true));
        }
        Ok(fields)
    }

    fn dist(&self, base: &str) -> Value {
        let signatures = self.recorded.signatures.iter();
        let signatures: Vec<_> =
            signatures.map(|(keyid, sig)| json!({"keyid": keyid, "sig": sig})).collect();
        let mut dist = json!({
            "integrity": self.sha512.to_sri(),
            "shasum": self.sha1.to_hex(),
            "tarball": format!("{base}{}", tarball_path(&self.id)),
        });
        let Some(fields) = dist.as_object_mut() else { return dist };
        if !signatures.is_empty() {
            fields.insert("signatures".into(), signatures.into());
        }
        if let Some(kind) = &self.attested {
            let url = format!("{base}/-/npm/v1/attestations/{}", self.id);
            let attestations = match kind.as_str() {
                "" => json!({ "url": url }),
                kind => json!({"url": url, "provenance": {"predicateType": kind}}),
            };
            fields.insert("attestations".into(), attestations);
        }
        dist
    }
}

/// The address of a package's packument on a registry, as npm asks for it.
pub fn address(registry: &str, id: &PackageId) -> String {
    format!("{registry}/{}", address::escape(id.name()))
}

/// Where a registry has a tarball.
pub fn tarball_path(id: &PackageId) -> String {
    format!("/{}/-/{}", id.name(), name::file(id))
}

/// Writes two fields in the one form that npm's publisher gives them: `bin` with names, and
/// `bundleDependencies` as a list under this name.
fn normalize(fields: &mut Fields, id: &PackageId) {
    let value = |fields: &Fields, key: &str| {
        fields.get(key).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok())
    };
    if let Some(Value::String(path)) = value(fields, "bin") {
        fields.insert("bin".into(), raw(&json!({ name::without_scope(id.name()): path })));
    }
    let bundled = value(fields, "bundleDependencies").or(value(fields, "bundledDependencies"));
    fields.remove("bundledDependencies");
    match bundled {
        Some(Value::Bool(true)) => {
            let names = match value(fields, "dependencies") {
                Some(Value::Object(all)) => all.into_iter().map(|(name, _)| name).collect(),
                _ => Vec::new(),
            };
            fields.insert("bundleDependencies".into(), raw(&names));
        }
        Some(list @ Value::Array(_)) => {
            drop(fields.insert("bundleDependencies".into(), raw(&list)))
        }
        _ => drop(fields.remove("bundleDependencies")),
    }
}

#[cfg(test)]
mod tests;
