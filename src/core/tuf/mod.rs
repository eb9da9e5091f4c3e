//! The TUF client workflow (specification 1.0, §5), over `sigstore-tuf`'s rules.
//!
//! `sigstore-tuf`'s `TrustedMetadataSet` holds the rules: signatures, thresholds, pins. This
//! module decides what is asked for and in which order, keeps the floor that nothing may fall
//! below, and closes the gaps of that crate: an expiry at the very instant, one key under two
//! ids, the snapshot's floor after an interrupted update, and long root histories.
//!
//! It fetches nothing and stores nothing: a [`Repository`] and the [`Local`] state are passed in,
//! with one reference time for the whole update, and the new state comes out. What was authentic
//! in an update that failed comes out as well, as a [`Floor`] to persist.

mod compare;
mod error;
mod metadata;
mod names;
mod roots;
mod session;
mod state;
mod targets;
mod walk;

pub use compare::Change;
pub use error::{MetadataError, UpdateError};
pub use metadata::RoleInfo;
pub use names::limit;
pub use roots::PinnedRoots;
pub use session::{Repository, Session};
pub use state::{Entries, FailedUpdate, Floor, Local, State, Wanted, replay, update};
