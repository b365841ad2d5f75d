//! `cargo xtask oracle DIR...`: what the library reads of checkouts, compared with what the go
//! command reads of them.
//!
//! Offline, with an empty module cache: the sources alone decide. Nothing in the checkouts is run
//! or changed.

mod directories;
mod go_list;
mod mod_files;

use crate::state::State;
use anyhow::{Context, Result, bail};
use gowork_llb::gosrc::BuildContext;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The platforms that packages are compared for.
const PLATFORMS: [(&str, &str); 4] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
];
/// The sets of tags: none, and some that real repositories use.
const TAGS: [&[&str]; 2] = [&[], &["e2e", "integration", "netgo", "osusergo"]];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Checkouts: directories with Go sources
    #[arg(required = true)]
    directories: Vec<PathBuf>,
    /// Make only these comparisons
    #[arg(long, value_enum)]
    only: Vec<Comparison>,
    /// List packages in every context, also where there are many roots (minutes)
    #[arg(long)]
    thorough: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Comparison {
    /// Every go.mod and go.work with `go mod edit -json` and `go work edit -json`
    ModFiles,
    /// Every directory's files, imports and embed patterns with go/build's ImportDir
    Directories,
    /// Every package of every root with `go list`
    Packages,
}

/// What a comparison came to.
#[derive(Debug, Default)]
struct Outcome {
    /// What was counted, and how often.
    counts: Vec<(&'static str, usize)>,
    /// What Go could not or would not tell.
    left_out: Vec<String>,
    differences: Vec<String>,
}

/// Compares every checkout and prints counts and differences.
///
/// # Errors
/// If there is any difference, or the go command cannot be run.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let oracle = Oracle::new(arguments.thorough)?;
    let mut differences = 0;
    for directory in &arguments.directories {
        let directory = directory
            .canonicalize()
            .with_context(|| format!("cannot find {}", directory.display()))?;
        say(&format!("{}\n", directory.display()))?;
        for (comparison, name, compare) in COMPARISONS {
            if arguments.only.is_empty() || arguments.only.contains(&comparison) {
                differences += print(name, &compare(&oracle, &directory)?)?;
            }
        }
    }
    if differences > 0 {
        bail!("{differences} differences");
    }
    Ok(())
}

type Compare = fn(&Oracle, &Path) -> Result<Outcome>;

const COMPARISONS: [(Comparison, &str, Compare); 3] = [
    (Comparison::ModFiles, "mod files", mod_files::compare),
    (Comparison::Directories, "directories", directories::compare),
    (Comparison::Packages, "packages", go_list::compare),
];

fn print(name: &str, outcome: &Outcome) -> Result<usize> {
    let counts: Vec<_> = outcome
        .counts
        .iter()
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    say(&format!(
        "  {name:<13}{}, {} differences\n",
        counts.join(", "),
        outcome.differences.len()
    ))?;
    for reason in &outcome.left_out {
        say(&format!("    left out: {reason}\n"))?;
    }
    for difference in &outcome.differences {
        say(&format!("    {}\n", difference.replace('\n', "\n      ")))?;
    }
    Ok(outcome.differences.len())
}

fn say(text: &str) -> Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

/// The go command and the repository's own oracle program, with an empty place for what they cache.
struct Oracle {
    state: State,
    place: tempfile::TempDir,
    /// Whether to spend minutes.
    thorough: bool,
}

impl Oracle {
    fn new(thorough: bool) -> Result<Self> {
        let place = tempfile::Builder::new()
            .prefix("gowork-oracle-")
            .tempdir()
            .context("cannot make a temporary directory")?;
        Ok(Self {
            state: State::open()?,
            place,
            thorough,
        })
    }

    /// A go command that sees nothing of the machine's settings, network and module cache.
    fn go(&self, directory: &Path) -> Result<Command> {
        let mut go = crate::golang::go(&self.state)?;
        go.current_dir(directory);
        let settings = [
            ("GOENV", "off"),
            ("GOTOOLCHAIN", "local"),
            ("GOFLAGS", ""),
            ("GOPROXY", "off"),
            ("GOTELEMETRY", "off"),
            ("GOWORK", "off"),
        ];
        go.envs(settings)
            .env("GOMODCACHE", self.place.path().join("modules"));
        for name in [
            "GOEXPERIMENT",
            "GOAMD64",
            "GOARM64",
            "GO111MODULE",
            "CC",
            "CXX",
            "PKG_CONFIG",
        ] {
            go.env_remove(name);
        }
        Ok(go)
    }

    /// Sets the platform and cgo of `command`.
    fn for_context<'a>(command: &'a mut Command, context: &BuildContext) -> &'a mut Command {
        let cgo = if context.cgo { "1" } else { "0" };
        command
            .env("GOOS", &context.goos)
            .env("GOARCH", &context.goarch)
            .env("CGO_ENABLED", cgo)
    }
}

/// Every build context that packages are compared in.
fn contexts() -> Vec<BuildContext> {
    let mut contexts = Vec::new();
    for tags in TAGS {
        for cgo in [false, true] {
            contexts.extend(PLATFORMS.iter().map(|(goos, goarch)| BuildContext {
                cgo,
                tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
                ..BuildContext::new(goos, goarch)
            }));
        }
    }
    contexts
}

/// The context in a few words.
fn described(context: &BuildContext) -> String {
    let cgo = if context.cgo { "cgo" } else { "no cgo" };
    let tags = if context.tags.is_empty() {
        ""
    } else {
        ", tags"
    };
    format!("{}/{}, {cgo}{tags}", context.goos, context.goarch)
}

fn tags(context: &BuildContext) -> String {
    context
        .tags
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// Differences by what differs, so that one that shows in every context is listed once.
#[derive(Default)]
struct Differences(BTreeMap<String, Vec<String>>);

impl Differences {
    fn add(&mut self, what: String, context: &BuildContext) {
        self.0.entry(what).or_default().push(described(context));
    }

    fn into_lines(self) -> Vec<String> {
        let line = |(what, contexts): (String, Vec<String>)| match contexts.as_slice() {
            [first] => format!("{what}\nin {first}"),
            [first, ..] => format!("{what}\nin {first} and {} more", contexts.len() - 1),
            [] => what,
        };
        self.0.into_iter().map(line).collect()
    }
}
