//! The trust material, with the time for which it holds.

use std::fmt::{self, Write as _};

use super::{
    Page,
    text::{Code, Html, When},
};
use crate::{
    app::stored::StoredTrust,
    cli::render::report::{
        tally::{before, past},
        words,
    },
};

impl Page<'_> {
    /// The trust material.
    pub(super) fn trust(&self, out: &mut String) -> fmt::Result {
        out.push_str(
            "<section id=\"trust\">\n<h2>Trust material</h2>\n<p>The keys and certificates that evidence was \
             judged by. Each key holds for a time; a signature counts if the key held when it was made.</p>\n",
        );
        for one in &self.report.past_limits {
            writeln!(out, "<p class=\"past\">Past its limit: {}.</p>", past(one))?;
        }
        self.report.trust.iter().try_for_each(|trust| material(out, trust))?;
        out.push_str("</section>\n");
        Ok(())
    }
}

fn material(out: &mut String, trust: &StoredTrust) -> fmt::Result {
    writeln!(out, "<h3><bdi>{}</bdi></h3>\n<dl class=\"facts\">", Html(&trust.instance))?;
    let source = words::meaning(&words::TRUST_SOURCES, &trust.source);
    writeln!(out, "<dt>where it is from<dd>{}", source.map_or_else(|| Html(&trust.source), Html))?;
    for (label, time) in [
        ("published", &trust.published_at),
        ("compared with its source", &trust.checked_at),
        ("registry's keys compared", &trust.keys_checked_at),
        ("runs out", &trust.expires),
    ] {
        if let Some(time) = time {
            writeln!(out, "<dt>{label}<dd>{}", When(time))?;
        }
    }
    if let Some(age) = trust.age_seconds {
        writeln!(out, "<dt>oldest part<dd>{}", before(age))?;
    }
    for (label, version) in
        [("version of the root", trust.root), ("version of the timestamp", trust.timestamp)]
    {
        if let Some(version) = version {
            writeln!(out, "<dt>{label}<dd>{version}")?;
        }
    }
    for publisher in &trust.publishers {
        writeln!(
            out,
            "<dt>who signs for the registry<dd>{}: {}, issued by {}",
            Html(&publisher.registry),
            Code(&publisher.identity),
            Code(&publisher.issuer)
        )?;
    }
    for aside in &trust.set_aside {
        writeln!(out, "<dt>not usable<dd>{}; what rests on it is refused", Html(aside))?;
    }
    out.push_str("</dl>\n");
    Ok(())
}
