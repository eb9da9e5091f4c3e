//! For how long a server serves: until a signal, or as long as a command runs.

use std::{
    io,
    process::{Command, ExitStatus},
};

use tokio::sync::mpsc::UnboundedReceiver;

use super::{ChangedArchive, Told};

/// For how long to serve.
#[derive(Debug)]
pub enum Work {
    /// Until somebody asks this process to end.
    Wait,
    /// As long as this command runs.
    Command(Box<Command>),
}

/// Why a server does not serve any more.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The command cannot be started.
    #[error("cannot run {program:?}: {error}")]
    Command {
        /// The program.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// The system refused something else.
    #[error("cannot serve: {0}")]
    System(#[from] io::Error),
}

impl Work {
    /// Works, and tells of problems meanwhile. Returns the exit code of the command: 128 and its number
    /// where a signal ended it. Without a command, 0.
    ///
    /// # Errors
    /// When the system refuses signals, or the command cannot be started.
    pub(super) async fn run(
        self,
        problems: &mut UnboundedReceiver<ChangedArchive>,
        tell: &mut dyn FnMut(Told),
    ) -> Result<u8, RunError> {
        let mut signals = Signals::new()?;
        tell(Told::Ready);
        let mut child = match self {
            Self::Wait => None,
            Self::Command(command) => {
                let program = command.get_program().to_string_lossy().into_owned();
                let started = tokio::process::Command::from(*command).spawn();
                Some(started.map_err(|error| RunError::Command { program, error })?)
            }
        };
        loop {
            let wait = async {
                match &mut child {
                    Some(child) => child.wait().await,
                    None => std::future::pending().await,
                }
            };
            let signal = tokio::select! {
                status = wait => return Ok(code(status?)),
                signal = signals.next() => signal,
                Some(problem) = problems.recv() => {
                    tell(Told::Changed(problem));
                    continue;
                }
            };
            match &child {
                None => return Ok(0),
                // A terminal sends an interrupt to the command itself. It decides when to end.
                Some(child) => signal.pass_on(child.id()),
            }
        }
    }
}

fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128_i32.saturating_add(signal)).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    fn pass_on(self, child: Option<u32>) {
        #[cfg(unix)]
        if self == Self::Terminate
            && let Some(child) = child.and_then(|id| i32::try_from(id).ok())
            && let Some(child) = rustix::process::Pid::from_raw(child)
        {
            let _ = rustix::process::kill_process(child, rustix::process::Signal::TERM);
        }
        #[cfg(not(unix))]
        let _ = child;
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
