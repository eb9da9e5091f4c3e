//! Carry a project's dependencies, and the evidence for them, across an air gap.
//!
//! Three layers, each in its own module:
//!
//! - [`core`] is pure: bytes and a time in, values out. No file, no network, no clock, no printing.
//! - [`adapters`] hold one outside thing each: the network, a registry, a TUF store on disk, the
//!   archive file, keys. They know the core and not each other's insides.
//! - [`shell`] is the command line: parse, build the environment, call, render, exit.
//!
//! `core` knows only `core`, `adapters` know `core`, and the shell knows everything
//! (`tests/layers.rs` holds them to it).

pub mod adapters;
pub mod core;
pub mod shell;
