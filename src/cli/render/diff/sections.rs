//! The changes, each kind under its heading, worst first.

use std::fmt::{self, Formatter};

use anstyle::Style;

use super::Compared;
use crate::{
    app::{
        compare::{Comparison, Scripts},
        report::{JudgedPackage, Report},
    },
    cli::{
        render::{human::listed, trust::anchor_line},
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
    },
    core::{
        builder::Who,
        changes::{Change, ChangeKind, ClaimChange, ScriptChange},
        text::Untrusted,
    },
};

type Changed<'a> = (&'a Change, &'a Scripts);

impl Compared<'_> {
    pub(super) fn sections(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Comparison { old, new, .. } = self.comparison;
        self.refused(f, "refused: evidence in NEW does not verify", new)?;
        self.refused(f, "refused before: evidence in OLD does not verify", old)?;
        self.replaced(f)?;
        self.claims(f, (BAD, "lost evidence: verified in OLD, and not in NEW"), |it| it.is_lost())?;
        self.identity(f, "built by another", |who| who != Who::Registry)?;
        self.identity(f, "from another registry", |who| who == Who::Registry)?;
        self.scripts(f)?;
        self.claims(f, (GOOD, "gained evidence"), |it| it.is_gained())?;
        self.packages(f, "added", ChangeKind::Added)?;
        self.removed(f)?;
        self.packages(f, "updated", ChangeKind::Updated)?;
        self.trust(f)
    }

    fn section<T>(
        &self,
        f: &mut Formatter<'_>,
        (style, heading): (Style, &str),
        items: &[T],
        line: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        if items.is_empty() {
            return Ok(());
        }
        let (word, rest) = heading.split_at(heading.find(':').unwrap_or(heading.len()));
        writeln!(f, "\n{style}{word}{style:#}{rest}")?;
        listed(f, self.verbose, items, line)
    }

    fn changed(&self, is: impl Fn(&Changed<'_>) -> bool) -> Vec<Changed<'_>> {
        self.comparison.changed().filter(is).collect()
    }

    fn refused(&self, f: &mut Formatter<'_>, heading: &str, report: &Report) -> fmt::Result {
        let refusals = report.packages.iter().flat_map(|package| {
            package.verdict.refusals().map(move |(claim, why)| (package, claim, why))
        });
        let refusals: Vec<_> = refusals.collect();
        self.section(f, (BAD, heading), &refusals, |f, (package, claim, why)| {
            writeln!(f, "  {}", package.verdict.package)?;
            writeln!(f, "    {claim}: {} {DIM}[{}]{DIM:#}", Untrusted(&why.detail), why.code)
        })
    }

    fn replaced(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let found = self.changed(|(change, _)| change.kind == ChangeKind::Replaced);
        let heading = (BAD, "other bytes: the same version has another tarball");
        self.section(f, heading, &found, |f, (change, _)| {
            writeln!(f, "  {}", self.label(change))?;
            for (word, package) in [("was", self.before(change)), ("is ", self.after(change))] {
                if let Some(JudgedPackage { digest, .. }) = package {
                    let hex = digest.to_hex();
                    let start = hex.get(..32).unwrap_or(&hex);
                    writeln!(f, "    {word} {}:{start}…", digest.algorithm().name())?;
                }
            }
            Ok(())
        })
    }

    fn claims(
        &self,
        f: &mut Formatter<'_>,
        heading: (Style, &str),
        is: impl Fn(&ClaimChange) -> bool,
    ) -> fmt::Result {
        let found = self.changed(|(change, _)| change.claims.iter().any(&is));
        self.section(f, heading, &found, |f, (change, _)| {
            writeln!(f, "  {}", self.label(change))?;
            for ClaimChange { claim, from, to } in change.claims.iter().filter(|it| is(it)) {
                writeln!(f, "    {claim}: was {}, is {}", from.name(), to.name())?;
            }
            Ok(())
        })
    }

    fn identity(
        &self,
        f: &mut Formatter<'_>,
        heading: &str,
        is: impl Fn(Who) -> bool,
    ) -> fmt::Result {
        let found = self.changed(|(change, _)| change.identity.iter().any(|it| is(it.who)));
        self.section(f, (BAD, heading), &found, |f, (change, _)| {
            writeln!(f, "  {}", self.label(change))?;
            for it in change.identity.iter().filter(|it| is(it.who)) {
                writeln!(f, "    {}", it.who.name())?;
                writeln!(f, "      was {}", Untrusted(&it.from))?;
                writeln!(f, "      is  {}", Untrusted(&it.to))?;
            }
            Ok(())
        })
    }

    fn scripts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let found = self.changed(|(_, scripts)| scripts.as_ref().map_or(true, |it| !it.is_empty()));
        let heading = (WARN, "install scripts: npm runs these, and did not before");
        self.section(f, heading, &found, |f, (change, scripts)| {
            let note = if change.kind == ChangeKind::Added { ", added" } else { "" };
            writeln!(f, "  {}{note}", self.label(change))?;
            let scripts = match scripts {
                Ok(scripts) => scripts,
                Err(why) => {
                    writeln!(
                        f,
                        "    not known: {} {DIM}[{}]{DIM:#}",
                        Untrusted(&why.detail),
                        why.code
                    )?;
                    return Ok(());
                }
            };
            for ScriptChange { script, before } in scripts {
                let (name, command) = (script.name, Untrusted(&script.command));
                match script.folder.as_str() {
                    "" => writeln!(f, "    {name}: {command}")?,
                    folder => writeln!(f, "    {name} of {}: {command}", Untrusted(folder))?,
                }
                if let Some(before) = before {
                    writeln!(f, "      was {}", Untrusted(before))?;
                }
            }
            Ok(())
        })
    }

    fn packages(&self, f: &mut Formatter<'_>, heading: &str, kind: ChangeKind) -> fmt::Result {
        let found = self.changed(|(change, _)| change.kind == kind);
        self.section(f, (STRONG, heading), &found, |f, (change, _)| {
            let beside = self.before(change).filter(|_| kind == ChangeKind::Added);
            let beside = beside.map(|it| format!(", beside {}", it.purl.id().version()));
            writeln!(f, "  {}{}", self.label(change), beside.unwrap_or_default())?;
            let built = self.after(change).and_then(|it| it.verdict.provenance());
            match built.filter(|_| kind == ChangeKind::Added) {
                Some(built) => {
                    writeln!(f, "    built from {}", Untrusted(&built.source_repository))
                }
                None => Ok(()),
            }
        })
    }

    fn removed(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Comparison { old, changes, .. } = self.comparison;
        let gone = changes.removed.iter().filter_map(|at| old.packages.get(*at));
        let gone: Vec<_> = gone.collect();
        self.section(f, (STRONG, "removed"), &gone, |f, it| writeln!(f, "  {}", it.purl.id()))
    }

    fn trust(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let anchors = &self.comparison.anchors;
        let parts = [
            (BAD, "removed", &anchors.removed),
            (GOOD, "added", &anchors.added),
            (WARN, "window changed", &anchors.changed),
        ];
        let lines: Vec<_> = parts
            .into_iter()
            .flat_map(|(style, word, all)| {
                all.iter().map(move |one| format!("  {style}{word}{style:#} {}", anchor_line(one)))
            })
            .collect();
        let heading = (WARN, "other trust: what the two archives are judged by");
        self.section(f, heading, &lines, |f, line| writeln!(f, "{line}"))
    }

    fn before(&self, change: &Change) -> Option<&JudgedPackage> {
        change.old.and_then(|at| self.comparison.old.packages.get(at))
    }

    fn after(&self, change: &Change) -> Option<&JudgedPackage> {
        self.comparison.new.packages.get(change.new)
    }

    /// `a@1.0.0`, or of an update `a 1.0.0 -> 1.0.1`.
    fn label(&self, change: &Change) -> String {
        let Some(after) = self.after(change) else { return String::new() };
        let id = after.purl.id();
        match self.before(change).filter(|_| change.kind == ChangeKind::Updated) {
            Some(before) => {
                format!("{} {} -> {}", id.name(), before.purl.id().version(), id.version())
            }
            None => id.to_string(),
        }
    }
}
