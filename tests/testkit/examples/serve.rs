//! Serves packages from loopback, each answer after a pause, to measure how long fetching takes:
//! `serve OUTDIR PACKAGES MILLISECONDS`. Writes a lockfile and an `.npmrc` for it into OUTDIR, and
//! runs until its standard input ends; then it prints how many requests were in flight at most.
#![allow(clippy::disallowed_methods, clippy::print_stdout)] // a program for tests, not a part of the product

use std::{
    env, fs,
    io::{self, Read as _},
    path::PathBuf,
    time::Duration,
};

use serde_json::{Map, json};
use testkit::registry::{Registry, integrity, tarball, tarball_path};

fn main() -> io::Result<()> {
    let usage = || io::Error::other("usage: serve OUTDIR PACKAGES MILLISECONDS");
    let mut arguments = env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or_else(usage)?);
    let mut number = || arguments.next()?.parse::<u64>().ok();
    let (packages, pause) = (number().ok_or_else(usage)?, number().ok_or_else(usage)?);
    let mut registry = Registry::new().pause(Duration::from_millis(pause));
    let mut entries = Map::new();
    for name in (0..packages).map(|number| format!("package-{number}")) {
        let bytes = tarball(&name, "1.0.0");
        let resolved = format!("https://registry.npmjs.org{}", tarball_path(&name, "1.0.0"));
        let entry =
            json!({"version": "1.0.0", "resolved": resolved, "integrity": integrity(&bytes)});
        entries.insert(format!("node_modules/{name}"), entry);
        registry = registry.package(&name, "1.0.0", bytes);
    }
    let running = registry.start();
    let lockfile = json!({"name": "app", "lockfileVersion": 3, "packages": entries});
    fs::write(folder.join("package-lock.json"), lockfile.to_string())?;
    fs::write(folder.join(".npmrc"), format!("registry={}\n", running.url()))?;
    println!("{}", running.url());
    io::stdin().read_to_end(&mut Vec::new())?;
    println!("{} requests, {} in flight", running.requests().len(), running.most_in_flight());
    Ok(())
}
