//! Programs that some tests need beside Rust and a C compiler.
#![allow(clippy::disallowed_methods)] // the program may not read the environment; a test may

use std::{ffi::OsString, process::Command};

/// Whether these programs are on this machine. Where they are not, a test says so and does nothing; in CI
/// they must be there.
///
/// # Panics
/// In CI, where one is missing.
pub fn are_here(names: &[&str]) -> bool {
    let is_missing = |name: &&&str| {
        let asked = Command::new("sh").args(["-c", &format!("command -v {name}")]).output();
        !asked.is_ok_and(|answer| answer.status.success())
    };
    let missing: Vec<_> = names.iter().filter(is_missing).collect();
    assert!(missing.is_empty() || std::env::var_os("CI").is_none(), "install {missing:?}");
    if !missing.is_empty() {
        eprintln!("skipped: install {missing:?}");
    }
    missing.is_empty()
}

/// The path of cosign, where `SEALIFT_COSIGN` names it.
pub fn cosign() -> Option<OsString> {
    named("SEALIFT_COSIGN")
}

/// The path of a Python with duckdb, where `SEALIFT_DUCKDB` names it.
pub fn duckdb() -> Option<OsString> {
    named("SEALIFT_DUCKDB")
}

/// The program that a variable names. Where it names none, a test says so and does nothing.
fn named(variable: &str) -> Option<OsString> {
    let program = std::env::var_os(variable);
    if program.is_none() {
        eprintln!("skipped: {variable} names no program, so its lines were not run");
    }
    program
}
