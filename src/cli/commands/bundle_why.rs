//! `sealift bundle why`.

use crate::{
    app::why::why,
    cli::{
        context::Context,
        declare::Why,
        failure::{CommandResult, Ending, Failure},
        render::Reasons,
    },
};

/// Explains what became of a package.
///
/// # Errors
/// Exit 1, when the package is refused; exit 2, when it could not be checked, or is not there.
pub fn run(options: &Why, context: &mut Context<'_>) -> CommandResult {
    let resolved = options.verify.resolve(&options.archive, context.env);
    let why = why(&resolved, &options.package, &context.clock)?;
    context.print(&Reasons(&why));
    match why.is_refused() {
        true => Err(Failure::reported(Ending::Refused)),
        false => Ok(()),
    }
}
