//! What the process was started with: the time, the folders, the variables. Read once.
#![allow(clippy::disallowed_methods)] // the one place that reads the clock and the environment

use std::{ffi::OsStr, path::PathBuf};

use chrono::{DateTime, Utc};

use crate::{
    app::require_own,
    cli::failure::{CommandResult, Failure},
    core::time::Time,
};

/// The environment of a run.
#[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching needs all of it"))]
pub struct Env {
    /// The time, read once.
    pub now: Time,
    /// `SOURCE_DATE_EPOCH`: the time that goes into an archive, for reproducible ones.
    pub source_date: Option<Time>,
    /// Where the signing key is kept.
    pub config: PathBuf,
    /// Where downloads are kept.
    pub cache: PathBuf,
    /// Where the trust store is kept.
    pub data: PathBuf,
    /// Where a file is written before it goes into a pipe.
    pub temporary: PathBuf,
    /// The user's `.npmrc`, if there is a home folder.
    pub npmrc: Option<PathBuf>,
}

impl Env {
    /// Reads the clock and the environment. `SEALIFT_HOME`, if set, holds all folders.
    ///
    /// # Errors
    /// When there is no home folder, or `SOURCE_DATE_EPOCH` is not a number of seconds.
    pub fn read() -> CommandResult<Self> {
        let folders = match std::env::var_os("SEALIFT_HOME").map(PathBuf::from) {
            Some(home) => {
                require_own(&home)?;
                [home.join("config"), home.join("cache"), home.join("data")]
            }
            None => {
                let folders =
                    directories::ProjectDirs::from("", "", "sealift").ok_or_else(|| {
                        Failure::could_not("there is no home folder")
                            .hint("set HOME, or SEALIFT_HOME to a folder for keys and trust")
                    })?;
                [folders.config_dir(), folders.cache_dir(), folders.data_dir()].map(Into::into)
            }
        };
        // Whoever can change them decides what is signed and what is trusted.
        for folder in &folders {
            require_own(folder)?;
        }
        let [config, cache, data] = folders;
        // npm reads its variables in any case.
        let userconfig = |name: &OsStr| name.eq_ignore_ascii_case("npm_config_userconfig");
        let npmrc = match std::env::vars_os().find(|(name, _)| userconfig(name)) {
            Some((_, path)) => Some(PathBuf::from(path)),
            None => directories::BaseDirs::new().map(|folders| folders.home_dir().join(".npmrc")),
        };
        let source_date = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(seconds) => Some(source_date(&seconds)?),
            Err(_) => None,
        };
        let (now, temporary) = (Utc::now(), std::env::temp_dir());
        Ok(Self { now, source_date, config, cache, data, temporary, npmrc })
    }

    /// Where this user's trust store is.
    pub fn trust_store(&self) -> PathBuf {
        self.data.join("trust")
    }

    /// The names of all variables.
    #[cfg(feature = "serve")]
    pub fn names() -> Vec<std::ffi::OsString> {
        std::env::vars_os().map(|(name, _)| name).collect()
    }

    /// The value of a variable, for `${NAME}` in `.npmrc`.
    #[cfg(feature = "network")]
    pub fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

fn source_date(seconds: &str) -> CommandResult<Time> {
    seconds
        .parse()
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .ok_or_else(|| Failure::could_not("SOURCE_DATE_EPOCH is not a number of seconds"))
}
