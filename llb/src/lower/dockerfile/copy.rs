//! COPY instructions: which files a stage takes, said in few words.
//!
//! A package directory is one pattern, `dir/*.go`, with tests and files of other platforms
//! excluded, so that a file added to it is taken without printing anew. Where most files of a
//! directory are left out, those taken are listed.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{DockerfileOptions, ModuleContext};
use super::words::{copy_word, json_array, literal_pattern};
use crate::config::OverlayConfig;
use crate::gosrc::glob;
use crate::packages::Package;
use crate::tree::TreePath;

/// The files of some packages, possibly on several platforms.
#[derive(Debug, Default)]
pub(super) struct Sources {
    dirs: BTreeMap<TreePath, Dir>,
    /// Patterns as COPY understands them.
    embedded: BTreeSet<String>,
    /// All paths that packages name: what they are made of, and embed patterns.
    named: BTreeSet<TreePath>,
}

/// The files of one package directory.
#[derive(Debug, Default)]
struct Dir {
    go: BTreeSet<TreePath>,
    other: BTreeSet<TreePath>,
    /// Go files left out on every platform so far.
    left_out: BTreeSet<TreePath>,
}

impl Sources {
    /// Adds what a build takes of one package.
    pub(super) fn add(&mut self, package: &Package) {
        // The stand-in of a tool has none.
        if package.files.is_empty() {
            return;
        }
        self.named.extend(package.files.iter().cloned());
        for pattern in package.embedded.keys() {
            let path = package
                .dir
                .join(pattern.strip_prefix("all:").unwrap_or(pattern));
            self.named.extend(path);
        }
        let all: BTreeSet<&TreePath> = package.files.iter().collect();
        let is_linked = all.contains(&package.dir) || is_behind_link(&package.dir, &all);
        let embedded: BTreeSet<&TreePath> = package.embedded.values().flatten().collect();
        let dir = self.dirs.entry(package.dir.clone()).or_default();
        for &file in all
            .iter()
            .filter(|file| !embedded.contains(*file) && !is_behind_link(file, &all))
        {
            if is_go(file) && file.parent().as_ref() == Some(&package.dir) {
                dir.go.insert(file.clone())
            } else {
                dir.other.insert(file.clone())
            };
        }
        if is_linked {
            // What it embeds is among the files, by its true name.
            return;
        }
        // A Go file may be embedded as well as compiled.
        let compiled = embedded
            .into_iter()
            .filter(|file| is_go(file) && file.parent().as_ref() == Some(&package.dir));
        let compiled: Vec<TreePath> = compiled
            .filter(|file| !package.left_out.contains(file))
            .cloned()
            .collect();
        dir.go.extend(compiled);
        dir.left_out
            .extend(package.left_out.iter().filter(|file| is_go(file)).cloned());
        for (pattern, files) in &package.embedded {
            self.embedded
                .extend(embed_sources(&package.dir, pattern, files));
        }
    }

    /// Adds what other ones take.
    pub(super) fn join(&mut self, other: Self) {
        for (name, added) in other.dirs {
            let dir = self.dirs.entry(name).or_default();
            dir.go.extend(added.go);
            dir.other.extend(added.other);
            dir.left_out.extend(added.left_out);
        }
        self.embedded.extend(other.embedded);
    }

    /// The instructions where third-party packages are compiled that need these, with a comment.
    pub(super) fn for_third_party(&self, options: &DockerfileOptions) -> Vec<String> {
        let comment =
            "# Packages of this repository that third-party packages import, or may import.";
        let comment = (!self.dirs.is_empty()).then(|| comment.to_owned());
        comment
            .into_iter()
            .chain(self.instructions(options))
            .collect()
    }

    /// The instructions, in the order of the file: what changes least comes first.
    pub(super) fn instructions(&self, options: &DockerfileOptions) -> Vec<String> {
        let overlays = options.overlays.iter();
        let laid: Vec<&OverlayConfig> = overlays
            .filter(|overlay| self.named.iter().any(|path| is_in(path, overlay)))
            .collect();
        let mut instructions = Vec::new();
        if !self.embedded.is_empty() {
            instructions.push("# Files that the binary embeds.".to_owned());
            let embedded = optional(&self.embedded, &laid);
            instructions.extend(copies(&[], &embedded, &options.contexts));
        }
        let mut sources = BTreeSet::new();
        let mut excludes = vec!["**/*_test.go".to_owned()];
        for (path, dir) in &self.dirs {
            sources.extend(dir.other.iter().map(|file| literal_pattern(file.as_str())));
            let left_out: Vec<&TreePath> = dir.left_out.difference(&dir.go).collect();
            if dir.go.is_empty() || left_out.len() > dir.go.len() {
                sources.extend(dir.go.iter().map(|file| literal_pattern(file.as_str())));
            } else {
                sources.insert(
                    literal_pattern(path.child("x").as_str().trim_end_matches('x')) + "*.go",
                );
                excludes.extend(left_out.iter().map(|file| literal_pattern(file.as_str())));
            }
        }
        if !sources.is_empty() {
            let sources = optional(&sources, &laid);
            instructions.extend(copies(&excludes, &sources, &options.contexts));
        }
        for overlay in laid {
            instructions.push(format!("# What {} makes.", overlay.from.value));
            instructions.push(lay(overlay));
        }
        instructions
    }
}

fn is_in(path: &TreePath, overlay: &OverlayConfig) -> bool {
    path.strip_dir(&overlay.to.value).is_some()
}

