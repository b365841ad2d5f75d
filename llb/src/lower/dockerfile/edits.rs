//! The step that has mod files name the directories of named contexts.

use super::merged::Group;
use super::options::DockerfileOptions;
use super::words::{flag_word, shell_word};
use crate::tree::TreePath;

/// The instruction, with a comment, if mod files of the group have to change. The file of the context
/// is edited, and not written anew: so its other lines count as they are in each build.
pub(super) fn instructions(group: &Group, options: &DockerfileOptions) -> Vec<String> {
    let edits = options.edits.iter();
    let of_group = edits.filter(|(file, _)| group.mod_files.contains(*file));
    let commands: Vec<String> = of_group.map(|(file, flags)| command(file, flags)).collect();
    if commands.is_empty() {
        return Vec::new();
    }
    vec![
        "# Modules outside of the repository come from named contexts, each in a directory here."
            .to_owned(),
        format!("RUN {}", commands.join(" \\\n && ")),
    ]
}

/// The command that changes a mod file by these flags.
fn command(file: &TreePath, flags: &[String]) -> String {
    let verb = match file.name() {
        "go.work" => "work",
        _ => "mod",
    };
    let mut words = vec![format!("go {verb} edit")];
    words.extend(flags.iter().map(|flag| flag_word(flag)));
    words.push(shell_word(&format!("/src/{file}")));
    words.join(" ")
}
