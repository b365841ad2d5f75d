//! Lines of shell that pipelines run, whichever system runs them.

use super::Facts;
use crate::shell_word::word;

/// `docker buildx build` with what holds for every build, up to the last backslash.
pub(super) fn build(facts: &Facts, target: &str) -> String {
    let definition = facts.definition.as_deref().map(word);
    let file = definition.map_or(String::new(), |file| format!(" --file {file}"));
    let args = given(facts);
    format!(
        "docker buildx build{file} --target {target} --platform {}{args} \\",
        word(&facts.platforms.join(","))
    )
}

/// `gowork` with what holds for every command.
pub(super) fn gowork(facts: &Facts) -> String {
    let mut command = "gowork".to_owned();
    if let Some(file) = &facts.definition {
        command += &format!(" --config {}", word(file));
    }
    command + &given(facts)
}

/// The build-args and named contexts of every build.
fn given(facts: &Facts) -> String {
    let args = facts.build_args.iter().map(|arg| ("build-arg", arg));
    let contexts = facts.contexts.iter().map(|it| ("build-context", it));
    args.chain(contexts)
        .map(|(option, value)| format!(" --{option} {}", word(value)))
        .collect()
}

/// Runs the tests of all modules that have some, and fails at the end if one failed.
pub(super) fn tests(facts: &Facts) -> String {
    let modules: Vec<String> = facts.tested.iter().map(|dir| word(dir)).collect();
    match modules.as_slice() {
        [module] if module == "." => return "go test ./...\n".to_owned(),
        [module] => return format!("go -C {module} test ./...\n"),
        _ => {}
    }
    format!(
        "failed=\nfor module in {}; do\n  go -C \"$module\" test ./... || failed=\"$failed $module\"\ndone\nif [ -n \"$failed\" ]; then echo \"tests failed in:$failed\"; exit 1; fi\n",
        modules.join(" ")
    )
}

/// `text` with `indent` spaces before each line that is not empty.
pub(super) fn indented(text: &str, indent: usize) -> String {
    let line = |line: &str| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("{:indent$}{line}\n", "")
        }
    };
    text.lines().map(line).collect()
}
