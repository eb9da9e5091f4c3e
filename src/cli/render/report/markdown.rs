//! Markdown.

use crate::app::stored::{Source, StoredReport};

pub(super) fn markdown(report: &StoredReport, _source: &Source) -> String {
    report.verdict.name().to_owned()
}
