//! The use cases, one a module: [`collect`](mod@collect) and [`seal`](mod@seal) on the connected side,
//! [`verify`](mod@verify), [`sign`](mod@sign) and [`trust`] on both, and the [`report`] as a value.
//!
//! Each takes plain options, the times of a [`Clock`] and, where it may use it, the network as a value.
//! It returns values and typed errors, which say what to do (`hint`), for some a stable `code`, and
//! whether something was examined and refused or could not be checked (`is_refusal`). Nothing here
//! prints, parses arguments, or knows an exit code.
//!
//! A module uses those above it in this list, and no other: [`archive`], [`inputs`], [`report`],
//! [`trust`], [`policy`], [`verify`](mod@verify), [`sign`](mod@sign), [`policy_lock`],
//! [`policy_init`], [`policy_check`], [`collect`](mod@collect), [`seal`](mod@seal).

pub mod archive;
mod clock;
#[cfg(feature = "network")]
pub mod collect;
#[cfg(feature = "network")]
pub mod connection;
pub mod inputs;
pub mod keys;
mod news;
pub mod policy;
pub mod policy_check;
pub mod policy_init;
pub mod policy_lock;
pub mod report;
#[cfg(feature = "network")]
pub mod seal;
pub mod sign;
pub mod trust;
pub mod verify;

pub use self::{
    clock::Clock,
    news::{Listener, News, Silent},
};
pub use crate::adapters::files::FileError;
#[cfg(feature = "network")]
pub use crate::adapters::registry::{Progress, Unreachable};
