//! A progress bar on a terminal, and nothing elsewhere.

use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{app::Progress, cli::terminal::Terminal, core::package::PackageId};

/// Packages that were collected, of how many.
pub struct Meter {
    bar: ProgressBar,
    bytes: AtomicU64,
}

impl Meter {
    /// A bar on standard error. It is hidden where standard error is not a terminal.
    pub fn new(terminal: &Terminal) -> Self {
        let target = if terminal.shows_progress() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} packages, {msg}") {
            bar.set_style(style);
        }
        Self { bar, bytes: AtomicU64::new(0) }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Meter {
    fn total(&self, packages: usize) {
        self.bar.set_length(packages as u64);
    }

    fn bytes(&self, bytes: u64) {
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bar.set_message(HumanBytes(bytes).to_string());
    }

    fn done(&self, _id: &PackageId) {
        self.bar.inc(1);
    }
}
