//! TUF repositories over HTTP, the trust store on disk, and what the `trust`
//! commands do with them.
//!
//! Judges nothing: every verification is [`crate::core::tuf`]'s.

mod disk;
#[cfg(feature = "network")]
mod http;
mod refresh;
mod store;

pub use disk::{Disk, SystemDisk};
#[cfg(feature = "network")]
pub use http::Http;
pub use refresh::{RefreshError, Refreshed, import, refresh, refresh_from};
pub use store::{EarlierUpdate, InstanceStore, StoredInstance, TrustStore, TrustStoreError};
