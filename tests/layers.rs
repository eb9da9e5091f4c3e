//! The layers of the crate: core knows only core, adapters know core, the shell knows everything.
//!
//! Clippy keeps clocks, files and the environment out of core; this keeps out the other layers.

#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // a test reads files

use std::{fs, path::Path};

#[test]
fn core_and_adapters_do_not_reach_upwards() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (layer, forbidden) in [
        ("core", &["crate::adapters", "crate::app", "crate::cli"][..]),
        ("adapters", &["crate::app", "crate::cli"][..]),
    ] {
        for file in files(&source.join(layer)) {
            let text = code(&file);
            for name in forbidden {
                if text.contains(name) {
                    wrong.push(format!("{} names {name}", file.display()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Clippy's lists say what core may not touch; this says what no list can: that core has no
/// exception from them.
#[test]
fn core_forbids_what_touches_the_outside() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    let root = fs::read_to_string(source.join("mod.rs")).unwrap();
    assert!(root.contains("#![forbid(clippy::disallowed_methods, clippy::disallowed_types)]"));
    for file in files(&source) {
        let text = fs::read_to_string(&file).unwrap();
        for name in
            ["std::fs", "std::net", "std::env", "std::process", "println!", "tokio", "reqwest"]
        {
            assert!(!text.contains(name), "{} names {name}", file.display());
        }
    }
}

/// A file without its comments: links in documentation may point anywhere.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    assert!(!found.is_empty());
    found
}
