//! The operations that no verifier can do without, by aws-lc, and nothing around them.

use std::hint::black_box;

use aws_lc_rs::{
    digest::{self, SHA256, SHA512},
    signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, EcdsaVerificationAlgorithm,
        UnparsedPublicKey,
    },
};
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use testkit::sigstore::Key;

use crate::fixture::{Fixture, Package};

/// One signature, of the curve and over as many bytes as the real one.
struct Signature {
    algorithm: &'static EcdsaVerificationAlgorithm,
    point: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Signature {
    fn new(key: &Key, bytes: usize) -> Self {
        let message: Vec<u8> = (0..bytes).map(|at| (at * 7 % 251) as u8).collect();
        let algorithm = match key {
            Key::P384(_) => &ECDSA_P384_SHA384_ASN1,
            _ => &ECDSA_P256_SHA256_ASN1,
        };
        let signature = key.sign(&message);
        Self { algorithm, point: key.point().to_vec(), message, signature }
    }

    fn check(&self) {
        let key = UnparsedPublicKey::new(self.algorithm, &self.point);
        key.verify(&self.message, &self.signature).unwrap();
    }
}

/// A certificate to be signed, with Fulcio's claims and a timestamp of the log.
const CERTIFICATE: usize = 1500;
/// A checkpoint without its signatures.
const CHECKPOINT: usize = 140;
/// What a promise is over, beside the entry in base64.
const PROMISE: usize = 150;

/// The signature checks of one package, or of many.
pub struct Signatures(Vec<Signature>);

impl Signatures {
    /// Certificate (P-384), its timestamp, promise, checkpoint, statement (P-256 each).
    pub fn of_provenance(packages: &[Package]) -> Self {
        let keys = [Key::p384(), Key::p256(), Key::p256(), Key::p256()];
        let checks = packages.iter().flat_map(|package| {
            let [ca, ct, log, leaf] = &keys;
            [
                Signature::new(ca, CERTIFICATE),
                Signature::new(ct, CERTIFICATE),
                Signature::new(log, package.entries.0 + PROMISE),
                Signature::new(log, CHECKPOINT),
                Signature::new(leaf, package.statements.0),
            ]
        });
        Self(checks.collect())
    }

    /// Promise, checkpoint, statement, and the registry's signature (P-256 each).
    fn of_registry(package: &Package) -> impl Iterator<Item = Signature> {
        let key = Key::p256();
        [package.entries.1 + PROMISE, CHECKPOINT, package.statements.1, 130]
            .into_iter()
            .map(move |bytes| Signature::new(&key, bytes))
    }

    pub fn check(&self) {
        self.0.iter().for_each(Signature::check);
    }
}

/// All of an archive: every signature check, SHA-512 of the tarballs, SHA-256 of all else.
pub struct Everything<'a>(Vec<(&'a Package, Signatures)>);

impl<'a> Everything<'a> {
    pub fn of(fixture: &'a Fixture) -> Self {
        let package = |package: &'a Package| {
            let mut signatures = Signatures::of_provenance(std::slice::from_ref(package));
            signatures.0.extend(Signatures::of_registry(package));
            (package, signatures)
        };
        Self(fixture.packages.iter().map(package).collect())
    }

    pub fn check(&self) {
        self.0.par_iter().for_each(|(package, signatures)| {
            black_box(digest::digest(&SHA512, &package.tarball));
            black_box(digest::digest(&SHA256, &package.record));
            black_box(digest::digest(&SHA256, &package.attestations));
            signatures.check();
        });
    }
}

/// SHA-512 of all tarballs.
pub fn sha512(packages: &[Package]) {
    for package in packages {
        black_box(digest::digest(&SHA512, &package.tarball));
    }
}
