//! The network, for the commands that may use it.

use crate::{
    app::{
        abandon,
        connection::{Network, Npmrc, connect},
    },
    cli::{context::Context, env::Env, failure::CommandResult},
    core::text::Untrusted,
};

/// The network, as `.npmrc` configures it.
///
/// # Errors
/// Exit 2, when the configuration cannot be used.
pub fn acquire(npmrc: &Npmrc, context: &mut Context<'_>) -> CommandResult<Network> {
    for warning in &npmrc.warnings {
        context.terminal.warning(Untrusted(warning), None);
    }
    Ok(connect(npmrc, &Env::variable)?)
}

/// Removes temporary files when the process gets a signal to end, and then ends it as that signal does. If
/// this cannot be set up, the files stay.
#[cfg(unix)]
pub fn leave_nothing_when_interrupted() {
    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            abandon(|| {
                let _ = emulate_default_handler(signal);
            });
        }
    });
}
