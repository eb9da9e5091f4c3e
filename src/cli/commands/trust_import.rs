//! `sealift trust import`, and what it and `refresh` say of an update.

use std::{collections::BTreeMap, fmt};

use serde_json::{Value, json};

use super::{Context, bundle_verify::pinned_keys};
use crate::{
    adapters::{
        archive::SignedArchive,
        tuf::{self as tuf_store, RefreshError, Refreshed, TrustStore},
    },
    app::{
        trust::{self, Carried},
        verify,
    },
    cli::{
        declare::{Format, Import},
        failure::{Failure, Kind, Outcome},
        terminal::STRONG,
    },
    core::{
        archive::manifest::TrustSource,
        text::{Message, Untrusted},
        time::{self, Time},
        tuf::{Change, MetadataError, UpdateError},
    },
};

/// Advances the trust store to what an archive carries.
///
/// # Errors
/// Exit 1, when the seal or the metadata is refused, or the store holds newer; exit 2, when a
/// file cannot be read or written, or the archive carries nothing to import.
pub fn run(options: &Import, context: &mut Context<'_>) -> Outcome {
    let keys = pinned_keys(&options.keys)?;
    let archive = verify::open(&options.archive, &keys, options.threshold as usize)?;
    verify::require_sealed_before(&archive, context.env.now)?;
    require_past(context)?;
    let names: Vec<String> = archive
        .manifest()
        .predicate()
        .trust
        .iter()
        .filter(|trust| trust.source == TrustSource::Tuf)
        .map(|trust| trust.instance.clone())
        .filter(|name| options.instance.as_ref().is_none_or(|wanted| wanted == name))
        .collect();
    if names.is_empty() {
        return Err(Failure::could_not(format_args!(
            "{} carries no TUF metadata{}",
            options.archive.display(),
            options.instance.as_ref().map(|name| format!(" of {name}")).unwrap_or_default()
        ))
        .hint("on the connected side, seal without --no-refresh, or after sealift trust refresh"));
    }
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let mut advances = Vec::new();
    let mut failures = Vec::new();
    for name in names {
        match import(options, &store, &archive, &name, context.env.now) {
            Ok(refreshed) => advances.push(Advance::of(&name, &refreshed)),
            Err(failure) => failures.push((name, failure)),
        }
    }
    finish(&advances, failures, context)
}

fn import(
    options: &Import,
    store: &TrustStore,
    archive: &SignedArchive,
    name: &str,
    now: Time,
) -> Outcome<Refreshed> {
    let instance = store.instance(name)?;
    let Carried { state, checked_at } = trust::carried(&instance, archive)?
        .ok_or_else(|| Failure::refused(format_args!("{name} is not carried")))?;
    // Imported otherwise, what nobody could judge by would stand in the way of what the store holds.
    trust::require_usable(&instance, &state)?;
    let part = store.open(name)?;
    if options.reset_check {
        part.lock()?.reset_check(&instance, now)?;
    }
    tuf_store::import(&instance, &state, &part, checked_at).map_err(|error| {
        let older = matches!(
            error,
            RefreshError::Update(UpdateError::Refused(
                MetadataError::Rollback { .. } | MetadataError::Removed { .. }
            ))
        );
        let hint = older.then_some(
            "this machine has seen newer, which stays; verify judges by that. To go on, carry an \
             archive sealed since",
        );
        failure(name, &error).maybe_hint(hint)
    })
}

/// What is written down as a check must not be at a time yet to come.
pub(super) fn require_past(context: &Context<'_>) -> Outcome {
    if context.env.now > context.env.clock {
        return Err(Failure::could_not("--at is in the future")
            .hint("the trust store would say that it was checked then"));
    }
    Ok(())
}

/// As a command ends with it: exit 1 where what was offered was refused.
pub(super) fn failure<E: std::error::Error>(name: &str, error: &RefreshError<E>) -> Failure {
    let kind = match error {
        RefreshError::Update(UpdateError::Refused(_)) => Kind::Refused,
        _ => Kind::CouldNotCheck,
    };
    let failure = Failure { kind, ..Failure::could_not(format_args!("{name}: {error}")) };
    failure.maybe_hint(error.hint())
}

/// Prints what became of each instance. One's failure does not hide what became of the others.
pub(super) fn finish(
    advances: &[Advance],
    failures: Vec<(String, Failure)>,
    context: &mut Context<'_>,
) -> Outcome {
    match context.format {
        Format::Human => advances.iter().for_each(|advance| context.terminal.result(advance)),
        Format::Json => context.json(&json!({
            "schema": "sealift-trust-update/1",
            "instances": advances.iter().map(Advance::to_json).collect::<Vec<_>>(),
            "failures": failures.iter().map(|(name, failure)| json!({
                "instance": name, "failure": failure.to_json(),
            })).collect::<Vec<_>>(),
        })),
    }
    // What was refused weighs more than what could not be had.
    let refused = failures.iter().any(|(_, failure)| failure.kind == Kind::Refused);
    for advance in advances {
        for (path, reason) in &advance.missed {
            let warning = format!("{}: {path} could not be updated: {reason}", advance.instance);
            context.terminal.warning(
                Untrusted(&warning),
                Some("all else is updated; of this file the last one that verified stays, with its age"),
            );
        }
    }
    for (_, failure) in &failures {
        context.terminal.failure(failure);
    }
    match (failures.is_empty(), refused) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::reported(Kind::Refused)),
        (false, false) => Err(Failure::reported(Kind::CouldNotCheck)),
    }
}

/// How an update changed what the store holds.
pub(super) struct Advance {
    instance: String,
    roles: Vec<(String, u64, String)>,
    changes: Vec<Change>,
    first: bool,
    missed: BTreeMap<String, String>,
}

impl Advance {
    /// Of an update that succeeded.
    pub fn of(instance: &str, refreshed: &Refreshed) -> Self {
        let roles = refreshed.after.roles().iter();
        Self {
            instance: instance.to_owned(),
            roles: roles
                .map(|role| (role.name.clone(), role.version, time::format(role.expires)))
                .collect(),
            changes: refreshed
                .before
                .as_ref()
                .map(|before| before.changes(&refreshed.after))
                .unwrap_or_default(),
            first: refreshed.before.is_none(),
            missed: refreshed.after.missed().clone(),
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "instance": self.instance,
            "changed": self.first || !self.changes.is_empty(),
            "roles": self.roles.iter().map(|(name, version, expires)| json!({
                "name": name, "version": version, "expires": expires,
                "before": self.changes.iter().find(|change| change.role == *name).and_then(|change| change.from),
            })).collect::<Vec<_>>(),
            "missed": self.missed.iter().map(|(path, reason)| json!({
                "target": path, "reason": Message(reason).to_string(),
            })).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Advance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match (self.first, self.changes.as_slice()) {
            (true, _) => "now held",
            (false, []) => "up to date",
            (false, _) => "updated",
        };
        write!(f, "{STRONG}{}{STRONG:#}: {state}", self.instance)?;
        for (name, version, expires) in &self.roles {
            let change = self.changes.iter().find(|change| change.role == *name);
            let before = change.and_then(|change| change.from);
            let before = before.map(|from| format!("{from} to ")).unwrap_or_default();
            let name = Untrusted(name).to_string();
            write!(f, "\n  {name:<20} {:>12}   expires {expires}", format!("{before}{version}"))?;
        }
        Ok(())
    }
}
