//! `sealift report`.

use crate::{
    app::stored::{self, Outputs},
    cli::{context::Context, declare::Report, failure::Outcome, render::RenderedReport},
};

/// Renders a stored report.
///
/// # Errors
/// Exit 1, when none of the given keys has signed it. Exit 2, when it cannot be read or is not a report, or
/// the file is there or cannot be written.
pub fn run(options: &Report, context: &mut Context<'_>) -> Outcome {
    let output = options.output.clone();
    let outputs = Outputs::prepare(output.into_iter().collect(), None, context.terminal)?;
    let opened = stored::open(&options.report, &options.keys)?;
    let text = options.to.render(&opened.report, &opened.source);
    outputs.write(&[text.clone().into_bytes()])?;
    let file = options.output.as_deref();
    context.print(&RenderedReport { rendering: options.to, text: &text, file });
    Ok(())
}
