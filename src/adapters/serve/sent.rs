//! Which entries were sent in full.
//!
//! An answer is in full when the system has taken its last byte. The server first hands that byte to hyper,
//! which buffers it: so what was handed over waits here until the connection has nothing left to write. That
//! the client has read it, nobody can know.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::ServedEntry;

/// Measures how long a server has been running.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long ago it was started.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The entries of one connection whose last bytes were handed over and may not be written yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Unwritten(Arc<Mutex<Vec<ServedEntry>>>);

impl Unwritten {
    /// The last byte of an entry was handed over.
    pub fn add(&self, entry: ServedEntry) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// All that was handed over is written now: which entries that completes.
    pub fn take(&self) -> Vec<ServedEntry> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Says that an entry was handed over in full, once.
#[derive(Debug)]
pub(super) struct Receipt(Option<(ServedEntry, Unwritten)>);

impl Receipt {
    /// For an answer that sends all of an entry.
    pub fn of(entry: ServedEntry, unwritten: Unwritten) -> Self {
        Self(Some((entry, unwritten)))
    }

    /// For any other answer.
    pub fn none() -> Self {
        Self(None)
    }

    /// The last byte was handed over.
    pub fn complete(&mut self) {
        if let Some((entry, unwritten)) = self.0.take() {
            unwritten.add(entry);
        }
    }
}
