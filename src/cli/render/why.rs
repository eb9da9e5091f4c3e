//! What became of one package, as one would explain it to an auditor.

mod steps;

use std::fmt::{self, Formatter};

use serde::Serialize;
use serde_json::{Value, json};

use self::steps::{claim, paragraph, remedy};
use super::{Rendered, human};
use crate::{
    app::{
        report::{JudgedPackage, MaterialSource, Report},
        stored::{StoredEntry, StoredPackage},
        why::{Explained, Why},
    },
    cli::terminal::{BAD, DIM, GOOD, STRONG, WARN},
    core::{
        archive::manifest::Part,
        lockfile::coverage::{Binding, EntryOutcome},
        text::{Untrusted, bounded},
        time,
    },
};

/// What became of the packages that were asked about.
pub struct Reasons<'a>(pub &'a Why);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (number, package) in self.0.packages().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            Explanation { package, report: &self.0.report }.write(f)?;
        }
        Ok(())
    }
}

struct Explanation<'a> {
    package: Explained<'a>,
    report: &'a Report,
}

impl Explanation<'_> {
    fn write(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (word, style) = match (self.package.is_good(), self.package.judged) {
            (false, _) => ("refused", BAD),
            (true, None) => ("unavailable", WARN),
            (true, Some(judged)) if !judged.judgment.excused.is_empty() => ("excused", WARN),
            (true, Some(_)) => ("verified", GOOD),
        };
        writeln!(f, "{style}{word}{style:#}: {}", self.package.purl.id())?;
        paragraph(f, "  ", &self.because())?;
        writeln!(f)?;
        writeln!(f, "  {DIM}purl{DIM:#}      {}", Untrusted(&self.package.purl.to_string()))?;
        self.entries(f)?;
        self.seal(f)?;
        self.needed(f)?;
        let Some(judged) = self.package.judged else {
            return writeln!(
                f,
                "\n{STRONG}bytes{STRONG:#}: none\n  The registry answered the sealer that it does not \
                 have this version."
            );
        };
        for (name, outcome) in &judged.verdict.claims {
            claim(f, *name, outcome, judged)?;
        }
        self.policy(f, judged)?;
        self.clocks(f)
    }

    /// What decided, in one sentence.
    fn because(&self) -> String {
        let denied = self.package.needed_by().find_map(|(_, _, outcome)| outcome.denial.as_ref());
        let Some(judged) = self.package.judged else {
            return match denied {
                Some(denial) => denial.to_string(),
                None => "the registry does not have it, and installing goes on without it".into(),
            };
        };
        let judgment = &judged.judgment;
        match (judgment.denials.first(), denied, judgment.excused.first()) {
            (Some(denial), _, _) => denial.to_string(),
            (None, Some(denial), _) => denial.to_string(),
            (None, None, Some(excused)) => {
                format!("{}; an exception allows it", excused.denial)
            }
            (None, None, None) => "every rule that applies is met".into(),
        }
    }

    /// The archive's entries, for other tools.
    fn entries(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts = self.package.parts;
        let named = [
            ("tarball", &parts.artifact),
            ("record", &parts.record),
            ("evidence", &parts.attestations),
        ];
        for (what, part) in named {
            let Some(Part { entry, url, status, answered_at }) = part else { continue };
            if let Some(entry) = entry {
                writeln!(f, "  {DIM}{what:<8}{DIM:#}  {}", Untrusted(entry))?;
            }
            if let Some(url) = url {
                let status =
                    status.map(|status| format!(", HTTP status {status}")).unwrap_or_default();
                let at = answered_at.as_deref().unwrap_or_default();
                let blank = if entry.is_some() { "" } else { what };
                writeln!(f, "  {DIM}{blank:<8}{DIM:#}  from {}", Untrusted(url))?;
                writeln!(f, "            received {}{status}", Untrusted(at))?;
            }
        }
        Ok(())
    }

    fn seal(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let archive = &self.report.archive;
        writeln!(f, "\n{STRONG}seal{STRONG:#}: verified")?;
        writeln!(f, "  These files have not changed since they were sealed. That they were good")?;
        writeln!(f, "  before, the claims below say.")?;
        writeln!(f, "  sealed    {}, by the sealer's clock", human::day(archive.sealed_at))?;
        for signer in &archive.signers {
            for key in &signer.keys {
                match *key == signer.name {
                    true => writeln!(f, "  signer    {key}")?,
                    false => writeln!(f, "  signer    {}, {key}", Untrusted(&signer.name))?,
                }
            }
        }
        Ok(())
    }

    fn needed(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let entries: Vec<_> = self.package.needed_by().collect();
        let number = human::count(entries.len(), "entry");
        writeln!(f, "\n{STRONG}needed by{STRONG:#}: {number} of a lockfile")?;
        for (lockfile, entry, outcome) in entries {
            writeln!(f, "  {} {DIM}in{DIM:#} {}", Untrusted(&entry.path), Untrusted(lockfile))?;
            writeln!(f, "    {}", became(outcome))?;
            if let Some(denial) = &outcome.denial {
                writeln!(f, "    {BAD}denied{BAD:#}: {}", denial.code())?;
                paragraph(f, "    ", &denial.to_string())?;
                paragraph(f, "    ", remedy(denial.code()))?;
            }
        }
        Ok(())
    }

    /// The rules that select it, and what follows from them.
    fn policy(&self, f: &mut Formatter<'_>, judged: &JudgedPackage) -> fmt::Result {
        let judgment = &judged.judgment;
        writeln!(
            f,
            "\n{STRONG}policy{STRONG:#}: {} of {} apply",
            judgment.rules.len(),
            human::count(self.report.policy.rules.len(), "rule")
        )?;
        let rules = judgment
            .rules
            .iter()
            .filter_map(|number| Some((*number, self.report.policy.rules.get(*number)?)));
        for (number, rule) in rules {
            let met = if judgment.meets(number, rule) { "met" } else { "not met" };
            writeln!(f, "  rule {}: {met}", number.saturating_add(1))?;
            let rule = serde_json::to_value(rule).unwrap_or_default();
            let keys: Vec<_> = rule.as_object().into_iter().flatten().collect();
            if keys.is_empty() {
                writeln!(f, "    all packages; integrity alone")?;
            }
            for (key, value) in keys {
                writeln!(f, "    {key} = {}", Untrusted(&value.to_string()))?;
            }
        }
        self.decided(f, judged)
    }

    /// What the rules deny, and what exceptions take away.
    fn decided(&self, f: &mut Formatter<'_>, judged: &JudgedPackage) -> fmt::Result {
        let judgment = &judged.judgment;
        for denial in &judgment.denials {
            writeln!(f, "  {BAD}denied{BAD:#}: {}", denial.code())?;
            paragraph(f, "    ", &denial.to_string())?;
            paragraph(f, "    ", remedy(denial.code()))?;
        }
        for excused in &judgment.excused {
            let Some(exception) = self.report.policy.exceptions.get(excused.exception) else {
                continue;
            };
            let number = excused.exception.saturating_add(1);
            writeln!(f, "  {WARN}excused{WARN:#}: {}", excused.denial.code())?;
            paragraph(f, "    ", &excused.denial.to_string())?;
            writeln!(
                f,
                "    exception {number} allows it to the end of {} (UTC):",
                exception.expires
            )?;
            paragraph(f, "    ", &format!("\"{}\"", exception.reason))?;
        }
        for denial in &judgment.warned {
            writeln!(f, "  {WARN}warned{WARN:#}: {}", denial.code())?;
            paragraph(f, "    ", &denial.to_string())?;
        }
        for weakness in &judged.weak {
            writeln!(f, "  {WARN}weak{WARN:#}: {}", weakness.name())?;
        }
        Ok(())
    }

    /// The three clocks.
    fn clocks(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        writeln!(f, "\n{STRONG}clocks{STRONG:#}")?;
        writeln!(f, "  signed    see each claim above")?;
        for trust in &report.trust {
            let word = match trust.source {
                MaterialSource::Embedded => "built in, published",
                _ => "checked",
            };
            let when = trust.checked_at.map(|time| format!("{word} {}", human::day(time)));
            let when = when.unwrap_or_else(|| "from files that you pinned".into());
            writeln!(f, "  keys      those of {}, {when}", Untrusted(&trust.instance))?;
        }
        let given = if report.at_given { ", chosen with --at; not the clock" } else { "" };
        writeln!(f, "  now       {}{given}", human::day(report.at))
    }
}

