//! Fulcio's certificate extensions, `1.3.6.1.4.1.57264.1.*`: what the certificate claims of a build.

use super::build::{Build, Forge};
use super::der;
use std::collections::BTreeMap;

/// The claims of one certificate, by the last arc of their object identifier. The values are
/// extension values as they are encoded, so that a test can also write malformed ones.
#[derive(Clone, Debug, Default)]
pub struct Claims(BTreeMap<u8, Vec<u8>>);

impl Claims {
    /// What Fulcio writes today: the legacy claims and the current ones.
    pub fn of(build: &Build) -> Self {
        let mut claims = Self::legacy(build);
        let (workflow, repository) = (build.workflow_uri(), build.repository_uri());
        for (number, text) in [
            (8, build.issuer.as_str()),
            (9, &workflow),
            (10, &build.commit),
            (11, &build.runner),
            (12, &repository),
            (13, &build.commit),
            (14, &build.ref_),
            (15, &build.repository_id),
            (16, &build.owner_uri()),
            (17, &build.owner_id),
            (18, &workflow),
            (19, &build.commit),
            (20, &build.event),
            (21, &build.invocation_uri()),
            (22, &build.visibility),
        ] {
            claims.set(number, text);
        }
        claims
    }

    /// What certificates of early 2023 carry: the legacy claims alone.
    pub fn legacy(build: &Build) -> Self {
        let mut claims = Self::default();
        claims.set(1, &build.issuer);
        // Fulcio writes .2 to .6 for GitHub's workflows only.
        if build.forge == Forge::GitHub {
            claims.set(2, &build.event);
            claims.set(3, &build.commit);
            claims.set(4, &build.workflow_name);
            claims.set(5, &build.repository);
            claims.set(6, &build.ref_);
        }
        claims
    }

    /// Sets a claim: bare text up to `.6`, a DER UTF8String from `.8` on.
    pub fn set(&mut self, number: u8, text: &str) {
        let value = if number < 8 { text.as_bytes().to_vec() } else { der::utf8(text) };
        self.set_raw(number, &value);
    }

    /// Sets a claim to exactly these bytes.
    pub fn set_raw(&mut self, number: u8, value: &[u8]) {
        self.0.insert(number, value.to_vec());
    }

    /// Leaves a claim out.
    pub fn remove(&mut self, number: u8) {
        self.0.remove(&number);
    }

    /// The X.509 extensions.
    pub(super) fn extensions(&self) -> Vec<Vec<u8>> {
        let extension = |(number, value): (&u8, &Vec<u8>)| {
            der::sequence(&[der::oid(&format!("1.3.6.1.4.1.57264.1.{number}")), der::octets(value)])
        };
        self.0.iter().map(extension).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// Held against the certificate in the provenance of `sigstore` 2.3.1 on npm.
    #[test]
    fn the_claims_are_what_fulcio_writes_byte_for_byte() {
        let claims = Claims::of(&Build::github("sigstore/sigstore-js"));
        let hash = hex::encode(Sha256::digest(claims.extensions().concat()));
        assert_eq!(hash, "7102b5c434f52a722d9c96bcaad784dd46745bc583820dc69f286f1bccf15268");
    }

    #[test]
    fn a_claim_may_be_changed_malformed_or_left_out() {
        let mut claims = Claims::default();
        claims.set(5, "acme/widgets");
        claims.set(12, "acme");
        assert!(claims.extensions()[0].ends_with(b"\x04\x0cacme/widgets"));
        assert!(claims.extensions()[1].ends_with(b"\x04\x06\x0c\x04acme"));
        claims.set_raw(12, b"\x0c\x7f");
        assert!(claims.extensions()[1].ends_with(b"\x04\x02\x0c\x7f"));
        claims.remove(12);
        assert_eq!(claims.extensions().len(), 1);
    }
}
