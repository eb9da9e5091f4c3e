//! The TUF client workflow (specification 1.0, §5), over `sigstore-tuf`'s rules.
//!
//! `sigstore-tuf`'s `TrustedMetadataSet` has the rules: signatures, thresholds, pins. This module decides
//! which files are fetched and in which order. It keeps the floor: the versions below which no later
//! update may fall. And it closes the gaps of that crate: metadata that expires at the reference time, one
//! key under two ids, the snapshot's floor after an interrupted update, and long root histories.
//!
//! It fetches nothing and stores nothing. The caller passes in a [`Repository`], the [`LocalState`] and one
//! reference time for the whole update, and gets the new state. From an update that failed the caller gets
//! the [`Floor`] to persist: what was authentic in it.

mod compare;
mod error;
mod metadata;
mod names;
mod roots;
mod session;
mod state;
mod targets;
mod walk;

pub use compare::VersionChange;
pub use error::{MetadataError, UpdateError};
pub use metadata::RoleInfo;
pub(crate) use names::limit;
pub use roots::PinnedRoots;
pub use session::{Repository, Session};
pub use state::{Entries, FailedUpdate, Floor, LocalState, State, WantedTargets, replay, update};
