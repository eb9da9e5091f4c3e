//! `sealift policy check`.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    app::{
        policy_check::Checked,
        report::{Report, Verdict},
    },
    cli::{
        render::{Rendered, human::count},
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
    },
    core::{
        policy::{ENDS_SOON_DAYS, Exception, ExceptionSubject, Rule, Signer, written},
        text::{Untrusted, bounded},
        time::Time,
    },
};

/// Policies that are valid, with what they do to an archive.
pub struct CheckedPolicy<'a> {
    /// The policies.
    pub checked: &'a Checked,
    /// The reference time.
    pub at: Time,
    /// Whether to say only the first line.
    pub quiet: bool,
}

impl CheckedPolicy<'_> {
    /// How many packages each rule selects, where there is an archive.
    fn rule_uses(&self) -> Option<Vec<usize>> {
        self.checked.report.as_ref().map(Report::rule_uses)
    }

    fn exception_uses(&self) -> Option<Vec<usize>> {
        self.checked.report.as_ref().map(Report::exception_uses)
    }

    fn first_line(&self) -> String {
        let policy = &self.checked.policy;
        let signers = policy.signers.iter().map(|signer| &signer.name);
        let mut parts = vec![
            count(signers.collect::<std::collections::BTreeSet<_>>().len(), "signer"),
            count(policy.rules.len(), "rule"),
            count(policy.exceptions.len(), "exception"),
        ];
        if let Some(expected) = &policy.identities {
            let lines = expected.identities.lines().count();
            parts.push(format!("identities of {}", count(lines, "release line")));
        }
        format!("{GOOD}valid{GOOD:#}: {}", parts.join(", "))
    }
}

impl fmt::Display for CheckedPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first_line())?;
        if let Some(report) = &self.checked.report {
            let (style, does) = match report.verdict() {
                Verdict::Refused => (BAD, "refuses"),
                Verdict::Stale => (WARN, "holds, past a limit, for"),
                Verdict::Verified => (GOOD, "holds for"),
            };
            let packages = count(report.packages.len(), "package");
            write!(
                f,
                "\n{style}{does}{style:#} the archive: {} of {packages} good",
                report.good()
            )?;
            if report.verdict() == Verdict::Refused {
                f.write_str("; `sealift bundle verify` says why")?;
            }
        }
        if self.quiet {
            return Ok(());
        }
        self.signers(f)?;
        self.rules(f)?;
        self.exceptions(f)?;
        self.unselected(f)
    }
}

impl CheckedPolicy<'_> {
    fn signers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = &self.checked.policy;
        if policy.signers.is_empty() {
            return write!(f, "\n\n{WARN}no signer{WARN:#}: --key must say whose seal counts");
        }
        write!(f, "\n\n{STRONG}signers{STRONG:#}: {} must have sealed", policy.seals())?;
        for signer in &policy.signers {
            let keys = count(signer.keys.len(), "key");
            write!(f, "\n  {}: {keys}", Untrusted(&signer.name))?;
            match signer.until {
                Some(until) if signer.counts(self.at) => write!(f, ", until {until}")?,
                Some(until) => write!(f, ", {WARN}ended{WARN:#} {until}")?,
                None => {}
            }
        }
        Ok(())
    }

    fn rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = &self.checked.policy.rules;
        if rules.is_empty() {
            let alone = "alone, this policy denies every package";
            return write!(f, "\n\n{WARN}no rule{WARN:#}: {alone}");
        }
        write!(f, "\n\n{STRONG}rules{STRONG:#}")?;
        let uses = self.rule_uses();
        for (number, rule) in rules.iter().enumerate() {
            write!(f, "\n  {}  {}", number.saturating_add(1), about(rule))?;
            let selects = uses.as_ref().and_then(|uses| uses.get(number));
            match selects {
                None => {}
                Some(0) => write!(f, ": {WARN}no package{WARN:#}")?,
                Some(number) => write!(f, ": {}", count(*number, "package"))?,
            }
            write!(f, "\n     {DIM}{}{DIM:#}", demands(rule).join(", "))?;
        }
        Ok(())
    }

    fn exceptions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exceptions = &self.checked.policy.exceptions;
        if exceptions.is_empty() {
            return Ok(());
        }
        write!(f, "\n\n{STRONG}exceptions{STRONG:#}")?;
        let uses = self.exception_uses();
        for (number, exception) in exceptions.iter().enumerate() {
            let (code, about) = (exception.code, subject(exception));
            let about = Untrusted(&about);
            write!(f, "\n  {}  {code}: {about}", number.saturating_add(1))?;
            let state = State::of(exception, self.at);
            let style = if state == State::Holds { DIM } else { WARN };
            write!(f, "\n     {style}{}{style:#}", state.sentence(exception, self.at))?;
            match uses.as_ref().and_then(|uses| uses.get(number)) {
                None => {}
                Some(0) => write!(f, ", {WARN}not used{WARN:#}")?,
                Some(number) => write!(f, ", used {}", count(*number, "time"))?,
            }
        }
        Ok(())
    }

    fn unselected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unselected: Vec<_> = self.checked.unselected().collect();
        if unselected.is_empty() {
            return Ok(());
        }
        let number = count(unselected.len(), "package");
        write!(f, "\n\n{BAD}no rule selects{BAD:#} {number}, which is denied for that")?;
        unselected.iter().try_for_each(|purl| write!(f, "\n  {}", written(purl.id())))
    }
}

