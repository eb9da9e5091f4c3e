//! Recalls: which packages are known to be malicious, carried to where there is no network.
//!
//! An [`Advisory`] is a record in the OSV format. A [`Recall`] is the manifest of the signed file that
//! carries advisories and trust material; the format is specified in `man/sealift-recall.5`.

mod advisory;
mod manifest;
mod name;
mod range;

pub use self::{
    advisory::{Advisory, AdvisoryError},
    manifest::{ADVISORIES, AdvisoryOrigin, RECALL_TYPE, Recall, RecallPredicate, advisory_entry},
    name::PackageName,
};
