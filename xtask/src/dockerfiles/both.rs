//! A Dockerfile built both ways on one engine: the original by Docker's frontend, and what
//! `gowork init --from` makes of it by ours.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::Converted;
use super::built::Build;
use super::compare::Comparison;
use super::facts::Line;
use super::standin::{Brought, StandIns, images};
use crate::engine::environment::{self, Variables};
use crate::engine::{self, builder::GOWORK_ENGINE};
use crate::image::{self, Quality};
use crate::state::State;

/// The image that syntax lines name.
const FRONTEND: &str = "docker.io/gowork/gowork:1";

/// How Dockerfiles are built.
#[derive(clap::Args)]
pub(super) struct How {
    /// Build each of them both ways, and compare the images
    #[arg(long, requires = "checkouts")]
    build: bool,
    /// The engine to build on
    #[arg(long, value_name = "NAME", default_value = engine::MAIN)]
    engine: String,
    /// The OCI layout of a frontend image, in place of one that is made of this checkout
    #[arg(long, value_name = "DIR")]
    frontend: Option<PathBuf>,
    /// A GOCACHE that the images for Go have, so that the originals compile less
    #[arg(long, value_name = "DIR")]
    go_cache: Option<PathBuf>,
    /// A build-arg for both builds
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    args: Vec<String>,
    /// How many seconds a build may take
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    limit: u64,
}

/// What builds need.
pub(super) struct Both<'h> {
    how: &'h How,
    variables: Variables,
    stand_ins: StandIns,
    frontend: PathBuf,
}

impl<'h> Both<'h> {
    /// Starts the engine, and makes the frontend and the stand-ins. `None` if nothing is to be
    /// built.
    ///
    /// # Errors
    /// If something of it fails.
    pub(super) fn prepare(state: &State, how: &'h How) -> Result<Option<Self>> {
        if !how.build {
            return Ok(None);
        }
        ensure!(
            !engine::is_the_users(state)?,
            "base images stand in on an engine of our own only: set {GOWORK_ENGINE}=own"
        );
        let up = engine::up(state, &how.engine, engine::Space::Tests)?;
        let frontend = match &how.frontend {
            Some(layout) => std::path::absolute(layout)?,
            None => {
                let layout = environment::frontend_layout(state);
                image::build(state, &layout, Quality::Quick)?;
                layout
            }
        };
        let bundle = environment::value(&up.variables, "GOWORK_TEST_CA").map(PathBuf::from);
        let brought = Brought {
            bundle: bundle.as_deref(),
            cache: how.go_cache.as_deref(),
        };
        Ok(Some(Self {
            how,
            stand_ins: StandIns::make(state, brought)?,
            variables: up.variables,
            frontend,
        }))
    }

    /// Builds a Dockerfile of a checkout both ways, and prints a line with what came of it, and one
    /// for each difference.
    ///
    /// # Errors
    /// If the output cannot be written.
    pub(super) fn run(&self, line: &Line, checkout: &Path, made: &Converted) -> Result<()> {
        let mut out = std::io::stdout();
        let compared = match self.compare(line, checkout, made) {
            Ok(compared) => compared,
            Err(error) => {
                writeln!(out, "{:<24} {error:#}", line.id())?;
                return Ok(());
            }
        };
        let (comparison, times) = compared;
        let word = |differences: &[String], same: &str| match differences.len() {
            0 => same.to_owned(),
            count => format!("{count} differ"),
        };
        writeln!(
            out,
            "{:<24} {:<5} config {}, {} files {}, {} binaries {}; {times}",
            line.id(),
            if comparison.is_same() {
                "same"
            } else {
                "OTHER"
            },
            word(&comparison.config, "same"),
            comparison.count,
            word(&comparison.files, "same"),
            comparison.binaries,
            word(&comparison.programs, "identical"),
        )?;
        for (what, differences) in [
            ("config", &comparison.config),
            ("file", &comparison.files),
            ("binary", &comparison.programs),
            ("documented", &comparison.documented),
        ] {
            for difference in differences {
                writeln!(out, "    {what}: {difference}")?;
            }
        }
        let images = self.images(line, checkout, made)?;
        let mut names: Vec<String> = images
            .iter()
            .map(|(image, stand_in)| format!("{image} by {}", stand_in.name()))
            .collect();
        names.retain(|name| !name.starts_with("golang:1.2") || name.contains('-'));
        writeln!(out, "    stand-ins: {}", names.join(", "))?;
        Ok(())
    }

