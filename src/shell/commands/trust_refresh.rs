//! `sealift trust refresh`.

use serde_json::json;

use super::{Context, trust_import::Advance};
use crate::{
    adapters::{
        files,
        registry::Npmrc,
        tuf::{self as tuf_store, RefreshError},
    },
    core::{
        limits,
        tuf::{PinnedRoots, UpdateError},
    },
    shell::{
        cli::{Format, Refresh},
        env::Env,
        failure::{Failure, Kind, Outcome},
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
    let npmrc = Npmrc::load(context.env.npmrc.as_deref(), None, &Env::variable)?;
    let network = super::bundle_fetch::acquire(&npmrc, context)?;
    let mut advances = Vec::new();
    let mut worst: Option<Failure> = None;
    for name in names {
        let mut instance = store.instance(&name)?;
        if let Some(path) = &options.root {
            let bytes = files::read(path, limits::ROOT_BYTES)?;
            let pinned = PinnedRoots::new(bytes)
                .map_err(|error| Failure::could_not(format_args!("{}: {error}", path.display())))?;
            instance = instance.with_root(pinned);
        }
        let url = options.mirror.as_ref().map_or(instance.url.as_str(), url::Url::as_str);
        let repository = trust::repository(&network, url)?;
        let part = store.open(&name)?;
        match tuf_store::refresh(&instance, &repository, &part, context.env.now) {
            Ok(refreshed) => advances.push(Advance::of(&name, &refreshed)),
            Err(error) => {
                let failure = failure(&name, &error);
                if let Some(earlier) = worst.take() {
                    context.terminal.failure(&earlier);
                }
                worst = Some(failure);
            }
        }
    }
    match context.format {
        Format::Human => advances.iter().for_each(|advance| context.terminal.result(advance)),
        Format::Json => context.json(&json!({
            "schema": "sealift-trust-update/1",
            "instances": advances.iter().map(Advance::to_json).collect::<Vec<_>>(),
        })),
    }
    worst.map_or(Ok(()), Err)
}

fn failure<E: std::error::Error>(name: &str, error: &RefreshError<E>) -> Failure {
    let kind = match error {
        RefreshError::Update(UpdateError::Refused(_)) => Kind::Refused,
        _ => Kind::CouldNotCheck,
    };
    let failure = Failure { kind, ..Failure::could_not(format_args!("{name}: {error}")) };
    failure.maybe_hint(error.hint().or_else(|| {
        let unavailable = matches!(error, RefreshError::Update(UpdateError::Unavailable { .. }));
        unavailable.then(|| "what the store holds stays; --mirror asks another address".to_owned())
    }))
}
