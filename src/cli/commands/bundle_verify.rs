//! `sealift bundle verify`.

use crate::{
    app::{
        attest,
        store::{self, StoreError},
        verify::verify,
    },
    cli::{
        context::Context,
        declare::Verify,
        failure::{Failure, Kind, Outcome},
        render::JudgedStore,
    },
};

/// Verifies an archive, reports on every package in it, and states what was found where that is asked for.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked, or a statement could not be written.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    if store::is_folder(&options.archive) {
        return run_on_folder(options, context);
    }
    let resolved = options.verify.resolve(&options.archive, context.env);
    let statements = attest::Options::from(&options.statements);
    // A statement that cannot be written is an error before the work begins.
    let attesting = statements.prepare(context.terminal)?;
    let examined = verify(&resolved, &context.clock)?;
    attesting.write(&examined)?;
    match examined.admit() {
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
    let statements = &options.statements;
    if statements.attest.is_some() || statements.attest_packages.is_some() {
        return Err(StoreError::Statement(options.archive.clone()).into());
    }
    let resolved = options.verify.resolve(&options.archive, context.env);
    let judgment = store::verify(&resolved, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&JudgedStore { judgment: &judgment, verbose, quiet });
    context.of_store(&judgment)
}
