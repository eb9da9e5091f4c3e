//! `sealift trust pin`.

use serde_json::json;

use super::Context;
use crate::{
    adapters::files,
    app::trust,
    cli::{
        declare::{Format, Pin},
        failure::{Failure, Kind, Outcome},
    },
    core::{limits, package::digest::Algorithm, tuf::PinnedRoots},
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
    if options.yes {
        let store = trust::store(options.store.trust_dir.as_deref(), context.env);
        store.pin(&options.instance, options.url.as_str(), options.registry.as_deref(), &bytes)?;
    }
    match context.format {
        Format::Human => {
            context.terminal.result(format_args!("root {} sha256:{fingerprint}", pinned.newest()));
        }
        Format::Json => context.json(&json!({
            "schema": "sealift-trust-pin/1",
            "instance": options.instance,
            "root": pinned.newest(),
            "sha256": fingerprint,
            "pinned": options.yes,
        })),
    }
    if options.yes {
        context.terminal.note(format_args!("{} is pinned", options.instance));
        return Ok(());
    }
    let failure = Failure::could_not("nothing was pinned: the fingerprint was not confirmed");
    context.terminal.failure(
        &failure
            .hint("compare it with one that you got another way, then run this again with --yes"),
    );
    Err(Failure::reported(Kind::CouldNotCheck))
}
