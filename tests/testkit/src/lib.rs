//! A synthetic Sigstore instance, npm registry and TUF repository for the tests of sealift.
//!
//! Knows nothing of sealift: what it makes is made from the specifications alone.

pub mod registry;
pub mod sigstore;
pub mod tarball;
pub mod tools;
pub mod tuf;