/// The instruction that lays an overlay.
fn lay(overlay: &OverlayConfig) -> String {
    let (from, source) = (&overlay.from.value, copy_word(&overlay.source.value));
    let to = match overlay.to.value.as_str() {
        "" => "/src/".to_owned(),
        to => copy_word(&format!("/src/{to}/")),
    };
    if [&source, &to]
        .iter()
        .any(|word| word.contains(char::is_whitespace))
    {
        let words = json_array([source.as_str(), to.as_str()]);
        return format!("COPY --from={from} {words}");
    }
    format!("COPY --from={from} {source} {to}")
}

/// Patterns that need not match where an overlay may have the files: COPY asks for what has no
/// wildcard.
fn optional(patterns: &BTreeSet<String>, laid: &[&OverlayConfig]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for pattern in patterns {
        let is_laid = |overlay: &&&OverlayConfig| {
            let dir = literal_pattern(overlay.to.value.as_str());
            let below = pattern.strip_prefix(&dir);
            below.is_some_and(|rest| dir.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        let is_laid = laid.iter().any(|overlay| is_laid(&overlay));
        let last = pattern
            .chars()
            .next_back()
            .filter(char::is_ascii_alphanumeric);
        match last {
            Some(last) if is_laid && !glob::has_meta(pattern) => {
                all.insert(format!("{}[{last}]", &pattern[..pattern.len() - 1]))
            }
            _ => all.insert(pattern.clone()),
        };
    }
    all
}

/// Patterns of COPY for these files and links.
pub(super) fn patterns(files: &BTreeSet<TreePath>) -> BTreeSet<String> {
    let all = files.iter().collect();
    files
        .iter()
        .filter(|file| !is_behind_link(file, &all))
        .map(|file| literal_pattern(file.as_str()))
        .collect()
}

/// Whether a link is on the way to a file, seen from all the files and links that are copied. COPY
/// does not find such a name: it copies links by their own names, as links, and what is behind them
/// by its true name.
fn is_behind_link(file: &TreePath, all: &BTreeSet<&TreePath>) -> bool {
    std::iter::successors(file.parent(), TreePath::parent).any(|above| all.contains(&above))
}

fn is_go(file: &TreePath) -> bool {
    file.name().ends_with(".go")
}

/// What to copy for one embed pattern: the pattern itself, since Go's are COPY's; or the files,
/// where the pattern is so wide that it would take sources and tests as well.
fn embed_sources(dir: &TreePath, pattern: &str, files: &[TreePath]) -> Vec<String> {
    let bare = pattern.strip_prefix("all:").unwrap_or(pattern);
    let last = bare.rsplit('/').next().unwrap_or_default();
    let at = dir.child("x");
    let prefix = literal_pattern(at.as_str().trim_end_matches('x'));
    match bare {
        _ if last.chars().all(|c| "*?.".contains(c)) => files
            .iter()
            .map(|file| literal_pattern(file.as_str()))
            .collect(),
        _ => vec![prefix + bare],
    }
}

/// The instructions that copy `sources`, keeping their paths: from the build context, and what lies
/// in the directories of named contexts from these.
pub(super) fn copies(
    excludes: &[String],
    sources: &BTreeSet<String>,
    contexts: &[ModuleContext],
) -> Vec<String> {
    let mut instructions = Vec::new();
    let (mut own, mut own_excludes) = (sources.clone(), excludes.to_vec());
    for context in contexts {
        let dir = literal_pattern(context.dir.as_str()) + "/";
        let below = |pattern: &String| pattern.strip_prefix(&dir).map(ToOwned::to_owned);
        let taken: BTreeSet<String> = sources.iter().filter_map(below).collect();
        if !taken.is_empty() {
            // What begins with `**` is left out of every directory.
            let general = |pattern: &String| pattern.starts_with("**/").then(|| pattern.clone());
            let excludes = excludes.iter();
            let excludes = excludes.filter_map(|it| below(it).or_else(|| general(it)));
            instructions.push(copy(Some(context), &excludes.collect::<Vec<_>>(), &taken));
        }
        own.retain(|pattern| !pattern.starts_with(&dir));
        own_excludes.retain(|pattern| !pattern.starts_with(&dir));
    }
    if !own.is_empty() {
        instructions.insert(0, copy(None, &own_excludes, &own));
    }
    instructions
}

/// `COPY --parents` of `sources` into the root of the sources, or into the directory of a context.
fn copy(from: Option<&ModuleContext>, excludes: &[String], sources: &BTreeSet<String>) -> String {
    let (from, to) = match from {
        Some(context) => (
            format!(" --from={}", context.name),
            format!("/src/{}/", context.dir),
        ),
        None => (String::new(), "/src/".to_owned()),
    };
    let mut lines = vec![format!("COPY{from} --parents")];
    lines.extend(
        excludes
            .iter()
            .map(|exclude| format!("    --exclude={}", flag_word(exclude))),
    );
    let words: Vec<String> = sources.iter().map(|source| copy_word(source)).collect();
    let is_plain =
        |word: &String| !word.contains(char::is_whitespace) && !word.starts_with(['[', '<', '-']);
    if words.iter().all(is_plain) {
        lines.extend(words.iter().map(|word| format!("    {word}")));
        lines.push(format!("    {to}"));
    } else {
        // A path with a blank in it needs the JSON form.
        lines.push(format!(
            "    {}",
            json_array(words.iter().map(String::as_str).chain([to.as_str()]))
        ));
    }
    lines.join(" \\\n")
}

/// A flag's value: flags end at a blank and have no quotes; a pattern's `?` stands for any
/// character.
fn flag_word(pattern: &str) -> String {
    copy_word(pattern)
        .chars()
        .map(|c| if c.is_whitespace() { '?' } else { c })
        .collect()
}
