//! The page: one HTML file that a person without technical knowledge can read, with the verdict first.
//!
//! It needs no script and no network. The script that is in it only searches and filters; the policy in its
//! head lets a browser run that one and load nothing.

pub(super) mod check;
mod entries;
mod exceptions;
mod facts;
mod packages;
mod policy;
mod refused;
mod rules;
mod signers;
mod summary;
mod text;
mod trust;
mod vouch;

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use self::text::Html;
#[cfg(feature = "serve")]
use super::tally::lead;
use super::{tally::Tally, words};
use crate::{
    app::stored::{ReportOrigin, StoredReport},
    core::package::digest::Algorithm,
};

pub(super) const STYLE: &str = include_str!("page/page.css");
pub(super) const SCRIPT: &str = include_str!("page/page.js");

/// The page of a report.
pub(super) fn html(report: &StoredReport, source: &ReportOrigin) -> String {
    let mut out = String::new();
    // Nothing but memory is written to: this cannot fail.
    let _ = Page::new(report, source).write(&mut out);
    out
}

/// A report, on its way into a page.
struct Page<'a> {
    report: &'a StoredReport,
    source: &'a ReportOrigin,
    tally: Tally,
    /// The place of each package in the report, by its purl.
    places: BTreeMap<&'a str, usize>,
}

impl<'a> Page<'a> {
    fn new(report: &'a StoredReport, source: &'a ReportOrigin) -> Self {
        let packages = report.packages.iter().enumerate();
        let places = packages.map(|(at, package)| (package.purl.as_str(), at)).collect();
        Self { report, source, tally: Tally::of(report), places }
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let name = Html(&self.report.archive.file).to_string();
        head(out, &format!("{}: {name}", self.report.verdict.name()))?;
        self.verdict(out)?;
        out.push_str("<main>\n");
        out.push_str(CONTENTS);
        self.refused(out)?;
        self.glance(out)?;
        self.unsaid(out)?;
        self.vouchers(out)?;
        self.packages(out)?;
        self.entries(out)?;
        self.exceptions(out)?;
        self.rules(out)?;
        self.trust(out)?;
        self.check(out)?;
        glossary(out)?;
        out.push_str("</main>\n");
        let tool = &self.report.tool;
        writeln!(
            out,
            "<footer>Checked by {} {}. This page shows what its report says, in the form {}.</footer>",
            Html(&tool.name),
            Html(&tool.version),
            Html(&self.report.schema),
        )?;
        writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
    }
}

/// Where the parts of the page are.
const CONTENTS: &str = "<nav aria-label=\"Contents\"><ul>\
    <li><a href=\"#glance\">At a glance</a><li><a href=\"#unsaid\">What it does not say</a>\
    <li><a href=\"#vouchers\">Who vouches</a><li><a href=\"#packages\">Packages</a><li><a href=\"#entries\">Lockfile entries</a>\
    <li><a href=\"#exceptions\">Exceptions</a><li><a href=\"#rules\">Rules</a>\
    <li><a href=\"#trust\">Trust material</a><li><a href=\"#check\">Check it yourself</a>\
    <li><a href=\"#words\">Words</a></ul></nav>\n";

/// The page that lists several reports, each with the address of its page.
#[cfg(feature = "serve")]
pub(super) fn list<'a>(reports: impl Iterator<Item = (String, &'a StoredReport)>) -> String {
    let mut out = String::new();
    let _ = write_list(&mut out, reports);
    out
}

#[cfg(feature = "serve")]
fn write_list<'a>(
    out: &mut String,
    reports: impl Iterator<Item = (String, &'a StoredReport)>,
) -> fmt::Result {
    head(out, "Served archives")?;
    out.push_str(
        "<header><div>\n<p class=\"kicker\">Sealift</p>\n<h1>Served archives</h1>\n</div></header>\n<main>\n",
    );
    for (path, report) in reports {
        writeln!(
            out,
            "<section>\n<h2><a href=\"{path}\"><bdi>{}</bdi></a></h2>\n<p><strong>{}</strong>. {}</p>\n\
             <p>SHA-256 <code>{}</code></p>\n</section>",
            Html(&report.archive.file),
            report.verdict.name(),
            lead(report, &Tally::of(report)),
            Html(&report.archive.sha256),
        )?;
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

/// Everything up to the body. The title is escaped already.
fn head(out: &mut String, title: &str) -> fmt::Result {
    let hash = |text: &str| STANDARD.encode(Algorithm::Sha256.digest(text.as_bytes()).bytes());
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        hash(STYLE),
        hash(SCRIPT),
    )
}

/// The words that the page uses.
fn glossary(out: &mut String) -> fmt::Result {
    out.push_str("<section id=\"words\">\n<h2>Words</h2>\n<dl class=\"words\">\n");
    for (word, meaning) in words::GLOSSARY {
        writeln!(out, "<dt>{word}<dd>{meaning}")?;
    }
    for (word, verified, absent) in words::CLAIMS {
        writeln!(out, "<dt>{word} <small>claim</small><dd>verified: {verified}; absent: {absent}")?;
    }
    let lists: [(&str, &[(&str, &str)]); 3] = [
        ("verdict", &words::VERDICTS),
        ("claim is", &words::STATUSES),
        ("disposition", &words::DISPOSITIONS),
    ];
    for (kind, list) in lists {
        for (word, meaning) in list {
            match kind {
                "claim is" if *word != "absent" && *word != "unrecognized" => {}
                kind => writeln!(out, "<dt>{word} <small>{kind}</small><dd>{meaning}")?,
            }
        }
    }
    out.push_str("</dl>\n</section>\n");
    Ok(())
}