/// Whether an exception holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Holds,
    EndsSoon,
    Expired,
    NotYet,
}

impl State {
    fn of(exception: &Exception, at: Time) -> Self {
        match () {
            () if exception.is_expired(at) => Self::Expired,
            () if !exception.holds(at) => Self::NotYet,
            () if exception.days_left(at) <= ENDS_SOON_DAYS => Self::EndsSoon,
            () => Self::Holds,
        }
    }

    /// As the JSON names it.
    fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::EndsSoon => "ends-soon",
            Self::Expired => "expired",
            Self::NotYet => "not-yet",
        }
    }

    fn sentence(self, exception: &Exception, at: Time) -> String {
        match self {
            Self::Holds => format!("until {}", exception.expires),
            Self::EndsSoon => {
                let days = usize::try_from(exception.days_left(at)).unwrap_or(0);
                format!("ends in {}, on {}", count(days, "day"), exception.expires)
            }
            Self::Expired => format!("expired on {}", exception.expires),
            Self::NotYet => format!("not yet: it is from {}", exception.added),
        }
    }
}

/// Which packages a rule is about.
fn about(rule: &Rule) -> String {
    let named = match rule.packages.as_ref() {
        [] => "all packages".to_owned(),
        packages => listed(packages),
    };
    match rule.except.as_ref() {
        [] => named,
        except => format!("{named} except {}", listed(except)),
    }
}

fn listed(patterns: &[crate::core::policy::PackagePattern]) -> String {
    let shown: Vec<_> = patterns.iter().take(3).map(ToString::to_string).collect();
    let shown = Untrusted(&shown.join(", ")).to_string();
    match patterns.len().saturating_sub(3) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The keys by which a rule demands something, with their values.
fn demands(rule: &Rule) -> Vec<String> {
    let Ok(Value::Object(keys)) = serde_json::to_value(rule) else { return Vec::new() };
    let keys = keys.into_iter().filter(|(key, _)| !matches!(&**key, "packages" | "except"));
    let shown = keys.map(|(key, value)| {
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Array(values) => {
                let texts = values.iter().map(|value| match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                });
                texts.collect::<Vec<_>>().join(" or ")
            }
            other => other.to_string(),
        };
        // All claims are demanded, and all weaknesses denied.
        let all = matches!(&*key, "claims" | "deny");
        let text = if all { text.replace(" or ", " and ") } else { text };
        format!("{key} {}", Untrusted(&text))
    });
    let shown: Vec<_> = shown.collect();
    if shown.is_empty() { vec!["integrity alone".to_owned()] } else { shown }
}

/// What an exception is about.
fn subject(exception: &Exception) -> String {
    match &exception.subject {
        ExceptionSubject::Packages { packages, .. } => match packages.as_slice() {
            [only] => written(only),
            [first, rest @ ..] => format!("{} and {} more", written(first), rest.len()),
            [] => String::new(),
        },
        ExceptionSubject::Entry { entry, .. } => entry.clone(),
    }
}

impl Rendered for CheckedPolicy<'_> {
    fn json(&self) -> impl Serialize + '_ {
        let Checked { policy, sources, report } = self.checked;
        let (rules, exceptions) = (self.rule_uses(), self.exception_uses());
        let used = |uses: &Option<Vec<usize>>, number: usize| -> Option<usize> {
            uses.as_ref().and_then(|uses| uses.get(number).copied())
        };
        json!({
            "schema": "sealift-policy-check/1",
            "at": crate::core::time::format(self.at),
            "files": sources.iter().map(|source| json!({
                "file": source.file, "sha256": source.sha256.to_hex(),
            })).collect::<Vec<_>>(),
            "policy": policy,
            "signers": policy.signers.iter().map(|signer: &Signer| json!({
                "name": bounded(&signer.name), "counts": signer.counts(self.at),
            })).collect::<Vec<_>>(),
            "rules": policy.rules.iter().enumerate().map(|(number, _)| json!({
                "rule": number.saturating_add(1), "packages": used(&rules, number),
            })).collect::<Vec<_>>(),
            "exceptions": policy.exceptions.iter().enumerate().map(|(number, exception)| json!({
                "exception": number.saturating_add(1),
                "state": State::of(exception, self.at).name(),
                "daysLeft": exception.days_left(self.at),
                "used": used(&exceptions, number),
            })).collect::<Vec<_>>(),
            "archive": report.as_ref().map(|report| json!({
                "file": report.archive.file,
                "sha256": report.archive.sha256.to_hex(),
                "verdict": report.verdict().name(),
                "packages": report.packages.len(),
                "good": report.good(),
                "unselected": self.checked.unselected().map(ToString::to_string)
                    .collect::<Vec<_>>(),
            })),
        })
    }
}
