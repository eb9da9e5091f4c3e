//! `sealift trust show`: what is trusted, for people and programs.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::{anchor_json, failures, failures_json};
use crate::{
    app::{
        report::MaterialSource,
        trust::{AllTrusted, Trusted},
    },
    cli::{
        failure::Failure,
        render::{
            Rendered,
            human::{ago, day},
        },
        terminal::{BAD, DIM, STRONG, WARN},
    },
    core::{
        text::Untrusted,
        time::{self, Time},
        trust::Anchor,
    },
};

/// What is trusted of each instance. Those that could not be read fail, and hide no other.
pub struct TrustedInstances {
    instances: Vec<Trusted>,
    /// The instances that could not be read.
    pub failures: Vec<(String, Failure)>,
    at: Time,
}

impl TrustedInstances {
    /// At a reference time.
    pub fn new(all: AllTrusted, at: Time) -> Self {
        Self { instances: all.instances, failures: failures(all.failures), at }
    }

    fn pages(&self) -> impl Iterator<Item = Page<'_>> {
        self.instances.iter().map(|trusted| Page { trusted, at: self.at })
    }
}

impl fmt::Display for TrustedInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pages: Vec<_> = self.pages().map(|page| page.to_string()).collect();
        f.write_str(&pages.join("\n\n"))
    }
}

impl Rendered for TrustedInstances {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-trust/1",
            "at": time::format(self.at),
            "instances": self.pages().map(|page| page.to_json()).collect::<Vec<_>>(),
            "failures": failures_json(&self.failures),
        })
    }
}

/// What is trusted of one instance.
struct Page<'a> {
    trusted: &'a Trusted,
    at: Time,
}

impl Page<'_> {
    fn roles(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.trusted.roles().is_empty() {
            write!(
                f,
                "\n\n  {STRONG}{:<20}{:>8}{:>10}  expires{STRONG:#}",
                "role", "version", "keys"
            )?;
        }
        for role in self.trusted.roles() {
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
        Ok(())
    }

    fn to_json(&self) -> Value {
        let Trusted { instance, material, anchors, older } = self.trusted;
        json!({
            "instance": instance.name,
            "url": instance.url,
            "source": material.source.name(),
            "checkedAt": material.state.as_ref().map(|_| time::format(material.checked_at)),
            "publishedAt": self.trusted.built_in().map(|_| time::format(material.checked_at)),
            "keysCheckedAt": material.npm_keys_checked_at.map(time::format),
            "older": older.map(|(root, checked)| json!({
                "source": MaterialSource::Store.name(), "root": root, "checkedAt": time::format(checked),
            })),
            "pinnedRoots": instance.pinned.roots().map(|(version, _)| version).collect::<Vec<_>>(),
            "roles": self.trusted.roles().iter().map(|role| json!({
                "name": role.name,
                "version": role.version,
                "threshold": role.threshold,
                "keys": role.keys,
                "expires": time::format(role.expires),
                "expiresInDays": role.days_left(self.at),
            })).collect::<Vec<_>>(),
            "items": anchors.iter().map(anchor_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |time: Time| format!("{}, {}", day(time), ago(self.at - time));
        let (name, when) = (&self.trusted.instance.name, at(self.trusted.material.checked_at));
        match self.trusted.built_in() {
            None => writeln!(f, "{STRONG}{name}{STRONG:#}: checked {when}")?,
            Some(root) => writeln!(
                f,
                "{STRONG}{name}{STRONG:#}: built in, published {when}, not checked since\n  root {root}"
            )?,
        }
        if let Some((root, checked)) = self.trusted.older {
            writeln!(f, "  the trust store is older: root {root}, checked {}", at(checked))?;
        }
        if let Some(checked) = self.trusted.material.npm_keys_checked_at {
            writeln!(f, "  {WARN}npm keys could not be updated{WARN:#}: checked {}", at(checked))?;
        }
        let pinned: Vec<_> =
            self.trusted.instance.pinned.roots().map(|(version, _)| version.to_string()).collect();
        write!(f, "  pinned roots {}", pinned.join(", "))?;
        self.roles(f)?;
        write!(f, "\n\n  {STRONG}{:<24}{:<24} name{STRONG:#}", "key or authority", "valid")?;
        for anchor in &self.trusted.anchors {
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
