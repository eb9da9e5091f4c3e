//! `sealift policy check`.

use crate::{
    app::{
        Worst,
        policy_check::{self, check},
    },
    cli::{
        context::Context,
        declare::Check,
        failure::{CommandResult, Failure},
        render::CheckedPolicy,
    },
};

/// Checks policies, and tries them on an archive.
///
/// # Errors
/// Exit 1, when the archive was refused; exit 2, when a policy is not valid, or the archive could not
/// be checked.
pub fn run(options: &Check, context: &mut Context<'_>) -> CommandResult {
    let mut policies = vec![options.file.clone()];
    policies.extend(options.policy.iter().cloned());
    let options = policy_check::Options {
        policies,
        archive: options.archive.clone(),
        keys: options.keys.clone(),
        trust: options.trust.resolve(context.env),
    };
    let checked = check(&options, &context.clock)?;
    let (at, quiet) = (context.clock.at, context.terminal.quiet());
    context.print(&CheckedPolicy { checked: &checked, at, quiet });
    let verdict = checked.report.map(|report| report.verdict());
    Failure::after(verdict.map_or(Worst::Nothing, Worst::from))
}
