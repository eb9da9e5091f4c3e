//! `sealift trust pin`.

use crate::{
    app::trust::{self, pin},
    cli::{
        context::Context,
        declare::Pin,
        failure::{CommandResult, Ending, Failure},
        render::PinnedRoot,
    },
};

/// Shows a root's fingerprint and, once that was confirmed, trusts it.
///
/// # Errors
/// Exit 2, when it was not confirmed, the name is taken, or the file is not a root signed by its own
/// keys.
pub fn run(options: &Pin, context: &mut Context<'_>) -> CommandResult {
    let pinned = options.yes;
    let options = trust::Pin {
        root: options.root.clone(),
        instance: options.instance.clone(),
        url: options.url.to_string(),
        registry: options.registry.clone(),
        confirmed: options.yes,
        store: options.store.folder(context.env),
    };
    let root = pin(&options)?;
    context.print(&PinnedRoot { root: &root, instance: &options.instance, pinned });
    if pinned {
        context.terminal.note(format_args!("{} is pinned", options.instance));
        return Ok(());
    }
    let failure = Failure::could_not("nothing was pinned: the fingerprint was not confirmed");
    context.terminal.failure(
        &failure
            .hint("compare it with one that you got another way, then run this again with --yes"),
    );
    Err(Failure::reported(Ending::CouldNotCheck))
}
