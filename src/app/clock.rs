//! The times that a use case is told. Nothing in this layer reads a clock.

use crate::core::time::Time;

/// The times of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The reference time: what everything is judged by.
    pub at: Time,
    /// Whether somebody gave that time, in place of the machine's.
    pub at_given: bool,
    /// The machine's time.
    pub now: Time,
}

impl Clock {
    /// The machine's time, by which everything is judged.
    pub fn new(now: Time) -> Self {
        Self { at: now, at_given: false, now }
    }
}
