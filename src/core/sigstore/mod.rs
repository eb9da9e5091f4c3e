//! Sigstore: bundles, what they hold, and their verification against a trusted root.
//!
//! [`bundle()`] verifies one bundle. Nothing here knows a package or a registry.

pub mod attestation;
pub mod bundle;
pub mod certificate;
#[cfg(test)]
pub(in crate::core) mod fixture;
pub mod statement;

pub use attestation::{Artifact, BundleFacts, BundleRefusal, ExpectedSigner, bundle};
