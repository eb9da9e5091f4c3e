//! `sealift bundle unpack`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{
    app::unpack::{self, UnpackError},
    cli::{
        context::Context,
        declare::Unpack,
        failure::{CommandResult, Ending, Failure},
        render::Written,
    },
};

/// Verifies an archive, and writes a folder that a package manager installs from.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked or written. No folder is left behind then.
pub fn run(options: &Unpack, context: &mut Context<'_>) -> CommandResult {
    let Unpack { archive, verify, output, layout } = options;
    let options = unpack::Options {
        verify: verify.resolve(archive, context.env),
        folder: output.clone(),
        layout: *layout,
    };
    let unpacking = match unpack::prepare(&options, &context.clock) {
        Err(UnpackError::Refused(report)) => {
            context.report(&report);
            return Err(Failure::reported(Ending::Refused));
        }
        prepared => prepared?,
    };
    let signal = watch();
    match unpacking.run(&|| signal.load(Ordering::Relaxed) != 0) {
        Ok(unpacked) => {
            let quiet = context.terminal.quiet();
            context.print(&Written { unpacked: &unpacked, quiet });
            Ok(())
        }
        Err(error) => {
            end(signal.load(Ordering::Relaxed));
            Err(error.into())
        }
    }
}

/// Keeps the signal that wants the process to end, so that what was written can be removed first. If this
/// cannot be set up, the temporary folder stays.
fn watch() -> Arc<AtomicUsize> {
    let signal = Arc::new(AtomicUsize::new(0));
    #[cfg(unix)]
    for kind in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        let number = usize::try_from(kind).unwrap_or_default();
        let _ = signal_hook::flag::register_usize(kind, Arc::clone(&signal), number);
    }
    signal
}

/// Ends the process as a signal does, if there was one.
fn end(signal: usize) {
    #[cfg(unix)]
    if let Ok(signal @ 1..) = i32::try_from(signal) {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    #[cfg(not(unix))]
    let _ = signal;
}
