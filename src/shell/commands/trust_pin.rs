//! `sealift trust pin`.

use super::Context;
use crate::{
    adapters::files,
    core::{digest::Algorithm, limits, tuf::PinnedRoots},
    shell::{
        cli::Pin,
        failure::{Failure, Outcome},
        trust,
    },
};

/// Shows a root's fingerprint and, once that was confirmed, trusts it.
///
/// # Errors
/// Exit 2, when it was not confirmed, the name is taken, or the file is no root signed by its own
/// keys.
pub fn run(options: &Pin, context: &mut Context<'_>) -> Outcome {
    let bytes = files::read(&options.root, limits::ROOT_BYTES)?;
    let fingerprint = Algorithm::Sha256.digest(&bytes).to_hex();
    let pinned = PinnedRoots::new(bytes.clone())
        .map_err(|error| Failure::could_not(format_args!("{}: {error}", options.root.display())))?;
    context.terminal.result(format_args!("root {} sha256:{fingerprint}", pinned.newest()));
    if !options.yes {
        return Err(Failure::could_not("nothing was pinned: the fingerprint was not confirmed")
            .hint("compare it with one that you got another way, then run this again with --yes"));
    }
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    store.pin(&options.instance, options.url.as_str(), &bytes)?;
    context.terminal.note(format_args!("{} is pinned", options.instance));
    Ok(())
}
