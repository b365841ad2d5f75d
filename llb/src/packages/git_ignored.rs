//! Embed patterns that find nothing because git ignores what they name: something makes these files
//! before Go is run. Only for what an error says.

use std::collections::BTreeMap;

use super::scanned::GitIgnored;
use crate::gosrc::glob;
use crate::tree::{Ignore, SourceTree, TreePath};

/// The name of git's ignore files.
const GITIGNORE: &str = ".gitignore";

/// What git ignores of what these patterns of the package in `dir` name.
pub(super) fn find<'p>(
    tree: &dyn SourceTree,
    dir: &TreePath,
    patterns: impl Iterator<Item = &'p str>,
) -> BTreeMap<String, GitIgnored> {
    let mut found = BTreeMap::new();
    let mut rules = None;
    for pattern in patterns {
        let rules: &Vec<(TreePath, Ignore)> = rules.get_or_insert_with(|| read(tree, dir));
        let ignored = named_paths(dir, pattern)
            .iter()
            .find_map(|path| ignored(rules, path));
        found.extend(ignored.map(|ignored| (pattern.to_owned(), ignored)));
    }
    found
}

/// What to do about a pattern that finds nothing.
pub(super) fn help(ignored: Option<&GitIgnored>) -> String {
    match ignored {
        Some(GitIgnored { path, file, line }) => format!(
            "git ignores {path} ({file}:{line}), so something makes it: let a stage do that, and lay it there by an [[overlay]] with to = \"{path}\""
        ),
        None => "patterns start at the directory of the Go file; see whether .dockerignore leaves the files out".to_owned(),
    }
}

/// The paths that a pattern names up to its first wildcard, the outermost first. Of a directory
/// also a file in it, which rules such as `dist/*` ignore.
fn named_paths(dir: &TreePath, pattern: &str) -> Vec<TreePath> {
    let pattern = pattern.strip_prefix("all:").unwrap_or(pattern);
    let mut paths = Vec::new();
    let mut at = dir.clone();
    for element in pattern.split('/').take_while(|it| !glob::has_meta(it)) {
        let Ok(next) = at.join(element) else { break };
        at = next;
        paths.push(at.clone());
    }
    paths
}

/// The ignore files that count in `dir`, the innermost first. Their rules are for paths from the
/// root.
fn read(tree: &dyn SourceTree, dir: &TreePath) -> Vec<(TreePath, Ignore)> {
    let dirs: Vec<TreePath> = std::iter::successors(Some(dir.clone()), TreePath::parent).collect();
    let files: Vec<TreePath> = dirs.iter().map(|dir| dir.child(GITIGNORE)).collect();
    let mut rules = Vec::new();
    for ((dir, file), text) in dirs.iter().zip(&files).zip(tree.read(&files)) {
        let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
        let lines: Vec<String> = text.lines().map(|line| translated(dir, line)).collect();
        rules.push((file.clone(), Ignore::parse(lines.join("\n").as_bytes())));
    }
    rules
}

/// A rule of git in the form of `.dockerignore` (gitignore(5)): without a slash but at its end, it
/// is for names at any depth.
fn translated(dir: &TreePath, line: &str) -> String {
    let line = line.trim_end();
    if line.is_empty() || line.starts_with('#') {
        return String::new();
    }
    let (not, rule) = match line.strip_prefix('!') {
        Some(rule) => ("!", rule),
        None => ("", line),
    };
    let rule = rule.trim_end_matches('/');
    if rule.is_empty() {
        return String::new();
    }
    let any = if rule.contains('/') { "" } else { "**/" };
    format!(
        "{not}{}/{any}{}",
        dir.as_str(),
        rule.trim_start_matches('/')
    )
}

/// The rule that ignores a path, or what is in it.
fn ignored(rules: &[(TreePath, Ignore)], path: &TreePath) -> Option<GitIgnored> {
    let inside = path.child("any");
    for (file, rules) in rules {
        let rule = rules.excludes(path).or_else(|| rules.excludes(&inside));
        if let Some(rule) = rule {
            return Some(GitIgnored {
                path: path.clone(),
                file: file.clone(),
                line: rule.line,
            });
        }
    }
    None
}
