//! Verification of a package's evidence.
//!
//! [`package()`] judges everything that speaks for one npm package; [`bundle()`] is the generic
//! path below it. Both are pure: the reference time is a parameter, and nothing is fetched.

pub mod attestation;
pub mod bundle;
pub mod certificate;
#[cfg(test)]
mod fixture;
pub mod integrity;
pub mod package;
pub mod provenance;
pub mod publish;
pub mod registry_signature;

pub use attestation::{Artifact, BundleFacts, BundleRefusal, Signer, bundle};
pub use integrity::algorithms;
pub use package::{Evidence, package};
