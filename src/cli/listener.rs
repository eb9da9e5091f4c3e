//! Prints the messages of a use case while it works.

use crate::{
    app::{Listener, News},
    cli::terminal::Terminal,
};
#[cfg(feature = "network")]
use crate::{
    app::{Progress, Unreachable},
    cli::{failure::Failure, meter::Meter, render::count},
    core::text::Untrusted,
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
                Some("everybody who can read the lockfile can use them: take them out of the file"),
            ),
            #[cfg(feature = "network")]
            News::MadeKey { fingerprint, public } => {
                // The fingerprint is needed with --quiet too.
                self.say(format_args!("made a signing key: {fingerprint}"));
                self.note(format_args!("carry its public half across once: {}", public.display()));
            }
            #[cfg(feature = "network")]
            News::Unreachable(host) => unreachable_host(host, self),
            #[cfg(feature = "network")]
            News::UnreadableAdvisory { file, reason } => {
                self.warning(format_args!("{}: {}", Untrusted(file), Untrusted(reason)), None);
            }
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
