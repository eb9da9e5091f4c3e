//! `sealift trust export`.

use crate::{
    app::trust::export,
    cli::{context::Context, declare::Export, failure::CommandResult, render::ExportedFiles},
};

/// Writes what is trusted, in the forms that other tools take.
///
/// # Errors
/// Exit 2, when there is no material, or a file cannot be written.
pub fn run(options: &Export, context: &mut Context<'_>) -> CommandResult {
    let store = options.store.folder(context.env);
    let files = export(&store, &options.instance, &options.output, context.clock.at)?;
    context.print(&ExportedFiles(files));
    Ok(())
}
