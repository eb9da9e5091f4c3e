//! What the commands do, one in each file. A command turns its arguments into options, calls the use case,
//! and passes the result on to be rendered.

mod bundle_diff;
#[cfg(feature = "network")]
mod bundle_fetch;
mod bundle_index;
mod bundle_inspect;
#[cfg(feature = "serve")]
mod bundle_serve;
mod bundle_sign;
mod bundle_unpack;
mod bundle_verify;
mod bundle_where;
mod bundle_why;
mod key;
mod policy_check;
mod policy_init;
mod policy_lock;
mod recall_apply;
#[cfg(feature = "network")]
mod recall_fetch;
mod report;
mod trust_diff;
mod trust_export;
mod trust_import;
mod trust_pin;
#[cfg(feature = "network")]
mod trust_refresh;
mod trust_show;

use clap::CommandFactory as _;

use crate::cli::{
    context::Context,
    declare::{
        BundleCommand, Cli, Command, KeyCommand, PolicyCommand, RecallCommand, TrustCommand,
    },
    failure::CommandResult,
};

/// Runs a command.
///
/// # Errors
/// As the command says.
pub fn run(command: Command, context: &mut Context<'_>) -> CommandResult {
    match command {
        #[cfg(feature = "network")]
        Command::Bundle(BundleCommand::Fetch(options)) => bundle_fetch::run(&options, context),
        Command::Bundle(BundleCommand::Verify(options)) => bundle_verify::run(&options, context),
        Command::Bundle(BundleCommand::Index(options)) => bundle_index::run(&options, context),
        Command::Bundle(BundleCommand::Where(options)) => bundle_where::run(&options, context),
        Command::Bundle(BundleCommand::Why(options)) => bundle_why::run(&options, context),
        Command::Bundle(BundleCommand::Inspect(options)) => bundle_inspect::run(&options, context),
        Command::Bundle(BundleCommand::Diff(options)) => bundle_diff::run(&options, context),
        #[cfg(feature = "serve")]
        Command::Bundle(BundleCommand::Serve(options)) => bundle_serve::run(&options, context),
        Command::Bundle(BundleCommand::Sign(options)) => bundle_sign::run(&options, context),
        Command::Bundle(BundleCommand::Unpack(options)) => bundle_unpack::run(&options, context),
        Command::Key(KeyCommand::Generate(options)) => key::generate(&options, context),
        Command::Key(KeyCommand::Show(options)) => key::show(&options, context),
        Command::Policy(PolicyCommand::Init(options)) => policy_init::run(&options, context),
        Command::Policy(PolicyCommand::Check(options)) => policy_check::run(&options, context),
        Command::Policy(PolicyCommand::Lock(options)) => policy_lock::run(&options, context),
        Command::Report(options) => report::run(&options, context),
        #[cfg(feature = "network")]
        Command::Recall(RecallCommand::Fetch(options)) => recall_fetch::run(&options, context),
        Command::Recall(RecallCommand::Apply(options)) => recall_apply::run(&options, context),
        #[cfg(feature = "network")]
        Command::Trust(TrustCommand::Refresh(options)) => trust_refresh::run(&options, context),
        Command::Trust(TrustCommand::Import(options)) => trust_import::run(&options, context),
        Command::Trust(TrustCommand::Pin(options)) => trust_pin::run(&options, context),
        Command::Trust(TrustCommand::Show(options)) => trust_show::run(&options, context),
        Command::Trust(TrustCommand::Diff(options)) => trust_diff::run(&options, context),
        Command::Trust(TrustCommand::Export(options)) => trust_export::run(&options, context),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sealift", &mut script);
            context.terminal.result(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}
