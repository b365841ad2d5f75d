//! Phase: read the configuration in the definition file, and fill in build arguments.

use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;

use crate::builder::session::Session;
use crate::context::DefinitionFile;
use crate::error::SourceFiles;

/// What the definition file says.
pub(in crate::builder) struct Definition {
    /// The configuration as it is written.
    pub(in crate::builder) written: Config,
    /// The configuration with build arguments filled in.
    pub(in crate::builder) config: Config,
    /// What is wrong with it.
    pub(in crate::builder) diagnostics: Vec<Diagnostic>,
}

/// Reads the definition file, and adds its text to `files` as the first one. Of a Dockerfile, reads
/// the settings beside it.
pub(in crate::builder) fn read(session: &Session<'_>, files: &mut SourceFiles) -> Definition {
    let definition = session.context.definition();
    if definition.is_dockerfile() {
        return settings(session, definition, files);
    }
    let build_args = &session.options.build_args;
    files.add(&definition.name, definition.bytes.clone(), "TOML");
    let text = String::from_utf8_lossy(&definition.bytes);
    let (written, mut diagnostics) = Config::parse(&definition.name, &text);
    let (config, of_build_args) = written.expand(&session.options.variables());
    // A part that was not understood may use them.
    if diagnostics.is_empty() {
        diagnostics.extend(written.unused_build_args(build_args));
    }
    diagnostics.extend(of_build_args);
    if let Some(other) = definition.unread() {
        diagnostics.push(not_read(other, &definition.name));
    }
    Definition {
        written,
        config,
        diagnostics,
    }
}

/// Reads the settings for a Dockerfile, if it has some. Build arguments that they do not use may be
/// for its stages.
fn settings(
    session: &Session<'_>,
    dockerfile: &DefinitionFile,
    files: &mut SourceFiles,
) -> Definition {
    files.add(&dockerfile.name, dockerfile.bytes.clone(), "Dockerfile");
    let (written, mut diagnostics) = match &dockerfile.beside {
        Some(beside) => {
            files.add(&beside.name, beside.bytes.clone(), "TOML");
            Config::parse(&beside.name, &String::from_utf8_lossy(&beside.bytes))
        }
        None => Config::parse(&dockerfile.name, ""),
    };
    let (config, of_build_args) = written.expand(&session.options.variables());
    diagnostics.extend(of_build_args);
    Definition {
        written,
        config,
        diagnostics,
    }
}

/// The warning of two definition files beside each other.
fn not_read(other: &str, definition: &str) -> Diagnostic {
    let warning = Diagnostic::warning(format!("this build reads {definition} and ignores {other}"));
    warning.help(format!("delete one of the two, or build with -f {other}"))
}
