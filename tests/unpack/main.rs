//! `bundle unpack`: only a verified archive is unpacked, into a new folder that is whole or not there; and
//! the real npm installs from it what it installs from a registry.
#![cfg(feature = "network")]
// A test fails by panicking; it prints; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod layouts;
mod leaves_nothing;
mod npm;
#[path = "../world/mod.rs"]
mod world;
mod yarn;
mod yarn4;

use world::{NOW, Run, TRUST, World};

/// Unpacks `app.sealift` into `out`.
fn unpack(world: &World, layout: &str, more: &str) -> Run {
    let command = format!("bundle unpack app.sealift -o out --for {layout} --key release.key.pub");
    world.sealift(&format!("{command} {TRUST} --at {NOW} --require integrity {more}"))
}

/// Every file below a folder: its path and its bytes.
fn tree(folder: &std::path::Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let bytes = match std::fs::read_link(&path) {
                Ok(target) => format!("-> {}", target.display()).into_bytes(),
                Err(_) => std::fs::read(&path).unwrap(),
            };
            files.insert(name, bytes);
        }
    }
    files
}
