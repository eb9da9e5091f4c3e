//! `sealift policy`: what was written, what a policy has, who built what.

mod check;

use std::{fmt, path::Path};

use serde::Serialize;
use serde_json::{Value, json};

pub use self::check::CheckedPolicy;
use super::{Rendered, human::count};
use crate::{
    app::policy_lock::WrittenIdentities,
    cli::terminal::{BAD, DIM, GOOD, WARN},
    core::{
        builder::IdentityChange,
        policy::{Line, LineChange},
        text::{Untrusted, bounded},
        verdict::Claim,
    },
};

/// A policy to start from. Without a file, the text is the result.
pub struct WrittenPolicy<'a> {
    /// The policy.
    pub text: &'a str,
    /// Where it was written.
    pub file: Option<&'a Path>,
}

impl fmt::Display for WrittenPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.file {
            Some(file) => {
                write!(f, "{GOOD}written{GOOD:#}: {}", Untrusted(&file.display().to_string()))
            }
            None => f.write_str(self.text.trim_end()),
        }
    }
}

impl Rendered for WrittenPolicy<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-policy-init/1",
            "file": self.file.map(|file| file.display().to_string()),
            "policy": self.text,
        })
    }
}

/// Identities that were written.
pub struct LockedIdentities<'a> {
    /// What was written, and what changed.
    pub locked: &'a WrittenIdentities,
    /// The file.
    pub file: &'a Path,
    /// Whether it was there before.
    pub update: bool,
    /// Whether to say only the first line.
    pub quiet: bool,
}

impl fmt::Display for LockedIdentities<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WrittenIdentities { identities, changes, .. } = self.locked;
        let lines = identities.lines().count();
        let built = identities.lines().filter(|(_, all)| all.iter().any(|one| one.build.is_some()));
        let (number, built) = (count(lines, "release line"), built.count());
        let built = format!("{built} with a known builder");
        match (self.update, changes.0.len()) {
            (false, _) => return write!(f, "{GOOD}locked{GOOD:#}: {number}, {built}"),
            (true, 0) => return write!(f, "{GOOD}unchanged{GOOD:#}: {number}, {built}"),
            (true, changed) => {
                write!(f, "{GOOD}updated{GOOD:#}: {changed} of {number}, {built}")?;
            }
        }
        if self.quiet {
            return Ok(());
        }
        for (line, change) in &changes.0 {
            write_change(f, line, change)?;
        }
        Ok(())
    }
}

/// What changes in a release line: what may be an attack first.
fn write_change(f: &mut fmt::Formatter<'_>, line: &Line, change: &LineChange) -> fmt::Result {
    let from = line.from.as_deref().map(|from| format!(" {DIM}{}{DIM:#}", Untrusted(from)));
    let new = if change.is_new { format!(" {WARN}new{WARN:#}") } else { String::new() };
    let package = format!("{}:{}", line.ecosystem, line.name);
    let (package, name) = (Untrusted(&package), Untrusted(&line.line));
    write!(f, "\n\n  {package}, release line {name}{new}{}", from.unwrap_or_default())?;
    for IdentityChange { who, from, to } in &change.builders {
        let (what, before, now) = (who.name(), Untrusted(from), Untrusted(to));
        write!(
            f,
            "\n    {BAD}builder changed{BAD:#}: {what} was\n      {before}\n    and is\n      {now}"
        )?;
    }
    let claims = |claims: &[Claim]| {
        let names: Vec<_> = claims.iter().map(|claim| claim.name().to_owned()).collect();
        names.join(", ")
    };
    for (what, style, values) in [
        ("claims lost", BAD, claims(&change.lost)),
        ("claims gained", GOOD, claims(&change.gained)),
        ("versions added", DIM, change.added.join(", ")),
        ("versions removed", WARN, change.removed.join(", ")),
    ] {
        if !values.is_empty() {
            write!(f, "\n    {style}{what}{style:#}: {}", Untrusted(&values))?;
        }
    }
    Ok(())
}

impl Rendered for LockedIdentities<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let WrittenIdentities { identities, changes, report } = self.locked;
        json!({
            "schema": "sealift-lock/1",
            "file": self.file.display().to_string(),
            "archive": {
                "file": report.archive.file,
                "sha256": report.archive.sha256.to_hex(),
            },
            "updated": self.update,
            "lines": identities.lines().count(),
            "changes": changes.0.iter().map(|(line, change)| change_json(line, change))
                .collect::<Vec<_>>(),
        })
    }
}

fn change_json(line: &Line, change: &LineChange) -> Value {
    let claims = |claims: &[Claim]| claims.iter().map(|claim| claim.name()).collect::<Vec<_>>();
    json!({
        "package": format!("{}:{}", line.ecosystem, line.name),
        "registry": line.from.as_deref().map(bounded),
        "line": line.line,
        "new": change.is_new,
        "builders": change.builders.iter().map(|it| json!({
            "what": it.who.name(), "before": bounded(&it.from), "now": bounded(&it.to),
        })).collect::<Vec<_>>(),
        "claimsLost": claims(&change.lost),
        "claimsGained": claims(&change.gained),
        "versionsAdded": change.added,
        "versionsRemoved": change.removed,
    })
}
