//! Converts Dockerfiles of public repositories by `gowork init --from`, and checks that the result
//! says what is known about them; or builds both, and compares the images.

mod both;
mod built;
mod change;
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
use self::change::Change;
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
    /// A directory with changes by hand, in place of testdata/dockerfiles
    #[arg(long, value_name = "DIR")]
    changes: Option<PathBuf>,
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

/// What is to be said about a Dockerfile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// The command carries over all that is known.
    Full,
    /// The same, if values of git are passed as build-args.
    Values,
    /// All that is known is there after a change by hand.
    ByHand,
    /// Something is missing.
    Partly,
    /// Nothing can be built.
    No,
}

impl Verdict {
    const ALL: [Self; 5] = [
        Self::Full,
        Self::Values,
        Self::ByHand,
        Self::Partly,
        Self::No,
    ];

    fn words(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Values => "values",
            Self::ByHand => "by hand",
            Self::Partly => "partly",
            Self::No => "no",
        }
    }
}

/// A verdict, with the reasons for it.
struct Judged {
    verdict: Verdict,
    reasons: Vec<String>,
    /// Whether the command found no fault in what it wrote.
    is_sound: bool,
}

/// The command under test, and what it is tried on.
struct Trial<'t> {
    program: &'t Path,
    checkouts: Option<&'t Path>,
    changes: PathBuf,
}

/// Runs all lines, prints one line for each, and the counts: see [`Verdict`]. What a change by hand
/// is for, and what is missing, stands behind the verdict.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = State::open()?;
    let program = built_program(&state, &["--package", "gowork", "--bin", "gowork"])?;
    let both = Both::prepare(&state, &arguments.how)?;
    let usual = || state.repository().join("testdata/dockerfiles");
    let trial = Trial {
        program: &program,
        checkouts: arguments.checkouts.as_deref(),
        changes: arguments.changes.clone().unwrap_or_else(usual),
    };
    let text = fs::read_to_string(&arguments.file)
        .with_context(|| arguments.file.display().to_string())?;
    let mut out = std::io::stdout();
    let mut counts: BTreeMap<(Verdict, Input), usize> = BTreeMap::new();
    for text in text.lines().filter(|line| !line.trim().is_empty()) {
        let line = Line::parse(text)?;
        if !arguments.only.is_empty() && !arguments.only.iter().any(|id| id == line.id()) {
            continue;
        }
        if let Some(both) = &both {
            trial.build(&line, both)?;
            continue;
        }
        let (input, judged) = trial.convert(&line)?;
        *counts.entry((judged.verdict, input)).or_default() += 1;
        let reasons: String = judged.reasons.join("; ").chars().take(300).collect();
        writeln!(
            out,
            "{:<24} {:<7} {:<26} {reasons}",
            line.id(),
            judged.verdict.words(),
            input.words()
        )?;
    }
    if both.is_some() {
        return Ok(());
    }
    let total: usize = counts.values().sum();
    for verdict in Verdict::ALL {
        let of = |input| counts.get(&(verdict, input)).copied().unwrap_or_default();
        let (original, alone, facts) = (
            of(Input::Original),
            of(Input::OriginalAlone),
            of(Input::Facts),
        );
        writeln!(
            out,
            "{}: {} of {total} (original {original}, with a made repository {alone}, from facts {facts})",
            verdict.words(),
            original + alone + facts
        )?;
    }
    Ok(())
}