    fn compare(
        &self,
        line: &Line,
        checkout: &Path,
        made: &Converted,
    ) -> Result<(Comparison, String)> {
        let dir = tempfile::tempdir()?;
        let context = checkout.join(made.context());
        let images = self.images(line, checkout, made)?;
        let mut contexts = self.stand_ins.contexts(&images);
        let original = dir.path().join("original");
        let text = without_syntax(&original_text(line, checkout)?);
        let by_packages = by_packages(&text);
        fs::write(&original, &by_packages)?;
        let converted = dir.path().join("Dockerfile");
        fs::write(&converted, &made.dockerfile)?;
        if !made.settings.is_empty() {
            fs::write(dir.path().join("gowork.toml"), &made.settings)?;
        }
        let build = |dockerfile: &Path, contexts: &[String]| {
            Build {
                variables: &self.variables,
                context: &context,
                dockerfile,
                contexts,
                args: &self.how.args,
                limit: Duration::from_secs(self.how.limit),
            }
            .run()
        };
        let old = build(&original, &contexts).context("the original does not build")?;
        contexts.push(format!(
            "{FRONTEND}=oci-layout://{}",
            self.frontend.display()
        ));
        let new = build(&converted, &contexts).context("the converted one does not build")?;
        let times = format!(
            "{:.0} s, original {:.0} s",
            new.time.as_secs_f64(),
            old.time.as_secs_f64()
        );
        let mut comparison = Comparison::of(&old, &new);
        if by_packages != text {
            comparison
                .documented
                .push("go build names files; the original was built by their packages".to_owned());
        }
        Ok((comparison, times))
    }

    fn images(
        &self,
        line: &Line,
        checkout: &Path,
        made: &Converted,
    ) -> Result<std::collections::BTreeMap<String, super::standin::StandIn>> {
        let mut found = images(&original_text(line, checkout)?, "", &self.how.args);
        found.extend(images(&made.dockerfile, &made.settings, &self.how.args));
        Ok(found)
    }
}

fn original_text(line: &Line, checkout: &Path) -> Result<String> {
    let path = checkout.join(line.path());
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// A Dockerfile for the frontend that is part of BuildKit: another one would be pulled.
fn without_syntax(text: &str) -> String {
    let is_syntax = |line: &str| {
        let line = line.trim_start_matches('#').trim_start();
        line.starts_with("syntax=") || line.starts_with("syntax =")
    };
    let lines: Vec<&str> = text.lines().collect();
    let kept = lines
        .iter()
        .filter(|line| !(line.starts_with('#') && is_syntax(line)));
    kept.map(|line| format!("{line}\n")).collect()
}

/// A Dockerfile whose `go build main.go` compiles the package, as gowork does. What Go makes of
/// files alone is called `command-line-arguments`, in the binary, too.
fn by_packages(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut command = String::new();
    for piece in text.split_inclusive(['&', ';', '\n']) {
        command.push_str(piece);
        if !piece.ends_with("\\\n") {
            out.push_str(&by_package(&command));
            command.clear();
        }
    }
    out + &by_package(&command)
}

fn by_package(command: &str) -> String {
    let verb = ["go build ", "go install "]
        .iter()
        .find_map(|verb| command.find(verb));
    let Some(at) = verb else {
        return command.to_owned();
    };
    let has_output = command[at..].contains(" -o");
    let mut out = command[..at].to_owned();
    for word in command[at..].split_inclusive(char::is_whitespace) {
        let file = word.trim_end_matches(|c: char| c.is_whitespace() || ";&".contains(c));
        let Some(stem) = file.strip_suffix(".go").filter(|_| !file.starts_with('-')) else {
            out.push_str(word);
            continue;
        };
        let (dir, name) = stem.rsplit_once('/').unwrap_or((".", stem));
        if !has_output {
            out.push_str(&format!("-o {name} "));
        }
        let is_path = dir.starts_with(['.', '/']);
        out.push_str(if is_path { "" } else { "./" });
        out.push_str(dir);
        out.push_str(&word[file.len()..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::by_packages;

    #[test]
    fn files_of_a_package_become_the_package() {
        for (text, expected) in [
            (
                "RUN go build -o s ./cmd/api/main.go\n",
                "RUN go build -o s ./cmd/api\n",
            ),
            (
                "RUN x && go build cmd/a/main.go",
                "RUN x && go build -o main ./cmd/a",
            ),
            (
                "RUN go build \\\n -o /m main.go; cp x.go y\n",
                "RUN go build \\\n -o /m .; cp x.go y\n",
            ),
            (
                "COPY main.go .\nRUN go build .\n",
                "COPY main.go .\nRUN go build .\n",
            ),
        ] {
            assert_eq!(by_packages(text), expected);
        }
    }
}
