//! `sealift policy lock`.

use crate::{
    app::policy_lock::{self, LockError, lock},
    cli::{context::Context, declare::Lock, failure::CommandResult, render::LockedIdentities},
};

/// Writes down who built each package of an archive, which is examined first as `bundle verify` does.
///
/// # Errors
/// Exit 1, when the archive was refused; the report then says why. Exit 2, when it could not be
/// checked, or the file is there or cannot be written.
pub fn run(options: &Lock, context: &mut Context<'_>) -> CommandResult {
    let options = policy_lock::Options {
        verify: options.verify.resolve(&options.archive, context.env),
        output: options.output.clone(),
        update: options.update,
    };
    let locked = match lock(&options, &context.clock) {
        Err(LockError::Refused(report)) => return Err(context.refused(report, LockError::Refused)),
        locked => locked?,
    };
    let (file, update, quiet) = (&options.output, options.update, context.terminal.quiet());
    context.print(&LockedIdentities { locked: &locked, file, update, quiet });
    Ok(())
}
