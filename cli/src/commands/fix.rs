//! `gowork check --fix`: writes the lines that mend findings, where no choice is to be made.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::WorkFile;

use crate::output::write;
use crate::project::Project;
use crate::{bounded, ui};

/// Writes them, and says what was written. Returns whether anything was.
pub(super) fn apply(project: &Project, found: &[Diagnostic]) -> anyhow::Result<bool> {
    let configuration = project.config_file.as_ref().map(|(name, _)| name.as_str());
    let mut added: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for fix in found.iter().filter_map(|found| found.fix.as_deref()) {
        match fix.file.as_deref().or(configuration) {
            Some(file) => {
                let lines = added.entry(file).or_default();
                if !lines.contains(&fix.lines.as_str()) {
                    lines.push(&fix.lines);
                }
            }
            None => ui::note(&format!(
                "not fixed, since there is no configuration yet; `gowork init` writes one for:\n{}",
                fix.lines
            )),
        }
    }
    let mut is_written = false;
    for (file, lines) in added {
        is_written |= append(project.root(), file, &lines.join("\n"))?;
    }
    Ok(is_written)
}

/// Adds lines to a file, unless it would be wrong then. Returns whether it was written.
fn append(root: &Path, file: &str, lines: &str) -> anyhow::Result<bool> {
    let path = root.join(file);
    let shown = || path.display().to_string();
    let mut text =
        String::from_utf8(bounded::read(&path).with_context(shown)?).with_context(shown)?;
    let before = errors(file, &text);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text += &format!("\n{lines}\n");
    if errors(file, &text) > before {
        ui::note(&format!(
            "{file}: not fixed, since it says something else already; write it yourself:\n{lines}"
        ));
        return Ok(false);
    }
    write(&path, &text).with_context(shown)?;
    ui::note(&format!("{file}: added\n{lines}"));
    Ok(true)
}

/// How much is wrong with a go.work, or else a configuration.
fn errors(file: &str, text: &str) -> usize {
    let found = if file.ends_with("go.work") {
        WorkFile::parse(file, text.as_bytes()).1
    } else {
        Config::parse(file, text).1
    };
    found.iter().filter(|found| found.is_error()).count()
}
