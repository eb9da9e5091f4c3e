//! Where text goes: results to standard output, everything else to standard error.
//!
//! The contract: lower case, no full stop, `hint:` on a line of its own, colour only on a
//! terminal. Notes, warnings, failures and JSON are escaped here; a result for people is already escaped
//! ([`crate::core::text::Untrusted`]).

use std::{
    fmt::Display,
    io::{self, BufWriter, Write as _},
};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::{app::json, cli::failure::Failure, core::text::Message};

/// Bold.
pub const STRONG: Style = Style::new().bold();
/// What is good.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// What deserves a look.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// What is bad.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What can be passed over.
pub const DIM: Style = Style::new().dimmed();

/// Both streams, and how much to say. A closed pipe is not an error: nobody reads any more. Any other failure to
/// write a result is reported at the end.
pub struct Terminal {
    out: anstream::Stdout,
    err: anstream::Stderr,
    quiet: bool,
    verbose: bool,
    lost: Option<io::Error>,
}

#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching needs all of it"))]
impl Terminal {
    /// Both streams of the process.
    pub fn new(color: ColorChoice, quiet: bool, verbose: bool) -> Self {
        Self {
            out: anstream::Stdout::new(io::stdout(), color),
            err: anstream::Stderr::new(io::stderr(), color),
            quiet,
            verbose,
            lost: None,
        }
    }

    /// Why a result could not be written, if it could not.
    pub fn lost(&mut self) -> Option<io::Error> {
        self.lost.take()
    }

    /// Whether to say more.
    pub fn verbose(&self) -> bool {
        self.verbose
    }

    /// Whether to say no more than the result.
    pub fn quiet(&self) -> bool {
        self.quiet
    }

    /// Whether a progress bar can be seen.
    pub fn shows_progress(&self) -> bool {
        use io::IsTerminal as _;
        !self.quiet && io::stderr().is_terminal()
    }

    /// The result that was asked for.
    pub fn result(&mut self, text: impl Display) {
        // In one piece: standard output is flushed at every line, and a report may have 100,000.
        let written = self.out.write_all(format!("{text}\n").as_bytes());
        let written = written.and_then(|()| self.out.flush());
        self.keep(written);
    }

    fn keep(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.lost.get_or_insert(error);
        }
    }

    /// The result that was asked for, for a program: it has no colours to strip.
    pub fn data(&mut self, value: &impl Serialize) {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = json::write(&mut out, value);
        self.keep(written.and_then(|()| out.flush()));
    }

    /// Prints a message even with `--quiet`.
    pub fn say(&mut self, text: impl Display) {
        let _ = writeln!(self.err, "{}", Message(&text.to_string()));
    }

    /// Prints a note that helps to follow the command.
    pub fn note(&mut self, text: impl Display) {
        if !self.quiet {
            let _ = writeln!(self.err, "{}", Message(&text.to_string()));
        }
    }

    /// What deserves a look.
    pub fn warning(&mut self, text: impl Display, hint: Option<&str>) {
        let _ = writeln!(self.err, "{WARN}warning:{WARN:#} {}", Message(&text.to_string()));
        self.hint(hint);
    }

    /// What went wrong.
    pub fn failure(&mut self, failure: &Failure) {
        if !failure.message.is_empty() {
            let _ = writeln!(self.err, "{BAD}error:{BAD:#} {}", Message(&failure.message));
        }
        self.hint(failure.hint.as_deref());
    }

    fn hint(&mut self, hint: Option<&str>) {
        if let Some(hint) = hint {
            let _ = writeln!(self.err, "{STRONG}hint:{STRONG:#} {}", Message(hint));
        }
    }
}
