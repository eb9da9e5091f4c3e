//! Serves archives to package managers, as a registry that is read-only.
//!
//! Only a [`VerifiedArchive`] is served. Nothing is fetched from elsewhere: what is not sealed is not
//! there.

mod catalog;
mod environment;
mod record;
mod rewrite;

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use self::{catalog::Catalog, record::Counting};
pub use self::{
    environment::{Asking, Environment, Loophole},
    record::{Record, Recording},
    rewrite::{Copied, ProjectDependency, RewriteError},
};
pub use crate::adapters::serve::{ChangedArchive, RunError, Told};
use crate::{
    adapters::serve::{Server, Watch, Work},
    app::{
        clock::Clock,
        report::Report,
        verify::{self, VerifiedArchive, VerifyError, verify},
        worst::Worst,
    },
    core::{package::Purl, text::Untrusted},
};

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An archive is not what was sealed, or could not be examined.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// An archive was examined and refused.
    #[error("{} is refused, and not served", .0.archive.file)]
    Refused(Box<Report>),
    /// Name and version are the same, and the bytes are not.
    #[error(
        "there are two contents for {}: {} in {}, and {} in {}",
        .0[0].0.id(),
        Untrusted(&.0[0].0.to_string()), .0[0].1.display(),
        Untrusted(&.0[1].0.to_string()), .0[1].1.display()
    )]
    TwoContents(Box<[(Purl, PathBuf); 2]>),
    /// A lockfile was not copied.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The command cannot be started, or the system refuses something else.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ServeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Verify(error) => return error.hint(),
            Self::Rewrite(error) => return error.hint(),
            Self::Refused(_) => "the report above says why",
            Self::TwoContents(_) => {
                "a registry has one content for each name and version: serve the archives one after \
                 the other, or see with `sealift bundle why` where the two come from"
            }
            Self::Listen { .. } => {
                "use --listen with a port that is free; with port 0 the system chooses one"
            }
            Self::Run(_) => return None,
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::TwoContents(_) => Some("two-contents"),
            Self::Refused(_) | Self::Rewrite(_) | Self::Listen { .. } | Self::Run(_) => None,
        }
    }

    /// Whether something was examined and refused.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Verify(error) => error.is_refusal(),
            Self::Refused(_) | Self::TwoContents(_) => true,
            Self::Rewrite(_) | Self::Listen { .. } | Self::Run(_) => false,
        }
    }
}

/// Archives that were verified, and a server that listens for who asks for them.
pub struct Serving {
    catalog: Catalog,
    server: Server,
    clock: Clock,
    /// Measures from the clock's time on.
    watch: Watch,
}

/// How serving ended.
#[derive(Debug)]
pub struct Ended {
    /// The command's exit code, or 0.
    pub code: u8,
    /// What was served.
    pub record: Record,
    /// The worst of what was found changed.
    pub worst: Worst,
}

impl Serving {
    /// Verifies all archives, each by its own options and always with the checks of `--deep`, because
    /// what is served is described by its own `package.json`. Then it listens. `rewritten` is a lockfile of this
    /// build that [`Self::copy_lockfile`] will copy: the archives are verified with it too.
    ///
    /// # Errors
    /// For the first archive that is refused or cannot be examined; if two archives have two contents
    /// for one name and version; and if the address cannot be listened on.
    pub fn start(
        archives: &[verify::Options],
        rewritten: Option<&Path>,
        listen: SocketAddr,
        clock: &Clock,
    ) -> Result<Self, ServeError> {
        let watch = Watch::start();
        let mut verified = Vec::new();
        for options in archives {
            let mut options = options.clone();
            options.terms.demands.policy.deep = true;
            options.terms.demands.lockfiles.extend(rewritten.map(ToOwned::to_owned));
            verified.push(verify(&options, clock)?.admit().map_err(ServeError::Refused)?);
        }
        let catalog = Catalog::new(verified)?;
        let server = Server::listen(listen)
            .map_err(|error| ServeError::Listen { address: listen, error })?;
        Ok(Self { catalog, server, clock: *clock, watch })
    }

    /// Shows pages for people, each at its path.
    pub fn show(&mut self, pages: impl IntoIterator<Item = (String, String)>) {
        pages.into_iter().for_each(|(path, html)| self.catalog.show(path, html));
    }

    /// The archives.
    pub fn archives(&self) -> &[VerifiedArchive] {
        self.catalog.archives()
    }

    /// How many packages are served.
    pub fn packages(&self) -> usize {
        self.catalog.packages()
    }

    /// The scopes of these packages, with their `@`.
    pub fn scopes(&self) -> BTreeSet<String> {
        self.catalog.scopes()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where clients on this machine reach it.
    pub fn url(&self) -> String {
        let mut address = self.address();
        match address {
            SocketAddr::V4(_) if address.ip().is_unspecified() => {
                address.set_ip(Ipv4Addr::LOCALHOST.into());
            }
            SocketAddr::V6(_) if address.ip().is_unspecified() => {
                address.set_ip(Ipv6Addr::LOCALHOST.into());
            }
            _ => {}
        }
        format!("http://{address}/")
    }

    /// Serves until this process is asked to end, or as long as a command runs.
    ///
    /// # Errors
    /// When the command cannot be started, or the system refuses.
    pub fn run(
        self,
        command: Option<Command>,
        tell: &mut dyn FnMut(Told),
    ) -> Result<Ended, ServeError> {
        let Self { catalog, server, clock, watch } = self;
        let (site, is_command) = (Arc::new(Counting::new(catalog)), command.is_some());
        let work = command.map_or(Work::Wait, |command| Work::Command(Box::new(command)));
        let started = watch.elapsed();
        let mut worst = Worst::Nothing;
        let code = server.run(Arc::clone(&site) as _, work, watch, &mut |told| {
            if let Told::Changed(change) = &told {
                worst = worst.max(Worst::of_error(change.error.is_refusal()));
            }
            tell(told);
        })?;
        let exit_code = is_command.then_some(code);
        let record = site.record(&clock, started, watch.elapsed(), exit_code);
        Ok(Ended { code, record, worst })
    }
}
