//! `sealift bundle index`.

use crate::{
    app::store::{IndexOptions, index},
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
/// Exit 1, when an archive is refused; exit 2, when one could not be checked, a stored report cannot be used,
/// or the index could not be written.
pub fn run(options: &Index, context: &mut Context<'_>) -> CommandResult {
    let folder = options.folder.clone();
    let (terms, report_keys) = (options.verify.terms(context.env), options.report_keys.clone());
    let indexed = index(&IndexOptions { folder, terms, report_keys }, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&IndexedStore { indexed: &indexed, verbose, quiet });
    Failure::after(indexed.worst())
}
