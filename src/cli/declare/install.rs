//! `sealift bundle unpack` and `sealift bundle serve`, declared: what feeds a build.

use std::path::PathBuf;

use clap::{Args, builder::TypedValueParser as _};

use super::{VerifyOptions, bundle::names};
use crate::app::unpack::Layout;

/// Options of `bundle unpack`.
#[derive(Debug, Args)]
pub struct Unpack {
    /// the archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// the folder to write, for its owner alone; it must not be there, and the folder above it must
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// what installs from it: npm (its cache, for `npm ci --offline`), yarn (the offline mirror of
    /// Yarn 1), yarn4 (the cache of Yarn 4, in a global folder of its own), or files (tarballs, evidence
    /// and lockfiles under plain names, for other tools)
    #[arg(long = "for", value_name = "CLIENT", value_parser = names(Layout::ALL.map(Layout::name)).map(layout), hide_possible_values = true)]
    pub layout: Layout,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}

/// Options of `bundle serve`.
#[cfg(feature = "serve")]
#[derive(Debug, Args)]
pub struct Serve {
    /// the archives
    #[arg(required = true, value_name = "ARCHIVE")]
    pub archives: Vec<PathBuf>,
    /// where to listen; with port 0 the system chooses one. Without it, port 4873 of this machine
    /// alone, and with --exec a port that is free
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<std::net::SocketAddr>,
    /// write what was served, when the serving ends: an in-toto statement with each tarball that was sent in
    /// full. The file must not be there yet; sealift-statement(5) has its form
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// the private key (PKCS#8 PEM) that signs the record; without it the record is bare
    #[arg(long, value_name = "FILE", requires = "record")]
    pub record_key: Option<PathBuf>,
    /// write a copy of this build's lockfile (a package-lock.json), in which each package has its
    /// address on this server, also one that came from another host or was supplied for a git
    /// dependency. The archives must cover every entry, as with --lockfile. Nothing is overwritten
    #[arg(long, value_name = "LOCKFILE=COPY", value_parser = two_files)]
    pub rewrite_lockfile: Option<(PathBuf, PathBuf)>,
    /// run the command after --, and serve as long as it runs
    #[arg(long, requires = "command")]
    pub exec: bool,
    /// the command with its arguments
    #[arg(last = true, value_name = "COMMAND", requires = "exec")]
    pub command: Vec<std::ffi::OsString>,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}

fn layout(name: String) -> Layout {
    Layout::ALL.into_iter().find(|layout| layout.name() == name).unwrap_or(Layout::Files)
}

#[cfg(feature = "serve")]
fn two_files(text: &str) -> Result<(PathBuf, PathBuf), String> {
    match text.split_once('=') {
        Some((one, other)) if !one.is_empty() && !other.is_empty() => {
            Ok((one.into(), other.into()))
        }
        _ => Err("not a file, = and a file".to_owned()),
    }
}
