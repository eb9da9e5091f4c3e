//! `sealift trust export`: what is trusted, in the forms that other tools take.

use serde_json::json;

use super::Context;
use crate::{
    adapters::files,
    app::trust::{self, Material},
    cli::{
        declare::{Export, Format},
        failure::{Failure, Outcome},
    },
    core::{text::Untrusted, trust::json_line},
};

/// All names that an export writes. Those that it does not write it removes: a folder never holds the
/// files of two instances.
const NAMES: [&str; 3] = ["trusted_root.json", "trusted_root.jsonl", "npm-keys.json"];

/// Writes what an instance's material is, the newest of the store's and what is built in.
///
/// # Errors
/// Exit 2, when there is no material, or a file cannot be written.
pub fn run(options: &Export, context: &mut Context<'_>) -> Outcome {
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let instance = store.instance(&options.instance)?;
    let held = store.open(&options.instance)?.load(&instance)?;
    let material = Material::newest(&instance, held, None, context.env.now)?;
    let root = material.trusted_root;
    let line = json_line(&root).map_err(Failure::could_not)?.into_bytes();
    let keys = material.npm_keys;
    let contents = [Some(root), Some(line), keys];
    let written: Vec<(&str, &[u8])> = NAMES
        .iter()
        .zip(&contents)
        .filter_map(|(name, bytes)| Some((*name, bytes.as_deref()?)))
        .collect();
    files::create_folder(&options.output)?;
    files::replace_all(&options.output, &NAMES, &written)?;
    let paths: Vec<String> =
        written.iter().map(|(name, _)| options.output.join(name).display().to_string()).collect();
    match context.format {
        Format::Human => paths.iter().for_each(|path| context.terminal.result(Untrusted(path))),
        Format::Json => context.json(&json!({"schema": "sealift-trust-export/1", "files": paths})),
    }
    Ok(())
}