impl Trial<'_> {
    /// The checkout of a line's repository, if it is at hand and has the Dockerfile.
    fn checkout(&self, line: &Line) -> Option<PathBuf> {
        let checkout = self.checkouts?.join(line.id());
        checkout.join(line.path()).is_file().then_some(checkout)
    }

    /// Builds one line both ways, if the original is at hand and can be converted.
    fn build(&self, line: &Line, both: &Both<'_>) -> Result<()> {
        let checkout = self.checkout(line);
        let made = match &checkout {
            Some(checkout) => self.init(checkout, line)?,
            None => None,
        };
        let (Some(checkout), Some(mut made)) = (checkout, made) else {
            let mut out = std::io::stdout();
            writeln!(out, "{:<24} nothing is written", line.id())?;
            return Ok(());
        };
        if let Some(change) = Change::read(&self.changes, line.id())? {
            made = change.apply(&made)?;
        }
        both.run(line, &checkout, &made)
    }

    /// Converts one line from the best input there is. Another repository is made only if the one at
    /// hand cannot be read: if it lacks files, or its sources have errors.
    fn convert(&self, line: &Line) -> Result<(Input, Judged)> {
        let mut tried = None;
        let mut original = None;
        if let Some(checkout) = self.checkout(line) {
            let judged = self.judge(&checkout, line)?;
            if judged.verdict < Verdict::Partly || judged.is_sound {
                return Ok((Input::Original, judged));
            }
            tried = Some(judged);
            original = fs::read_to_string(checkout.join(line.path())).ok();
        }
        let input = if original.is_some() {
            Input::OriginalAlone
        } else {
            Input::Facts
        };
        let dir = tempfile::tempdir()?;
        reconstruct::write(line, dir.path(), original.as_deref())?;
        let judged = self.judge(dir.path(), line)?;
        match tried {
            Some(tried) if judged.verdict >= tried.verdict => Ok((Input::Original, tried)),
            _ => Ok((input, judged)),
        }
    }

    /// Converts in a repository, by hand, too, if that is needed and a change is there.
    fn judge(&self, repository: &Path, line: &Line) -> Result<Judged> {
        let Some(made) = self.init(repository, line)? else {
            return Ok(Judged {
                verdict: Verdict::No,
                reasons: vec!["nothing is written".to_owned()],
                is_sound: false,
            });
        };
        let mut judged = verdict(line, &made);
        let Some(change) = Change::read(&self.changes, line.id())? else {
            return Ok(judged);
        };
        if judged.verdict == Verdict::Full {
            let reason = "the change by hand is not needed".to_owned();
            judged.reasons.push(reason);
            return Ok(judged);
        }
        let changed = match change.apply(&made) {
            Ok(changed) => changed,
            Err(error) => {
                let reason = format!("the change by hand does not fit: {error:#}");
                judged.reasons.insert(0, reason);
                return Ok(judged);
            }
        };
        let mut by_hand = verdict(line, &changed);
        let missing = changed.missing_images(self.program, repository)?;
        if !missing.is_empty() && !changed.settings.contains("[[overlay]]") {
            by_hand
                .reasons
                .push(format!("no images {}", missing.join(", ")));
            by_hand.verdict = Verdict::No;
            by_hand.is_sound = false;
        }
        if by_hand.verdict == Verdict::Full {
            by_hand.verdict = Verdict::ByHand;
            by_hand.reasons = vec![change.why];
        }
        Ok(by_hand)
    }

    /// Runs the command in a repository. `None` if it writes nothing.
    fn init(&self, repository: &Path, line: &Line) -> Result<Option<Converted>> {
        let out = tempfile::tempdir()?;
        let file = out.path().join("Dockerfile");
        let output = Command::new(self.program)
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
}

/// What is to be said about a result, and why it is not full.
fn verdict(line: &Line, made: &Converted) -> Judged {
    let mut reasons = judge::judge(line, &made.dockerfile, &made.settings).0;
    if !made.is_sound {
        let error = made.said.lines().find(|line| line.starts_with("error: "));
        reasons.push(error.unwrap_or("error").to_owned());
    }
    // What the command lists is not carried over; tests say nothing about the image.
    for warning in made.said.lines().filter_map(change::warning) {
        if !warning.contains("this command tests") {
            reasons.push(warning.to_owned());
        }
    }
    let is_value = |reason: &String| reason.contains("is the build-arg GIT_");
    let verdict = match (reasons.is_empty(), made.is_sound) {
        (true, _) => Verdict::Full,
        // The user has to pass these values with each build.
        _ if reasons.iter().all(is_value) => Verdict::Values,
        (false, true) => Verdict::Partly,
        (false, false) => Verdict::No,
    };
    Judged {
        verdict,
        reasons,
        is_sound: made.is_sound,
    }
}
