//! `sealift bundle verify`.

use crate::{
    app::{attest, verify::verify},
    cli::{
        context::Context,
        declare::Verify,
        failure::{Failure, Kind, Outcome},
    },
};

/// Verifies an archive, reports on every package in it, and states what was found where that is asked for.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked, or a statement could not be written.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
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
