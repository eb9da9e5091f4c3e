//! What the policy has beside rules and exceptions.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{
    Page,
    rules::values,
    text::{Code, Html},
};
use crate::cli::render::report::tally::{count, span};

impl Page<'_> {
    /// The policy but for rules and exceptions.
    pub(super) fn policy(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        let get = |key: &str| policy.demands.get(key);
        let yes = |key: &str| get(key).and_then(Value::as_bool).unwrap_or_default();
        out.push_str(
            "<h3>The rest of the policy</h3>\n<dl class=\"facts\">\n<dt>Whose seals count<dd>",
        );
        self.seals(out)?;
        for (key, what) in
            [("maxAgeSeconds", "Oldest archive"), ("maxTrustAgeSeconds", "Oldest trust material")]
        {
            match get(key).and_then(Value::as_i64) {
                Some(limit) => writeln!(out, "<dt>{what}<dd>{}", span(limit))?,
                None => writeln!(out, "<dt>{what}<dd>of any age")?,
            }
        }
        let has_limit =
            get("maxAgeSeconds").or(get("maxTrustAgeSeconds")).is_some_and(Value::is_number);
        if let Some(reaction) = get("pastLimit").and_then(Value::as_str).filter(|_| has_limit) {
            let says = match reaction {
                "deny" => "refused",
                "warn" => "stale",
                other => other,
            };
            writeln!(out, "<dt>What is older is<dd>{}", Html(says))?;
        }
        let lockfile = if yes("lockfileRequired") { "must be given" } else { "may be given" };
        writeln!(out, "<dt>This build's lockfile<dd>{lockfile}")?;
        let deep = match yes("deep") {
            true => "the list of files in every package was read and checked",
            false => {
                "listed where a package bundles others or has a lockfile of its own; all others were compared as one file"
            }
        };
        writeln!(out, "<dt>Inside packages<dd>{deep}")?;
        self.sources(out)?;
        out.push_str("</dl>\n");
        Ok(())
    }

    /// Whose seals count.
    fn seals(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        for signer in policy.signers() {
            let text = |key: &str| signer.get(key).and_then(Value::as_str);
            write!(out, "<bdi>{}</bdi>", Html(text("name").unwrap_or_default()))?;
            if let Some(keys) = signer.get("keys").filter(|keys| !is_only(keys, text("name"))) {
                write!(out, ", with {}", values(keys))?;
            }
            if let Some(until) = text("until") {
                write!(out, ", for seals until {}", Html(until))?;
            }
            out.push_str("<br>");
        }
        writeln!(
            out,
            "{} of these names must have sealed; several keys of one name count once",
            policy.threshold()
        )
    }

    /// What the policy names, and where it was read from.
    fn sources(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        let get = |key: &str| policy.demands.get(key);
        if let Some(ours) =
            get("ours").filter(|ours| ours.as_array().is_some_and(|ours| !ours.is_empty()))
        {
            writeln!(out, "<dt>Folders of our own<dd>{}", values(ours))?;
        }
        if let Some(identities) = get("identities").and_then(Value::as_object) {
            let text = |key: &str| identities.get(key).and_then(Value::as_str).unwrap_or_default();
            writeln!(
                out,
                "<dt>Who built what before<dd>compared with a file of identities, SHA-256 {}; what it does \
                 not know: {}",
                Code(text("sha256")),
                Html(text("unknown"))
            )?;
        }
        writeln!(out, "<dt>SHA-256 of the policy<dd>{}", Code(&policy.digest.sha256))?;
        if !policy.files.is_empty() {
            writeln!(out, "<dt>Read from {}<dd>", count(policy.files.len(), "file"))?;
        }
        for file in &policy.files {
            writeln!(out, "<bdi>{}</bdi>, SHA-256 {}<br>", Html(&file.file), Code(&file.sha256))?;
        }
        Ok(())
    }
}

/// Whether the only key is what the signer is named by.
fn is_only(keys: &Value, name: Option<&str>) -> bool {
    matches!(keys.as_array().map(Vec::as_slice), Some([one]) if one.as_str() == name)
}
