//! Recalls: on the connected side, seals what is known of malicious packages and the newest trust;
//! behind the gap, judges archives by it.

mod apply;
mod error;
#[cfg(feature = "network")]
mod fetch;
mod held;
mod judged;
mod opened;

pub use self::{
    apply::{Applied, Apply, RecallFacts, apply},
    error::RecallError,
    judged::{Affected, Denied, Judged, Outcome, State},
};
#[cfg(feature = "network")]
pub use self::{
    error::RecallFetchError,
    fetch::{Fetch, Fetched, Fetching, Sealed, source},
};
#[cfg(feature = "network")]
pub use crate::adapters::advisories::Source;
