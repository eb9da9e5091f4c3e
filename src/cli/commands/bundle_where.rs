//! `sealift bundle where`.

use crate::{
    app::store::search,
    cli::{
        context::Context,
        declare::Where,
        failure::{CommandResult, Failure},
        render::FoundInStore,
    },
};

/// Answers from the index of a folder which archives hold something.
///
/// # Errors
/// Exit 2, when there is no usable index, it is not of the files that are there, or it is not known what
/// an archive or a stored report holds.
pub fn run(options: &Where, context: &mut Context<'_>) -> CommandResult {
    let answer = search(&options.query, &options.folder)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&FoundInStore { answer: &answer, verbose, quiet });
    Failure::after(answer.worst())
}
