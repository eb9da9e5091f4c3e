//! CycloneDX 1.6, in JSON: the packages of the archive as components, and in `declarations` what was
//! verified of them.
//!
//! An entry without bytes in the archive is not a component: nothing of it was verified. It is counted, and
//! the composition is incomplete then.

mod component;
mod declarations;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use self::component::{archive, component, scopes};
use super::{
    basis::{Shown, basis, lockfiles},
    findings::UNAVAILABLE,
};
use crate::{
    app::{
        json::compact,
        report::Verdict,
        stored::{ReportOrigin, StoredEntry, StoredPackage, StoredReport},
    },
    core::{addresses::CYCLONEDX_SCHEMA, package::digest::Algorithm, text::bounded, time},
};

pub(super) fn cyclonedx(report: &StoredReport, source: &ReportOrigin) -> String {
    let missing = Missing::of(report);
    let mut properties = basis(report, source);
    properties.extend(missing.properties());
    let scopes = scopes(report);
    let components = || {
        (1..).zip(&report.packages).map(|(number, package)| {
            component(report, package, number, scopes.get(package.purl.as_str()).copied())
        })
    };
    compact(&Bom {
        schema: CYCLONEDX_SCHEMA,
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: serial_number(report),
        version: 1,
        metadata: metadata(report, properties),
        components: Each(components),
        compositions: json!([{ "aggregate": missing.aggregate(report), "assemblies": [ARCHIVE] }]),
        declarations: declarations::of(report, source),
        definitions: json!({ "standards": [declarations::standard(report)] }),
    })
}

/// The file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<C, D> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u8,
    metadata: Value,
    components: C,
    compositions: Value,
    declarations: D,
    definitions: Value,
}

/// A list that is made while it is written: 20,000 packages at once would take a gigabyte.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item = Value>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)().map(remove_nulls))
    }
}

fn metadata(report: &StoredReport, properties: Vec<(&'static str, String)>) -> Value {
    // A malformed time would make the file invalid. `sealift:at` has the text unchanged.
    let timestamp = time::parse(&report.at).map(time::format);
    remove_nulls(json!({
        "timestamp": timestamp,
        "tools": { "components": [{
            "type": "application",
            "name": bounded(&report.tool.name),
            "version": bounded(&report.tool.version),
        }] },
        "component": archive(report, ARCHIVE),
        "properties": list(properties),
    }))
}

/// The reference to the archive, which the file is about.
const ARCHIVE: &str = "archive";

/// The reference to a package, by its place in the report.
fn reference(number: usize) -> String {
    format!("package-{number}")
}

/// Names and values, as CycloneDX has them.
fn list(properties: impl IntoIterator<Item = (&'static str, String)>) -> Vec<Value> {
    let properties = properties.into_iter();
    properties.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// Entries of lockfiles that no component stands for, though they ask for something from outside.
struct Missing {
    unavailable: usize,
    not_carried: usize,
    denied: usize,
}

impl Missing {
    fn of(report: &StoredReport) -> Self {
        let lockfiles = lockfiles(report);
        let count = |is: fn(&StoredEntry) -> bool| {
            let entries = lockfiles.iter().flat_map(Shown::entries);
            entries.filter(|(entry, _)| is(entry)).count()
        };
        Self {
            unavailable: count(|it| it.denied.is_none() && it.disposition == UNAVAILABLE),
            not_carried: count(|it| it.excused.is_some() && it.package.is_none()),
            denied: count(|it| it.denied.is_some()),
        }
    }

    fn properties(&self) -> Vec<(&'static str, String)> {
        [
            ("sealift:entries:denied", self.denied),
            ("sealift:entries:unavailable", self.unavailable),
            ("sealift:entries:not-carried", self.not_carried),
        ]
        .map(|(name, number)| (name, number.to_string()))
        .into()
    }

    fn aggregate(&self, report: &StoredReport) -> &'static str {
        let is_complete = [self.unavailable, self.not_carried, self.denied] == [0; 3];
        match report.verdict {
            Verdict::Verified | Verdict::Stale if is_complete => "complete",
            _ => "incomplete",
        }
    }
}

/// A UUID of version 8 (RFC 9562): the first bytes of the SHA-256 of the report, which names the archive by
/// its digest.
fn serial_number(report: &StoredReport) -> String {
    let report = serde_json::to_vec(report).unwrap_or_default();
    let digits = Algorithm::Sha256.digest(&report).to_hex();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!(
        "urn:uuid:{}-{}-8{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 15),
        part(15, 18),
        part(18, 30)
    )
}

/// The SHA-512 or the SHA-256 of a package.
fn hashes(package: &StoredPackage) -> Vec<Value> {
    let hashes = [
        ("SHA-256", Algorithm::Sha256, &package.sha256),
        ("SHA-512", Algorithm::Sha512, &package.sha512),
    ];
    let hashes = hashes.into_iter();
    hashes.filter_map(|(name, algorithm, hex)| hash(name, algorithm, hex.as_deref()?)).collect()
}

/// A hash, if it is one.
fn hash(name: &str, algorithm: Algorithm, hex: &str) -> Option<Value> {
    let digest = crate::core::package::digest::Digest::from_hex(algorithm, hex)?;
    Some(json!({ "alg": name, "content": digest.to_hex() }))
}

/// Leaves out members without a value, which the schema does not allow.
fn remove_nulls(mut value: Value) -> Value {
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !value.is_null());
    }
    value
}
