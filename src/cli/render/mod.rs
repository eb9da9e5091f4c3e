//! Results, as text for people and as JSON for programs.

mod diff;
#[cfg(feature = "network")]
mod fetch;
mod human;
mod inspect;
mod key;
mod policy;
mod recall;
mod report;
#[cfg(feature = "serve")]
mod serve;
mod store;
#[cfg(test)]
mod tests;
mod trust;
mod unpack;
mod why;

use std::fmt::Display;

use serde::Serialize;

pub use self::{
    diff::Compared,
    human::Human,
    inspect::Inspected,
    key::{GeneratedKey, ShownKey},
    policy::{CheckedPolicy, LockedIdentities, WrittenPolicy},
    recall::AppliedRecall,
    report::{RenderedReport, Rendering},
    store::{FoundInStore, IndexedStore, JudgedStore},
    trust::{ComparedTrust, ExportedFiles, PinnedRoot, TrustedInstances, UpdatedInstances},
    unpack::Written,
    why::Reasons,
};
#[cfg(feature = "network")]
pub use self::{
    fetch::{Uncollected, denied_later, git_dependencies},
    human::count,
    recall::FetchedRecall,
};
#[cfg(feature = "serve")]
pub use self::{
    report::pages,
    serve::{Served, entries, serving},
};

/// A result: displayed to people, and with a form for programs. Without text nothing is printed.
pub trait Rendered: Display {
    /// The form for programs.
    fn json(&self) -> impl Serialize + '_;
}
