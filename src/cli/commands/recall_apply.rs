//! `sealift recall apply`.

use crate::{
    app::recall::{self, apply},
    cli::{
        context::Context,
        declare::RecallApply,
        failure::{CommandResult, Failure},
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
        terms: options.verify.terms(context.env),
    };
    let applied = apply(&options, &context.clock)?;
    let (quiet, verbose) = (context.terminal.quiet(), context.terminal.verbose());
    context.print(&AppliedRecall { applied: &applied, quiet, verbose });
    Failure::after(applied.state().into())
}
