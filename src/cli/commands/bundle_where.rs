//! `sealift bundle where`.

use crate::{
    app::store::search,
    cli::{
        context::Context,
        declare::Where,
        failure::{CommandResult, Ending, Failure},
        render::FoundInStore,
    },
};

/// Answers from the index of a folder which archives hold something.
///
/// # Errors
/// Exit 2, when there is no usable index, it is not of the archives that are there, or the packages of an
/// archive are not known.
pub fn run(options: &Where, context: &mut Context<'_>) -> CommandResult {
    let answer = search(&options.query, &options.folder)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&FoundInStore { answer: &answer, verbose, quiet });
    match answer.is_complete() {
        true => Ok(()),
        false => Err(Failure::reported(Ending::CouldNotCheck)),
    }
}
