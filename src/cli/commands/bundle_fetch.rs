//! `sealift bundle fetch`.

use std::io;

use crate::{
    app::{
        connection::{Npmrc, RegistryConfig},
        seal::{self, Output, SealError, SealedArchive},
        supply::Supply,
    },
    cli::{
        context::Context,
        declare::Fetch,
        env::Env,
        failure::{CommandResult, Ending, Failure},
        network, options,
        render::{Uncollected, count, denied_later, git_dependencies},
    },
};

/// Collects, seals, opens again, verifies. Only then does the archive get its name.
///
/// # Errors
/// Exit 2, when something could not be fetched; exit 1, when something is not what it should be. No archive is
/// left behind then.
pub fn run(options: &Fetch, context: &mut Context<'_>) -> CommandResult {
    #[cfg(unix)]
    network::leave_nothing_when_interrupted();
    let seal = seal_options(options, context.env);
    // An archive that cannot or must not be written is an error before anything is downloaded.
    let clock = context.clock;
    let sealing = seal.prepare(&clock, context.terminal)?;
    let npmrc = npmrc(options, context.env)?;
    let config = RegistryConfig::new(&npmrc, options.registry.as_ref().map(url::Url::as_str))?;
    let network = network::acquire(&npmrc, context)?;
    match sealing.run(network, &config, context.terminal) {
        Ok(sealed) => keep(sealed, &seal.output, context),
        Err(error) => Err(end(error, context)),
    }
}

fn seal_options(options: &Fetch, env: &Env) -> seal::Options {
    seal::Options {
        lockfiles: options.lockfiles.clone(),
        supplies: options
            .supplies
            .iter()
            .cloned()
            .map(|(address, file)| Supply { address, file })
            .collect(),
        output: options::output(&options.output, env),
        key: options::sealing_key(options.key.as_deref(), env),
        source_date: env.source_date,
        concurrency: options.concurrency,
        no_refresh: options.no_refresh,
        trust: options.trust.resolve(env),
        cache: env.cache.clone(),
    }
}

fn npmrc(options: &Fetch, env: &Env) -> CommandResult<Npmrc> {
    let project = options.lockfiles.first().and_then(|path| path.parent());
    Ok(Npmrc::load(
        env.npmrc.as_deref(),
        project.map(|folder| folder.join(".npmrc")).as_deref(),
        options.trust_project_npmrc,
        &Env::variable,
    )?)
}

/// Hands out the archive, and says what it is.
fn keep(sealed: SealedArchive, output: &Output, context: &mut Context<'_>) -> CommandResult {
    let report = match output {
        Output::File(_) => {
            let report = sealed.keep()?;
            context.sealed(&report);
            report
        }
        Output::Pipe(_) => {
            let report = sealed.copy_to(&mut io::stdout().lock())?;
            // The archive is on standard output.
            context.terminal.note(format_args!(
                "sealed {}; the archive's SHA-256 is {}",
                count(report.packages.len(), "package"),
                report.archive.sha256.to_hex()
            ));
            report
        }
    };
    denied_later(&report, context.terminal);
    git_dependencies(&report, context.terminal);
    Ok(())
}

/// Reports everything about a seal that failed.
fn end(error: SealError, context: &mut Context<'_>) -> Failure {
    match error {
        SealError::InvalidEvidence(report) => {
            context.report(&report);
            context.terminal.failure(&SealError::InvalidEvidence(report).into());
            Failure::reported(Ending::Refused)
        }
        SealError::Collection(error) => {
            let uncollected = Uncollected(&error);
            for failure in uncollected.failures() {
                context.terminal.failure(&failure);
            }
            let packages = uncollected.packages();
            Failure::from(SealError::Collection(error)).packages(packages)
        }
        error => error.into(),
    }
}
