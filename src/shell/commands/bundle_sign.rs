//! `sealift bundle sign`.

use super::Context;
use crate::{
    adapters::{
        archive::{self, Archive},
        files, keys,
    },
    core::key::PublicKey,
    shell::{
        cli::Sign,
        failure::{Failure, Outcome},
        verification,
    },
};

/// Adds a signature to an archive, which is replaced by the one that has it. What the others
/// signed is not judged here, only held together: every entry is compared with the manifest.
///
/// # Errors
/// Exit 1, when the archive is malformed or signed by this key already; exit 2, when a file
/// cannot be read or written.
pub fn run(options: &Sign, context: &mut Context<'_>) -> Outcome {
    let key = keys::load_private(&options.key)?;
    let public = PublicKey::from(&key.key);
    let archive = Archive::open(&options.archive)
        .map_err(|error| verification::failure(&options.archive, &error))?;
    let file = archive::add_signature(&options.archive, &archive, &key.key)?;
    files::persist(file, &options.archive)?;
    context.terminal.note(format_args!(
        "{} is signed by {} too",
        options.archive.display(),
        public.fingerprint()
    ));
    Ok(())
}

impl From<archive::WriteError> for Failure {
    fn from(error: archive::WriteError) -> Self {
        Self::could_not(error)
    }
}
