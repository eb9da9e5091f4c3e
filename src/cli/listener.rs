//! What a use case tells while it works, on the terminal.

#[cfg(feature = "network")]
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
#[cfg(feature = "network")]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(feature = "network")]
use crate::{
    adapters::registry::{Progress, Unreachable},
    cli::{failure::Failure, render::count},
    core::{package::PackageId, text::Untrusted},
};
use crate::{
    app::{Listener, News},
    cli::terminal::Terminal,
};

impl Listener for Terminal {
    fn hear(&mut self, news: News<'_>) {
        match news {
            News::ReadableKey(path) => self.warning(
                format_args!("{} can be read by others", path.display()),
                Some(&format!("chmod 600 {}", path.display())),
            ),
            #[cfg(feature = "network")]
            News::Stripped { path, addresses } => self.warning(
                format_args!(
                    "{}: {} with credentials or a query; the archive carries a copy without them",
                    path.display(),
                    count(addresses, "address")
                ),
                Some("whoever can read the lockfile can use them: take them out of the file"),
            ),
            #[cfg(feature = "network")]
            News::MadeKey { fingerprint, public } => {
                // Whoever asks for less on the screen needs the fingerprint all the same.
                self.say(format_args!("made a signing key: {fingerprint}"));
                self.note(format_args!("carry its public half across once: {}", public.display()));
            }
            #[cfg(feature = "network")]
            News::Unreachable(host) => unreachable_host(host, self),
        }
    }

    #[cfg(feature = "network")]
    fn progress(&self) -> Box<dyn Progress> {
        Box::new(Meter::new(self))
    }
}

#[cfg(feature = "network")]
fn unreachable_host(host: &Unreachable, terminal: &mut Terminal) {
    let text = host.to_string();
    if host.failed == 0 {
        terminal.note(Untrusted(&text));
    } else {
        terminal.failure(&Failure::could_not(Untrusted(&text)).maybe_hint(host.hint()));
    }
}

/// A progress bar on a terminal, and nothing elsewhere: packages that were collected, of how many.
#[cfg(feature = "network")]
struct Meter {
    bar: ProgressBar,
    bytes: AtomicU64,
}

#[cfg(feature = "network")]
impl Meter {
    /// A bar on standard error, hidden where nobody looks.
    fn new(terminal: &Terminal) -> Self {
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

#[cfg(feature = "network")]
impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(feature = "network")]
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
