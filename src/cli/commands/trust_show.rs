//! `sealift trust show`: what is trusted, for people and programs.

use std::fmt;

use serde_json::{Value, json};

use super::Context;
use crate::cli::render::{ago, day};
use crate::{
    adapters::tuf::TrustStore,
    app::{
        report::TrustSource,
        trust::{self, Material},
    },
    cli::{
        declare::{Format, TrustShow},
        failure::{Failure, Kind, Outcome},
        terminal::{BAD, DIM, STRONG, WARN},
    },
    core::{
        text::Untrusted,
        time::{self, Time},
        trust::{Anchor, Trust, instance::Instance},
        tuf::{RoleInfo, State},
    },
};

/// Shows what is trusted: of each instance the newest of the store's material and what is built in.
/// One that cannot be shown does not hide the others.
///
/// # Errors
/// Exit 2, when there is no such instance, or the store cannot be read.
pub fn show(options: &TrustShow, context: &mut Context<'_>) -> Outcome {
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let names = match &options.instance {
        Some(name) => vec![name.clone()],
        None => store.instances()?,
    };
    let (mut pages, mut failures) = (Vec::new(), Vec::new());
    for name in &names {
        match Page::of(&store, name, context.env.now) {
            Ok(page) => pages.push(page),
            Err(failure) => failures.push((name, failure)),
        }
    }
    match context.format {
        Format::Human if pages.is_empty() => {}
        Format::Human => {
            let pages: Vec<_> = pages.iter().map(Page::to_string).collect();
            context.terminal.result(pages.join("\n\n"));
        }
        Format::Json => context.json(&json!({
            "schema": "sealift-trust/1",
            "at": time::format(context.env.now),
            "instances": pages.iter().map(Page::to_json).collect::<Vec<_>>(),
            "failures": failures.iter().map(|(name, failure)| json!({
                "instance": name, "failure": failure.to_json(),
            })).collect::<Vec<_>>(),
        })),
    }
    for (_, failure) in &failures {
        context.terminal.failure(failure);
    }
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::reported(Kind::CouldNotCheck)),
    }
}

/// What is trusted of one instance.
struct Page {
    at: Time,
    instance: Instance,
    material: Material,
    trust: Trust,
    /// The root that the store holds, and when it was checked, where what is built in is newer.
    older: Option<(u64, Time)>,
}

impl Page {
    fn of(store: &TrustStore, name: &str, at: Time) -> Outcome<Self> {
        let instance = store.instance(name)?;
        let held = store.open(name)?.load(&instance)?;
        let older = held.local.state.as_ref().map(|state| state.version("root")).zip(held.checked);
        let material = Material::newest(&instance, held, None, at)?;
        let older = older.filter(|_| material.state.is_none());
        let trust = material.trust(&instance)?;
        Ok(Self { at, instance, material, trust, older })
    }

    /// The version of the root that built-in material came with, where that is what is trusted.
    fn built_in(&self) -> Option<u64> {
        self.instance.embedded.filter(|_| self.material.state.is_none()).map(|it| it.root)
    }

    fn roles(&self) -> &[RoleInfo] {
        self.material.state.as_ref().map(State::roles).unwrap_or_default()
    }

    fn to_json(&self) -> Value {
        json!({
            "instance": self.instance.name,
            "url": self.instance.url,
            "source": self.material.source.name(),
            "checkedAt": self.material.state.as_ref().map(|_| time::format(self.material.checked_at)),
            "publishedAt": self.built_in().map(|_| time::format(self.material.checked_at)),
            "keysCheckedAt": self.material.npm_keys_checked_at.map(time::format),
            "older": self.older.map(|(root, checked)| json!({
                "source": TrustSource::Store.name(), "root": root, "checkedAt": time::format(checked),
            })),
            "pinnedRoots": self.instance.pinned.roots().map(|(version, _)| version).collect::<Vec<_>>(),
            "roles": self.roles().iter().map(|role| json!({
                "name": role.name,
                "version": role.version,
                "threshold": role.threshold,
                "keys": role.keys,
                "expires": time::format(role.expires),
                "expiresInDays": role.days_left(self.at),
            })).collect::<Vec<_>>(),
            "items": self.trust.anchors().iter().map(anchor_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |time: Time| format!("{}, {}", day(time), ago(self.at - time));
        let (name, when) = (&self.instance.name, at(self.material.checked_at));
        match self.built_in() {
            None => writeln!(f, "{STRONG}{name}{STRONG:#}: checked {when}")?,
            Some(root) => writeln!(
                f,
                "{STRONG}{name}{STRONG:#}: built in, published {when}, not checked since\n  root {root}"
            )?,
        }
        if let Some((root, checked)) = self.older {
            writeln!(f, "  the trust store is older: root {root}, checked {}", at(checked))?;
        }
        if let Some(checked) = self.material.npm_keys_checked_at {
            writeln!(f, "  {WARN}npm keys could not be updated{WARN:#}: checked {}", at(checked))?;
        }
        let pinned: Vec<_> =
            self.instance.pinned.roots().map(|(version, _)| version.to_string()).collect();
        write!(f, "  pinned roots {}", pinned.join(", "))?;
        if !self.roles().is_empty() {
            write!(
                f,
                "\n\n  {STRONG}{:<20}{:>8}{:>10}  expires{STRONG:#}",
                "role", "version", "keys"
            )?;
        }
        for role in self.roles() {
            let expired = role.expires <= self.at;
            let style = if expired { BAD } else { anstyle::Style::new() };
            write!(
                f,
                "\n  {:<20}{:>8}{:>10}  {style}{}, {}{style:#}",
                Untrusted(&role.name).to_string(),
                role.version,
                format!("{} of {}", role.threshold, role.keys),
                role.expires.format("%Y-%m-%d"),
                ago(self.at - role.expires)
            )?;
        }
        write!(f, "\n\n  {STRONG}{:<24}{:<24} name{STRONG:#}", "key or authority", "valid")?;
        for anchor in self.trust.anchors() {
            write!(f, "\n  {}", AnchorLine(anchor, self.at))?;
        }
        Ok(())
    }
}

/// One key, log or authority, on a line.
struct AnchorLine<'a>(&'a Anchor, Time);

impl fmt::Display for AnchorLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(anchor, at) = self;
        let date = |time: Option<Time>| {
            time.map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_else(|| "…".into())
        };
        let style = match anchor.window.end {
            Some(end) if end < *at => DIM,
            _ => anstyle::Style::new(),
        };
        let name = Untrusted(&anchor.name);
        write!(
            f,
            "{:<24}{style}{:<24}{style:#} {name}",
            anchor.kind.name(),
            format!("{} to {}", date(anchor.window.start), date(anchor.window.end))
        )
    }
}

pub(super) fn anchor_json(anchor: &Anchor) -> Value {
    json!({
        "kind": anchor.kind.name(),
        "name": anchor.name,
        "id": anchor.id,
        "start": anchor.window.start.map(time::format),
        "end": anchor.window.end.map(time::format),
    })
}
