//! The network, for the commands that may use it.

use crate::{
    app::connection::{Network, Npmrc, connect},
    cli::{context::Context, env::Env, failure::Outcome},
    core::text::Untrusted,
};

/// The network, as `.npmrc` configures it.
///
/// # Errors
/// Exit 2, when the configuration cannot be used.
pub fn acquire(npmrc: &Npmrc, context: &mut Context<'_>) -> Outcome<Network> {
    for warning in &npmrc.warnings {
        context.terminal.warning(Untrusted(warning), None);
    }
    Ok(connect(npmrc, &Env::variable)?)
}
