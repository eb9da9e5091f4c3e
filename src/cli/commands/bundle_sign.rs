//! `sealift bundle sign`.

use crate::{
    app::sign::{self, SignError, sign},
    cli::{context::Context, declare::Sign, failure::CommandResult},
};

/// Adds a signature to an archive, which is replaced by the one that has it. The archive is examined
/// first as `bundle verify` does.
///
/// # Errors
/// Exit 1, when the archive is refused, is another one than `--digest` says, or is signed by this key
/// already; exit 2, when a file cannot be read or written, or the archive was replaced meanwhile.
pub fn run(options: &Sign, context: &mut Context<'_>) -> CommandResult {
    let options = sign::Options {
        archive: options.archive.clone(),
        key: options.key.clone(),
        signed_by: options.signed_by.clone(),
        digest: options.digest.clone(),
        demands: (&options.demands).into(),
        trust: options.trust.resolve(context.env),
    };
    let signed = match sign(&options, &context.clock, context.terminal) {
        Err(SignError::Refused(report)) => return Err(context.refused(report, SignError::Refused)),
        signed => signed?,
    };
    context.report(&signed.report);
    context.terminal.note(format_args!(
        "{} is signed by {} too",
        options.archive.display(),
        signed.fingerprint
    ));
    Ok(())
}
