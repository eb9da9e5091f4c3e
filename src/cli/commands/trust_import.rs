//! `sealift trust import`.

use crate::{
    app::trust::{self, import},
    cli::{context::Context, declare::Import, failure::CommandResult, render::UpdatedInstances},
};

/// Advances the trust store to what an archive carries.
///
/// # Errors
/// Exit 1, when the seal or the metadata is refused, or the store holds newer; exit 2, when a
/// file cannot be read or written, or the archive carries nothing to import.
pub fn run(options: &Import, context: &mut Context<'_>) -> CommandResult {
    let options = trust::Import {
        archive: options.archive.clone(),
        keys: options.keys.clone(),
        threshold: options.threshold as usize,
        instance: options.instance.clone(),
        reset_check: options.reset_check,
        store: options.store.folder(context.env),
    };
    let updated = UpdatedInstances::from(import(&options, &context.clock)?);
    context.print(&updated);
    updated.end(context.terminal)
}
