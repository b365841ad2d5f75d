//! An ordinary Dockerfile that compiles Go, as one for gowork: its own stages without those for Go,
//! and what the Go commands say as a `gowork.toml`.
//!
//! Nothing here runs a command or writes a file. [`File`] reads the Dockerfile, [`Walker`] finds
//! out what each instruction does, [`Fates`] decides what becomes of it, and the rest writes.

mod command;
mod compile;
mod condition;
mod config_text;
mod copies;
mod fate;
mod file;
mod files;
mod go_command;
mod images;
mod layout;
mod mains;
mod release;
mod repo;
mod rewrite;
mod run;
mod scope;
mod settings;
mod shell;
#[cfg(test)]
mod soup;
mod stage;
mod value;
mod walked;
mod walker;
mod word;
mod writer;

use std::collections::BTreeMap;

use gowork_llb::diag::Diagnostic;

pub(crate) use repo::Repo;
pub(crate) use rewrite::SYNTAX;
pub(crate) use scope::Scope;
pub(crate) use value::{Part, Value};
pub(crate) use walker::Make;

use fate::{Fate, Fates};
use file::File;
use images::Images;
use walked::Role;
use walker::Walker;

/// What became of a Dockerfile.
pub(crate) struct Conversion {
    /// The new Dockerfile.
    pub(crate) dockerfile: String,
    /// The `gowork.toml` beside it; empty if the defaults do.
    pub(crate) settings: String,
    /// The images whose binaries it takes, with the directories of their mains.
    pub(crate) images: BTreeMap<String, String>,
    /// Images that a build-arg may name, likewise.
    pub(crate) choices: BTreeMap<String, String>,
    /// What could not be carried over, each with its line and what to do.
    pub(crate) left: Vec<Diagnostic>,
    /// What is different on purpose.
    pub(crate) notes: Vec<String>,
}

/// Converts a Dockerfile.
///
/// # Errors
/// If it does not parse, or compiles nothing of the repository.
pub(crate) fn convert(
    (name, text): (&str, &str),
    repo: &Repo,
    make: Option<&Make<'_>>,
) -> Result<Conversion, Diagnostic> {
    let file = File::parse(name, text)?;
    let mut walker = Walker::walk(&file, repo, make);
    let fates = Fates::decide(&walker);
    let images = Images::name(&walker, &fates, repo);
    let is_guess = !fates.guessed.is_empty();
    if images.used().next().is_none() && !is_guess {
        let error = Diagnostic::error(
            "no stage compiles a main package of the repository that gowork can find",
        );
        let mut error = error.help(if walker.walked.iter().any(|walked| walked.opaque.is_some()) {
            "if make compiles, pass --make; if the build context is another directory, name it with -C"
        } else {
            "if the build context is another directory, name it with -C"
        });
        let at = walker.left.first().and_then(|left| left.span.clone());
        error = error.at(at);
        for left in &walker.left {
            if let Some(span) = &left.span {
                error = error.related(span.clone(), left.message.clone());
            }
        }
        return Err(error);
    }
    let dockerfile = rewrite::rewrite(&walker, &fates, &images);
    let settings = settings::write(&mut walker, &fates, (&images, repo));
    walker.leave_rest(&fates);
    let (mut made, mut choices) = (BTreeMap::new(), BTreeMap::new());
    for (compile, name) in images.used() {
        let dir = walker.compiles[compile].dir.clone();
        if walker.compiles[compile].image.contains("${") {
            choices.insert(name.clone(), dir);
        } else {
            made.insert(name.clone(), dir);
        }
    }
    for (_, name, dir) in &fates.guessed {
        made.insert(name.clone(), dir.clone());
    }
    let mut left = walker.left;
    left.sort_by(|a, b| a.span.cmp(&b.span));
    Ok(Conversion {
        dockerfile: restore_mark(text, dockerfile),
        settings,
        images: made,
        choices,
        left,
        notes: walker.notes,
    })
}

/// The paths of the build context that a Dockerfile copies, as written, without patterns.
pub(crate) fn copied(text: &str) -> Vec<String> {
    let Ok(file) = File::parse("Dockerfile", text) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for step in file.stages.iter().flat_map(|stage| &stage.steps) {
        if let file::Kind::Copy(copy) = &step.kind
            && copy.from.is_none()
        {
            paths.extend(copy.sources.iter().map(|(path, _)| path.clone()));
        }
    }
    paths.retain(|path| !path.contains(['*', '$', '[']) && !path.contains("://"));
    paths.retain(|path| !path.trim_matches(['.', '/']).is_empty());
    paths
}

