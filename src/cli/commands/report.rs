//! `sealift report`.

use crate::{
    app::{
        outputs,
        stored::{self, Outputs},
    },
    cli::{context::Context, declare::Report, failure::Outcome, render::RenderedReport},
};

/// Renders a stored report.
///
/// # Errors
/// Exit 1, when none of the given keys has signed it. Exit 2, when it cannot be read or is not a report, or
/// the file is there or cannot be written.
pub fn run(options: &Report, context: &mut Context<'_>) -> Outcome {
    let file = options.output.as_deref().filter(|file| file.as_os_str() != "-");
    let files = file.map(ToOwned::to_owned).into_iter().collect();
    let output = Outputs::prepare(files, None, context.terminal)?;
    let opened = stored::open(&options.report, &options.keys)?;
    let text = options.to.render(&opened.report, &opened.origin);
    outputs::keep(output.fill(vec![text.clone().into_bytes()])?)?;
    context.print(&RenderedReport { rendering: options.to, text: &text, file });
    Ok(())
}
