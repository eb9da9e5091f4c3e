//! `sealift key`.

use crate::{
    app::keys,
    cli::{
        context::Context,
        declare::{Generate, KeyShow, OutputFormat},
        failure::CommandResult,
        render::{GeneratedKey, ShownKey},
    },
};

/// Makes a key pair, and shows its fingerprint.
///
/// # Errors
/// Exit 2, when a file exists already or cannot be written.
pub fn generate(options: &Generate, context: &mut Context<'_>) -> CommandResult {
    let key = keys::generate(&options.output, options.algorithm.into())?;
    let (private, public) = (options.output.as_path(), keys::public_path(&options.output));
    if context.format == OutputFormat::Human {
        context.terminal.note(format_args!("private key  {}", private.display()));
        context.terminal.note(format_args!("public key   {}", public.display()));
    }
    context.print(&GeneratedKey { key: &key, private, public });
    Ok(())
}

/// Shows a key's fingerprint and its public half.
///
/// # Errors
/// Exit 2, when the file holds no key.
pub fn show(options: &KeyShow, context: &mut Context<'_>) -> CommandResult {
    let key = keys::load_public_half(&options.key)?;
    context.print(&ShownKey(&key));
    Ok(())
}
