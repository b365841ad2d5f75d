//! Repositories elsewhere.

use std::process::{Command, Stdio};

/// The commit that a tag of the repository at `url` means. Returns `None` if it has no such tag, or
/// does not answer.
pub(crate) fn tag_commit(url: &str, tag: &str) -> Option<String> {
    let name = format!("refs/tags/{tag}");
    // Of a tag with a message, the commit has this name.
    let peeled = format!("{name}^{{}}");
    let output = Command::new("git")
        .args(["ls-remote", "--", url, &name, &peeled])
        // The URL is a text from elsewhere: no helper that runs what it says.
        .env("GIT_ALLOW_PROTOCOL", "http:https:ssh:git")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let commit = |wanted: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('\t'));
        lines.find_map(|(commit, found)| (found == wanted).then(|| commit.to_owned()))
    };
    commit(&peeled).or_else(|| commit(&name))
}
