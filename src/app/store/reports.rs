//! The rows of the stored reports that lie among the archives. A report is read and not judged: what it says is as
//! good as the key that signed it.

use serde_json::{Map, Value};

use crate::{
    adapters::archives::FolderFile,
    app::stored::{self, ReportError, ReportOrigin, StoredClaim, StoredPackage, StoredReport},
    core::{
        archive::key::PublicKey,
        ecosystems, limits,
        package::digest::{Algorithm, Digest},
        store::{IndexRow, PackageRow, RefusedClaim, ReportRow, RowSource},
        text::bounded,
        verdict::{Claim, Status},
    },
};

/// What an index has of one stored report.
pub(super) struct FoundReport {
    pub row: ReportRow,
    /// The text of each package's row, and its digest.
    pub packages: Vec<(Digest, String)>,
}

/// Bytes that a line needs beside the text of a package, for the number of each, and for two paths, of which every
/// byte may take six.
const BESIDE: usize = 64;
const PER_NUMBER: usize = 11;
const PATHS: usize = 2 * 4096 * 6;

impl FoundReport {
    /// Reads a report. One that cannot be used has a row that says why.
    pub fn read(file: &FolderFile, keys: &[PublicKey]) -> Self {
        let (mut row, packages) = match rows(file, keys) {
            Ok(rows) => rows,
            Err(error) => (unusable(file, &error), Vec::new()),
        };
        row.report.clone_from(&file.name);
        row.bytes = file.stamp.bytes;
        row.modified.clone_from(&file.stamp.modified);
        Self { row, packages }
    }
}

fn unusable(file: &FolderFile, error: &ReportError) -> ReportRow {
    let message = match error {
        ReportError::NotAReport { why, .. } => format!("not a report of sealift: {why}"),
        other => other.to_string(),
    };
    let path = format!("{}: ", file.path.display());
    ReportRow {
        code: error.code().map(str::to_owned),
        message: Some(bounded(message.strip_prefix(&path).unwrap_or(&message))),
        ..ReportRow::default()
    }
}

type ReadRows = (ReportRow, Vec<(Digest, String)>);

fn rows(file: &FolderFile, keys: &[PublicKey]) -> Result<ReadRows, ReportError> {
    let opened = stored::open_found(&file.path, keys)?;
    let refused = |why: &str| ReportError::NotAReport { file: file.path.clone(), why: why.into() };
    let (source, report_keys) = match opened.origin {
        ReportOrigin::Signed { keys } => (RowSource::SignedReport, keys),
        ReportOrigin::Unchecked { .. } => (RowSource::UnverifiedReport, Vec::new()),
        _ => (RowSource::UnsignedReport, Vec::new()),
    };
    let report = opened.report;
    let sha256 = Digest::from_hex(Algorithm::Sha256, &report.archive.sha256)
        .ok_or_else(|| refused("the SHA-256 of its archive is not one"))?;
    let max = limits::FOUND_REPORT_PACKAGES;
    if report.packages.len() > max {
        return Err(refused(&format!("it has more than {max} packages")));
    }
    let mut packages = Vec::new();
    for package in &report.packages {
        let row = package_row(package, source).ok_or_else(|| {
            refused(&format!("{:?} is not a package URL", bounded(&package.purl)))
        })?;
        let text = row.text();
        packages.push((Algorithm::Sha256.digest(text.as_bytes()), text));
    }
    let row = ReportRow { source: Some(source), report_keys, ..report_row(&report, &sha256) };
    // Whoever wrote the report must not make an index that cannot be read.
    let numbers = packages.len().saturating_mul(PER_NUMBER).saturating_add(BESIDE);
    let own = IndexRow::Report(row.clone()).line().len().saturating_add(numbers);
    let longest = packages.iter().map(|(_, text)| text.len().saturating_add(BESIDE)).max();
    if own.saturating_add(PATHS).max(longest.unwrap_or(0)) > limits::STORE_LINE_BYTES {
        return Err(refused(
            "it says more of a package or of its archive than a row of an index has",
        ));
    }
    Ok((row, packages))
}

