//! Honest lockfiles, as people have them.

mod forms;
mod kinds;

use crate::check::{Row, hold};

/// Those that read what npm 7 and later write.
const NEW: &[u32] = &[10, 11, 12];
/// Those that read what npm 6 wrote.
const ALL: &[u32] = &[6, 10, 11, 12];

/// All of them.
pub const ROWS: [&[Row]; 2] = [forms::ROWS, kinds::ROWS];

#[test]
fn forms_of_lockfiles() {
    hold(forms::ROWS);
}

#[test]
fn kinds_of_entries() {
    hold(kinds::ROWS);
}
