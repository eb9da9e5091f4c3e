//! Verifies an archive, or all archives of a folder. What was found of one archive is written into files too,
//! where somebody asks for that: as statements, and as reports. All files are written, or none.

use std::path::Path;

use super::{
    attest,
    clock::Clock,
    news::Listener,
    outputs,
    statement::StatementWriteError,
    store::{self, ArchiveStoreError, StoreJudgment, is_folder},
    stored::{Outputs, ReportError},
    verify::{self, Examined, VerifyError, verify},
};

/// What to verify, and what to write.
#[derive(Debug, Clone)]
pub struct Options {
    /// The archive or the folder, and what is demanded.
    pub verify: verify::Options,
    /// The statements.
    pub statements: attest::Options,
    /// The reports.
    pub reports: Outputs,
}

/// What was found.
#[derive(Debug)]
pub enum Verification {
    /// Of one archive.
    Archive(Box<Examined>),
    /// Of the archives of a folder.
    Store(Box<StoreJudgment>),
}

/// Why nothing was found, or why it was not written.
#[derive(Debug, thiserror::Error)]
pub enum VerificationError {
    /// The archive was not examined to the end.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// The folder was not judged.
    #[error(transparent)]
    Store(#[from] ArchiveStoreError),
    /// A statement was not written.
    #[error(transparent)]
    Statement(#[from] StatementWriteError),
    /// A file or a report was not written.
    #[error(transparent)]
    Report(#[from] ReportError),
}

impl VerificationError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Verify(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Statement(error) => error.hint(),
            Self::Report(error) => error.hint(),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Statement(error) => error.code(),
            Self::Report(error) => error.code(),
        }
    }

    /// Whether the archive was examined and refused.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Verify(error) => error.is_refusal(),
            Self::Store(_) | Self::Statement(_) | Self::Report(_) => false,
        }
    }
}

impl Options {
    /// Verifies, and writes the files, of a refused archive too.
    ///
    /// # Errors
    /// When the archive or the folder cannot be examined, or a file cannot be written. No file is left behind
    /// then.
    pub fn run(
        &self,
        clock: &Clock,
        listener: &mut dyn Listener,
    ) -> Result<Verification, VerificationError> {
        if is_folder(&self.verify.archive) {
            return self.run_on_folder(clock);
        }
        // What cannot be written is an error before the work begins.
        outputs::check(self.files()).map_err(ReportError::from)?;
        let statements = self.statements.prepare(listener)?;
        let reports = self.reports.prepare(listener)?;
        let examined = verify(&self.verify, clock)?;
        let mut filled = statements.fill(&examined)?;
        filled.extend(reports.fill(examined.report())?);
        outputs::keep(filled).map_err(ReportError::from)?;
        Ok(Verification::Archive(Box::new(examined)))
    }

    fn run_on_folder(&self, clock: &Clock) -> Result<Verification, VerificationError> {
        if self.files().next().is_some() {
            return Err(ArchiveStoreError::OneArchive(self.verify.archive.clone()).into());
        }
        let verify::Options { archive: folder, terms } = &self.verify;
        Ok(Verification::Store(Box::new(store::verify(folder, terms, clock)?)))
    }

    /// The files that are written.
    fn files(&self) -> impl Iterator<Item = &Path> {
        self.statements.files().chain(self.reports.files())
    }
}
