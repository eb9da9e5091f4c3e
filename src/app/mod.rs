//! The use cases: collect, seal, verify, and the choice of trust material.

#[cfg(feature = "network")]
pub mod collect;
pub mod inputs;
pub mod report;
#[cfg(feature = "network")]
pub mod seal;
pub mod trust;
pub mod verify;
