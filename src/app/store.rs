//! A store: a folder of archives. Finds them, judges all of them by the same demands, keeps an index of what
//! was verified, and answers from it.

pub use crate::adapters::archives::{Found, FoundArchive, Stamp, find, is_folder};
