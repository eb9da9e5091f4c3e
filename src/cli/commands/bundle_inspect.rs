//! `sealift bundle inspect`.

use crate::{
    app::archive,
    cli::{context::Context, declare::Inspect, failure::CommandResult, render::Inspected},
};

/// Shows what an archive says of itself, and that nothing of it was verified.
///
/// # Errors
/// Exit 1, when the archive is malformed; exit 2, when it cannot be read.
pub fn run(options: &Inspect, context: &mut Context<'_>) -> CommandResult {
    let inspection = archive::inspect(&options.archive)?;
    let verbose = context.terminal.verbose();
    context.print(&Inspected { inspection: &inspection, verbose });
    Ok(())
}
