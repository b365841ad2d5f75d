//! Items of `skip` that skip nothing: a typing error, most likely.

use std::collections::BTreeSet;

use crate::config::{self, Config};
use crate::diag::{self, Diagnostic, Rule};
use crate::gomod::ImportPath;
use crate::gosrc::{self, SourceFile};
use crate::packages::{self, Matched, Scan};
use crate::tree::TreePath;
use crate::workspace::Workspace;

/// How many mains a message names.
const SHOWN: usize = 10;

/// A warning for each item of `skip` that matches no main package of any platform, nor a directory
/// that a go.mod hides.
pub(super) fn skips(scan: &Scan, workspace: &Workspace, config: &Config) -> Vec<Diagnostic> {
    if config.skip.is_empty() {
        return Vec::new();
    }
    let mut mains: BTreeSet<(ImportPath, TreePath)> = BTreeSet::new();
    for (root, _) in workspace.roots() {
        let found = packages::matched(scan, workspace, root)
            .into_iter()
            .filter(is_main_somewhere);
        mains.extend(found.map(|found| (found.path, found.dir)));
    }
    // One may also be there because of a go.mod that makes no module.
    let used: BTreeSet<&TreePath> = workspace.modules.iter().map(|module| &module.dir).collect();
    let mut unused = scan
        .mod_files
        .keys()
        .filter(|path| path.name() == "go.mod")
        .filter_map(TreePath::parent)
        .collect::<Vec<_>>();
    unused.retain(|dir| !used.contains(dir));
    let mut warnings = Vec::new();
    for item in &config.skip {
        let has_main = mains
            .iter()
            .any(|(path, dir)| config::is_matched(&item.value, dir, path));
        if has_main
            || unused
                .iter()
                .any(|dir| config::is_matched(&item.value, dir, ""))
        {
            continue;
        }
        let warning = Diagnostic::warning(
            Rule::UnusedSkip,
            format!("`skip`: {:?} matches no main package", item.value),
        );
        let warning = warning.at(item.span.clone());
        warnings.push(warning.help(help(&item.value, &mains)));
    }
    warnings
}

/// Whether a directory holds a main package on some platform, under some tags, or may hold one that
/// cannot be read.
fn is_main_somewhere(found: &Matched<'_>) -> bool {
    let is_main = |file: &SourceFile| {
        let package = file.header.package.as_str();
        let is_unknown = package.is_empty() && file.is_unreadable();
        (package == "main" || is_unknown) && !gosrc::is_test(&file.name)
    };
    found.scanned.files.iter().any(is_main)
}

/// What may be meant by a pattern that matches none of `mains`.
fn help(pattern: &str, mains: &BTreeSet<(ImportPath, TreePath)>) -> String {
    let (bare, end) = match pattern.strip_suffix("/...") {
        Some(bare) => (bare, "/..."),
        None => (pattern, ""),
    };
    let (start, bare) = match bare.strip_prefix("./") {
        Some(bare) => ("./", bare),
        None => ("", bare),
    };
    let mut known: BTreeSet<String> = BTreeSet::new();
    for (path, dir) in mains {
        if start.is_empty() {
            known.insert(path.to_string());
        }
        let dirs = std::iter::successors(Some(dir.clone()), TreePath::parent);
        known.extend(
            dirs.filter(|dir| !dir.is_root() && !start.is_empty())
                .map(|dir| dir.to_string()),
        );
    }
    if let Some(near) = diag::nearest(bare, known.iter().map(String::as_str)) {
        return format!("did you mean \"{start}{near}{end}\"?");
    }
    let shown: Vec<String> = mains
        .iter()
        .take(SHOWN)
        .map(|(_, dir)| format!("./{dir}"))
        .collect();
    let more = if mains.len() > SHOWN {
        format!(" and {} more", mains.len() - SHOWN)
    } else {
        String::new()
    };
    format!(
        "main packages are {}{more}; `./DIR/...` matches all below a directory",
        shown.join(", ")
    )
}
