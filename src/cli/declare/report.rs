//! `sealift report`, and the reports that `bundle verify` writes, declared.

use std::path::PathBuf;

use clap::Args;

use crate::cli::render::Rendering;

/// Options of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// the report, as `bundle verify --format json` or `--report json=FILE` wrote it; - is standard input
    #[arg(value_name = "REPORT")]
    pub report: PathBuf,
    /// what to render it as: html (a page for people), markdown (a comment on a merge request), sarif (code
    /// scanning), junit (test results) or cyclonedx (an SBOM with what was verified)
    #[arg(long, value_name = "FORMAT", value_parser = Rendering::named)]
    pub to: &'static Rendering,
    /// where to write it; without it, to standard output. A file is never overwritten
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// a public key (SPKI PEM) of who may sign reports; repeat for several. One of them must have signed
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
}

/// The reports that `bundle verify` writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportOptions {
    /// write a report too, whether the archive is refused or not: json, html, markdown, sarif, junit or
    /// cyclonedx, =, and a file, which must not be there; repeat for several
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = output)]
    pub reports: Vec<ReportOutput>,
    /// the private key (PKCS#8 PEM) that signs the report json=FILE: the file is then a DSSE envelope,
    /// which `sealift report` reads as well
    #[arg(long, value_name = "FILE", requires = "reports")]
    pub report_key: Option<PathBuf>,
}

/// A report to write.
#[derive(Debug, Clone)]
pub struct ReportOutput {
    /// How to render it; `None` is the JSON itself.
    pub rendering: Option<&'static Rendering>,
    /// Where to write it.
    pub file: PathBuf,
}

fn output(text: &str) -> Result<ReportOutput, String> {
    let Some((format, file)) = text.split_once('=').filter(|(_, file)| !file.is_empty()) else {
        return Err("not a format, = and a file".to_owned());
    };
    let rendering = match format {
        "json" => None,
        format => Some(Rendering::named(format)?),
    };
    Ok(ReportOutput { rendering, file: file.into() })
}
