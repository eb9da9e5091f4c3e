//! `sealift bundle verify`.

use crate::{
    app::{store, verify::verify},
    cli::{
        context::Context,
        declare::Verify,
        failure::{Failure, Kind, Outcome},
        render::JudgedStore,
    },
};

/// Verifies an archive, and reports on every package in it.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    if store::is_folder(&options.archive) {
        return run_on_folder(options, context);
    }
    let resolved = options.verify.resolve(&options.archive, context.env);
    match verify(&resolved, &context.clock)?.admit() {
        Ok(verified) => {
            context.report(verified.report());
            Ok(())
        }
        Err(report) => {
            context.report(&report);
            Err(Failure::reported(Kind::Refused))
        }
    }
}

/// Verifies all archives of a folder.
fn run_on_folder(options: &Verify, context: &mut Context<'_>) -> Outcome {
    let resolved = options.verify.resolve(&options.archive, context.env);
    let judgment = store::verify(&resolved, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&JudgedStore { judgment: &judgment, verbose, quiet });
    context.of_store(&judgment)
}
