//! The pages of `bundle serve`: what is served, and how it verified.

use super::page;
use crate::app::{
    serve::Serving,
    stored::{ReportOrigin, StoredReport},
};

/// The pages, each with its path. Where there are several archives, the first page lists them.
pub fn pages(serving: &Serving) -> Vec<(String, String)> {
    let reports = serving.archives().iter().map(|archive| StoredReport::of(archive.report()));
    let reports: Vec<_> = reports.collect();
    let path = |number: usize| match reports.len() {
        1 => "/".to_owned(),
        _ => format!("/-/sealift/{number}"),
    };
    let numbered = (1..).zip(&reports);
    let mut pages: Vec<_> = numbered
        .map(|(number, report)| (path(number), page::html(report, &ReportOrigin::Serving)))
        .collect();
    if reports.len() > 1 {
        pages.push(("/".to_owned(), page::list((1..).map(path).zip(&reports))));
    }
    pages
}
