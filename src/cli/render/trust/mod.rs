//! Renders what is trusted, and the results of updates.

mod diff;
mod files;
mod show;
mod update;

pub use self::{
    diff::{ComparedTrust, anchor_line},
    files::{ExportedFiles, PinnedRoot},
    show::TrustedInstances,
    update::UpdatedInstances,
};

use serde_json::{Value, json};

use crate::{
    app::trust::BasisError,
    cli::failure::Failure,
    core::{time, trust::Anchor},
};

/// The instances that failed, for programs.
fn failures_json(failures: &[(String, Failure)]) -> Vec<Value> {
    let failures = failures.iter();
    failures
        .map(|(name, failure)| json!({"instance": name, "failure": failure.to_json()}))
        .collect()
}

/// The instances that failed, as a command ends with them.
fn failures(failures: Vec<(String, BasisError)>) -> Vec<(String, Failure)> {
    failures.into_iter().map(|(name, error)| (name, error.into())).collect()
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
