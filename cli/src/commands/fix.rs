//! `gowork check --fix`: writes the lines that mend findings, where no choice is to be made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use gowork_llb::config::Config;
use gowork_llb::diag::Diagnostic;
use gowork_llb::gomod::WorkFile;

use crate::args::Common;
use crate::output::write;
use crate::project::Project;
use crate::source::configuration_path;
use crate::{bounded, ui};

/// Writes them, and says what was written. Returns whether anything was.
pub(super) fn apply(
    common: &Common,
    project: &Project,
    found: &[Diagnostic],
) -> anyhow::Result<bool> {
    let configuration = project.config_file.as_ref().map(|(name, _)| name.as_str());
    // By the file's name, with where it lies.
    let mut added: BTreeMap<&str, (PathBuf, Vec<&str>)> = BTreeMap::new();
    for fix in found.iter().filter_map(|found| found.fix.as_deref()) {
        let file = match &fix.file {
            Some(file) => Some((file.as_str(), project.root().join(file))),
            None => configuration.map(|name| (name, configuration_path(common, name))),
        };
        match file {
            Some((file, path)) => {
                let (_, lines) = added.entry(file).or_insert((path, Vec::new()));
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
    for (file, (path, lines)) in added {
        is_written |= append(&path, file, &lines.join("\n"))?;
    }
    Ok(is_written)
}

/// Adds lines to a file, unless it would be wrong then. Returns whether it was written.
fn append(path: &Path, file: &str, lines: &str) -> anyhow::Result<bool> {
    let shown = || path.display().to_string();
    let mut text =
        String::from_utf8(bounded::read(path).with_context(shown)?).with_context(shown)?;
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
    write(path, &text).with_context(shown)?;
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