/// The text with the byte order mark that the original has.
fn restore_mark(original: &str, text: String) -> String {
    if original.starts_with('\u{feff}') {
        format!("\u{feff}{text}")
    } else {
        text
    }
}

impl Walker<'_> {
    /// Notes what is lost with stages that go.
    fn leave_rest(&mut self, fates: &Fates) {
        for (at, name, _) in &fates.guessed {
            self.leave(
                *at,
                format!("this is taken for the binary {name}, by its name: what compiles it is not read, so its tags and flags are not known"),
                "pass --make to read the makefile, or write tags and ldflags into gowork.toml",
            );
        }
        self.leave_builders(fates);
        for stage in 0..self.file.stages.len() {
            if fates.overlaid.contains(&stage)
                && fates.stages[stage] == Fate::Cut
                && fate::is_image(self.file, stage)
            {
                self.leave(
                    self.file.stages[stage].from.start,
                    "this stage makes sources and is an image, too",
                    "make the sources in a stage of their own",
                );
            }
            if fates.overlaid.contains(&stage)
                && let Some(at) = fates.taken_with_binaries(self, stage)
            {
                self.leave(
                    at,
                    "this copies binaries together with files of a stage that makes sources",
                    "copy the binaries by themselves",
                );
            }
            if self.compiles.iter().any(|compile| compile.stage == stage) {
                self.leave_surroundings(stage, fates);
            }
            if let Some(at) = self.walked[stage].mounted
                && fates.builders.contains(&stage)
            {
                self.leave(
                    at,
                    "the compile reads a directory of another stage",
                    "copy it into the stage that is the builder",
                );
            }
            if fates.stages[stage] == Fate::Dropped {
                self.leave_commands(stage, fates);
            }
        }
    }

    /// Notes what a stage that compiles does about it, and gowork does not.
    fn leave_surroundings(&mut self, stage: usize, fates: &Fates) {
        for (at, arg) in self.walked[stage].decisions.clone() {
            self.leave(
                at,
                format!("the build-arg {arg} decides what is compiled here; its default is taken"),
                "write what another value is for into gowork.toml, with ${NAME}",
            );
        }
        if let Some(at) = self.walked[stage].other_go
            && !fates.builders.contains(&stage)
        {
            self.leave(
                at,
                "this command changes Go itself, and another Go compiles now",
                "change it in a stage, and name that in gowork.toml: builder = \"stage:NAME\"",
            );
        }
        if let Some(at) = self.walked[stage].other_modules {
            self.leave(
                at,
                "this command changes a module in the module cache, and gowork has another module cache",
                "make what it makes in a stage that is the builder, and name it in CGO_CFLAGS and CGO_LDFLAGS there",
            );
        }
    }

    /// Notes that there is one builder, if several are needed.
    fn leave_builders(&mut self, fates: &Fates) {
        if fates.builders.len() < 2 {
            return;
        }
        let names = fates.builders.iter().map(|ix| {
            let name = &self.file.stages[*ix].name;
            name.clone().unwrap_or_else(|| ix.to_string())
        });
        let names: Vec<String> = names.collect();
        let at = fates
            .builder
            .map_or(0, |(ix, _)| self.file.stages[ix].from.start);
        self.leave(
            at,
            format!(
                "stages {} compile with packages of their own, and gowork has one builder",
                names.join(", ")
            ),
            "install all of them in one stage",
        );
    }

    /// Notes the commands that go with a stage, and that the compile or somebody may need.
    fn leave_commands(&mut self, stage: usize, fates: &Fates) {
        let commands = self.walked[stage].roles.iter().flat_map(|(_, of)| of);
        let commands: Vec<(usize, Role)> =
            commands.map(|(span, role)| (span.start, *role)).collect();
        for (at, role) in commands {
            match role {
                Role::Opaque if fates.guessed.is_empty() => self.leave(
                    at,
                    "this command is not read, and its stage goes",
                    "if the compile needs what it makes, keep the stage and lay that over the repository with [[overlay]]",
                ),
                Role::Test => self.leave(
                    at,
                    "this command tests, in a stage that goes",
                    "run it before the build, or in a stage of its own",
                ),
                _ => {}
            }
        }
    }
}
