//! Carry a project's dependencies, and the evidence for them, across an air gap.
//!
//! Four layers, each in its own module:
//!
//! - [`core`] holds the rules: bytes and a time in, values out. No file, no network, no clock, no
//!   printing.
//! - `adapters` hold one outside thing each: the network, a registry, a TUF store on disk, the
//!   archive file, keys.
//! - [`app`] holds the use cases: collect, seal, verify, sign, and what becomes of trust material.
//! - `cli` is the command line: declare, call, render, exit.
//!
//! Each layer knows those above it in this list and no other (`tests/layers.rs` holds them to it).
//! Whoever uses this as a library needs [`app`] and [`core`], and sees no more: what `app` takes and gives
//! from the adapters, it hands out itself. The feature `internals` is for the tests of this repository.

// The default build uses all of them, or warns. A build without a feature leaves some unused.
#[cfg_attr(not(all(feature = "network", feature = "serve")), allow(dead_code, unused_imports))]
#[cfg(not(feature = "internals"))]
mod adapters;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod adapters;
pub mod app;
#[doc(hidden)] // for the program; a library user has no use for a command line
pub mod cli;
pub mod core;
