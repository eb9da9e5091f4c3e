//! `sealift bundle diff`.

use crate::{
    app::compare::{self, compare},
    cli::{
        context::Context,
        declare::BundleDiff,
        failure::{CommandResult, Ending, Failure},
        render::Compared,
    },
};

/// Shows what changes from one archive to another.
///
/// # Errors
/// Exit 1, when one was refused, or evidence in one does not verify; the result then says which. Exit
/// 2, when one could not be examined.
pub fn run(options: &BundleDiff, context: &mut Context<'_>) -> CommandResult {
    let options = compare::Options {
        old: options.old.clone(),
        new: options.new.clone(),
        keys: options.keys.clone(),
        trust: options.trust.resolve(context.env),
    };
    let comparison = compare(&options, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&Compared { comparison: &comparison, verbose, quiet });
    match comparison.has_invalid_evidence() {
        true => Err(Failure::reported(Ending::Refused)),
        false => Ok(()),
    }
}
