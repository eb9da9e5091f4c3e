//! Verification of a package's evidence.
