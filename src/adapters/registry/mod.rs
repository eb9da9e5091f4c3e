//! Registries: one folder an ecosystem.

pub mod npm;

pub use self::npm::*;
