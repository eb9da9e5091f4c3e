//! The exceptions: what each excuses, why, until when, and how often.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use serde_json::{Map, Value};

use super::{
    Page,
    rules::{joined, values},
    text::{Code, Html},
};
use crate::{
    app::stored::ExceptionUse,
    cli::render::report::{
        codes,
        tally::{count, used},
    },
    core::policy::ENDS_SOON_DAYS,
};

/// How many exceptions the top of the page lists.
const AT_A_GLANCE: usize = 5;

impl Page<'_> {
    /// What was let pass, why, and until when, in a few lines.
    pub(super) fn passed(&self, out: &mut String) -> fmt::Result {
        let used = used(self.report);
        if used.is_empty() {
            out.push_str("<dt>What passes by exception?<dd>Nothing: no exception was used.\n");
            return Ok(());
        }
        out.push_str("<dt>What passes by exception?<dd><ul>\n");
        for (uses, exception) in used.iter().take(AT_A_GLANCE) {
            let text = |key: &str| exception.get(key).and_then(Value::as_str).unwrap_or_default();
            let code = text("code");
            writeln!(
                out,
                "<li><a href=\"#exception-{}\">{}</a>: {}. Because: <q>{}</q> Until {} ({})",
                uses.number,
                subject(exception),
                codes::says(code),
                Html(text("reason")),
                Html(text("expires")),
                left(uses.days_left),
            )?;
        }
        if let Some(more @ 1..) = used.len().checked_sub(AT_A_GLANCE) {
            writeln!(out, "<li><a href=\"#exceptions\">and {more} more</a>")?;
        }
        out.push_str("</ul>\n");
        Ok(())
    }

    /// The exceptions.
    pub(super) fn exceptions(&self, out: &mut String) -> fmt::Result {
        let policy = &self.report.policy;
        out.push_str("<section id=\"exceptions\">\n<h2>Exceptions</h2>\n");
        if policy.exceptions().next().is_none() {
            out.push_str("<p>The policy has none: nothing was excused.</p>\n</section>\n");
            return Ok(());
        }
        out.push_str(
            "<p>What the policy lets pass although it would be refused otherwise. Each has a last day, in UTC; after it, what \
             it excuses is refused. Evidence that does not verify is never excused.</p>\n\
             <table class=\"exceptions\"><thead><tr><th>for<th>excuses<th>reason<th>until<th>used</thead><tbody>\n",
        );
        let uses = self.report.exception_uses.iter().map(|uses| (uses.number, uses));
        let uses: BTreeMap<_, _> = uses.collect();
        for (number, exception) in (1_usize..).zip(policy.exceptions()) {
            let uses = uses.get(&number).copied();
            let state = uses.map_or("", |uses| uses.state.as_str());
            let class = match state {
                "used" => "used",
                "expired" => "expired",
                _ => "unused",
            };
            write!(out, "<tr id=\"exception-{number}\" class=\"{class}\"><td>{number}. ")?;
            row(out, exception, uses)?;
            out.push('\n');
        }
        out.push_str("</tbody></table>\n</section>\n");
        Ok(())
    }
}

fn row(
    out: &mut String,
    exception: &Map<String, Value>,
    uses: Option<&ExceptionUse>,
) -> fmt::Result {
    let text = |key: &str| exception.get(key).and_then(Value::as_str).unwrap_or_default();
    out.push_str(&subject(exception));
    if let Some(digest) = exception.get("sha512") {
        write!(out, "<br><small>with the SHA-512 {}</small>", values(digest))?;
    }
    let code = text("code");
    write!(out, "<td>{} <small>{}</small>", codes::says(code), Code(code))?;
    write!(out, "<td>{}<td>{}", Html(text("reason")), Html(text("expires")))?;
    if let Some(uses) = uses {
        write!(out, "<br>{}", left(uses.days_left))?;
    }
    write!(out, "<small>added {}</small><td>", Html(text("added")))?;
    let Some(uses) = uses else { return Ok(()) };
    match uses.state.as_str() {
        "used" => {
            let things = if uses.uses == 1 { "package or entry" } else { "packages or entries" };
            write!(out, "for {} {things}", uses.uses)
        }
        "expired" => write!(out, "no: it has expired"),
        "not-yet" => write!(out, "no: it does not hold yet"),
        _ => write!(out, "no: no package or entry needs this exception"),
    }
}

/// What an exception is about.
fn subject(exception: &Map<String, Value>) -> String {
    match (exception.get("packages"), exception.get("entry")) {
        (Some(packages), _) => joined(packages, ", "),
        (None, Some(entry)) => format!("the lockfile entry {}", values(entry)),
        (None, None) => String::new(),
    }
}

/// How many days it still holds, or has not held.
fn left(days: i64) -> String {
    let number = count(usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX), "day");
    match days {
        ..0 => format!("<strong>{number} before the reference time</strong>"),
        0..=ENDS_SOON_DAYS => format!("<strong>{number} after the reference time</strong>"),
        _ => format!("{number} after the reference time"),
    }
}
