//! The packages: a line each, with all facts below it.

use std::fmt::{self, Write as _};

use super::{
    Page, facts,
    refused::reason,
    text::{Code, Html, When},
};
use crate::{
    app::{
        report::Verdict,
        stored::{StoredClaim, StoredDenial, StoredPackage},
    },
    cli::render::report::{codes, words},
    core::verdict::Status,
};

/// Packages in a list. A browser lays out the lists that are near what it shows, and no others: measured with
/// 1,000 packages, a search takes 4 seconds where each package is skipped alone, and a fifth of a second with such lists.
const GROUP: usize = 50;

/// The search, which the script shows.
const TOOLS: &str = "<form id=\"tools\" role=\"search\" hidden>\
    <label>Search <input id=\"q\" type=\"search\" placeholder=\"name, repository, workflow\"></label>\
    <label>Show <select id=\"show\"><option value=\"\">all<option value=\"refused\">refused\
    <option value=\"excused\">excused<option value=\"weak\">weak<option value=\"built\">with provenance\
    <option value=\"unbuilt\">without provenance</select></label>\
    <button id=\"open\" type=\"button\">Open all</button> <output id=\"shown\"></output></form>\n";

impl Page<'_> {
    /// The packages.
    pub(super) fn packages(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section id=\"packages\">\n<h2>Packages</h2>\n<p>Each line opens. Provenance names the source \
             repository and the commit.</p>\n",
        );
        out.push_str(TOOLS);
        out.push_str("<div class=\"row heads\" aria-hidden=\"true\"><span>package</span>");
        for (claim, ..) in words::CLAIMS {
            write!(out, "<span>{claim}</span>")?;
        }
        out.push_str("<span>built from</span></div>\n<ol class=\"packages\">\n");
        for (at, package) in self.report.packages.iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                writeln!(out, "</ol>\n<ol class=\"packages\" start=\"{}\">", at.saturating_add(1))?;
            }
            line(out, at, package)?;
            body(out, package)?;
        }
        out.push_str("</ol>\n</section>\n");
        Ok(())
    }
}

/// What is seen of a package before it is opened.
fn line(out: &mut String, at: usize, package: &StoredPackage) -> fmt::Result {
    let provenance =
        package.claims.get("provenance").filter(|claim| claim.status == Status::Verified);
    let mut classes = vec![package.verdict.name()];
    classes.push(if provenance.is_some() { "built" } else { "unbuilt" });
    for (class, is) in
        [("excused", !package.excused.is_empty()), ("weak", !package.weak.is_empty())]
    {
        classes.extend(is.then_some(class));
    }
    let name = name(&package.purl);
    let (name, version) = name.rsplit_once('@').unwrap_or((&name, ""));
    write!(
        out,
        "<li id=\"p{at}\" class=\"{}\"><details><summary class=\"row\"><span class=\"name\"><b>{}</b> <i>{}</i>",
        classes.join(" "),
        Html(name),
        Html(version)
    )?;
    for (mark, is) in [
        ("refused", package.verdict == Verdict::Refused),
        ("excused", !package.excused.is_empty()),
        ("weak", !package.weak.is_empty()),
    ] {
        if is {
            write!(out, " <em class=\"{mark}\">{mark}</em>")?;
        }
    }
    out.push_str("</span>");
    for (claim, ..) in words::CLAIMS {
        let word = package.claims.get(claim).map_or("absent", |claim| status(claim.status));
        write!(out, "<span class=\"{word}\" data-of=\"{claim}\">{word}</span>")?;
    }
    out.push_str("<span class=\"from\">");
    if let Some(claim) = provenance {
        let repository = claim.text("sourceRepository").unwrap_or_default();
        let shown = repository.strip_prefix("https://").unwrap_or(repository);
        let commit: String = claim.text("commit").unwrap_or_default().chars().take(10).collect();
        write!(out, "{} <small>{}</small>", Html(shown), Html(&commit))?;
    }
    out.push_str("</span></summary>\n");
    Ok(())
}

