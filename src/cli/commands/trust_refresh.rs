//! `sealift trust refresh`.

use crate::{
    app::{connection::Npmrc, trust},
    cli::{
        context::Context, declare::Refresh, env::Env, failure::CommandResult, network,
        render::UpdatedInstances,
    },
};

/// Brings the trust store up to date. One instance's failure does not stop the others.
///
/// # Errors
/// Exit 1, when what a repository offers is refused; exit 2, when it cannot be had, or the store
/// cannot be read or written. The store is then as it was, but for the floor against rollback.
pub fn run(options: &Refresh, context: &mut Context<'_>) -> CommandResult {
    let options = trust::Refresh {
        instance: options.instance.clone(),
        mirror: options.mirror.clone(),
        root: options.root.clone(),
        reset_check: options.reset_check,
        store: options.store.folder(context.env),
    };
    let refreshing = options.prepare(&context.clock)?;
    let npmrc = Npmrc::load(context.env.npmrc.as_deref(), None, false, &Env::variable)?;
    let network = network::acquire(&npmrc, context)?;
    let updated = UpdatedInstances::from(refreshing.run(&network));
    context.print(&updated);
    updated.end(context.terminal)
}
