//! `sealift bundle verify`.

use crate::{
    app::{
        attest,
        outputs::{self, Filled},
        report::Report,
        store::{self, ArchiveStoreError},
        stored::{Outputs, ReportOrigin, StoredReport},
        verify::verify,
    },
    cli::{
        context::Context,
        declare::{ReportOptions, Verify},
        failure::{Failure, Kind, Outcome},
        json,
        render::JudgedStore,
    },
};

/// Verifies an archive, and reports on every package in it.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked, or a statement or a report could not be written.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    if store::is_folder(&options.archive) {
        return run_on_folder(options, context);
    }
    let resolved = options.verify.resolve(&options.archive, context.env);
    let statements = attest::Options::from(&options.statements);
    // What cannot be written is an error before the work begins.
    let attesting = statements.prepare(context.terminal)?;
    let to_reports = prepare(&options.reports, context)?;
    let reports = options.reports.reports.iter().map(|report| report.file.as_path());
    outputs::check(statements.files().chain(reports))?;
    let examined = verify(&resolved, &context.clock)?;
    let mut filled = attesting.fill(&examined)?;
    filled.extend(fill(&to_reports, &options.reports, examined.report())?);
    outputs::keep(filled)?;
    match examined.admit() {
        Ok(verified) => {
            context.report(verified.report());
            Ok(())
        }
        Err(report) => {
            context.report(&report);
            Err(Failure::reported(Kind::Refused))
        }
    }
}

/// Verifies all archives of a folder.
fn run_on_folder(options: &Verify, context: &mut Context<'_>) -> Outcome {
    let Verify { statements, reports, .. } = options;
    let states = statements.attest.is_some() || statements.attest_packages.is_some();
    if states || !reports.reports.is_empty() || reports.report_key.is_some() {
        return Err(ArchiveStoreError::OneArchive(options.archive.clone()).into());
    }
    let terms = options.verify.terms(context.env);
    let judgment = store::verify(&options.archive, &terms, &context.clock)?;
    let (verbose, quiet) = (context.terminal.verbose(), context.terminal.quiet());
    context.print(&JudgedStore { judgment: &judgment, verbose, quiet });
    context.of_store(&judgment)
}

/// Finds out whether the reports can be written.
fn prepare(options: &ReportOptions, context: &mut Context<'_>) -> Outcome<Outputs> {
    let mut reports = options.reports.iter();
    if options.report_key.is_some() && !reports.any(|report| report.rendering.is_none()) {
        let hint = "add --report json=FILE";
        return Err(Failure::could_not("--report-key signs the JSON report alone").hint(hint));
    }
    let files = options.reports.iter().map(|report| report.file.clone()).collect();
    Ok(Outputs::prepare(files, options.report_key.as_deref(), context.terminal)?)
}

/// Fills the files of the reports that were asked for.
fn fill(outputs: &Outputs, options: &ReportOptions, report: &Report) -> Outcome<Vec<Filled>> {
    if options.reports.is_empty() {
        return Ok(Vec::new());
    }
    let stored = StoredReport::of(report);
    let contents = options.reports.iter().map(|report| match report.rendering {
        Some(rendering) => Ok(rendering.render(&stored, &ReportOrigin::Verification).into_bytes()),
        None => {
            let mut bytes = Vec::new();
            json::write(&mut bytes, &stored).map_err(Failure::could_not)?;
            Ok(outputs.sign(bytes)?)
        }
    });
    let contents = contents.collect::<Outcome<Vec<_>>>()?;
    Ok(outputs.fill(contents)?)
}
