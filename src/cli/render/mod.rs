//! Results, as text for people and as JSON for programs.

#[cfg(feature = "network")]
mod fetch;
mod human;
mod inspect;
mod json;
mod key;
mod policy;
#[cfg(test)]
mod tests;
mod trust;

use std::fmt::Display;

use serde::Serialize;

#[cfg(feature = "network")]
pub use self::{
    fetch::{Uncollected, denied_later},
    human::count,
};
pub use self::{
    human::Human,
    inspect::Inspected,
    json::to_json,
    key::{GeneratedKey, ShownKey},
    policy::{CheckedPolicy, LockedIdentities, WrittenPolicy},
    trust::{Changes, ExportedFiles, PinnedRoot, TrustedInstances, UpdatedInstances},
};

/// A result: displayed to people, and with a form for programs. Without text nothing is printed.
pub trait Rendered: Display {
    /// The form for programs.
    fn json(&self) -> impl Serialize + '_;
}
