//! Phase: read the configuration in the definition file, and fill in build arguments.

use std::collections::BTreeMap;

use gowork_llb::config::{self, BuildArg, Config, GitValue};
use gowork_llb::diag::{Diagnostic, Rule};

use crate::builder::session::Session;
use crate::context::DefinitionFile;
use crate::error::SourceFiles;

/// What the definition file says.
pub(in crate::builder) struct Definition {
    /// The configuration as it is written.
    pub(in crate::builder) written: Config,
    /// The configuration with build arguments filled in.
    pub(in crate::builder) config: Config,
    /// What `${NAME}` in it stands for.
    pub(in crate::builder) variables: BTreeMap<String, String>,
    /// Where it asks for what only git can say. Until git has said it ([`Self::filled`]), the
    /// configuration has something in its place.
    pub(in crate::builder) asked_of_git: Vec<(GitValue, BuildArg)>,
    /// What is wrong with it.
    pub(in crate::builder) diagnostics: Vec<Diagnostic>,
    /// Of these, what is wrong with the text, whatever is filled in.
    of_text: Vec<Diagnostic>,
}

impl Definition {
    fn new(written: Config, of_text: Vec<Diagnostic>, variables: BTreeMap<String, String>) -> Self {
        let asked_of_git = written.asked_of_git(&variables);
        let values = config::with_git_stand_ins(&variables, &asked_of_git);
        let (config, of_build_args) = written.expand(&values);
        let too_early = config::asked_too_early(&asked_of_git);
        Self {
            diagnostics: [of_text.clone(), too_early, of_build_args].concat(),
            written,
            config,
            variables,
            asked_of_git,
            of_text,
        }
    }

    /// The same with what git said. What it did not say is not given.
    pub(in crate::builder) fn filled(self, said: BTreeMap<String, String>) -> Self {
        let mut variables = self.variables;
        variables.extend(said);
        let (config, of_build_args) = self.written.expand(&variables);
        Self {
            diagnostics: [self.of_text.clone(), of_build_args].concat(),
            config,
            variables,
            asked_of_git: Vec::new(),
            ..self
        }
    }
}

/// Reads the definition file, and adds its text to `files` as the first one. Of a Dockerfile, reads
/// the settings beside it.
pub(in crate::builder) fn read(session: &Session<'_>, files: &mut SourceFiles) -> Definition {
    let definition = session.context.definition();
    if definition.is_dockerfile() {
        return settings(session, definition, files);
    }
    files.add(&definition.name, definition.bytes.clone(), "TOML");
    let text = String::from_utf8_lossy(&definition.bytes);
    let (written, mut diagnostics) = Config::parse(&definition.name, &text);
    // A part that was not understood may use them.
    if diagnostics.is_empty() {
        diagnostics.extend(written.unused_build_args(&session.options.build_args));
    }
    if let Some(other) = definition.unread() {
        diagnostics.push(not_read(other, &definition.name));
    }
    Definition::new(written, diagnostics, session.options.variables())
}

/// Reads the settings for a Dockerfile, if it has some. Build arguments that they do not use may be
/// for its stages.
fn settings(
    session: &Session<'_>,
    dockerfile: &DefinitionFile,
    files: &mut SourceFiles,
) -> Definition {
    files.add(&dockerfile.name, dockerfile.bytes.clone(), "Dockerfile");
    let (written, diagnostics) = match &dockerfile.beside {
        Some(beside) => {
            files.add(&beside.name, beside.bytes.clone(), "TOML");
            Config::parse(&beside.name, &String::from_utf8_lossy(&beside.bytes))
        }
        None => Config::parse(&dockerfile.name, ""),
    };
    Definition::new(written, diagnostics, session.options.variables())
}

/// The warning of two definition files beside each other.
fn not_read(other: &str, definition: &str) -> Diagnostic {
    let warning = Diagnostic::warning(
        Rule::IgnoredDefinition,
        format!("this build reads {definition} and ignores {other}"),
    );
    warning.help(format!("delete one of the two, or build with -f {other}"))
}
