//! `sealift policy init`.

use crate::{
    app::{
        policy_init::{self, InitError, init},
        verify::{self, Demands, Terms},
    },
    cli::{context::Context, declare::Init, failure::CommandResult, render::WrittenPolicy},
    core::{policy::Policy, verdict::Claim},
};

/// Writes a policy to start from.
///
/// # Errors
/// Exit 1, when the archive was refused; the report then says why. Exit 2, when it could not be
/// checked, or the file is there or cannot be written.
pub fn run(options: &Init, context: &mut Context<'_>) -> CommandResult {
    let trust = options.trust.resolve(context.env);
    let from = options.from.as_ref().map(|archive| verify::Options {
        archive: archive.clone(),
        terms: Terms {
            keys: options.keys.clone(),
            threshold: options.threshold as usize,
            demands: Demands {
                policies: options.policy.clone(),
                policy: Policy::requiring([Claim::Integrity], []),
                lockfiles: Vec::new(),
            },
            trust,
        },
    });
    let output = options.output.clone();
    let text = match init(&policy_init::Options { output, from }, &context.clock) {
        Err(InitError::Refused(report)) => return Err(context.refused(report, InitError::Refused)),
        text => text?,
    };
    context.print(&WrittenPolicy { text: &text, file: options.output.as_deref() });
    Ok(())
}
