//! The pure layer: bytes and a time in, values out.
#![forbid(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod addresses;
pub mod coverage;
pub mod digest;
pub mod dsse;
pub mod entry_name;
pub mod instance;
mod json;
pub mod key;
pub mod limits;
pub mod lockfile;
pub mod manifest;
pub mod package;
mod percent;
pub mod policy;
pub mod statement;
pub mod tarball;
pub mod text;
pub mod time;
pub mod trust;
pub mod tuf;
pub mod verdict;
pub mod verify;
