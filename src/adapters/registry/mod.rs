//! Package registries.
