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
        tuf::{self as tuf_store, Refreshed, TrustStore},
    },
    core::{limits, time::Time, tuf::PinnedRoots},
    shell::{
        cli::Refresh,
        env::Env,
        failure::{Failure, Outcome},
        trust,
    },
};

/// Brings the trust store up to date. One instance's failure does not stop the others.
///
/// # Errors
/// Exit 1, when what a repository offers is refused; exit 2, when it cannot be had, or the store
/// cannot be read or written. The store is then as it was, but for the floor against rollback.
pub fn run(options: &Refresh, context: &mut Context<'_>) -> Outcome {
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
    let mut instance = store.instance(name)?;
    if let Some(path) = &options.root {
        let bytes = files::read(path, limits::ROOT_BYTES)?;
        let pinned = PinnedRoots::new(bytes)
            .map_err(|error| Failure::could_not(format_args!("{}: {error}", path.display())))?;
        instance = instance.with_root(pinned);
    }
    let url = options.mirror.as_ref().map_or(instance.url.as_str(), url::Url::as_str);
    let repository = trust::repository(network, url)?;
    tuf_store::refresh(&instance, &repository, &store.open(name)?, at)
        .map_err(|error| trust_import::failure(name, &error))
}
