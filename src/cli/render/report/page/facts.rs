//! The facts of a claim: what evidence says once it is verified, or why it is absent.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::text::{Code, Html, Link, When};

/// How a fact is called, and how it is shown.
const LABELS: [(&str, &str, FactKind); 30] = [
    ("algorithm", "digest in the lockfile", FactKind::Text),
    ("weak", "weak", FactKind::Text),
    ("reason", "code", FactKind::Code),
    ("detail", "why", FactKind::Text),
    ("keyid", "signed by the key", FactKind::Code),
    ("identity", "signed by", FactKind::Code),
    ("signer", "signed by", FactKind::Code),
    ("time", "signed", FactKind::Time),
    ("timeSource", "who says when", FactKind::Text),
    ("retired", "the key is retired", FactKind::Text),
    ("sourceRepository", "source repository", FactKind::Link),
    ("commit", "commit", FactKind::Code),
    ("ref", "branch or tag", FactKind::Code),
    ("workflow", "signed by the workflow", FactKind::Code),
    ("workflowFile", "started workflow", FactKind::Code),
    ("trigger", "started by", FactKind::Text),
    ("runner", "kind of machine", FactKind::Text),
    ("run", "the run", FactKind::Link),
    ("issuer", "identity issued by", FactKind::Code),
    ("repositoryId", "number of the repository", FactKind::Code),
    ("owner", "owner", FactKind::Link),
    ("ownerId", "number of the owner", FactKind::Code),
    ("statedBuilder", "builder, in its own words", FactKind::Code),
    ("statedBuildType", "kind of build, in its own words", FactKind::Code),
    ("predicateType", "kind of statement", FactKind::Code),
    ("signedAt", "signed", FactKind::Time),
    ("logged", "public log", FactKind::Logged),
    ("timestampsSetAside", "times that do not verify", FactKind::Text),
    ("otherSignatures", "other signatures", FactKind::Text),
    ("found", "found", FactKind::Text),
];

#[derive(Clone, Copy)]
enum FactKind {
    Text,
    Code,
    Time,
    Link,
    Logged,
}

/// The facts, a line each.
pub(super) fn list(out: &mut String, facts: &Map<String, Value>) -> fmt::Result {
    if facts.is_empty() {
        return Ok(());
    }
    out.push_str("<dl class=\"facts\">\n");
    let text = |name: &str| facts.get(name).and_then(Value::as_str);
    let why = text("detail").zip(text("reason"));
    if let Some((detail, code)) = why {
        writeln!(out, "<dt>why<dd>{} <small>{}</small>", Html(detail), Code(code))?;
    }
    let others =
        facts.iter().filter(|(name, _)| why.is_none() || *name != "detail" && *name != "reason");
    for (name, value) in others {
        let known = LABELS.iter().find(|(known, ..)| known == name);
        match known {
            Some((_, label, _)) => write!(out, "<dt>{label}<dd>")?,
            None => write!(out, "<dt>{}<dd>", Html(name))?,
        }
        show(out, known.map_or(FactKind::Text, |(.., kind)| *kind), value)?;
        out.push('\n');
    }
    out.push_str("</dl>\n");
    Ok(())
}

fn show(out: &mut String, kind: FactKind, value: &Value) -> fmt::Result {
    match (value, kind) {
        (Value::String(text), FactKind::Text) => write!(out, "{}", Html(text)),
        (Value::String(text), FactKind::Code | FactKind::Logged) => write!(out, "{}", Code(text)),
        (Value::String(text), FactKind::Time) => write!(out, "{}", When(text)),
        (Value::String(text), FactKind::Link) => write!(out, "{}", Link(text)),
        (Value::Bool(is), _) => write!(out, "{}", if *is { "yes" } else { "no" }),
        (Value::Object(logged), FactKind::Logged) => {
            let has = |name: &str| logged.get(name).and_then(Value::as_bool).unwrap_or_default();
            write!(
                out,
                "{}",
                match (has("promise"), has("proof")) {
                    (true, true) => "listed: its promise and its proof verify",
                    (false, true) => "listed: its proof verifies",
                    (true, false) => "its promise to list it verifies; there is no proof",
                    (false, false) => "not used",
                }
            )
        }
        (Value::Array(items), kind) => {
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { "<br>" } else { "" });
                show(out, kind, item)?;
            }
            Ok(())
        }
        (Value::Object(members), _) => {
            for (at, (name, value)) in members.iter().enumerate() {
                write!(out, "{}{}: ", if at > 0 { ", " } else { "" }, Html(name))?;
                show(out, FactKind::Code, value)?;
            }
            Ok(())
        }
        (other, _) => write!(out, "{}", Html(&other.to_string())),
    }
}
