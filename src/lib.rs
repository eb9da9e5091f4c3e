//! Carry a project's dependencies, and the evidence for them, across an air gap.
//!
//! Four layers, each in its own module:
//!
//! - [`core`] holds the rules: bytes and a time in, values out. No file, no network, no clock, no
//!   printing.
//! - `adapters` hold one outside thing each: the network, a registry, a TUF store on disk, the
//!   archive file, keys.
//! - [`app`] holds the use cases: collect, seal, verify, sign, and what becomes of trust material.
//! - [`cli`] is the command line: declare, call, render, exit.
//!
//! Each layer knows those above it in this list and no other (`tests/layers.rs` holds them to it).
//! Whoever uses this as a library needs [`app`] and [`core`].

#[doc(hidden)] // what a library user needs of them, app hands out; the tests need more
pub mod adapters;
pub mod app;
pub mod cli;
pub mod core;
