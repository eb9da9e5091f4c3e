//! A finished run of the program.

use std::process::Command;

use serde_json::Value;

pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit 0.
    #[track_caller]
    pub fn done(self) -> Self {
        self.exits(0)
    }

    /// Exit 1: examined and refused.
    #[track_caller]
    pub fn refused(self) -> Self {
        self.exits(1)
    }

    /// Exit 2: could not be checked.
    #[track_caller]
    pub fn failed(self) -> Self {
        self.exits(2)
    }

    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Says so on standard error.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not said: {self}");
        self
    }
}

/// As a terminal would show it: both streams, and the exit status where it is not 0.
impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.stdout, self.stderr)?;
        if self.code == 0 { Ok(()) } else { writeln!(f, "exit {}", self.code) }
    }
}
