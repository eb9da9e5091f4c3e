//! The use cases, one a module: [`collect`](mod@collect) and [`seal`](mod@seal) on the connected side;
//! [`verify`](mod@verify), [`why`](mod@why), [`compare`](mod@compare), [`store`], [`sign`](mod@sign),
//! [`attest`], [`unpack`](mod@unpack), `serve`, [`policy_lock`], [`policy_init`], [`policy_check`], [`recall`],
//! [`trust`], [`keys`], [`policy`], [`verification`] with its files, and looking into an [`archive`] on both sides; and the [`report`] as a value.
//!
//! Each takes plain options, the times of a [`Clock`] and, where it may use it, the network as a value.
//! It returns values and typed errors, which say what to do (`hint`), for some a stable `code`, and
//! whether something was examined and refused or could not be checked (`is_refusal`). Nothing here
//! prints, parses arguments, or knows an exit code.
//!
//! A module uses those before it in this list, and no other: `clock`, `news`, [`keys`], [`statement`],
//! [`policy`], [`archive`], [`inputs`], [`connection`], [`report`], [`trust`], [`verify`](mod@verify),
//! [`attest`], [`why`](mod@why), [`compare`](mod@compare), [`store`], `serve`, [`sign`](mod@sign),
//! [`unpack`](mod@unpack),
//! [`policy_lock`], [`policy_init`], [`policy_check`], [`collect`](mod@collect), [`supply`],
//! [`seal`](mod@seal), [`recall`], [`verification`].

pub mod archive;
pub mod attest;
mod clock;
#[cfg(feature = "network")]
pub mod collect;
pub mod compare;
#[cfg(feature = "network")]
pub mod connection;
pub mod inputs;
pub(crate) mod json;
pub mod keys;
mod news;
pub mod outputs;
pub mod policy;
pub mod policy_check;
pub mod policy_init;
pub mod policy_lock;
pub mod recall;
pub mod report;
#[cfg(feature = "network")]
pub mod seal;
#[cfg(feature = "serve")]
pub mod serve;
pub mod sign;
pub mod statement;
pub mod store;
pub mod stored;
#[cfg(feature = "network")]
pub mod supply;
pub mod trust;
pub mod unpack;
pub mod verification;
pub mod verify;
pub mod why;
mod worst;

pub use self::{
    clock::Clock,
    news::{Listener, News, Silent},
    worst::Worst,
};
#[cfg(feature = "network")]
pub use crate::adapters::files::abandon;
pub use crate::adapters::files::{FileError, require_own};
#[cfg(feature = "network")]
pub use crate::adapters::registry::{Progress, Unreachable};
