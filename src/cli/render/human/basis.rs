//! The part of a report that says what was judged, and by which rules, trust and time.

use std::fmt::{self, Display, Formatter};

use super::{Human, ago, count, day, size};
use crate::{
    app::report::{Given, MaterialSource, SealedBy, TrustFacts, dispositions},
    core::{
        lockfile::{Lockfile, coverage::EntryOutcome},
        text::{Untrusted, bounded},
        time::Time,
        verdict::CertificateIdentity,
    },
};

impl Human<'_> {
    pub(super) fn basis(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let archive = &report.archive;
        writeln!(f, "  archive   {}, {}", Untrusted(&archive.file), size(archive.bytes))?;
        writeln!(f, "  sha256    {}", archive.sha256.to_hex())?;
        writeln!(
            f,
            "  sealed    {}, {}, by {} {}",
            day(archive.sealed_at),
            ago(report.at - archive.sealed_at),
            Untrusted(&archive.tool.name),
            Untrusted(&archive.tool.version)
        )?;
        signed_by(f, &archive.signers)?;
        for trust in &report.trust {
            writeln!(f, "  trust     {}", TrustLine(trust, report.at))?;
            for item in &trust.set_aside {
                let (item, why) = (bounded(&item.to_string()), bounded(&item.why));
                writeln!(f, "            not usable: {}", Untrusted(&item))?;
                writeln!(f, "              {}", Untrusted(&why))?;
            }
            for (registry, CertificateIdentity { san, issuer }) in &trust.publishers {
                writeln!(f, "            publisher of {}:", Untrusted(registry))?;
                writeln!(f, "              {}", Untrusted(san))?;
                writeln!(f, "              by {}", Untrusted(issuer))?;
            }
        }
        let given = if report.at_given { ", as --at says" } else { "" };
        writeln!(f, "  judged    as of {}{given}", day(report.at))?;
        for source in &report.policy_sources {
            writeln!(f, "  policy    {}", Untrusted(&source.file))?;
        }
        for input in &report.inputs {
            let note = note(&input.lockfile, &input.entry);
            writeln!(f, "  lockfile  {}{note}", Untrusted(&input.entry))?;
            entries(f, &input.outcomes)?;
        }
        report.lockfiles.iter().try_for_each(|given| self.given(f, given))
    }

    fn given(&self, f: &mut Formatter<'_>, given: &Given) -> fmt::Result {
        write!(f, "  yours     {}: ", Untrusted(&given.file))?;
        match given.relation.input() {
            Some(input) => {
                writeln!(f, "{} as {}", given.relation.name(), Untrusted(input))
            }
            None => {
                writeln!(f, "differs from the archive's; each entry was judged")?;
                entries(f, &given.outcomes)
            }
        }
    }
}

/// What a reader must know of a lockfile of this name, in parentheses.
fn note(lockfile: &Lockfile, path: &str) -> String {
    let file_name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match (lockfile.format.note)(file_name) {
        "" => String::new(),
        note => format!(" ({note})"),
    }
}

/// `80 entries: 78 collected, 2 local`.
fn entries(f: &mut Formatter<'_>, outcomes: &[EntryOutcome]) -> fmt::Result {
    let parts: Vec<_> = dispositions(outcomes)
        .filter(|(_, number)| *number > 0)
        .map(|(disposition, number)| format!("{number} {}", disposition.name()))
        .collect();
    writeln!(f, "            {}: {}", count(outcomes.len(), "entry"), parts.join(", "))
}

/// The signers and their keys, a line each.
pub fn signed_by(f: &mut Formatter<'_>, signers: &[SealedBy]) -> fmt::Result {
    for signer in signers {
        for key in &signer.keys {
            match *key == signer.name {
                true => writeln!(f, "  signed by {key}")?,
                false => writeln!(f, "  signed by {}, {key}", Untrusted(&signer.name))?,
            }
        }
    }
    Ok(())
}

/// The line about the trust material.
pub struct TrustLine<'a>(pub &'a TrustFacts, pub Time);

impl Display for TrustLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(trust, at) = self;
        write!(f, "{}, ", Untrusted(&trust.instance))?;
        match trust.source {
            MaterialSource::Archive => f.write_str("carried in the archive")?,
            MaterialSource::Store => f.write_str("from the trust store")?,
            MaterialSource::Embedded => f.write_str("built in")?,
            MaterialSource::Files => f.write_str("from pinned files; TUF was not involved")?,
        }
        if let Some(root) = trust.root {
            write!(f, ", root {root}")?;
        }
        match (trust.source, trust.checked_at) {
            (MaterialSource::Embedded, Some(published)) => {
                let age = ago(*at - published);
                write!(f, ",\n            published {}, {age}, not checked since", day(published))?;
            }
            (_, Some(checked)) => write!(f, ", checked {}", ago(*at - checked))?,
            (_, None) => {}
        }
        if let Some(keys) = trust.keys_checked_at {
            write!(f, ";\n            the registry's keys were checked {}", ago(*at - keys))?;
        }
        Ok(())
    }
}
