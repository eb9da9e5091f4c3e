//! `sealift bundle verify`.

use crate::{
    app::{
        Worst,
        verification::{self, Verification},
    },
    cli::{
        context::Context,
        declare::Verify,
        failure::{CommandResult, Failure},
        render::JudgedStore,
    },
};

/// Verifies an archive, and reports on every package in it; or all archives of a folder.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked, or a statement or a report could not be written.
pub fn run(options: &Verify, context: &mut Context<'_>) -> CommandResult {
    let options = verification::Options {
        verify: options.verify.resolve(&options.archive, context.env),
        statements: (&options.statements).into(),
        reports: (&options.reports).into(),
    };
    match options.run(&context.clock, context.terminal)? {
        Verification::Archive(examined) => {
            context.report(examined.report());
            Failure::after(Worst::from(examined.report().verdict()))
        }
        Verification::Store(judgment) => {
            let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
            context.print(&JudgedStore { judgment: &judgment, verbose, quiet });
            Failure::after(judgment.worst())
        }
    }
}