fn report_row(report: &StoredReport, sha256: &Digest) -> ReportRow {
    let StoredReport { archive, summary, .. } = report;
    let keys = archive.signers.iter().flat_map(|signer| &signer.keys);
    ReportRow {
        at: Some(bounded(&report.at)),
        policy: Some(bounded(&report.policy.digest.sha256)),
        verdict: Some(report.verdict.name().to_owned()),
        file: Some(bounded(&archive.file)),
        sha256: Some(sha256.to_hex()),
        sealed_at: Some(bounded(&archive.sealed_at)),
        signers: archive.signers.iter().map(|signer| bounded(&signer.name)).collect(),
        keys: keys.map(|key| bounded(key)).collect(),
        packages_refused: summary.refused,
        ..ReportRow::default()
    }
}

/// The row of a package, as a report has it. `None` if it has no package URL.
fn package_row(package: &StoredPackage, source: RowSource) -> Option<PackageRow> {
    let purl = ecosystems::parse_purl(&package.purl)?;
    let claim = |claim: Claim| package.claims.get(claim.name());
    let status = |one| claim(one).map(|claim| claim.status.name().to_owned());
    let verified = |one| StoredFacts(claim(one).filter(|claim| claim.status == Status::Verified));
    let publish = verified(Claim::PublishAttestation);
    let registry = verified(Claim::RegistrySignature);
    let mut row = PackageRow {
        source,
        purl: purl.to_string(),
        ecosystem: purl.id().ecosystem().to_string(),
        name: purl.id().name().to_owned(),
        version: purl.id().version().to_owned(),
        registry: purl.origin().registry().map(bounded),
        sha512: package.sha512.as_deref().map(bounded),
        verdict: package.verdict.name().to_owned(),
        denied: package.denied.iter().map(|denial| bounded(&denial.code)).collect(),
        integrity: status(Claim::Integrity),
        registry_signature: status(Claim::RegistrySignature),
        publish_attestation: status(Claim::PublishAttestation),
        provenance: status(Claim::Provenance),
        registry_keyid: registry.text("keyid"),
        publish_keyid: publish.text("keyid"),
        publish_identity: publish.text("identity"),
        publish_issuer: publish.text("issuer"),
        published_at: publish.text("signedAt"),
        other_signers: other_signers(package),
        other_keyids: registry.texts("otherSignatures", "keyid"),
        refused: refused_claims(package),
        ..PackageRow::default()
    };
    add_provenance(&mut row, &verified(Claim::Provenance));
    Some(row)
}

fn add_provenance(row: &mut PackageRow, facts: &StoredFacts<'_>) {
    row.source_repository = facts.text("sourceRepository");
    row.repository_id = facts.text("repositoryId");
    row.owner = facts.text("owner");
    row.owner_id = facts.text("ownerId");
    row.commit = facts.text("commit");
    row.git_ref = facts.text("ref");
    row.workflow = facts.text("workflow");
    row.workflow_file = facts.text("workflowFile");
    row.issuer = facts.text("issuer");
    row.built_at = facts.text("signedAt");
}

/// What a report has of a verified claim; nothing, if it is not verified.
struct StoredFacts<'a>(Option<&'a StoredClaim>);

impl StoredFacts<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0?.text(name).map(bounded)
    }

    /// The texts of one name in a list of objects.
    fn texts(&self, list: &str, name: &str) -> Vec<String> {
        let list = self.0.and_then(|claim| claim.found.get(list)).and_then(Value::as_array);
        let objects = list.into_iter().flatten().filter_map(Value::as_object);
        objects.filter_map(|object| text(object, name)).collect()
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(bounded)
}

/// Who signed what verifies and is not understood: of claims, and then beside them.
fn other_signers(package: &StoredPackage) -> Vec<String> {
    let claims = package.claims.iter().map(|(_, claim)| claim);
    let claims = claims.filter(|claim| claim.status == Status::Unrecognized);
    let beside = package.unrecognized.iter().map(|one| &one.found);
    let all = claims.map(|claim| &claim.found).chain(beside);
    all.filter_map(|found| text(found, "signer")).collect()
}

fn refused_claims(package: &StoredPackage) -> Vec<RefusedClaim> {
    let claims = package.claims.iter().filter(|(_, claim)| claim.status == Status::Refused);
    let refused = claims.map(|(name, claim)| RefusedClaim {
        claim: bounded(name),
        code: claim.text("reason").map(bounded).unwrap_or_default(),
        detail: claim.text("detail").map(bounded).unwrap_or_default(),
    });
    refused.collect()
}