fn became(outcome: &EntryOutcome) -> String {
    let pin = match outcome.pin {
        Some(Binding::Hash(algorithm)) => {
            format!("; the lockfile's {} is that of the tarball", algorithm.name())
        }
        Some(Binding::Signature { weak: false }) => ", pinned by the registry's signature".into(),
        Some(Binding::Signature { weak: true }) => {
            ", pinned by the registry's signature; its hash is SHA-1".into()
        }
        None => String::new(),
    };
    let address = if outcome.other_address { "; the lockfile gives another address" } else { "" };
    format!("{}{pin}{address}", outcome.disposition.name())
}

impl Rendered for Reasons<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let report = &self.0.report;
        json!({
            "schema": "sealift-why/1",
            "at": time::format(report.at),
            "archive": {"sha256": report.archive.sha256.to_hex()},
            "policy": {"sha256": report.policy.digest()},
            "packages": self.0.packages().map(|package| {
                let mut value = json!({
                    "purl": package.purl.to_string(),
                    "verdict": if package.is_good() { "verified" } else { "refused" },
                    "entries": serde_json::to_value(package.parts).unwrap_or_default(),
                    "neededBy": package.needed_by().map(|(lockfile, entry, outcome)| {
                        let mut value = json!(StoredEntry::of(report, entry, outcome));
                        if let Value::Object(map) = &mut value {
                            map.insert("lockfile".into(), bounded(lockfile).into());
                        }
                        value
                    }).collect::<Vec<_>>(),
                });
                if let (Value::Object(map), Some(judged)) = (&mut value, package.judged) {
                    map.insert("package".into(), json!(StoredPackage::of(judged)));
                }
                value
            }).collect::<Vec<_>>(),
        })
    }
}
