//! Recalls: on the connected side, seals what is known of malicious packages and the newest trust;
//! behind the gap, judges archives by it.

mod apply;
mod error;
#[cfg(feature = "network")]
mod fetch;
mod held;
mod judged;
mod opened;
mod sought;

pub use self::{
    apply::{Applied, Apply, RecallFacts, apply},
    error::RecallError,
    judged::{AffectedPackage, CheckedArchive, RecallFindings, RecallState},
};
#[cfg(feature = "network")]
pub use self::{
    error::RecallFetchError,
    fetch::{FetchRecall, Fetched, Fetching, SealedRecall, source},
};
#[cfg(feature = "network")]
pub use crate::adapters::advisories::AdvisorySource;
