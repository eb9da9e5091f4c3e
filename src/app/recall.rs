//! Recalls: on the connected side, seals what is known of malicious packages and the newest trust;
//! behind the gap, judges archives by it.

mod apply;
mod error;
#[cfg(feature = "network")]
mod fetch;
mod held;
mod opened;

pub use self::{
    apply::{Affected, Applied, Apply, Denied, Judged, Outcome, RecallFacts, State, apply},
    error::RecallError,
};
#[cfg(feature = "network")]
pub use self::{
    error::RecallFetchError,
    fetch::{Fetch, Fetched, Fetching, Sealed},
};
#[cfg(feature = "network")]
pub use crate::adapters::advisories::Source;
