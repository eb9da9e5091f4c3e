//! The page.

use crate::app::stored::{Source, StoredReport};

pub(super) fn html(report: &StoredReport, _source: &Source) -> String {
    report.verdict.name().to_owned()
}
