//! `sealift bundle index`.

use crate::{
    app::store::index,
    cli::{
        context::Context,
        declare::Index,
        failure::{CommandResult, Failure},
        render::IndexedStore,
    },
};

/// Judges all archives of a folder, and writes its index.
///
/// # Errors
/// Exit 1, when an archive is refused; exit 2, when one could not be checked, or the index could not be
/// written.
pub fn run(options: &Index, context: &mut Context<'_>) -> CommandResult {
    let resolved = options.verify.resolve(&options.folder, context.env);
    let indexed = index(&resolved, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&IndexedStore { indexed: &indexed, verbose, quiet });
    Failure::after(indexed.judgment.worst())
}
