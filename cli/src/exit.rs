//! Exit codes, and the last message before the program ends.

use std::process::ExitCode;

use gowork_llb::tree::TreeError;

use crate::ui;

/// All is well.
pub(crate) const OK: u8 = 0;
/// The repository, its configuration or the engine has errors; or, with `--check`, the file is not
/// what would be printed; or a rebuilt image is another one.
pub(crate) const ERRORS: u8 = 1;
/// The command line is wrong (clap's code).
pub(crate) const USAGE: u8 = 2;
/// Something else stood in the way: a file that cannot be read or written, a go command that fails.
pub(crate) const TROUBLE: u8 = 3;

/// The documentation of the codes, for `--help`.
pub(crate) const HELP: &str = "Exit codes:
  0  all is well
  1  the repository, its configuration or the engine has errors, or --check or rebuild found a difference
  2  the command line is wrong
  3  a file or image cannot be read or written, or git, the go command or a rebuild failed";

/// The command line asks for what does not go together, found after parsing.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The code for an outcome; this shows the error.
pub(crate) fn code(outcome: anyhow::Result<u8>) -> ExitCode {
    match outcome {
        Ok(code) => code.into(),
        Err(error) => {
            ui::complain(&format!("{error:#}"));
            code_of(&error).into()
        }
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<Usage>() {
        return USAGE;
    }
    match error.downcast_ref() {
        Some(TreeError::TooLarge { .. }) => ERRORS,
        _ => TROUBLE,
    }
}
