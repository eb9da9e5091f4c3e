//! A store: a folder of archives. Finds them, judges all of them by the same demands, keeps an index of what
//! was verified, and answers from it.
//!
//! [`find`] lists the archives. [`each`] judges them with a [`Verifier`](super::verify::Verifier), several
//! at once, and hands on what was found in the order of their names. Memory does not grow with their number.

mod anew;
mod each;
mod error;
mod index;
mod search;

pub use self::{
    anew::{Denied, Judged, Judgment, Summary, Unexamined, verify},
    each::each,
    error::StoreError,
    index::{Indexed, index},
    search::{Answer, Change, Hit, Outdated, search},
};
pub use crate::adapters::archives::{Found, FoundArchive, Stamp, find, is_folder};
