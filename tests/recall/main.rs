//! Recalls, end to end: fetched on the connected side, applied behind the gap.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

#[path = "../disk/mod.rs"]
mod disk;
#[path = "../sides/mod.rs"]
mod sides;
#[path = "../world/mod.rs"]
mod world;

mod apply;
mod fetch;
mod hostile;
mod seals;

use serde_json::{Value, json};
use sides::Sides;
use world::{Package, Run};

/// When recalls are sealed, and when they are applied: two and three days after the archives.
pub const FETCHED: &str = "2026-02-03T00:00:00Z";
pub const APPLIED: &str = "2026-02-04T00:00:00Z";

/// An advisory about these versions.
pub fn advisory(id: &str, name: &str, versions: &[&str]) -> Value {
    json!({
        "id": id,
        "summary": format!("Malicious code in {name} (npm)"),
        "affected": [{"package": {"ecosystem": "npm", "name": name}, "versions": versions}],
    })
}

/// Two sides that pinned the instance, and a folder of records.
pub fn sides(advisories: &[Value]) -> Sides {
    let sides = Sides::new().pinned();
    for advisory in advisories {
        publish(&sides, advisory);
    }
    // Every source has something about others.
    publish(&sides, &advisory("MAL-2026-999", "other", &["1.0.0"]));
    sides
}

/// Puts an advisory into the folder of records.
pub fn publish(sides: &Sides, advisory: &Value) {
    let name = format!("osv/npm/{}.json", advisory["id"].as_str().unwrap());
    sides.world.write(&name, format!("{advisory:#}\n"));
}

/// Seals packages into an archive.
pub fn seal(sides: &Sides, archive: &str, packages: &[&Package]) {
    sides.world.lock(packages.iter().copied());
    let _registry = sides.world.serve(packages.iter().copied());
    let folder = sides.world.path(archive);
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let line = format!(
        "bundle fetch package-lock.json -o {archive} --key release.key --instance acme --at {}",
        world::SEALED
    );
    sides.on("connected", &line).done();
}

/// Seals a recall, at a time.
pub fn fetch_at(sides: &Sides, at: &str, recall: &str, more: &str) -> Run {
    let line = format!(
        "recall fetch -o {recall} --key release.key --advisories osv --instance acme --at {at} {more}"
    );
    sides.on("connected", &line)
}

/// Seals a recall.
pub fn fetch(sides: &Sides, recall: &str, more: &str) -> Run {
    fetch_at(sides, FETCHED, recall, more)
}

/// Applies a recall, for programs.
pub fn apply(sides: &Sides, recall: &str, archives: &str) -> Run {
    apply_at(sides, APPLIED, recall, archives)
}

pub fn apply_at(sides: &Sides, at: &str, recall: &str, archives: &str) -> Run {
    let line = format!(
        "recall apply {recall} {archives} --key release.key.pub --require registry-signature \
         --instance acme --format json --at {at}"
    );
    sides.on("gap", &line)
}

/// What became of an archive.
pub fn of<'a>(applied: &'a Value, archive: &str) -> &'a Value {
    let archives = applied["archives"].as_array().unwrap();
    let found = archives.iter().find(|one| one["file"] == archive);
    found.unwrap_or_else(|| panic!("no {archive} in {applied:#}"))
}

/// The archives in a state.
pub fn in_state<'a>(applied: &'a Value, state: &str) -> Vec<&'a str> {
    let archives = applied["archives"].as_array().unwrap().iter();
    archives.filter(|one| one["state"] == state).map(|one| one["file"].as_str().unwrap()).collect()
}
