//! The row of a package: what was verified of it, and by whom its evidence is.

use serde::{Deserialize, Serialize};

use super::{RowSource, after};
use crate::core::{
    package::{
        Purl,
        digest::{Algorithm, Digest},
    },
    policy::Judgment,
    text::bounded,
    time,
    verdict::{Claim, PackageVerdict, Publisher},
};

/// A package, as one archive or several have it. All columns are in every row; `None` is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageRow {
    /// Who says it: an archive that was judged, or a stored report.
    pub source: RowSource,
    /// The package URL.
    pub purl: String,
    /// The ecosystem.
    pub ecosystem: String,
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
    /// The expected registry, where it is from one.
    pub registry: Option<String>,
    /// SHA-512 of its bytes, in hex, where its ecosystem signs that.
    pub sha512: Option<String>,
    /// `verified` or `refused`.
    pub verdict: String,
    /// The codes of what is wrong with it.
    pub denied: Vec<String>,
    /// What became of each claim; `None` where its ecosystem has no such claim.
    pub integrity: Option<String>,
    /// The same of the registry's signature.
    pub registry_signature: Option<String>,
    /// The same of the publish attestation.
    pub publish_attestation: Option<String>,
    /// The same of the provenance.
    pub provenance: Option<String>,
    /// The key of the registry's signature.
    pub registry_keyid: Option<String>,
    /// The key of the publish attestation.
    pub publish_keyid: Option<String>,
    /// The identity that signed the publish attestation, where no key did.
    pub publish_identity: Option<String>,
    /// Who issued that identity.
    pub publish_issuer: Option<String>,
    /// When the publish attestation was signed.
    pub published_at: Option<String>,
    /// The repository that was built.
    pub source_repository: Option<String>,
    /// Its numeric id.
    pub repository_id: Option<String>,
    /// Its owner.
    pub owner: Option<String>,
    /// The numeric id of the owner.
    pub owner_id: Option<String>,
    /// The commit that was built.
    pub commit: Option<String>,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The workflow that signed the provenance: the certificate's identity.
    pub workflow: Option<String>,
    /// The workflow that was started.
    pub workflow_file: Option<String>,
    /// Who issued the identity.
    pub issuer: Option<String>,
    /// When the provenance was signed.
    pub built_at: Option<String>,
    /// Who signed evidence that verifies and is not understood.
    pub other_signers: Vec<String>,
    /// Keys of signatures on the registry's record that do not verify, beside one that does.
    pub other_keyids: Vec<String>,
    /// Why claims are refused.
    pub refused: Vec<RefusedClaim>,
}

/// Why a claim is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusedClaim {
    /// The claim.
    pub claim: String,
    /// A stable code.
    pub code: String,
    /// What was found and what was expected.
    pub detail: String,
}

impl PackageRow {
    /// The row of a package that was judged.
    pub fn new(
        purl: &Purl,
        digest: &Digest,
        verdict: &PackageVerdict,
        judgment: &Judgment,
    ) -> Self {
        let good = judgment.denials.is_empty();
        let status = |claim| verdict.status(claim).map(|status| status.name().to_owned());
        let reasons = verdict.refusals().map(|(claim, why)| RefusedClaim {
            claim: claim.name().to_owned(),
            code: why.code.to_owned(),
            detail: bounded(&why.detail),
        });
        let signers = verdict.unrecognized().map(|(_, found)| bounded(&found.signer));
        let mut row = Self {
            source: RowSource::Archive,
            purl: purl.to_string(),
            ecosystem: purl.id().ecosystem().to_string(),
            name: purl.id().name().to_owned(),
            version: purl.id().version().to_owned(),
            registry: purl.origin().registry().map(bounded),
            sha512: (digest.algorithm() == Algorithm::Sha512).then(|| digest.to_hex()),
            verdict: if good { "verified" } else { "refused" }.to_owned(),
            denied: judgment.denials.iter().map(|denial| denial.code().to_owned()).collect(),
            integrity: status(Claim::Integrity),
            registry_signature: status(Claim::RegistrySignature),
            publish_attestation: status(Claim::PublishAttestation),
            provenance: status(Claim::Provenance),
            other_signers: signers.collect(),
            refused: reasons.collect(),
            ..Self::default()
        };
        row.add_registry(verdict);
        row.add_provenance(verdict);
        row
    }

    fn add_registry(&mut self, verdict: &PackageVerdict) {
        if let Some(facts) = verdict.registry_signature() {
            self.registry_keyid = Some(bounded(&facts.keyid));
            self.other_keyids = facts.others.iter().map(|other| bounded(&other.keyid)).collect();
        }
        if let Some(facts) = verdict.publish_attestation() {
            self.published_at = Some(time::format(facts.signed_at));
            match &facts.publisher {
                Publisher::Key { keyid } => self.publish_keyid = Some(bounded(keyid)),
                Publisher::Identity(identity) => {
                    self.publish_identity = Some(bounded(&identity.san));
                    self.publish_issuer = Some(bounded(&identity.issuer));
                }
            }
        }
    }

    fn add_provenance(&mut self, verdict: &PackageVerdict) {
        let Some(facts) = verdict.provenance() else { return };
        let some = |text: &Option<String>| text.as_deref().map(bounded);
        self.source_repository = Some(bounded(&facts.source_repository));
        self.repository_id = some(&facts.repository_id);
        self.owner = some(&facts.owner);
        self.owner_id = some(&facts.owner_id);
        self.commit = Some(bounded(&facts.commit));
        self.git_ref = some(&facts.git_ref);
        self.workflow = Some(bounded(&facts.workflow));
        self.workflow_file = some(&facts.build_config);
        self.issuer = Some(bounded(&facts.issuer));
        self.built_at = Some(time::format(facts.signed_at));
    }

    /// All of the row but its number, as a line has it. Two rows are one if this is the same.
    pub fn text(&self) -> String {
        after(self)
    }
}