/// Everything that the report says of a package.
fn body(out: &mut String, package: &StoredPackage) -> fmt::Result {
    out.push_str("<div class=\"body\"><dl class=\"facts\">\n");
    for (name, denials) in
        [("refused", &package.denied), ("excused", &package.excused), ("warning", &package.warned)]
    {
        for denial in denials {
            write!(out, "<dt class=\"{name}\">{name}<dd>")?;
            judged(out, denial)?;
        }
    }
    for weakness in &package.weak {
        write!(out, "<dt class=\"weak\">weak<dd>{}", codes::says(weakness))?;
        writeln!(out, " <small>{}</small>", Code(weakness))?;
    }
    writeln!(out, "<dt>package URL<dd>{}", Code(&package.purl))?;
    for (name, digest) in [("SHA-256", &package.sha256), ("SHA-512", &package.sha512)] {
        if let Some(digest) = digest {
            writeln!(out, "<dt>{name}<dd>{}", Code(digest))?;
        }
    }
    match &package.registry {
        Some(registry) => writeln!(out, "<dt>registry<dd>{}", Html(registry))?,
        None => out.push_str("<dt>registry<dd>none\n"),
    }
    if let Some(published) = &package.published {
        writeln!(out, "<dt>published<dd>{}, as its registry says", When(published))?;
    }
    out.push_str("<dt>judged by<dd>");
    for (at, rule) in package.rules.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(out, "{comma}<a href=\"#rule-{rule}\">rule {rule}</a>")?;
    }
    out.push_str(if package.rules.is_empty() { "no rule</dl>\n" } else { "</dl>\n" });
    for (name, claim) in package.claims.iter() {
        found(out, name, claim)?;
    }
    others(out, package)?;
    out.push_str("</div></details>\n");
    Ok(())
}

/// What came with a package beside its claims.
fn others(out: &mut String, package: &StoredPackage) -> fmt::Result {
    for beside in &package.unrecognized {
        write!(
            out,
            "<h4>another {}: <span class=\"unrecognized\">not understood</span></h4>",
            Html(&beside.claim)
        )?;
        facts::list(out, &beside.found)?;
    }
    if !package.unexamined.is_empty() {
        out.push_str("<p>Not examined: statements of the types ");
        super::summary::codes(out, &package.unexamined)?;
        out.push_str("</p>");
    }
    Ok(())
}

fn judged(out: &mut String, denial: &StoredDenial) -> fmt::Result {
    reason(out, denial)?;
    if let Some(number) = denial.exception {
        write!(out, ", by <a href=\"#exception-{number}\">exception {number}</a>")?;
    }
    out.push('\n');
    Ok(())
}

fn found(out: &mut String, name: &str, claim: &StoredClaim) -> fmt::Result {
    let word = status(claim.status);
    write!(out, "<h4>{} <span class=\"{word}\">{word}</span></h4>", Html(name))?;
    facts::list(out, &claim.found)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Verified => "verified",
        Status::Absent => "absent",
        Status::Refused => "refused",
        Status::Unrecognized => "unrecognized",
    }
}

/// Name and version of a package, as people write them, and where it is from if that is not the ecosystem's
/// own registry.
pub(super) fn name(purl: &str) -> String {
    let (purl, qualifiers) = purl.split_once('?').unwrap_or((purl, ""));
    let name = purl.strip_prefix("pkg:").and_then(|rest| rest.split_once('/'));
    let name = name.map_or(purl, |(_, name)| name).replace("%40", "@");
    let has = |qualifier: &str| qualifiers.split('&').any(|one| one.starts_with(qualifier));
    match qualifiers {
        "" => name,
        _ if has("repository_url=") => format!("{name} (other registry)"),
        _ if has("vcs_url=") => format!("{name} (from git)"),
        _ => format!("{name} (from an address)"),
    }
}
