//! Downloads a ZIP file of advisories into a temporary file.

use std::{fs::File, io::Write as _, path::Path};

use tempfile::NamedTempFile;
use url::Url;

use super::SourceError;
use crate::{
    adapters::{
        files::{self, FileError},
        network::{Network, Request, Sink},
    },
    core::{addresses, limits},
};

/// The file at an address. It is removed when it is dropped.
pub(super) fn download(
    network: &Network,
    url: &Url,
    output: &Path,
) -> Result<NamedTempFile, SourceError> {
    let temporary = files::private_temporary(output)?;
    let file = temporary.reopen().map_err(|error| FileError::io("write", output, error))?;
    let request = Request::new(url, limits::SOURCE_BYTES);
    let answer = network.wait(network.fetch(&request, &mut ToFile(file)))?;
    match answer.status {
        200 => Ok(temporary),
        status => {
            let address = addresses::anonymous(url).to_string();
            Err(SourceError::NotThere { address, status })
        }
    }
}

/// A file that starts anew with each try.
struct ToFile(File);

impl Sink for ToFile {
    fn start(&mut self) -> Result<(), String> {
        use std::io::Seek as _;
        let started = self.0.set_len(0).and_then(|()| self.0.rewind());
        started.map_err(|error| error.to_string())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0.write_all(bytes).map_err(|error| error.to_string())
    }
}
