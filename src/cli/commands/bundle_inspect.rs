//! `sealift bundle inspect`.

use serde::{Serialize, Serializer};

use super::Context;
use crate::cli::render::{count, size};
use crate::{
    adapters::archive::Archive,
    app::verify,
    cli::{
        declare::{Format, Inspect},
        failure::Outcome,
        terminal::{STRONG, WARN},
    },
    core::{
        archive::manifest::{Predicate, Subject},
        package::digest::Digest,
        text::Untrusted,
        time,
    },
};

/// What is printed as JSON. It borrows: nothing vouches for the manifest, which is not to be held
/// in memory in a second form.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Inspection<'a> {
    schema: &'static str,
    verified: bool,
    bytes: u64,
    claimed_signers: &'a [String],
    entries: Vec<Entry<'a>>,
    manifest: &'a Predicate,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    size: u64,
    #[serde(serialize_with = "displayed")]
    digest: &'a Digest,
}

impl<'a> Entry<'a> {
    fn of(subject: &'a Subject) -> Self {
        Self { name: &subject.name, size: subject.size, digest: &subject.digest }
    }
}

fn displayed<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(digest)
}

/// Shows what an archive says of itself. Holds no verified type, and says so.
///
/// # Errors
/// Exit 1, when the archive is malformed; exit 2, when it cannot be read.
pub fn run(options: &Inspect, context: &mut Context<'_>) -> Outcome {
    let failed = |error| verify::failure(&options.archive, &error);
    let archive = Archive::open(&options.archive).map_err(failed)?;
    let unverified = archive.manifest_unverified().map_err(failed)?;
    let manifest = &unverified.manifest;
    let predicate = manifest.predicate();
    if context.format == Format::Json {
        context.json(&Inspection {
            schema: "sealift-inspect/1",
            verified: false,
            bytes: archive.size(),
            claimed_signers: &unverified.keyids,
            entries: manifest.subjects().iter().map(Entry::of).collect(),
            manifest: predicate,
        });
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
        let text = match &trust.refreshed_at {
            Some(time) => format!("carried, checked {time}"),
            None => "not carried".to_owned(),
        };
        terminal.result(format_args!("  trust     {}, {text}", Untrusted(&trust.instance)));
    }
    for input in &predicate.inputs {
        terminal.result(format_args!("  lockfile  {}", Untrusted(input)));
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
    Ok(())
}
