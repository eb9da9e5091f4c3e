//! `sealift trust refresh`.

use super::{
    Context,
    trust_import::{self, Advance},
};
use crate::{
    adapters::{
        files,
        network::Network,
        registry::Npmrc,
        tuf::{self as tuf_store, RefreshError, Refreshed, TrustStore},
    },
    app::trust,
    cli::{
        declare::Refresh,
        env::Env,
        failure::{Failure, Outcome},
    },
    core::{
        limits,
        time::Time,
        tuf::{PinnedRoots, UpdateError},
    },
};

/// Brings the trust store up to date. One instance's failure does not stop the others.
///
/// # Errors
/// Exit 1, when what a repository offers is refused; exit 2, when it cannot be had, or the store
/// cannot be read or written. The store is then as it was, but for the floor against rollback.
pub fn run(options: &Refresh, context: &mut Context<'_>) -> Outcome {
    trust_import::require_past(context)?;
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let names = match &options.instance {
        Some(name) => vec![name.clone()],
        None => store.instances()?,
    };
    let npmrc = Npmrc::load(context.env.npmrc.as_deref(), None, false, &Env::variable)?;
    let network = super::bundle_fetch::acquire(&npmrc, context)?;
    let mut advances = Vec::new();
    let mut failures = Vec::new();
    for name in names {
        match refresh(options, &store, &network, &name, context.env.now) {
            Ok(refreshed) => advances.push(Advance::of(&name, &refreshed)),
            Err(failure) => failures.push((name, failure)),
        }
    }
    trust_import::finish(&advances, failures, context)
}

fn refresh(
    options: &Refresh,
    store: &TrustStore,
    network: &Network,
    name: &str,
    at: Time,
) -> Outcome<Refreshed> {
    let instance = store.instance(name)?;
    let root = options.root.as_deref().map(|path| {
        let bytes = files::read(path, limits::ROOT_BYTES)?;
        PinnedRoots::new(bytes)
            .map_err(|error| Failure::could_not(format_args!("{}: {error}", path.display())))
    });
    let roots = root.transpose()?.unwrap_or_else(|| instance.pinned.clone());
    let url = options.mirror.as_ref().map_or(instance.url.as_str(), url::Url::as_str);
    let repository = trust::repository(network, url)?;
    let part = store.open(name)?;
    if options.reset_check {
        part.lock()?.reset_check(&instance, at)?;
    }
    tuf_store::refresh_from(&roots, &instance, &repository, &part, at).map_err(|error| {
        let hint = match &error {
            RefreshError::Update(UpdateError::Unavailable { .. }) => {
                Some("what the store holds stays; --mirror asks another address")
            }
            _ => None,
        };
        trust_import::failure(name, &error).maybe_hint(hint)
    })
}
