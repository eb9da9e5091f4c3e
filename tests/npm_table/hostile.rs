//! Lockfiles that an attacker wrote.

mod addresses;
mod bundles;
mod edges;
mod sections;

use crate::check::{Row, hold};

/// All of them.
pub const ROWS: [&[Row]; 4] = [addresses::ROWS, bundles::ROWS, edges::ROWS, sections::ROWS];

#[test]
fn addresses_and_hashes() {
    hold(addresses::ROWS);
}

#[test]
fn bundles_and_tarballs() {
    hold(bundles::ROWS);
}

#[test]
fn dependencies_of_entries() {
    hold(edges::ROWS);
}

#[test]
fn sections_and_paths() {
    hold(sections::ROWS);
}
