//! `sealift bundle inspect`.

use serde_json::json;

use super::Context;
use crate::{
    adapters::archive::Archive,
    core::{text::Untrusted, time},
    shell::{
        cli::{Format, Inspect},
        failure::Outcome,
        report::{count, size},
        terminal::{STRONG, WARN},
        verification,
    },
};

/// Shows what an archive says of itself. Holds no verified type, and says so.
///
/// # Errors
/// Exit 1, when the archive is malformed; exit 2, when it cannot be read.
pub fn run(options: &Inspect, context: &mut Context<'_>) -> Outcome {
    let failed = |error| verification::failure(&options.archive, &error);
    let archive = Archive::open(&options.archive).map_err(failed)?;
    let unverified = archive.manifest_unverified().map_err(failed)?;
    let manifest = &unverified.manifest;
    let predicate = manifest.predicate();
    if context.format == Format::Json {
        context.json(&json!({
            "schema": "sealift-inspect/1",
            "verified": false,
            "bytes": archive.size(),
            "claimedSigners": unverified.keyids,
            "entries": manifest.subjects().iter().map(|subject| json!({
                "name": subject.name, "size": subject.size, "digest": subject.digest.to_string(),
            })).collect::<Vec<_>>(),
            "manifest": predicate,
        }));
        return Ok(());
    }
    let terminal = &mut *context.terminal;
    terminal.result(format_args!(
        "{}: {WARN}UNVERIFIED{WARN:#}; this is only what the archive says of itself\n",
        Untrusted(&options.archive.display().to_string())
    ));
    terminal.result(format_args!("  sealed    {}", time::format(manifest.sealed_at())));
    for keyid in &unverified.keyids {
        terminal.result(format_args!("  signed by {}", Untrusted(keyid)));
    }
    terminal.result(format_args!(
        "  tool      {} {}",
        Untrusted(&predicate.tool.name),
        Untrusted(&predicate.tool.version)
    ));
    for trust in &predicate.trust {
        let roles: Vec<_> =
            trust.roles.iter().map(|role| format!("{} {}", role.name, role.version)).collect();
        terminal.result(format_args!(
            "  trust     {}, {}",
            Untrusted(&trust.instance),
            Untrusted(&if roles.is_empty() { "not carried".to_owned() } else { roles.join(", ") })
        ));
    }
    for input in &predicate.inputs {
        terminal.result(format_args!(
            "  lockfile  {} (version {})",
            Untrusted(&input.entry),
            input.lockfile_version
        ));
    }
    terminal.result(format_args!(
        "  holds     {} in {}, {}",
        count(predicate.packages.len(), "package"),
        count(manifest.subjects().len() + 1, "file"),
        size(archive.size())
    ));
    if terminal.verbose() {
        terminal.result(format_args!("\n{STRONG}packages{STRONG:#}"));
        for package in &predicate.packages {
            terminal.result(format_args!("  {}", Untrusted(&package.purl)));
        }
    }
    if !predicate.out_of_scope.is_empty() {
        terminal.result(format_args!("\n{WARN}not in the archive{WARN:#}"));
        for entry in &predicate.out_of_scope {
            terminal.result(format_args!(
                "  {}: {}",
                Untrusted(&entry.entry),
                Untrusted(&entry.reason)
            ));
        }
    }
    Ok(())
}
