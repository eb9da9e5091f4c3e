//! `sealift recall apply`.

use crate::{
    app::recall::{self, State, apply},
    cli::{
        context::Context,
        declare::RecallApply,
        failure::{CommandResult, Ending, Failure},
        render::AppliedRecall,
    },
};

/// Judges archives by a recall.
///
/// # Errors
/// Exit 1, when the recall is refused, or an archive is affected or refused; exit 2, when the recall
/// or some of the archives could not be checked.
pub fn run(options: &RecallApply, context: &mut Context<'_>) -> CommandResult {
    let options = recall::Apply {
        recall: options.recall.clone(),
        recall_keys: options.recall_keys.clone(),
        archives: options.archives.clone(),
        // The path is not used: each archive is verified under its own.
        verify: options.verify.resolve(&options.recall, context.env),
    };
    let applied = apply(&options, &context.clock)?;
    let (quiet, verbose) = (context.terminal.quiet(), context.terminal.verbose());
    context.print(&AppliedRecall { applied: &applied, quiet, verbose });
    match applied.state() {
        State::Affected | State::Refused => Err(Failure::reported(Ending::Refused)),
        State::Unchecked => Err(Failure::reported(Ending::CouldNotCheck)),
        State::Clear => Ok(()),
    }
}
