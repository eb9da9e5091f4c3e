//! `sealift bundle verify`.

use crate::{
    app::{
        report::Report,
        stored::{Outputs, Source, StoredReport},
        verify::verify,
    },
    cli::{
        context::Context,
        declare::{ReportOptions, Verify},
        failure::{Failure, Kind, Outcome},
        json,
    },
};

/// Verifies an archive, and reports on every package in it.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked, or a report could not be written.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    let outputs = prepare(&options.reports, context)?;
    let resolved = options.verify.resolve(&options.archive, context.env);
    match verify(&resolved, &context.clock)?.admit() {
        Ok(verified) => {
            write(&outputs, &options.reports, verified.report())?;
            context.report(verified.report());
            Ok(())
        }
        Err(report) => {
            // What was refused stays refused, whether that could be written down or not.
            if let Err(failure) = write(&outputs, &options.reports, &report) {
                context.terminal.failure(&failure);
            }
            context.report(&report);
            Err(Failure::reported(Kind::Refused))
        }
    }
}

/// Finds out whether the reports can be written, before the work begins.
fn prepare(options: &ReportOptions, context: &mut Context<'_>) -> Outcome<Outputs> {
    let is_json = |rendering: &Option<_>| rendering.is_none();
    let mut reports = options.reports.iter().map(|report| &report.rendering);
    if options.report_key.is_some() && !reports.any(is_json) {
        let hint = "add --report json=FILE";
        return Err(Failure::could_not("--report-key signs the JSON report alone").hint(hint));
    }
    let files = options.reports.iter().map(|report| report.file.clone()).collect();
    Ok(Outputs::prepare(files, options.report_key.as_deref(), context.terminal)?)
}

fn write(outputs: &Outputs, options: &ReportOptions, report: &Report) -> Outcome {
    if options.reports.is_empty() {
        return Ok(());
    }
    let stored = StoredReport::of(report);
    let contents = options.reports.iter().map(|report| match report.rendering {
        Some(rendering) => Ok(rendering.render(&stored, &Source::Verification).into_bytes()),
        None => {
            let mut bytes = Vec::new();
            let written = json::write(&mut bytes, &stored);
            written.map_err(Failure::could_not)?;
            Ok(outputs.sign(bytes)?)
        }
    });
    let contents = contents.collect::<Outcome<Vec<_>>>()?;
    Ok(outputs.write(&contents)?)
}
