//! The facts of a claim: what evidence says once it is verified, or why it is absent.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::text::{Code, Link, Text, When};

/// How a fact is called, and how it is shown.
const LABELS: [(&str, &str, Kind); 30] = [
    ("algorithm", "digest in the lockfile", Kind::Text),
    ("weak", "weak", Kind::Text),
    ("reason", "code", Kind::Code),
    ("detail", "why", Kind::Text),
    ("keyid", "signed by the key", Kind::Code),
    ("identity", "signed by", Kind::Code),
    ("signer", "signed by", Kind::Code),
    ("time", "signed", Kind::Time),
    ("timeSource", "who says when", Kind::Text),
    ("retired", "the key is retired", Kind::Text),
    ("sourceRepository", "source repository", Kind::Link),
    ("commit", "commit", Kind::Code),
    ("ref", "branch or tag", Kind::Code),
    ("workflow", "signed by the workflow", Kind::Code),
    ("workflowFile", "started workflow", Kind::Code),
    ("trigger", "started by", Kind::Text),
    ("runner", "kind of machine", Kind::Text),
    ("run", "the run", Kind::Link),
    ("issuer", "identity issued by", Kind::Code),
    ("repositoryId", "number of the repository", Kind::Code),
    ("owner", "owner", Kind::Link),
    ("ownerId", "number of the owner", Kind::Code),
    ("statedBuilder", "builder, in its own words", Kind::Code),
    ("statedBuildType", "kind of build, in its own words", Kind::Code),
    ("predicateType", "kind of statement", Kind::Code),
    ("signedAt", "signed", Kind::Time),
    ("logged", "public log", Kind::Logged),
    ("timestampsSetAside", "times that do not verify", Kind::Text),
    ("otherSignatures", "other signatures", Kind::Text),
    ("found", "found", Kind::Text),
];

#[derive(Clone, Copy)]
enum Kind {
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
        writeln!(out, "<dt>why<dd>{} <small>{}</small>", Text(detail), Code(code))?;
    }
    let others =
        facts.iter().filter(|(name, _)| why.is_none() || *name != "detail" && *name != "reason");
    for (name, value) in others {
        let known = LABELS.iter().find(|(known, ..)| known == name);
        match known {
            Some((_, label, _)) => write!(out, "<dt>{label}<dd>")?,
            None => write!(out, "<dt>{}<dd>", Text(name))?,
        }
        show(out, known.map_or(Kind::Text, |(.., kind)| *kind), value)?;
        out.push('\n');
    }
    out.push_str("</dl>\n");
    Ok(())
}

fn show(out: &mut String, kind: Kind, value: &Value) -> fmt::Result {
    match (value, kind) {
        (Value::String(text), Kind::Text) => write!(out, "{}", Text(text)),
        (Value::String(text), Kind::Code | Kind::Logged) => write!(out, "{}", Code(text)),
        (Value::String(text), Kind::Time) => write!(out, "{}", When(text)),
        (Value::String(text), Kind::Link) => write!(out, "{}", Link(text)),
        (Value::Bool(is), _) => write!(out, "{}", if *is { "yes" } else { "no" }),
        (Value::Object(logged), Kind::Logged) => {
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
                write!(out, "{}{}: ", if at > 0 { ", " } else { "" }, Text(name))?;
                show(out, Kind::Code, value)?;
            }
            Ok(())
        }
        (other, _) => write!(out, "{}", Text(&other.to_string())),
    }
}
