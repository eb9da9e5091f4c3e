//! What an archive says of itself.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{
    Rendered,
    human::{count, size},
};
use crate::{
    app::archive::Inspection,
    cli::terminal::{STRONG, WARN},
    core::{
        archive::manifest::{Predicate, Subject},
        package::digest::Digest,
        text::Untrusted,
        time,
    },
};

/// What an archive says of itself.
pub struct Inspected<'a> {
    /// What it says.
    pub inspection: &'a Inspection,
    /// Whether every package is listed.
    pub verbose: bool,
}

impl fmt::Display for Inspected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inspection { path, bytes, unverified } = self.inspection;
        let manifest = &unverified.manifest;
        let predicate = manifest.predicate();
        writeln!(
            f,
            "{}: {WARN}UNVERIFIED{WARN:#}; this is only what the archive says of itself\n",
            Untrusted(&path.display().to_string())
        )?;
        writeln!(f, "  sealed    {}", time::format(manifest.sealed_at()))?;
        for keyid in &unverified.keyids {
            writeln!(f, "  signed by {}", Untrusted(keyid))?;
        }
        let (name, version) = (&predicate.tool.name, &predicate.tool.version);
        writeln!(f, "  tool      {} {}", Untrusted(name), Untrusted(version))?;
        for trust in &predicate.trust {
            let text = match &trust.refreshed_at {
                Some(time) => format!("carried, checked {time}"),
                None => "not carried".to_owned(),
            };
            writeln!(f, "  trust     {}, {text}", Untrusted(&trust.instance))?;
        }
        for input in &predicate.inputs {
            writeln!(f, "  lockfile  {}", Untrusted(input))?;
        }
        write!(
            f,
            "  holds     {} in {}, {}",
            count(predicate.packages.len(), "package"),
            count(manifest.subjects().len() + 1, "file"),
            size(*bytes)
        )?;
        if self.verbose {
            write!(f, "\n\n{STRONG}packages{STRONG:#}")?;
            for package in &predicate.packages {
                write!(f, "\n  {}", Untrusted(&package.purl))?;
            }
        }
        Ok(())
    }
}

impl Rendered for Inspected<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let Inspection { bytes, unverified, .. } = self.inspection;
        let manifest = &unverified.manifest;
        Document {
            schema: "sealift-inspect/1",
            verified: false,
            bytes: *bytes,
            claimed_signers: &unverified.keyids,
            entries: manifest.subjects().iter().map(Entry::of).collect(),
            manifest: manifest.predicate(),
        }
    }
}

/// The JSON form. It borrows from the manifest: nobody vouches for that, so it must not take memory twice.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
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
