//! The measure of coverage: the real npm installs from hostile and from honest lockfiles, and
//! whatever it puts on disk was covered by the archive, or sealift had denied the lockfile.
//!
//! Each row is a project with a lockfile, a registry on loopback, and a host that an attacker owns.
//! A hostile lockfile is judged twice: against an archive of an honest one, as when it was edited
//! after sealing, and against an archive of its own. Every package on either host holds a file that
//! says where it came from, so that what is on disk is recognised by its content.
//!
//! Runs the `npm` on the search path; `tests/npm/run` runs it with npm 6, 10, 11 and 12. With
//! `SEALIFT_NPM_ROWS` only rows are measured whose name has this text in it; `--nocapture` shows
//! the table of what was measured.
#![cfg(feature = "network")]
// A test fails by panicking; it prints; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod case;
mod check;
mod good;
mod hostile;
mod npm;
#[path = "../world/mod.rs"]
mod world;

/// The sentences on coverage and on ordinary lockfiles that the table has rows for.
const SENTENCES: [&str; 12] =
    ["A1", "A2", "A3", "A4", "A5", "A6", "B1", "B2", "B3", "B4", "B5", "B6"];

#[test]
fn every_sentence_has_a_row() {
    let hostile: Vec<_> = hostile::ROWS.into_iter().flatten().collect();
    let good: Vec<_> = good::ROWS.into_iter().flatten().collect();
    assert!(hostile.len() >= 40 && good.len() >= 20, "{} and {}", hostile.len(), good.len());
    for rows in [&hostile, &good] {
        for sentence in SENTENCES {
            assert!(rows.iter().any(|row| row.of == sentence), "{sentence} has no row");
        }
        let names: std::collections::BTreeSet<_> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), rows.len(), "two rows have one name");
    }
}
