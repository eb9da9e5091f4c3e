//! `sealift recall fetch`.

use std::io;

use crate::{
    app::{connection::Npmrc, recall, seal::Output},
    cli::{
        context::Context, declare::RecallFetch, env::Env, failure::CommandResult, network, options,
        render::FetchedRecall,
    },
};

/// Seals the newest trust and the advisories for what archives hold.
///
/// # Errors
/// Exit 2, when something could not be had; exit 1, when something is not what it should be. No file is
/// left behind then.
pub fn run(options: &RecallFetch, context: &mut Context<'_>) -> CommandResult {
    #[cfg(unix)]
    network::leave_nothing_when_interrupted();
    let env = context.env;
    let fetch = recall::FetchRecall {
        archives: options.archives.clone(),
        purls: options.purls.clone(),
        source: recall::source(&options.advisories)?,
        output: options::output(&options.output, env),
        key: options::sealing_key(options.key.as_deref(), env),
        signed_by: options.signed_by.clone(),
        source_date: env.source_date,
        no_refresh: options.no_refresh,
        trust: options.trust.resolve(env),
    };
    let clock = context.clock;
    let fetching = fetch.prepare(&clock, context.terminal)?;
    let npmrc = Npmrc::load(env.npmrc.as_deref(), None, false, &Env::variable)?;
    let network = network::acquire(&npmrc, context)?;
    let sealed = fetching.run(&network, context.terminal)?;
    let (file, quiet) = (&options.output, context.terminal.quiet());
    match &fetch.output {
        Output::File(_) => {
            let fetched = sealed.keep()?;
            context.print(&FetchedRecall { fetched: &fetched, file, quiet });
        }
        Output::Pipe(_) => {
            let fetched = sealed.copy_to(&mut io::stdout().lock())?;
            // The recall is on standard output.
            let fetched = FetchedRecall { fetched: &fetched, file, quiet };
            context.terminal.note(format_args!("sealed: {}", fetched.summary()));
        }
    }
    Ok(())
}
