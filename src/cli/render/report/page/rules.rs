//! What was asked: the rules of the policy, in plain words.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value};

use super::{
    Page,
    text::{Code, Html},
};
use crate::{
    app::stored::RuleUse,
    cli::render::report::{
        codes,
        tally::{count, span},
        words,
    },
};

/// How many rules the top of the page lists.
const AT_A_GLANCE: usize = 3;

/// What each key of a rule demands.
const KEYS: [(&str, &str); 13] = [
    ("registry", "it is from"),
    ("issuer", "the identity of its builder is issued by"),
    ("repository", "it is built from the repository"),
    ("repository-id", "the repository has the number"),
    ("owner", "the repository belongs to"),
    ("owner-id", "the owner has the number"),
    ("workflow", "it is built by the workflow"),
    ("ref", "it is built from the branch or tag"),
    ("trigger", "the build was started by"),
    ("runner", "it is built on a machine of the kind"),
    ("builder", "the build calls its builder"),
    ("build-type", "the build calls its kind"),
    ("minimum-age", "when it was collected, it had been published for at least"),
];

impl Page<'_> {
    /// What was asked, in a few lines.
    pub(super) fn asked(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        let rules = policy.rules().count();
        out.push_str("<li>of every package: that all evidence that is there verifies\n");
        for (number, rule) in (1..).zip(policy.rules()).take(AT_A_GLANCE) {
            write!(out, "<li>of {}: ", selected(rule))?;
            demands(out, rule, "; ")?;
            let selects_none = |uses: &RuleUse| uses.number == number && uses.packages == 0;
            let none = self.report.rule_uses.iter().any(selects_none);
            out.push_str(if none { " (the archive has no such package)\n" } else { "\n" });
        }
        if rules > AT_A_GLANCE {
            writeln!(out, "<li><a href=\"#rules\">all {rules} rules</a>")?;
        }
        for lockfile in &self.report.lockfiles {
            writeln!(
                out,
                "<li>that the archive covers every entry of this build's lockfile <bdi>{}</bdi>",
                Html(&lockfile.file)
            )?;
        }
        for (key, what) in
            [("maxAgeSeconds", "archive is"), ("maxTrustAgeSeconds", "trust material is")]
        {
            if let Some(limit) = policy.demands.get(key).and_then(Value::as_i64) {
                writeln!(out, "<li>that the {what} at most {} old", span(limit))?;
            }
        }
        Ok(())
    }

    /// The rules, with how many packages each selects, and the rest of the policy.
    pub(super) fn rules(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        out.push_str(
            "<section id=\"rules\">\n<h2>Rules</h2>\n<p>A package must meet every rule that is about it. \
             Whatever the rules say, evidence that is there and does not verify is refused. No rule is about a \
             package that a person supplied: an exception must name its bytes.</p>\n<ol class=\"rules\">\n",
        );
        let uses = self.report.rule_uses.iter().map(|uses| (uses.number, uses.packages));
        let uses: BTreeMap<_, _> = uses.collect();
        for (number, rule) in (1_usize..).zip(policy.rules()) {
            write!(
                out,
                "<li id=\"rule-{number}\"><p><strong>Rule {number}</strong>, about {}",
                selected(rule)
            )?;
            if let Some(packages) = uses.get(&number) {
                write!(out, ". It is about {} here", count(*packages, "package"))?;
            }
            out.push_str(". It demands:</p><ul><li>");
            demands(out, rule, "<li>")?;
            out.push_str("</ul>\n");
        }
        out.push_str("</ol>\n");
        self.policy(out)?;
        out.push_str("</section>\n");
        Ok(())
    }
}

/// Which packages a rule is about.
fn selected(rule: &Map<String, Value>) -> String {
    let mut text = match rule.get("packages") {
        Some(packages) => format!("packages named {}", values(packages)),
        None => "every package".to_owned(),
    };
    if let Some(except) = rule.get("except") {
        let _ = write!(text, " except {}", values(except));
    }
    text
}

/// What a rule demands.
fn demands(out: &mut String, rule: &Map<String, Value>, between: &str) -> fmt::Result {
    out.push_str("integrity");
    for (key, value) in rule {
        match key.as_str() {
            "packages" | "except" => {}
            "claims" => {
                let claims = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                for claim in claims.filter(|claim| *claim != "integrity") {
                    write!(out, "{between}{}", Html(claim))?;
                }
            }
            "deny" => {
                for weakness in value.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    write!(out, "{between}not {} ({})", Code(weakness), codes::says(weakness))?;
                }
            }
            key => match words::meaning(&KEYS, key) {
                Some(says) => {
                    write!(out, "{between}{says} {}", values(value))?;
                    if key == "registry" && values(value) == Code("public").to_string() {
                        out.push_str(" (the public registry)");
                    }
                }
                None => write!(out, "{between}{} {}", Code(key), values(value))?,
            },
        }
    }
    Ok(())
}

/// The values of a key, of which any is good.
pub(super) fn values(value: &Value) -> String {
    joined(value, " or ")
}

/// The values of a key.
pub(super) fn joined(value: &Value, between: &str) -> String {
    let one = |value: &Value| match value {
        Value::String(text) => Code(text).to_string(),
        other => Code(&other.to_string()).to_string(),
    };
    match value {
        Value::Array(values) if values.is_empty() => "nothing".to_owned(),
        Value::Array(values) => values.iter().map(one).collect::<Vec<_>>().join(between),
        value => one(value),
    }
}
