//! Modules of the repository that are downloaded instead.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Findings, Fix, Rule, Span};
use crate::gomod::ModFile;
use crate::tree::TreePath;
use crate::workspace::{ModTexts, Root, Workspace};

/// Adds warnings about modules whose directory go.work does not use, and that a member requires.
pub(super) fn lint(texts: &ModTexts, workspace: &Workspace, root: &Root, findings: &mut Findings) {
    if !root.is_workspace() || root.vendored {
        return;
    }
    let required = workspace.required(root);
    let mut unused: BTreeMap<String, &TreePath> = BTreeMap::new();
    for dir in workspace
        .unused
        .iter()
        .filter(|dir| dir.is_under(&root.dir))
    {
        let file = dir.child("go.mod");
        let Some(text) = texts.get(&file) else {
            continue;
        };
        let (parsed, _) = ModFile::parse_lax(file.as_str(), text.as_bytes());
        if let Some(module) = parsed.module {
            unused.entry(module.value).or_insert(dir);
        }
    }
    unused.retain(|path, _| required.contains(path.as_str()));
    // A replacement by another module is a choice that somebody made.
    let is_replaced = |path: &String| root.replace.iter().any(|it| it.old_path == *path);
    for (path, dir) in unused.iter().filter(|(path, _)| !is_replaced(path)) {
        let modules = root.modules().map(|ix| workspace.module(ix));
        let line = modules
            .flat_map(|module| &module.file.require)
            .find(|require| require.path.as_str() == path);
        let Some(line) = line else { continue };
        let message = format!(
            "{path} {} is downloaded, although the module is in ./{dir}: go.work does not use that directory",
            line.version
        );
        let mut warning = Diagnostic::warning(Rule::ModuleNotInWorkspace, message)
            .at(Span::clone(&line.span))
            .help(format!(
                "`go work use ./{dir}` builds with the code of the repository"
            ));
        if let Some(fix) = use_line(root, dir) {
            warning = warning.fix(fix);
        }
        findings.push(warning);
    }
}

/// The line of go.work that uses a directory. None if it would have to be quoted.
fn use_line(root: &Root, dir: &TreePath) -> Option<Fix> {
    let below = dir.strip_dir(&root.dir)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    below.chars().all(is_plain).then(|| Fix {
        file: Some(root.dir.child("go.work").to_string()),
        lines: format!("use ./{below}"),
    })
}
