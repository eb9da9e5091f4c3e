//! Verification of a package's evidence.
//!
//! [`package()`] judges everything that speaks for one npm package; [`bundle()`] is the generic
//! path below it. Both are pure: the reference time is a parameter, and nothing is fetched.
//!
//! # Codes
//!
//! A refusal carries a stable code. By what is refused:
//!
//! | code | meaning |
//! | --- | --- |
//! | **tarball and record** | [`integrity::IntegrityRefusal`] |
//! | `lockfile-mismatch` | the tarball is not the one that the lockfile names |
//! | `record-mismatch` | the tarball is not the one that the registry's record names |
//! | `digest-not-computed` | a digest that is needed was not given |
//! | `malformed-record` | the record cannot be read |
//! | `record-of-other-package` | the record names another package or version |
//! | `record-without-integrity` | the record gives no hash, or signatures without the integrity that they are over |
//! | **missing evidence** | [`package::Missing`] |
//! | `attestations-withheld`, `provenance-withheld` | the record announces what is not there |
//! | `absence-not-shown` | the registry was not asked, so nothing shows that it has none |
//! | `evidence-without-registry` | a registry's evidence for a tarball that is from no registry |
//! | **registry signature, and the key of a publish attestation** | [`registry_signature::SignatureRefusal`] |
//! | `unknown-key` | the key is not among the registry's |
//! | `unusable-key` | the key is the registry's, and cannot be used |
//! | `key-of-other-registry` | the key is another registry's than the one that the package is said to be from |
//! | `wrong-key-usage` | the key is the registry's, but not for this |
//! | `key-not-valid-then` | outside the key's window at the time that it is judged by |
//! | `malformed-signature` | the signature is not base64 |
//! | `too-many-signatures` | the record has more signatures than any real one |
//! | `invalid-signature` | the signature does not verify (also of bundles) |
//! | `signed-after-reference-time` | from after the reference time, or the clock is behind (also of bundles) |
//! | **attestation response** | [`package::AttestationRefusal`] |
//! | `malformed-response`, `too-many-attestations` | the response cannot be read, or is too long |
//! | `too-many-values` | more objects, lists and texts than any real evidence has (also of bundles, and what is in them) |
//! | `predicate-type-mismatch` | announced as one predicate, signed as another |
//! | `not-a-statement` | a plain signature where a statement is expected |
//! | `contradicting-attestations` | two of one kind that say different things |
//! | **shape of a bundle** | [`bundle::Malformed`] |
//! | `malformed-bundle` | not the bundle's JSON: fields missing, unknown, repeated, or malformed |
//! | `missing-media-type`, `unsupported-media-type` | the version is not known |
//! | `ambiguous-key-material`, `ambiguous-content` | not exactly one of a one-of |
//! | `wrong-certificate-form`, `empty-certificate-chain` | not as the version has certificates |
//! | `missing-inclusion-promise`, `missing-inclusion-proof`, `missing-checkpoint` | what the version demands is not there |
//! | `malformed-checkpoint`, `inclusion-proof-disagrees` | proof and checkpoint do not fit |
//! | `several-log-entries`, `unsupported-log-entry`, `unexpected-log-field` | not one entry of a known kind |
//! | `withdrawn-log-entry` | an entry of a kind that its log does not give any more |
//! | `wrong-signature-count` | not one signature |
//! | `repeated-timestamp`, `too-many-timestamps` | the same timestamp twice; more than any real bundle has |
//! | `oversized-bundle-part` | a certificate, timestamp or checkpoint larger than any real one |
//! | **verification of a bundle** | [`BundleRefusal`] |
//! | `wrong-key-material` | signed by a key where a certificate is expected, or the other way round |
//! | `keyid-mismatch` | hint or `keyid` names another key |
//! | `extra-certificate` | an authority certificate that the trusted root does not have |
//! | `missing-log-entry` | not logged, though the instance has a log |
//! | `unusable-log` | the trusted root has the log, and its key cannot be used |
//! | `log-not-valid-then` | the log had not started, or had closed, when it was signed |
//! | `clock-behind` | the system's clock has not reached the time of signing |
//! | `no-signing-time` | nobody vouches for any time |
//! | `identity-mismatch`, `issuer-mismatch` | signed by somebody else |
//! | `artifact-mismatch` | about another artifact |
//! | `malformed-certificate`, `untrusted-certificate`, `no-valid-authority`, `certificate-not-valid-then`, `invalid-sct` | the certificate |
//! | `unknown-log`, `malformed-log-entry`, `log-entry-mismatch`, `invalid-inclusion-promise`, `invalid-inclusion-proof`, `invalid-checkpoint`, `integrated-time-outside-certificate` | the log entry |
//! | `invalid-timestamp`, `timestamp-authority-not-valid-then` | an RFC 3161 timestamp, where no other time was verified |
//! | `unsupported-bundle`, `inconsistent-bundle` | of a kind that cannot be verified; contradicts itself |
//! | `malformed-claim`, `repeated-claim`, `ambiguous-identity` | a claim of the certificate cannot be read, is there twice, or is not one identity |
//! | **statement** | [`crate::core::statement::StatementError`] |
//! | `unsupported-payload-type`, `unsupported-statement`, `malformed-statement` | not an in-toto statement of a known version |
//! | `subject-is-commit` | about a commit, not about a file |
//! | `subject-name-mismatch` | no subject is this package |
//! | `subject-digest-mismatch`, `subject-without-digest` | the subject is not this tarball |
//! | **publish attestation** | [`publish::PublishRefusal`] |
//! | `malformed-publish-predicate`, `published-other` | cannot be read; another package or registry |
//! | **provenance** | [`provenance::ProvenanceRefusal`] |
//! | `malformed-provenance` | the predicate cannot be read |
//! | `missing-claim` | the certificate lacks what provenance rests on |
//! | `provenance-disagrees` | predicate and certificate say different things |
//! | `builder-mismatch` | a builder of a known form that cannot have signed so |
//!
//! What verifies and is not understood is not refused, and has a code as well:
//!
//! | code | meaning |
//! | --- | --- |
//! | `keyless-publish-attestation` | signed with a certificate, and no identity is configured for the registry |
//! | `unknown-predicate-type` | the registry announces it as provenance, of a type that is not known |
//! | `unknown-build-type` | provenance of a build type whose fields have no known meaning |
//! | `unknown-builder` | provenance of a builder of no known form |

pub mod attestation;
pub mod bundle;
pub mod certificate;
#[cfg(test)]
pub(in crate::core) mod fixture;
pub mod integrity;
pub mod package;
pub mod provenance;
pub mod publish;
pub mod registry_signature;

pub use attestation::{Artifact, BundleFacts, BundleRefusal, Signer, bundle};
pub use integrity::algorithms;
pub use package::{Answer, Evidence, package};
