//! Converts Dockerfiles of public repositories by `gowork init --from`, and checks that the result
//! says what is known about them; or builds both, and compares the images.

mod both;
mod built;
mod compare;
mod facts;
mod judge;
mod reconstruct;
mod said;
mod standin;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use self::both::{Both, How};
use self::facts::Line;
use crate::command::built_program;
use crate::state::State;

/// `cargo xtask dockerfiles`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The facts, a Dockerfile a line, as JSON
    file: PathBuf,
    /// A directory with checkouts of the repositories, each by the `id` of its line
    #[arg(long, value_name = "DIR")]
    checkouts: Option<PathBuf>,
    /// Only lines of these names
    only: Vec<String>,
    #[command(flatten)]
    how: How,
}

/// Where a conversion started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Input {
    /// The original in its repository.
    Original,
    /// The original, and a repository made of the facts.
    OriginalAlone,
    /// A Dockerfile and a repository made of the facts.
    Facts,
}

impl Input {
    fn words(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::OriginalAlone => "original, made repository",
            Self::Facts => "facts",
        }
    }
}

/// What the command wrote and said.
struct Converted {
    dockerfile: String,
    settings: String,
    said: String,
    is_sound: bool,
}

impl Converted {
    /// The build context that the command took, from the root of the repository.
    fn context(&self) -> &str {
        let said = self.said.lines();
        let mut found = said.filter_map(|line| line.strip_prefix("the build context is "));
        found.next().unwrap_or(".")
    }
}

/// Runs all lines, prints one line for each, and the counts. `full`: everything that is known is in
/// the result; `values`: the same, if values of git are passed as build-args; `partly` and `no` with
/// what is missing.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let program = built_program(&state, &["--package", "gowork", "--bin", "gowork"])?;
    let both = Both::prepare(&state, &arguments.how)?;
    let text = fs::read_to_string(&arguments.file)
        .with_context(|| arguments.file.display().to_string())?;
    let mut out = std::io::stdout();
    let mut counts: BTreeMap<(&str, Input), usize> = BTreeMap::new();
    for text in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = Line::parse(text)?;
        if !arguments.only.is_empty() && !arguments.only.iter().any(|id| id == line.id()) {
            continue;
        }
        if let Some(both) = &both {
            build(&program, arguments, &line, both)?;
            continue;
        }
        let (input, verdict, reasons) = convert(&program, arguments, &line)?;
        *counts.entry((verdict, input)).or_default() += 1;
        let reasons: String = reasons.join("; ").chars().take(300).collect();
        writeln!(
            out,
            "{:<24} {verdict:<7} {:<26} {reasons}",
            line.id(),
            input.words()
        )?;
    }
    if both.is_some() {
        return Ok(());
    }
    let total: usize = counts.values().sum();
    for verdict in ["full", "values", "partly", "no"] {
        let of = |input| counts.get(&(verdict, input)).copied().unwrap_or_default();
        let (original, alone, facts) = (
            of(Input::Original),
            of(Input::OriginalAlone),
            of(Input::Facts),
        );
        writeln!(
            out,
            "{verdict}: {} of {total} (original {original}, with a made repository {alone}, from facts {facts})",
            original + alone + facts
        )?;
    }
    Ok(())
}

/// Builds one line both ways, if the original is at hand and can be converted.
fn build(program: &Path, arguments: &Arguments, line: &Line, both: &Both<'_>) -> Result<()> {
    let checkout = arguments.checkouts.as_ref().map(|dir| dir.join(line.id()));
    let checkout = checkout.filter(|dir| dir.join(line.path()).is_file());
    let made = match &checkout {
        Some(checkout) => init(program, checkout, line)?,
        None => None,
    };
    if let (Some(checkout), Some(made)) = (checkout, made) {
        return both.run(line, &checkout, &made);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{:<24} nothing is written", line.id())?;
    Ok(())
}

/// Converts one line from the best input there is. Another repository is made only if the one at
/// hand cannot be read: if it lacks files, or its sources have errors.
fn convert(
    program: &Path,
    arguments: &Arguments,
    line: &Line,
) -> Result<(Input, &'static str, Vec<String>)> {
    let checkout = arguments.checkouts.as_ref().map(|dir| dir.join(line.id()));
    let checkout = checkout.filter(|dir| dir.join(line.path()).is_file());
    let mut tried = None;
    let mut original = None;
    if let Some(checkout) = checkout {
        let made = init(program, &checkout, line)?;
        let (verdict, reasons) = verdict(line, made.as_ref());
        if ["full", "values"].contains(&verdict) || made.is_some_and(|made| made.is_sound) {
            return Ok((Input::Original, verdict, reasons));
        }
        tried = Some((Input::Original, verdict, reasons));
        original = fs::read_to_string(checkout.join(line.path())).ok();
    }
    let input = if original.is_some() {
        Input::OriginalAlone
    } else {
        Input::Facts
    };
    let dir = tempfile::tempdir()?;
    reconstruct::write(line, dir.path(), original.as_deref())?;
    let made = init(program, dir.path(), line)?;
    let (verdict, reasons) = verdict(line, made.as_ref());
    match tried {
        Some(tried) if verdict == "no" || (verdict == "partly" && tried.1 == "partly") => Ok(tried),
        _ => Ok((input, verdict, reasons)),
    }
}

/// Runs the command in a repository. `None` if it writes nothing.
fn init(program: &Path, repository: &Path, line: &Line) -> Result<Option<Converted>> {
    let out = tempfile::tempdir()?;
    let file = out.path().join("Dockerfile");
    let output = Command::new(program)
        .args(["init", "--make", "--from", line.path(), "--output"])
        .arg(&file)
        .current_dir(repository)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(!said.contains("panicked at"), "{}: {said}", line.id());
    let Ok(dockerfile) = fs::read_to_string(&file) else {
        return Ok(None);
    };
    Ok(Some(Converted {
        dockerfile,
        settings: fs::read_to_string(out.path().join("gowork.toml")).unwrap_or_default(),
        is_sound: !said.contains("error: "),
        said,
    }))
}

/// What is to be said about a result, and why it is not full.
fn verdict(line: &Line, made: Option<&Converted>) -> (&'static str, Vec<String>) {
    let Some(made) = made else {
        return ("no", vec!["nothing is written".to_owned()]);
    };
    let mut reasons = judge::judge(line, &made.dockerfile, &made.settings).0;
    if !made.is_sound {
        let error = made.said.lines().find(|line| line.starts_with("error: "));
        reasons.push(error.unwrap_or("error").to_owned());
    }
    // What the command lists is not carried over; tests say nothing about the image.
    for warning in made
        .said
        .lines()
        .filter(|line| line.starts_with("warning: "))
    {
        if !warning.contains("this command tests") {
            reasons.push(warning.trim_start_matches("warning: ").to_owned());
        }
    }
    let is_value = |reason: &String| reason.contains("is the build-arg GIT_");
    match (reasons.is_empty(), made.is_sound) {
        (true, _) => ("full", reasons),
        // The user has to pass these values with each build.
        _ if reasons.iter().all(is_value) => ("values", reasons),
        (false, true) => ("partly", reasons),
        (false, false) => ("no", reasons),
    }
}
