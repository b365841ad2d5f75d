//! Calls other than building (`--call`, `--check`): which there are, and what all answers have in
//! common.
//!
//! One small file a call: its definition, the data it takes from the builder, and the answer. A call
//! finds nothing out itself.

mod answer;
mod definition;
pub mod describe;
pub mod lint;
pub mod outline;
mod sources;
mod table;
pub mod targets;

use crate::error::BuildError;

pub use answer::answer;

/// What the frontend is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// To build.
    Build,
    /// Which calls there are. The answer is the same for every repository.
    Describe,
    /// A question about the repository.
    Call(Call),
}

/// A question about the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// What the target takes: arguments, secrets, ssh.
    Outline,
    /// Which targets there are.
    Targets,
    /// What is wrong, without building.
    Lint,
    /// A call of our own, `--call=gowork.NAME`: the NAME.
    Own(String),
}

impl Request {
    /// Reads the `requestid` option.
    ///
    /// # Errors
    /// If no such call exists.
    pub fn parse(id: Option<&str>) -> Result<Self, BuildError> {
        let call = match id {
            None => return Ok(Self::Build),
            Some(describe::NAME) => return Ok(Self::Describe),
            Some(outline::NAME) => Call::Outline,
            Some(targets::NAME) => Call::Targets,
            Some(lint::NAME) => Call::Lint,
            Some(id) => match id.strip_prefix("frontend.gowork.") {
                Some(own) => Call::Own(own.to_owned()),
                None => return Err(unsupported(id)),
            },
        };
        Ok(Self::Call(call))
    }
}

/// The error for a call that does not exist. Clients know it by its type.
pub fn unsupported(id: &str) -> BuildError {
    BuildError::UnsupportedRequest(id.to_owned())
}
