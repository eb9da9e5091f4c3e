//! The lockfiles, and what becomes of every entry.

use std::fmt::{self, Write as _};

use super::{
    Page,
    packages::name,
    refused::reason,
    text::{Code, Html},
};
use crate::{
    app::stored::{ByName, StoredEntry},
    cli::render::report::{
        tally::{count, grouped, is_not_carried},
        words,
    },
};

impl Page<'_> {
    /// The lockfiles, and what becomes of every entry.
    pub(super) fn entries(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section id=\"entries\">\n<h2>Lockfile entries</h2>\n<p>A lockfile lists what the project \
             installs. Every entry of it must be accounted for.</p>\n",
        );
        for given in &self.report.lockfiles {
            heading(out, &given.file, "of this build", &given.format, &given.sha256)?;
            match &given.input {
                Some(input) => writeln!(
                    out,
                    "<p>It has the {} as the archive's <bdi>{}</bdi>, whose entries are below.</p>",
                    Html(&given.relation),
                    Html(input)
                )?,
                None => out.push_str(
                    "<p>It differs from the archive's own lockfiles, so that each entry of it was compared \
                     with the archive.</p>\n",
                ),
            }
            if let Some(entries) = &given.entries {
                self.lockfile(out, &given.dispositions, entries)?;
            }
        }
        for input in &self.report.inputs {
            heading(out, &input.entry, "in the archive", &input.format, &input.sha256)?;
            self.lockfile(out, &input.dispositions, &input.entries)?;
        }
        out.push_str("</section>\n");
        Ok(())
    }

    fn lockfile(
        &self,
        out: &mut String,
        dispositions: &ByName<usize>,
        entries: &[StoredEntry],
    ) -> fmt::Result {
        out.push_str("<ul class=\"dispositions\">\n");
        for (name, number) in dispositions.iter() {
            write!(out, "<li><b>{}</b> {}", grouped(*number), Html(name))?;
            match words::meaning(&words::DISPOSITIONS, name) {
                Some(meaning) => writeln!(out, ": {meaning}")?,
                None => out.push('\n'),
            }
        }
        out.push_str("</ul>\n");
        let (plain, special): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| is_plain(entry));
        if !special.is_empty() {
            self.table(out, &special)?;
        }
        if !plain.is_empty() {
            let others = if special.is_empty() { "" } else { "other " };
            let plain_count = count(plain.len(), "entry");
            writeln!(out, "<details><summary>The {others}{plain_count}</summary>")?;
            self.table(out, &plain)?;
            out.push_str("</details>\n");
        }
        Ok(())
    }

    fn table(&self, out: &mut String, entries: &[&StoredEntry]) -> fmt::Result {
        out.push_str(
            "<table class=\"entries\"><thead><tr><th>entry<th>disposition<th>package<th>bound by, notes</thead><tbody>\n",
        );
        for entry in entries {
            let path = if entry.path.is_empty() { "(the project itself)" } else { &entry.path };
            write!(out, "<tr><td>{}<td>{}<td>", Code(path), Html(&entry.disposition))?;
            if let Some(purl) = &entry.package {
                let name = name(purl);
                match self.places.get(purl.as_str()) {
                    Some(at) => write!(out, "<a href=\"#p{at}\">{}</a>", Html(&name))?,
                    None => write!(out, "{}", Html(&name))?,
                }
            }
            out.push_str("<td>");
            notes(out, entry)?;
            out.push('\n');
        }
        out.push_str("</tbody></table>\n");
        Ok(())
    }
}

fn heading(out: &mut String, file: &str, of: &str, format: &str, sha256: &str) -> fmt::Result {
    write!(out, "<h3><bdi>{}</bdi> <small>{of}", Html(file))?;
    if file.rsplit('/').next() != Some(format) {
        write!(out, ", {}", Html(format))?;
    }
    writeln!(out, "</small></h3>\n<p>SHA-256 {}</p>", Code(sha256))
}

/// What binds an entry, and what is to be said of it.
fn notes(out: &mut String, entry: &StoredEntry) -> fmt::Result {
    out.push_str("<ul>");
    match entry.pinned_by.as_deref() {
        Some("signature") => out.push_str("<li>the registry's signature"),
        Some(algorithm) => write!(out, "<li>{}", Html(algorithm))?,
        None => {}
    }
    if let Some(hash) = &entry.hash {
        write!(out, "<li>its only digest is {}", Html(hash))?;
    }
    if entry.other_address {
        out.push_str("<li>the lockfile gives another address for it");
    }
    if let Some(denial) = &entry.denied {
        out.push_str("<li><strong class=\"refused\">refused</strong>: ");
        reason(out, denial)?;
    }
    if let Some(excused) = &entry.excused {
        out.push_str("<li><strong class=\"excused\">excused</strong>: ");
        reason(out, excused)?;
        if let Some(number) = excused.exception {
            write!(out, ", by <a href=\"#exception-{number}\">exception {number}</a>")?;
        }
    }
    if is_not_carried(entry) {
        out.push_str("<li>not in the archive");
    }
    out.push_str("</ul>");
    Ok(())
}

/// Whether the archive has the entry and no note is needed.
fn is_plain(entry: &StoredEntry) -> bool {
    let is_covered = matches!(entry.disposition.as_str(), "collected" | "bundled");
    let is_bound = entry.pinned_by.as_deref() != Some("signature");
    is_covered
        && is_bound
        && entry.denied.is_none()
        && entry.excused.is_none()
        && !entry.other_address
}
