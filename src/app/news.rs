//! The messages of a use case while it works. Its result is what it returns.

use std::path::Path;

#[cfg(feature = "network")]
use crate::adapters::registry::{Progress, Unreachable};

/// Something that the user should see, even if the use case succeeds.
#[derive(Debug)]
pub enum News<'a> {
    /// Others than its owner can read the private key in this file.
    ReadableKey(&'a Path),
    /// The lockfile has addresses with credentials or a query. The archive carries a copy without.
    #[cfg(feature = "network")]
    Stripped {
        /// The lockfile.
        path: &'a Path,
        /// How many addresses.
        addresses: usize,
    },
    /// There was no key to sign with, and one was made.
    #[cfg(feature = "network")]
    MadeKey {
        /// Its fingerprint.
        fingerprint: String,
        /// The file with its public half.
        public: &'a Path,
    },
    /// A host was given up.
    #[cfg(feature = "network")]
    Unreachable(&'a Unreachable),
    /// A file of a source of advisories is not a record that can be read.
    #[cfg(feature = "network")]
    UnreadableAdvisory {
        /// The file.
        file: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// Hears what a use case tells while it works.
pub trait Listener {
    /// Hears one thing.
    fn hear(&mut self, news: News<'_>);

    /// A value that follows the progress of one round of downloads, until it is dropped.
    #[cfg(feature = "network")]
    fn progress(&self) -> Box<dyn Progress>;
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Listener for Silent {
    fn hear(&mut self, _news: News<'_>) {}

    #[cfg(feature = "network")]
    fn progress(&self) -> Box<dyn Progress> {
        Box::new(Self)
    }
}

#[cfg(feature = "network")]
impl Progress for Silent {}
