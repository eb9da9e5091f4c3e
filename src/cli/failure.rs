//! How a command ends without success: what to say, and which [`Ending`] of exit. `cli/mod.rs` turns the
//! ending into the number.

use std::fmt;

use serde_json::Value;

#[cfg(feature = "serve")]
use crate::app::serve::ServeError;
#[cfg(feature = "network")]
use crate::app::{
    connection::{ConfigError, ConnectionError},
    recall::RecallFetchError,
    seal::SealError,
};
use crate::{
    app::{
        FileError, Worst, archive::OpenError, keys::KeyError, policy_init::InitError,
        policy_lock::LockError, recall::RecallError, sign::SignError,
        statement::StatementWriteError, store::ArchiveStoreError, stored::ReportError,
        trust::BasisError, unpack::UnpackError, verification::VerificationError,
        verify::VerifyError, why::WhyError,
    },
    core::text::Message,
};

/// Why a command did not succeed.
#[derive(Debug)]
pub struct Failure {
    /// The exit code's meaning.
    pub ending: Ending,
    /// A stable code, for programs.
    pub code: Option<&'static str>,
    /// The fact, in lower case without a full stop. Empty if the report has said it all.
    pub message: String,
    /// What to do, and on which side of the gap.
    pub hint: Option<String>,
    /// The packages that could not be collected, for programs.
    pub packages: Vec<Value>,
}

/// How a command ends that does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Evidence was examined and refused: exit 1.
    Refused,
    /// It could not be checked: exit 2.
    CouldNotCheck,
    /// A command that was run ended so: its own exit code.
    #[cfg(feature = "serve")]
    Command(u8),
}

/// The result of a command.
pub type CommandResult<T = ()> = Result<T, Failure>;

impl Failure {
    /// It could not be checked.
    pub fn could_not(message: impl fmt::Display) -> Self {
        Self {
            ending: Ending::CouldNotCheck,
            code: None,
            message: message.to_string(),
            hint: None,
            packages: Vec::new(),
        }
    }

    /// What was printed on standard output says why already.
    pub fn reported(ending: Ending) -> Self {
        Self { ending, code: None, message: String::new(), hint: None, packages: Vec::new() }
    }

    /// How a command ends that has printed what it found.
    ///
    /// # Errors
    /// Exit 1, when something was refused; exit 2, when something could not be checked.
    pub fn after(worst: Worst) -> CommandResult {
        match worst {
            Worst::Nothing => Ok(()),
            Worst::Unchecked => Err(Self::reported(Ending::CouldNotCheck)),
            Worst::Refused => Err(Self::reported(Ending::Refused)),
        }
    }

    /// For programs: what is printed where there is no report.
    pub fn to_json(&self) -> Value {
        let mut value = serde_json::json!({
            "schema": "sealift-failure/1",
            "verdict": self.ending.name(),
            "code": self.code,
            "message": Message(&self.message).to_string(),
            "hint": self.hint.as_deref().map(|hint| Message(hint).to_string()),
            "packages": if self.packages.is_empty() { Value::Null } else { self.packages.clone().into() },
        });
        if let Value::Object(map) = &mut value {
            map.retain(|_, value| !value.is_null());
        }
        value
    }

    /// Adds the packages that could not be collected.
    #[cfg(feature = "network")]
    #[must_use]
    pub fn packages(mut self, packages: Vec<Value>) -> Self {
        self.packages = packages;
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds what to do, where there is something.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<impl fmt::Display>) -> Self {
        self.hint = hint.map(|hint| hint.to_string()).or(self.hint);
        self
    }
}

impl Ending {
    /// As the JSON of a failure names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::CouldNotCheck => "unchecked",
            #[cfg(feature = "serve")]
            Self::Command(_) => "command",
        }
    }
}

/// An error that is a refusal ends with exit 1, any other with exit 2. All of these errors say what to do,
/// and some have a code.
macro_rules! ends {
    ($($error:ty $(: $code:ident $($is_refusal:ident)?)?),+ $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let failure = Self::could_not(&error).maybe_hint(error.hint());
                $(
                    let failure = Self { code: error.$code(), ..failure };
                    $(
                        if error.$is_refusal() {
                            return Self { ending: Ending::Refused, ..failure };
                        }
                    )?
                )?
                failure
            }
        }
    )+};
}

ends!(
    FileError,
    KeyError: code,
    StatementWriteError: code,
    BasisError: code is_refusal,
    OpenError: code is_refusal,
    SignError: code is_refusal,
    ArchiveStoreError: code,
    LockError: code is_refusal,
    RecallError: code is_refusal,
    ReportError: code is_refusal,
    InitError: code is_refusal,
    UnpackError: code is_refusal,
    VerificationError: code is_refusal,
    VerifyError: code is_refusal,
    WhyError: code is_refusal,
);
#[cfg(feature = "network")]
ends!(
    ConfigError,
    ConnectionError,
    RecallFetchError: code is_refusal,
    SealError: code is_refusal,
);
#[cfg(feature = "serve")]
ends!(ServeError: code is_refusal);
