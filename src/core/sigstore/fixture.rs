//! A package and its evidence, signed by a synthetic Sigstore: what the unit tests start from.

use chrono::Duration;
use serde_json::{Value, json};
use testkit::sigstore::{
    Build, Leaf, Options, Signer, Sigstore, Subject, attestations_response, statement,
};

use crate::core::npm::{integrity::algorithms, package};
use crate::core::{
    package::{
        PackageId,
        digest::{Algorithm, Digest, Integrity},
        evidence::{Answer, Evidence},
    },
    time::{self, Time},
    trust::Trust,
    verdict::{Claim, Outcome, PackageVerdict},
};

pub const REGISTRY: &str = "https://registry.npm.test";
pub const NAME: &str = "@acme/widgets";
pub const VERSION: &str = "1.0.0";
pub const TARBALL: &[u8] = b"tarball";

/// One synthetic instance, one build, one package. Signs at [`World::at`].
pub struct World {
    pub sigstore: Sigstore,
    pub build: Build,
}

impl World {
    pub fn new() -> Self {
        let sigstore = Sigstore::new(Self::at() - Duration::days(30));
        Self { sigstore, build: Build::github("acme/widgets") }
    }

    pub fn at() -> Time {
        time::parse("2026-01-02T03:04:05Z").unwrap()
    }

    /// The reference time: an hour later.
    pub fn now() -> Time {
        Self::at() + Duration::hours(1)
    }

    pub fn digest() -> Digest {
        Algorithm::Sha512.digest(TARBALL)
    }

    pub fn subject() -> Subject {
        Subject::npm(NAME, VERSION, &Self::digest().to_hex())
    }

    pub fn leaf(&self) -> Leaf {
        Leaf::of(&self.build, Self::at())
    }

    pub fn provenance(&self, options: &Options) -> Value {
        self.sigstore.provenance(&self.build, &Self::subject(), Self::at(), options)
    }

    /// A statement, signed with a certificate for `leaf`.
    pub fn signed(&self, statement: &Value, leaf: &Leaf) -> Value {
        let signer = Signer::Certificate(self.sigstore.fulcio.issue(leaf, &self.sigstore.ct));
        self.sigstore.attest(statement, &signer, Self::at(), &Options::default())
    }

    pub fn publish(&self, options: &Options) -> Value {
        let digest = Self::digest().to_hex();
        self.sigstore.publish_attestation(NAME, VERSION, &digest, REGISTRY, Self::at(), options)
    }

    /// The registry's record, with one signature.
    pub fn record(&self) -> Value {
        let integrity = Self::digest().to_sri();
        let signature = self.sigstore.registry_signature(NAME, VERSION, &integrity);
        json!({
            "name": NAME, "version": VERSION, "time": time::format(Self::at()),
            "manifest": {"name": NAME, "version": VERSION, "dist": {
                "integrity": integrity, "signatures": [signature],
            }},
        })
    }

    /// The registry's response, with both attestations.
    pub fn response(&self) -> Value {
        let options = Options::default();
        let kind = statement::PROVENANCE_V1;
        attestations_response(&[
            (statement::PUBLISH_V01, self.publish(&options)),
            (kind, self.provenance(&options)),
        ])
    }

    pub fn trust(&self) -> Trust {
        let keys = self.sigstore.npm_keys_json().into_bytes();
        Trust::new(self.sigstore.trusted_root_json().as_bytes(), Some((REGISTRY, &keys))).unwrap()
    }

    /// The verdict over a record and a response.
    pub fn judge(&self, record: Option<&Value>, response: Option<&Value>) -> PackageVerdict {
        let digest = Self::digest();
        let record = record.map(Value::to_string);
        let response = response.map(Value::to_string);
        let expected = [Integrity::of(digest)];
        let record = record.as_deref().map(str::as_bytes);
        let tarball: Vec<_> =
            algorithms(&expected, record).iter().map(|one| one.digest(TARBALL)).collect();
        let evidence = Evidence {
            package: &PackageId::npm(NAME, VERSION).unwrap(),
            registry: Some(REGISTRY),
            expected: &expected,
            artifact: &tarball,
            record: record.map_or(Answer::NotFound, Answer::Given),
            attestations: answered(response.as_deref()),
        };
        package(&self.trust(), &evidence, Self::now())
    }

    /// The code that the provenance of this bundle is refused with, or not understood for, or `verified`.
    pub fn provenance_code(&self, kind: &str, bundle: Value) -> &'static str {
        let verdict = self.judge(None, Some(&attestations_response(&[(kind, bundle)])));
        match &verdict.claims[&Claim::Provenance] {
            Outcome::Refused(why) => why.code,
            Outcome::Unrecognized(found) => found.code,
            other => other.status().name(),
        }
    }
}

/// What the registry answered: this text, or 404.
pub fn answered(text: Option<&str>) -> Answer<'_> {
    text.map_or(Answer::NotFound, |text| Answer::Given(text.as_bytes()))
}
