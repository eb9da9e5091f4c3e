//! `sealift trust diff`.

use crate::{
    app::trust::{self, diff},
    cli::{context::Context, declare::Diff, failure::CommandResult, render::ComparedTrust},
};

/// Shows what differs. If the newer side is not given, it is what this machine trusts: the newer of its trust
/// store and the built-in material.
///
/// # Errors
/// Exit 2, when one cannot be read or holds nothing of the instance.
pub fn run(options: &Diff, context: &mut Context<'_>) -> CommandResult {
    let options = trust::Diff {
        old: options.old.clone(),
        new: options.new.clone(),
        keys: options.keys.clone(),
        instance: options.instance.clone(),
        store: options.store.folder(context.env),
    };
    let difference = diff(&options, context.clock.at)?;
    context.print(&ComparedTrust { instance: &options.instance, difference: &difference });
    Ok(())
}
