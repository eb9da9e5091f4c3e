//! `sealift key`.

use std::path::Path;

use serde_json::json;

use super::Context;
use crate::{
    adapters::keys::{self, KeyError},
    cli::{
        declare::{Format, Generate, KeyShow},
        failure::{Failure, Outcome},
    },
    core::archive::key::SigningKey,
};

/// Makes a key pair, and shows its fingerprint.
///
/// # Errors
/// Exit 2, when a file exists already or cannot be written.
pub fn generate(options: &Generate, context: &mut Context<'_>) -> Outcome {
    let public = keys::generate(&options.output, options.algorithm.into())?;
    let path = keys::public_path(&options.output);
    match context.format {
        Format::Human => {
            context.terminal.note(format_args!("private key  {}", options.output.display()));
            context.terminal.note(format_args!("public key   {}", path.display()));
            context.terminal.result(public.fingerprint());
        }
        Format::Json => context.json(&json!({
            "schema": "sealift-key-generate/1",
            "fingerprint": public.fingerprint(),
            "privateKey": options.output.display().to_string(),
            "publicKey": path.display().to_string(),
        })),
    }
    Ok(())
}

/// Shows a key's fingerprint and its public half.
///
/// # Errors
/// Exit 2, when the file holds no key.
pub fn show(options: &KeyShow, context: &mut Context<'_>) -> Outcome {
    let public = keys::load_public_half(&options.key)?;
    let pem = public.to_pem();
    match context.format {
        Format::Human => {
            context.terminal.result(public.fingerprint());
            context.terminal.result(pem.trim_end());
        }
        Format::Json => {
            context.json(&json!({
                "schema": "sealift-key-show/1",
                "fingerprint": public.fingerprint(),
                "publicKey": pem,
            }));
        }
    }
    Ok(())
}

/// Reads the key to sign with, and says if it is not its owner's alone.
pub(super) fn signing(path: &Path, context: &mut Context<'_>) -> Result<SigningKey, KeyError> {
    let found = keys::load_private(path)?;
    if found.readable_by_others {
        context.terminal.warning(
            format_args!("{} can be read by others", path.display()),
            Some(&format!("chmod 600 {}", path.display())),
        );
    }
    Ok(found.key)
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let (hint, code) = (error.hint(), error.code());
        let failure = Self::could_not(error).maybe_hint(hint);
        match code {
            Some(code) => failure.code(code),
            None => failure,
        }
    }
}
