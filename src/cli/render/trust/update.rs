//! `sealift trust refresh` and `sealift trust import`: what became of each instance.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::{failures, failures_json};
use crate::{
    app::{
        Worst,
        trust::{Advance, Updates},
    },
    cli::{
        failure::{CommandResult, Failure},
        render::Rendered,
        terminal::{STRONG, Terminal},
    },
    core::{
        text::{Message, Untrusted},
        time,
    },
};

/// What became of each instance. One's failure does not hide what became of the others.
pub struct UpdatedInstances {
    advances: Vec<Advance>,
    failures: Vec<(String, Failure)>,
    worst: Worst,
}

impl From<Updates> for UpdatedInstances {
    fn from(updates: Updates) -> Self {
        let worst = updates.worst();
        Self { advances: updates.advances, failures: failures(updates.failures), worst }
    }
}

impl UpdatedInstances {
    /// Says what could not be updated, and how the command ends.
    ///
    /// # Errors
    /// Exit 1, when what was offered was refused; exit 2, when it could not be had.
    pub fn end(&self, terminal: &mut Terminal) -> CommandResult {
        for advance in &self.advances {
            for (path, reason) in &advance.missed {
                let warning =
                    format!("{}: {path} could not be updated: {reason}", advance.instance);
                terminal.warning(
                    Untrusted(&warning),
                    Some("everything else was updated; the last verified copy of this file stays in use"),
                );
            }
        }
        for (_, failure) in &self.failures {
            terminal.failure(failure);
        }
        Failure::after(self.worst)
    }
}

impl fmt::Display for UpdatedInstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.advances.iter().map(|one| Lines(one).to_string()).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl Rendered for UpdatedInstances {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-trust-update/1",
            "instances": self.advances.iter().map(advance_json).collect::<Vec<_>>(),
            "failures": failures_json(&self.failures),
        })
    }
}

fn advance_json(advance: &Advance) -> Value {
    let Advance { instance, roles, changes, first, missed } = advance;
    json!({
        "instance": instance,
        "changed": *first || !changes.is_empty(),
        "roles": roles.iter().map(|role| json!({
            "name": role.name, "version": role.version, "expires": time::format(role.expires),
            "before": changes.iter().find(|change| change.role == role.name).and_then(|change| change.from),
        })).collect::<Vec<_>>(),
        "missed": missed.iter().map(|(path, reason)| json!({
            "target": path, "reason": Message(reason).to_string(),
        })).collect::<Vec<_>>(),
    })
}

/// One instance, for people.
struct Lines<'a>(&'a Advance);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Advance { instance, roles, changes, first, .. } = self.0;
        let state = match (first, changes.as_slice()) {
            (true, _) => "now held",
            (false, []) => "up to date",
            (false, _) => "updated",
        };
        write!(f, "{STRONG}{instance}{STRONG:#}: {state}")?;
        for role in roles {
            let change = changes.iter().find(|change| change.role == role.name);
            let before = change.and_then(|change| change.from);
            let before = before.map(|from| format!("{from} to ")).unwrap_or_default();
            let name = Untrusted(&role.name).to_string();
            let (version, expires) = (role.version, time::format(role.expires));
            write!(f, "\n  {name:<20} {:>12}   expires {expires}", format!("{before}{version}"))?;
        }
        Ok(())
    }
}
