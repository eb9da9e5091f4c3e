//! The pure layer: bytes and a time in, values out.
#![forbid(clippy::disallowed_methods, clippy::disallowed_types)]

pub mod addresses;
pub mod archive;
pub mod builder;
pub mod changes;
pub mod ecosystems;
mod json;
pub mod limits;
pub mod lockfile;
pub mod npm;
pub mod package;
pub(crate) mod percent;
pub mod policy;
pub mod recall;
pub mod rules;
pub mod sigstore;
pub mod slsa;
pub mod statement;
pub mod store;
pub mod text;
pub mod time;
#[cfg(test)]
pub(crate) mod toy;
pub mod trust;
pub mod tuf;
pub mod verdict;
