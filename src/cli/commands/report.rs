//! `sealift report`.

use crate::{
    app::stored,
    cli::{context::Context, declare::Report, failure::CommandResult, render::RenderedReport},
};

/// Renders a stored report.
///
/// # Errors
/// Exit 1, when none of the given keys has signed it. Exit 2, when it cannot be read or is not a report, or
/// the file is there or cannot be written.
pub fn run(options: &Report, context: &mut Context<'_>) -> CommandResult {
    let file = options.output.as_deref().filter(|file| file.as_os_str() != "-");
    let text = stored::render(&options.report, &options.keys, options.to.render, file)?;
    context.print(&RenderedReport { rendering: options.to, text: &text, file });
    Ok(())
}
