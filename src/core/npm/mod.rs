//! npm: names, lockfile addresses, tarballs, records, and what speaks for a package of a registry.
//!
//! [`package()`] judges everything that speaks for one npm package. It is pure: the reference time is
//! a parameter, and nothing is fetched. The codes of its refusals stand in
//! [`verdict`](crate::core::verdict).

pub(crate) mod address;
mod dist;
pub mod integrity;
pub mod package;
pub mod publish;
pub mod registry_signature;
pub mod tarball;

pub use dist::Dist;
pub use integrity::algorithms;
pub use package::{Answer, Evidence, package};
