//! Writes reports into files.

use std::path::{Path, PathBuf};

use super::{PAYLOAD_TYPE, ReportError, ReportOrigin, StoredReport, open};
use crate::{
    app::{
        json, keys,
        news::Listener,
        outputs::{self, Filled, OutputError},
        report::Report,
        statement,
    },
    core::archive::key::SigningKey,
};

/// Renders a stored report.
pub type Render = fn(&StoredReport, &ReportOrigin) -> String;

/// The reports to write into files.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// Each file, with how its report is rendered; `None` is the JSON itself.
    pub files: Vec<(PathBuf, Option<Render>)>,
    /// The private key that signs the JSON.
    pub key: Option<PathBuf>,
}

/// Reports to write later.
#[derive(Debug)]
pub struct Reporting<'a> {
    outputs: &'a Outputs,
    key: Option<SigningKey>,
}

impl Outputs {
    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(|(file, _)| file.as_path())
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When the key cannot be used, or there is no JSON for it to sign.
    pub fn prepare(&self, listener: &mut dyn Listener) -> Result<Reporting<'_>, ReportError> {
        if self.key.is_some() && self.files.iter().all(|(_, render)| render.is_some()) {
            return Err(ReportError::KeyWithoutJson);
        }
        let key = self.key.as_deref().map(|key| keys::signing(key, listener)).transpose()?;
        Ok(Reporting { outputs: self, key })
    }
}

impl Reporting<'_> {
    /// Fills the files. They have no names yet.
    ///
    /// # Errors
    /// When one cannot be signed or written.
    pub fn fill(&self, report: &Report) -> Result<Vec<Filled>, ReportError> {
        let files = &self.outputs.files;
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let stored = StoredReport::of(report);
        let bytes = |(file, render): &(PathBuf, Option<Render>)| match render {
            Some(render) => Ok(render(&stored, &ReportOrigin::Verification).into_bytes()),
            None => self.json(file, &stored),
        };
        files.iter().map(|output| Filled::with(&output.0, [bytes(output)])).collect()
    }

    /// The JSON of a report: in an envelope, if there is a key.
    fn json(&self, file: &Path, report: &StoredReport) -> Result<Vec<u8>, ReportError> {
        let mut json = Vec::new();
        json::write(&mut json, report).map_err(|error| OutputError::cannot_write(file, error))?;
        let Some(key) = &self.key else { return Ok(json) };
        let mut envelope = statement::sign(PAYLOAD_TYPE, &json, key)?;
        envelope.push(b'\n');
        Ok(envelope)
    }
}

/// Renders a stored report, and writes it into a file if one is named. If keys are given, one of them must have
/// signed it.
///
/// # Errors
/// When the report is not opened ([`open`]), or the file is there or cannot be written.
pub fn render(
    report: &Path,
    keys: &[PathBuf],
    render: Render,
    file: Option<&Path>,
) -> Result<String, ReportError> {
    outputs::check(file)?;
    let opened = open(report, keys)?;
    let text = render(&opened.report, &opened.origin);
    if let Some(file) = file {
        let filled = Filled::with(file, [Ok::<_, OutputError>(text.clone().into_bytes())])?;
        outputs::keep(vec![filled])?;
    }
    Ok(text)
}
