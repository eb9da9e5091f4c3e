//! What is trusted, and what became of it.

mod diff;
mod files;
mod show;
mod update;

pub use self::{
    diff::Changes,
    files::{ExportedFiles, PinnedRoot},
    show::TrustedInstances,
    update::UpdatedInstances,
};

use serde_json::{Value, json};

use crate::{
    app::trust::BasisError,
    cli::failure::Failure,
    core::{time, tuf::Item},
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

fn item_json(item: &Item) -> Value {
    json!({
        "kind": item.kind.name(),
        "name": item.name,
        "id": item.id,
        "start": item.start.map(time::format),
        "end": item.end.map(time::format),
    })
}
