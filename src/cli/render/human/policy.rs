//! What the policy excuses, what it only warns of, and the exceptions that would excuse what is denied.

use std::{
    collections::BTreeMap,
    fmt::{self, Formatter},
};

use chrono::Days;

use super::{Human, LISTED, count};
use crate::{
    app::report::{JudgedPackage, Report},
    cli::terminal::{DIM, STRONG, WARN},
    core::{
        lockfile::coverage::{EntryDenial, EntryOutcome},
        package::{PackageId, digest::Algorithm},
        policy::{self, Denial, ENDS_SOON_DAYS, EXCUSABLE, Exception, quoted},
        text::Untrusted,
        time::Time,
    },
};

/// For how many days a proposed exception holds.
const PROPOSED_DAYS: u64 = 90;

impl Human<'_> {
    /// The exceptions that are used, with their reasons, and those that are not.
    pub(super) fn excused(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (policy, at) = (&self.report.policy, self.report.at);
        let uses = self.report.exception_uses();
        let exceptions: Vec<_> = policy.exceptions.iter().zip(uses).collect();
        let used: Vec<_> = exceptions.iter().filter(|(_, uses)| *uses > 0).collect();
        if !used.is_empty() {
            writeln!(f, "\n{WARN}excused{WARN:#}")?;
        }
        self.listed(f, &used, |f, (exception, uses)| {
            writeln!(f, "  {}: {}, until {}", exception.code, uses, exception.expires)?;
            writeln!(f, "    {DIM}{}{DIM:#}", Untrusted(&exception.reason))
        })?;
        let ends = |exception: &Exception| {
            exception.holds(at) && exception.days_left(at) <= ENDS_SOON_DAYS
        };
        let number = |is: &dyn Fn(&Exception, usize) -> bool| {
            exceptions.iter().filter(|(exception, uses)| is(exception, *uses)).count()
        };
        for (number, what) in [
            (number(&|exception, _| ends(exception)), "within 30 days of the last day"),
            (
                number(&|exception, _| exception.is_expired(at)),
                "expired, excusing nothing any more",
            ),
            (number(&|exception, uses| uses == 0 && exception.holds(at)), "not used"),
        ] {
            if number > 0 {
                writeln!(f, "\n{WARN}exceptions{WARN:#}: {number} {what}")?;
            }
        }
        Ok(())
    }

    /// What the policy only warns of, and rules that select nothing.
    pub(super) fn warned(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let warned: Vec<_> = self
            .report
            .packages
            .iter()
            .filter(|judged| !judged.judgment.warned.is_empty())
            .map(|judged| &judged.verdict.package)
            .collect();
        if !warned.is_empty() {
            let number = count(warned.len(), "package");
            writeln!(f, "\n{WARN}identity unknown{WARN:#}: {number}")?;
            self.listed(f, &warned, |f, package| writeln!(f, "    {package}"))?;
        }
        let unused: Vec<_> = self.report.rule_uses().into_iter().enumerate().collect();
        let unused = unused.into_iter().filter(|(_, uses)| *uses == 0);
        let unused: Vec<_> =
            unused.map(|(number, _)| number.saturating_add(1).to_string()).collect();
        // An archive without a package meets no rule, and is refused for that.
        if !unused.is_empty() && !self.report.packages.is_empty() {
            let rules = if unused.len() == 1 { "rule" } else { "rules" };
            writeln!(f, "\n{WARN}no package{WARN:#}: {rules} {} select none", unused.join(", "))?;
        }
        Ok(())
    }

    /// Exceptions for what is denied and can be excused, ready to paste into a policy.
    pub(super) fn proposed(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let most = if self.verbose { usize::MAX } else { LISTED };
        let proposals = proposals(self.report, most);
        if proposals.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "\n{STRONG}to excuse{STRONG:#} this, paste what fits into a policy, and say why"
        )?;
        self.listed(f, &proposals, |f, proposal| write!(f, "\n{proposal}"))
    }
}

/// An exception for each code, with all its packages; where there are more than `most`, a sentence.
fn proposals(report: &Report, most: usize) -> Vec<String> {
    let mut proposals = Vec::new();
    let mut packages: BTreeMap<&str, Vec<&PackageId>> = BTreeMap::new();
    for judged in &report.packages {
        let codes: Vec<_> = judged.judgment.denials.iter().map(Denial::code).collect();
        if !codes.iter().all(|code| EXCUSABLE.contains(code)) {
            continue; // an exception would not help
        }
        for code in codes {
            match code {
                // The entry is proposed below.
                "foreign" => {}
                "unpinned" => proposals.push(unpinned(judged, report.at)),
                _ => packages.entry(code).or_default().push(&judged.verdict.package),
            }
        }
    }
    for (outcome, denial) in report.outcomes().filter_map(|one| Some((one, one.denial.as_ref()?))) {
        let package = outcome.package.and_then(|at| report.held.get(at));
        if let EntryDenial::Weak(weakness) = denial
            && let Some(package) = package
        {
            packages.entry(weakness.name()).or_default().push(package.id());
        }
    }
    proposals.extend(packages.into_iter().map(|(code, mut ids)| {
        ids.sort();
        ids.dedup();
        if ids.len() > most {
            let number = count(ids.len(), "package");
            return format!("# {code}: {number}. A rule may fit better; --verbose lists them.\n");
        }
        let ids: Vec<_> = ids.into_iter().map(|id| quoted(&policy::written(id))).collect();
        let list = match ids.as_slice() {
            [only] => only.clone(),
            many => format!("\n  {},\n", many.join(",\n  ")),
        };
        proposal(&format!("packages = [{list}]\n"), code, report.at)
    }));
    let entries = report.outcomes().filter_map(|outcome| foreign(report, outcome));
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    entries.dedup();
    proposals.extend(entries);
    proposals
}

fn unpinned(judged: &JudgedPackage, at: Time) -> String {
    let package = quoted(&policy::written(&judged.verdict.package));
    let sha512 = judged.digest.to_hex();
    proposal(&format!("packages = [{package}]\nsha512 = \"{sha512}\"\n"), "unpinned", at)
}

/// The exception for an entry that nothing can vouch for, with the bytes that the archive carries for it.
fn foreign(report: &Report, outcome: &EntryOutcome) -> Option<String> {
    let Some(EntryDenial::Foreign(foreign)) = &outcome.denial else { return None };
    let mut about = format!("entry = {}\n", quoted(foreign.address()?));
    let package = outcome.package.and_then(|at| report.held.get(at));
    let judged = package
        .and_then(|purl| report.packages.iter().find(|judged| judged.purl == *purl))
        .filter(|judged| judged.digest.algorithm() == Algorithm::Sha512);
    if let Some(judged) = judged {
        about.push_str(&format!("sha512 = \"{}\"\n", judged.digest.to_hex()));
    }
    Some(proposal(&about, "foreign", report.at))
}

fn proposal(about: &str, code: &str, at: Time) -> String {
    let added = at.date_naive();
    let expires = added.checked_add_days(Days::new(PROPOSED_DAYS)).unwrap_or(added);
    format!(
        "[[exception]]\n{about}code = \"{code}\"\nreason = \"\"\nadded = {added}\nexpires = {expires}\n"
    )
}
