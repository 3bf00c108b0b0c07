//! How a command ends: an exit code that scripts can rely on, and for people what went wrong and what to do.

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// What the exit codes mean, shown under `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: a file, a disk or a configuration; the text says which
  2  the command line is not understood; nothing was done
  3  some orders were rejected, the others were taken; each rejected one is named
  4  refused: nothing was done
  5  outcome unknown, or only a part was done: run the same command again, nothing is done twice
  6  the node cannot be reached, or is too busy; nothing was done
  7  verification found a fault in a journal or a certificate";

/// The exit codes other than 0; see [`EXIT_CODES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// A file, a disk or a configuration is at fault.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Some orders were rejected and others were taken.
    SomeRejected = 3,
    /// Nothing was done, and trying again changes nothing.
    Refused = 4,
    /// It is not known whether it was done, or only a part of it was.
    Unknown = 5,
    /// The node did not answer, or takes nothing now.
    Unreachable = 6,
    /// A journal or a certificate is not what it should be.
    Fault = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// The code that the process ends with.
    pub exit: Exit,
    /// What was wrong, where, and what to do. Empty where everything was said already.
    pub text: String,
}

/// What every command returns.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure of this kind.
    pub fn new(exit: Exit, text: impl fmt::Display) -> Self {
        Failure { exit, text: text.to_string() }
    }

    /// A file, a disk or a configuration is at fault.
    pub fn failed(text: impl fmt::Display) -> Self {
        Self::new(Exit::Failed, text)
    }

    /// The arguments fit clap's grammar, and still make no sense.
    pub fn usage(text: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Whether the same may go well a moment later, without anything else being done.
    pub fn is_passing(&self) -> bool {
        matches!(self.exit, Exit::Unreachable | Exit::Unknown)
    }

    /// Everything was said already; only the code is left.
    pub fn told(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// The operating system refused something about a file.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::failed(format!("cannot {action} {path}: {error}"))
    }
}

impl From<keys::key_file::KeyFileError> for Failure {
    fn from(error: keys::key_file::KeyFileError) -> Self {
        Failure::failed(error)
    }
}

impl From<keys::TokenError> for Failure {
    fn from(error: keys::TokenError) -> Self {
        Failure::failed(error)
    }
}

impl From<network::NodeError> for Failure {
    fn from(error: network::NodeError) -> Self {
        Failure::failed(error)
    }
}

impl From<api::iso::TellError> for Failure {
    fn from(error: api::iso::TellError) -> Self {
        Failure::failed(error)
    }
}

impl From<iso20022::DirectoryError> for Failure {
    fn from(error: iso20022::DirectoryError) -> Self {
        Failure::failed(format!("iso20022.members: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_and_the_help_say_the_same() {
        let manual = include_str!("../../../docs/cli.md");
        let lines: Vec<_> = EXIT_CODES.lines().skip(1).collect();
        assert_eq!(lines.len(), Exit::Fault as usize + 1);
        for line in lines {
            let (code, meaning) = line.trim().split_once("  ").expect("a code and its meaning");
            assert!(manual.contains(&format!("| {code} | {meaning} |")), "docs/cli.md does not say: {line}");
        }
    }
}
