//! Components: the archive, and each package in it.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;

use super::{
    super::basis::{lockfiles, uri},
    hash, hashes, list, reference,
};
use crate::{
    app::stored::{StoredClaim, StoredDenial, StoredPackage, StoredReport},
    core::{
        addresses,
        package::digest::Algorithm,
        percent,
        text::bounded,
        verdict::{Claim, Status},
    },
};

/// The archive.
pub(super) fn archive(report: &StoredReport, reference: &str) -> Value {
    let archive = &report.archive;
    json!({
        "type": "file",
        "bom-ref": reference,
        "name": bounded(&archive.file),
        "hashes": hash("SHA-256", Algorithm::Sha256, &archive.sha256).into_iter().collect::<Vec<_>>(),
    })
}

/// A package.
pub(super) fn component(
    report: &StoredReport,
    package: &StoredPackage,
    number: usize,
    scope: Option<&str>,
) -> Value {
    let Name { group, name, version } = Name::of(&package.purl);
    json!({
        "type": "library",
        "bom-ref": reference(number),
        "group": group,
        "name": name,
        "version": version,
        "scope": scope,
        "hashes": hashes(package),
        "purl": package.purl,
        "externalReferences": references(report, package),
        "properties": list(properties(package)),
    })
}

/// What the purl of a package names.
struct Name {
    group: Option<String>,
    name: String,
    version: Option<String>,
}

impl Name {
    fn of(purl: &str) -> Self {
        let text = |part: &str| bounded(&percent::decode(part).unwrap_or_else(|| part.to_owned()));
        let whole = Self { group: None, name: bounded(purl), version: None };
        let path = purl.split('?').next().and_then(|path| path.strip_prefix("pkg:"));
        let named =
            path.and_then(|path| path.split_once('/')).and_then(|(_, path)| path.rsplit_once('@'));
        let Some((path, version)) = named else { return whole };
        let version = Some(text(version));
        match path.rsplit_once('/') {
            Some((group, name)) => Self { group: Some(text(group)), name: text(name), version },
            None => Self { group: None, name: text(path), version },
        }
    }
}

/// Whether each package is optional for all entries that ask for it, or required.
pub(super) fn scopes(report: &StoredReport) -> HashMap<&str, &'static str> {
    let mut scopes = HashMap::new();
    for lockfile in lockfiles(report) {
        for (entry, _) in lockfile.entries() {
            let Some(package) = entry.package.as_deref() else { continue };
            let scope = scopes.entry(package).or_insert("optional");
            if !entry.optional {
                *scope = "required";
            }
        }
    }
    scopes
}

/// Where it is from, and where the evidence is.
fn references(report: &StoredReport, package: &StoredPackage) -> Vec<Value> {
    let mut references = Vec::new();
    let mut add = |kind: &str, address: Option<&str>, comment: String| {
        if let Some(url) = address.and_then(web) {
            references.push(json!({ "type": kind, "url": url.as_str(), "comment": comment }));
        }
    };
    let expected = "the registry whose keys and names were expected".to_owned();
    add("distribution", package.registry.as_deref(), expected);
    if let Some(provenance) = verified(package, Claim::Provenance) {
        let fact = |name| provenance.text(name);
        let commit = fact("commit").unwrap_or("unknown");
        let comment = format!("by verified provenance; commit {}", bounded(commit));
        add("vcs", fact("sourceRepository"), comment);
        add("build-meta", fact("run"), "the build, by verified provenance".to_owned());
    }
    let claims = Claim::ALL.into_iter().filter(|claim| verified(package, *claim).is_some());
    let claims: Vec<_> = claims.map(Claim::name).collect();
    if !claims.is_empty() {
        references.push(json!({
            "type": "evidence",
            "url": uri(&report.archive.file),
            "comment": format!("the archive has the evidence for: {}", claims.join(", ")),
            "hashes": archive_hashes(report),
        }));
    }
    references
}

/// An address of the web. A report may quote anything, and readers make links of addresses.
fn web(address: &str) -> Option<Url> {
    addresses::parse(address).filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
    })
}

fn archive_hashes(report: &StoredReport) -> Vec<Value> {
    hash("SHA-256", Algorithm::Sha256, &report.archive.sha256).into_iter().collect()
}

fn verified(package: &StoredPackage, claim: Claim) -> Option<&StoredClaim> {
    package.claims.get(claim.name()).filter(|found| found.status == Status::Verified)
}

/// The verdict, the status of each claim, and what was denied, excused or weak.
fn properties(package: &StoredPackage) -> Vec<(&'static str, String)> {
    let mut properties = vec![("sealift:verdict", package.verdict.name().to_owned())];
    properties.extend(Claim::ALL.into_iter().filter_map(|claim| {
        let name = match claim {
            Claim::Integrity => "sealift:claim:integrity",
            Claim::RegistrySignature => "sealift:claim:registry-signature",
            Claim::PublishAttestation => "sealift:claim:publish-attestation",
            Claim::Provenance => "sealift:claim:provenance",
        };
        Some((name, package.claims.get(claim.name())?.status.name().to_owned()))
    }));
    let code = |denial: &StoredDenial| bounded(&denial.code);
    properties.extend(package.denied.iter().map(|it| ("sealift:denied", code(it))));
    properties.extend(package.warned.iter().map(|it| ("sealift:warned", code(it))));
    properties.extend(package.excused.iter().map(|it| ("sealift:excused", code(it))));
    properties.extend(package.weak.iter().map(|it| ("sealift:weak", bounded(it))));
    properties
}
