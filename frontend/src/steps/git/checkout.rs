//! What the git step finds out for programs that say which commit they are made of: the answers to
//! all that `go build -buildvcs=true` asks git in a checkout.

use std::collections::BTreeMap;

use gowork_llb::config::GitValue;
use gowork_llb::limits;
use gowork_step::{Checkout, Version, to_json};

use super::command::{Git, Said};

/// Options of git for one that prints the names of tags alone.
const TAG_NAMES: &str = "--format=%(refname:lstrip=2)";

/// Asks git. The time zone of what it says does not matter.
///
/// # Errors
/// If git fails, or says more than is handed on.
pub(super) fn ask(git: &Git<'_>) -> Result<Checkout, Said> {
    let revision = text(git, GitValue::Revision.question())?;
    let time = text(git, &["log", "-1", "--no-show-signature", "--format=%ct"])?;
    let time = time
        .parse()
        .map_err(|_| Said::Failed(format!("git log: {time:?} is no time")))?;
    // As the go command asks it (cmd/go/internal/vcs, `gitStatus`).
    let modified = !git.output(&["status", "--porcelain"], &[])?.is_empty();
    let tags = tags(git, "--points-at=HEAD")?;
    let tags_before = self::tags(git, "--merged=HEAD")?;
    let checkout = Checkout {
        version: Version,
        revision,
        time,
        modified,
        tags,
        tags_before,
        mod_files: mod_files(git)?,
    };
    let size = to_json(&checkout).len();
    if size > limits::CHECKOUT {
        return Err(Said::Failed(format!(
            "the tags and go.mod files of the commit take {size} bytes, gowork's limit is {}",
            limits::CHECKOUT
        )));
    }
    Ok(checkout)
}

/// What git prints, as a text.
fn text(git: &Git<'_>, words: &[&str]) -> Result<String, Said> {
    let output = git.output(words, &[])?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

/// The tags that may be versions of modules, sorted. `which` is an option of `git for-each-ref`.
fn tags(git: &Git<'_>, which: &str) -> Result<Vec<String>, Said> {
    let listed = text(git, &["for-each-ref", TAG_NAMES, which, "refs/tags"])?;
    let mut tags: Vec<String> = listed.lines().map(ToOwned::to_owned).collect();
    tags.retain(|tag| is_version(tag));
    tags.sort();
    Ok(tags)
}

/// Whether a tag may be a version: `v1`, after the directory of a module or not.
fn is_version(tag: &str) -> bool {
    let name = tag.rsplit('/').next().unwrap_or_default();
    let number = name.strip_prefix('v').unwrap_or_default();
    number.starts_with(|c: char| c.is_ascii_digit())
}

/// The go.mod files of the commit: of each the lines that may name the module.
fn mod_files(git: &Git<'_>) -> Result<BTreeMap<String, String>, Said> {
    let listed = git.output(&["ls-tree", "-r", "-z", "HEAD"], &[])?;
    let (mut paths, mut objects) = (Vec::new(), String::new());
    for entry in listed.split(|byte| *byte == 0) {
        // `100644 blob <object>`, a tab, the path.
        let Ok(entry) = std::str::from_utf8(entry) else {
            continue;
        };
        let Some((about, path)) = entry.split_once('\t') else {
            continue;
        };
        let is_mod_file = path == "go.mod" || path.ends_with("/go.mod");
        if let ["100644" | "100755", "blob", object] = about.split(' ').collect::<Vec<_>>()[..]
            && is_mod_file
        {
            paths.push(path.to_owned());
            objects.push_str(&format!("{object}\n"));
        }
    }
    let contents = git.output(&["cat-file", "--batch"], objects.as_bytes())?;
    let mut rest = contents.as_slice();
    let mut files = BTreeMap::new();
    for path in paths {
        let Some((content, after)) = next_object(rest) else {
            return Err(Said::Failed(format!("git cat-file: no text of {path}")));
        };
        files.insert(path, module_lines(content));
        rest = after;
    }
    Ok(files)
}

/// The content of the first object that `git cat-file --batch` printed, and what follows it.
fn next_object(printed: &[u8]) -> Option<(&[u8], &[u8])> {
    // `<object> blob <size>`, a line end, the content, a line end.
    let end = printed.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&printed[..end]).ok()?;
    let size: usize = head.rsplit(' ').next()?.parse().ok()?;
    let rest = &printed[end + 1..];
    Some((rest.get(..size)?, rest.get(size + 1..)?))
}

/// The lines of a go.mod that may name the module (golang.org/x/mod/modfile, `ModulePath`).
fn module_lines(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let lines = text
        .lines()
        .filter(|line| line.trim_start().starts_with("module"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_may_be_versions() {
        for (tag, expected) in [
            ("v1.2.3", true),
            ("sub/v1.2.3-rc.1", true),
            ("v2", true),
            ("v1/notes", false),
            ("version1", false),
            ("nightly", false),
        ] {
            assert_eq!(is_version(tag), expected, "{tag}");
        }
    }

    #[test]
    fn only_the_name_of_a_module_is_kept() {
        let text = b"// Module a.\n module example.com/a // a\n\ngo 1.26\n";
        assert_eq!(module_lines(text), " module example.com/a // a\n");
    }
}
