//! A store: a folder of archives. Finds them, judges all of them by the same demands, keeps an index of what
//! was verified and of what stored reports say, and answers from it.
//!
//! [`each`] judges archives with a [`Verifier`](super::verify::Verifier), several at once, and hands on what
//! was found in the order of their names. Memory does not grow with their number.

mod anew;
mod each;
mod error;
mod find;
mod index;
mod reports;
mod search;

pub(in crate::app) use self::{anew::faults, find::find};
pub use self::{
    anew::{ArchiveFault, ArchiveSummary, JudgedArchive, StoreJudgment, Unexamined, verify},
    each::each,
    error::ArchiveStoreError,
    find::FindError,
    index::{IndexOptions, Indexed, index},
    search::{FileChange, Hit, IndexAnswer, OutdatedFile, ReportHit, search},
};
pub use crate::adapters::archives::is_folder;
