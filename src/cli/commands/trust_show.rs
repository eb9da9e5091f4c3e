//! `sealift trust show`.

use crate::{
    app::trust,
    cli::{
        context::Context,
        declare::TrustShow,
        failure::{CommandResult, Ending, Failure},
        render::TrustedInstances,
    },
};

/// Shows what is trusted: of each instance the newest of the store's material and what is built in.
/// One that cannot be shown does not hide the others.
///
/// # Errors
/// Exit 2, when there is no such instance, or the store cannot be read.
pub fn run(options: &TrustShow, context: &mut Context<'_>) -> CommandResult {
    let store = options.store.folder(context.env);
    let at = context.clock.at;
    let all = trust::show(&store, options.instance.as_deref(), at)?;
    let trusted = TrustedInstances::new(all, at);
    context.print(&trusted);
    for (_, failure) in &trusted.failures {
        context.terminal.failure(failure);
    }
    match trusted.failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::reported(Ending::CouldNotCheck)),
    }
}
